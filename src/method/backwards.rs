//! A record played backwards: the noise as it is, and no earthquake.

use crate::error::Result;
use crate::time::{self, Time, TimeDelta, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};

/// A source whose time runs from the end of a span to its start, as it was recorded: a filter that comes after it rings
/// after each spike, step and gap, as it does forwards.
///
/// A wave that comes before a stronger one, which then fades, is no longer in it; the noise's spectrum, its levels
/// and its bursts are.
pub(super) struct Backwards<'a> {
    source: &'a dyn WaveformSource,
    /// That of who asks for a number of samples.
    sampling_rate_hz: f64,
    /// Start and end of the span, added as times since 1970: whole seconds, for samples that lie on them.
    pivot: TimeDelta,
}

impl<'a> Backwards<'a> {
    pub fn new(source: &'a dyn WaveformSource, span: &TimeSpan, sampling_rate_hz: f64) -> Self {
        let whole = |time: Time| TimeDelta::seconds(time.timestamp());
        Self {
            source,
            sampling_rate_hz,
            pivot: whole(span.start) + whole(span.end),
        }
    }

    /// When something of so many seconds begins that ends at `time` the other way round.
    pub fn mirrored(&self, time: Time, length_s: f64) -> Time {
        let since = time - Time::UNIX_EPOCH;
        Time::UNIX_EPOCH + (self.pivot - since - time::seconds(length_s))
    }

    /// A span as time runs here.
    pub fn span(&self, span: &TimeSpan) -> TimeSpan {
        TimeSpan {
            start: self.mirrored(span.end, 0.0),
            end: self.mirrored(span.start, 0.0),
        }
    }
}

impl WaveformSource for Backwards<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let length_s = n_samples as f64 / self.sampling_rate_hz;
        let mut record = self
            .source
            .record(self.mirrored(start, length_s), n_samples)?;
        record.data.iter_mut().for_each(|row| row.reverse());
        Ok(Record3C { start, ..record })
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        let held = self.source.held(&self.span(span)).into_iter();
        held.rev().map(|held| self.span(&held)).collect()
    }

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        let mut record = self
            .source
            .between(self.mirrored(end, 0.0), self.mirrored(start, 0.0))?;
        // The last sample is the first.
        let last_s = record.n_samples().saturating_sub(1) as f64 / record.sampling_rate_hz;
        record.data.iter_mut().for_each(|row| row.reverse());
        let start = self.mirrored(record.start, last_s);
        Ok(Record3C { start, ..record })
    }
}

//! Where the record of a scan begins and ends.

use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};

/// So much of a record's end samples of another rate may lose beside the filter, in seconds.
const ROUNDING_S: f64 = 0.1;

/// A source that remembers from when until when it had samples of any component.
pub(super) struct Extent<'a> {
    source: &'a dyn WaveformSource,
    seen: Mutex<Option<TimeSpan>>,
}

impl<'a> Extent<'a> {
    pub fn new(source: &'a dyn WaveformSource) -> Self {
        Self {
            source,
            seen: Mutex::default(),
        }
    }

    fn note(&self, record: &Record3C) {
        let rows = || record.data.iter();
        let first = rows().filter_map(|row| row.iter().position(|y| !y.is_nan()));
        let last = rows().filter_map(|row| row.iter().rposition(|y| !y.is_nan()));
        let (Some(first), Some(last)) = (first.min(), last.max()) else {
            return;
        };
        let at = |i: usize| time::of_sample(record.start, i, record.sampling_rate_hz);
        let (start, end) = (at(first), at(last + 1));
        // What a panic leaves behind is whole.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some(match *seen {
            None => TimeSpan { start, end },
            Some(before) => TimeSpan {
                start: before.start.min(start),
                end: before.end.max(end),
            },
        });
    }

    /// Whether a window reaches beyond all samples that were given, or begins where a filter has not settled after the first.
    pub fn ends_within(&self, window: &TimeSpan, settling_s: f64) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_some_and(|seen| {
            let edge = time::seconds(ROUNDING_S);
            window.start < seen.start + time::seconds(settling_s) + edge
                || window.end > seen.end - edge
        })
    }
}

impl WaveformSource for Extent<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let record = self.source.record(start, n_samples)?;
        self.note(&record);
        Ok(record)
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.source.held(span)
    }

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        let record = self.source.between(start, end)?;
        self.note(&record);
        Ok(record)
    }
}

//! Records as the detector is taught them: filtered, where the study has a band.

use crate::error::Result;
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::quality::filter_counts;
use crate::waveform::{Record3C, WaveformSource};

/// Order of each flank of the band pass.
const ORDER: usize = 4;

/// At the lowest corners in use (0.5 Hz) a filter of fourth order has forgotten its start. One that rings
/// longer gets more.
const SETTLING_S: f64 = 30.0;

/// A source whose records are filtered, with enough record before each for the filter to settle, and around
/// each for the rule of data quality.
pub(super) struct Banded<'a> {
    source: &'a dyn WaveformSource,
    filter: Option<Filter>,
    sampling_rate_hz: f64,
}

impl<'a> Banded<'a> {
    /// # Errors
    /// [`crate::Error::Waveform`] where the band does not fit the sampling rate.
    pub fn new(source: &'a dyn WaveformSource, study: &Study) -> Result<Self> {
        Ok(Self {
            source,
            filter: filter(study)?,
            sampling_rate_hz: study.window.sampling_rate_hz,
        })
    }
}

impl Banded<'_> {
    /// Seconds after a gap in which the filter has not settled.
    pub fn settling_s(&self) -> f64 {
        let n = self.filter.as_ref().map_or(0, Filter::n_unsettled);
        n as f64 / self.sampling_rate_hz
    }
}

impl WaveformSource for Banded<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let Some(filter) = &self.filter else {
            return self.source.record(start, n_samples);
        };
        let settled = (SETTLING_S * self.sampling_rate_hz).round() as usize;
        let n_before = settled.max(filter.n_unsettled());
        let before = time::seconds(n_before as f64 / self.sampling_rate_hz);
        let mut record = self.source.record(start - before, n_before + n_samples)?;
        filter_counts(filter, &mut record, Pass::Causal)?;
        record.slice(n_before..n_before + n_samples)
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.source.held(span)
    }
}

/// A record as the detector is taught it. Its first sample is no step for the filter, but the slow wave that
/// it cuts is: until the filter has settled there is a gap.
///
/// # Errors
/// As [`Banded::new`].
pub(super) fn filtered(record: &Record3C, study: &Study) -> Result<Record3C> {
    let mut record = record.clone();
    if let Some(filter) = filter(study)? {
        filter_counts(&filter, &mut record, Pass::Causal)?;
        let n_unsettled = filter.n_unsettled().min(record.n_samples());
        record
            .data
            .iter_mut()
            .for_each(|row| row[..n_unsettled].fill(f32::NAN));
    }
    Ok(record)
}

fn filter(study: &Study) -> Result<Option<Filter>> {
    let rate_hz = study.window.sampling_rate_hz;
    let band = study.method.band_hz;
    band.map(|[low, high]| Filter::bandpass(ORDER, low, high, rate_hz))
        .transpose()
}

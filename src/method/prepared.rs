//! Records as a detector is taught them: as recorded, filtered, or made comparable.

use super::banded::{self, Banded};
use super::conditions::Conditions;
use super::harmonising::{self, Harmonising};
use crate::error::Result;
use crate::study::{Preparation, Study};
use crate::time::{Time, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};

/// A source of records prepared as a study says.
pub(super) enum Prepared<'a> {
    Banded(Banded<'a>),
    Harmonised(Harmonising<'a>),
}

impl<'a> Prepared<'a> {
    /// # Errors
    /// [`crate::Error::Waveform`] where the band does not fit the sampling rate.
    pub fn new(source: &'a dyn WaveformSource, study: &Study) -> Result<Self> {
        Ok(match study.method.preparation() {
            Preparation::Harmonised => Self::Harmonised(Harmonising::new(source)?),
            Preparation::Band(_) | Preparation::AsRecorded => {
                Self::Banded(Banded::new(source, study)?)
            }
        })
    }

    /// Seconds after a gap in which the filter, if there is one, has not settled.
    pub fn settling_s(&self) -> f64 {
        match self {
            Self::Banded(source) => source.settling_s(),
            Self::Harmonised(source) => source.settling_s(),
        }
    }

    /// What was met in the records of a span; nothing where they are not made comparable.
    pub fn conditions(&self, span: &TimeSpan) -> Conditions {
        match self {
            Self::Banded(_) => Conditions::default(),
            Self::Harmonised(source) => source.conditions(span),
        }
    }
}

impl WaveformSource for Prepared<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        match self {
            Self::Banded(source) => source.record(start, n_samples),
            Self::Harmonised(source) => source.record(start, n_samples),
        }
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        match self {
            Self::Banded(source) => source.held(span),
            Self::Harmonised(source) => source.held(span),
        }
    }
}

/// A record in memory, prepared as a study says.
///
/// # Errors
/// As [`Prepared::new`], and where the record cannot be made comparable.
pub(super) fn prepared(record: &Record3C, study: &Study) -> Result<Record3C> {
    match study.method.preparation() {
        Preparation::Harmonised => harmonising::harmonised(record),
        Preparation::Band(_) | Preparation::AsRecorded => banded::filtered(record, study),
    }
}

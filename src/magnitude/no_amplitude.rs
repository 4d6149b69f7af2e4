//! Why a station gives no magnitude.

use std::fmt;

/// Why a station gives no amplitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAmplitude {
    NoBand,
    NoRecord,
    Gap,
    Clipped,
    NoResponse,
    OtherEvent,
    Noise,
    NoPlateau,
}

impl fmt::Display for NoAmplitude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBand => "the pick names no band, such as XX.A..HH",
            Self::Clipped => "the record is clipped",
            Self::NoRecord => "no record of P and S with noise before it",
            Self::Gap => "a gap",
            Self::NoResponse => "no response that can be used",
            Self::OtherEvent => "the waves of another earthquake come at the same time",
            Self::Noise => "the noise is as large",
            Self::NoPlateau => "the corner lies below what stands above the noise",
        })
    }
}

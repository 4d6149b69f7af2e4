//! The ledger: every window that was asked for and could not be had, and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Origin;
use crate::error::Error;
use crate::time::Time;
use crate::waveform::{BEYOND, NO_COMPONENT, NO_SAMPLE};

/// Why there is no window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing was recorded.
    NoData,
    /// Some samples were not recorded.
    Gap { n_missing: usize },
    /// Fewer than three components were recorded.
    MissingComponent,
    /// A component does not move for seconds: its digitiser or sensor did not work.
    Flat,
    /// The motion was larger than the digitiser can count: the wave's top is cut off.
    Clipped,
    /// The window reaches beyond the record that it is cut from.
    BeyondRecord,
    /// Too little time between two events to stay away from both.
    NoRoom,
    /// The travel time asks for a depth that the catalog does not give.
    NoDepth,
    /// It was to be noise, but holds an earthquake that the catalog does not list.
    Unlisted,
    /// The source could not be read; its own words.
    Failed { what: String },
}

impl Reason {
    /// What the ledger counts under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoData => "no data",
            Self::Gap { .. } => "gap",
            Self::MissingComponent => "missing component",
            Self::Flat => "flat component",
            Self::Clipped => "clipped component",
            Self::BeyondRecord => "beyond the record",
            Self::NoRoom => "no room between events",
            Self::NoDepth => "no depth",
            Self::Unlisted => "unlisted earthquake",
            Self::Failed { .. } => "failed",
        }
    }

    /// What a source's refusal means.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Waveform { what, .. } if what.contains(NO_COMPONENT) => Self::MissingComponent,
            Error::Waveform { what, .. } if what.contains(BEYOND) => Self::BeyondRecord,
            Error::Waveform { what, .. } if what.contains(NO_SAMPLE) => Self::NoData,
            Error::Request {
                status: Some(204 | 404),
                ..
            } => Self::NoData,
            other => Self::Failed {
                what: other.to_string(),
            },
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { n_missing } => write!(f, "gap of {n_missing} samples"),
            Self::Failed { what } => write!(f, "failed: {what}"),
            other => f.write_str(other.kind()),
        }
    }
}

/// One window that could not be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// The event, or the event after which noise was wanted.
    pub what: String,
    pub start: Time,
    pub reason: Reason,
}

/// How many windows were asked for, and each that is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    pub n_asked: usize,
    pub missing: Vec<Missing>,
}

impl Ledger {
    /// Missing windows by kind of reason, in alphabetical order.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for missing in &self.missing {
            *counts.entry(missing.reason.kind().to_string()).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.n_asked += other.n_asked;
        self.missing.extend(other.missing.iter().cloned());
    }
}

/// `712 windows asked for, 700 had; missing: 8 gap, 4 no data`.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_had = self.n_asked - self.missing.len();
        write!(f, "{} windows asked for, {n_had} had", self.n_asked)?;
        for (i, (kind, n)) in self.counts().iter().enumerate() {
            write!(f, "{}{n} {kind}", if i == 0 { "; missing: " } else { ", " })?;
        }
        Ok(())
    }
}

/// How the ledger calls what a window holds.
pub(super) fn name(origin: &Origin) -> String {
    match origin {
        Origin::Event { id } => format!("event {id}"),
        Origin::Noise { after } => format!("noise after {after}"),
    }
}

//! The log of rejections: every window that was requested and rejected, and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Origin;
use crate::error::{Error, Unavailable};
use crate::time::Time;

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
    /// A component never moves.
    #[serde(alias = "flat")]
    Dead,
    /// A component holds one value for too long: padding, or a digitiser that hangs.
    Stuck,
    /// The window reaches beyond the record that it is cut from.
    BeyondRecord,
    /// Too little time between two events to stay away from both.
    NoRoom,
    /// The travel time asks for a depth that the catalog does not give.
    NoDepth,
    /// The travel time asks for an epicentre, and only the event's time is known.
    NoPlace,
    /// It was to be noise, but holds an earthquake that the catalog does not list.
    Unlisted,
    /// The source's record has another rate, length or set of channels than the others.
    Mismatch { expected: String, found: String },
    /// The source could not be read; its own words.
    Failed { what: String },
}

impl Reason {
    /// The words under which the log counts it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoData => "no data",
            Self::Gap { .. } => "gap",
            Self::MissingComponent => "missing component",
            Self::Dead => "dead component",
            Self::Stuck => "stuck component",
            Self::BeyondRecord => "beyond the record",
            Self::NoRoom => "no room between events",
            Self::NoDepth => "no depth",
            Self::NoPlace => "no epicentre",
            Self::Unlisted => "unlisted earthquake",
            Self::Mismatch { .. } | Self::Failed { .. } => "failed",
        }
    }

    /// What a source's refusal means.
    pub(crate) fn of(error: &Error) -> Self {
        match error.unavailable() {
            Some(Unavailable::NoSample) => Self::NoData,
            Some(Unavailable::MissingComponent { .. }) => Self::MissingComponent,
            Some(Unavailable::Beyond { .. }) => Self::BeyondRecord,
            None => Self::Failed {
                what: error.to_string(),
            },
        }
    }

    /// Whether the source failed, rather than the station.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Mismatch { .. })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { n_missing } => write!(f, "gap of {n_missing} samples"),
            Self::Mismatch { expected, found } => {
                write!(f, "failed: expected {expected}, found {found}")
            }
            Self::Failed { what } => write!(f, "failed: {what}"),
            other => f.write_str(other.kind()),
        }
    }
}

/// One window that was requested and rejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// The event, or the event after which noise was wanted.
    pub what: String,
    pub start: Time,
    pub reason: Reason,
}

/// How many windows were requested, and each that was rejected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RejectionLog {
    #[serde(alias = "n_asked")]
    pub n_requested: usize,
    /// Windows that were cut although a component is clipped: the largest earthquakes clip.
    #[serde(default)]
    pub n_clipped: usize,
    #[serde(alias = "missing")]
    pub items: Vec<Rejection>,
}

impl RejectionLog {
    /// Windows that were requested and cut.
    pub fn n_cut(&self) -> usize {
        self.n_requested.saturating_sub(self.items.len())
    }

    /// Rejected windows by kind of reason, in alphabetical order.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for rejection in &self.items {
            *counts
                .entry(rejection.reason.kind().to_string())
                .or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.n_requested += other.n_requested;
        self.n_clipped += other.n_clipped;
        self.items.extend(other.items.iter().cloned());
    }
}

/// `712 windows asked for, 700 had; missing: 8 gap, 4 failed (the first: expected ..., found ...)`.
impl fmt::Display for RejectionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} windows asked for, {} had",
            self.n_requested,
            self.n_cut()
        )?;
        let failures = |rejection: &&Rejection| rejection.reason.is_failure();
        let first = self.items.iter().find(failures);
        for (i, (kind, n)) in self.counts().iter().enumerate() {
            write!(f, "{}{n} {kind}", if i == 0 { "; missing: " } else { ", " })?;
            if let Some(first) = first.filter(|first| first.reason.kind() == kind) {
                write!(f, " (the first: {}, {})", first.what, first.reason)?;
            }
        }
        match self.n_clipped {
            0 => Ok(()),
            n => write!(f, "; {n} clipped"),
        }
    }
}

/// How the log names what a window holds.
pub(super) fn name(origin: &Origin) -> String {
    match origin {
        Origin::Event { id } => format!("event {id}"),
        Origin::Noise { after } => format!("noise after {after}"),
    }
}

//! How much was found, and in how much of the records nothing could be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the shards of a plan make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Makes {
    Detections,
    Picks,
}

impl Makes {
    /// A detector needs three components; a picker takes what there is.
    pub(super) fn least_components(self) -> usize {
        match self {
            Self::Detections => 3,
            Self::Picks => 1,
        }
    }

    /// One of them: `detection` or `pick`.
    pub fn what(self) -> &'static str {
        match self {
            Self::Detections => "detection",
            Self::Picks => "pick",
        }
    }
}

/// Of a shard, or of several together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tally {
    Detections {
        n_detections: usize,
        n_windows: usize,
        /// Windows that could not be classified, by reason.
        unscanned: BTreeMap<String, usize>,
    },
    Picks {
        n_picks: usize,
        /// Seconds that could not be picked, by reason.
        unpicked_s: BTreeMap<String, f64>,
    },
}

impl Tally {
    /// Of no shard.
    pub(super) fn none(makes: Makes) -> Self {
        match makes {
            Makes::Detections => Self::Detections {
                n_detections: 0,
                n_windows: 0,
                unscanned: BTreeMap::new(),
            },
            Makes::Picks => Self::Picks {
                n_picks: 0,
                unpicked_s: BTreeMap::new(),
            },
        }
    }

    pub fn makes(&self) -> Makes {
        match self {
            Self::Detections { .. } => Makes::Detections,
            Self::Picks { .. } => Makes::Picks,
        }
    }

    /// Detections or picks.
    pub fn n(&self) -> usize {
        match self {
            Self::Detections { n_detections, .. } => *n_detections,
            Self::Picks { n_picks, .. } => *n_picks,
        }
    }

    /// Takes in that of another shard of the plan, which makes the same.
    pub(super) fn add(&mut self, other: &Self) {
        match (self, other) {
            (
                Self::Detections {
                    n_detections,
                    n_windows,
                    unscanned,
                },
                Self::Detections {
                    n_detections: n_more,
                    n_windows: n_windows_more,
                    unscanned: more,
                },
            ) => {
                *n_detections += n_more;
                *n_windows += n_windows_more;
                for (reason, n) in more {
                    *unscanned.entry(reason.clone()).or_insert(0) += n;
                }
            }
            (
                Self::Picks {
                    n_picks,
                    unpicked_s,
                },
                Self::Picks {
                    n_picks: n_more,
                    unpicked_s: more,
                },
            ) => {
                *n_picks += n_more;
                for (reason, s) in more {
                    *unpicked_s.entry(reason.clone()).or_insert(0.0) += s;
                }
            }
            // A manifest of the other kind is none of the plan's: see `Manifest::read`.
            _ => {}
        }
    }
}

//! What a plan's shards are looked through with, and so what they make.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::table::{Row, Rows};
use super::{Makes, Plan, Shard, Tally};
use crate::detect::MergeParams;
use crate::error::{Result, fail};
use crate::method::Detector;
use crate::network;
use crate::pick::{PickedPhase, Picker, PickerFiles, WeightsForm};
use crate::waveform::WaveformSource;

/// A detector makes detections, a picker makes picks.
#[derive(Debug)]
pub enum Finder {
    /// With its threshold and hop.
    Detector(Box<Detector>, MergeParams),
    /// With its thresholds and hop; the files are those that it was read from.
    Picker(Box<Picker>, PickerFiles),
}

/// What a plan's file says of its finder: all that decides what is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum FinderRecord {
    /// Its threshold is that of `merge`.
    Detector {
        weights_sha256: String,
        study_sha256: String,
        merge: MergeParams,
    },
    Picker {
        form: WeightsForm,
        weights_sha256: String,
        description_sha256: String,
        hop_samples: usize,
        p_threshold: f64,
        s_threshold: f64,
    },
}

/// What was found in a shard.
pub(super) struct Found {
    pub rows: Rows,
    pub tally: Tally,
    /// Hours of record that were looked through.
    pub hours: f64,
    /// What was met in the records, in sentences.
    pub conditions: Vec<String>,
    pub simulated: bool,
}

impl Finder {
    pub(super) fn makes(&self) -> Makes {
        match self {
            Self::Detector(..) => Makes::Detections,
            Self::Picker(..) => Makes::Picks,
        }
    }

    pub(super) fn record(&self) -> FinderRecord {
        match self {
            Self::Detector(detector, merge) => FinderRecord::Detector {
                weights_sha256: network::weights_sha256(&detector.network),
                study_sha256: detector.study.hash(),
                merge: MergeParams {
                    on: detector.threshold,
                    ..*merge
                },
            },
            Self::Picker(picker, files) => FinderRecord::Picker {
                form: files.form(),
                weights_sha256: files.weights_sha256(),
                description_sha256: files.description_sha256(),
                hop_samples: picker.params().hop_samples(),
                p_threshold: picker.params().threshold(PickedPhase::P),
                s_threshold: picker.params().threshold(PickedPhase::S),
            },
        }
    }

    /// Writes the folder that [`FinderRecord::read`] reads.
    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        match self {
            Self::Detector(detector, _) => detector.write(dir, None),
            Self::Picker(_, files) => files.write(dir),
        }
    }

    /// Looks a shard through. Neighbouring shards give what both together give, bit for bit.
    ///
    /// # Errors
    /// As [`Detector::scan_each`]. What cannot be picked is no error, but told.
    pub(super) fn find(&mut self, source: &dyn WaveformSource, shard: &Shard) -> Result<Found> {
        match self {
            Self::Detector(detector, merge) => {
                detector.study.station.clone_from(&shard.station);
                let scanned = detector.scan_each(source, &shard.span, merge, &mut |_| Ok(()))?;
                let found = &scanned.detections;
                Ok(Found {
                    rows: Rows::Detections(Row::of(&shard.station, found)),
                    tally: Tally::Detections {
                        n_detections: found.len(),
                        n_windows: scanned.n_windows,
                        unscanned: scanned.unscanned.clone(),
                    },
                    hours: found.hours(),
                    conditions: scanned.conditions.lines(),
                    simulated: found.simulated,
                })
            }
            Self::Picker(picker, _) => {
                let picked = picker.pick(source, &shard.span, &mut |_| Ok(()))?;
                Ok(Found {
                    tally: Tally::Picks {
                        n_picks: picked.picks.len(),
                        unpicked_s: picked.unpicked_s.clone(),
                    },
                    hours: picked.picked_s / 3600.0,
                    conditions: picked.conditions(),
                    simulated: picked.simulated,
                    rows: Rows::Picks(picked.picks),
                })
            }
        }
    }
}

impl FinderRecord {
    pub fn makes(&self) -> Makes {
        match self {
            Self::Detector { .. } => Makes::Detections,
            Self::Picker { .. } => Makes::Picks,
        }
    }

    pub fn weights_sha256(&self) -> &str {
        match self {
            Self::Detector { weights_sha256, .. } | Self::Picker { weights_sha256, .. } => {
                weights_sha256
            }
        }
    }

    /// The finder of a plan's folder, with its thresholds and hop. Whether it is the one that was planned its own record says.
    ///
    /// # Errors
    /// As [`Detector::read`], [`PickerFiles::read_folder`] and [`PickerFiles::picker`].
    pub fn read(&self, dir: &Path) -> Result<Finder> {
        match self {
            Self::Detector { merge, .. } => {
                Ok(Finder::Detector(Box::new(Detector::read(dir)?), *merge))
            }
            Self::Picker {
                form,
                hop_samples,
                p_threshold,
                s_threshold,
                ..
            } => {
                let files = PickerFiles::read_folder(dir, *form)?;
                let mut picker = files.picker()?;
                let params = picker.params_mut();
                let set = params
                    .set_hop_samples(*hop_samples)
                    .and_then(|()| params.set_threshold(PickedPhase::P, *p_threshold))
                    .and_then(|()| params.set_threshold(PickedPhase::S, *s_threshold));
                set.map_err(|what| {
                    fail!(Plan, dir.display(), what, "Take the plan as it was made")
                })?;
                Ok(Finder::Picker(Box::new(picker), files))
            }
        }
    }
}

impl Plan {
    /// What its shards make.
    pub fn makes(&self) -> Makes {
        self.record().makes()
    }

    /// The detector or picker, with its thresholds and hop.
    ///
    /// # Errors
    /// [`crate::Error::Plan`] where it cannot be read, or is not the one that was planned.
    pub fn finder(&self) -> Result<Finder> {
        let dir = self.model();
        let refuse = |what: String| {
            let remedy = "Make a new plan in another folder";
            fail!(Plan, dir.display(), what, remedy)
        };
        let who = match self.makes() {
            Makes::Detections => "detector",
            Makes::Picks => "picker",
        };
        let finder = self.record().read(&dir).map_err(|error| {
            refuse(format!(
                "the {who} that was planned cannot be read: {error}"
            ))
        })?;
        match finder.record() == *self.record() {
            true => Ok(finder),
            false => Err(refuse(format!(
                "not the {who} and threshold that were planned"
            ))),
        }
    }

    /// The detector of a plan that makes detections, with its threshold and hop.
    ///
    /// # Errors
    /// As [`Plan::finder`]; [`crate::Error::Plan`] where the plan makes picks.
    pub fn detector(&self) -> Result<Detector> {
        match self.finder()? {
            Finder::Detector(detector, _) => Ok(*detector),
            Finder::Picker(..) => {
                let what = "a plan of picks, which has no detector";
                Err(fail!(
                    Plan,
                    self.dir().display(),
                    what,
                    "Give a plan of detections"
                ))
            }
        }
    }
}

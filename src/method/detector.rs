//! A trained network with its threshold: what scans as it was taught.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::committee;
use super::picker_vote::{NamedPicker, PickerVote};
use crate::atomic_file::{read_regular, write_whole};
use crate::error::{Error, Result, fail};
use crate::evaluate::OperatingPoint;
use crate::network::{ConvNet, LogisticRegression, read_weights, weights_sha256, write_weights};
use crate::study::Study;

/// A network, its threshold, and the study that says how records are treated before it sees them.
#[derive(Debug)]
pub struct Detector {
    pub study: Study,
    pub network: ConvNet,
    /// Has a say beside the network, where there is one ([`Detector::log_odds`]).
    pub regression: Option<LogisticRegression>,
    /// Has a say, too.
    pub picker: Option<PickerVote>,
    /// A window at least so probable begins a detection.
    pub threshold: f64,
    /// What each threshold does on the validation days.
    pub curve: Vec<OperatingPoint>,
}

/// The file beside the weights.
pub(super) const FILE: &str = "detector.toml";
const WEIGHTS: &str = "weights.safetensors";

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Of the weights that the threshold belongs to.
    pub weights_sha256: String,
    /// [`Study::hash`] of the study below: other windows or another scale than those of the training
    /// would change what the network sees, without a word.
    pub study_sha256: String,
    pub threshold: f64,
    pub curve: Vec<OperatingPoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<LogisticRegression>,
    /// A picker that comes with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picker: Option<NamedPicker>,
    /// What a model says of itself that is handed on to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    pub study: Study,
}

/// What a model is, in sentences for who chooses one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// One line.
    pub summary: String,
    pub learnt_from: String,
    /// Its main scores, one a line, each with what it was measured on.
    pub scores: Vec<String>,
    pub licence: String,
}

impl Record {
    /// # Errors
    /// [`Error::Io`] where the file cannot be read, [`Error::Train`] where there is none in the folder, or it is not such a record.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        if dir.is_dir() && !path.exists() {
            let what = format!("no {FILE} lies in this folder, so it is no trained detector");
            let remedy = "Give the folder that `quakebook train` made, by its --run";
            return Err(fail!(Train, dir.display(), what, remedy));
        }
        Self::of(&read_text(&path)?, &path.display().to_string())
    }

    /// The record that a text holds; `place` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Train`] where it is not such a record.
    pub fn of(text: &str, place: &str) -> Result<Self> {
        let refuse = |what: &str| {
            let remedy = "Train again into another folder";
            fail!(Train, place, what, remedy)
        };
        let record: Self =
            toml::from_str(text).map_err(|error| refuse(error.to_string().trim()))?;
        // A study that was not made here is checked as one that a reader gives.
        let study = record.study.clone().checked();
        study.map_err(|error| refuse(&error.to_string()))?;
        if record.study.hash() != record.study_sha256 {
            return Err(refuse("the study is not the one that was trained"));
        }
        if let Some(regression) = &record.regression {
            committee::check(regression, &record.study, place)?;
        }
        if let Some(named) = &record.picker {
            PickerVote::named(named, &record.study, place)?;
        }
        match record.threshold > 0.0 && record.threshold <= 1.0 {
            true => Ok(record),
            false => Err(refuse(&format!(
                "threshold {}, expected a number above 0, at most 1",
                record.threshold
            ))),
        }
    }

    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let text = toml::to_string(self).expect("every field of a record is plain TOML");
        write_whole(dir.join(FILE), text)
    }
}

/// The text of a regular file: of a stranger's run folder it may be anything.
fn read_text(path: &Path) -> Result<String> {
    let absent = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let bytes = read_regular(path)?.ok_or_else(|| Error::io(path)(absent()))?;
    String::from_utf8(bytes).map_err(|_| {
        let remedy = "Train again into another folder";
        fail!(
            Train,
            path.display(),
            "bytes that are not UTF-8, expected TOML",
            remedy
        )
    })
}

impl Detector {
    /// Reads the run folder of [`super::fit`].
    ///
    /// # Errors
    /// [`Error::Io`] where a file is absent, [`Error::Train`] where one cannot be understood or the
    /// weights are not those that the threshold belongs to.
    pub fn read(dir: &Path) -> Result<Self> {
        let record = Record::read(dir)?;
        let mut network = new_network(&record.study);
        read_weights(&mut network, &dir.join(WEIGHTS))?;
        Self::checked(record, network, &dir.join(WEIGHTS).display().to_string())
    }

    /// Writes the folder that [`Detector::read`] reads: a model to be handed on says what it is.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Network`] where a file cannot be written.
    pub fn write(&self, dir: &Path, about: Option<&About>) -> Result<()> {
        // First the smaller one, which makes the folder.
        self.record(about).write(dir)?;
        write_weights(&self.network, &dir.join(WEIGHTS))
    }

    pub(super) fn record(&self, about: Option<&About>) -> Record {
        Record {
            weights_sha256: weights_sha256(&self.network),
            study_sha256: self.study.hash(),
            threshold: self.threshold,
            curve: self.curve.clone(),
            regression: self.regression.clone(),
            picker: self.picker.as_ref().map(PickerVote::as_named),
            about: about.cloned(),
            study: self.study.clone(),
        }
    }

    /// The detector, if the weights are those that its threshold belongs to.
    ///
    /// # Errors
    /// [`Error::Train`] naming the `place` of the weights.
    pub(super) fn checked(record: Record, network: ConvNet, place: &str) -> Result<Self> {
        let found = weights_sha256(&network);
        match found == record.weights_sha256 {
            true => Self::of(record, network, place),
            false => Err(fail!(
                Train,
                place,
                format!(
                    "weights of SHA-256 {found}, expected {}",
                    record.weights_sha256
                ),
                "Take weights and detector.toml of one run"
            )),
        }
    }

    /// A network whose threshold is still to be chosen: 1 until then, which few windows reach.
    pub(super) fn untrained(study: &Study, network: ConvNet) -> Self {
        Self {
            study: study.clone(),
            network,
            threshold: 1.0,
            curve: Vec::new(),
            regression: None,
            picker: None,
        }
    }

    fn of(record: Record, network: ConvNet, place: &str) -> Result<Self> {
        let named = record.picker.as_ref();
        let picker = named.map(|named| PickerVote::named(named, &record.study, place));
        Ok(Self {
            picker: picker.transpose()?,
            study: record.study,
            network,
            threshold: record.threshold,
            curve: record.curve,
            regression: record.regression,
        })
    }
}

/// ConvNetQuake's network for the study's windows, with the weights of its seed.
pub(super) fn new_network(study: &Study) -> ConvNet {
    ConvNet::new(study.window.n_samples, study.cluster.k + 1, study.seed)
}

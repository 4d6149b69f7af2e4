//! Detectors that come with the program.

use super::Detector;
use super::detector::{About, Record, new_network};
use crate::error::{Result, fail};
use crate::evaluate::OperatingPoint;
use crate::network::read_weights_of;
use crate::study::Study;

/// A detector that comes with the program: the files of its folder in `data/models`.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    pub name: &'static str,
    /// What it learnt from, its scores, and where it fails: Markdown.
    pub card: &'static str,
    detector: &'static str,
    weights: &'static [u8],
}

/// The files of a folder in `data/models`.
macro_rules! model {
    ($name:literal) => {
        Model {
            name: $name,
            card: include_str!(concat!("../../data/models/", $name, "/CARD.md")),
            detector: include_str!(concat!("../../data/models/", $name, "/detector.toml")),
            weights: include_bytes!(concat!("../../data/models/", $name, "/weights.safetensors")),
        }
    };
}

/// All of them.
pub const MODELS: [Model; 1] = [model!("regional")];

/// What a model says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub about: About,
    pub study: Study,
    pub weights_sha256: String,
    pub threshold: f64,
    /// What the threshold does on the records that the model was judged on, if it is one of the curve's.
    pub point: Option<OperatingPoint>,
}

impl Model {
    /// The model of that name, if there is one.
    pub fn find(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name == name)
    }

    /// # Errors
    /// [`crate::Error::Train`] where its files are not those of one training.
    pub fn detector(&self) -> Result<Detector> {
        let record = self.record()?;
        let mut network = new_network(&record.study);
        read_weights_of(&mut network, self.weights, &self.place())?;
        Detector::checked(record, network, &self.place())
    }

    /// # Errors
    /// [`crate::Error::Train`] where its file cannot be understood, or does not say what it is.
    pub fn description(&self) -> Result<Description> {
        let record = self.record()?;
        let at = |point: &&OperatingPoint| point.threshold == record.threshold;
        let point = record.curve.iter().find(at).copied();
        let about = record.about.ok_or_else(|| {
            let what = "no table [about]";
            fail!(Train, self.place(), what, "Say what the model is")
        })?;
        Ok(Description {
            about,
            weights_sha256: record.weights_sha256,
            threshold: record.threshold,
            point,
            study: record.study,
        })
    }

    fn record(&self) -> Result<Record> {
        Record::of(self.detector, &self.place())
    }

    fn place(&self) -> String {
        format!("model {}", self.name)
    }
}

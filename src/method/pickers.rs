//! Pickers that come with the program.

use serde::Deserialize;

use super::About;
use super::worlds::picker::DESCRIPTION;
use crate::error::{Result, fail};
use crate::hash::sha256;
use crate::pick::{PickParams, Picker, PickerFiles};

/// A picker that comes with the program: the files of its folder in `data/models`.
#[derive(Debug, Clone, Copy)]
pub struct PickerModel {
    pub name: &'static str,
    /// What it learnt from, its scores, and where it fails: Markdown.
    pub card: &'static str,
    description: &'static str,
    weights: &'static [u8],
}

/// All of them.
pub const PICKERS: [PickerModel; 1] = [PickerModel {
    name: "onsets",
    card: include_str!("../../data/models/onsets/CARD.md"),
    description: include_str!("../../data/models/onsets/picker.json"),
    weights: include_bytes!("../../data/models/onsets/weights.safetensors"),
}];

/// What a picker says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PickerDescription {
    pub about: About,
    /// Of the file of the weights.
    pub weights_sha256: String,
    pub params: PickParams,
}

#[derive(Deserialize)]
struct File {
    about: About,
    weights_sha256: String,
}

impl PickerModel {
    /// The picker of that name, if there is one.
    pub fn find(name: &str) -> Option<&'static Self> {
        PICKERS.iter().find(|model| model.name == name)
    }

    /// # Errors
    /// [`crate::Error::Network`] or [`crate::Error::Pick`] where its files are not those of one training.
    pub fn picker(&self) -> Result<Picker> {
        self.files()?.picker()
    }

    /// The files that the picker is made of.
    ///
    /// # Errors
    /// As [`PickerModel::picker`].
    pub fn files(&self) -> Result<PickerFiles> {
        let (expected, found) = (self.description()?.weights_sha256, sha256(self.weights));
        if found != expected {
            return Err(self.refuse(&format!("weights of SHA-256 {found}, expected {expected}")));
        }
        let place = self.place();
        Ok(PickerFiles::of_program(
            self.weights,
            self.description,
            &place,
        ))
    }

    /// # Errors
    /// [`crate::Error::Pick`] where its file cannot be understood, or does not say what it is.
    pub fn description(&self) -> Result<PickerDescription> {
        let file: File = serde_json::from_str(self.description)
            .map_err(|error| self.refuse(&error.to_string()))?;
        let params = PickParams::from_json(self.description);
        Ok(PickerDescription {
            about: file.about,
            weights_sha256: file.weights_sha256,
            params: params.map_err(|what| self.refuse(&what))?,
        })
    }

    fn refuse(&self, what: &str) -> crate::Error {
        let remedy = format!("Take weights and {DESCRIPTION} of one training");
        fail!(Pick, self.place(), what, remedy)
    }

    fn place(&self) -> String {
        format!("model {}", self.name)
    }
}

//! The two files of a picker: its weights, and how they want to be used.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{PickParams, Picker};
use crate::atomic_file::{read_input, write_whole};
use crate::error::{Result, fail};
use crate::hash::sha256;
use crate::network::PhaseNet;

/// How a file holds a picker's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightsForm {
    /// As PyTorch saves them, and SeisBench publishes them.
    Torch,
    Safetensors,
}

impl WeightsForm {
    /// What the weights and their description are called in a folder of their own.
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::Torch => ["picker.pt.v2", "picker.json.v2"],
            Self::Safetensors => ["weights.safetensors", "picker.json"],
        }
    }
}

/// The files that a [`Picker`] is made of, as they are: so they can be copied, and their hashes are those of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickerFiles {
    form: WeightsForm,
    weights: Vec<u8>,
    description: Vec<u8>,
    /// What errors call them.
    places: [String; 2],
}

impl PickerFiles {
    /// Reads `NAME.pt.v2` and, beside it, `NAME.json.v2`, as SeisBench keeps them (any version, or none in the names).
    ///
    /// # Errors
    /// [`crate::Error::Io`] where one of them cannot be read; [`crate::Error::Pick`] where the name has no `.pt`, or there is no
    /// description.
    pub fn read(weights: impl AsRef<Path>) -> Result<Self> {
        let weights = weights.as_ref();
        let description = description_of(weights)?;
        if weights.is_file() && !description.exists() {
            let what =
                "the description of these weights is missing, which says how they want to be used";
            let remedy = format!("Put it beside them: {}", weights.display());
            return Err(fail!(Pick, description.display(), what, remedy));
        }
        Self::of(WeightsForm::Torch, weights, &description)
    }

    fn of(form: WeightsForm, weights: &Path, description: &Path) -> Result<Self> {
        Ok(Self {
            form,
            weights: read_input(weights)?,
            description: read_input(description)?,
            places: [weights, description].map(|path| path.display().to_string()),
        })
    }

    /// Weights in the form of safetensors that come with the program; `place` is what errors call them.
    pub(crate) fn of_program(weights: &[u8], description: &str, place: &str) -> Self {
        Self {
            form: WeightsForm::Safetensors,
            weights: weights.into(),
            description: description.into(),
            places: [place; 2].map(String::from),
        }
    }

    /// Writes both files into a folder.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn write(&self, dir: &Path) -> Result<()> {
        let [weights, description] = self.form.names();
        write_whole(dir.join(weights), &self.weights)?;
        write_whole(dir.join(description), &self.description)
    }

    /// Reads both files of a folder that [`PickerFiles::write`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where one of them cannot be read.
    pub fn read_folder(dir: &Path, form: WeightsForm) -> Result<Self> {
        let [weights, description] = form.names().map(|name| dir.join(name));
        Self::of(form, &weights, &description)
    }

    /// The picker, with the thresholds and the hop of its description.
    ///
    /// # Errors
    /// [`crate::Error::Network`] as [`PhaseNet::read`]; [`crate::Error::Pick`] naming the field of the description that is
    /// not one of these networks.
    pub fn picker(&self) -> Result<Picker> {
        let [weights, description] = &self.places;
        let network = match self.form {
            WeightsForm::Torch => PhaseNet::of_torch(&self.weights, weights)?,
            WeightsForm::Safetensors => PhaseNet::of_safetensors(&self.weights, weights)?,
        };
        let text = String::from_utf8_lossy(&self.description);
        let params = PickParams::from_json(&text).map_err(|what| {
            let remedy = "Give the description that was published with the weights";
            fail!(Pick, description, what, remedy)
        })?;
        Ok(Picker::of(network, params))
    }

    pub fn form(&self) -> WeightsForm {
        self.form
    }

    /// As `sha256sum` prints it of the file of the weights.
    pub fn weights_sha256(&self) -> String {
        sha256(&self.weights)
    }

    /// As `sha256sum` prints it of the description.
    pub fn description_sha256(&self) -> String {
        sha256(&self.description)
    }
}

/// `NAME.json.v2` of `NAME.pt.v2`.
fn description_of(weights: &Path) -> Result<PathBuf> {
    let name = weights.file_name().and_then(|name| name.to_str());
    let parted = name.and_then(|name| name.rsplit_once(".pt"));
    let (name, version) = parted.ok_or_else(|| {
        let remedy = "Give the file of the weights; the description is expected beside it, as NAME.json or NAME.json.v2";
        fail!(Pick, weights.display(), "the name is not of the form NAME.pt or NAME.pt.v2", remedy)
    })?;
    Ok(weights.with_file_name(format!("{name}.json{version}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_lies_beside_its_weights() {
        let of = |weights: &str| description_of(Path::new(weights)).unwrap();
        assert_eq!(of("w/ethz.pt.v2"), Path::new("w/ethz.json.v2"));
        assert_eq!(of("my.pt.old.pt"), Path::new("my.pt.old.json"));
        for bad in ["w/ethz.json.v2", "weights", "", "w/.."] {
            assert!(description_of(Path::new(bad)).is_err(), "{bad}");
        }
    }
}

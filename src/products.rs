//! Names of before, for the chapters that have not moved yet.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic_file::{self, write_whole};
use crate::dataset::{Crop, Split};
use crate::error::{Error, Result, fail};
use crate::method::{self, TimeBlocks};
use crate::network::ConvNet;
use crate::store::{self, Store};
use crate::study::Study;
use crate::time::TimeSpan;
use crate::train::TrainParams;
use crate::travel::LayeredModel;
use crate::window::Normalisation;

pub(crate) use crate::book::trained_convnet;
pub use crate::book::{
    BEFORE_P_S, N_MEMBERS, PAPER_NORMALISATION, families, leak_free_ensemble, paper_network,
    paper_split, trained, windows_as_the_paper, windows_at_arrivals,
};
pub use crate::method::held_out;
pub use crate::store::{
    catalog, clusters, continuous, leak_free_clusters, record, segment_split as stretch_split,
    segments as stretches, time_blocks as blocks,
};

pub const STRETCH_S: f64 = 60.0;
pub const NOISE_GUARD_S: f64 = 60.0;
pub const LEAK_FREE_NORMALISATION: Normalisation = Normalisation::Std;
pub type Blocks = TimeBlocks;

pub fn leak_free_split(study: &Study) -> Result<Split> {
    store::windows(study)
}

pub fn leak_free_crop(study: &Study) -> Crop {
    method::crop(study)
}

pub fn leak_free_params(study: &Study) -> TrainParams {
    method::train_params(study)
}

pub fn leak_free_network(study: &Study) -> Result<ConvNet> {
    Ok(store::detector(study)?.network)
}

pub fn run_dir(study: &Study, name: &str) -> PathBuf {
    Store::of(study).run_dir(name)
}

pub fn velocity_model(study: &Study) -> LayeredModel {
    study.velocity_model.clone()
}

pub(crate) fn hold(path: &Path) -> Result<File> {
    atomic_file::hold(&path.with_extension("lock"))
}

pub(crate) fn kept<T: Serialize + DeserializeOwned>(
    path: &Path,
    make: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let _held = hold(path)?;
    if path.is_file() {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        return toml::from_str(&text).map_err(|error| {
            let remedy = "Delete the file; it is made anew";
            fail!(Evaluate, path.display(), error.to_string().trim(), remedy)
        });
    }
    let value = make()?;
    write_whole(
        path,
        toml::to_string(&value).expect("a product is plain TOML"),
    )?;
    Ok(value)
}

pub(crate) fn scanned(study: &Study) -> TimeSpan {
    study.scanned()
}

//! What `quakebook scan` scans with, and what.

use std::path::{Path, PathBuf};

use quakebook::method::{Detector, Model, PickerModel};
use quakebook::study::Study;
use quakebook::time::Time;
use quakebook::waveform::{Archive, Place};

use crate::args;
use crate::output::{self, Damage};

/// As in a study.
const MAX_HOP_SAMPLES: f64 = 1e6;

/// Without `--hop`, a window is so many hops, or the part of it that is decided about.
///
/// Measured on twelve hours of CX.PB01, with the network of `examples/iquique.rs` and windows of 10 s: where all
/// windows begin 0.3 s later, 82 % of 186 detections are found again at a hop of 2 s, 88 % of 199 at 1 s, 92 % of 196
/// at 0.5 s, and 92 % of 204 at 0.25 s. Less than a twentieth of a window gains nothing.
const HOPS_OF_WINDOW: usize = 20;

/// A model that comes with the program, or a folder of `train`.
#[derive(Clone)]
pub enum ModelArg {
    BuiltIn(&'static Model),
    Folder(PathBuf),
}

impl ModelArg {
    /// A name is that of a model; else it is a folder.
    pub fn parse(text: &str) -> Result<Self, String> {
        match (Model::find(text), Path::new(text).is_dir()) {
            (Some(model), _) => Ok(Self::BuiltIn(model)),
            (None, true) => Ok(Self::Folder(text.into())),
            (None, false) if PickerModel::find(text).is_some() => Err(format!(
                "{text} is a picker, which `quakebook pick` and `plan` take; expected a detector: {}",
                args::model_names()
            )),
            (None, false) if Path::new(text).is_file() => Err(format!(
                "this is a file; expected the folder of a run of `train`, or a model that comes with the program: {} \
                 (weights of a picker are for `quakebook pick --weights`)",
                args::model_names()
            )),
            (None, false) => Err(format!(
                "expected a folder, or a model that comes with the program: {}",
                args::model_names()
            )),
        }
    }

    pub fn detector(&self) -> quakebook::Result<Detector> {
        match self {
            Self::BuiltIn(model) => model.detector(),
            Self::Folder(dir) => Detector::read(dir),
        }
    }
}

/// The archive of the study's station. A detector that takes records of any station takes the only one that there
/// is, where the archive has not the study's.
pub fn archive(
    place: &Place,
    study: &mut Study,
    is_given: bool,
    (from, to): (Option<Time>, Option<Time>),
) -> quakebook::Result<Archive> {
    let open = |study: &Study| {
        let archive = Archive::open_for(place.clone(), &study.station)?;
        Ok(archive.expecting(from, to).lenient())
    };
    let archive: Archive = open(study)?;
    if is_given || !study.method.harmonised || archive.check_sought().is_ok() {
        let checked = archive.check_sought();
        // A day file in another folder than its own may be what is missing.
        checked.inspect_err(|_| Damage::of(&archive).tell())?;
        return Ok(archive);
    }
    study.station = Archive::only_station(place.clone(), from, to)?;
    let of = &study.station;
    let codes = [&of.network, &of.station, &of.location].map(|code| code.as_str());
    let codes = codes.join(".");
    output::progress(format!(
        "station {codes}.{}, the archive's only one",
        of.channels
    ));
    open(study)
}

/// The study's hop, as `--hop` says.
pub fn set_hop(study: &mut Study, hop_s: Option<f64>) {
    let Some(hop_s) = hop_s else {
        let hop = (study.core_samples() / HOPS_OF_WINDOW).max(1);
        study.scan.hop_samples = study.scan.hop_samples.min(hop);
        return;
    };
    let rate_hz = study.window.sampling_rate_hz;
    let n_samples = (hop_s * rate_hz).round();
    let is_whole = (hop_s * rate_hz - n_samples).abs() < 1e-6 * n_samples;
    if !is_whole || !(1.0..=MAX_HOP_SAMPLES).contains(&n_samples) {
        let what = "--hop must be a whole number of samples, from one to a million";
        args::refuse(&format!("{what}: found {hop_s:e} s at {rate_hz} Hz"));
    }
    if n_samples > study.core_samples() as f64 {
        args::refuse(&format!(
            "--hop must be at most {} s, the part of a window that is decided about: a longer one would leave time out",
            study.core_s()
        ));
    }
    study.scan.hop_samples = n_samples as usize;
}

//! Every number that the paper chose, in one place.
//!
//! [`Study::oklahoma`] is the paper's study. A study is written to and read from TOML, so another
//! region is a file; the environment variable `QUAKEBOOK_STUDY` names such a file for a whole run.
//!
//! ```
//! use quakebook::study::Study;
//! let study = Study::oklahoma();
//! assert_eq!(study.window.n_samples, 1000);
//! assert_eq!(Study::from_toml(&study.to_toml()).unwrap(), study);
//! ```
//!
//! Every table of the file is a choice: those of the paper have a type each, [`MethodChoice`] has those of
//! the method that goes beyond it. The hash covers all of them, and the velocity model's layers too.

mod check;
mod choices;
mod method;
mod stage;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, fail};
use crate::geo::Region;
use crate::station::StationChoice;
use crate::time::{Time, TimeSpan};
use crate::travel::LayeredModel;
use crate::{atomic_file, hash, tables};

pub use choices::{
    AugmentChoice, ClusterChoice, ScanChoice, SplitChoice, TrainChoice, WindowChoice,
};
pub use method::{MethodChoice, Normalisation, Onset, Preparation};
pub use stage::Stage;

/// A whole study: where, when, which station, and the choices of each step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    pub name: String,
    /// All random choices derive from this seed.
    pub seed: u64,
    /// A data centre's name (`classroom`, `usgs`, `earthscope`) or base address.
    pub provider: String,
    pub region: Region,
    /// The catalog's time span.
    pub catalog: TimeSpan,
    pub station: StationChoice,
    pub cluster: ClusterChoice,
    pub window: WindowChoice,
    pub augment: AugmentChoice,
    pub split: SplitChoice,
    pub train: TrainChoice,
    /// The continuous record that is scanned.
    pub scan: ScanChoice,
    /// A block of time that no training, validation or threshold has seen; the final scores come
    /// from it.
    pub held_out: TimeSpan,
    /// The layers under the region: travel times come from them.
    pub velocity_model: LayeredModel,
    /// What the leak-free detector is taught, beyond the paper.
    #[serde(default)]
    pub method: MethodChoice,
}

impl Study {
    /// The paper's study: Oklahoma, station GS.OK029, with the numbers of its sections 2 and 3.
    pub fn oklahoma() -> Self {
        Self {
            name: "oklahoma".into(),
            seed: 2019,
            provider: "classroom".into(),
            region: Region {
                min_latitude_deg: 35.70,
                max_latitude_deg: 36.00,
                min_longitude_deg: -97.6,
                max_longitude_deg: -97.2,
            },
            catalog: TimeSpan {
                start: utc(2014, 2, 15, 0),
                end: utc(2016, 11, 16, 0),
            },
            station: StationChoice::new("GS", "OK029", "00", "HH*").expect("constant codes"),
            cluster: ClusterChoice {
                k: 3,
                n_replicates: 5,
            },
            window: WindowChoice {
                n_samples: 1000,
                sampling_rate_hz: 100.0,
                n_noise_per_gap: 3,
            },
            augment: AugmentChoice {
                noise_levels: vec![0.02, 0.05],
            },
            split: SplitChoice {
                train_fraction: 0.70,
                validation_fraction: 0.15,
            },
            train: TrainChoice {
                max_epochs: 60,
                batch_size: 128,
                learning_rate: 1e-3,
                weight_decay: 1e-4,
                patience: 6,
            },
            scan: ScanChoice {
                start: utc(2014, 2, 16, 0),
                end: utc(2014, 2, 16, 10),
                hop_samples: 200,
            },
            // The month that ConvNetQuake held out (Perol et al. 2018).
            held_out: TimeSpan {
                start: utc(2014, 7, 1, 0),
                end: utc(2014, 8, 1, 0),
            },
            velocity_model: LayeredModel::central_us(),
            method: MethodChoice::default(),
        }
    }

    /// Length of the study's windows in seconds.
    pub fn window_s(&self) -> f64 {
        self.window.n_samples as f64 / self.window.sampling_rate_hz
    }

    /// Length of the part of a window that it decides about, in seconds: all of it, unless the method has a core.
    pub fn core_s(&self) -> f64 {
        let method = &self.method;
        method.core_s.unwrap_or(self.window_s() - method.lead_s)
    }

    /// Samples of that part.
    pub fn core_samples(&self) -> usize {
        (self.core_s() * self.window.sampling_rate_hz).round() as usize
    }

    /// The samples of a window that must have been recorded: all of it, unless the method does without what is around its core.
    pub fn needed_samples(&self) -> std::ops::Range<usize> {
        let sample = |s: f64| (s * self.window.sampling_rate_hz).round() as usize;
        let lead_s = self.method.lead_s;
        match self.method.after_s {
            Some(after_s) => sample(lead_s)..sample(lead_s + self.core_s() + after_s),
            None => 0..self.window.n_samples,
        }
    }

    /// The hours that the study scans.
    pub fn scanned(&self) -> TimeSpan {
        TimeSpan {
            start: self.scan.start,
            end: self.scan.end,
        }
    }

    /// The study that `QUAKEBOOK_STUDY` names, else [`Study::oklahoma`].
    /// `QUAKEBOOK_PROVIDER` overrides its data centre.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where the file cannot be read, [`crate::Error::Study`] where it is not a study.
    pub fn current() -> Result<Self> {
        let mut study = match std::env::var_os("QUAKEBOOK_STUDY") {
            Some(path) => Self::read(path)?,
            None => Self::oklahoma(),
        };
        if let Ok(provider) = std::env::var("QUAKEBOOK_PROVIDER") {
            study.provider = provider;
        }
        Ok(study)
    }

    /// The study of that name (`oklahoma`, `zigong`), or of that TOML file.
    ///
    /// # Errors
    /// As [`Study::read`].
    pub fn find(name_or_path: &str) -> Result<Self> {
        match name_or_path {
            "oklahoma" => Ok(Self::oklahoma()),
            "zigong" => Self::from_toml(include_str!("../../data/studies/zigong.toml")),
            path => Self::read(path),
        }
    }

    /// Reads a study from a TOML file.
    ///
    /// # Errors
    /// As [`Study::current`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let text = tables::text_of(atomic_file::read_input(&path)?).map_err(|what| {
            let place = path.as_ref().display();
            fail!(Study, place, what, tables::NO_TEXT_REMEDY)
        })?;
        Self::from_toml(&text).map_err(|error| match error {
            Error::Study {
                place,
                what,
                remedy,
            } => Error::Study {
                place: format!("{}, {place}", path.as_ref().display()),
                what,
                remedy,
            },
            other => other,
        })
    }

    /// Parses TOML and checks every value.
    ///
    /// # Errors
    /// [`crate::Error::Study`] naming the key and the value.
    pub fn from_toml(text: &str) -> Result<Self> {
        let study: Self = toml::from_str(text).map_err(|error| {
            fail!(
                Study,
                "TOML",
                error.to_string().trim(),
                "Start from a study that there is, such as data/studies/zigong.toml"
            )
        })?;
        study.check()?;
        Ok(study)
    }

    /// The study itself, if all its values are possible: for one that was changed in code.
    ///
    /// # Errors
    /// [`crate::Error::Study`] naming the key and the value.
    pub fn checked(self) -> Result<Self> {
        self.check()?;
        Ok(self)
    }

    /// The study as TOML; [`Study::from_toml`] reads it back.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("every field of a study is plain TOML")
    }

    /// SHA-256 of the study's TOML, in hexadecimal.
    pub fn hash(&self) -> String {
        hash::sha256(self.to_toml())
    }
}

/// The folder of catalogs, waveforms and products: `QUAKEBOOK_DATA`, else the nearest `data`
/// beside a `Cargo.toml` above the working directory, else `data` in it.
pub fn data_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("QUAKEBOOK_DATA").filter(|dir| !dir.is_empty()) {
        return dir.into();
    }
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .find(|dir| dir.join("Cargo.toml").is_file() && dir.join("data").is_dir())
        .unwrap_or(&here)
        .join("data")
}

/// The folder of real records that the reader has put there.
///
/// It is the one that `QUAKEBOOK_REAL_DATA` names, else `real` in [`data_dir`], else `shared/data` in
/// or beside the project. `None` where there is no such folder.
pub fn real_data_dir() -> Option<PathBuf> {
    let candidates = match std::env::var_os("QUAKEBOOK_REAL_DATA") {
        Some(named) => vec![PathBuf::from(named)],
        None => {
            let here = std::env::current_dir().unwrap_or_default();
            let beside = here.ancestors().map(|dir| dir.join("shared/data"));
            std::iter::once(data_dir().join("real"))
                .chain(beside)
                .collect()
        }
    };
    candidates.into_iter().find(|dir| dir.is_dir())
}

fn utc(year: i32, month: u32, day: u32, hour: u32) -> Time {
    chrono::NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_opt(hour, 0, 0))
        .expect("the paper's dates exist")
        .and_utc()
}

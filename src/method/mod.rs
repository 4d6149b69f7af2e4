//! The recipe of a detector: from a study and its data to a network with a threshold.
//!
//! | Step | Function |
//! |---|---|
//! | the catalog's time is divided in blocks | [`TimeBlocks::of`] |
//! | events get classes, by clusters of the training time | [`clusters`], [`labels`] |
//! | segments of record are cut: around events, between them, around disturbances | [`segments`] |
//! | segments are divided by time, without what is set aside | [`segment_split`] |
//! | windows are cropped with the P wave anywhere | [`crop`], [`windows`] |
//! | the network is trained, and its threshold kept within the alarm budget | [`fit`] |
//! | a detector goes on to learn at a new station | [`Detector::fine_tuning`], [`fine_tune`] |
//! | records are scanned | [`Detector::scan`] |
//! | the threshold is chosen without labels, from the record itself | [`Detector::alarm_budget`] |
//! | detectors that come with the program | [`MODELS`], [`Model`] |
//! | pickers that come with the program | [`PICKERS`], [`PickerModel`] |
//!
//! The numbers of all steps are the study's, most of them in its [`MethodChoice`]. The notebooks and the
//! program call these functions and no others, so the same study and data give the same weights from both.
//!
//! ```no_run
//! use quakebook::catalog::Catalog;
//! use quakebook::method::{self, Detector, Inputs};
//! use quakebook::study::{Onset, Study};
//! use quakebook::time::{self, TimeSpan};
//! use quakebook::waveform::Archive;
//! # fn main() -> quakebook::Result<()> {
//! let mut study = Study::read("iquique.toml")?;
//! study.method.onset = Onset::CatalogTime;
//! let archive = Archive::open("sds", "CX", "PB01", "", "HH*")?;
//! let catalog = Catalog::read("triggers.csv")?;
//! let inputs = Inputs { source: &archive, catalog: &catalog, station: None, known_events: None };
//! let segments = method::segments(&study, &inputs)?;
//! let dir = std::path::Path::new("runs/iquique");
//! let fitted = method::fit(&study, &inputs, &segments, dir)?;
//! println!("{}, threshold {}", fitted.run.summary(), fitted.detector.threshold);
//! let span = TimeSpan { start: time::parse("2014-05-01T08:00:00")?, end: time::parse("2014-05-01T12:00:00")? };
//! println!("{} detections", Detector::read(dir)?.scan(&archive, &span)?.detections.len());
//! # Ok(()) }
//! ```
//!
//! [`MethodChoice`]: crate::study::MethodChoice

mod backwards;
mod banded;
mod blocks;
mod budget;
mod committee;
mod conditions;
mod detector;
mod disturbances;
mod extent;
mod features;
mod fine_tuning;
mod fit;
mod folder;
mod harmonising;
mod models;
mod picker_vote;
mod pickers;
mod prepared;
mod scanning;
mod segments;
mod smoothing;
mod windows;
pub mod worlds;

use crate::catalog::{Catalog, Event};
use crate::cluster::{ClusterParams, Clusters, Space};
use crate::detect::p_travel_time_s;
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::study::{Onset, Study};
use crate::waveform::WaveformSource;

pub(crate) use blocks::spread_days;
pub use blocks::{TimeBlocks, held_out, validation_days};
pub use budget::AlarmBudget;
pub use conditions::Conditions;
pub use detector::{About, Detector};
pub use features::{FEATURES, features};
pub use fine_tuning::{FineTuned, fine_tune};
pub use fit::{Fitted, fit, train_params};
pub use folder::{check_catalog, check_folder, check_station};
pub use models::{Description, MODELS, Model};
pub use picker_vote::PickerVote;
pub use pickers::{PICKERS, PickerDescription, PickerModel};
pub use scanning::{AT_ENDS, Scanned, merge_params, scan_params, scan_spans, validation_scan};
pub use segments::segments;
pub use windows::{crop, segment_samples, segment_split, windows};

/// What a detector is made from, beside the study.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub source: &'a dyn WaveformSource,
    pub catalog: &'a Catalog,
    /// The station's place; needed where the P wave comes by a travel time ([`Onset::TravelTime`]).
    pub station: Option<Point>,
    /// Every earthquake, where somebody knows: segments of noise that hold one are left out. In the
    /// simulation the truth plays the analyst; with real data nobody has looked.
    pub known_events: Option<&'a Catalog>,
}

impl Inputs<'_> {
    /// Seconds from an event's catalog time to its P wave at the station.
    ///
    /// # Errors
    /// [`crate::Error::Window`] where the station's place is needed and not given, or an event's.
    pub(crate) fn p_after_s(&self, study: &Study) -> Result<impl Fn(&Event) -> f64> {
        let place = match study.method.onset {
            Onset::TravelTime => {
                let place = self.place(study)?;
                self.check_places()?;
                Some(place)
            }
            Onset::CatalogTime => None,
        };
        let model = &study.velocity_model;
        Ok(
            move |event: &Event| {
                place.map_or(0.0, |station| p_travel_time_s(model, event, station))
            },
        )
    }

    fn check_places(&self) -> Result<()> {
        let mut events = self.catalog.events().iter();
        match events.find(|event| !event.has_place()) {
            None => Ok(()),
            Some(event) => Err(fail!(
                Window,
                format!("{}, event {}", self.catalog.source, event.id),
                "the P wave's travel time needs the event's place, and only its time is known",
                "Take Catalog::with_places, or the catalog's times as those of the P wave (catalog_time)"
            )),
        }
    }

    fn place(&self, study: &Study) -> Result<Point> {
        self.station.ok_or_else(|| {
            fail!(
                Window,
                study.station.station,
                "the P wave's travel time needs the station's place, and none was given",
                "Give its coordinates, or take the catalog's times as those of the P wave"
            )
        })
    }
}

/// Clusters by which events get their classes: on kilometres, the best of many starts, found from the
/// events of the training time alone. `assign` and `assign_all` give the class of any event.
///
/// # Errors
/// [`crate::Error::Cluster`] where the training time has too few events.
pub fn clusters(study: &Study, catalog: &Catalog) -> Result<Clusters> {
    let known = TimeBlocks::of(study, catalog).training_events(study, catalog);
    ClusterParams::of(study)
        .space(Space::Kilometres)
        .n_replicates(study.method.n_cluster_starts)
        .fit(&known)
}

/// The class of each event of the catalog. One class needs no epicentres.
///
/// # Errors
/// As [`clusters`].
pub fn labels(study: &Study, catalog: &Catalog) -> Result<Vec<usize>> {
    match study.cluster.k {
        1 => Ok(vec![0; catalog.len()]),
        _ => Ok(clusters(study, catalog)?.assign_all(catalog)),
    }
}

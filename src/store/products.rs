//! What the method makes of a study, kept.

use std::path::PathBuf;

use crate::atomic_file::{self, write_whole};
use crate::catalog::Catalog;
use crate::cluster::{ClusterParams, Clusters};
use crate::data_centre;
use crate::dataset::Split;
use crate::error::{Result, fail};
use crate::method::{self, Detector, Fitted, Inputs, TimeBlocks};
use crate::store::{Store, reused};
use crate::study::{Stage, Study};
use crate::time::{self, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};
use crate::window::Windows;

/// The study's catalog, from its data centre.
///
/// # Errors
/// [`crate::Error::Request`] where the data centre does not answer, [`crate::Error::Catalog`] where it
/// has no event.
pub fn catalog(study: &Study) -> Result<Catalog> {
    let study = &study.up_to(Stage::Catalog);
    let store = Store::of(study);
    let mut catalog = store.get_or_make("catalog.xml", || {
        let client = data_centre::connect(study)?;
        let catalog = client.fetch_events(&study.region, &study.catalog)?;
        if catalog.is_empty() {
            return Err(fail!(
                Catalog,
                &study.name,
                "the data centre knows no event in this region and time",
                "Widen the region or the time span of the study"
            ));
        }
        write_whole(listing_path(study), catalog.listing())?;
        Ok(catalog)
    })?;
    catalog.source.clone_from(&study.provider);
    catalog.simulated = data_centre::is_simulated(study);
    Ok(catalog)
}

/// Where [`catalog`] keeps the catalog in the form of the paper's `cat.txt`.
pub fn listing_path(study: &Study) -> PathBuf {
    Store::of(&study.up_to(Stage::Catalog)).path("cat.txt")
}

/// The catalog's clusters as the paper made them: cityblock, on degrees.
///
/// # Errors
/// As [`catalog`], and [`crate::Error::Cluster`] where there are too few events.
pub fn clusters(study: &Study) -> Result<Clusters> {
    let study = &study.up_to(Stage::Clusters);
    Store::of(study).get_or_make(CLUSTERS, || ClusterParams::of(study).fit(&catalog(study)?))
}

/// Where [`clusters`] keeps them.
pub fn clusters_path(study: &Study) -> PathBuf {
    Store::of(&study.up_to(Stage::Clusters)).path(CLUSTERS)
}

const CLUSTERS: &str = "clusters.toml";

/// The clusters by which the leak-free detector calls events: [`method::clusters`].
///
/// # Errors
/// As [`clusters`].
pub fn leak_free_clusters(study: &Study) -> Result<Clusters> {
    let study = &study.up_to(Stage::Segments);
    Store::of(study).get_or_make("clusters-leak-free.toml", || {
        method::clusters(study, &catalog(study)?)
    })
}

/// The blocks in which the catalog's time is divided.
///
/// # Errors
/// As [`catalog`].
pub fn time_blocks(study: &Study) -> Result<TimeBlocks> {
    Ok(TimeBlocks::of(study, &catalog(study)?))
}

/// The segments of record that the detector learns from: [`method::segments`].
///
/// # Errors
/// As [`catalog`] and [`method::segments`].
pub fn segments(study: &Study) -> Result<Windows> {
    let study = &study.up_to(Stage::Segments);
    Store::of(study).get_or_make("segments", || {
        with_inputs(study, |inputs| method::segments(study, inputs))
    })
}

/// The segments, divided in blocks of time: [`method::segment_split`].
///
/// # Errors
/// As [`segments`].
pub fn segment_split(study: &Study) -> Result<Split> {
    method::segment_split(study, &segments(study)?, &time_blocks(study)?)
}

/// The windows that the detector learns from: [`method::windows`].
///
/// # Errors
/// As [`segments`].
pub fn windows(study: &Study) -> Result<Split> {
    method::windows(study, &segment_split(study)?)
}

/// The study's detector, and how it came about: [`method::fit`], in the run folder [`detector_dir`].
///
/// # Errors
/// As [`segments`] and [`method::fit`].
pub fn fitted(study: &Study) -> Result<Fitted> {
    let study = &study.up_to(Stage::Detector);
    let (segments, dir) = (segments(study)?, detector_dir(study));
    // Whoever comes second reads the threshold too, and does not scan the validation days again.
    let _held = atomic_file::hold(&dir.with_extension("lock"))?;
    reused::remember(&dir);
    with_inputs(study, |inputs| method::fit(study, inputs, &segments, &dir))
}

/// The study's detector: read, where it was fitted before. With another hop the same weights get another threshold.
///
/// # Errors
/// As [`fitted`].
pub fn detector(study: &Study) -> Result<Detector> {
    let dir = detector_dir(study);
    match Detector::read(&dir) {
        Ok(detector) if detector.study == study.up_to(Stage::Detector) => {
            reused::tell(&dir);
            Ok(detector)
        }
        _ => Ok(fitted(study)?.detector),
    }
}

/// The run folder of [`detector`].
pub fn detector_dir(study: &Study) -> PathBuf {
    Store::of(&study.up_to(Stage::Weights)).run_dir("detector")
}

/// Calls `work` with what a detector of the study is made from, as its data centre has it.
fn with_inputs<T>(study: &Study, work: impl FnOnce(&Inputs) -> Result<T>) -> Result<T> {
    let catalog = catalog(study)?;
    let client = data_centre::connect(study)?;
    let known = known_events(study);
    work(&Inputs {
        source: &client,
        catalog: &catalog,
        station: Some(data_centre::station(study)?.position()),
        known_events: known.as_ref(),
    })
}

/// Every earthquake, where the study's data are simulated.
pub fn known_events(study: &Study) -> Option<Catalog> {
    data_centre::is_simulated(study).then(|| data_centre::truth(study))
}

/// The continuous record that the study scans.
///
/// # Errors
/// As [`WaveformSource::record`].
pub fn continuous(study: &Study) -> Result<Record3C> {
    record(study, &study.scanned())
}

/// The station's record of a time span.
///
/// # Errors
/// As [`WaveformSource::record`].
pub fn record(study: &Study, span: &TimeSpan) -> Result<Record3C> {
    let seconds = time::between_s(span.start, span.end);
    let n_samples = (seconds * study.window.sampling_rate_hz).round() as usize;
    data_centre::connect(study)?.record(span.start, n_samples)
}

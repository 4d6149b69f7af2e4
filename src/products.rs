//! What one chapter makes for the next: read from the study's derived folder, or made and kept there.
//!
//! Every chapter can so be run alone. Products lie in [`Study::derived_dir`], whose name carries the
//! hash of all the study's numbers, so products of different choices never mix; delete the folder to
//! make everything anew.
//!
//! | Product | File | Made by |
//! |---|---|---|
//! | catalog | `catalog.xml`, and `cat.txt` in the paper's form | the event service |
//! | clusters | `clusters.toml` | [`crate::cluster`] |
//! | windows | `windows-paper/`, `windows-arrival/` | [`crate::window`] |
//! | networks | `runs/NAME/` | [`crate::train`]; see [`paper_network`], [`honest_network`] |
//! | thresholds tried | `operating-points.toml` | [`operating_points`] |
//! | detections | `detections.csv` | [`crate::detect`]; see [`detections`] |
//!
//! ```no_run
//! use quakebook::{products, study::Study};
//! let study = Study::current().unwrap();
//! let catalog = products::catalog(&study).unwrap();
//! let clusters = products::clusters(&study).unwrap();
//! assert_eq!(clusters.labels.len(), catalog.len());
//! ```

mod detection;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::classroom::{self, Classroom, Nuisance, Synthesis, Truth};
use crate::cluster::{ClusterParams, Clusters};
use crate::dataset::{Augment, Dataset, Split, augment};
use crate::error::{Error, Result, fail};
use crate::fdsn::Client;
use crate::network::{ConvNet, Network, Perceptron};
use crate::study::{Study, TimeSpan};
use crate::time;
use crate::train::{Run, TrainParams, train};
use crate::travel::LayeredModel;
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{self, NoiseRule, Normalisation, StartRule, Windows};

pub use detection::{
    BEARABLE_PER_HOUR, N_TRIAL_NIGHTS, OperatingPoint, THRESHOLDS, TOLERANCE_S, detections,
    detections_path, match_at, merge_params, merge_params_at, operating_points, scan_params,
    trial_records,
};

/// Noise keeps so far from every event of the catalog when windows are cut with care: the S wave of
/// the farthest events is then past, and most of its coda.
pub const NOISE_GUARD_S: f64 = 60.0;

/// An event's window begins so long before its P wave when windows are cut with care.
pub const BEFORE_P_S: f64 = 2.0;

/// The paper's scale: each window to `[0, 1]`, its three components together.
pub const PAPER_NORMALISATION: Normalisation = Normalisation::MinMaxJoint;

/// The scale of windows cut with care: no offset, one standard deviation for the three components.
pub const HONEST_NORMALISATION: Normalisation = Normalisation::Deviation;

/// The study's catalog, from its data centre.
///
/// # Errors
/// [`Error::Request`] where the data centre does not answer, [`Error::Catalog`] where it has no event.
pub fn catalog(study: &Study) -> Result<Catalog> {
    let path = study.derived_dir().join("catalog.xml");
    if path.is_file() {
        let mut catalog = Catalog::read(&path)?;
        catalog.source.clone_from(&study.provider);
        catalog.simulated = is_simulated(study);
        return Ok(catalog);
    }
    let catalog = Client::for_study(study)?.fetch_events(study)?;
    if catalog.is_empty() {
        return Err(fail!(
            Catalog,
            &study.name,
            "the data centre knows no event in this region and time",
            "Widen the region or the time span of the study"
        ));
    }
    keep(&path, catalog.to_quakeml().as_bytes())?;
    keep(
        &study.derived_dir().join("cat.txt"),
        catalog.listing().as_bytes(),
    )?;
    Ok(catalog)
}

/// The catalog's clusters as the paper made them: cityblock, on degrees.
///
/// # Errors
/// As [`catalog`], and [`Error::Cluster`] where there are too few events.
pub fn clusters(study: &Study) -> Result<Clusters> {
    let path = study.derived_dir().join("clusters.toml");
    if path.is_file() {
        return Clusters::read(&path);
    }
    let clusters = ClusterParams::for_study(study).fit(&catalog(study)?)?;
    make_folder(&study.derived_dir())?;
    clusters.write(&path)?;
    Ok(clusters)
}

/// Event and noise windows as the paper cut them, in counts: from the origin time on, and from the
/// midpoints between events.
///
/// # Errors
/// As [`clusters`], and [`Error::Window`] where no window could be had.
pub fn windows_as_the_paper(study: &Study) -> Result<Windows> {
    windows(
        study,
        "windows-paper",
        |_| StartRule::Origin,
        NoiseRule::Midpoints,
    )
}

/// Event and noise windows cut with care, in counts: [`BEFORE_P_S`] before the P wave's arrival, and
/// [`NOISE_GUARD_S`] away from every event.
///
/// # Errors
/// As [`windows_as_the_paper`].
pub fn windows_at_arrivals(study: &Study) -> Result<Windows> {
    let guard = NoiseRule::Guarded {
        guard_s: NOISE_GUARD_S,
    };
    windows(study, "windows-arrival", at_arrival, guard)
}

fn at_arrival(station: crate::geo::Point) -> StartRule {
    StartRule::PArrival {
        station,
        model: LayeredModel::central_us(),
        before_s: BEFORE_P_S,
    }
}

fn windows(
    study: &Study,
    name: &str,
    rule: impl Fn(crate::geo::Point) -> StartRule,
    noise: NoiseRule,
) -> Result<Windows> {
    let dir = study.derived_dir().join(name);
    if dir.is_dir() {
        return Windows::read(&dir);
    }
    let (catalog, clusters) = (catalog(study)?, clusters(study)?);
    let client = Client::for_study(study)?;
    let rule = rule(client.fetch_station(study)?.position());
    let silent = &mut window::silent;
    let events = window::event_windows(&client, &catalog, &clusters.labels, &rule, study, silent)?;
    let noise = window::noise_windows(&client, &catalog, study, noise, silent)?;
    let both = events.concat(&noise)?;
    // Under another name until it is whole, so that an interrupted cell leaves nothing half-made.
    let partial = dir.with_extension("partial");
    let _ = std::fs::remove_dir_all(&partial);
    make_folder(&partial)?;
    both.write(&partial)?;
    std::fs::rename(&partial, &dir).map_err(Error::io(&dir))?;
    Ok(both)
}

/// The continuous record that the study scans.
///
/// # Errors
/// As [`WaveformSource::record`].
pub fn continuous(study: &Study) -> Result<Record3C> {
    record(study, &scanned(study))
}

/// The station's record of a time span.
///
/// # Errors
/// As [`WaveformSource::record`].
pub fn record(study: &Study, span: &TimeSpan) -> Result<Record3C> {
    let seconds = time::between_s(span.start, span.end);
    let n_samples = (seconds * study.window.sampling_rate_hz).round() as usize;
    Client::for_study(study)?.record(span.start, n_samples)
}

fn scanned(study: &Study) -> TimeSpan {
    TimeSpan {
        start: study.scan.start,
        end: study.scan.end,
    }
}

/// Every earthquake that was simulated. Of a real region nobody knows it: then a catalog without
/// events.
///
/// # Errors
/// [`Error::Classroom`] where the classroom cannot be started.
pub fn truth(study: &Study) -> Result<Catalog> {
    match is_simulated(study) {
        true => Ok(Classroom::of_process(classroom::SEED)?.truth()),
        false => Ok(Catalog::new("unknown truth", false, Vec::new())),
    }
}

/// What happens in a time span that is no local earthquake, oldest first; nothing where the data
/// are real, for nobody knows it.
pub fn nuisances(study: &Study, span: &TimeSpan) -> Vec<Nuisance> {
    if !is_simulated(study) {
        return Vec::new();
    }
    let truth = Arc::new(Truth::simulate(classroom::SEED));
    Synthesis::new(classroom::SEED, truth).nuisances(span.start, span.end)
}

/// The paper's windows in `n_sets` sets (the originals, then a noisy copy for each of the study's
/// first `n_sets - 1` levels), divided at random AFTER copying, as the paper did.
///
/// # Errors
/// As [`windows_as_the_paper`], and [`Error::Dataset`] where there are too few windows, or too few
/// noise levels for so many sets.
pub fn paper_split(study: &Study, n_sets: usize) -> Result<Split> {
    let levels = &study.augment.noise_levels;
    if n_sets == 0 || n_sets > levels.len() + 1 {
        return Err(fail!(
            Dataset,
            "n_sets",
            format!("{n_sets}, expected 1 to {}", levels.len() + 1),
            "Add a level to the study's augment.noise_levels, or ask for fewer sets"
        ));
    }
    dataset(&windows_as_the_paper(study)?, PAPER_NORMALISATION)?
        .copies_before_split_as_the_paper(&levels[..n_sets - 1], study.seed)?
        .split_random(&study.split, study.seed)
}

/// The windows at arrivals, divided by time without the hours that will be scanned; then the
/// training part alone gets a copy with Gaussian noise for each of the study's levels.
///
/// # Errors
/// As [`windows_at_arrivals`], and [`Error::Dataset`] where there are too few windows.
pub fn honest_split(study: &Study) -> Result<Split> {
    let length_s = study.window.n_samples as f64 / study.window.sampling_rate_hz;
    // A window that begins just before the scan reaches into it.
    let scanned = TimeSpan {
        start: study.scan.start - time::seconds(length_s),
        end: study.scan.end,
    };
    let mut split = dataset(&windows_at_arrivals(study)?, HONEST_NORMALISATION)?
        .without(&scanned)?
        .split_by_time(&study.split)?;
    let copies = Augment::gaussian(&study.augment.noise_levels, HONEST_NORMALISATION);
    split.train = augment(&split.train, &copies, study.seed)?;
    Ok(split)
}

/// The paper's perceptron with its three sets: the network with which it scanned. Its run is
/// `perceptron-paper-3`; windows go to it scaled by [`PAPER_NORMALISATION`].
///
/// # Errors
/// As [`paper_split`] and [`train()`].
pub fn paper_network(study: &Study) -> Result<Perceptron> {
    let n_sets = study.augment.noise_levels.len() + 1;
    let mut network = Perceptron::new(study.window.n_samples, study.cluster.k + 1, study.seed);
    let run = format!("perceptron-paper-{n_sets}");
    trained(study, &run, &mut network, &paper_split(study, n_sets)?)?;
    Ok(network)
}

/// ConvNetQuake's network trained with care. Its run is `convnet-honest`; windows go to it scaled
/// by [`HONEST_NORMALISATION`].
///
/// # Errors
/// As [`honest_split`] and [`train()`].
pub fn honest_network(study: &Study) -> Result<ConvNet> {
    let mut network = ConvNet::new(study.window.n_samples, study.cluster.k + 1, study.seed);
    trained(study, "convnet-honest", &mut network, &honest_split(study)?)?;
    Ok(network)
}

/// Trains `network` quietly in the run folder `name`, by the optimiser that suits it; a finished
/// run is read, an interrupted one goes on.
///
/// # Errors
/// As [`train()`].
pub fn trained(study: &Study, name: &str, network: &mut dyn Network, split: &Split) -> Result<Run> {
    let params = TrainParams {
        report_every: 0,
        ..TrainParams::suited(network, study)
    };
    let dir = run_dir(study, name);
    train(
        network,
        &split.train,
        &split.validation,
        &params,
        Some(&dir),
    )
}

fn dataset(windows: &Windows, scale: Normalisation) -> Result<Dataset> {
    let scaled = windows.normalised(scale)?;
    Dataset::from_windows(&scaled.windows, scaled.n_samples, scaled.n_classes)
}

/// The folder of a training run.
pub fn run_dir(study: &Study, name: &str) -> PathBuf {
    study.derived_dir().join("runs").join(name)
}

/// Whether the study's data are simulated: those of the classroom are.
pub fn is_simulated(study: &Study) -> bool {
    study.provider == "classroom"
}

fn keep(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).map_err(Error::io(&partial))?;
    std::fs::rename(&partial, path).map_err(Error::io(path))
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_the_originals_and_a_copy_for_each_level() {
        let study = Study::oklahoma();
        for n_sets in [0, study.augment.noise_levels.len() + 2] {
            let error = paper_split(&study, n_sets).unwrap_err().to_string();
            assert!(error.contains("expected 1 to 3"), "{error}");
        }
    }
}

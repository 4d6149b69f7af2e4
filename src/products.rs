//! What one chapter makes for the next: read from the study's derived folder, or made and kept there.
//!
//! Every chapter can so be run alone. Products lie in [`Study::derived_dir`], whose name carries the
//! hash of all the study's numbers, so products of different choices never mix; delete the folder to
//! make everything anew.
//!
//! | Product | File | Made by |
//! |---|---|---|
//! | catalog | `catalog.xml`, and `cat.txt` in the paper's form | the event service |
//! | clusters | `clusters.toml`, `clusters-honest.toml` | [`crate::cluster`] |
//! | windows | `windows-paper/`, `windows-arrival/` | [`crate::window`] |
//! | stretches, from which the honest network's windows are cropped | `stretches/` | [`stretches`] |
//! | networks | `runs/NAME/` | [`crate::train`]; see [`paper_network`], [`leak_free_network`] |
//!
//! ```no_run
//! use quakebook::{products, study::Study};
//! let study = Study::current().unwrap();
//! let catalog = products::catalog(&study).unwrap();
//! let clusters = products::clusters(&study).unwrap();
//! assert_eq!(clusters.labels.len(), catalog.len());
//! ```

mod honest;

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic_file::{self, make_folder, write_whole};
use crate::catalog::Catalog;
use crate::cluster::{ClusterParams, Clusters};
use crate::data_centre;
use crate::dataset::{Dataset, Split};
use crate::error::{Error, Result, fail};
use crate::geo::Point;
use crate::network::{ConvNet, Network, Perceptron};
use crate::study::Study;
use crate::time;
use crate::time::TimeSpan;
use crate::train::{Run, TrainParams, train};
use crate::travel::LayeredModel;
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{self, NoiseRule, Normalisation, StartRule, Windows};

pub use honest::{
    Blocks, N_MEMBERS, STRETCH_S, blocks, families, held_out, leak_free_clusters, leak_free_crop,
    leak_free_ensemble, leak_free_network, leak_free_params, leak_free_split, stretch_split,
    stretches,
};

/// Noise keeps so far from every event of the catalog when windows are cut with care: the S wave of
/// the farthest events is then past, and most of its coda.
pub const NOISE_GUARD_S: f64 = 60.0;

/// An event's window begins so long before its P wave in [`windows_at_arrivals`].
pub const BEFORE_P_S: f64 = 2.0;

/// The paper's scale: each window to `[0, 1]`, its three components together.
pub const PAPER_NORMALISATION: Normalisation = Normalisation::MinMaxJoint;

/// The scale of windows cut with care: no offset, one standard deviation for the three components.
pub const LEAK_FREE_NORMALISATION: Normalisation = Normalisation::Std;

/// The study's catalog, from its data centre.
///
/// # Errors
/// [`Error::Request`] where the data centre does not answer, [`Error::Catalog`] where it has no event.
pub fn catalog(study: &Study) -> Result<Catalog> {
    let path = study.derived_dir().join("catalog.xml");
    if path.is_file() {
        let mut catalog = Catalog::read(&path)?;
        catalog.source.clone_from(&study.provider);
        catalog.simulated = data_centre::is_simulated(study);
        return Ok(catalog);
    }
    let catalog = data_centre::connect(study)?.fetch_events(&study.region, &study.catalog)?;
    if catalog.is_empty() {
        return Err(fail!(
            Catalog,
            &study.name,
            "the data centre knows no event in this region and time",
            "Widen the region or the time span of the study"
        ));
    }
    study.make_derived_dir()?;
    write_whole(&path, catalog.to_quakeml().as_bytes())?;
    write_whole(
        study.derived_dir().join("cat.txt"),
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
    study.make_derived_dir()?;
    clusters.write(&path)?;
    Ok(clusters)
}

/// Event and noise windows as the paper cut them, in counts: from the origin time on, and from the
/// midpoints between events.
///
/// # Errors
/// As [`clusters`], and [`Error::Window`] where no window could be had.
pub fn windows_as_the_paper(study: &Study) -> Result<Windows> {
    kept_windows(study, "windows-paper", || {
        let (catalog, labels) = (catalog(study)?, clusters(study)?.labels);
        let rule = |_| StartRule::Origin;
        cut(study, &catalog, &labels, rule, NoiseRule::Midpoints)
    })
}

/// Event and noise windows at a place that is always the same, in counts: [`BEFORE_P_S`] before the
/// P wave's arrival, and [`NOISE_GUARD_S`] away from every event. Labels are those of
/// [`leak_free_clusters`]. The honest network learns from others, see [`leak_free_split`].
///
/// # Errors
/// As [`windows_as_the_paper`].
pub fn windows_at_arrivals(study: &Study) -> Result<Windows> {
    kept_windows(study, "windows-arrival", || {
        let catalog = catalog(study)?;
        let labels = leak_free_clusters(study)?.assign_all(&catalog);
        let rule = |station| before_p(station, BEFORE_P_S);
        cut(study, &catalog, &labels, rule, GUARD)
    })
}

/// Noise keeps [`NOISE_GUARD_S`] away from every event.
const GUARD: NoiseRule = NoiseRule::Guarded {
    guard_s: NOISE_GUARD_S,
};

fn before_p(station: Point, before_s: f64) -> StartRule {
    StartRule::PArrival {
        station,
        model: LayeredModel::central_us(),
        before_s,
    }
}

/// The windows of the study's folder `name`; where it is not there they are made and kept.
fn kept_windows(
    study: &Study,
    name: &str,
    make: impl FnOnce() -> Result<Windows>,
) -> Result<Windows> {
    kept_as(
        &study.derived_dir().join(name),
        |dir| Windows::read(dir),
        |windows, dir| {
            make_folder(dir)?;
            windows.write(dir)
        },
        make,
    )
}

/// A window for each event of the catalog, of these classes, and windows of noise.
fn cut(
    study: &Study,
    catalog: &Catalog,
    labels: &[usize],
    rule: impl Fn(Point) -> StartRule,
    noise: NoiseRule,
) -> Result<Windows> {
    let client = data_centre::connect(study)?;
    let rule = rule(data_centre::station(study)?.position());
    let silent = &mut window::silent;
    let events = window::event_windows(&client, catalog, labels, &rule, study, silent)?;
    events.concat(&window::noise_windows(
        &client, catalog, study, noise, silent,
    )?)
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
    data_centre::connect(study)?.record(span.start, n_samples)
}

fn scanned(study: &Study) -> TimeSpan {
    TimeSpan {
        start: study.scan.start,
        end: study.scan.end,
    }
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

/// ConvNetQuake's network for the windows of `split`, trained on them from the weights of the
/// parameters' seed.
pub(crate) fn trained_convnet(
    split: &Split,
    params: &TrainParams,
    dir: Option<&Path>,
) -> Result<ConvNet> {
    let train_windows = &split.train;
    let (n_samples, n_classes) = (train_windows.n_samples(), train_windows.n_classes());
    let mut network = ConvNet::new(n_samples, n_classes, params.seed);
    train(&mut network, train_windows, &split.validation, params, dir)?;
    Ok(network)
}

/// Keeps a product for the caller alone while it is looked for and made: notebooks that run side by
/// side make it once.
fn hold(path: &Path) -> Result<File> {
    atomic_file::hold(&path.with_extension("lock"))
}

/// What an earlier run kept in a TOML file; where it is not there it is made and kept.
pub(crate) fn kept<T: Serialize + DeserializeOwned>(
    path: &Path,
    make: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        toml::from_str(&text).map_err(|error| {
            fail!(
                Evaluate,
                path.display(),
                error.to_string().trim(),
                "Delete the file; it is made anew"
            )
        })
    };
    let write = |value: &T, path: &Path| {
        write_whole(
            path,
            toml::to_string(value).expect("a product is plain TOML"),
        )
    };
    kept_as(path, read, write, make)
}

/// What an earlier run kept in a file or a folder; where it is not there it is made and kept.
pub(crate) fn kept_as<T>(
    path: &Path,
    read: impl FnOnce(&Path) -> Result<T>,
    write: impl FnOnce(&T, &Path) -> Result<()>,
    make: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let _held = hold(path)?;
    if path.exists() {
        return read(path);
    }
    let value = make()?;
    // Under another name until it is whole, so that an interrupted cell leaves nothing half-made.
    let partial = path.with_extension("partial");
    let _ = std::fs::remove_dir_all(&partial);
    write(&value, &partial)?;
    std::fs::rename(&partial, path).map_err(Error::io(path))?;
    Ok(value)
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

//! Small trainings that answer one question each: how long a window, which augmentation, how many
//! events. Each is repeated with several seeds, and scored by a scan of the validation segments: who chooses a setting
//! by its score must not have looked at the test. A run's last epoch was chosen on windows of the same segments, which
//! is the same favour to all settings.

use serde::{Deserialize, Serialize};

use super::ablation_scan::{SegmentScores, called_at, scan_segments};
use super::{BEFORE_P_S, trained_convnet};
use crate::data_centre;
use crate::dataset::{Crop, Split, Variation, vary};
use crate::detect::p_travel_time_s;
use crate::error::Result;
use crate::evaluate::{Score, Spread};
use crate::method;
use crate::network::ConvNet;
use crate::store::{Store, catalog, segment_split};
use crate::study::Study;
use crate::train::TrainParams;

/// Seeds of each run: of the weights, of the windows' places, of the order of training.
///
/// Ten of one row lie all above ten of another in 2 of 184,756 ways to deal them, so that even among many comparisons it
/// is no chance. They are 180 trainings, of some seconds each.
pub const N_SEEDS: u64 = 10;

/// Events, with their gaps, that a run is trained on. Fewer than there are, so that many runs take
/// minutes; the learning curve tells what that costs.
pub const N_EVENTS_OF_RUN: usize = 120;

/// Most epochs of a run, the windows in a batch (few, for more steps in as many epochs), and the
/// step of its scans.
pub(super) const N_EPOCHS: usize = 6;
const N_IN_BATCH: usize = 32;
const HOP_S: f64 = 2.0;

/// One training with one seed, and its scores on the validation segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AblationRun {
    /// What was tried: `10 s`, `station noise`.
    pub setting: String,
    /// The same as a number, where it is one.
    pub value: f64,
    pub seed: u64,
    /// Windows of training.
    pub n_train: usize,
    /// Validation segments of events that are called at the price of [`super::MAX_FALSE_ALARM_SHARE`].
    pub found: Score,
    /// Of those found, the cluster right.
    pub right: Score,
    /// Validation segments without an event.
    pub n_quiet: usize,
    /// Area below precision over recall, all thresholds.
    pub average_precision: f64,
}

/// The spread over seeds of one number of the runs of a setting.
pub fn spread(runs: &[AblationRun], setting: &str, number: impl Fn(&AblationRun) -> f64) -> Spread {
    let of_setting = runs.iter().filter(|run| run.setting == setting);
    Spread::of(&of_setting.map(number).collect::<Vec<_>>())
}

/// One number of the runs of a setting, seed by seed, for [`crate::evaluate::PairedDifference`].
pub fn by_seed(
    runs: &[AblationRun],
    setting: &str,
    number: impl Fn(&AblationRun) -> f64,
) -> Vec<f64> {
    let of_setting = runs.iter().filter(|run| run.setting == setting);
    let mut numbers: Vec<(u64, f64)> = of_setting.map(|run| (run.seed, number(run))).collect();
    numbers.sort_by_key(|(seed, _)| *seed);
    numbers.into_iter().map(|(_, number)| number).collect()
}

/// Points of [`crate::plot::sweep`]: the spread over seeds at each value, of one setting or of all.
pub fn sweep_points(
    runs: &[AblationRun],
    setting: Option<&str>,
    number: impl Fn(&AblationRun) -> f64,
) -> Vec<(f64, Spread)> {
    let chosen = |run: &&AblationRun| setting.is_none_or(|name| run.setting == name);
    let mut values: Vec<f64> = runs.iter().filter(chosen).map(|t| t.value).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let at = |value: f64| {
        let runs = runs.iter().filter(chosen).filter(|t| t.value == value);
        Spread::of(&runs.map(&number).collect::<Vec<_>>())
    };
    values.into_iter().map(|value| (value, at(value))).collect()
}

/// Windows of 5, 10, 20 and 30 s, with as many windows of noise of each kind: beside an event one before its P wave
/// and none in its coda, for which the longest have no room.
///
/// # Errors
/// As [`segment_split`] and [`train()`](crate::train::train()).
pub fn window_length_ablation(study: &Study) -> Result<Vec<AblationRun>> {
    kept_runs(study, "ablation-length", || {
        let segments = segment_split(study)?;
        let mut runs = Vec::new();
        for length_s in [5.0, 10.0, 20.0, 30.0] {
            for seed in seeds(study) {
                let crop = Crop {
                    n_beside: 1,
                    ..run_crop(study, length_s)
                };
                let split = run_split(&segments, &crop, seed)?;
                let network = trained_network(study, &split, N_EPOCHS, seed)?;
                let setting = (format!("{length_s} s"), length_s);
                let n_train = split.train.n_windows();
                let scores = scan_segments(&network, &segments.validation, &crop, HOP_S, seed)?;
                runs.push(AblationRun::new(setting, seed, n_train, &scores));
            }
        }
        Ok(runs)
    })
}

/// Windows of the study's length, scanned with steps of 0.5 to 10 s.
///
/// # Errors
/// As [`window_length_ablation`].
pub fn hop_ablation(study: &Study) -> Result<Vec<AblationRun>> {
    kept_runs(study, "ablation-hop", || {
        let segments = segment_split(study)?;
        let crop = run_crop(study, window_s(study));
        let mut runs = Vec::new();
        for seed in seeds(study) {
            let split = run_split(&segments, &crop, seed)?;
            let network = usual_network(study, &split, seed)?;
            for hop_s in [0.5, 1.0, 2.0, 5.0, 10.0] {
                let setting = (format!("{hop_s} s"), hop_s);
                let n_train = split.train.n_windows();
                let scores = scan_segments(&network, &segments.validation, &crop, hop_s, seed)?;
                runs.push(AblationRun::new(setting, seed, n_train, &scores));
            }
        }
        runs.sort_by(|a, b| a.value.total_cmp(&b.value));
        Ok(runs)
    })
}

/// The training windows varied in different ways, each way adding two copies of each window. The first setting, the yardstick, has one window of each event with the P
/// wave at one place; the second the same windows with it anywhere.
///
/// # Errors
/// As [`window_length_ablation`].
pub fn augmentation_ablation(study: &Study) -> Result<Vec<AblationRun>> {
    let anywhere = Crop {
        n_of_event: 1,
        ..run_crop(study, window_s(study))
    };
    let at = (BEFORE_P_S * anywhere.sampling_rate_hz) as usize;
    let fixed = Crop {
        place: at..at + 1,
        ..anywhere.clone()
    };
    let shifted = Crop {
        n_of_event: 3,
        n_of_noise: 3 * anywhere.n_of_noise,
        n_beside: 3 * anywhere.n_beside,
        ..anywhere.clone()
    };
    let louder = Variation::StationNoise {
        min_snr: 1.5,
        max_snr: 6.0,
    };
    let gaussian = [0.02, 0.05].map(|level| Variation::Gaussian { level });
    let gains = Variation::Gains { most: 1.5 };
    let ways: [(&str, &Crop, Vec<Variation>); 7] = [
        ("P at one place, no copies", &fixed, vec![]),
        ("P anywhere, no copies", &anywhere, vec![]),
        ("time shift: three windows", &shifted, vec![]),
        ("Gaussian noise, 2 and 5 %", &anywhere, gaussian.to_vec()),
        ("station noise, S/N 1.5 to 6", &anywhere, vec![louder; 2]),
        ("gains of components", &anywhere, vec![gains; 2]),
        ("a component silent", &anywhere, vec![Variation::Dropout; 2]),
    ];
    let runs = ways
        .iter()
        .map(|way| seeds(study).map(move |seed| (way, seed)));
    let runs: Vec<_> = runs.flatten().collect();
    let prepare = || {
        let segments = segment_split(study)?;
        let plain = run_split(&segments, &anywhere, study.seed)?;
        Ok((segments, plain.train.n_windows()))
    };
    Store::of(study).parts(
        "ablation-augmentation",
        &runs,
        prepare,
        |(segments, n_plain), ((name, crop, variations), seed)| {
            let mut split = run_split(segments, crop, *seed)?;
            split.train = vary(&split.train, variations, study.method.normalisation, *seed)?;
            // As many steps for all: more windows are no more time to learn.
            let n_train = split.train.n_windows();
            let n_epochs = (9 * n_plain / n_train).max(1);
            let network = trained_network(study, &split, n_epochs, *seed)?;
            let setting = (name.to_string(), f64::NAN);
            let scores = scan_segments(&network, &segments.validation, &anywhere, HOP_S, *seed)?;
            Ok(vec![AblationRun::new(setting, *seed, n_train, &scores)])
        },
    )
}

/// The rules of [`place_ablation`], by which the windows of training were cut.
pub const PLACE_RULES: [&str; 3] = ["from the origin time", "2 s before P", "P anywhere"];

/// How the place of the P wave in a window decides what is found.
///
/// Three networks are compared, by [`PLACE_RULES`]. The first was trained on windows from the origin time, where P comes after
/// its travel time; the second on windows from a fixed time before P; the third with P anywhere. `value` is
/// the place in seconds; negative places are windows that begin after P. `found` is the share of validation events
/// called at a probability of 0.5 in one window with P at that place.
///
/// # Errors
/// As [`window_length_ablation`].
pub fn place_ablation(study: &Study) -> Result<Vec<AblationRun>> {
    kept_runs(study, "ablation-place", || {
        let segments = segment_split(study)?;
        let anywhere = run_crop(study, window_s(study));
        let samples = |seconds: f64| (seconds * anywhere.sampling_rate_hz).round() as usize;
        let (first_s, last_s) = travel_times_s(study)?;
        let fixed = samples(BEFORE_P_S);
        let places = [
            samples(first_s)..samples(last_s) + 1,
            fixed..fixed + 1,
            anywhere.place.clone(),
        ];
        let mut runs = Vec::new();
        for (name, place) in PLACE_RULES.into_iter().zip(places) {
            let crop = Crop {
                place,
                ..anywhere.clone()
            };
            for seed in seeds(study) {
                let split = run_split(&segments, &crop, seed)?;
                let network = match crop == anywhere {
                    true => usual_network(study, &split, seed)?,
                    false => trained_network(study, &split, N_EPOCHS, seed)?,
                };
                for place_s in -2..10 {
                    let start = anywhere.onset as i64 - place_s * samples(1.0) as i64;
                    let (found, right) = called_at(&network, &segments.validation, start as usize)?;
                    runs.push(AblationRun {
                        setting: name.to_string(),
                        value: place_s as f64,
                        seed,
                        n_train: split.train.n_windows(),
                        found,
                        right,
                        n_quiet: 0,
                        average_precision: f64::NAN,
                    });
                }
            }
        }
        Ok(runs)
    })
}

/// The shortest and the longest travel time of P from the catalog's events to the station.
fn travel_times_s(study: &Study) -> Result<(f64, f64)> {
    let station = data_centre::station(study)?.position();
    let model = &study.velocity_model;
    let catalog = catalog(study)?;
    let times = catalog.events().iter();
    let times = times.map(|event| p_travel_time_s(model, event, station));
    Ok(times.fold((f64::INFINITY, 0.0), |(first, last), t| {
        (f64::min(first, t), f64::max(last, t))
    }))
}

/// Fewer and more events to train on.
///
/// The events are drawn anew for each seed. All runs have as many steps of training.
///
/// # Errors
/// As [`window_length_ablation`].
pub fn learning_curve(study: &Study) -> Result<Vec<AblationRun>> {
    let crop = run_crop(study, window_s(study));
    let runs = (0..4)
        .rev()
        .map(|halvings| seeds(study).map(move |seed| (halvings, seed)));
    let runs: Vec<_> = runs.flatten().collect();
    let prepare = || segment_split(study);
    Store::of(study).parts(
        "ablation-events",
        &runs,
        prepare,
        |segments, (halvings, seed)| {
            let n_events = segments.train.n_groups() >> halvings;
            let mut split = segments.clone();
            split.train = split.train.of_groups(n_events, *seed);
            let split = split.cropped(&crop, *seed)?;
            let n_epochs = (2 * N_EPOCHS * N_EVENTS_OF_RUN / n_events.max(1)).max(2);
            let network = trained_network(study, &split, n_epochs, *seed)?;
            let setting = (format!("{n_events} events"), n_events as f64);
            let n_train = split.train.n_windows();
            let scores = scan_segments(&network, &segments.validation, &crop, HOP_S, *seed)?;
            Ok(vec![AblationRun::new(setting, *seed, n_train, &scores)])
        },
    )
}

fn kept_runs(
    study: &Study,
    name: &str,
    make: impl FnOnce() -> Result<Vec<AblationRun>>,
) -> Result<Vec<AblationRun>> {
    Store::of(study).table(name, make)
}

impl AblationRun {
    fn new(
        (setting, value): (String, f64),
        seed: u64,
        n_train: usize,
        scores: &SegmentScores,
    ) -> Self {
        Self {
            setting,
            value,
            seed,
            n_train,
            found: scores.found,
            right: scores.right,
            n_quiet: scores.n_quiet,
            average_precision: scores.average_precision,
        }
    }
}

fn seeds(study: &Study) -> impl Iterator<Item = u64> {
    let first = study.seed;
    (0..N_SEEDS).map(move |number| first + number)
}

fn window_s(study: &Study) -> f64 {
    study.window.n_samples as f64 / study.window.sampling_rate_hz
}

/// As the leak-free network's, with fewer windows of each segment, of `length_s`.
pub(super) fn run_crop(study: &Study, length_s: f64) -> Crop {
    let mut long = study.clone();
    long.window.n_samples = (length_s * study.window.sampling_rate_hz).round() as usize;
    let crop = method::crop(&long);
    // A window of half a segment has room before the P wave, and none in the coda.
    let room = crop.onset + crop.coda + crop.n_samples <= 2 * crop.onset;
    let before = match crop.n_samples + crop.before <= crop.onset {
        true => crop.before,
        false => crop.onset - crop.n_samples,
    };
    Crop {
        n_of_event: 2,
        n_of_noise: 2,
        n_beside: if room { 2 } else { 1 },
        before,
        ..crop
    }
}

pub(super) fn run_split(segments: &Split, crop: &Crop, seed: u64) -> Result<Split> {
    let mut split = segments.clone();
    split.train = split.train.of_groups(N_EVENTS_OF_RUN, seed);
    split.cropped(crop, seed)
}

/// The network of windows with P anywhere, which several ablations need: trained once.
pub(super) fn usual_network(study: &Study, split: &Split, seed: u64) -> Result<ConvNet> {
    let dir = Store::of(study).run_dir(&format!("ablation-{seed}"));
    trained_convnet(split, &run_params(study, N_EPOCHS, seed), Some(&dir))
}

pub(super) fn trained_network(
    study: &Study,
    split: &Split,
    n_epochs: usize,
    seed: u64,
) -> Result<ConvNet> {
    trained_convnet(split, &run_params(study, n_epochs, seed), None)
}

fn run_params(study: &Study, n_epochs: usize, seed: u64) -> TrainParams {
    TrainParams {
        max_epochs: n_epochs.min(study.train.max_epochs),
        batch_size: N_IN_BATCH,
        report_every: 0,
        ..TrainParams::adam(&study.train, seed)
    }
}

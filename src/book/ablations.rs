//! Small trainings that answer one question each: how long a window, which augmentation, how many
//! events. Each is repeated with several seeds, and judged by a scan of the test stretches.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::data_centre;
use crate::dataset::{Crop, Labelled, Split, Test, Variation, vary};
use crate::detect::p_travel_time_s;
use crate::error::Result;
use crate::evaluate::{PrecisionRecallCurve, Score, Spread};
use crate::network::{Classify, ConvNet};
use crate::products;
use crate::products::{
    LEAK_FREE_NORMALISATION, catalog, kept, leak_free_crop, stretch_split, trained_convnet,
};
use crate::study::Study;
use crate::train::TrainParams;
use crate::travel::LayeredModel;
use crate::window::normalise;

/// Seeds of each trial: of the weights, of the windows' places, of the order of training.
pub const N_SEEDS: u64 = 3;

/// Events, with their gaps, of which a trial learns. Fewer than there are, so that many trials take
/// minutes; the learning curve tells what that costs.
pub const N_EVENTS_OF_TRIAL: usize = 120;

/// Most epochs of a trial, the windows in a batch (few, for more steps in as many epochs), and the
/// step of its scans.
const N_EPOCHS: usize = 6;
const N_IN_BATCH: usize = 32;
const HOP_S: f64 = 2.0;

/// All trials are compared at this price: the threshold at which so many of the test stretches
/// without an event are called one. It is a point of each network's curve, read off where all
/// curves can be compared, not a threshold that somebody could have chosen beforehand.
pub const BEARABLE_SHARE: f64 = 0.03;

/// One training with one seed, and what its network did in a scan of the test stretches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What was tried: `10 s`, `station noise`.
    pub setting: String,
    /// The same as a number, where it is one.
    pub value: f64,
    pub seed: u64,
    /// Windows of training.
    pub n_train: usize,
    /// Test stretches of events that are called at the price of [`BEARABLE_SHARE`].
    pub found: Score,
    /// Of those found, the cluster right.
    pub right: Score,
    /// Test stretches without an event.
    pub n_quiet: usize,
    /// Area below precision over recall, all thresholds.
    pub average_precision: f64,
}

#[derive(Serialize, Deserialize)]
struct Trials {
    trials: Vec<Trial>,
}

/// The spread over seeds of one number of the trials of a setting.
pub fn spread(trials: &[Trial], setting: &str, number: impl Fn(&Trial) -> f64) -> Spread {
    let of_setting = trials.iter().filter(|trial| trial.setting == setting);
    Spread::of(&of_setting.map(number).collect::<Vec<_>>())
}

/// Points of [`crate::plot::sweep`]: the spread over seeds at each value, of one setting or of all.
pub fn sweep_points(
    trials: &[Trial],
    setting: Option<&str>,
    number: impl Fn(&Trial) -> f64,
) -> Vec<(f64, Spread)> {
    let chosen = |trial: &&Trial| setting.is_none_or(|name| trial.setting == name);
    let mut values: Vec<f64> = trials.iter().filter(chosen).map(|t| t.value).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let at = |value: f64| {
        let trials = trials.iter().filter(chosen).filter(|t| t.value == value);
        Spread::of(&trials.map(&number).collect::<Vec<_>>())
    };
    values.into_iter().map(|value| (value, at(value))).collect()
}

/// Windows of 5, 10, 20 and 30 s.
///
/// # Errors
/// As [`stretch_split`] and [`train()`].
pub fn window_length_trials(study: &Study) -> Result<Vec<Trial>> {
    kept_trials(study, "trials-length", || {
        let stretches = stretch_split(study)?;
        let mut trials = Vec::new();
        for length_s in [5.0, 10.0, 20.0, 30.0] {
            for seed in seeds(study) {
                let crop = trial_crop(study, length_s);
                let split = trial_split(&stretches, &crop, seed)?;
                let network = trained_network(study, &split, N_EPOCHS, seed)?;
                let setting = (format!("{length_s} s"), length_s);
                let n_train = split.train.n_windows();
                let test = &stretches.test;
                trials.push(judge(&network, test, &crop, HOP_S, seed, setting, n_train)?);
            }
        }
        Ok(trials)
    })
}

/// Windows of the study's length, scanned with steps of 0.5 to 10 s.
///
/// # Errors
/// As [`window_length_trials`].
pub fn hop_trials(study: &Study) -> Result<Vec<Trial>> {
    kept_trials(study, "trials-hop", || {
        let stretches = stretch_split(study)?;
        let crop = trial_crop(study, window_s(study));
        let mut trials = Vec::new();
        for seed in seeds(study) {
            let split = trial_split(&stretches, &crop, seed)?;
            let network = trained_network(study, &split, N_EPOCHS, seed)?;
            for hop_s in [0.5, 1.0, 2.0, 5.0, 10.0] {
                let setting = (format!("{hop_s} s"), hop_s);
                let n_train = split.train.n_windows();
                let test = &stretches.test;
                trials.push(judge(&network, test, &crop, hop_s, seed, setting, n_train)?);
            }
        }
        trials.sort_by(|a, b| a.value.total_cmp(&b.value));
        Ok(trials)
    })
}

/// The training windows varied in different ways, each way adding two copies of each window. The first setting, the yardstick, has one window of each event with the P
/// wave at one place; the second the same windows with it anywhere.
///
/// # Errors
/// As [`window_length_trials`].
pub fn augmentation_trials(study: &Study) -> Result<Vec<Trial>> {
    kept_trials(study, "trials-augmentation", || {
        let stretches = stretch_split(study)?;
        let anywhere = Crop {
            n_of_event: 1,
            ..trial_crop(study, window_s(study))
        };
        let at = (products::BEFORE_P_S * anywhere.sampling_rate_hz) as usize;
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
        let plain = trial_split(&stretches, &anywhere, study.seed)?;
        let n_plain = plain.train.n_windows();
        let mut trials = Vec::new();
        for (name, crop, variations) in ways {
            for seed in seeds(study) {
                let mut split = trial_split(&stretches, crop, seed)?;
                split.train = vary(&split.train, &variations, LEAK_FREE_NORMALISATION, seed)?;
                // As many steps for all: more windows are no more time to learn.
                let n_train = split.train.n_windows();
                let n_epochs = (9 * n_plain / n_train).max(1);
                let network = trained_network(study, &split, n_epochs, seed)?;
                let setting = (name.to_string(), f64::NAN);
                let test = &stretches.test;
                trials.push(judge(
                    &network, test, &anywhere, HOP_S, seed, setting, n_train,
                )?);
            }
        }
        Ok(trials)
    })
}

/// Where a network finds an event by the place of the P wave in its window: trained with windows
/// from the origin time, where P comes after its travel time; with windows from a fixed time before
/// P; and with P anywhere. `value` is the place in seconds, `found` the share of test events called
/// at a probability of 0.5 in one window with P at that place; negative places are windows that
/// begin after P.
///
/// # Errors
/// As [`window_length_trials`].
pub fn place_trials(study: &Study) -> Result<Vec<Trial>> {
    kept_trials(study, "trials-place", || {
        let stretches = stretch_split(study)?;
        let anywhere = trial_crop(study, window_s(study));
        let samples = |seconds: f64| (seconds * anywhere.sampling_rate_hz).round() as usize;
        let (first_s, last_s) = travel_times_s(study)?;
        let fixed = samples(products::BEFORE_P_S);
        let ways = [
            (
                "from the origin time",
                samples(first_s)..samples(last_s) + 1,
            ),
            ("2 s before P", fixed..fixed + 1),
            ("P anywhere", anywhere.place.clone()),
        ];
        let mut trials = Vec::new();
        for (name, place) in ways {
            let crop = Crop {
                place,
                ..anywhere.clone()
            };
            for seed in seeds(study) {
                let split = trial_split(&stretches, &crop, seed)?;
                let network = trained_network(study, &split, N_EPOCHS, seed)?;
                for place_s in -2..10 {
                    let start = anywhere.onset as i64 - place_s * samples(1.0) as i64;
                    let (found, right) = called_at(&network, &stretches.test, start as usize)?;
                    trials.push(Trial {
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
        Ok(trials)
    })
}

/// The shortest and the longest travel time of P from the catalog's events to the station.
fn travel_times_s(study: &Study) -> Result<(f64, f64)> {
    let station = data_centre::station(study)?.position();
    let model = LayeredModel::central_us();
    let catalog = catalog(study)?;
    let times = catalog.events().iter();
    let times = times.map(|event| p_travel_time_s(&model, event, station));
    Ok(times.fold((f64::INFINITY, 0.0), |(first, last), t| {
        (f64::min(first, t), f64::max(last, t))
    }))
}

/// Events called at a probability of 0.5 in the window of each stretch that begins at `start`, and
/// those of them whose cluster is right.
fn called_at(network: &ConvNet, part: &Labelled, start: usize) -> Result<(Score, Score)> {
    let noise = part.n_classes() - 1;
    let events: Vec<usize> = (0..part.n_windows())
        .filter(|&i| part.classes()[i] != noise)
        .collect();
    let mut windows = Vec::new();
    for &index in &events {
        windows.extend(scaled_window(part, index, start, network.n_samples())?);
    }
    let said = network.probabilities(&windows)?;
    let (mut n_found, mut n_right) = (0, 0);
    for (row, &index) in said.chunks_exact(noise + 1).zip(&events) {
        if row[noise] <= 0.5 {
            n_found += 1;
            let cluster = (0..noise).max_by(|a, b| row[*a].total_cmp(&row[*b]));
            n_right += usize::from(cluster == Some(part.classes()[index]));
        }
    }
    Ok((
        Score::of(n_found, events.len()),
        Score::of(n_right, n_found),
    ))
}

/// `n` samples of a stretch from `start` on, scaled as the honest network's windows.
fn scaled_window(part: &Labelled, index: usize, start: usize, n: usize) -> Result<Vec<f32>> {
    let rows = part.window(index).chunks_exact(part.n_samples());
    let window: Vec<f32> = rows
        .flat_map(|row| &row[start..start + n])
        .copied()
        .collect();
    normalise(&window, LEAK_FREE_NORMALISATION)
}

/// Fewer and more events, each number drawn anew for each seed, and as many steps of training for
/// all.
///
/// # Errors
/// As [`window_length_trials`].
pub fn learning_curve(study: &Study) -> Result<Vec<Trial>> {
    kept_trials(study, "trials-events", || {
        let stretches = stretch_split(study)?;
        let crop = trial_crop(study, window_s(study));
        let all = stretches.train.n_groups();
        let mut trials = Vec::new();
        for halvings in (0..4).rev() {
            let n_events = all >> halvings;
            for seed in seeds(study) {
                let mut split = stretches.clone();
                split.train = split.train.of_groups(n_events, seed);
                let split = split.cropped(&crop, seed)?;
                let n_epochs = (2 * N_EPOCHS * N_EVENTS_OF_TRIAL / n_events.max(1)).max(2);
                let network = trained_network(study, &split, n_epochs, seed)?;
                let setting = (format!("{n_events} events"), n_events as f64);
                let n_train = split.train.n_windows();
                let test = &stretches.test;
                trials.push(judge(&network, test, &crop, HOP_S, seed, setting, n_train)?);
            }
        }
        Ok(trials)
    })
}

fn kept_trials(
    study: &Study,
    name: &str,
    make: impl FnOnce() -> Result<Vec<Trial>>,
) -> Result<Vec<Trial>> {
    let path = study.derived_dir().join(format!("{name}.toml"));
    let trials = kept(&path, || Ok(Trials { trials: make()? }))?;
    Ok(trials.trials)
}

fn seeds(study: &Study) -> impl Iterator<Item = u64> {
    let first = study.seed;
    (0..N_SEEDS).map(move |number| first + number)
}

fn window_s(study: &Study) -> f64 {
    study.window.n_samples as f64 / study.window.sampling_rate_hz
}

/// As the honest network's, with fewer windows of each stretch, of `length_s`.
fn trial_crop(study: &Study, length_s: f64) -> Crop {
    let mut long = study.clone();
    long.window.n_samples = (length_s * study.window.sampling_rate_hz).round() as usize;
    let crop = leak_free_crop(&long);
    // A window of half a stretch has room before the P wave, and none in the coda.
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

fn trial_split(stretches: &Split, crop: &Crop, seed: u64) -> Result<Split> {
    let mut split = stretches.clone();
    split.train = split.train.of_groups(N_EVENTS_OF_TRIAL, seed);
    split.cropped(crop, seed)
}

fn trained_network(study: &Study, split: &Split, n_epochs: usize, seed: u64) -> Result<ConvNet> {
    let params = TrainParams {
        max_epochs: n_epochs.min(study.train.max_epochs),
        batch_size: N_IN_BATCH,
        report_every: 0,
        ..TrainParams::adam(&study.train, seed)
    };
    trained_convnet(split, &params, None)
}

/// What a network says of one stretch that is scanned: the largest probability of an event, and the
/// cluster with the largest sum.
struct Call {
    is_event: bool,
    probability: f64,
    is_right: bool,
}

/// Scans the test stretches.
fn judge(
    network: &ConvNet,
    test: &Test,
    crop: &Crop,
    hop_s: f64,
    seed: u64,
    (setting, value): (String, f64),
    n_train: usize,
) -> Result<Trial> {
    let tested = calls(network, test, crop, hop_s, seed)?;
    let (events, quiet): (Vec<&Call>, Vec<&Call>) = tested.iter().partition(|call| call.is_event);
    let mut alarms: Vec<f64> = quiet.iter().map(|call| call.probability).collect();
    alarms.sort_by(|a, b| b.total_cmp(a));
    let n_bearable = (BEARABLE_SHARE * quiet.len() as f64).round() as usize;
    let threshold = alarms.get(n_bearable).copied().unwrap_or(0.5);
    let found = events.iter().filter(|call| call.probability > threshold);
    let n_found = found.clone().count();
    let n_right = found.filter(|call| call.is_right).count();

    let truth: Vec<bool> = tested.iter().map(|call| call.is_event).collect();
    let scores: Vec<f64> = tested.iter().map(|call| call.probability).collect();
    Ok(Trial {
        setting,
        value,
        seed,
        n_train,
        found: Score::of(n_found, events.len()),
        right: Score::of(n_right, n_found),
        n_quiet: quiet.len(),
        average_precision: PrecisionRecallCurve::new(&truth, &scores)?.average_precision(),
    })
}

/// Scans each stretch: all of it where it is noise; of an event the windows that hold its P wave,
/// or begin at most three seconds after it and so hold S. Where the first window begins is random,
/// as it is in a scan.
fn calls(
    network: &ConvNet,
    part: &Labelled,
    crop: &Crop,
    hop_s: f64,
    seed: u64,
) -> Result<Vec<Call>> {
    let n = crop.n_samples;
    let hop = ((hop_s * crop.sampling_rate_hz) as usize).max(1);
    let noise = part.n_classes() - 1;
    let late = (3.0 * crop.sampling_rate_hz) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut calls = Vec::with_capacity(part.n_windows());
    for index in 0..part.n_windows() {
        let class = part.classes()[index];
        let last = part.n_samples() - n;
        let (from, to) = match class == noise {
            true => (0, last),
            false => (
                (crop.onset + 1).saturating_sub(n),
                (crop.onset + late).min(last),
            ),
        };
        let first = (from + rng.random_range(0..hop)).min(to);
        let mut windows = Vec::new();
        for start in (first..=to).step_by(hop) {
            windows.extend(scaled_window(part, index, start, n)?);
        }
        let said = network.probabilities(&windows)?;
        let rows = || said.chunks_exact(noise + 1);
        let summed = |class: usize| rows().map(|row| row[class]).sum::<f32>();
        let cluster = (0..noise).max_by(|a, b| summed(*a).total_cmp(&summed(*b)));
        let event = |row: &[f32]| row[..noise].iter().map(|p| f64::from(*p)).sum::<f64>();
        calls.push(Call {
            is_event: class != noise,
            probability: rows().map(event).fold(0.0, f64::max),
            is_right: cluster == Some(class),
        });
    }
    Ok(calls)
}

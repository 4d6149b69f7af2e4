//! What opens the black box: tested windows beside the arrivals that the classroom knows, and
//! windows that are changed on purpose.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

use crate::data_centre;
use crate::dataset::Labelled;
use crate::error::Result;
use crate::evaluate::{Score, top_class};
use crate::network::Classify;
use crate::store::catalog;
use crate::study::Study;
use crate::time::{self, Time};
use crate::travel::Phase;
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{Normalisation, cut, normalise};

/// When the waves of an earthquake arrive in its window.
///
/// Times are in seconds after the window's start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrivals {
    /// The window's place in its dataset.
    pub index: usize,
    pub p_s: f64,
    pub s_s: f64,
    pub magnitude: f64,
}

/// The arrivals in each window of `data` that holds an earthquake.
///
/// Of several events in a window the largest counts. In the simulation the events are those of the truth;
/// with real data those of the catalog, with arrivals by the layered model. A window without a P wave is
/// left out.
///
/// # Errors
/// As [`catalog`].
pub fn arrivals(study: &Study, data: &Labelled) -> Result<Vec<Arrivals>> {
    let events = match data_centre::is_simulated(study) {
        true => data_centre::truth(study),
        false => catalog(study)?,
    };
    let station = data_centre::station(study)?.position();
    let model = &study.velocity_model;
    let mut known: Vec<(Time, f64, f64)> = Vec::with_capacity(events.len());
    for event in events.events() {
        let [p_s, s_s] =
            [Phase::P, Phase::S].map(|phase| event.travel_time_s(model, phase, station));
        let p = event.origin_time + time::seconds(p_s);
        known.push((p, s_s - p_s, event.magnitude));
    }
    let window_s = data.n_samples() as f64 / study.window.sampling_rate_hz;
    let in_window = |index: usize| {
        let after_s = |p: Time| time::between_s(data.times()[index], p);
        let held = known
            .iter()
            .filter(|(p, ..)| (0.0..window_s).contains(&after_s(*p)));
        let largest = held.max_by(|a, b| a.2.total_cmp(&b.2))?;
        Some(Arrivals {
            index,
            p_s: after_s(largest.0),
            s_s: after_s(largest.0) + largest.1,
            magnitude: largest.2,
        })
    };
    let noise = data.n_classes() - 1;
    let events = (0..data.n_windows()).filter(|i| data.classes()[*i] != noise);
    Ok(events.filter_map(in_window).collect())
}

/// What is done to a window before the network is asked again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// The window begins so much later (earlier, where negative): cut anew from the record.
    Later { seconds: f64 },
    /// Ground up becomes ground down, on all components.
    Reversed,
    /// Two components change places.
    Swapped(usize, usize),
    /// A component is zero.
    Silenced(usize),
    /// The last sample comes first.
    Backward,
    /// The same amplitude at each frequency and on each component, the phases dealt out at random:
    /// what remains is the spectrum, what is lost is when anything happens.
    RandomPhases,
}

/// What a [`Change`] did to a network's decisions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Changed {
    pub change: Change,
    /// Of the event windows that were called events, those that no longer are.
    pub lost: Score,
    /// Of the event windows called events before and after, those of another cluster now.
    pub moved: Score,
    /// Of the noise windows that were called noise, those called events now.
    pub raised: Score,
}

/// What each change does to a network's decisions.
///
/// The windows are those of `data` at `indices`. Changed windows are scaled again as in training.
///
/// # Errors
/// As [`Classify::probabilities`], and where the data centre cannot be asked for shifted windows.
pub fn changed_decisions(
    study: &Study,
    network: &dyn Classify,
    data: &Labelled,
    indices: &[usize],
    changes: &[Change],
) -> Result<Vec<Changed>> {
    let n_classes = network.n_classes();
    let noise = n_classes - 1;
    let classes = |windows: &[f32]| -> Result<Vec<usize>> {
        let top = top_class(n_classes, &network.probabilities(windows)?)?;
        Ok(top.into_iter().map(|(class, _)| class).collect())
    };
    let window = |i: &usize| data.window(*i).to_vec();
    let before = classes(&indices.iter().flat_map(window).collect::<Vec<_>>())?;
    // One record around each window serves all its shifts.
    let furthest_s = changes
        .iter()
        .map(|change| change.later_s().abs())
        .fold(0.0, f64::max);
    let records = match furthest_s > 0.0 {
        true => records_around(study, data, indices, furthest_s)?,
        false => Vec::new(),
    };
    let mut rows = Vec::new();
    for change in changes {
        // A shifted window may lie in a gap: then it is left out.
        let mut kept = Vec::new();
        let mut windows = Vec::new();
        for (place, index) in indices.iter().enumerate() {
            let made = match (change, records.get(place)) {
                (Change::Later { seconds }, Some(Some(record))) => {
                    let start = data.times()[*index] + time::seconds(*seconds);
                    cut(record, start, data.n_samples()).ok()
                }
                (Change::Later { .. }, _) => None,
                (other, _) => Some(other.of(data.window(*index), study.seed + *index as u64)),
            };
            if let Some(made) = made {
                windows.extend(rescaled(&made)?);
                kept.push(place);
            }
        }
        let after = classes(&windows)?;
        let pairs = || {
            let of_kept = kept.iter().zip(&after);
            of_kept.map(|(place, after)| (data.classes()[indices[*place]], before[*place], *after))
        };
        let share = |among: &dyn Fn(usize, usize, usize) -> bool,
                     hit: &dyn Fn(usize, usize) -> bool| {
            let cases: Vec<_> = pairs().filter(|(t, b, a)| among(*t, *b, *a)).collect();
            Score::of(
                cases.iter().filter(|(_, b, a)| hit(*b, *a)).count(),
                cases.len(),
            )
        };
        rows.push(Changed {
            change: *change,
            lost: share(&|t, b, _| t != noise && b != noise, &|_, a| a == noise),
            moved: share(
                &|t, b, a| t != noise && b != noise && a != noise,
                &|b, a| a != b,
            ),
            raised: share(&|t, b, _| t == noise && b == noise, &|_, a| a != noise),
        });
    }
    Ok(rows)
}

/// The record from `margin_s` before each window to as long after it; none where there is none.
fn records_around(
    study: &Study,
    data: &Labelled,
    indices: &[usize],
    margin_s: f64,
) -> Result<Vec<Option<Record3C>>> {
    let client = data_centre::connect(study)?;
    let n = data.n_samples() + (2.0 * margin_s * study.window.sampling_rate_hz) as usize;
    let around = |index: &usize| {
        let start = data.times()[*index] - time::seconds(margin_s);
        client.record(start, n).ok()
    };
    Ok(indices.iter().map(around).collect())
}

/// Scaled as in training, but for silenced components, which a scale refuses.
fn rescaled(window: &[f32]) -> Result<Vec<f32>> {
    let n = window.len() / 3;
    match window
        .chunks_exact(n)
        .any(|row| row.iter().all(|x| *x == 0.0))
    {
        true => Ok(window.to_vec()),
        false => normalise(window, Normalisation::Std),
    }
}

impl Change {
    /// A window `(3, n_samples)` changed; one that begins later cannot be made of itself and stays.
    pub fn of(self, window: &[f32], seed: u64) -> Vec<f32> {
        let mut rows: Vec<Vec<f32>> = window
            .chunks_exact(window.len() / 3)
            .map(<[f32]>::to_vec)
            .collect();
        match self {
            Self::Later { .. } => {}
            Self::Reversed => rows.iter_mut().flatten().for_each(|x| *x = -*x),
            Self::Swapped(a, b) => rows.swap(a, b),
            Self::Silenced(component) => rows[component].fill(0.0),
            Self::Backward => rows.iter_mut().for_each(|row| row.reverse()),
            Self::RandomPhases => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                for row in &mut rows {
                    *row = with_random_phases(row, &mut rng);
                }
            }
        }
        rows.concat()
    }

    /// By how much the window begins later.
    fn later_s(self) -> f64 {
        match self {
            Self::Later { seconds } => seconds,
            _ => 0.0,
        }
    }

    /// As a table names it, for components in the order of `channels`.
    pub fn name(self, channels: &[String; 3]) -> String {
        match self {
            Self::Later { seconds } if seconds < 0.0 => format!("begins {:.1} s earlier", -seconds),
            Self::Later { seconds } => format!("begins {seconds:.1} s later"),
            Self::Reversed => "polarity reversed".into(),
            Self::Swapped(a, b) => format!("{} and {} swapped", channels[a], channels[b]),
            Self::Silenced(component) => format!("{} silent", channels[component]),
            Self::Backward => "time runs backward".into(),
            Self::RandomPhases => "spectrum kept, phases random".into(),
        }
    }
}

/// Surrogate data of Theiler et al. (1992, *Physica D* 58, 77-94): amplitudes kept, phases drawn
/// evenly from the circle.
fn with_random_phases(row: &[f32], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let n = row.len();
    let mut planner = FftPlanner::new();
    let mut line: Vec<Complex64> = row.iter().map(|x| Complex64::from(f64::from(*x))).collect();
    planner.plan_fft_forward(n).process(&mut line);
    for k in 1..n.div_ceil(2) {
        line[k] = Complex64::from_polar(line[k].norm(), rng.random_range(0.0..TAU));
        line[n - k] = line[k].conj();
    }
    planner.plan_fft_inverse(n).process(&mut line);
    line.iter().map(|z| (z.re / n as f64) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Vec<f32> {
        (0..3 * 64).map(|i| ((i * i) as f32 * 0.1).sin()).collect()
    }

    #[test]
    fn changes_undo_themselves() {
        for change in [Change::Reversed, Change::Swapped(0, 2), Change::Backward] {
            let once = change.of(&window(), 1);
            assert_ne!(once, window());
            assert_eq!(change.of(&once, 1), window());
        }
    }

    #[test]
    fn random_phases_keep_the_power_of_each_component() {
        let changed = Change::RandomPhases.of(&window(), 1);
        let power = |row: &[f32]| row.iter().map(|x| f64::from(x * x)).sum::<f64>();
        for (old, new) in window().chunks(64).zip(changed.chunks(64)) {
            assert!((power(old) - power(new)).abs() < 1e-3 * power(old));
            assert!(old.iter().zip(new).any(|(a, b)| (a - b).abs() > 0.1));
        }
        assert_eq!(changed, Change::RandomPhases.of(&window(), 1));
        assert_ne!(changed, Change::RandomPhases.of(&window(), 2));
    }
}

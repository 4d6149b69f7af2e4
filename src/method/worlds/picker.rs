//! The picker that comes with the program: taught, its thresholds chosen, judged, and written as a folder.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::json;

use super::judged::UNSEEN;
use super::{Choosing, Day, Exercise, Lesson, PickRecipe, Rate, Teaching, TrueOnset, lessons};
use crate::atomic_file::{read_input, write_whole};
use crate::error::Result;
use crate::evaluate::Score;
use crate::hash::sha256;
use crate::method::About;
use crate::network::{PhaseNet, PhaseNetPupil};
use crate::pick::{Curves, Origin, PickParams, PickedPhase, Picker};
use crate::time::{self, between_s};

/// How many worlds, and how the network descends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    pub n_worlds: u32,
    pub rate: Rate,
    /// Windows that are drawn of each stretch of record, one in each pass through all of them.
    pub n_passes: usize,
    /// Windows of a step.
    pub batch_size: usize,
    /// Adam's, at its largest: it rises to it during the first steps, and falls as half a cosine to nothing.
    pub learning_rate: f64,
    /// Worlds on which the thresholds are chosen, and others on which they are judged, half an hour of each.
    pub n_choosing: u32,
    pub n_judging: u32,
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            n_worlds: 240,
            rate: Rate::AFTERSHOCKS,
            n_passes: 14,
            batch_size: 16,
            learning_rate: 1.5e-3,
            n_choosing: 20,
            n_judging: 30,
            seed: 1,
        }
    }
}

/// The share of the steps in which the learning rate rises.
const RISING: f64 = 0.05;

/// The worlds that judge are numbered from here on, far from those that choose.
const JUDGING: u32 = 500_000;

/// Seconds of a world's record on which a picker is judged.
const JUDGED_S: f64 = 1800.0;

/// A pick is an onset's if it lies so near.
const NEAR_S: f64 = 0.5;

/// The files of the folder.
pub(crate) const WEIGHTS: &str = "weights.safetensors";
pub(crate) const DESCRIPTION: &str = "picker.json";

/// How the network wants to be used, in SeisBench's words.
fn description(thresholds: [f64; 2], about: Option<(&About, &str)>) -> String {
    let mut text = json!({
        "model_args": {
            "component_order": "ZNE",
            "phases": "PSN",
            "norm": "std",
            "sampling_rate": 100,
            // What the sea does below is no earthquake nearby.
            "filter_args": ["highpass"],
            "filter_kwargs": {"freq": 1.0, "corners": 2},
        },
        "default_args": {
            "P_threshold": thresholds[0],
            "S_threshold": thresholds[1],
            "overlap": 2500,
        },
        "version": "1",
    });
    if let Some((about, sha256)) = about {
        text["docstring"] = json!(format!("{}. {}", about.summary, about.learnt_from));
        text["about"] = json!(about);
        text["weights_sha256"] = json!(sha256);
    }
    format!("{text:#}\n")
}

/// The picker of a network, with the thresholds of P and S.
///
/// # Errors
/// [`crate::Error::Pick`] where a threshold is not above 0 and below 1.
pub fn picker(network: PhaseNet, thresholds: [f64; 2]) -> Result<Picker> {
    Picker::described(network, &description(thresholds, None), DESCRIPTION)
}

/// How a network came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taught {
    pub n_stretches: usize,
    pub n_windows: usize,
    /// Mean cross-entropy of the windows of the last pass.
    pub loss: f64,
}

impl fmt::Display for Taught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (windows, stretches, loss) = (self.n_windows, self.n_stretches, self.loss);
        write!(
            f,
            "{windows} windows of {stretches} stretches of record, loss {loss:.5}"
        )
    }
}

/// Teaches PhaseNet on the plan's worlds. `each` is told each pass: its number, and its mean loss.
///
/// # Errors
/// As [`lessons`].
pub fn teach(
    recipe: &PickRecipe,
    plan: &Plan,
    each: &mut dyn FnMut(usize, f64),
) -> Result<(PhaseNetPupil, Taught)> {
    let pupil = PhaseNetPupil::new(plan.seed);
    let params = params();
    let worlds = (0..plan.n_worlds).into_par_iter();
    let lessons = worlds.map(|number| lessons(Teaching(number), recipe, plan.rate, &params));
    let lessons: Vec<Lesson> = lessons
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut descent = pupil.descent();
    let n_steps = plan.n_passes * lessons.len().div_ceil(plan.batch_size);
    let (mut step, mut loss) = (0, f64::NAN);
    for pass in 0..plan.n_passes {
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        let stream = |number: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
            rng.set_stream(((pass as u64) << 32) + number as u64);
            rng
        };
        order.shuffle(&mut stream(lessons.len()));
        let mut sum = 0.0;
        for some in order.chunks(plan.batch_size) {
            let draw = |i: &usize| lessons[*i].exercise(recipe, &params, &mut stream(*i));
            let drawn: Vec<Exercise> = some.par_iter().map(draw).collect();
            let (windows, wanted): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
            let share = step as f64 / n_steps as f64;
            let rate = plan.learning_rate * (share / RISING).min(cosine(share));
            sum += descent.step(rate, &windows.concat(), &wanted.concat()) * some.len() as f64;
            step += 1;
        }
        loss = sum / lessons.len() as f64;
        each(pass + 1, loss);
    }
    let taught = Taught {
        n_stretches: lessons.len(),
        n_windows: plan.n_passes * lessons.len(),
        loss,
    };
    Ok((pupil, taught))
}

fn cosine(share: f64) -> f64 {
    0.5 + 0.5 * (std::f64::consts::PI * share).cos()
}

/// How a record is prepared for the network.
fn params() -> PickParams {
    PickParams::from_json(&description([0.5; 2], None)).expect("it describes PhaseNet")
}

/// The probabilities along half an hour of a world, beside the onsets in it.
pub struct Judged {
    curves: Curves,
    onsets: Vec<TrueOnset>,
    start: time::Time,
}

/// What a picker does at a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct PickScore {
    pub phase: PickedPhase,
    pub threshold: f64,
    /// Onsets that half of all analysts see or more, and those of them with a pick within half a second.
    pub n_onsets: usize,
    pub n_found: usize,
    /// Picks that are near no wave that anybody could have seen.
    pub n_false: usize,
    pub hours: f64,
    /// From the onset to the pick, sorted.
    pub residuals_s: Vec<f64>,
}

impl PickScore {
    /// Harmonic mean of recall and precision.
    pub fn f1(&self) -> f64 {
        let n_missed = self.n_onsets - self.n_found;
        2.0 * self.n_found as f64 / (2 * self.n_found + self.n_false + n_missed).max(1) as f64
    }

    /// The residual that half of all residuals do not exceed.
    fn median_s(&self) -> f64 {
        let middle = self.residuals_s.get(self.residuals_s.len() / 2);
        middle.copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for PickScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sizes: Vec<f64> = self.residuals_s.iter().map(|s| s.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let size_s = sizes.get(sizes.len() / 2).copied().unwrap_or(f64::NAN);
        write!(
            f,
            "{} at {:.2}: {}, {} false in {:.1} h; residuals: median {:.0} ms, median of their sizes {:.0} ms",
            self.phase,
            self.threshold,
            Score::of(self.n_found, self.n_onsets),
            self.n_false,
            self.hours,
            1e3 * self.median_s(),
            1e3 * size_s
        )
    }
}

/// The probabilities of a picker on some worlds.
///
/// # Errors
/// As [`Day::segment`] and [`Picker::curves`].
pub fn judged(picker: &Picker, numbers: Range<u32>, rate: Rate) -> Result<Vec<Judged>> {
    let of_world = |number| {
        let day = Day::choosing(Choosing(number), rate);
        let segment = day.segment(day.span.start + time::seconds(FROM_S), JUDGED_S)?;
        let curves = picker.curves(&segment.counts, Origin::Epoch)?;
        Ok(Judged {
            curves,
            onsets: segment.onsets,
            start: segment.counts.start,
        })
    };
    numbers.into_par_iter().map(of_world).collect()
}

/// Where in the day the judged record begins: noon.
const FROM_S: f64 = 43_200.0;

/// The score of both phases where each has a threshold.
pub fn scores(worlds: &[Judged], params: &PickParams, recipe: &PickRecipe) -> [PickScore; 2] {
    PickedPhase::ALL.map(|phase| {
        let mut score = PickScore {
            phase,
            threshold: params.threshold(phase),
            n_onsets: 0,
            n_found: 0,
            n_false: 0,
            hours: worlds.len() as f64 * JUDGED_S / 3600.0,
            residuals_s: Vec::new(),
        };
        for world in worlds {
            let picks = world.curves.picks(params).into_iter();
            let picks_s: Vec<f64> = picks
                .filter(|pick| pick.phase == phase)
                .map(|pick| between_s(world.start, pick.time))
                .collect();
            let ours = world.onsets.iter().filter(|onset| onset.phase == phase);
            for onset in ours.filter(|onset| recipe.prominence(onset) >= 1.0) {
                let away = picks_s.iter().map(|s| s - onset.at_s);
                let nearest = away.min_by(|a, b| a.abs().total_cmp(&b.abs()));
                score.n_onsets += 1;
                score
                    .residuals_s
                    .extend(nearest.filter(|s| s.abs() <= NEAR_S));
            }
            // A pick of the other phase's onset is wrong, but not out of nothing: it is false here.
            let is_possible = |s: &f64| {
                let mut ours = world.onsets.iter().filter(|onset| onset.phase == phase);
                ours.any(|onset| {
                    recipe.prominence(onset) >= UNSEEN && (s - onset.at_s).abs() <= NEAR_S
                })
            };
            score.n_false += picks_s.iter().filter(|s| !is_possible(s)).count();
        }
        score.n_found = score.residuals_s.len();
        score.residuals_s.sort_by(f64::total_cmp);
        score
    })
}

/// The thresholds of P and S that have the largest harmonic mean of recall and precision.
fn choose(picker: &mut Picker, worlds: &[Judged], recipe: &PickRecipe) -> [f64; 2] {
    let mut best = [(0.5, f64::NEG_INFINITY); 2];
    for percent in (10..=90).step_by(2) {
        let threshold = f64::from(percent) / 100.0;
        for phase in PickedPhase::ALL {
            let set = picker.params_mut().set_threshold(phase, threshold);
            set.expect("a threshold between 0 and 1");
        }
        for (best, score) in best.iter_mut().zip(scores(worlds, picker.params(), recipe)) {
            if score.f1() > best.1 {
                *best = (threshold, score.f1());
            }
        }
    }
    best.map(|(threshold, _)| threshold)
}

/// Chooses the thresholds of a network, judges it on worlds that chose nothing, and writes the folder. Returns the scores of P and S.
///
/// # Errors
/// As [`judged`], and [`crate::Error::Io`] or [`crate::Error::Network`] where the folder cannot be written.
pub fn finish(
    dir: &Path,
    (pupil, taught): (&PhaseNetPupil, Taught),
    recipe: &PickRecipe,
    plan: &Plan,
) -> Result<[PickScore; 2]> {
    let mut picker = picker(pupil.taught()?, [0.5; 2])?;
    let choosing = judged(&picker, 0..plan.n_choosing, plan.rate)?;
    let thresholds = choose(&mut picker, &choosing, recipe);
    let picker = self::picker(pupil.taught()?, thresholds)?;
    let judging = judged(&picker, JUDGING..JUDGING + plan.n_judging, plan.rate)?;
    let scores = scores(&judging, picker.params(), recipe);
    let of = plan.n_judging;
    let about = About {
        summary: "P and S waves of earthquakes within some 250 km, at any station".into(),
        learnt_from: format!("{} simulated worlds, {taught}", plan.n_worlds),
        scores: scores
            .iter()
            .map(|score| format!("{of} other simulated worlds, half an hour of each: {score}"))
            .collect(),
        licence: "MIT OR Apache-2.0".into(),
    };
    let weights = dir.join(WEIGHTS);
    std::fs::create_dir_all(dir).map_err(crate::Error::io(dir))?;
    pupil.write(&weights)?;
    let sha256 = sha256(read_input(&weights)?);
    write_whole(
        dir.join(DESCRIPTION),
        description(thresholds, Some((&about, &sha256))),
    )?;
    Ok(scores)
}

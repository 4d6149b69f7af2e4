//! The model that comes with the program: taught, its thresholds chosen, judged once, and written as a folder.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::{Choosing, Hour, Opening, Rate, Recipe, Teaching, open, windows};
use crate::dataset::{Dataset, Split, turn};
use crate::error::Result;
use crate::evaluate::{Claims, OperatingPoint};
use crate::method::{About, Detector, PickerModel, PickerVote, features};
use crate::network::{ConvNet, LogisticRegression, MeanWeights};
use crate::station::StationChoice;
use crate::study::{Normalisation, Study};
use crate::train::{Optimiser, TrainParams, loss_and_accuracy, train};
use crate::waveform::RATE_HZ;
use crate::window::Window;

/// How many worlds, and how the network descends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// One after the other, each on worlds of its own: as many as fit in memory.
    pub stages: [Stage; 3],
    /// The network ends with the mean of its weights after so many epochs, the last ones (Izmailov and others 2018, arXiv:1803.05407): in the
    /// middle of a wide valley of the loss, which is still one where the loss is another, as on real records.
    pub n_averaged: usize,
    /// Worlds whose windows tell how well it goes.
    pub n_validating: u32,
    pub n_choosing: u32,
    pub n_sealed: u32,
    pub seed: u64,
}

/// A stage of the training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    pub n_worlds: u32,
    pub learning_rate: f64,
    pub n_epochs: usize,
    pub rate: Rate,
}

impl Plan {
    /// Worlds that teach.
    pub fn n_teaching(&self) -> u32 {
        self.stages.iter().map(|stage| stage.n_worlds).sum()
    }
}

impl Default for Plan {
    fn default() -> Self {
        let stage = |n_worlds, learning_rate, n_epochs, rate| Stage {
            n_worlds,
            learning_rate,
            n_epochs,
            rate,
        };
        Self {
            stages: [
                stage(500, 1e-3, 8, Rate::AFTERSHOCKS),
                stage(500, 7e-4, 8, Rate::AFTERSHOCKS),
                stage(400, 5e-4, 12, Rate::AFTERSHOCKS),
            ],
            n_averaged: 8,
            n_validating: 40,
            n_choosing: 40,
            n_sealed: 60,
            seed: 1,
        }
    }
}

/// The model's own threshold keeps to so many false alarms an hour on the worlds where it is chosen.
const ALARMS_PER_HOUR: f64 = 1.0;

/// Thresholds of the curve, as logarithms of the odds in halves: -4 to 20.
const CURVE: std::ops::RangeInclusive<i32> = -8..=40;

/// What was made.
#[derive(Debug, Clone)]
pub struct Made {
    pub taught: Taught,
    /// On the worlds where the threshold was chosen.
    pub chosen: OperatingPoint,
    pub opening: Opening,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (threshold, recall) = (self.chosen.threshold, self.chosen.recall());
        writeln!(f, "{}", self.taught)?;
        writeln!(
            f,
            "threshold {threshold:.5}: recall {recall} where it was chosen"
        )?;
        write!(f, "sealed worlds: {}", self.opening)
    }
}

/// How a network came about.
#[derive(Debug, Clone)]
pub struct Taught {
    pub n_windows: usize,
    pub n_events: usize,
    /// Of each stage the losses in validation after each epoch, those in training in brackets.
    pub training: String,
}

impl fmt::Display for Taught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, events) = (self.n_windows, self.n_events);
        write!(
            f,
            "{n} windows, {events} of them with an earthquake: {}",
            self.training
        )
    }
}

/// The picker that has a vote: it learnt from such worlds, too.
const PICKER: &str = "onsets";

/// Teaches a network on the plan's worlds, and a regression on those of the last stage; a picker has a vote, too. The detector has no threshold yet: it is
/// 0.5.
///
/// # Errors
/// As [`windows`] and [`train`].
pub fn teach(recipe: &Recipe, plan: &Plan) -> Result<(Detector, Taught)> {
    let mut detector = untaught(recipe, plan.seed)?;
    let (mut n_windows, mut n_events, mut first) = (0, 0, 0);
    let mut training = Vec::new();
    for (number, stage) in plan.stages.iter().enumerate() {
        let validating = VALIDATING..VALIDATING + plan.n_validating;
        let validating = cut(validating, recipe, stage.rate)?;
        let taught = cut(first..first + stage.n_worlds, recipe, stage.rate)?;
        first += stage.n_worlds;
        let windows = taught.iter().flatten();
        n_windows += windows.clone().count();
        n_events += windows.filter(|window| window.class == 0).count();
        let seed = 100 * plan.seed + number as u64;
        if number + 1 == plan.stages.len() {
            detector.regression = Some(regress(&taught, detector.core_s())?);
        }
        let mut split = split(&validating, taught, recipe.n_samples())?;
        let n_averaged = match number + 1 == plan.stages.len() {
            true => plan.n_averaged,
            false => 0,
        };
        training.push(descend(
            &mut detector.network,
            &mut split,
            stage,
            n_averaged,
            seed,
        )?);
    }
    let taught = Taught {
        n_windows,
        n_events,
        training: training.join("; "),
    };
    let picker = PickerModel::find(PICKER).expect("it comes with the program");
    detector.picker = Some(PickerVote::of(picker)?);
    Ok((detector, taught))
}

/// Trains a network, whose windows are turned anew before each epoch, and says what the loss was. The last `n_averaged` epochs, if any, leave
/// the mean of the weights after each.
fn descend(
    network: &mut ConvNet,
    split: &mut Split,
    stage: &Stage,
    n_averaged: usize,
    seed: u64,
) -> Result<String> {
    let usual = Study::oklahoma().train;
    let mut mean = MeanWeights::default();
    let mut losses = Vec::new();
    for epoch in 0..stage.n_epochs {
        let seed = 1000 * seed + epoch as u64;
        turn(&mut split.train, seed);
        let params = TrainParams {
            optimiser: Optimiser::Adam {
                learning_rate: stage.learning_rate,
                weight_decay: usual.weight_decay,
            },
            max_epochs: 1,
            report_every: 0,
            ..TrainParams::adam(&usual, seed)
        };
        let run = train(network, &split.train, &split.validation, &params, None)?;
        if epoch + n_averaged >= stage.n_epochs {
            mean.add(network);
        }
        for of in &run.epochs {
            losses.push(format!("{:.4} ({:.4})", of.validation_loss, of.train_loss));
            println!("epoch {}: {}", epoch + 1, losses.join(", "));
        }
    }
    let losses = losses.join(", ");
    if n_averaged == 0 {
        return Ok(losses);
    }
    mean.put_into(network)?;
    let (of_mean, _) = loss_and_accuracy(&split.validation, network);
    Ok(format!("{losses}; of the mean {of_mean:.4}"))
}

/// A detector that looks at what the recipe says, with a network of random weights and without a regression; its threshold is 0.5.
///
/// # Errors
/// [`crate::Error::Study`] where the recipe's windows are not to be had.
pub fn untaught(recipe: &Recipe, seed: u64) -> Result<Detector> {
    let study = study(recipe, seed)?;
    Ok(Detector {
        network: ConvNet::new(study.window.n_samples, 2, seed),
        study,
        regression: None,
        picker: None,
        threshold: 0.5,
        curve: Vec::new(),
    })
}

/// A regression on the features of windows that decide about a core.
fn regress(taught: &[Vec<Window>], core_s: Range<f64>) -> Result<LogisticRegression> {
    let windows: Vec<&Window> = taught.iter().flatten().collect();
    let of = |window: &&Window| features(&window.samples, core_s.clone()).to_vec();
    let rows: Vec<Vec<f64>> = windows.par_iter().map(of).collect();
    let is_event: Vec<bool> = windows.iter().map(|window| window.class == 0).collect();
    LogisticRegression::fit(&rows, &is_event)
}

/// The first of the worlds whose windows tell when to stop, far from those that teach.
const VALIDATING: u32 = 900_000;

/// The windows of some worlds to learn from, beside those that tell when to stop.
fn split(validating: &[Vec<Window>], taught: Vec<Vec<Window>>, n_samples: usize) -> Result<Split> {
    // A split has a test part, which nothing here looks at.
    let validating_folds = validating.iter().enumerate().flat_map(|(i, world)| {
        let fold = if i == 0 { 2 } else { 1 };
        vec![fold; world.len()]
    });
    let taught_folds = taught.iter().flat_map(|world| vec![0; world.len()]);
    let folds: Vec<usize> = validating_folds.chain(taught_folds).collect();
    let all = validating.iter().cloned().chain(taught).flatten();
    let all: Vec<Window> = all.collect();
    let data = Dataset::from_windows(&all, n_samples, 2)?;
    drop(all);
    data.split_by_folds(&folds, 2, 1)
}

/// Chooses the thresholds of a network, opens the sealed worlds, adds a line to the file `openings.csv` beside the folder, and
/// writes the model.
///
/// # Errors
/// As [`Hour::of`] and [`open`], and [`crate::Error::Io`] where the folder cannot be written.
pub fn finish(
    dir: &Path,
    why: &str,
    (mut detector, taught): (Detector, Taught),
    recipe: &Recipe,
    plan: &Plan,
) -> Result<Made> {
    let (chosen, curve) = choose(&detector, recipe, plan)?;
    let openings = dir.parent().unwrap_or(dir).join("openings.csv");
    let (opening, _) = open(
        &openings,
        why,
        &detector,
        recipe,
        chosen.threshold,
        plan.n_sealed,
    )?;
    let chosen = as_probability(chosen);
    (detector.threshold, detector.curve) = (chosen.threshold, curve);
    let about = About {
        summary: "earthquakes within some 250 km, at any station with three components".into(),
        learnt_from: format!(
            "{} simulated worlds, {} windows",
            plan.n_teaching(),
            taught.n_windows
        ),
        scores: vec![format!(
            "{} sealed simulated worlds, an hour of each: {opening}",
            plan.n_sealed
        )],
        licence: "MIT OR Apache-2.0".into(),
    };
    detector.write(dir, Some(&about))?;
    Ok(Made {
        taught,
        chosen,
        opening,
    })
}

/// The threshold of a detector, and the curve of all, on the plan's worlds for choosing.
fn choose(
    detector: &Detector,
    recipe: &Recipe,
    plan: &Plan,
) -> Result<(OperatingPoint, Vec<OperatingPoint>)> {
    let hour = |number| Hour::of(Choosing(number), recipe);
    let hours: Vec<Hour> = (0..plan.n_choosing)
        .into_par_iter()
        .map(hour)
        .collect::<Result<_>>()?;
    let claims = hours.iter().map(|hour| hour.claims(detector));
    let claims = Claims::joined(claims.collect::<Result<Vec<_>>>()?);
    let chosen = claims.within(ALARMS_PER_HOUR);
    let mut curve: Vec<OperatingPoint> =
        CURVE.map(|half| claims.at(f64::from(half) / 2.0)).collect();
    curve.push(chosen);
    curve.sort_by(|a, b| a.threshold.total_cmp(&b.threshold));
    Ok((chosen, curve.into_iter().map(as_probability).collect()))
}

/// A point whose threshold is a logarithm of the odds, with a probability.
fn as_probability(point: OperatingPoint) -> OperatingPoint {
    OperatingPoint {
        threshold: 1.0 / (1.0 + (-point.threshold).exp()),
        ..point
    }
}

fn cut(numbers: Range<u32>, recipe: &Recipe, rate: Rate) -> Result<Vec<Vec<Window>>> {
    numbers
        .into_par_iter()
        .map(|number| windows(Teaching(number), recipe, rate))
        .collect()
}

/// What the scan must know: the recipe's windows, and records made comparable.
fn study(recipe: &Recipe, seed: u64) -> Result<Study> {
    let samples = |seconds: f64| (seconds * RATE_HZ).round() as usize;
    let mut study = Study::oklahoma();
    study.name = "regional".into();
    // No station of its own.
    study.station = StationChoice::new("XX", "ANY", "", "*")?;
    study.seed = seed;
    study.cluster.k = 1;
    study.window.n_samples = recipe.n_samples();
    study.window.sampling_rate_hz = RATE_HZ;
    study.scan.hop_samples = samples(0.5);
    study.method.normalisation = Normalisation::Noise;
    study.method.harmonised = true;
    study.method.segment_s = 2.5 * recipe.window_s;
    study.method.lead_s = recipe.lead_s;
    study.method.core_s = Some(recipe.core_s);
    study.method.after_s = Some(recipe.after_s);
    study.method.smooth_s = recipe.smooth_s;
    study.checked()
}

//! The four detectors of chapter 11, everything in them chosen on simulated worlds.

use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::rivals::{JUDGED_S, Rival, Scorer, StaLta};
use super::stored::is_small;
use super::transfer::pretrained;
use crate::display::Table;
use crate::error::{Result, fail};
use crate::evaluate::Claims;
use crate::method::worlds::{Choosing, Hour, Rate, Recipe, Teaching, windows};
use crate::method::{FEATURES, Model, features};
use crate::network::LogisticRegression;
use crate::store::{Pace, Store};
use crate::study::Study;
use crate::waveform::{RATE_HZ, Record3C};

/// Worlds whose windows teach the regression, and worlds of which an hour each chooses, with the paper's study: those on
/// which the model's threshold was chosen too.
const N_TEACHING: u32 = 24;
const N_CHOOSING: u32 = 40;

/// The grid of STA/LTA: seconds of the averages, from a single sample up, and bands. A long average is at least twice a short
/// one.
const SHORT_S: [f64; 7] = [1.0 / RATE_HZ, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0];
const LONG_S: [f64; 8] = [0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];
const BANDS_HZ: [(f64, f64); 4] = [(1.0, 20.0), (3.0, 20.0), (5.0, 20.0), (8.0, 20.0)];

/// Rates at which detectors are compared, false alarms an hour.
pub const RATES: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];

/// Thresholds keep to so many false alarms an hour on the worlds where they are chosen.
pub const ALARMS_PER_HOUR: f64 = 1.0;

/// What was chosen on simulated worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    pub n_teaching: u32,
    /// Windows that taught the regression, and those of them with an earthquake.
    pub n_windows: usize,
    pub n_events: usize,
    /// Worlds that chose, events in their hours, and hours without any.
    pub n_choosing: u32,
    pub n_chosen_on: usize,
    pub free_hours: f64,
    pub sta_lta: StaLta,
    pub logistic: LogisticRegression,
    /// Of the network, STA/LTA and the regression; the model has its own.
    pub thresholds: [f64; 3],
    /// Mean recall at the compared rates of each setting of STA/LTA.
    pub grid: Vec<(StaLta, f64)>,
    /// Recall at one false alarm an hour on those worlds: model, network, STA/LTA, regression.
    pub recalls: [f64; 4],
}

/// How many worlds of a full study's a small one takes: an hour of a world takes seconds to make.
fn share_of(study: &Study, n: u32) -> u32 {
    match is_small(study) {
        true => n / 20,
        false => n,
    }
}

/// Worlds that are made between two lines that say how many there are, for each thread.
const N_TOLD: usize = 3;

/// What `make` makes of each number up to `n`, several at once. Who waits is told of it.
fn made<T: Send>(
    what: &'static str,
    n: u32,
    make: impl Fn(u32) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let numbers: Vec<u32> = (0..n).collect();
    let (mut pace, mut all) = (Pace::named(what, numbers.len()), Vec::new());
    for together in numbers.chunks(N_TOLD * rayon::current_num_threads()) {
        let start = Instant::now();
        let made = together.par_iter().map(|number| make(*number));
        all.extend(made.collect::<Result<Vec<T>>>()?);
        pace.tell_of(together.len(), start.elapsed());
    }
    Ok(all)
}

/// What is chosen on simulated worlds: STA/LTA's lengths and band, the regression's weights, and thresholds.
///
/// # Errors
/// As [`pretrained`], [`windows`] and [`Hour::of`].
pub fn tuned(study: &Study) -> Result<Tuned> {
    Store::of(study).table("tuned", || tune(study))
}

fn tune(study: &Study) -> Result<Tuned> {
    let recipe = Recipe::default();
    let (n_teaching, n_choosing) = (share_of(study, N_TEACHING), share_of(study, N_CHOOSING));
    let core_s = recipe.lead_s..recipe.lead_s + recipe.core_s;
    let taught = made("worlds that teach the regression: ", n_teaching, |number| {
        let windows = windows(Teaching(number), &recipe, Rate::SWARM)?;
        let of = windows
            .iter()
            .map(|w| (features(&w.samples, core_s.clone()).to_vec(), w.class == 0));
        Ok(of.collect::<Vec<(Vec<f64>, bool)>>())
    })?;
    let (x, is_event): (Vec<Vec<f64>>, Vec<bool>) = taught.into_iter().flatten().unzip();
    let logistic = LogisticRegression::fit(&x, &is_event)?;

    let hours: Vec<Hour> = made("worlds that choose: ", n_choosing, |number| {
        Hour::of(Choosing(number), &recipe)
    })?;
    let claims = |scorer: &Scorer| -> Result<Claims> {
        let of_hour =
            |hour: &Hour| Claims::of(&scorer.scores(&hour.record)?, JUDGED_S, &hour.known);
        let claims = hours.iter().map(of_hour).collect::<Result<Vec<_>>>()?;
        Ok(Claims::joined(claims))
    };
    let mut grid = Vec::new();
    let mut pace = Pace::named("bands of STA/LTA: ", BANDS_HZ.len());
    for (low_hz, high_hz) in BANDS_HZ {
        let start = Instant::now();
        let trigger = |short_s, long_s| StaLta {
            short_s,
            long_s,
            low_hz,
            high_hz,
        };
        // All lengths of the averages share the filtered hours.
        let any = trigger(SHORT_S[0], LONG_S[0]);
        let in_band = hours.par_iter().map(|hour| any.in_band(&hour.record));
        let in_band: Vec<Record3C> = in_band.collect::<Result<_>>()?;
        for short_s in SHORT_S {
            for long_s in LONG_S.into_iter().filter(|long_s| *long_s >= 2.0 * short_s) {
                let sta_lta = trigger(short_s, long_s);
                let claims = hours.iter().zip(&in_band).map(|(hour, record)| {
                    Claims::of(&sta_lta.scores_in_band(record)?, JUDGED_S, &hour.known)
                });
                let claims = Claims::joined(claims.collect::<Result<Vec<_>>>()?);
                let recall = RATES.map(|rate| claims.within(rate).recall().value);
                grid.push((sta_lta, recall.iter().sum::<f64>() / recall.len() as f64));
            }
        }
        pace.tell(Some(start.elapsed()));
    }
    // The first of equals.
    let best = grid.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    let sta_lta = best.expect("the grid is not empty").0;
    let others = [
        Scorer::Network(pretrained(study)?),
        Scorer::StaLta(sta_lta),
        Scorer::Logistic(logistic.clone()),
    ];
    let mut pace = Pace::named("detectors on these worlds: ", others.len());
    let others = others.iter().map(|scorer| {
        let start = Instant::now();
        let claims = claims(scorer)?;
        pace.tell(Some(start.elapsed()));
        Ok(claims)
    });
    let others = others.collect::<Result<Vec<_>>>()?;
    let chosen: Vec<_> = others.iter().map(|c| c.within(ALARMS_PER_HOUR)).collect();
    let recall = |i: usize| chosen[i].recall().value;
    // The model's threshold was chosen on the same worlds, by the same rule.
    let of_model = regional()?.description()?.point;
    Ok(Tuned {
        n_teaching,
        n_windows: x.len(),
        n_events: is_event.iter().filter(|is_event| **is_event).count(),
        n_choosing,
        n_chosen_on: others[0].best.len(),
        free_hours: others[0].free_hours,
        sta_lta,
        logistic,
        thresholds: [0, 1, 2].map(|i| chosen[i].threshold),
        grid,
        recalls: [
            of_model.map_or(f64::NAN, |point| point.recall().value),
            recall(0),
            recall(1),
            recall(2),
        ],
    })
}

fn regional() -> Result<&'static Model> {
    Model::find("regional").ok_or_else(|| {
        let remedy = "Name one of `quakebook models`";
        fail!(
            Evaluate,
            "model regional",
            "it does not come with this program",
            remedy
        )
    })
}

/// The four detectors of chapter 11: the model that comes with the program, the network of the paper's world, STA/LTA and a logistic
/// regression.
///
/// # Errors
/// As [`tuned`].
pub fn rivals(study: &Study) -> Result<Vec<Rival>> {
    let tuned = tuned(study)?;
    let model = regional()?.detector()?;
    let log_odds = (model.threshold / (1.0 - model.threshold)).ln();
    let [of_network, of_sta_lta, of_logistic] = tuned.thresholds;
    let rival = |name: &str, scorer, threshold| Rival {
        name: name.into(),
        scorer,
        threshold,
    };
    Ok(vec![
        rival("model regional", Scorer::Model(Box::new(model)), log_odds),
        rival(
            "network of the paper's world",
            Scorer::Network(pretrained(study)?),
            of_network,
        ),
        rival("STA/LTA", Scorer::StaLta(tuned.sta_lta), of_sta_lta),
        rival(
            "logistic regression",
            Scorer::Logistic(tuned.logistic),
            of_logistic,
        ),
    ])
}

impl Tuned {
    /// The regression's weights.
    pub fn logistic_table(&self) -> Table {
        let headers = ["Feature", "Log-odds for a deviation more"];
        let mut table = Table::new("What the logistic regression weighs", &headers);
        for (name, weight) in FEATURES.iter().zip(&self.logistic.weights) {
            table = table.row([name.to_string(), format!("{weight:+.2}")]);
        }
        table.noted(&format!(
            "Fitted to {} windows of {} simulated worlds, {} of them with an earthquake. No real record.",
            self.n_windows, self.n_teaching, self.n_events
        ))
    }

    /// The settings of STA/LTA, the best `n` first.
    pub fn grid_table(&self, n: usize) -> Table {
        let headers = ["Short (s)", "Long (s)", "Band (Hz)", "Mean recall"];
        let caption = "STA/LTA on the worlds where it was chosen";
        let mut table = Table::new(caption, &headers);
        let mut grid = self.grid.clone();
        grid.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (params, recall) in grid.iter().take(n) {
            table = table.row([
                params.short_s.to_string(),
                params.long_s.to_string(),
                format!("{} to {}", params.low_hz, params.high_hz),
                format!("{:.1} %", 100.0 * recall),
            ]);
        }
        table.noted(&format!(
            "The best {} of {} settings: mean recall of {} earthquakes at {RATES:?} false alarms an hour, in an hour each of {} simulated \
             worlds. Recursive averages, the second of three components.",
            n.min(grid.len()),
            grid.len(),
            self.n_chosen_on,
            self.n_choosing
        ))
    }
}

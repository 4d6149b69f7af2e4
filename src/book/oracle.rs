//! What the simulation's truth, the disturbances and several networks add to the detector: each is left out in turn.
//!
//! The segments of noise that the detector learns from were cleaned by the truth: those with an earthquake that no
//! catalog lists were taken out. With real data nobody could do that. The headline of chapter 8 rests on it as far
//! as the detectors here differ.

use serde::{Deserialize, Serialize};

use super::comparison::fine_thresholds;
use super::days::VISIBLE_RATIO;
use super::ensemble::{N_MEMBERS, leak_free_networks};
use super::trained_convnet;
use crate::catalog::{Catalog, Event};
use crate::data_centre;
use crate::detect::{ReferenceEvents, Scan};
use crate::display::Table;
use crate::error::{Result, fail};
use crate::evaluate::{Counts, Spread, smallest_threshold_within};
use crate::method::{self, merge_params, spread_days};
use crate::network::{Classify, ConvNet};
use crate::store;
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::train::TrainParams;
use crate::waveform::WaveformSource;
use crate::window::{Origin, Reason, Window, Windows, cut};

/// A detector that was trained in one way with one seed, and what it does on days that nothing was chosen on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OracleRun {
    pub training: String,
    pub seed: u64,
    /// Segments of noise.
    pub n_noise: usize,
    /// At the smallest threshold with so many false alarms a day on the judged days themselves, or fewer: all
    /// detectors are compared at the same rates.
    pub at_rates: Vec<Counts>,
}

/// All runs, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OracleRuns {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    pub n_days: usize,
    pub runs: Vec<OracleRun>,
}

/// Whole days of the test time that are scanned.
const N_JUDGED_DAYS: i64 = 8;

/// Seeds of each way of training that is not the detector's own: each costs a full training.
const N_RETRAINED: u64 = 2;

/// False alarms a day at which detectors are compared.
const RATES_PER_DAY: [f64; 2] = [1.0, 6.0];

const AS_IS: &str = "as the detector";
const NOT_CLEANED: &str = "noise not cleaned by the truth";
const QUIET: &str = "no disturbances";
const TOGETHER: &str = "three networks together";

/// Trains the detector's network without what a researcher with real data would not have, and judges all of them on
/// the same days: two seeds of each way, three of the detector's own.
///
/// The days are whole days of the test time, on which no threshold was chosen.
///
/// # Errors
/// As [`store::segments`], [`train()`](crate::train::train()) and [`method::scan_spans`].
pub fn oracle_runs(study: &Study) -> Result<OracleRuns> {
    let client = data_centre::connect(study)?;
    let catalog = store::catalog(study)?;
    let cleaned = store::segments(study)?;
    let ways = [
        (NOT_CLEANED, with_unlisted(study, &cleaned, &client)?),
        (QUIET, without_disturbances(study, &cleaned, &catalog)),
    ];
    let n_noise = |segments: &Windows| *segments.class_counts().last().unwrap_or(&0);
    let first = method::train_params(study).seed;
    let mut trained: Vec<(&str, u64, usize)> = Vec::new();
    let mut networks = leak_free_networks(study)?;
    trained.extend((0..N_MEMBERS).map(|i| (AS_IS, first + i, n_noise(&cleaned))));
    let blocks = store::time_blocks(study)?;
    for (name, segments) in &ways {
        let split = method::segment_split(study, segments, &blocks)?;
        let split = method::windows(study, &split)?;
        for seed in first..first + N_RETRAINED {
            let params = TrainParams {
                seed,
                ..method::train_params(study)
            };
            networks.push(trained_convnet(&split, &params, None)?);
            trained.push((name, seed, n_noise(segments)));
        }
    }
    let beside = Beside(networks);
    let days = judged_days(study)?;
    let mut scans = beside.parted(method::scan_spans(&beside, &client, study, &days)?);
    scans.push(mean(&scans[..N_MEMBERS as usize]));
    trained.push((TOGETHER, first, n_noise(&cleaned)));

    let station = data_centre::station(study)?.position();
    let happened = store::known_events(study).unwrap_or(catalog);
    let happened = happened.filter(|e| days.iter().any(|day| day.contains(e.origin_time)));
    let (model, rate_hz) = (&study.velocity_model, study.window.sampling_rate_hz);
    let reference =
        ReferenceEvents::above_noise(&happened, station, model, &client, rate_hz, VISIBLE_RATIO)?;
    let run = |((training, seed, n_noise), scan): ((&str, u64, usize), &Scan)| {
        let curve = reference.curve(&fine_thresholds(), |on| {
            scan.merge(&merge_params(study, on))
        })?;
        let at = |per_day: f64| smallest_threshold_within(&curve, per_day / 24.0);
        Ok(OracleRun {
            training: training.into(),
            seed,
            n_noise,
            at_rates: RATES_PER_DAY
                .iter()
                .filter_map(|per_day| Some(at(*per_day)?.counts))
                .collect(),
        })
    };
    let runs: Result<Vec<OracleRun>> = trained.into_iter().zip(&scans).map(run).collect();
    Ok(OracleRuns {
        made: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        by: format!("cargo run --example oracle, study {}", study.name),
        n_days: days.len(),
        runs: runs?,
    })
}

/// Whole days of the test time, apart from what the study set aside.
fn judged_days(study: &Study) -> Result<Vec<TimeSpan>> {
    let time = TimeSpan {
        start: store::time_blocks(study)?.test,
        end: study.catalog.end,
    };
    let mut days = spread_days(&time, N_JUDGED_DAYS);
    let apart = |day: &TimeSpan| {
        let held = method::held_out(study);
        let overlaps = |span: &TimeSpan| day.start < span.end && span.start < day.end;
        !held.iter().any(overlaps)
    };
    days.retain(apart);
    Ok(days)
}

/// The segments, and those that were left out because they hold an earthquake which no catalog lists.
fn with_unlisted(
    study: &Study,
    segments: &Windows,
    source: &dyn WaveformSource,
) -> Result<Windows> {
    let mut all = segments.clone();
    let rejected = segments.rejections.items.iter();
    for left_out in rejected.filter(|one| one.reason == Reason::Unlisted) {
        let record = source.record(left_out.start, segments.n_samples)?;
        let Ok(samples) = cut(&record, left_out.start, segments.n_samples) else {
            continue;
        };
        let after = left_out.what.trim_start_matches("noise after ").to_string();
        all.windows.push(Window {
            start: left_out.start,
            samples,
            class: study.cluster.k,
            origin: Origin::Noise { after },
        });
    }
    all.windows.sort_by_key(|window| window.start);
    Ok(all)
}

/// The segments without those that were cut around a disturbance: of noise the middles of the gaps between events.
fn without_disturbances(study: &Study, segments: &Windows, catalog: &Catalog) -> Windows {
    let middle = |pair: &[Event]| {
        let gap_s = time::between_s(pair[0].origin_time, pair[1].origin_time);
        pair[0].origin_time + time::seconds((gap_s - study.method.segment_s) / 2.0)
    };
    let middles: Vec<Time> = catalog.events().windows(2).map(middle).collect();
    let is_middle = |window: &Window| {
        let near = |at: &Time| time::between_s(*at, window.start).abs() < 0.1;
        middles.iter().any(near)
    };
    let mut quiet = segments.clone();
    quiet
        .windows
        .retain(|window| window.class != study.cluster.k || is_middle(window));
    quiet
}

/// Networks that look at the same windows, so that a record is made only once for all of them.
struct Beside(Vec<ConvNet>);

impl Beside {
    fn n_of_one(&self) -> usize {
        self.0[0].n_classes()
    }

    /// The scan of each network.
    fn parted(&self, scan: Scan) -> Vec<Scan> {
        let n = self.n_of_one();
        let of_network = |i: usize| {
            let rows = scan.probabilities.chunks_exact(scan.n_classes);
            Scan {
                n_classes: n,
                probabilities: rows
                    .flat_map(|row| &row[i * n..(i + 1) * n])
                    .copied()
                    .collect(),
                ..scan.clone()
            }
        };
        (0..self.0.len()).map(of_network).collect()
    }

    /// The rows of several networks, side by side.
    fn joined(&self, of_each: &[Vec<f32>]) -> Vec<f32> {
        let n = self.n_of_one();
        let n_windows = of_each[0].len() / n;
        let row = |i: usize| of_each.iter().flat_map(move |p| &p[i * n..(i + 1) * n]);
        (0..n_windows).flat_map(row).copied().collect()
    }
}

impl Classify for Beside {
    fn n_classes(&self) -> usize {
        self.0.len() * self.n_of_one()
    }

    fn n_samples(&self) -> usize {
        self.0[0].n_samples()
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        let of_each = self.0.iter().map(|network| network.probabilities(windows));
        Ok(self.joined(&of_each.collect::<Result<Vec<_>>>()?))
    }

    fn probabilities_along_unchecked(
        &self,
        components: [&[f32]; 3],
        hop: usize,
    ) -> Result<Vec<f32>> {
        let networks = self.0.iter();
        let of_each = networks.map(|network| network.probabilities_along(components, hop));
        Ok(self.joined(&of_each.collect::<Result<Vec<_>>>()?))
    }
}

/// The mean of the probabilities of several scans of the same windows.
fn mean(scans: &[Scan]) -> Scan {
    let mut mean = scans[0].clone();
    for (i, p) in mean.probabilities.iter_mut().enumerate() {
        let sum: f32 = scans.iter().map(|scan| scan.probabilities[i]).sum();
        *p = sum / scans.len() as f32;
    }
    mean
}

impl OracleRun {
    /// Recall at one of [`RATES_PER_DAY`]; none of the events, where every threshold has more false alarms.
    fn recall_at(&self, rate: usize) -> f64 {
        let counts = &self.at_rates[rate];
        let allowed = (RATES_PER_DAY[rate] * counts.hours / 24.0).round();
        match counts.n_false as f64 <= allowed {
            true => counts.recall().value,
            false => 0.0,
        }
    }
}

impl OracleRuns {
    /// The runs that the project keeps: training all of them takes a quarter of an hour.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where the project's file holds something else.
    pub fn stored() -> Result<Self> {
        let text = include_str!("../../data/stored/oracle.toml");
        toml::from_str(text).map_err(|error| {
            let remedy =
                "Take the file back from the repository, or make it anew by the example `oracle`";
            let what = error.to_string();
            fail!(Evaluate, "data/stored/oracle.toml", what.trim(), remedy)
        })
    }

    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("runs are plain TOML")
    }

    /// A row for each way of training: recall of visible earthquakes and false alarms, over its seeds.
    pub fn table(&self) -> Table {
        let headers = [
            "Training",
            "Segments of noise",
            "Seeds",
            "Recall at one false alarm a day",
            "at six a day",
        ];
        let n_visible = self.runs.first().map_or(0, |run| run.at_rates[0].n_counted);
        let caption = format!(
            "What the truth, the disturbances and several networks add; {n_visible} visible earthquakes on {} whole days",
            self.n_days
        );
        let mut table = Table::new(&caption, &headers);
        for of in self.runs.chunk_by(|a, b| a.training == b.training) {
            let recall = |rate: usize| {
                let of_runs = of.iter().map(|run| run.recall_at(rate));
                range(Spread::of(&of_runs.collect::<Vec<_>>()))
            };
            table = table.row([
                of[0].training.clone(),
                of[0].n_noise.to_string(),
                of.len().to_string(),
                recall(0),
                recall(1),
            ]);
        }
        table.noted(&format!(
            "Simulated data. Means over the seeds, in brackets the smallest and the largest; 0 where every threshold has more false alarms. STORED, not of this run: computed on {} by {}.",
            self.made, self.by
        ))
    }
}

impl OracleRuns {
    /// In a sentence for each other way of training: how its recall at one false alarm a day differs from the
    /// detector's. Ranges of three seeds and of two are apart by chance in one comparison of five.
    pub fn judgement(&self) -> String {
        let of = |training: &str| {
            let runs = self.runs.iter().filter(|run| run.training == training);
            Spread::of(&runs.map(|run| run.recall_at(0)).collect::<Vec<_>>())
        };
        if self.runs.is_empty() {
            return format!("No detector was trained without them yet: {}", self.by);
        }
        let own = of(AS_IS);
        let sentence = |training: &str| {
            let other = of(training);
            let apart = other.min > own.max || other.max < own.min;
            let seeds = match (other.n, apart) {
                (0 | 1, _) => "one run: the luck of its seed is not known",
                (_, true) => "more than the seeds differ among themselves",
                (_, false) => "no more than the seeds differ among themselves, so not shown",
            };
            // Without the sign of a zero that was rounded.
            let points = (1000.0 * (other.mean - own.mean)).round() / 10.0 + 0.0;
            format!(
                "{training}: {points:+.1} percent points of recall at one false alarm a day; {seeds}."
            )
        };
        [NOT_CLEANED, QUIET, TOGETHER].map(sentence).join("\n")
    }
}

fn range(spread: Spread) -> String {
    let [mean, min, max] = [spread.mean, spread.min, spread.max].map(|x| 100.0 * x);
    format!("{mean:.1} % ({min:.1} to {max:.1})")
}

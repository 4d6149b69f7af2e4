//! Days of record scanned by the honest networks, beside every earthquake that happened in them.

use chrono::TimeDelta;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::detection::{match_at, merge_params_at, scan_params};
use crate::catalog::Catalog;
use crate::data_centre;
use crate::detect::{
    self, Detections, DetectorPoint, Matches, MergeParams, Scan, Scanner, p_travel_time_s,
    signal_to_noise,
};
use crate::display::Table;
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::network::Classify;
use crate::products::{
    blocks, catalog, hold, leak_free_clusters, leak_free_ensemble, leak_free_network,
};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan, between_s};
use crate::travel::{LayeredModel, Phase};

/// Whole days of the validation time on which the threshold is chosen, spread over it.
pub const N_VALIDATION_DAYS: i64 = 12;

/// Whole days of the held-out time that are scanned, spread over it: each third of July. All of them would
/// be three times the computing for intervals half as wide.
pub const N_HELD_OUT_DAYS: i64 = 10;

/// Numbers of windows that are tried as the fewest of an event: an earthquake stays in sight for several
/// steps of the scan, and a false alarm often for one.
pub const FEWEST_WINDOWS: [usize; 4] = [1, 2, 3, 4];

/// Thresholds that are tried on them. They crowd at 1, where a network that saw one event window in four
/// puts nearly everything that is an event.
pub const FINE_THRESHOLDS: [f64; 17] = [
    0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998,
    0.9999,
];

/// Waves of an event are gone so long after its P wave.
const CODA_S: f64 = 30.0;

/// A window shows less of an event's waves than this, and nobody could know it.
const LEAST_AFTER_P_S: f64 = 2.0;

/// The signal-to-noise ratio from which on an analyst would see an earthquake: its largest amplitude is
/// twice what noise alone reaches in as many seconds, 3.6 times its root mean square in the median.
pub const VISIBLE_RATIO: f64 = 7.0;

/// [`N_VALIDATION_DAYS`] whole days of the validation time, or a quarter of it where that is less.
///
/// # Errors
/// As [`blocks`].
pub fn validation_days(study: &Study) -> Result<Vec<TimeSpan>> {
    let blocks = blocks(study)?;
    let time = TimeSpan {
        start: blocks.validation,
        end: blocks.test,
    };
    let n_days = (time.end - time.start).num_days();
    Ok(spread_days(&time, N_VALIDATION_DAYS.min(n_days / 4)))
}

/// [`N_HELD_OUT_DAYS`] whole days of the study's held-out time; all of it, where it is shorter than a day.
pub fn held_out_days(study: &Study) -> Vec<TimeSpan> {
    match (study.held_out.end - study.held_out.start).num_days() {
        0 => vec![study.held_out],
        _ => spread_days(&study.held_out, N_HELD_OUT_DAYS),
    }
}

/// `n` whole days (one at least, and no more than there are), evenly spread over a time that holds one.
fn spread_days(time: &TimeSpan, n: i64) -> Vec<TimeSpan> {
    let midnight = time
        .start
        .date_naive()
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    let first = match midnight < time.start {
        true => midnight + TimeDelta::days(1),
        false => midnight,
    };
    let n_days = (time.end - first).num_days().max(1);
    let n = n.clamp(1, n_days);
    let day = |i: i64| {
        let start = first + TimeDelta::days(i * n_days / n);
        TimeSpan {
            start,
            end: start + TimeDelta::days(1),
        }
    };
    (0..n).map(day).collect()
}

/// A scan of some days by the honest networks, and the events that it should find there.
#[derive(Debug, Clone)]
pub struct ScannedDays {
    pub scan: Scan,
    /// Every earthquake of the days, where the data are simulated; else the published ones.
    pub events: Catalog,
    /// Signal-to-noise ratio of each event, see [`signal_to_noise`]; none where it was not recorded.
    pub ratios: Vec<Option<f64>>,
    /// Cluster of each event, from 0, by its epicentre.
    pub clusters: Vec<usize>,
    /// P wave of each event at the station.
    pub arrivals: Vec<Time>,
    station: Point,
    study: Study,
}

impl ScannedDays {
    /// Scans `spans` with what `trained` gives, or reads the scan that was kept under `name`.
    ///
    /// # Errors
    /// Those of `trained`, and as [`Scanner::collect_scan`].
    pub fn of<N: Classify>(
        study: &Study,
        name: &str,
        trained: impl FnOnce(&Study) -> Result<N>,
        spans: &[TimeSpan],
    ) -> Result<Self> {
        let dir = study.derived_dir().join("scans").join(name);
        let _held = hold(&dir)?;
        let scan = match dir.join("scan.json").is_file() {
            true => Scan::read(&dir)?,
            false => {
                let scan = scan_spans(study, &trained(study)?, spans)?;
                scan.write(&dir)?;
                scan
            }
        };
        Self::from_scan(study, scan, spans)
    }

    /// A scan that was made otherwise, of the same spans.
    ///
    /// # Errors
    /// As [`truth`], [`catalog`] and [`signal_to_noise`].
    pub fn from_scan(study: &Study, scan: Scan, spans: &[TimeSpan]) -> Result<Self> {
        let all = match data_centre::is_simulated(study) {
            true => data_centre::truth(study),
            false => catalog(study)?,
        };
        let events = all.filter(|event| spans.iter().any(|s| s.contains(event.origin_time)));
        let client = data_centre::connect(study)?;
        let station = data_centre::station(study)?.position();
        let model = LayeredModel::central_us();
        let rate = study.window.sampling_rate_hz;
        let (mut ratios, mut arrivals) = (Vec::new(), Vec::new());
        for event in events.events() {
            let p_s = p_travel_time_s(&model, event, station);
            let depth_km = event.depth_km.unwrap_or(detect::USUAL_DEPTH_KM).max(0.0);
            let distance_km = event.epicentre().distance_km(station);
            let s_s = model.travel_time_s(Phase::S, depth_km, distance_km);
            let at = |travel_s| event.origin_time + time::seconds(travel_s);
            ratios.push(signal_to_noise(&client, rate, at(p_s), at(s_s))?);
            arrivals.push(at(p_s));
        }
        Ok(Self {
            clusters: leak_free_clusters(study)?.assign_all(&events),
            scan,
            events,
            ratios,
            arrivals,
            station,
            study: study.clone(),
        })
    }

    /// Whether an analyst would see the event, by its place in `events`: its ratio is [`VISIBLE_RATIO`] or more.
    pub fn is_visible(&self, event: usize) -> bool {
        self.ratios[event].is_some_and(|ratio| ratio >= VISIBLE_RATIO)
    }

    /// The detections where windows become events by `merge`.
    ///
    /// # Errors
    /// As [`Scan::merge`].
    pub fn detections(&self, merge: &MergeParams) -> Result<Detections> {
        self.scan.merge(merge)
    }

    /// Detections beside the events.
    ///
    /// # Errors
    /// As [`match_at`].
    pub fn judge(&self, detections: &Detections) -> Result<Matches> {
        match_at(detections, &self.events, self.station)
    }

    /// Precision, recall of the visible events, and false alarms at each of [`FINE_THRESHOLDS`], for events of
    /// `min_windows` windows or more.
    ///
    /// # Errors
    /// As [`detect::operating_curve`].
    pub fn curve(&self, min_windows: usize) -> Result<Vec<DetectorPoint>> {
        detect::operating_curve(
            &self.scan,
            &FINE_THRESHOLDS,
            |on| self.merge_at(on, min_windows),
            |found| self.judge(found),
            |event| self.is_visible(event),
        )
    }

    /// As [`merge_params_at`], with events of `min_windows` windows or more.
    pub fn merge_at(&self, on: f64, min_windows: usize) -> MergeParams {
        MergeParams {
            min_windows,
            ..merge_params_at(&self.study, on)
        }
    }

    /// How windows should become events, judged by these days: the threshold and one of [`FEWEST_WINDOWS`] with the
    /// largest F1. Ask it of validation days, never of those that judge. Where nothing finds anything it is the
    /// lowest threshold.
    ///
    /// # Errors
    /// As [`ScannedDays::curve`].
    pub fn best_merge(&self) -> Result<(MergeParams, DetectorPoint)> {
        let mut best: Option<(MergeParams, DetectorPoint)> = None;
        for min_windows in FEWEST_WINDOWS {
            let curve = self.curve(min_windows)?;
            let point = best_point(&curve).unwrap_or(curve[0]);
            let is_better = |(_, before): (_, DetectorPoint)| {
                f1(&point) > f1(&before) || f1(&before).is_nan() && f1(&point).is_finite()
            };
            if best.is_none_or(is_better) {
                best = Some((self.merge_at(point.threshold, min_windows), point));
            }
        }
        Ok(best.expect("there are numbers of windows to try"))
    }

    /// Of the detected events, those of which the detection names the cluster.
    pub fn n_cluster_right(&self, detections: &Detections, matches: &Matches) -> usize {
        let right = matches
            .found
            .iter()
            .filter(|found| detections.items[found.detection].class == self.clusters[found.event]);
        right.count()
    }

    /// What was missed of the visible events, and what each false alarm was, at most `n_rows` of each.
    pub fn mistakes(&self, detections: &Detections, matches: &Matches, n_rows: usize) -> Table {
        let headers = [
            "Mistake",
            "Time (UTC)",
            "Magnitude",
            "Distance (km)",
            "Signal to noise",
            "Probability",
            "What it was",
        ];
        let mut table = Table::new(
            "Visible events that were missed, and false alarms",
            &headers,
        );
        let missed: Vec<usize> = matches
            .missed
            .iter()
            .copied()
            .filter(|e| self.is_visible(*e))
            .collect();
        for &i in missed.iter().take(n_rows) {
            let event = &self.events.events()[i];
            let before = i
                .checked_sub(1)
                .map(|j| between_s(self.arrivals[j], self.arrivals[i]));
            table = table.row([
                "missed".to_string(),
                clock(self.arrivals[i]),
                format!("{:.1}", event.magnitude),
                format!("{:.1}", event.epicentre().distance_km(self.station)),
                self.ratios[i].map_or("-".into(), |ratio| format!("{ratio:.0}")),
                format!("{:.4}", self.largest_near(self.arrivals[i])),
                match before {
                    Some(s) if s < 60.0 => format!("earthquake, {s:.0} s after another"),
                    _ => "earthquake".into(),
                },
            ]);
        }
        for &i in matches.false_alarms.iter().take(n_rows) {
            let alarm = &detections.items[i];
            let span = TimeSpan {
                start: alarm.start,
                end: alarm.end,
            };
            let kinds: Vec<String> = data_centre::nuisances(&self.study, &span)
                .iter()
                .map(|n| n.kind.to_string())
                .collect();
            table = table.row([
                "false alarm".to_string(),
                clock(alarm.time),
                "-".into(),
                "-".into(),
                "-".into(),
                format!("{:.4}", alarm.probability),
                match kinds.is_empty() {
                    true => "nothing but noise".into(),
                    false => kinds.join(", "),
                },
            ]);
        }
        table.noted(&format!(
            "{} visible events missed, {} false alarms.",
            missed.len(),
            matches.false_alarms.len()
        ))
    }

    /// The largest probability of an event among the windows that hold an instant.
    fn largest_near(&self, at: Time) -> f64 {
        let (scan, noise) = (&self.scan, self.scan.n_classes - 1);
        let holds = |i: &usize| (0.0..scan.window_s()).contains(&between_s(scan.starts[*i], at));
        let p_event = |i: usize| 1.0 - f64::from(scan.probabilities[i * scan.n_classes + noise]);
        (0..scan.len())
            .filter(holds)
            .map(p_event)
            .fold(0.0, f64::max)
    }

    /// The windows of the scan whose truth is plain, with `n_noise` windows of noise for each of an event
    /// (all, if there are fewer), drawn by the study's seed.
    ///
    /// Of an event are the windows in which its P wave comes at least 2 s before the end; of noise those
    /// into which no wave reaches, not even the coda of the 30 s after P. The others are left out.
    pub fn plain_windows(&self, n_noise: usize) -> PlainWindows {
        let scan = &self.scan;
        let noise = scan.n_classes - 1;
        let mut order: Vec<usize> = (0..self.arrivals.len()).collect();
        order.sort_by_key(|i| self.arrivals[*i]);
        let (mut of_events, mut of_noise) = (Vec::new(), Vec::new());
        for (i, start) in scan.starts.iter().enumerate() {
            // The first event whose coda is not over when the window begins.
            let next = order.partition_point(|e| between_s(self.arrivals[*e], *start) >= CODA_S);
            match order.get(next) {
                Some(e) => match between_s(*start, self.arrivals[*e]) {
                    s if s > scan.window_s() => of_noise.push((i, noise, None)),
                    s if (0.0..=scan.window_s() - LEAST_AFTER_P_S).contains(&s) => {
                        of_events.push((i, self.clusters[*e], Some(*e)));
                    }
                    _ => {}
                },
                None => of_noise.push((i, noise, None)),
            }
        }
        let base_rate = of_events.len() as f64 / (of_events.len() + of_noise.len()).max(1) as f64;
        of_noise.shuffle(&mut ChaCha8Rng::seed_from_u64(self.study.seed));
        of_noise.truncate(n_noise * of_events.len());
        let chosen: Vec<(usize, usize, Option<usize>)> =
            of_events.into_iter().chain(of_noise).collect();
        let row = |i: usize| &scan.probabilities[i * scan.n_classes..(i + 1) * scan.n_classes];
        PlainWindows {
            n_classes: scan.n_classes,
            probabilities: chosen.iter().flat_map(|c| row(c.0)).copied().collect(),
            classes: chosen.iter().map(|c| c.1).collect(),
            events: chosen.iter().map(|c| c.2).collect(),
            base_rate,
        }
    }
}

/// Windows of a scan with their true classes.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainWindows {
    pub n_classes: usize,
    /// `(n_windows, n_classes)`, row by row.
    pub probabilities: Vec<f32>,
    pub classes: Vec<usize>,
    /// The event of each window, by its place in [`ScannedDays::events`].
    pub events: Vec<Option<usize>>,
    /// Share of event windows among all plain windows of the scan, before any were drawn.
    pub base_rate: f64,
}

impl PlainWindows {
    /// Whether each window is of an event.
    pub fn truth(&self) -> Vec<bool> {
        self.classes
            .iter()
            .map(|class| class + 1 < self.n_classes)
            .collect()
    }
}

fn clock(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The scan of [`validation_days`] by the [`leak_free_ensemble`], on which the threshold is chosen.
///
/// # Errors
/// As [`leak_free_ensemble`] and [`ScannedDays::of`].
pub fn validation_scan(study: &Study) -> Result<ScannedDays> {
    let days = validation_days(study)?;
    ScannedDays::of(study, "validation", leak_free_ensemble, &days)
}

/// The scan of [`validation_days`] by the [`leak_free_network`] alone.
///
/// # Errors
/// As [`leak_free_network`] and [`ScannedDays::of`].
pub fn validation_scan_alone(study: &Study) -> Result<ScannedDays> {
    let days = validation_days(study)?;
    ScannedDays::of(study, "validation-alone", leak_free_network, &days)
}

/// The scan of [`held_out_days`] by the [`leak_free_ensemble`], which is looked at once.
///
/// # Errors
/// As [`leak_free_ensemble`] and [`ScannedDays::of`].
pub fn held_out_scan(study: &Study) -> Result<ScannedDays> {
    let days = held_out_days(study);
    ScannedDays::of(study, "held-out", leak_free_ensemble, &days)
}

/// The threshold with the largest F1 of a curve, the harmonic mean of precision and recall; the
/// strictest among equals.
///
/// # Errors
/// [`crate::Error::Evaluate`] where no point has both scores.
pub fn best_point(curve: &[DetectorPoint]) -> Result<DetectorPoint> {
    let defined = curve.iter().filter(|p| f1(p).is_finite());
    let by_f1 = |a: &&DetectorPoint, b: &&DetectorPoint| {
        f1(a)
            .total_cmp(&f1(b))
            .then(a.threshold.total_cmp(&b.threshold))
    };
    defined.max_by(by_f1).copied().ok_or_else(nothing_found)
}

fn f1(p: &DetectorPoint) -> f64 {
    let (precision, recall) = (p.precision.value, p.recall.value);
    2.0 * precision * recall / (precision + recall)
}

fn nothing_found() -> crate::Error {
    fail!(
        Evaluate,
        "curve",
        "no threshold finds anything",
        "Try lower thresholds, or days that hold events"
    )
}

/// A network's scan of several spans of the study's station, in time order.
///
/// # Errors
/// As [`Scanner::collect_scan`].
pub fn scan_spans(study: &Study, network: &dyn Classify, spans: &[TimeSpan]) -> Result<Scan> {
    let client = data_centre::connect(study)?;
    let rate = study.window.sampling_rate_hz;
    let mut whole: Option<Scan> = None;
    for span in spans {
        let params = scan_params(study);
        let scan = Scanner::new(network, &client, span, rate, &params)?.collect_scan()?;
        match &mut whole {
            Some(whole) => whole.append(scan),
            None => whole = Some(scan),
        }
    }
    whole.ok_or_else(|| fail!(Detect, "spans", "there is none", "Give one or more spans"))
}

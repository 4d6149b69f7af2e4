//! Days of record scanned by a network, beside every earthquake that happened in them.

use chrono::TimeDelta;

use super::detector::{merge_params_at, scan_params};
use crate::data_centre;
use crate::detect::{Detections, Matches, MergeParams, ReferenceEvents, Scan, Scanner, THRESHOLDS};
use crate::error::{Result, fail};
use crate::evaluate::OperatingPoint;
use crate::geo::Point;
use crate::network::Classify;
use crate::products::{
    blocks, catalog, kept_as, leak_free_clusters, leak_free_ensemble, leak_free_network,
};
use crate::study::Study;
use crate::time::TimeSpan;

/// Whole days of the held-out time that are scanned, spread over it: each third of July. All of them would
/// be three times the computing for intervals half as wide.
pub const N_HELD_OUT_DAYS: i64 = 10;

/// The signal-to-noise ratio from which on an analyst would see an earthquake: its largest amplitude is
/// twice what noise alone reaches in as many seconds, 3.6 times its root mean square in the median.
pub const VISIBLE_RATIO: f64 = 7.0;

/// The study's number of whole days of the validation time, or a quarter of it where that is less.
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
    let n_most = study.method.n_validation_days as i64;
    Ok(spread_days(&time, n_most.min(n_days / 4)))
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

/// A scan of some days by one network or several, and the events that it should find there.
#[derive(Debug, Clone)]
pub struct ScannedDays {
    pub scan: Scan,
    /// Every earthquake of the days, where the data are simulated; else the published ones. Those at
    /// least [`VISIBLE_RATIO`] above the noise must be found.
    pub reference: ReferenceEvents,
    /// Cluster of each event, from 0, by its epicentre.
    pub clusters: Vec<usize>,
    pub(super) station: Point,
    pub(super) study: Study,
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
        let scan = kept_as(
            &study.derived_dir().join("scans").join(name),
            |dir| Scan::read(dir),
            |scan, dir| scan.write(dir),
            || scan_spans(study, &trained(study)?, spans),
        )?;
        Self::from_scan(study, scan, spans)
    }

    /// A scan that was made otherwise, of the same spans.
    ///
    /// # Errors
    /// As [`catalog`] and [`ReferenceEvents::above_noise`].
    pub fn from_scan(study: &Study, scan: Scan, spans: &[TimeSpan]) -> Result<Self> {
        let all = match data_centre::is_simulated(study) {
            true => data_centre::truth(study),
            false => catalog(study)?,
        };
        let events = all.filter(|event| spans.iter().any(|s| s.contains(event.origin_time)));
        let client = data_centre::connect(study)?;
        let station = data_centre::station(study)?.position();
        Ok(Self {
            clusters: leak_free_clusters(study)?.assign_all(&events),
            reference: ReferenceEvents::above_noise(
                &events,
                station,
                &study.velocity_model,
                &client,
                study.window.sampling_rate_hz,
                VISIBLE_RATIO,
            )?,
            scan,
            station,
            study: study.clone(),
        })
    }

    /// The detections where windows become events by `merge`.
    ///
    /// # Errors
    /// As [`Scan::merge`].
    pub fn detections(&self, merge: &MergeParams) -> Result<Detections> {
        self.scan.merge(merge)
    }

    /// What each of [`THRESHOLDS`] does, for events of `min_windows` windows or more.
    ///
    /// # Errors
    /// As [`Scan::merge`].
    pub fn curve(&self, min_windows: usize) -> Result<Vec<OperatingPoint>> {
        self.reference.curve(&THRESHOLDS, |on| {
            self.detections(&MergeParams {
                min_windows,
                ..merge_params_at(&self.study, on)
            })
        })
    }

    /// Of the detected events, those of which the detection names the cluster.
    pub fn n_cluster_right(&self, detections: &Detections, matches: &Matches) -> usize {
        let right = matches
            .found
            .iter()
            .filter(|found| detections.items[found.detection].class == self.clusters[found.event]);
        right.count()
    }
}

/// The scan of [`validation_days`] by the [`leak_free_network`], on which its threshold is chosen.
///
/// # Errors
/// As [`leak_free_network`] and [`ScannedDays::of`].
pub fn validation_scan(study: &Study) -> Result<ScannedDays> {
    let days = validation_days(study)?;
    ScannedDays::of(study, "validation-days", leak_free_network, &days)
}

/// The scan of [`validation_days`] by the [`leak_free_ensemble`], for comparison.
///
/// # Errors
/// As [`leak_free_ensemble`] and [`ScannedDays::of`].
pub fn validation_scan_by_ensemble(study: &Study) -> Result<ScannedDays> {
    let days = validation_days(study)?;
    let name = "validation-days-ensemble";
    ScannedDays::of(study, name, leak_free_ensemble, &days)
}

/// The scan of [`held_out_days`] by the [`leak_free_network`], which is looked at once.
///
/// # Errors
/// As [`leak_free_network`] and [`ScannedDays::of`].
pub fn held_out_scan(study: &Study) -> Result<ScannedDays> {
    let days = held_out_days(study);
    ScannedDays::of(study, "held-out-days", leak_free_network, &days)
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

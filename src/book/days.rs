//! Days of record scanned by a network, beside every earthquake that happened in them.

use super::leak_free_ensemble;
use crate::data_centre;
use crate::detect::{Detections, Matches, MergeParams, ReferenceEvents, Scan, THRESHOLDS};
use crate::error::Result;
use crate::evaluate::OperatingPoint;
use crate::geo::Point;
use crate::method::{self, merge_params};
use crate::network::Classify;
use crate::store::{self, Store, leak_free_clusters};
use crate::study::Study;
use crate::time::TimeSpan;

/// Whole days of the held-out time that are scanned, spread over it: each third of July. All of them would
/// be three times the computing for intervals half as wide.
pub const N_HELD_OUT_DAYS: i64 = 10;

/// The signal-to-noise ratio from which on an analyst would see an earthquake: its largest amplitude is
/// twice what noise alone reaches in as many seconds, 3.6 times its root mean square in the median.
pub const VISIBLE_RATIO: f64 = 7.0;

/// The days on which the detector's threshold is chosen: [`method::validation_days`].
///
/// # Errors
/// As [`store::time_blocks`].
pub fn validation_days(study: &Study) -> Result<Vec<TimeSpan>> {
    Ok(method::validation_days(study, &store::time_blocks(study)?))
}

/// [`N_HELD_OUT_DAYS`] whole days of the study's held-out time; all of it, where it is shorter than a day.
pub fn held_out_days(study: &Study) -> Vec<TimeSpan> {
    match (study.held_out.end - study.held_out.start).num_days() {
        0 => vec![study.held_out],
        _ => method::spread_days(&study.held_out, N_HELD_OUT_DAYS),
    }
}

/// A scan of some days, and the events that it should find there.
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
    /// Those of `trained`, and as [`method::scan_spans`].
    pub fn of<N: Classify>(
        study: &Study,
        name: &str,
        trained: impl FnOnce(&Study) -> Result<N>,
        spans: &[TimeSpan],
    ) -> Result<Self> {
        let scan = Store::of(study).get_or_make(&format!("scan-{name}"), || {
            let client = data_centre::connect(study)?;
            method::scan_spans(&trained(study)?, &client, study, spans)
        })?;
        Self::from_scan(study, scan, spans)
    }

    /// A scan that was made otherwise, of the same spans.
    ///
    /// # Errors
    /// As [`store::catalog`] and [`ReferenceEvents::above_noise`].
    pub fn from_scan(study: &Study, scan: Scan, spans: &[TimeSpan]) -> Result<Self> {
        let all = match data_centre::is_simulated(study) {
            true => data_centre::truth(study),
            false => store::catalog(study)?,
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
                ..merge_params(&self.study, on)
            })
        })
    }

    /// The detected events whose cluster the detection names.
    pub fn n_cluster_right(&self, detections: &Detections, matches: &Matches) -> usize {
        let right = matches
            .found
            .iter()
            .filter(|found| detections.items[found.detection].class == self.clusters[found.event]);
        right.count()
    }
}

/// The scan of [`validation_days`] by the detector, on which its threshold was chosen.
///
/// # Errors
/// As [`store::detector`] and [`ScannedDays::from_scan`].
pub fn validation_scan(study: &Study) -> Result<ScannedDays> {
    store::detector(study)?;
    let scan = method::validation_scan(&store::detector_dir(study))?;
    ScannedDays::from_scan(study, scan, &validation_days(study)?)
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

/// The scan of [`held_out_days`] by the detector. How often the days were scored: [`super::month_scores`].
///
/// # Errors
/// As [`store::detector`] and [`ScannedDays::of`].
pub fn held_out_scan(study: &Study) -> Result<ScannedDays> {
    let network = |study: &Study| Ok(store::detector(study)?.network);
    ScannedDays::of(study, "held-out-days", network, &held_out_days(study))
}

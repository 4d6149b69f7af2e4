//! The hours that the paper scans, and what is known of them: chapter 5.

use crate::catalog::{Catalog, Event};
use crate::classroom::Nuisance;
use crate::data_centre;
use crate::detect::{Detection, Detections, Matches, ReferenceEvents, Scan, p_travel_time_s};
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::OperatingPoint;
use crate::geo::Point;
use crate::plot::{self, Figure, Shown};
use crate::store;
use crate::study::Study;
use crate::time::{self, Time, TimeSpan, between_s, iso};
use crate::travel::LayeredModel;
use crate::waveform::Record3C;

/// A window still holds waves of an earthquake whose P wave came so long before its start.
const WAVES_S: f64 = 20.0;
/// A published event within this time of a true one is that one.
const SAME_S: f64 = 3.0;
/// What a page of detections shows of each, before and after its middle.
const SHOWN_S: f64 = 10.0;

/// The study's scanned hours: events that were published, and in the simulation those that happened.
#[derive(Debug, Clone)]
pub struct Hours {
    pub span: TimeSpan,
    /// Of all times; [`Hours::during`] has those of the hours.
    pub published: Catalog,
    /// Empty for real data.
    pub truth: Catalog,
    /// What else shook the ground; none for real data.
    pub nuisances: Vec<Nuisance>,
    station: Point,
    model: LayeredModel,
}

impl Hours {
    /// # Errors
    /// As [`store::catalog`] and [`data_centre::station`].
    pub fn of(study: &Study) -> Result<Self> {
        let span = study.scanned();
        Ok(Self {
            span,
            published: store::catalog(study)?,
            truth: data_centre::truth(study),
            nuisances: data_centre::nuisances(study, &span),
            station: data_centre::station(study)?.position(),
            model: study.velocity_model.clone(),
        })
    }

    /// The events of a catalog in these hours.
    pub fn during(&self, catalog: &Catalog) -> Catalog {
        catalog.during(&self.span)
    }

    /// When the event's P wave comes to the station, by the layered model.
    pub fn p(&self, event: &Event) -> Time {
        event.origin_time + time::seconds(p_travel_time_s(&self.model, event, self.station))
    }

    /// P waves of a catalog's events.
    pub fn arrivals(&self, catalog: &Catalog) -> Vec<Time> {
        catalog.events().iter().map(|event| self.p(event)).collect()
    }

    /// Detections beside a catalog.
    pub fn beside(&self, catalog: &Catalog, detections: &Detections) -> Matches {
        ReferenceEvents::new(catalog, self.station, &self.model).match_(detections)
    }

    /// For each window of a scan whether it holds waves of a true earthquake: P arrives in it, or came in the 20 s before.
    pub fn with_waves(&self, scan: &Scan) -> Vec<bool> {
        let arrivals = self.arrivals(&self.truth);
        let holds = |start: &Time| {
            let is_near = |p: &Time| (-WAVES_S..scan.window_s()).contains(&between_s(*start, *p));
            arrivals.iter().any(is_near)
        };
        scan.starts.iter().map(holds).collect()
    }

    /// For each published event of the hours the window of an end-to-end scan with its P wave, by its place: the scan
    /// may have seen the event there or in the next one. `None` where no window holds it.
    pub fn windows_with_p(&self, scan: &Scan) -> Vec<(Event, Option<usize>)> {
        let window = |event: &Event| {
            let p = self.p(event);
            let holds = |start: &Time| (0.0..scan.window_s()).contains(&between_s(*start, p));
            (event.clone(), scan.starts.iter().position(holds))
        };
        self.during(&self.published)
            .events()
            .iter()
            .map(window)
            .collect()
    }

    /// What an end-to-end scan says of each published event, in the window with its P wave and in the next one.
    ///
    /// # Errors
    /// As [`Scan::classes`].
    pub fn fates(&self, scan: &Scan) -> Result<Table> {
        let classes = scan.classes()?;
        let said = |i: usize| match classes.get(i) {
            Some(class) if class + 1 == scan.n_classes => "noise".to_string(),
            Some(class) => format!("class {}", class + 1),
            None => "-".to_string(),
        };
        let headers = [
            "Origin time (UTC)",
            "Magnitude",
            "P after origin (s)",
            "Window with P",
            "Next window",
        ];
        let mut table = Table::new("What the scan says of the published events", &headers);
        for (event, at) in self.windows_with_p(scan) {
            let travel_s = between_s(event.origin_time, self.p(&event));
            let [first, next] = match at {
                Some(at) => [said(at), said(at + 1)],
                None => ["not scanned".to_string(), "-".to_string()],
            };
            table = table.row([
                clock(event.origin_time),
                format!("{:.1}", event.magnitude),
                format!("{travel_s:.2}"),
                first,
                next,
            ]);
        }
        Ok(table.noted(self.data()))
    }

    /// Each true earthquake of the hours: was it published, was it detected?
    pub fn earthquakes(&self, detections: &Detections) -> Table {
        let headers = [
            "Origin time (UTC)",
            "Magnitude",
            "Distance (km)",
            "Published",
            "Detected",
        ];
        let matches = self.beside(&self.truth, detections);
        let mut table = Table::new("Each earthquake of the hours", &headers);
        for event in self.during(&self.truth).events() {
            let place = self.truth.events().iter().position(|e| e.id == event.id);
            let is_found = matches.found.iter().any(|found| Some(found.event) == place);
            let yes = |is: bool| if is { "yes" } else { "no" }.to_string();
            table = table.row([
                clock(event.origin_time),
                format!("{:.2}", event.magnitude),
                format!("{:.1}", event.epicentre().distance_km(self.station)),
                yes(self.is_published(event)),
                yes(is_found),
            ]);
        }
        table
            .noted("Distance: of the epicentre from the station.")
            .noted(self.data())
    }

    fn is_published(&self, event: &Event) -> bool {
        let near = |e: &Event| between_s(event.origin_time, e.origin_time).abs() < SAME_S;
        self.published.events().iter().any(near)
    }

    /// What each detection was: an earthquake, a nuisance, or unknown.
    pub fn verdicts(&self, detections: &Detections) -> Vec<String> {
        let of_truth = self.beside(&self.truth, detections).found;
        let of_published = self.beside(&self.published, detections).found;
        let verdict = |(i, detection): (usize, &Detection)| {
            let is_published = of_published.iter().any(|found| found.detection == i);
            match of_truth.iter().find(|found| found.detection == i) {
                Some(found) => {
                    let event = &self.truth.events()[found.event];
                    let not = if self.is_published(event) { "" } else { "not " };
                    format!("earthquake of M {:.1}, {not}published", event.magnitude)
                }
                None if is_published => "published event".into(),
                None => {
                    let during = |n: &&Nuisance| {
                        let end = n.start + time::seconds(n.duration_s);
                        detection.start < end && detection.end > n.start
                    };
                    let nuisance = self.nuisances.iter().find(during);
                    nuisance.map_or("unknown".to_string(), |n| n.kind.to_string())
                }
            }
        };
        detections.items.iter().enumerate().map(verdict).collect()
    }

    /// Each detection with its verdict.
    pub fn verdict_table(&self, detections: &Detections) -> Table {
        let mut table = detections.table();
        table.caption = "Each detection, and what it was".into();
        table.headers.push("What it was".into());
        for (row, verdict) in table.rows.iter_mut().zip(self.verdicts(detections)) {
            row.push(verdict);
        }
        table.noted("Unknown: during no earthquake and no nuisance.")
    }

    /// Every detection on a page: its three components, P where an earthquake is known, its probability and its verdict.
    /// Figure 12 of the paper. Without a detection the record's beginning is shown, and says so.
    ///
    /// # Errors
    /// As [`plot::records`].
    pub fn gallery(&self, record: &Record3C, detections: &Detections) -> Result<Figure> {
        let arrivals = [&self.truth, &self.published].map(|catalog| self.arrivals(catalog));
        let verdicts = self.verdicts(detections);
        let mut shown: Vec<Shown> = Vec::new();
        for (detection, verdict) in detections.items.iter().zip(verdicts) {
            let n_samples = (2.0 * SHOWN_S * record.sampling_rate_hz) as usize;
            let start = detection.time - time::seconds(SHOWN_S);
            let Ok(part) = record.window(start.max(record.start), n_samples) else {
                continue;
            };
            let is_shown = |p: &&Time| part.start <= **p && **p < part.end();
            let p = arrivals.iter().flatten().find(is_shown).copied();
            let title = format!(
                "{} p {:.2}: {verdict}",
                detection.time.format("%H:%M:%S"),
                detection.probability
            );
            shown.push((title, part, p));
        }
        if shown.is_empty() {
            let n_samples = (2.0 * SHOWN_S * record.sampling_rate_hz) as usize;
            let first = record.slice(0..n_samples.min(record.n_samples()))?;
            shown.push(("no detection; the record's beginning".into(), first, None));
        }
        plot::records(&shown)
    }

    /// Found, missed and false, beside the published catalog and beside the truth.
    ///
    /// # Errors
    /// As [`Matches::false_alarm_rate`].
    pub fn judged(&self, detectors: &[(&str, &Detections)]) -> Result<Table> {
        let headers = [
            "Detector",
            "Beside",
            "Found",
            "Missed",
            "False alarms",
            "Recall",
        ];
        let mut table = Table::new("Detections beside two catalogs", &headers);
        for (name, detections) in detectors {
            let catalogs = [("published", &self.published), ("truth", &self.truth)];
            for (beside, catalog) in catalogs {
                let matches = self.beside(catalog, detections);
                table = table.row([
                    name.to_string(),
                    beside.to_string(),
                    matches.found.len().to_string(),
                    matches.missed.len().to_string(),
                    matches.false_alarms.len().to_string(),
                    matches.recall().to_string(),
                ]);
            }
        }
        Ok(table.noted("Brackets: 95 % intervals.").noted(self.data()))
    }

    /// What else shook the ground, and how many detections lie in it.
    pub fn nuisance_table(&self, detections: &Detections) -> Table {
        let headers = [
            "Kind",
            "From (UTC)",
            "Lasts (s)",
            "Peak (µm/s)",
            "Detections",
        ];
        let mut table = Table::new("What else shook the ground", &headers);
        let verdicts = self.verdicts(detections);
        for nuisance in &self.nuisances {
            let end = nuisance.start + time::seconds(nuisance.duration_s);
            let kind = nuisance.kind.to_string();
            let is_of = |(d, verdict): &(&Detection, &String)| {
                d.start < end && d.end > nuisance.start && **verdict == kind
            };
            let n = detections.items.iter().zip(&verdicts).filter(is_of).count();
            table = table.row([
                kind.clone(),
                clock(nuisance.start),
                format!("{:.1}", nuisance.duration_s),
                format!("{:.2}", nuisance.peak_m_s * 1e6),
                n.to_string(),
            ]);
        }
        table.noted(self.data())
    }

    fn data(&self) -> &'static str {
        if self.truth.simulated {
            "Simulated data."
        } else {
            ""
        }
    }
}

/// Thresholds with what they find and cost.
///
/// # Errors
/// As [`OperatingPoint::false_alarms`].
pub fn threshold_table(points: &[OperatingPoint]) -> Result<Table> {
    let headers = ["Threshold", "Detections without an event", "Events found"];
    let mut table = Table::new("What each threshold finds and costs", &headers);
    for point in points {
        let rate = point.false_alarms()?;
        table = table.row([
            point.threshold.to_string(),
            rate.to_string(),
            point.recall().to_string(),
        ]);
    }
    Ok(table.noted("Brackets: 95 % intervals, Garwood's for the rate and Wilson's for the share."))
}

/// `2014-02-16 08:27:55.4`.
fn clock(at: Time) -> String {
    iso(at)[..21].replace('T', " ")
}

//! Cutting windows: one out of a record, and one for each event of a catalog.

use super::{Origin, Reason, Rejection, RejectionLog, Window, Windows, rejections};
use crate::catalog::{Catalog, Event};
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::study::Study;
use crate::time::{self, Time};
use crate::travel::{LayeredModel, Phase};
use crate::waveform::quality::{Judge, Verdict};
use crate::waveform::{Record3C, WaveformSource};

/// Where the window of an event begins.
#[derive(Debug, Clone, PartialEq)]
pub enum StartRule {
    /// At the origin time, as in the paper: the P wave is anywhere in it.
    Origin,
    /// `before_s` before the catalog's time: for triggers and picks, which are the P wave's own.
    CatalogTime { before_s: f64 },
    /// After the time that a wave of `km_s` takes from the epicentre: ConvNetQuake's rule, with 5
    /// km/s (Perol et al. 2018, Materials and Methods).
    Distance { station: Point, km_s: f64 },
    /// `before_s` before the first P wave of a layered model arrives. The catalog must have depths.
    PArrival {
        station: Point,
        model: LayeredModel,
        before_s: f64,
    },
}

/// What windows are to be alike in: station, rate, length, and the classes that they may have.
///
/// ```
/// use quakebook::study::Study;
/// use quakebook::window::CutParams;
/// let params = CutParams::of(&Study::oklahoma());
/// assert_eq!((params.n_samples, params.n_clusters), (1000, 3));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CutParams {
    /// `GS.OK029.00`, until a record says so itself.
    pub station: String,
    pub sampling_rate_hz: f64,
    /// Samples of one component of a window.
    pub n_samples: usize,
    /// Classes of events; noise is the class after them.
    pub n_clusters: usize,
    /// Consecutive windows of noise between two events.
    pub n_noise_per_gap: usize,
}

impl CutParams {
    /// Those of a study.
    pub fn of(study: &Study) -> Self {
        let choice = &study.station;
        Self {
            station: format!("{}.{}.{}", choice.network, choice.station, choice.location),
            sampling_rate_hz: study.window.sampling_rate_hz,
            n_samples: study.window.n_samples,
            n_clusters: study.cluster.k,
            n_noise_per_gap: study.window.n_noise_per_gap,
        }
    }
}

/// Samples of three components, `(3, n_samples)`, from the sample nearest to `start`.
///
/// # Errors
/// [`crate::Error::Window`] where the window reaches beyond the record, holds a gap, or a component
/// is dead or stuck ([`crate::waveform::quality`]). A clipped window is cut.
pub fn cut(record: &Record3C, start: Time, n_samples: usize) -> Result<Vec<f32>> {
    record
        .window(start, n_samples)
        .map_err(|_| Reason::BeyondRecord)
        .and_then(|window| Ok(samples_of(&window)?.0))
        .map_err(|reason| {
            fail!(
                Window,
                format!(
                    "{}, {n_samples} samples from {}",
                    record.station,
                    time::iso(start)
                ),
                reason,
                "Choose another time, or leave this window out"
            )
        })
}

/// All samples of a record as one window, and whether a component is clipped.
fn samples_of(record: &Record3C) -> std::result::Result<(Vec<f32>, bool), Reason> {
    let n = record.n_samples();
    match Judge::new(record).window(0..n) {
        Verdict::Sound => Ok((record.data.concat(), false)),
        Verdict::Clipped => Ok((record.data.concat(), true)),
        Verdict::Missing(_) => {
            let gaps = record.gaps();
            let n_missing = gaps.iter().map(std::iter::ExactSizeIterator::len).sum();
            Err(match n_missing {
                all if all == n => Reason::NoData,
                n_missing => Reason::Gap { n_missing },
            })
        }
        Verdict::Dead => Err(Reason::Dead),
        Verdict::Stuck => Err(Reason::Stuck),
    }
}

/// A window for each event of the catalog; `labels` are the clusters of its events, in its order.
/// `progress` is told how many of how many are done: pass `&mut silent` or `&mut print_progress`.
///
/// # Errors
/// [`crate::Error::Window`] where the catalog is empty, the labels are not one for each event and
/// below the number of clusters, or the source failed for every single window.
pub fn event_windows(
    source: &dyn WaveformSource,
    catalog: &Catalog,
    labels: &[usize],
    rule: &StartRule,
    params: &CutParams,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Windows> {
    let k = params.n_clusters;
    if labels.len() != catalog.len() || labels.iter().any(|label| *label >= k) {
        return Err(fail!(
            Window,
            "labels",
            format!(
                "{} labels, the largest {:?}, for {} events in {k} clusters",
                labels.len(),
                labels.iter().max(),
                catalog.len()
            ),
            "Cluster this very catalog with as many clusters"
        ));
    }
    let mut collector = Collector::new(params, catalog.simulated);
    for (i, (event, &class)) in catalog.events().iter().zip(labels).enumerate() {
        let id = event.id.clone();
        let origin = Origin::Event { id };
        match start_of(event, rule) {
            Ok(start) => collector.ask(source, start, 1, class, &origin),
            Err(reason) => collector.miss(&origin, event.origin_time, reason),
        }
        progress(i + 1, catalog.len());
    }
    collector.finish()
}

/// Where the window of an event begins, or why the rule cannot tell.
fn start_of(event: &Event, rule: &StartRule) -> std::result::Result<Time, Reason> {
    let needs_place = matches!(
        rule,
        StartRule::Distance { .. } | StartRule::PArrival { .. }
    );
    if needs_place && !event.has_place() {
        return Err(Reason::NoPlace);
    }
    let delay_s = match rule {
        StartRule::Origin => 0.0,
        StartRule::CatalogTime { before_s } => -before_s,
        StartRule::Distance { station, km_s } => event.epicentre().distance_km(*station) / km_s,
        StartRule::PArrival {
            station,
            model,
            before_s,
        } => {
            // A depth above sea level, as a few catalogs have, is the surface.
            let depth_km = event.depth_km.ok_or(Reason::NoDepth)?.max(0.0);
            let distance_km = event.epicentre().distance_km(*station);
            model.travel_time_s(Phase::P, depth_km, distance_km) - before_s
        }
    };
    Ok(event.origin_time + time::seconds(delay_s))
}

/// No progress shown.
pub fn silent(_n_done: usize, _n: usize) {}

/// A line for each tenth.
pub fn print_progress(n_done: usize, n: usize) {
    if n_done == n || n_done.is_multiple_of(n.div_ceil(10)) {
        println!("{n_done} of {n} windows");
    }
}

/// Asks a source for windows and keeps the log of rejections.
pub(super) struct Collector {
    windows: Windows,
}

impl Collector {
    pub fn new(params: &CutParams, simulated: bool) -> Self {
        Self {
            windows: Windows {
                station: params.station.clone(),
                channels: Default::default(),
                sampling_rate_hz: params.sampling_rate_hz,
                n_samples: params.n_samples,
                n_classes: params.n_clusters + 1,
                normalisation: None,
                simulated,
                windows: Vec::new(),
                rejections: RejectionLog::default(),
            },
        }
    }

    /// Asks for `n` consecutive windows from `start`.
    pub fn ask(
        &mut self,
        source: &dyn WaveformSource,
        start: Time,
        n: usize,
        class: usize,
        origin: &Origin,
    ) {
        let n_samples = self.windows.n_samples;
        let record = source
            .record(start, n * n_samples)
            .map_err(|error| Reason::of(&error))
            .and_then(|record| self.same_kind(record));
        for i in 0..n {
            let nominal = time::of_sample(start, i * n_samples, self.windows.sampling_rate_hz);
            let cut = record.as_ref().map_err(Clone::clone).and_then(|record| {
                let window = record
                    .slice(i * n_samples..(i + 1) * n_samples)
                    .map_err(|_| Reason::BeyondRecord)?;
                Ok((window.start, samples_of(&window)?))
            });
            match cut {
                Ok((start, (samples, is_clipped))) => {
                    self.windows.rejections.n_requested += 1;
                    self.windows.rejections.n_clipped += usize::from(is_clipped);
                    self.windows.windows.push(Window {
                        start,
                        samples,
                        class,
                        origin: origin.clone(),
                    });
                }
                Err(reason) => self.miss(origin, nominal, reason),
            }
        }
    }

    /// Enters into the log a window that was wanted.
    pub fn miss(&mut self, origin: &Origin, start: Time, reason: Reason) {
        self.windows.rejections.n_requested += 1;
        self.windows.rejections.items.push(Rejection {
            what: rejections::name(origin),
            start,
            reason,
        });
    }

    /// Windows of one set have one rate and one set of channels: that asked for, and those of
    /// the first.
    fn same_kind(&mut self, record: Record3C) -> std::result::Result<Record3C, Reason> {
        let windows = &mut self.windows;
        let rate = record.sampling_rate_hz;
        let first = windows.windows.is_empty();
        if rate != windows.sampling_rate_hz || !(first || record.channels == windows.channels) {
            let kind = |channels: &[String; 3], hz: f64| format!("{channels:?} at {hz} Hz");
            let wanted = windows.sampling_rate_hz;
            return Err(Reason::Mismatch {
                // Before the first window any channels will do.
                expected: match first {
                    true => format!("{wanted} Hz"),
                    false => kind(&windows.channels, wanted),
                },
                found: kind(&record.channels, rate),
            });
        }
        windows.channels = record.channels.clone();
        windows.station = record.station.clone();
        windows.simulated |= record.simulated;
        Ok(record)
    }

    pub fn finish(self) -> Result<Windows> {
        let log = &self.windows.rejections;
        let failed = |rejection: &Rejection| rejection.reason.is_failure();
        if log.n_requested == 0 {
            return Err(fail!(
                Window,
                self.windows.station,
                "no window to ask for: the catalog has too few events",
                "Choose a larger region or time span"
            ));
        }
        if log.items.len() == log.n_requested && log.items.iter().all(failed) {
            let first = &log.items[0];
            return Err(fail!(
                Window,
                format!("{}, {} and all others", self.windows.station, first.what),
                first.reason,
                match first.reason {
                    Reason::Mismatch { .. } =>
                        "Give the study the records' rate (window.sampling_rate_hz), or records of its rate",
                    _ => "Check the source: not one of the windows could be read",
                }
            ));
        }
        Ok(self.windows)
    }
}

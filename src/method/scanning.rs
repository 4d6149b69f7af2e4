//! What a detector does with records: it scans them as it was taught.

use std::collections::BTreeMap;
use std::path::Path;

use super::extent::Extent;
use super::prepared::{Prepared, prepared};
use super::smoothing::{self, Smoothed, Windows};
use super::{Conditions, Detector};
use crate::detect::{
    self, Detections, LONGEST_EVENT_S, MergeParams, Merger, Scan, ScanParams, Scanner, Unscanned,
};
use crate::error::{Result, fail};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};
use crate::window::Reason;

/// What a scan gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    pub detections: Detections,
    /// Windows that were classified.
    pub n_windows: usize,
    /// Windows that could not be, by reason; [`AT_ENDS`] is one.
    pub unscanned: BTreeMap<String, usize>,
    /// What was met in the records, where they were made comparable.
    pub conditions: Conditions,
}

impl Scanned {
    /// Refuses the scan of records that were to be made comparable, if none of them could be.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] with the words of the first failure, or how long the record's pieces are.
    pub fn check(&self, span: &TimeSpan) -> Result<()> {
        let n_unscanned = self.unscanned.values().sum();
        self.conditions.check(self.n_windows, n_unscanned, span)
    }
}

/// Why windows are not scanned that reach beyond the record, or begin where the filter has not settled after its start.
pub const AT_ENDS: &str = "at the ends of the record";

/// The folder of the scan on which the threshold was chosen.
pub(super) const VALIDATION: &str = "validation";

impl Detector {
    /// How windows are taken from a record: the study's hop, the method's scale.
    pub fn scan_params(&self) -> ScanParams {
        scan_params(&self.study)
    }

    /// How windows become events, at the detector's threshold.
    pub fn merge_params(&self) -> MergeParams {
        merge_params(&self.study, self.threshold)
    }

    /// The probabilities of every window of a record.
    ///
    /// # Errors
    /// As [`detect::scan`].
    pub fn scan_record(&self, record: &Record3C) -> Result<Scan> {
        let record = prepared(record, &self.study)?;
        let scan = detect::scan(self, &record, &self.scan_params())?;
        let scan = of_cores(scan, &self.study);
        Ok(smoothing::alone(scan, self.study.method.smooth_s))
    }

    /// The events that it detects in a record.
    ///
    /// # Errors
    /// As [`detect::scan`].
    pub fn detect(&self, record: &Record3C) -> Result<Detections> {
        let mut merger = Merger::new(&self.merge_params())?;
        let scan = self.scan_record(record)?;
        merger.push_as(&scan, &self.event_probabilities(&scan)?);
        Ok(merger.finish())
    }

    /// Each window's probability of an event, as thresholds are compared with it.
    ///
    /// # Errors
    /// As [`Scan::event_probabilities`].
    pub fn event_probabilities(&self, scan: &Scan) -> Result<Vec<f64>> {
        match self.study.method.core_s {
            Some(_) => scan.fine_event_probabilities(),
            // As their thresholds were chosen.
            None => scan.event_probabilities(),
        }
    }

    /// Scans the windows that begin in `span`, an hour at a time, and gives the events that begin in it. Of windows
    /// that decide about a part of themselves, a core, it is the cores that begin.
    ///
    /// As far as windows and events need it, the time before and after the span is read too. Neighbouring spans
    /// give what both together give, bit for bit ([`Scanner::on_grid`]).
    ///
    /// # Errors
    /// As [`Scanner::on_grid`] and [`Merger::new`].
    pub fn scan(&self, source: &dyn WaveformSource, span: &TimeSpan) -> Result<Scanned> {
        let merge = MergeParams {
            longest_s: self.longest_event_s(),
            ..self.merge_params()
        };
        self.scan_merged(source, span, &merge)
    }

    /// The longest event of a scan: [`LONGEST_EVENT_S`], or ten windows where these are longer than those of local
    /// earthquakes.
    pub fn longest_event_s(&self) -> f64 {
        LONGEST_EVENT_S.max(LONGEST_WINDOWS * self.study.core_s())
    }

    /// [`Detector::scan`] where windows become events in another way.
    ///
    /// # Errors
    /// As [`Detector::scan`].
    pub fn scan_merged(
        &self,
        source: &dyn WaveformSource,
        span: &TimeSpan,
        merge: &MergeParams,
    ) -> Result<Scanned> {
        let scanned = self.scan_each(source, span, merge, &mut |_| Ok(()))?;
        scanned.check(span)?;
        Ok(scanned)
    }

    /// [`Detector::scan_merged`], and each piece of the scan is shown to `each`.
    ///
    /// # Errors
    /// As [`Detector::scan`], and those of `each`. Records of which nothing can be used are no error here: ask
    /// [`Scanned::check`].
    pub fn scan_each(
        &self,
        source: &dyn WaveformSource,
        span: &TimeSpan,
        merge: &MergeParams,
        each: &mut dyn FnMut(&Scan) -> Result<()>,
    ) -> Result<Scanned> {
        let extent = Extent::new(source);
        let source = Prepared::new(&extent, &self.study)?;
        let hop_s = self.study.scan.hop_samples as f64 / self.study.window.sampling_rate_hz;
        let mut merger = Merger::within(merge, span)?;
        for piece in self.pieces(&source, &Merger::context(merge, span, hop_s))? {
            let piece = piece?;
            merger.push_as(&piece, &self.event_probabilities(&piece)?);
        }
        let (mut n_windows, mut unscanned, mut in_gaps) = (0, BTreeMap::new(), Vec::new());
        for piece in self.pieces(&source, span)? {
            let piece = piece?;
            n_windows += piece.len();
            for skipped in &piece.unscanned {
                if matches!(skipped.reason, Reason::Gap { .. }) {
                    in_gaps.push(skipped.clone());
                    continue;
                }
                // Where the source failed its own words say which file.
                let reason = match skipped.reason.is_failure() {
                    true => skipped.reason.to_string(),
                    false => skipped.reason.kind().to_string(),
                };
                *unscanned.entry(reason).or_insert(0) += skipped.n_windows;
            }
            merger.push_as(&piece, &self.event_probabilities(&piece)?);
            each(&piece)?;
        }
        // Where the record begins and ends is known when all of it was read.
        let settling_s = source.settling_s();
        for window in in_gaps.iter().flat_map(|gap| self.windows_of(gap)) {
            let reason = match extent.ends_within(&window, settling_s) {
                true => AT_ENDS,
                false => GAP.kind(),
            };
            *unscanned.entry(reason.to_string()).or_insert(0) += 1;
        }
        let conditions = source.conditions(span);
        let mut until = span.end;
        while merger.is_open(until) {
            let start = until;
            until += time::seconds(merge.join_s + hop_s + self.study.core_s());
            for piece in self.pieces(&source, &TimeSpan { start, end: until })? {
                let piece = piece?;
                merger.push_as(&piece, &self.event_probabilities(&piece)?);
            }
        }
        Ok(Scanned {
            detections: merger.finish(),
            n_windows,
            unscanned,
            conditions,
        })
    }

    /// The time of each window that was not scanned, with what lies around its core.
    fn windows_of(&self, unscanned: &Unscanned) -> impl Iterator<Item = TimeSpan> {
        let hop_s = self.study.scan.hop_samples as f64 / self.study.window.sampling_rate_hz;
        let first = unscanned.start - time::seconds(self.study.method.lead_s);
        let length = time::seconds(self.study.window_s());
        (0..unscanned.n_windows).map(move |i| {
            let start = first + time::seconds(i as f64 * hop_s);
            let end = start + length;
            TimeSpan { start, end }
        })
    }

    /// The scan of the windows whose cores begin in a span, piece by piece.
    pub(super) fn pieces<'a>(
        &'a self,
        source: &'a dyn WaveformSource,
        cores: &TimeSpan,
    ) -> Result<impl Iterator<Item = Result<Scan>> + 'a> {
        let smooth_s = self.study.method.smooth_s;
        let within = smoothing::within(smooth_s);
        // Windows beside the span have a say in its first and last ones.
        let beside = |start: Time, end: Time| -> Result<Windows> {
            let mut windows = Windows::default();
            if start < end {
                for piece in self.as_they_are(source, &TimeSpan { start, end })? {
                    windows.append(Windows::of(&piece?, start, end));
                }
            }
            Ok(windows)
        };
        let before = beside(cores.start - within, cores.start)?;
        let after = beside(cores.end, cores.end + within)?;
        let pieces = self.as_they_are(source, cores)?;
        Ok(Smoothed::new(pieces, smooth_s, before, after))
    }

    /// The pieces, with each window's own probabilities.
    fn as_they_are<'a>(
        &'a self,
        source: &'a dyn WaveformSource,
        cores: &TimeSpan,
    ) -> Result<impl Iterator<Item = Result<Scan>> + 'a> {
        let lead = time::seconds(self.study.method.lead_s);
        let windows = TimeSpan {
            start: cores.start - lead,
            end: cores.end - lead,
        };
        let (params, rate_hz) = (self.scan_params(), self.study.window.sampling_rate_hz);
        let scanner = Scanner::on_grid(self, source, &windows, rate_hz, &params)?
            .needing(self.study.needed_samples());
        Ok(scanner.map(|piece| Ok(of_cores(piece?, &self.study))))
    }

    /// Every window's probabilities in several spans, in time order.
    ///
    /// # Errors
    /// As [`Detector::scan`], and where there is no span.
    pub fn scan_spans(&self, source: &dyn WaveformSource, spans: &[TimeSpan]) -> Result<Scan> {
        scan_spans(self, source, &self.study, spans)
    }
}

/// The scan in terms of the part of each window that is decided about.
fn of_cores(scan: Scan, study: &Study) -> Scan {
    let method = &study.method;
    match method.lead_s == 0.0 && method.core_s.is_none() {
        true => scan,
        false => scan.of_cores(method.lead_s, study.core_samples()),
    }
}

/// How windows are taken from a record: the study's hop, the method's scale.
pub fn scan_params(study: &Study) -> ScanParams {
    ScanParams {
        hop_samples: study.scan.hop_samples,
        normalisation: study.method.normalisation,
    }
}

const LONGEST_WINDOWS: f64 = 10.0;

/// Of any length.
const GAP: Reason = Reason::Gap { n_missing: 0 };

/// Windows at least `on` probable begin an event, which lasts while they are half as probable, and
/// windows that overlap are one event, however long it lasts.
///
/// Of windows that decide about a core, cores that overlap are one event. Near 1 half of a probability is next to
/// nothing, so there it lasts while an event has half the odds.
pub fn merge_params(study: &Study, on: f64) -> MergeParams {
    MergeParams {
        on,
        off: match study.method.core_s {
            Some(_) => on / (2.0 - on),
            None => on / 2.0,
        },
        join_s: study.core_s(),
        min_windows: 1,
        longest_s: f64::INFINITY,
    }
}

/// A network's scan of several spans of a source, in time order, treated as the study says.
///
/// # Errors
/// As [`Scanner::collect_scan`], and [`crate::Error::Detect`] where there is no span.
pub fn scan_spans(
    network: &dyn crate::network::Classify,
    source: &dyn WaveformSource,
    study: &Study,
    spans: &[TimeSpan],
) -> Result<Scan> {
    let source = Prepared::new(source, study)?;
    let rate = study.window.sampling_rate_hz;
    let mut whole: Option<Scan> = None;
    for span in spans {
        let params = scan_params(study);
        let scan = Scanner::new(network, &source, span, rate, &params)?.collect_scan()?;
        let scan = smoothing::alone(of_cores(scan, study), study.method.smooth_s);
        match &mut whole {
            Some(whole) => whole.append(scan),
            None => whole = Some(scan),
        }
    }
    whole.ok_or_else(|| fail!(Detect, "spans", "there is none", "Give one or more spans"))
}

/// The scan of the validation days on which the threshold in a run folder was chosen.
///
/// # Errors
/// As [`Scan::read`].
pub fn validation_scan(dir: &Path) -> Result<Scan> {
    Scan::read(dir.join(VALIDATION))
}

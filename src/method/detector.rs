//! A trained network with its threshold: what scans as it was taught.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::banded::{Banded, filtered};
use crate::atomic_file::{read_regular, write_whole};
use crate::detect::{
    self, Detections, LONGEST_EVENT_S, MergeParams, Merger, Scan, ScanParams, Scanner,
};
use crate::error::{Error, Result, fail};
use crate::evaluate::OperatingPoint;
use crate::network::{ConvNet, read_weights};
use crate::study::Study;
use crate::time::{self, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};

/// A network, its threshold, and the study that says how records are treated before it sees them.
#[derive(Debug)]
pub struct Detector {
    pub study: Study,
    pub network: ConvNet,
    /// A window at least so probable begins a detection.
    pub threshold: f64,
    /// What each threshold does on the validation days.
    pub curve: Vec<OperatingPoint>,
}

/// What a scan gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    pub detections: Detections,
    /// Windows that were classified.
    pub n_windows: usize,
    /// Windows that could not be, by reason.
    pub unscanned: BTreeMap<String, usize>,
    /// Of those, the ones that reach beyond the span's end: where the record ends with it, none is missing in it.
    pub n_beyond: usize,
}

/// The file beside the weights.
pub(super) const FILE: &str = "detector.toml";
const WEIGHTS: &str = "weights.safetensors";

/// The folder of the scan on which the threshold was chosen.
pub(super) const VALIDATION: &str = "validation";

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Of the weights that the threshold belongs to.
    pub weights_sha256: String,
    /// [`Study::hash`] of the study below: other windows or another scale than those of the training
    /// would change what the network sees, without a word.
    pub study_sha256: String,
    pub threshold: f64,
    pub curve: Vec<OperatingPoint>,
    pub study: Study,
}

impl Record {
    /// # Errors
    /// [`Error::Io`] where the file cannot be read, [`Error::Train`] where it is not such a record.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let text = read_text(&path)?;
        let refuse = |what: &str| {
            let remedy = "Train again into another folder";
            fail!(Train, path.display(), what, remedy)
        };
        let record: Self =
            toml::from_str(&text).map_err(|error| refuse(error.to_string().trim()))?;
        // A study that was not made here is checked as one that a reader gives.
        let study = record.study.clone().checked();
        study.map_err(|error| refuse(&error.to_string()))?;
        if record.study.hash() != record.study_sha256 {
            return Err(refuse("the study is not the one that was trained"));
        }
        match record.threshold > 0.0 && record.threshold <= 1.0 {
            true => Ok(record),
            false => Err(refuse(&format!(
                "threshold {}, expected a number above 0, at most 1",
                record.threshold
            ))),
        }
    }

    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let text = toml::to_string(self).expect("every field of a record is plain TOML");
        write_whole(dir.join(FILE), text)
    }
}

/// The text of a regular file: of a stranger's run folder it may be anything.
fn read_text(path: &Path) -> Result<String> {
    let absent = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let bytes = read_regular(path)?.ok_or_else(|| Error::io(path)(absent()))?;
    String::from_utf8(bytes).map_err(|_| {
        let remedy = "Train again into another folder";
        fail!(
            Train,
            path.display(),
            "bytes that are not UTF-8, expected TOML",
            remedy
        )
    })
}

impl Detector {
    /// Reads the run folder of [`super::fit`].
    ///
    /// # Errors
    /// [`Error::Io`] where a file is absent, [`Error::Train`] where one cannot be understood or the
    /// weights are not those that the threshold belongs to.
    pub fn read(dir: &Path) -> Result<Self> {
        let record = Record::read(dir)?;
        let mut network = new_network(&record.study);
        read_weights(&mut network, &dir.join(WEIGHTS))?;
        let found = crate::network::weights_sha256(&network);
        if found != record.weights_sha256 {
            return Err(fail!(
                Train,
                dir.join(WEIGHTS).display(),
                format!(
                    "weights of SHA-256 {found}, expected {}",
                    record.weights_sha256
                ),
                "Take weights and detector.toml of one run"
            ));
        }
        Ok(Self::of(record, network))
    }

    pub(super) fn of(record: Record, network: ConvNet) -> Self {
        Self {
            study: record.study,
            network,
            threshold: record.threshold,
            curve: record.curve,
        }
    }

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
        let record = filtered(record, &self.study)?;
        detect::scan(&self.network, &record, &self.scan_params())
    }

    /// The events that it detects in a record.
    ///
    /// # Errors
    /// As [`detect::scan`].
    pub fn detect(&self, record: &Record3C) -> Result<Detections> {
        self.scan_record(record)?.merge(&self.merge_params())
    }

    /// Scans the windows that begin in `span`, an hour at a time, and gives the events that begin in it.
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
        LONGEST_EVENT_S.max(LONGEST_WINDOWS * self.study.window_s())
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
        let source = Banded::new(source, &self.study)?;
        let (params, rate_hz) = (self.scan_params(), self.study.window.sampling_rate_hz);
        let scanner =
            |span: &TimeSpan| Scanner::on_grid(&self.network, &source, span, rate_hz, &params);
        let hop_s = params.hop_samples as f64 / rate_hz;
        let mut merger = Merger::within(merge, span)?;
        for piece in scanner(&Merger::context(merge, span, hop_s))? {
            merger.push(&piece?)?;
        }
        let (mut n_windows, mut n_beyond, mut unscanned) = (0, 0, BTreeMap::new());
        let last = span.end - time::seconds(self.study.window_s());
        for piece in scanner(span)? {
            let piece = piece?;
            n_windows += piece.len();
            for skipped in &piece.unscanned {
                // Where the source failed its own words say which file.
                let reason = match skipped.reason.is_failure() {
                    true => skipped.reason.to_string(),
                    false => skipped.reason.kind().to_string(),
                };
                *unscanned.entry(reason).or_insert(0) += skipped.n_windows;
                let start = |i: &usize| skipped.start + time::seconds(*i as f64 * hop_s);
                let beyond = (0..skipped.n_windows).rev().take_while(|i| start(i) > last);
                n_beyond += beyond.count();
            }
            merger.push(&piece)?;
        }
        let mut until = span.end;
        while merger.is_open(until) {
            let start = until;
            until += time::seconds(merge.join_s + hop_s + self.study.window_s());
            for piece in scanner(&TimeSpan { start, end: until })? {
                merger.push(&piece?)?;
            }
        }
        Ok(Scanned {
            detections: merger.finish(),
            n_windows,
            unscanned,
            n_beyond,
        })
    }

    /// Every window's probabilities in several spans, in time order.
    ///
    /// # Errors
    /// As [`Detector::scan`], and where there is no span.
    pub fn scan_spans(&self, source: &dyn WaveformSource, spans: &[TimeSpan]) -> Result<Scan> {
        scan_spans(&self.network, source, &self.study, spans)
    }
}

/// ConvNetQuake's network for the study's windows, with the weights of its seed.
pub(super) fn new_network(study: &Study) -> ConvNet {
    ConvNet::new(study.window.n_samples, study.cluster.k + 1, study.seed)
}

/// How windows are taken from a record: the study's hop, the method's scale.
pub fn scan_params(study: &Study) -> ScanParams {
    ScanParams {
        hop_samples: study.scan.hop_samples,
        normalisation: study.method.normalisation,
    }
}

const LONGEST_WINDOWS: f64 = 10.0;

/// Windows at least `on` probable begin an event, which lasts while they are half as probable, and
/// windows that overlap are one event, however long it lasts.
pub fn merge_params(study: &Study, on: f64) -> MergeParams {
    MergeParams {
        on,
        off: on / 2.0,
        join_s: study.window_s(),
        min_windows: 1,
        longest_s: f64::INFINITY,
    }
}

/// A network's scan of several spans of a source, in time order, treated as the study says.
///
/// # Errors
/// As [`Scanner::collect_scan`], and [`Error::Detect`] where there is no span.
pub fn scan_spans(
    network: &dyn crate::network::Classify,
    source: &dyn WaveformSource,
    study: &Study,
    spans: &[TimeSpan],
) -> Result<Scan> {
    let source = Banded::new(source, study)?;
    let rate = study.window.sampling_rate_hz;
    let mut whole: Option<Scan> = None;
    for span in spans {
        let params = scan_params(study);
        let scan = Scanner::new(network, &source, span, rate, &params)?.collect_scan()?;
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

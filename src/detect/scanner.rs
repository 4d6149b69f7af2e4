//! A record of any length, scanned piece by piece.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use chrono::Datelike;
use rayon::prelude::*;

use super::grid::{Block, Grid};
use super::{Detections, MergeParams, Merger, Scan, ScanParams};
use crate::error::{Error, Result, Unavailable, fail};
use crate::network::{Classify, N_AT_ONCE};
use crate::time::{self, Time, TimeSpan, between_s};
use crate::waveform::quality::{Judge, Verdict, n_around};
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{Normalisation, Reason, by_counts, n_missing_for, normalise_in_place};

/// An iterator over the pieces of a scan: each is the [`Scan`] of about an hour.
///
/// While one piece is classified the source is asked for the next, and nothing is kept of those before: the
/// memory that a scan takes does not depend on the record's length. Windows lie on one grid, and a window
/// across the border of two pieces is in one of them: the pieces together are the scan of the whole.
///
/// What cannot be scanned is told in [`Scan::unscanned`], and the scan goes on: gaps and stuck
/// components, an hour without a component or at another sampling rate, a file that cannot be read.
///
/// ```
/// # use quakebook::{Result, detect::{MergeParams, ScanParams, Scanner}, network::ConvNet};
/// # use quakebook::{time::TimeSpan, waveform::Archive, window::Normalisation};
/// # fn months(archive: &Archive, network: &ConvNet, months: &TimeSpan) -> Result<()> {
/// let params = ScanParams { hop_samples: 200, normalisation: Normalisation::Std };
/// let scanner = Scanner::new(network, archive, months, 100.0, &params)?;
/// let detections = scanner.merge(&MergeParams::default())?;
/// # Ok(()) }
/// ```
pub struct Scanner<'a> {
    network: &'a dyn Classify,
    source: &'a dyn WaveformSource,
    params: ScanParams,
    sampling_rate_hz: f64,
    grid: Grid,
    /// The windows that come next.
    windows: Range<i64>,
    /// When the source may have samples.
    held: Vec<TimeSpan>,
    n_samples_left: usize,
    /// The samples of a window that must have been recorded.
    needed: Range<usize>,
    /// The piece after the last one that was handed out.
    ahead: Option<Piece>,
}

/// Neighbouring windows, and the record that they are cut from, if it was to be had.
struct Piece {
    block: Block,
    record: Result<Record3C>,
}

/// The years whose times can be counted in nanoseconds since 1970.
const YEARS: Range<i32> = 1678..2262;

impl<'a> Scanner<'a> {
    /// Scans what `source` has of `span`, at the rate that the network was trained on: all windows that
    /// lie within, the first at the span's start. Nothing beyond it is read.
    ///
    /// # Errors
    /// As [`Scanner::over`].
    pub fn new(
        network: &'a dyn Classify,
        source: &'a dyn WaveformSource,
        span: &TimeSpan,
        sampling_rate_hz: f64,
        params: &ScanParams,
    ) -> Result<Self> {
        let n_samples = (between_s(span.start, span.end) * sampling_rate_hz).round() as usize;
        let start = span.start;
        Self::over(network, source, start, n_samples, sampling_rate_hz, params)
    }

    /// Scans `n_samples` of the source from `start` on.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where the hop or the rate is 0, or there are fewer samples than in a
    /// window; [`crate::Error::Window`] where a fixed scale is 0.
    pub fn over(
        network: &'a dyn Classify,
        source: &'a dyn WaveformSource,
        start: Time,
        n_samples: usize,
        sampling_rate_hz: f64,
        params: &ScanParams,
    ) -> Result<Self> {
        let (n, hop) = (network.n_samples(), params.hop_samples);
        params.check(sampling_rate_hz)?;
        if n == 0 || n_samples < n {
            return Err(fail!(
                Detect,
                format!("record from {}", time::iso(start)),
                format!("{n_samples} samples, a window has {n}"),
                "Scan a longer record"
            ));
        }
        let sizes = [n, hop, n_around(sampling_rate_hz)];
        let grid = Grid::over(start, n_samples, sizes, sampling_rate_hz);
        Ok(Self {
            n_samples_left: (n_samples - n) % hop,
            ..Self::of(network, source, params, grid.all(), grid)
        })
    }

    /// Scans the windows that begin in `span`, at whole steps since 1970.
    ///
    /// The last of them reach beyond its end, and are read in whole blocks of about an hour: a window's
    /// probabilities do not depend on the span, and those of neighbouring spans are those of both together, bit
    /// for bit. What `source` does not have around the span must be NaN in its records.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where the hop or the rate is 0, or the span is not of the years 1678 to
    /// 2261; [`crate::Error::Window`] where a fixed scale is 0.
    pub fn on_grid(
        network: &'a dyn Classify,
        source: &'a dyn WaveformSource,
        span: &TimeSpan,
        sampling_rate_hz: f64,
        params: &ScanParams,
    ) -> Result<Self> {
        let hop = params.hop_samples;
        params.check(sampling_rate_hz)?;
        if ![span.start, span.end]
            .iter()
            .all(|time| YEARS.contains(&time.year()))
        {
            return Err(fail!(
                Detect,
                "span",
                format!("{} to {}", time::iso(span.start), time::iso(span.end)),
                "Take a time within the years 1678 to 2261"
            ));
        }
        let sizes = [network.n_samples(), hop, n_around(sampling_rate_hz)];
        let grid = Grid::of_time(sizes, sampling_rate_hz);
        Ok(Self::of(network, source, params, grid.during(span), grid))
    }

    fn of(
        network: &'a dyn Classify,
        source: &'a dyn WaveformSource,
        params: &ScanParams,
        windows: Range<i64>,
        grid: Grid,
    ) -> Self {
        Self {
            network,
            source,
            params: *params,
            sampling_rate_hz: grid.sampling_rate_hz(),
            held: source.held(&grid.time_of(&windows)),
            windows,
            grid,
            n_samples_left: 0,
            needed: 0..network.n_samples(),
            ahead: None,
        }
    }

    /// Classifies windows of which no more than these samples were recorded: for a network that was taught to do
    /// without the others, and a scale that takes what is missing for quiet ([`Normalisation::Noise`]).
    pub fn needing(mut self, samples: Range<usize>) -> Self {
        self.needed = samples;
        self
    }

    /// All pieces as one scan; it grows with the record.
    ///
    /// # Errors
    /// As the pieces; [`crate::Error::Detect`] where no window could be classified and the source
    /// failed, with its own words.
    pub fn collect_scan(self) -> Result<Scan> {
        let mut whole = self.empty();
        whole.n_samples_left = self.n_samples_left;
        for piece in self {
            whole.append(piece?);
        }
        let failure = whole.unscanned.iter().find(|u| u.reason.is_failure());
        match failure.map(|u| u.reason.to_string()) {
            Some(what) if whole.is_empty() => Err(fail!(
                Detect,
                "record",
                what,
                "Check the source: not one window could be read"
            )),
            _ => Ok(whole),
        }
    }

    /// All pieces merged to events as they come: nothing is kept but the events.
    ///
    /// # Errors
    /// As the pieces and [`Merger::new`].
    pub fn merge(self, params: &MergeParams) -> Result<Detections> {
        let mut merger = Merger::new(params)?;
        for piece in self {
            merger.push(&piece?)?;
        }
        Ok(merger.finish())
    }

    fn empty(&self) -> Scan {
        Scan {
            station: String::new(),
            simulated: false,
            sampling_rate_hz: self.sampling_rate_hz,
            n_samples: self.network.n_samples(),
            hop_samples: self.params.hop_samples,
            n_classes: self.network.n_classes(),
            starts: Vec::new(),
            probabilities: Vec::new(),
            n_in_gaps: 0,
            n_stuck: 0,
            unscanned: Vec::new(),
            n_clipped: 0,
            n_samples_left: 0,
        }
    }

    /// What reads the next piece, if there is one. Blocks that follow each other and of which the source has
    /// nothing are one piece.
    fn next_piece(&mut self) -> Option<impl FnOnce() -> Piece + Send + use<'a>> {
        let mut block = self.next_block()?;
        self.windows.start = block.windows.end;
        let is_held = self.grid.reaches(&block, &self.held);
        while let Some(next) = self.next_block().filter(|_| !is_held) {
            if self.grid.reaches(&next, &self.held) {
                break;
            }
            self.windows.start = next.windows.end;
            block.windows.end = next.windows.end;
        }
        let start = self.grid.time(block.samples.start);
        let (source, n_samples) = (self.source, n_of(&block.samples));
        let nothing = move || Error::Unavailable {
            place: format!("from {}", time::iso(start)),
            reason: Unavailable::NoSample,
        };
        Some(move || Piece {
            record: match is_held {
                true => source.record(start, n_samples),
                false => Err(nothing()),
            },
            block,
        })
    }

    /// The block of the windows that come next.
    fn next_block(&self) -> Option<Block> {
        (!self.windows.is_empty()).then(|| self.grid.block(&self.windows))
    }

    fn classified(&self, piece: Piece) -> Result<Scan> {
        let Piece { block, record } = piece;
        let (start, n_windows) = (self.grid.start(block.windows.start), n_of(&block.windows));
        let mut scan = self.empty();
        let n_samples = n_of(&block.samples);
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                scan.skip(start, n_windows, Reason::of(&error));
                return Ok(scan);
            }
        };
        scan.station.clone_from(&record.station);
        scan.simulated = record.simulated;
        let rate = record.sampling_rate_hz;
        if (rate / self.sampling_rate_hz - 1.0).abs() > 1e-6 || record.n_samples() != n_samples {
            let kind = |n: usize, hz: f64| format!("{n} samples at {hz} Hz");
            let reason = Reason::Mismatch {
                expected: kind(n_samples, self.sampling_rate_hz),
                found: kind(record.n_samples(), rate),
            };
            scan.skip(start, n_windows, reason);
            return Ok(scan);
        }
        self.classify(&record, &block, &mut scan)?;
        Ok(scan)
    }

    fn classify(&self, record: &Record3C, block: &Block, scan: &mut Scan) -> Result<()> {
        let needed = &self.needed;
        let judge = Judge::new(record);
        // First samples of the windows that are classified.
        let mut firsts = Vec::with_capacity(n_of(&block.windows));
        for window in block.windows.clone() {
            let first = n_of(&(block.samples.start..self.grid.sample(window)));
            let start = time::of_sample(record.start, first, self.sampling_rate_hz);
            let rejected = match judge.window(first + needed.start..first + needed.end) {
                Verdict::Missing(gap) => Some(Reason::Gap {
                    n_missing: gap.len(),
                }),
                Verdict::Dead => Some(Reason::Dead),
                Verdict::Stuck => Some(Reason::Stuck),
                // What is needed is there; of the rest too little may be.
                verdict @ (Verdict::Clipped | Verdict::Sound) => {
                    let window = rows(record, first, self.network.n_samples());
                    let n_missing = n_missing_for(window, self.params.normalisation);
                    if n_missing.is_none() && matches!(verdict, Verdict::Clipped) {
                        scan.n_clipped += 1;
                    }
                    n_missing.map(|n_missing| Reason::Gap { n_missing })
                }
            };
            if let Some(reason) = rejected {
                scan.skip(start, 1, reason);
                continue;
            }
            scan.starts.push(start);
            firsts.push(first);
        }
        scan.probabilities = self.probabilities(record, &firsts)?;
        Ok(())
    }

    /// Of the windows that begin at these samples of the record.
    fn probabilities(&self, record: &Record3C, firsts: &[usize]) -> Result<Vec<f32>> {
        let ScanParams {
            hop_samples: hop,
            normalisation,
        } = self.params;
        let n = self.network.n_samples();
        let mut probabilities = Vec::with_capacity(firsts.len() * self.network.n_classes());
        if let Normalisation::Fixed { counts } = normalisation {
            // Windows that are not scaled by themselves can share what a network makes of them.
            for run in firsts.chunk_by(|a, b| b - a == hop) {
                let length = (run.len() - 1) * hop + n;
                let mut scaled = rows(record, run[0], length).map(<[f32]>::to_vec);
                scaled.iter_mut().for_each(|row| by_counts(row, counts));
                let scaled = scaled.each_ref().map(Vec::as_slice);
                probabilities.extend(self.network.probabilities_along(scaled, hop)?);
            }
            return Ok(probabilities);
        }
        // Windows overlap, and are many times the record: they are made as they are needed.
        let mut batch = vec![0.0; N_AT_ONCE.min(firsts.len()) * 3 * n];
        for some in firsts.chunks(N_AT_ONCE) {
            let batch = &mut batch[..some.len() * 3 * n];
            let windows = batch.par_chunks_exact_mut(3 * n).zip(some);
            windows.try_for_each(|(window, first)| {
                let parts = window.chunks_exact_mut(n).zip(rows(record, *first, n));
                parts.for_each(|(part, row)| part.copy_from_slice(row));
                normalise_in_place(window, normalisation)
            })?;
            probabilities.extend(self.network.probabilities(batch)?);
        }
        Ok(probabilities)
    }
}

fn n_of(range: &Range<i64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(0)
}

/// The three components of `n` samples from `first` on.
fn rows(record: &Record3C, first: usize, n: usize) -> [&[f32]; 3] {
    [0, 1, 2].map(|i| &record.data[i][first..first + n])
}

impl Iterator for Scanner<'_> {
    type Item = Result<Scan>;

    fn next(&mut self) -> Option<Result<Scan>> {
        let piece = match self.ahead.take() {
            Some(piece) => piece,
            None => self.next_piece()?(),
        };
        let read_next = self.next_piece();
        let (scan, ahead) = thread::scope(|scope| {
            let ahead = read_next.map(|read| scope.spawn(read));
            let scan = self.classified(piece);
            let ahead =
                ahead.map(|ahead| ahead.join().unwrap_or_else(|panic| resume_unwind(panic)));
            (scan, ahead)
        });
        self.ahead = ahead;
        Some(scan)
    }
}

//! What was asked of a data centre for an archive, what arrived, and what is missing and why.

use std::fmt;
use std::path::Path;

use crate::atomic_file;
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Nslc, Trace};

/// What became of a span of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DownloadOutcome {
    /// In the archive.
    Arrived,
    /// In the archive, and later other samples came for the same time; those lie beside it.
    Contradicted,
    /// The data centre answered, and had a gap here.
    Gap,
    /// The data centre has nothing at all in the span that was asked for (status 204).
    Nothing,
    /// What came was damaged, and was so again when asked for once more.
    Damaged,
    /// The data centre refused.
    Refused,
    /// No answer came: to be asked for again.
    Lost,
    /// Never asked for.
    NotAsked,
}

impl DownloadOutcome {
    pub const ALL: [Self; 8] = [
        Self::Arrived,
        Self::Contradicted,
        Self::Gap,
        Self::Nothing,
        Self::Damaged,
        Self::Refused,
        Self::Lost,
        Self::NotAsked,
    ];

    /// The word in the ledger's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Contradicted => "contradicted",
            Self::Gap => "gap",
            Self::Nothing => "nothing",
            Self::Damaged => "damaged",
            Self::Refused => "refused",
            Self::Lost => "lost",
            Self::NotAsked => "not-asked",
        }
    }

    /// Whether the archive holds the span.
    pub fn is_there(self) -> bool {
        matches!(self, Self::Arrived | Self::Contradicted)
    }
}

/// A span with one outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub start: Time,
    pub end: Time,
    pub outcome: DownloadOutcome,
    /// Samples in the archive.
    pub n_samples: usize,
    /// Faults of what was sent for this span, all answers together.
    pub n_faults: usize,
    /// Why, in words.
    pub detail: String,
}

impl LogEntry {
    pub(crate) fn new(span: TimeSpan, outcome: DownloadOutcome, detail: impl Into<String>) -> Self {
        Self {
            start: span.start,
            end: span.end,
            outcome,
            n_samples: 0,
            n_faults: 0,
            detail: detail.into(),
        }
    }

    /// The entry within a span, its samples in proportion; the faults stay with its beginning.
    fn within(&self, span: TimeSpan) -> Option<Self> {
        let (start, end) = (self.start.max(span.start), self.end.min(span.end));
        let whole = time::between_s(self.start, self.end);
        let share = time::between_s(start, end) / whole;
        (start < end).then(|| Self {
            start,
            end,
            n_samples: (self.n_samples as f64 * share).round() as usize,
            n_faults: if start == self.start {
                self.n_faults
            } else {
                0
            },
            ..self.clone()
        })
    }
}

/// One stream's account: entries in time order, none overlapping. A span without one was never
/// asked for.
///
/// Its file is CSV with the columns `start,end,outcome,n_samples,n_faults,detail`, one for each
/// stream and year. It carries no date of asking, so that it depends on what the data centre sent
/// alone, not on how often the download was interrupted.
///
/// ```
/// use quakebook::waveform::{DownloadLog, DownloadOutcome};
/// let text = "start,end,outcome,n_samples,n_faults,detail\n\
///     2014-02-16T00:00:00.000000Z,2014-02-16T02:00:00.000000Z,arrived,720000,0,\"\"\n\
///     2014-02-16T02:00:00.000000Z,2014-02-16T03:00:00.000000Z,nothing,0,0,\"\"\n";
/// let ledger = DownloadLog::from_csv(text, "example")?;
/// assert_eq!(ledger.n_samples(), 720_000);
/// assert_eq!(ledger.entries()[1].outcome, DownloadOutcome::Nothing);
/// assert_eq!(ledger.to_csv(), text);
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DownloadLog {
    entries: Vec<LogEntry>,
}

const COLUMNS: &str = "start,end,outcome,n_samples,n_faults,detail";

impl DownloadLog {
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// Samples in the archive, as far as the ledger knows.
    pub fn n_samples(&self) -> usize {
        self.entries.iter().map(|entry| entry.n_samples).sum()
    }

    /// Faults of all that was sent.
    pub fn n_faults(&self) -> usize {
        self.entries.iter().map(|entry| entry.n_faults).sum()
    }

    /// Everything in the span, what was never asked for too.
    pub fn within(&self, span: TimeSpan) -> Vec<LogEntry> {
        let mut all = Vec::new();
        let mut at = span.start;
        let not_asked =
            |start, end| LogEntry::new(TimeSpan { start, end }, DownloadOutcome::NotAsked, "");
        for entry in self.entries.iter().filter_map(|entry| entry.within(span)) {
            if entry.start > at {
                all.push(not_asked(at, entry.start));
            }
            at = entry.end;
            all.push(entry);
        }
        if at < span.end {
            all.push(not_asked(at, span.end));
        }
        all
    }

    /// Forgets what is said to be there of a span: its file is gone.
    pub(super) fn forget_files(&mut self, span: TimeSpan) {
        let mut entries = self.within(span);
        if entries.iter().any(|entry| entry.outcome.is_there()) {
            entries.retain(|entry| !entry.outcome.is_there());
            self.record(span, entries);
        }
    }

    /// What the archive does not hold of the span, and why.
    pub fn missing(&self, span: TimeSpan) -> Vec<LogEntry> {
        let mut all = self.within(span);
        all.retain(|entry| !entry.outcome.is_there());
        all
    }

    /// Replaces what was known of a span by `entries` within it, in time order.
    pub(crate) fn record(&mut self, span: TimeSpan, entries: Vec<LogEntry>) {
        let before = TimeSpan {
            start: Time::MIN_UTC,
            end: span.start,
        };
        let after = TimeSpan {
            start: span.end,
            end: Time::MAX_UTC,
        };
        let old = std::mem::take(&mut self.entries);
        let part = |side| {
            old.iter()
                .filter_map(move |entry: &LogEntry| entry.within(side))
        };
        let asked = |entry: &LogEntry| entry.outcome != DownloadOutcome::NotAsked;
        for entry in part(before).chain(entries).chain(part(after)) {
            if asked(&entry) {
                self.push(entry);
            }
        }
    }

    /// Appends an entry, to the last one where it goes on in the same way. Those with faults stay by
    /// themselves: they say where the faults were.
    pub(crate) fn push(&mut self, entry: LogEntry) {
        match self.entries.last_mut() {
            Some(last)
                if last.end == entry.start
                    && last.outcome == entry.outcome
                    && last.detail == entry.detail
                    && last.n_faults + entry.n_faults == 0 =>
            {
                last.end = entry.end;
                last.n_samples += entry.n_samples;
            }
            _ => self.entries.push(entry),
        }
    }

    pub fn to_csv(&self) -> String {
        let mut text = format!("{COLUMNS}\n");
        for entry in &self.entries {
            let (start, end) = (time::iso(entry.start), time::iso(entry.end));
            let (outcome, n, faults) = (entry.outcome.name(), entry.n_samples, entry.n_faults);
            // One line, one pair of quotes.
            let detail = entry.detail.replace(['\n', '\r'], " ").replace('"', "'");
            text += &format!("{start},{end},{outcome},{n},{faults},\"{detail}\"\n");
        }
        text
    }

    /// Reads what [`DownloadLog::to_csv`] wrote. `name` names the text in errors. A line that cannot be read
    /// costs that line: its span counts as never asked for.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where the columns are not those of a ledger.
    pub fn from_csv(text: &str, name: &str) -> Result<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(COLUMNS) {
            return Err(fail!(
                Waveform,
                format!("{name}, line 1"),
                format!("the columns {COLUMNS} were expected"),
                "Remove the file: the archive's own files then say what is there"
            ));
        }
        let mut ledger = Self::default();
        for entry in lines.filter_map(parse) {
            let last = ledger.entries.last().map(|last| last.end);
            if last.is_none_or(|last| last <= entry.start) {
                ledger.push(entry);
            }
        }
        Ok(ledger)
    }

    /// As [`DownloadLog::from_csv`]; `None` where there is no such file, or one that is no ledger.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = atomic_file::read_regular(path)?;
        Ok(bytes.and_then(|bytes| Self::from_csv(&String::from_utf8_lossy(&bytes), "").ok()))
    }
}

/// `None` for a line that is no entry, or whose span is empty or outside the calendar of nanoseconds.
fn parse(line: &str) -> Option<LogEntry> {
    let mut fields = line.splitn(6, ',');
    let mut next = || fields.next();
    let within_calendar = |time: &Time| time.timestamp_nanos_opt().is_some();
    let start = time::parse(next()?).ok().filter(within_calendar)?;
    let end = time::parse(next()?).ok().filter(within_calendar)?;
    if start >= end {
        return None;
    }
    Some(LogEntry {
        start,
        end,
        outcome: {
            let word = next()?;
            DownloadOutcome::ALL
                .into_iter()
                .find(|o| o.name() == word)?
        },
        n_samples: next()?.parse().ok()?,
        n_faults: next()?.parse().ok()?,
        detail: next()?.strip_prefix('"')?.strip_suffix('"')?.to_string(),
    })
}

impl fmt::Display for DownloadLog {
    /// One line for each outcome: hours, spans, samples, faults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in DownloadOutcome::ALL {
            let of: Vec<&LogEntry> = self
                .entries
                .iter()
                .filter(|e| e.outcome == outcome)
                .collect();
            if of.is_empty() {
                continue;
            }
            let hours: f64 = of
                .iter()
                .map(|e| time::between_s(e.start, e.end) / 3600.0)
                .sum();
            let n: usize = of.iter().map(|e| e.n_samples).sum();
            let faults: usize = of.iter().map(|e| e.n_faults).sum();
            writeln!(
                f,
                "{}: {hours:.3} h in {} spans, {n} samples, {faults} faults",
                outcome.name(),
                of.len()
            )?;
        }
        Ok(())
    }
}

/// What the archive lacks of one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingSpan {
    pub stream: Nslc,
    pub entry: LogEntry,
}

/// Where the samples of traces of one stream lie within a span: what is there and, between, gaps.
/// A step of up to one and a half sampling intervals is none, as in [`crate::waveform::merge`].
pub(crate) fn cover(traces: &[Trace], span: TimeSpan) -> Vec<LogEntry> {
    let mut stretches: Vec<(Time, Time, f64, usize)> = traces
        .iter()
        .flat_map(|trace| {
            trace
                .segments
                .iter()
                .map(move |s| (trace.sampling_rate_hz, s))
        })
        .filter_map(|(rate, segment)| {
            let index = |at| {
                (time::between_s(segment.start, at) * rate - 1e-4)
                    .ceil()
                    .max(0.0)
            };
            let (from, to) = (index(span.start), index(span.end));
            let n = segment.samples.len();
            let (from, to) = ((from as usize).min(n), (to as usize).min(n));
            let at = |index| micros(time::of_sample(segment.start, index, rate));
            (from < to).then(|| (at(from), at(to), 1.0 / rate, to - from))
        })
        .collect();
    stretches.sort_by_key(|stretch| stretch.0);

    let mut ledger = DownloadLog::default();
    let mut at = span.start;
    for (start, end, interval_s, n_samples) in stretches {
        // The first sample of a piece lies up to one interval after the piece begins.
        let allowed_s = if at == span.start { 1.5 } else { 0.5 } * interval_s;
        if time::between_s(at, start) > allowed_s {
            let gap = TimeSpan {
                start: at,
                end: start,
            };
            ledger.push(LogEntry::new(gap, DownloadOutcome::Gap, ""));
            at = start;
        }
        let mut end = end.min(span.end).max(at);
        if time::between_s(end, span.end) <= 0.5 * interval_s {
            end = span.end;
        }
        let there = TimeSpan { start: at, end };
        let entry = LogEntry::new(there, DownloadOutcome::Arrived, "");
        ledger.push(LogEntry { n_samples, ..entry });
        at = end;
    }
    if at < span.end {
        let gap = TimeSpan {
            start: at,
            end: span.end,
        };
        ledger.push(LogEntry::new(gap, DownloadOutcome::Gap, ""));
    }
    ledger.entries
}

/// To the microsecond, in which the ledger is kept.
pub(super) fn micros(time: Time) -> Time {
    Time::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

//! What was asked of a data centre for an archive, what arrived, and what is missing and why.

use std::fmt;

use crate::printable;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::Nslc;

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

/// Characters of the words of an entry at most.
pub(super) const N_CHARACTERS_MOST: usize = 300;

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
    /// `detail` may hold text from outside.
    pub(crate) fn new(span: TimeSpan, outcome: DownloadOutcome, detail: impl AsRef<str>) -> Self {
        Self {
            start: span.start,
            end: span.end,
            outcome,
            n_samples: 0,
            n_faults: 0,
            detail: printable::line(detail.as_ref(), N_CHARACTERS_MOST),
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
///     2014-02-16T00:00:00.000000Z,2014-02-16T02:00:00.000000Z,arrived,720000,0,\n\
///     2014-02-16T02:00:00.000000Z,2014-02-16T03:00:00.000000Z,nothing,0,0,\n";
/// let ledger = DownloadLog::from_csv(text, "example")?;
/// assert_eq!(ledger.n_samples(), 720_000);
/// assert_eq!(ledger.entries()[1].outcome, DownloadOutcome::Nothing);
/// assert_eq!(ledger.to_csv(), text);
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DownloadLog {
    pub(super) entries: Vec<LogEntry>,
    pub(super) n_unreadable: usize,
}

impl DownloadLog {
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// Samples in the archive, as far as the ledger knows.
    pub fn n_samples(&self) -> usize {
        total(&self.entries, |entry| entry.n_samples)
    }

    /// Faults of all that was sent.
    pub fn n_faults(&self) -> usize {
        total(&self.entries, |entry| entry.n_faults)
    }

    /// Lines of its file that could not be read: their spans count as never asked for.
    pub fn n_unreadable(&self) -> usize {
        self.n_unreadable
    }

    /// The entries that reach into a span.
    fn reaching(&self, span: TimeSpan) -> &[LogEntry] {
        let first = self
            .entries
            .partition_point(|entry| entry.end <= span.start);
        let end = self.entries.partition_point(|entry| entry.start < span.end);
        &self.entries[first..end.max(first)]
    }

    /// Everything in the span, what was never asked for too.
    pub fn within(&self, span: TimeSpan) -> Vec<LogEntry> {
        let mut all = Vec::new();
        let mut at = span.start;
        let not_asked =
            |start, end| LogEntry::new(TimeSpan { start, end }, DownloadOutcome::NotAsked, "");
        let reaching = self.reaching(span).iter();
        for entry in reaching.filter_map(|entry| entry.within(span)) {
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

    /// Forgets what is said to be there of a span but for what is held of it, in time order.
    pub(super) fn keep_held(&mut self, span: TimeSpan, held: &[LogEntry]) {
        let mut kept = Vec::new();
        for entry in self.within(span) {
            if !entry.outcome.is_there() {
                kept.push(entry);
                continue;
            }
            let first = held.partition_point(|held| held.end <= entry.start);
            let reaching = held[first..].iter().take_while(|h| h.start < entry.end);
            kept.extend(reaching.filter_map(|held| {
                let (start, end) = (held.start, held.end);
                entry.within(TimeSpan { start, end })
            }));
        }
        self.record(span, kept);
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
                last.n_samples = last.n_samples.saturating_add(entry.n_samples);
            }
            _ => self.entries.push(entry),
        }
    }
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
            let n = total(of.iter().copied(), |entry| entry.n_samples);
            let faults = total(of.iter().copied(), |entry| entry.n_faults);
            writeln!(
                f,
                "{}: {hours:.3} h in {} spans, {n} samples, {faults} faults",
                outcome.name(),
                of.len()
            )?;
        }
        match self.n_unreadable {
            0 => Ok(()),
            n => writeln!(f, "{n} lines of its file could not be read"),
        }
    }
}

/// A sum over entries, which may claim any numbers.
fn total<'a>(
    entries: impl IntoIterator<Item = &'a LogEntry>,
    number: fn(&LogEntry) -> usize,
) -> usize {
    let numbers = entries.into_iter().map(number);
    numbers.fold(0, usize::saturating_add)
}

/// What the archive lacks of one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingSpan {
    pub stream: Nslc,
    pub entry: LogEntry,
}

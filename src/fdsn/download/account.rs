//! What became of a piece of a download.

use chrono::TimeDelta;

use crate::error::{Error, Result};
use crate::fdsn::http::is_own_limit;
use crate::time::{Time, TimeSpan};
use crate::waveform::mseed::{Fault, FaultKind};
use crate::waveform::{Added, DownloadOutcome, LogEntry, cover};

/// Contradicted spans of a piece that are told from one another: of more, those that lie nearer together than
/// a hundredth of the piece are one.
const N_CONTRADICTED: usize = 100;

/// What an error of a request means for its piece; other errors end the download.
pub(super) fn unanswered(error: Error, piece: TimeSpan) -> Result<LogEntry> {
    match error {
        Error::Request { status, what, .. } => {
            let (outcome, status) = match status {
                // Time-out and too many requests: another time.
                Some(status @ (408 | 429)) => (DownloadOutcome::Lost, format!("status {status}: ")),
                Some(status @ 400..=499) => {
                    (DownloadOutcome::Refused, format!("status {status}: "))
                }
                Some(status) => (DownloadOutcome::Lost, format!("status {status}: ")),
                // The same answer would be too large again.
                None if is_own_limit(&what) => (DownloadOutcome::Refused, String::new()),
                None => (DownloadOutcome::Lost, String::new()),
            };
            Ok(LogEntry::new(piece, outcome, status + &what))
        }
        other => Err(other),
    }
}

/// What of a piece is in the archive, and why the rest is not.
pub(super) fn account_of(added: &Added, n_faults: usize, piece: TimeSpan) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    let mut at = piece.start;
    let mut part = |end: Time, contradicted: bool| {
        if at < end {
            entries.extend(
                cover(&added.traces, TimeSpan { start: at, end })
                    .into_iter()
                    .map(|entry| match entry.outcome {
                        DownloadOutcome::Arrived if contradicted => LogEntry {
                            outcome: DownloadOutcome::Contradicted,
                            ..entry
                        },
                        _ => entry,
                    }),
            );
            at = end;
        }
    };
    for span in distinct(&added.contradicted, piece) {
        part(span.start.min(piece.end), false);
        part(span.end.min(piece.end), true);
    }
    part(piece.end, false);

    let is_answered = entries.iter().any(|entry| entry.outcome.is_there());
    for entry in entries
        .iter_mut()
        .filter(|e| e.outcome == DownloadOutcome::Gap)
    {
        let here = |fault: &&Fault| match fault.kind {
            FaultKind::OtherTime => !is_answered,
            // A fault without a time may lie anywhere.
            _ => fault.time.is_none_or(|t| entry.start <= t && t < entry.end),
        };
        if let Some(cause) = added.faults.iter().find(here) {
            entry.outcome = match cause.kind {
                FaultKind::Overlap => DownloadOutcome::Gap,
                _ => DownloadOutcome::Damaged,
            };
            entry.detail = cause.what.clone();
        } else if added.faults.n_not_kept() > 0 {
            entry.outcome = DownloadOutcome::Damaged;
            entry.detail = format!("{} faults, too many to tell where", added.faults.n_all());
        }
    }
    if let Some(first) = entries.first_mut() {
        first.n_faults = n_faults;
    }
    entries
}

/// Spans in time order; where they are too many, those that lie near together as one.
fn distinct(spans: &[TimeSpan], piece: TimeSpan) -> Vec<TimeSpan> {
    let near = match spans.len() > N_CONTRADICTED {
        true => (piece.end - piece.start) / N_CONTRADICTED as i32,
        false => TimeDelta::zero(),
    };
    let mut distinct: Vec<TimeSpan> = Vec::new();
    for span in spans {
        match distinct.last_mut() {
            Some(last) if span.start - last.end <= near => last.end = last.end.max(span.end),
            _ => distinct.push(*span),
        }
    }
    distinct
}

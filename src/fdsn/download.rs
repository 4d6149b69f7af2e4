//! Everything a data centre has of a stream in a span, into an archive, and an account of the rest.
//!
//! The span is asked for in pieces. Each piece goes into the archive's day files before the ledger
//! says so, and both are replaced whole: whatever ends the program, what arrived stays, and the
//! next call goes on where this one stopped. Several processes may fill one archive.

use chrono::{NaiveTime, TimeDelta};

use super::Client;
use super::waveforms::Sent;
use crate::error::{Error, Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::mseed::FaultKind;
use crate::waveform::{Added, Archive, DownloadLog, DownloadOutcome, LogEntry, Nslc, cover};

/// How a span is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DownloadParams {
    /// Length of a piece, aligned to midnight; at most a day. An hour of 100 Hz is half a megabyte.
    pub piece_s: f64,
    /// Ask again for what the data centre did not have, refused or sent damaged.
    pub ask_again: bool,
}

impl Default for DownloadParams {
    fn default() -> Self {
        Self {
            piece_s: 3600.0,
            ask_again: false,
        }
    }
}

/// After so many pieces in a row without an answer the data centre is taken to be out of reach.
const MOST_LOST: usize = 3;

/// Fetches into the archive what it does not hold of a stream in a span, and returns the account of
/// the span's years. What lies in the future is not asked for. `progress` is told each piece that
/// was asked for and what came of it.
///
/// What the ledger calls `lost` is asked for again at the next call; `nothing`, `refused` and
/// `damaged` are settled, unless [`DownloadParams::ask_again`]. After three pieces without an
/// answer the rest is left for the next call.
///
/// # Errors
/// [`Error::Study`] for a piece that is not between a second and a day, or a provider without a
/// dataselect service; [`Error::Io`] where the archive cannot be written, for example on a full
/// disk; [`Error::Waveform`] where a file of the archive is damaged, or where simulated records come
/// for an archive of measured ones, or the other way round.
pub fn download(
    client: &Client,
    archive: &Archive,
    stream: &Nslc,
    span: TimeSpan,
    params: &DownloadParams,
    progress: &mut dyn FnMut(&LogEntry),
) -> Result<DownloadLog> {
    let fetch = |piece: TimeSpan| client.fetch_as_sent(stream, &piece);
    fill(&fetch, archive, stream, span, params, progress)
}

/// Gives the miniSEED of a piece, or nothing.
type Fetch<'a> = dyn Fn(TimeSpan) -> Result<Option<Sent>> + 'a;

fn fill(
    fetch: &Fetch,
    archive: &Archive,
    stream: &Nslc,
    span: TimeSpan,
    params: &DownloadParams,
    progress: &mut dyn FnMut(&LogEntry),
) -> Result<DownloadLog> {
    if !(1.0..=86_400.0).contains(&params.piece_s) {
        return Err(fail!(
            Study,
            "piece_s",
            format!("{} s", params.piece_s),
            "Give a length from a second to a day, such as 3600"
        ));
    }
    if span.start.timestamp_nanos_opt().is_none() {
        return Err(fail!(
            Study,
            "span",
            format!(
                "{}, where a year from 1678 to 2261 was expected",
                time::iso(span.start)
            ),
            "Correct the start of the span"
        ));
    }
    let span = TimeSpan {
        end: span.end.min(chrono::Utc::now()),
        ..span
    };
    if span.start >= span.end {
        return Ok(DownloadLog::default());
    }
    // A complete archive needs no right to write.
    if next_piece(archive, stream, span, params)?.is_none() {
        return archive.download_log(stream, span);
    }
    archive.open_log(stream, span)?;
    let (mut at, mut n_lost) = (span.start, 0);
    // The ledger is read again for each piece: another process may have brought it meanwhile.
    while let Some(piece) = next_piece(archive, stream, TimeSpan { start: at, ..span }, params)? {
        let entries = request(fetch, archive, stream, piece)?;
        archive.account(stream, piece, entries.clone())?;
        entries.iter().for_each(&mut *progress);
        let lost = entries
            .iter()
            .any(|entry| entry.outcome == DownloadOutcome::Lost);
        n_lost = if lost { n_lost + 1 } else { 0 };
        if n_lost == MOST_LOST {
            break;
        }
        at = piece.end;
    }
    archive.download_log(stream, span)
}

/// The first piece of the span that is to be asked for.
fn next_piece(
    archive: &Archive,
    stream: &Nslc,
    span: TimeSpan,
    params: &DownloadParams,
) -> Result<Option<TimeSpan>> {
    let to_ask = |entry: &LogEntry| match entry.outcome {
        DownloadOutcome::NotAsked | DownloadOutcome::Lost => true,
        outcome => params.ask_again && !outcome.is_there(),
    };
    let entries = archive.download_log(stream, span)?.within(span);
    let mut open = entries.iter().skip_while(|entry| !to_ask(entry)).peekable();
    let Some(first) = open.peek() else {
        return Ok(None);
    };
    let start = first.start;
    let border = border_after(start, params.piece_s);
    let end = open
        .take_while(|entry| to_ask(entry) && entry.start < border)
        .last()
        .map_or(border, |entry| entry.end.min(border));
    Ok(Some(TimeSpan { start, end }))
}

/// The end of the piece that holds `time`; pieces are counted from midnight.
fn border_after(time: Time, piece_s: f64) -> Time {
    let midnight = time.date_naive().and_time(NaiveTime::MIN).and_utc();
    let n = (time::between_s(midnight, time) / piece_s + 1e-9).floor() + 1.0;
    (midnight + time::seconds(n * piece_s)).min(midnight + TimeDelta::days(1))
}

/// Asks for one piece, puts what comes into the archive, and says what became of the piece. Damage
/// is asked for again once.
fn request(
    fetch: &Fetch,
    archive: &Archive,
    stream: &Nslc,
    piece: TimeSpan,
) -> Result<Vec<LogEntry>> {
    let (mut n_faults, mut last): (usize, Option<Added>) = (0, None);
    for _ in 0..2 {
        let sent = match (fetch(piece), &last) {
            (Ok(Some(sent)), _) => sent,
            // A second answer does not unsay the first.
            (_, Some(_)) => break,
            (Ok(None), None) => {
                return Ok(vec![LogEntry::new(piece, DownloadOutcome::Nothing, "")]);
            }
            (Err(error), None) => return Ok(vec![unanswered(error, piece)?]),
        };
        let name = format!("{stream} from {}", time::iso(piece.start));
        if sent.simulated != archive.is_simulated() {
            let word = |simulated| if simulated { "simulated" } else { "measured" };
            let (sent, held) = (word(sent.simulated), word(archive.is_simulated()));
            return Err(fail!(
                Waveform,
                name,
                format!("{sent} records came for an archive of {held} ones"),
                "Make an archive of their own for them, by Archive::create"
            ));
        }
        let added = archive.add(stream, &sent.bytes, &name)?;
        let damaged = added.faults.iter().any(|f| f.kind != FaultKind::Overlap);
        n_faults += added.faults.len();
        last = Some(added);
        if !damaged {
            break;
        }
    }
    Ok(last.map_or_else(Vec::new, |added| account_of(&added, n_faults, piece)))
}

/// What an error of a request means for its piece; other errors end the download.
fn unanswered(error: Error, piece: TimeSpan) -> Result<LogEntry> {
    match error {
        Error::Request { status, what, .. } => {
            let (outcome, status) = match status {
                // Time-out and too many requests: another time.
                Some(status @ (408 | 429)) => (DownloadOutcome::Lost, format!("status {status}: ")),
                Some(status @ 400..=499) => {
                    (DownloadOutcome::Refused, format!("status {status}: "))
                }
                Some(status) => (DownloadOutcome::Lost, format!("status {status}: ")),
                None => (DownloadOutcome::Lost, String::new()),
            };
            Ok(LogEntry::new(piece, outcome, status + &what))
        }
        other => Err(other),
    }
}

/// What of a piece is in the archive, and why the rest is not.
fn account_of(added: &Added, n_faults: usize, piece: TimeSpan) -> Vec<LogEntry> {
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
    for span in &added.contradicted {
        part(span.start.min(piece.end), false);
        part(span.end.min(piece.end), true);
    }
    part(piece.end, false);

    for entry in entries
        .iter_mut()
        .filter(|e| e.outcome == DownloadOutcome::Gap)
    {
        // A fault without a time may lie anywhere.
        let here = |time: Option<Time>| time.is_none_or(|t| entry.start <= t && t < entry.end);
        let mut causes = added.faults.iter().filter(|fault| here(fault.time));
        if let Some(cause) = causes.next() {
            entry.outcome = match cause.kind {
                FaultKind::Overlap => DownloadOutcome::Gap,
                _ => DownloadOutcome::Damaged,
            };
            entry.detail = cause.what.clone();
        }
    }
    if let Some(first) = entries.first_mut() {
        first.n_faults = n_faults;
    }
    entries
}

#[cfg(test)]
mod tests;

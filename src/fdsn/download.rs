//! Everything a data centre has of a stream in a span, into an archive, and an account of the rest.
//!
//! The span is asked for in pieces. Each piece goes into the archive's day files before the ledger
//! says so, and both are replaced whole: whatever ends the program, what arrived stays, and the
//! next call goes on where this one stopped. Several processes may fill one archive.

mod account;

use account::{account_of, unanswered};
use chrono::{NaiveTime, TimeDelta};

use super::waveforms::Sent;
use super::{Client, Reporter};
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::mseed::FaultKind;
use crate::waveform::{Added, Archive, DownloadLog, DownloadOutcome, LogEntry, Nslc};

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

/// The rest of a piece whose answer may have been cut off is asked for so often at most.
const MOST_RESTS: usize = 2;

/// Fetches into the archive what it does not hold of a stream in a span, and returns the account of
/// the span's years. What lies in the future is not asked for. `progress` is told each piece that
/// was asked for and what came of it.
///
/// What the ledger calls `lost` is asked for again at the next call; `gap`, `nothing`, `refused` and
/// `damaged` are settled, unless [`DownloadParams::ask_again`]. After three pieces without an
/// answer the rest is left for the next call. Where an answer ends early and nobody told its length, the
/// line may have broken between two records: the rest is asked for by itself, and `lost` where that proves
/// nothing.
///
/// A day file that was damaged before keeps what is whole; its bytes as they were lie beside it, which is
/// said, and what it no longer holds is asked for again.
///
/// # Errors
/// [`Error::Study`](crate::Error::Study) for a piece that is not between a second and a day, or a provider without a
/// dataselect service; [`Error::Io`](crate::Error::Io) where the archive cannot be written, for example on a full
/// disk; [`Error::Waveform`](crate::Error::Waveform) where simulated records come for an archive of measured ones, or the other way
/// round.
pub fn download(
    client: &Client,
    archive: &Archive,
    stream: &Nslc,
    span: TimeSpan,
    params: &DownloadParams,
    progress: &mut dyn FnMut(&LogEntry),
) -> Result<DownloadLog> {
    let fetch = |piece: TimeSpan| client.fetch_as_sent(stream, &piece);
    let reporter = &client.reporter;
    fill(&fetch, archive, stream, span, params, reporter, progress)
}

/// Gives the miniSEED of a piece, or nothing.
type Fetch<'a> = dyn Fn(TimeSpan) -> Result<Option<Sent>> + 'a;

fn fill(
    fetch: &Fetch,
    archive: &Archive,
    stream: &Nslc,
    span: TimeSpan,
    params: &DownloadParams,
    reporter: &Reporter,
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
    let n_unreadable = archive.download_log(stream, span)?.n_unreadable();
    if n_unreadable > 0 {
        let what = "lines of the ledger cannot be read: their spans are asked for again";
        reporter.say(&format!("{stream}: {n_unreadable} {what}"));
    }
    archive.open_log(stream, span)?;
    let (mut at, mut n_lost) = (span.start, 0);
    // The ledger is read again for each piece: another process may have brought it meanwhile.
    while let Some(piece) = next_piece(archive, stream, TimeSpan { start: at, ..span }, params)? {
        let entries = settle(fetch, archive, stream, piece, reporter)?;
        archive.account(stream, piece, entries.clone())?;
        entries.iter().for_each(&mut *progress);
        let lost = entries
            .iter()
            .all(|entry| entry.outcome == DownloadOutcome::Lost);
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

/// Asks for one piece until it is settled what became of it: of a gap that nothing proves, once more for the
/// gap alone.
fn settle(
    fetch: &Fetch,
    archive: &Archive,
    stream: &Nslc,
    piece: TimeSpan,
    reporter: &Reporter,
) -> Result<Vec<LogEntry>> {
    let (mut settled, mut rest) = (Vec::new(), piece);
    for n_rests in 0.. {
        let (mut entries, proof) = request(fetch, archive, stream, rest, reporter)?;
        let is_gap = |entry: &&mut LogEntry| entry.outcome == DownloadOutcome::Gap;
        let unproven: Vec<_> = match proof {
            Proof::Whole => Vec::new(),
            Proof::AllButTheEnd => entries.last_mut().into_iter().filter(is_gap).collect(),
            Proof::Nothing => entries.iter_mut().filter(is_gap).collect(),
        };
        let is_last = n_rests == MOST_RESTS || proof == Proof::Nothing;
        let next = unproven.first().map(|gap| TimeSpan {
            start: gap.start,
            end: gap.end,
        });
        for gap in unproven {
            gap.outcome = DownloadOutcome::Lost;
            gap.detail = "the answer ends here, but did not say how long it is".into();
        }
        match next.filter(|next| !is_last && next.start > rest.start) {
            Some(next) => {
                entries.pop();
                settled.append(&mut entries);
                rest = next;
            }
            None => {
                settled.append(&mut entries);
                break;
            }
        }
    }
    Ok(settled)
}

/// What an answer proves of the gaps in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// It came whole.
    Whole,
    /// It may have been cut at its end: a gap before a record is one.
    AllButTheEnd,
    /// It came in parts, and each may have been cut.
    Nothing,
}

/// Asks for one piece, puts what comes into the archive, and says what became of the piece. Damage
/// is asked for again once.
fn request(
    fetch: &Fetch,
    archive: &Archive,
    stream: &Nslc,
    piece: TimeSpan,
    reporter: &Reporter,
) -> Result<(Vec<LogEntry>, Proof)> {
    let (mut n_faults, mut proof, mut last) = (0, Proof::Whole, None);
    for _ in 0..2 {
        let sent = match (fetch(piece), &last) {
            (Ok(Some(sent)), _) => sent,
            // A second answer does not unsay the first.
            (_, Some(_)) => break,
            (Ok(None), None) => {
                let nothing = LogEntry::new(piece, DownloadOutcome::Nothing, "");
                return Ok((vec![nothing], Proof::Whole));
            }
            (Err(error), None) => return Ok((vec![unanswered(error, piece)?], Proof::Whole)),
        };
        let name = format!("{stream} from {}", time::iso(piece.start));
        if sent.simulated {
            archive.mark_if_empty()?;
        }
        if sent.simulated != archive.is_simulated() {
            let word = |simulated| if simulated { "simulated" } else { "measured" };
            let (sent, held) = (word(sent.simulated), word(archive.is_simulated()));
            return Err(fail!(
                Waveform,
                name,
                format!("{sent} records came for an archive of {held} ones"),
                "Give them an archive folder of their own"
            ));
        }
        proof = match (sent.measured, sent.n_parts) {
            (true, _) => Proof::Whole,
            (false, 1) => Proof::AllButTheEnd,
            (false, _) => Proof::Nothing,
        };
        let added = archive.add_within(stream, Some(piece), &sent.bytes, &name)?;
        if let Some(first) = added.found_damaged.first() {
            let n = added.found_damaged.n_all();
            let what = format!("{n} faults, kept beside the file as it was: {first}");
            reporter.say(&format!("a day file was damaged before: {what}"));
        }
        let damaged = is_damaged(&added);
        n_faults += added.faults.n_all();
        last = Some(added);
        if !damaged {
            break;
        }
    }
    let entries = last.map_or_else(Vec::new, |added| account_of(&added, n_faults, piece));
    Ok((entries, proof))
}

/// Whether an answer may be another one when it is asked for again. Data centres send a record too many at
/// either end; records of other times alone are no answer.
fn is_damaged(added: &Added) -> bool {
    let n_of = |kind| added.faults.n_of(kind);
    let n_beside = n_of(FaultKind::Overlap) + n_of(FaultKind::OtherTime);
    added.faults.n_all() > n_beside || (added.traces.is_empty() && n_of(FaultKind::OtherTime) > 0)
}

#[cfg(test)]
mod tests;

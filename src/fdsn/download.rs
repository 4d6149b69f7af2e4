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
use crate::waveform::{Added, Archive, Entry, Ledger, Nslc, Outcome, cover};

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
    progress: &mut dyn FnMut(&Entry),
) -> Result<Ledger> {
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
    progress: &mut dyn FnMut(&Entry),
) -> Result<Ledger> {
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
        return Ok(Ledger::default());
    }
    // A complete archive needs no right to write.
    if next_piece(archive, stream, span, params)?.is_none() {
        return archive.ledger(stream, span);
    }
    archive.open_ledger(stream, span)?;
    let (mut at, mut n_lost) = (span.start, 0);
    // The ledger is read again for each piece: another process may have brought it meanwhile.
    while let Some(piece) = next_piece(archive, stream, TimeSpan { start: at, ..span }, params)? {
        let entries = ask(fetch, archive, stream, piece)?;
        archive.account(stream, piece, entries.clone())?;
        entries.iter().for_each(&mut *progress);
        let lost = entries.iter().any(|entry| entry.outcome == Outcome::Lost);
        n_lost = if lost { n_lost + 1 } else { 0 };
        if n_lost == MOST_LOST {
            break;
        }
        at = piece.end;
    }
    archive.ledger(stream, span)
}

/// The first piece of the span that is to be asked for.
fn next_piece(
    archive: &Archive,
    stream: &Nslc,
    span: TimeSpan,
    params: &DownloadParams,
) -> Result<Option<TimeSpan>> {
    let to_ask = |entry: &Entry| match entry.outcome {
        Outcome::NotAsked | Outcome::Lost => true,
        outcome => params.ask_again && !outcome.is_there(),
    };
    let entries = archive.ledger(stream, span)?.within(span);
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
fn ask(fetch: &Fetch, archive: &Archive, stream: &Nslc, piece: TimeSpan) -> Result<Vec<Entry>> {
    let (mut n_faults, mut last): (usize, Option<Added>) = (0, None);
    for _ in 0..2 {
        let sent = match (fetch(piece), &last) {
            (Ok(Some(sent)), _) => sent,
            // A second answer does not unsay the first.
            (_, Some(_)) => break,
            (Ok(None), None) => return Ok(vec![Entry::new(piece, Outcome::Nothing, "")]),
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
fn unanswered(error: Error, piece: TimeSpan) -> Result<Entry> {
    match error {
        Error::Request { status, what, .. } => {
            let (outcome, status) = match status {
                // Time-out and too many requests: another time.
                Some(status @ (408 | 429)) => (Outcome::Lost, format!("status {status}: ")),
                Some(status @ 400..=499) => (Outcome::Refused, format!("status {status}: ")),
                Some(status) => (Outcome::Lost, format!("status {status}: ")),
                None => (Outcome::Lost, String::new()),
            };
            Ok(Entry::new(piece, outcome, status + &what))
        }
        other => Err(other),
    }
}

/// What of a piece is in the archive, and why the rest is not.
fn account_of(added: &Added, n_faults: usize, piece: TimeSpan) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = piece.start;
    let mut part = |end: Time, contradicted: bool| {
        if at < end {
            entries.extend(
                cover(&added.traces, TimeSpan { start: at, end })
                    .into_iter()
                    .map(|entry| match entry.outcome {
                        Outcome::Arrived if contradicted => Entry {
                            outcome: Outcome::Contradicted,
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

    for entry in entries.iter_mut().filter(|e| e.outcome == Outcome::Gap) {
        // A fault without a time may lie anywhere.
        let here = |time: Option<Time>| time.is_none_or(|t| entry.start <= t && t < entry.end);
        let mut causes = added.faults.iter().filter(|fault| here(fault.time));
        if let Some(cause) = causes.next() {
            entry.outcome = match cause.kind {
                FaultKind::Overlap => Outcome::Gap,
                _ => Outcome::Damaged,
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
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::waveform::{Samples, Segment, Trace, mseed};

    fn stream() -> Nslc {
        Nslc::new("XX", "A", "", "BHZ").unwrap()
    }

    fn at(minutes: i64) -> Time {
        time::parse("2015-12-31T22:00:00").unwrap() + TimeDelta::minutes(minutes)
    }

    fn span(from: i64, to: i64) -> TimeSpan {
        TimeSpan {
            start: at(from),
            end: at(to),
        }
    }

    /// One sample a second, each its second's number times `factor`, in minutes `from` to `to`.
    fn samples(from: i64, to: i64, factor: i32) -> Vec<u8> {
        let seconds = from as i32 * 60..to as i32 * 60;
        mseed::write(&[Trace {
            id: stream(),
            sampling_rate_hz: 1.0,
            segments: vec![Segment {
                start: at(from),
                samples: Samples::Int32(seconds.map(|s| s * factor % 1000).collect()),
            }],
        }])
        .unwrap()
    }

    fn answer_of(pieces: &[(i64, i64)], asked: TimeSpan) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for (from, to) in pieces {
            let minute = |t: Time| (t - at(0)).num_minutes();
            let (from, to) = (*from.max(&minute(asked.start)), *to.min(&minute(asked.end)));
            if from < to {
                bytes.extend(samples(from, to, 7));
            }
        }
        Some(bytes).filter(|bytes| !bytes.is_empty())
    }

    fn refusal(status: Option<u16>) -> Error {
        Error::Request {
            url: "http://example.org".into(),
            status,
            what: "no".into(),
            remedy: "none".into(),
        }
    }

    struct Folder {
        _folder: tempfile::TempDir,
        archive: Archive,
    }

    fn archive() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path(), "XX", "A", "", "BH*", false).unwrap();
        Folder {
            _folder: folder,
            archive,
        }
    }

    type Bytes<'a> = dyn Fn(TimeSpan) -> Result<Option<Vec<u8>>> + 'a;

    fn measured(bytes: Option<Vec<u8>>) -> Option<Sent> {
        bytes.map(|bytes| Sent {
            bytes,
            simulated: false,
        })
    }

    fn run(fetch: &Bytes, folder: &Folder, span: TimeSpan, ask_again: bool) -> Result<Ledger> {
        let params = DownloadParams {
            piece_s: 1800.0,
            ask_again,
        };
        let fetch = |piece| fetch(piece).map(measured);
        fill(
            &fetch,
            &folder.archive,
            &stream(),
            span,
            &params,
            &mut |_| {},
        )
    }

    /// Outcome, first minute, last minute, samples, faults.
    fn lines(ledger: &Ledger) -> Vec<(Outcome, i64, i64, usize, usize)> {
        let minute = |t: Time| (t - at(0)).num_minutes();
        let line = |e: &Entry| {
            (
                e.outcome,
                minute(e.start),
                minute(e.end),
                e.n_samples,
                e.n_faults,
            )
        };
        ledger.entries().iter().map(line).collect()
    }

    /// Over midnight and the end of a year: data, a gap, nothing, a refusal, data.
    fn sent(asked: TimeSpan) -> Result<Option<Vec<u8>>> {
        match asked.start {
            start if start == at(180) => Err(refusal(Some(403))),
            _ => Ok(answer_of(&[(0, 40), (50, 90), (150, 240)], asked)),
        }
    }

    const EXACT: [(Outcome, i64, i64, usize, usize); 7] = [
        (Outcome::Arrived, 10, 40, 1800, 0),
        (Outcome::Gap, 40, 50, 0, 0),
        (Outcome::Arrived, 50, 90, 2400, 0),
        (Outcome::Nothing, 90, 150, 0, 0),
        (Outcome::Arrived, 150, 180, 1800, 0),
        (Outcome::Refused, 180, 210, 0, 0),
        (Outcome::Arrived, 210, 235, 1500, 0),
    ];

    #[test]
    fn the_ledger_is_exact_and_what_is_settled_is_not_asked_for_again() {
        let folder = archive();
        let asked = RefCell::new(Vec::new());
        let fetch = |piece: TimeSpan| {
            asked.borrow_mut().push(piece);
            sent(piece)
        };
        let ledger = run(&fetch, &folder, span(10, 235), false).unwrap();
        assert_eq!(lines(&ledger), EXACT);
        let borders = [10, 30, 60, 90, 120, 150, 180, 210, 235];
        let pieces: Vec<TimeSpan> = borders.windows(2).map(|b| span(b[0], b[1])).collect();
        assert_eq!(asked.take(), pieces);
        assert_eq!(ledger.entries()[5].detail, "status 403: no");

        assert_eq!(run(&fetch, &folder, span(10, 235), false).unwrap(), ledger);
        assert_eq!(asked.take(), []);
        // Asked for by itself, a gap is nothing at all.
        let again = run(&fetch, &folder, span(10, 235), true).unwrap();
        let mut expected = EXACT;
        expected[1].0 = Outcome::Nothing;
        assert_eq!(lines(&again), expected);
        let again = [span(40, 50), span(90, 120), span(120, 150), span(180, 210)];
        assert_eq!(asked.take(), again);

        let archive = &folder.archive;
        let traces = archive.traces(at(10), at(235)).unwrap();
        assert_eq!(traces[0].n_samples(), 1800 + 2400 + 1800 + 1500);
        let missing = archive.missing(span(0, 240)).unwrap();
        let missing: Vec<Outcome> = missing.iter().map(|m| m.entry.outcome).collect();
        let expected = [
            Outcome::NotAsked,
            Outcome::Nothing,
            Outcome::Nothing,
            Outcome::Refused,
            Outcome::NotAsked,
        ];
        assert_eq!(missing, expected);
    }

    #[test]
    fn interrupted_anywhere_it_goes_on_and_ends_the_same() {
        for n_answers in 0..8 {
            let folder = archive();
            let left = RefCell::new(n_answers);
            let until = |piece: TimeSpan| {
                if *left.borrow() == 0 {
                    return Err(Error::io("disk")(std::io::ErrorKind::StorageFull.into()));
                }
                *left.borrow_mut() -= 1;
                sent(piece)
            };
            assert!(run(&until, &folder, span(10, 235), false).is_err());
            let ledger = run(&sent, &folder, span(10, 235), false).unwrap();
            assert_eq!(lines(&ledger), EXACT, "{n_answers}");
        }
    }

    #[test]
    fn an_archive_without_a_ledger_is_looked_through_and_its_gaps_are_filled() {
        let folder = archive();
        folder
            .archive
            .add(&stream(), &samples(30, 75, 7), "")
            .unwrap();
        let asked = RefCell::new(Vec::new());
        let fetch = |piece: TimeSpan| {
            asked.borrow_mut().push(piece);
            sent(piece)
        };
        let ledger = run(&fetch, &folder, span(10, 90), false).unwrap();
        assert_eq!(asked.take(), [span(10, 30), span(75, 90)]);
        let all = [(Outcome::Arrived, 10, 90, 4800, 0)];
        assert_eq!(lines(&ledger), all);

        // A day file that is gone is asked for again.
        let file = folder.archive.day_file(&stream(), at(0).date_naive());
        std::fs::remove_file(file).unwrap();
        let ledger = run(&sent, &folder, span(10, 90), false).unwrap();
        assert_eq!(lines(&ledger), EXACT[..3]);
    }

    #[test]
    fn without_an_answer_the_rest_is_left_for_the_next_time() {
        let folder = archive();
        let asked = RefCell::new(0);
        let fetch = |_| {
            *asked.borrow_mut() += 1;
            Err(refusal(None))
        };
        let ledger = run(&fetch, &folder, span(0, 240), false).unwrap();
        assert_eq!(lines(&ledger), [(Outcome::Lost, 0, 90, 0, 0)]);
        assert_eq!(asked.take(), 3);
        let whole = |piece| Ok(answer_of(&[(0, 240)], piece));
        let ledger = run(&whole, &folder, span(0, 240), false).unwrap();
        assert_eq!(lines(&ledger), [(Outcome::Arrived, 0, 240, 14_400, 0)]);
    }

    #[test]
    fn damage_is_kept_out_counted_and_asked_for_once_more() {
        // Records of a quarter of an hour; the second is damaged.
        let damaged = || {
            let mut records: Vec<Vec<u8>> =
                [0, 15].map(|from| samples(from, from + 15, 7)).to_vec();
            records[1][100] ^= 1;
            records.concat()
        };
        for n_damaged in [1, 2] {
            let folder = archive();
            let n_asked = RefCell::new(0);
            let fetch = |piece| {
                *n_asked.borrow_mut() += 1;
                match *n_asked.borrow() <= n_damaged {
                    true => Ok(Some(damaged())),
                    false => Ok(answer_of(&[(0, 30)], piece)),
                }
            };
            let ledger = run(&fetch, &folder, span(0, 30), false).unwrap();
            assert_eq!(n_asked.take(), 2);
            let expected = match n_damaged {
                1 => vec![(Outcome::Arrived, 0, 30, 1800, 1)],
                _ => vec![
                    (Outcome::Arrived, 0, 15, 900, 2),
                    (Outcome::Damaged, 15, 30, 0, 0),
                ],
            };
            assert_eq!(lines(&ledger), expected);
            if n_damaged == 2 {
                assert!(ledger.entries()[1].detail.contains("Xn"));
            }
        }
    }

    #[test]
    fn records_of_another_stream_are_kept_out() {
        let folder = archive();
        let mut other = samples(0, 30, 7);
        other[15..18].copy_from_slice(b"BHN");
        let fetch = |_| Ok(Some(other.clone()));
        let ledger = run(&fetch, &folder, span(0, 30), false).unwrap();
        assert_eq!(lines(&ledger), [(Outcome::Damaged, 0, 30, 0, 2)]);
        let detail = &ledger.entries()[0].detail;
        assert!(
            detail.contains("XX.A..BHN came where XX.A..BHZ"),
            "{detail}"
        );
        assert!(folder.archive.traces(at(0), at(30)).unwrap().is_empty());
    }

    #[test]
    fn other_samples_for_the_same_time_lie_beside_the_archive() {
        let folder = archive();
        let archive = &folder.archive;
        archive.add(&stream(), &samples(10, 20, 3), "").unwrap();
        let fetch = |piece: TimeSpan| {
            Ok(answer_of(&[(0, 15), (15, 30)], piece)
                .map(|_| [samples(0, 10, 7), samples(12, 15, 7), samples(20, 30, 7)].concat()))
        };
        let ledger = run(&fetch, &folder, span(0, 30), true).unwrap();
        // What the archive had is not asked for: the answer brings it unasked.
        assert_eq!(ledger.n_samples(), 1800);
        let trace = archive.traces(at(0), at(30)).unwrap().remove(0);
        let Samples::Int32(values) = &trace.segments[0].samples else {
            panic!("integers")
        };
        assert_eq!(values.len(), 1800);
        assert_eq!(values[12 * 60], 12 * 60 * 3 % 1000);
        let day_file = archive.day_file(&stream(), at(0).date_naive());
        let beside = day_file.display().to_string().replace(".D", ".O");
        let beside = mseed::read_file(beside).unwrap().remove(0);
        assert_eq!(beside.n_samples(), 180);
        assert_eq!(ledger.n_faults(), 2);
    }

    #[test]
    fn a_piece_that_cannot_be_is_refused() {
        for piece_s in [0.0, f64::NAN, 86_401.0] {
            let params = DownloadParams {
                piece_s,
                ask_again: false,
            };
            let folder = archive();
            let result = fill(
                &|piece| sent(piece).map(measured),
                &folder.archive,
                &stream(),
                span(0, 9),
                &params,
                &mut |_| {},
            );
            assert!(result.unwrap_err().to_string().contains("piece_s"));
        }
        // Nothing of the future is asked for.
        let future = TimeSpan {
            start: chrono::Utc::now() + TimeDelta::days(1),
            end: chrono::Utc::now() + TimeDelta::days(2),
        };
        let never = |_: TimeSpan| -> Result<Option<Vec<u8>>> { panic!("asked") };
        assert_eq!(
            run(&never, &archive(), future, false).unwrap(),
            Ledger::default()
        );
    }

    #[test]
    fn simulated_records_stay_out_of_an_archive_of_measured_ones() {
        let folder = archive();
        let simulated = |piece| {
            let bytes = sent(piece)?;
            Ok(bytes.map(|bytes| Sent {
                bytes,
                simulated: true,
            }))
        };
        let params = DownloadParams::default();
        let (id, span) = (stream(), span(0, 30));
        let result = fill(&simulated, &folder.archive, &id, span, &params, &mut |_| {});
        let error = result.unwrap_err().to_string();
        assert!(error.contains("simulated records came"), "{error}");
        assert!(folder.archive.traces(at(0), at(30)).unwrap().is_empty());
    }
}

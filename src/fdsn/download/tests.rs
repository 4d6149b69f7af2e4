//! Downloads from a function that answers, into an archive on disk.

use std::cell::RefCell;

use super::*;
use crate::error::Error;
use crate::waveform::{Samples, Segment, Trace, mseed};

mod hostile;

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
    folder: tempfile::TempDir,
    archive: Archive,
}

fn archive() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), "XX", "A", "", "BH*", false).unwrap();
    Folder { folder, archive }
}

type Bytes<'a> = dyn Fn(TimeSpan) -> Result<Option<Vec<u8>>> + 'a;

fn measured(bytes: Option<Vec<u8>>) -> Option<Sent> {
    bytes.map(|bytes| Sent {
        bytes,
        simulated: false,
        measured: true,
        n_parts: 1,
    })
}

fn run(fetch: &Bytes, folder: &Folder, span: TimeSpan, ask_again: bool) -> Result<DownloadLog> {
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
        &Reporter::Silent,
        &mut |_| {},
    )
}

/// DownloadOutcome, first minute, last minute, samples, faults.
type Line = (DownloadOutcome, i64, i64, usize, usize);

fn lines(ledger: &DownloadLog) -> Vec<Line> {
    let minute = |t: Time| (t - at(0)).num_minutes();
    let line = |e: &LogEntry| {
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

const EXACT: [Line; 7] = [
    (DownloadOutcome::Arrived, 10, 40, 1800, 0),
    (DownloadOutcome::Gap, 40, 50, 0, 0),
    (DownloadOutcome::Arrived, 50, 90, 2400, 0),
    (DownloadOutcome::Nothing, 90, 150, 0, 0),
    (DownloadOutcome::Arrived, 150, 180, 1800, 0),
    (DownloadOutcome::Refused, 180, 210, 0, 0),
    (DownloadOutcome::Arrived, 210, 235, 1500, 0),
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
    expected[1].0 = DownloadOutcome::Nothing;
    assert_eq!(lines(&again), expected);
    let again = [span(40, 50), span(90, 120), span(120, 150), span(180, 210)];
    assert_eq!(asked.take(), again);

    let archive = &folder.archive;
    let traces = archive.traces(at(10), at(235)).unwrap();
    assert_eq!(traces[0].n_samples(), 1800 + 2400 + 1800 + 1500);
    let missing = archive.missing(span(0, 240)).unwrap();
    let missing: Vec<DownloadOutcome> = missing.iter().map(|m| m.entry.outcome).collect();
    let expected = [
        DownloadOutcome::NotAsked,
        DownloadOutcome::Nothing,
        DownloadOutcome::Nothing,
        DownloadOutcome::Refused,
        DownloadOutcome::NotAsked,
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
    let all = [(DownloadOutcome::Arrived, 10, 90, 4800, 0)];
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
    assert_eq!(lines(&ledger), [(DownloadOutcome::Lost, 0, 90, 0, 0)]);
    assert_eq!(asked.take(), 3);
    let whole = |piece| Ok(answer_of(&[(0, 240)], piece));
    let ledger = run(&whole, &folder, span(0, 240), false).unwrap();
    assert_eq!(
        lines(&ledger),
        [(DownloadOutcome::Arrived, 0, 240, 14_400, 0)]
    );
}

#[test]
fn damage_is_kept_out_counted_and_asked_for_once_more() {
    // Records of a quarter of an hour; the second is damaged.
    let damaged = || {
        let mut records: Vec<Vec<u8>> = [0, 15].map(|from| samples(from, from + 15, 7)).to_vec();
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
            1 => vec![(DownloadOutcome::Arrived, 0, 30, 1800, 1)],
            _ => vec![
                (DownloadOutcome::Arrived, 0, 15, 900, 2),
                (DownloadOutcome::Damaged, 15, 30, 0, 0),
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
    assert_eq!(lines(&ledger), [(DownloadOutcome::Damaged, 0, 30, 0, 2)]);
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
    // A record reaches beyond what was asked for, into what the archive had.
    let fetch = |piece: TimeSpan| match piece.start {
        start if start == at(0) => Ok(Some([samples(0, 10, 7), samples(9, 12, 7)].concat())),
        _ => Ok(Some(samples(20, 30, 7))),
    };
    let ledger = run(&fetch, &folder, span(0, 30), true).unwrap();
    assert_eq!(ledger.n_samples(), 1800);
    let trace = archive.traces(at(0), at(30)).unwrap().remove(0);
    let Samples::Int32(values) = &trace.segments[0].samples else {
        panic!("integers")
    };
    assert_eq!(values.len(), 1800);
    assert_eq!(values[11 * 60], 11 * 60 * 3 % 1000);
    let day_file = archive.day_file(&stream(), at(0).date_naive());
    let beside = day_file.display().to_string().replace(".D", ".O");
    let beside = mseed::read_file(beside).unwrap().remove(0);
    assert_eq!(beside.n_samples(), 180);
    assert_eq!(ledger.n_faults(), 1);
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
            &Reporter::Silent,
            &mut |_| {},
        );
        assert!(matches!(result, Err(Error::Study { ref place, .. }) if place == "piece_s"));
    }
    // Nothing of the future is asked for.
    let future = TimeSpan {
        start: chrono::Utc::now() + TimeDelta::days(1),
        end: chrono::Utc::now() + TimeDelta::days(2),
    };
    let never = |_: TimeSpan| -> Result<Option<Vec<u8>>> { panic!("asked") };
    assert_eq!(
        run(&never, &archive(), future, false).unwrap(),
        DownloadLog::default()
    );
}

#[test]
fn simulated_records_stay_out_of_an_archive_of_measured_ones() {
    let simulated = |piece| {
        let bytes = sent(piece)?;
        Ok(bytes.map(|bytes| Sent {
            bytes,
            simulated: true,
            measured: true,
            n_parts: 1,
        }))
    };
    let params = DownloadParams::default();
    let put = |archive: &Archive, span| {
        let (id, silent) = (stream(), Reporter::Silent);
        fill(
            &simulated,
            archive,
            &id,
            span,
            &params,
            &silent,
            &mut |_| {},
        )
    };
    // Of a new archive the first answer tells what it is.
    let new = archive();
    put(&new.archive, span(0, 30)).unwrap();
    assert!(new.archive.is_simulated());
    let measured = archive();
    run(&sent, &measured, span(0, 30), false).unwrap();
    let error = put(&measured.archive, span(30, 60))
        .unwrap_err()
        .to_string();
    assert!(error.contains("simulated records came"), "{error}");
    let kept = measured.archive.traces(at(0), at(60)).unwrap();
    assert!(!measured.archive.is_simulated());
    assert_eq!(kept.iter().map(Trace::n_samples).sum::<usize>(), 1800);
}

//! Answers that are not what was asked for, or not all of it; day files that were damaged before.

use super::*;

fn sent(bytes: Vec<u8>, measured: bool, n_parts: usize) -> Option<Sent> {
    Some(Sent {
        bytes,
        simulated: false,
        measured,
        n_parts,
    })
}

/// Fills a span with what `fetch` sends, and gives the ledger and the lines that were said.
fn filled(fetch: &Fetch, folder: &Folder, span: TimeSpan) -> (Vec<Line>, Vec<String>) {
    let said = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let ear = said.clone();
    let reporter = Reporter::To(std::sync::Arc::new(move |line: &str| {
        ear.lock().unwrap().push(line.to_string());
    }));
    let params = DownloadParams {
        piece_s: 1800.0,
        ask_again: false,
    };
    let archive = &folder.archive;
    let ledger = fill(
        fetch,
        archive,
        &stream(),
        span,
        &params,
        &reporter,
        &mut |_| {},
    )
    .unwrap();
    let said = said.lock().unwrap().clone();
    (lines(&ledger), said)
}

#[test]
fn records_of_other_times_are_kept_out() {
    // A quarter of an hour that was asked for, and a day that was not; then that day alone.
    let padded = [samples(0, 15, 7), samples(300, 330, 7)].concat();
    let other = samples(300, 330, 7);
    for (bytes, n_asked, expected) in [
        (
            padded,
            1,
            vec![
                (DownloadOutcome::Arrived, 0, 15, 900, 1),
                (DownloadOutcome::Gap, 15, 30, 0, 0),
            ],
        ),
        (other, 2, vec![(DownloadOutcome::Damaged, 0, 30, 0, 2)]),
    ] {
        let folder = archive();
        let n_requests = RefCell::new(0);
        let fetch = |_| {
            *n_requests.borrow_mut() += 1;
            Ok(sent(bytes.clone(), true, 1))
        };
        assert_eq!(filled(&fetch, &folder, span(0, 30)).0, expected);
        assert_eq!(n_requests.take(), n_asked);
        assert!(folder.archive.traces(at(31), at(600)).unwrap().is_empty());
    }
}

#[test]
fn a_gap_at_an_end_that_nobody_told_is_asked_for() {
    let asked = RefCell::new(Vec::new());
    // The line breaks between two records, however little is asked for.
    let cut = |piece: TimeSpan| {
        asked.borrow_mut().push(piece);
        let minute = (piece.start - at(0)).num_minutes();
        Ok(sent(samples(minute, (minute + 5).min(30), 7), false, 1))
    };
    let folder = archive();
    let lost = (DownloadOutcome::Lost, 15, 30, 0, 0);
    let (found, _) = filled(&cut, &folder, span(0, 30));
    assert_eq!(found, [(DownloadOutcome::Arrived, 0, 15, 900, 0), lost]);
    assert_eq!(asked.take(), [span(0, 30), span(5, 30), span(10, 30)]);
    // The next call goes on, until all is there.
    let (found, _) = filled(&cut, &folder, span(0, 30));
    assert_eq!(found, [(DownloadOutcome::Arrived, 0, 30, 1800, 0)]);

    // What the data centre says that it has not is settled.
    let folder = archive();
    let nothing_more = |piece: TimeSpan| match piece.start {
        start if start == at(0) => Ok(sent(samples(0, 5, 7), false, 1)),
        _ => Ok(None),
    };
    let (found, _) = filled(&nothing_more, &folder, span(0, 30));
    let expected = [
        (DownloadOutcome::Arrived, 0, 5, 300, 0),
        (DownloadOutcome::Nothing, 5, 30, 0, 0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_gap_before_a_record_is_one_and_one_between_parts_is_not() {
    let with_gap = [samples(0, 10, 7), samples(20, 30, 7)].concat();
    for (measured, n_parts, outcome) in [
        (true, 1, DownloadOutcome::Gap),
        (true, 2, DownloadOutcome::Gap),
        (false, 1, DownloadOutcome::Gap),
        (false, 2, DownloadOutcome::Lost),
    ] {
        let folder = archive();
        let fetch = |_| Ok(sent(with_gap.clone(), measured, n_parts));
        let (found, _) = filled(&fetch, &folder, span(0, 30));
        assert_eq!(found[1], (outcome, 10, 20, 0, 0), "{measured} {n_parts}");
    }
}

#[test]
fn a_damaged_day_file_keeps_what_is_whole_and_the_rest_is_fetched() {
    let folder = archive();
    let whole = |piece| Ok(answer_of(&[(0, 120)], piece).and_then(|b| sent(b, true, 1)));
    // Two pieces, of one record each.
    let (found, _) = filled(&whole, &folder, span(0, 60));
    assert_eq!(found, [(DownloadOutcome::Arrived, 0, 60, 3600, 0)]);
    let file = folder.archive.day_file(&stream(), at(0).date_naive());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    bytes.extend(b"\n");
    std::fs::write(&file, &bytes).unwrap();

    let (found, said) = filled(&whole, &folder, span(0, 90));
    let name = file.display().to_string();
    assert!(
        said[0].contains("2 faults") && said[0].contains(&name),
        "{said:?}"
    );
    assert!(said[0].contains("byte 0"), "{said:?}");
    // What is not there any more was never asked for.
    let expected = [(DownloadOutcome::Arrived, 30, 90, 3600, 0)];
    assert_eq!(found, expected);
    let beside = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let beside = beside.map(|file| file.unwrap().path());
    let beside: Vec<_> = beside.filter(|path| *path != file).collect();
    assert_eq!(beside.len(), 1);
    assert!(
        beside[0]
            .to_string_lossy()
            .starts_with(&(name + ".damaged-"))
    );
    assert_eq!(std::fs::read(&beside[0]).unwrap(), bytes);

    let (found, said) = filled(&whole, &folder, span(0, 90));
    assert_eq!(found, [(DownloadOutcome::Arrived, 0, 90, 5400, 0)]);
    assert!(said.is_empty(), "{said:?}");
    let traces = folder.archive.traces(at(0), at(90)).unwrap();
    assert_eq!(traces[0].n_samples(), 5400);
}

#[test]
fn unreadable_lines_of_the_ledger_are_said() {
    let folder = archive();
    let whole = |piece| Ok(answer_of(&[(0, 120)], piece).and_then(|b| sent(b, true, 1)));
    filled(&whole, &folder, span(0, 60));
    let ledger = folder.folder.path().join("ledger/XX.A..BHZ.2015.csv");
    let text = std::fs::read_to_string(&ledger).unwrap();
    std::fs::write(&ledger, text.replace("2015-12-31T23", "2015-12-41T23")).unwrap();
    let (found, said) = filled(&whole, &folder, span(0, 60));
    assert_eq!(found, [(DownloadOutcome::Arrived, 0, 60, 3600, 0)]);
    assert!(said[0].contains("1 lines of the ledger"), "{said:?}");
}

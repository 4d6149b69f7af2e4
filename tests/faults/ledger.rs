//! The archive's account after each fault of a download: exact to the second, and taken up again.

use std::sync::atomic::AtomicUsize;

use quakebook::fdsn::{DownloadParams, download};
use quakebook::waveform::{Archive, DownloadOutcome};

use crate::*;

/// Half an hour in three pieces; the fault falls on the second.
const PIECES: DownloadParams = DownloadParams {
    piece_s: 600.0,
    ask_again: false,
};

/// Gives each piece whole, but meets the first `n_faults` requests for the second one with a fault.
fn faulty(fault: Act, n_faults: usize) -> FaultServer {
    let n_met = AtomicUsize::new(0);
    FaultServer::new(move |_, seen| match asked_s(seen) {
        (600, 1200) if n_met.fetch_add(1, Ordering::SeqCst) < n_faults => fault.clone(),
        (from, to) => ok(&recorded("HHZ", from, to)),
    })
}

fn archive(folder: &std::path::Path) -> Archive {
    Archive::create(folder, "CX", "PB01", "", "HH?", false).unwrap()
}

/// Fills the archive: the account's outcomes with the seconds from which to which they reach, and
/// its samples.
fn fill(
    client: &Client,
    archive: &Archive,
    params: &DownloadParams,
) -> (Vec<(i64, i64, DownloadOutcome)>, usize) {
    let wanted = stream("HHZ");
    let ledger = download(client, archive, &wanted, span(0, 1800), params, &mut |_| {}).unwrap();
    let second = |time: Time| (time - at(0)).num_seconds();
    let entries = ledger.entries().iter();
    let entries = entries.map(|e| (second(e.start), second(e.end), e.outcome));
    (entries.collect(), ledger.n_samples())
}

fn flipped() -> Act {
    let mut bytes = recorded("HHZ", 600, 1200);
    bytes[200] ^= 4;
    ok(&bytes)
}

fn whole() -> (Vec<(i64, i64, DownloadOutcome)>, usize) {
    (vec![(0, 1800, DownloadOutcome::Arrived)], 1800)
}

#[test]
fn after_a_fault_that_passes_the_ledger_is_that_of_an_undisturbed_download() {
    let undisturbed = faulty(ok(b""), 0);
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&undisturbed).client;
    assert_eq!(fill(&client, &archive(folder.path()), &PIECES), whole());
    assert_eq!(undisturbed.n_requests(), 3);

    let piece = response("200 OK", &recorded("HHZ", 600, 1200));
    let half = piece[..piece.len() / 2].to_vec();
    for (what, fault, n_faults, n_requests) in [
        ("500", status("500 Internal Server Error", "oops"), 3, 6),
        ("502", status("502 Bad Gateway", "oops"), 1, 4),
        ("503", status("503 Service Unavailable", "busy"), 4, 7),
        ("429", status("429 Too Many Requests", "slow"), 1, 4),
        ("a reset", Act::Reset(half.clone()), 2, 5),
        ("a cut", Act::Send(half), 2, 5),
        ("HTML", ok(b"<html>wait</html>"), 1, 4),
        ("an error text", ok(b"Error: database down"), 1, 4),
        ("a flipped bit", flipped(), 1, 4),
        ("another stream", ok(&recorded("HHN", 600, 1200)), 1, 4),
        // The halves.
        ("413", status("413 Payload Too Large", "too much"), 1, 5),
    ] {
        let server = faulty(fault, n_faults);
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(folder.path());
        let found = fill(&Rig::new(&server).client, &archive, &PIECES);
        // Records of another stream came whole: they are counted where they came.
        let expected = match what {
            "another stream" => (
                [0, 600, 1200]
                    .map(|s| (s, s + 600, DownloadOutcome::Arrived))
                    .into(),
                1800,
            ),
            _ => whole(),
        };
        assert_eq!(found, expected, "after {what}");
        assert_eq!(server.n_requests(), n_requests, "after {what}");
        let traces = archive.traces(at(0), at(1800)).unwrap();
        assert_eq!(traces, [trace("HHZ", 0, 1800)], "after {what}");
    }
}

#[test]
fn a_lasting_fault_is_in_the_ledger_and_what_can_pass_is_asked_again() {
    let piece = response("200 OK", &recorded("HHZ", 600, 1200));
    let half = piece[..piece.len() / 2].to_vec();
    let (nothing, refused) = (DownloadOutcome::Nothing, DownloadOutcome::Refused);
    let (lost, damaged) = (DownloadOutcome::Lost, DownloadOutcome::Damaged);
    // Requests of the first download; of a second one that finds all well.
    for (what, fault, outcome, n_first, n_second) in [
        ("204", status("204 No Content", ""), nothing, 3, 0),
        ("400", status("400 Bad Request", "no"), refused, 3, 0),
        ("401", status("401 Unauthorized", "no"), refused, 3, 0),
        ("403", status("403 Forbidden", "no"), refused, 3, 0),
        ("404", status("404 Not Found", ""), refused, 3, 0),
        (
            "422",
            status("422 Unprocessable Content", "no"),
            refused,
            3,
            0,
        ),
        ("429", status("429 Too Many Requests", "no"), lost, 7, 1),
        ("500", status("500 Internal Server Error", "no"), lost, 7, 1),
        ("502", status("502 Bad Gateway", "no"), lost, 7, 1),
        ("503", status("503 Service Unavailable", "no"), lost, 7, 1),
        ("a reset", Act::Reset(half.clone()), lost, 7, 1),
        ("a cut", Act::Send(half), lost, 7, 1),
        ("HTML", ok(b"<html>wait</html>"), lost, 4, 1),
        ("an error text", ok(b"Error: database down"), lost, 4, 1),
        // The one record of the piece: it could be anything, so it is asked for again.
        ("a flipped bit", flipped(), lost, 4, 1),
        (
            "another stream",
            ok(&recorded("HHN", 600, 1200)),
            damaged,
            4,
            0,
        ),
    ] {
        let server = faulty(fault, usize::MAX);
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(folder.path());
        let (entries, n_samples) = fill(&Rig::new(&server).client, &archive, &PIECES);
        let arrived = DownloadOutcome::Arrived;
        let expected = [
            (0, 600, arrived),
            (600, 1200, outcome),
            (1200, 1800, arrived),
        ];
        assert_eq!(
            (entries.as_slice(), n_samples),
            (&expected[..], 1200),
            "{what}"
        );
        assert_eq!(server.n_requests(), n_first, "{what}");

        let well = faulty(ok(b""), 0);
        let (entries, n_samples) = fill(&Rig::new(&well).client, &archive, &PIECES);
        assert_eq!(well.n_requests(), n_second, "{what}, then well");
        if n_second > 0 {
            assert_eq!((entries, n_samples), whole(), "{what}, then well");
        } else {
            assert_eq!(entries, expected, "{what} is settled");
        }
        let again = DownloadParams {
            ask_again: true,
            ..PIECES
        };
        assert_eq!(
            fill(&Rig::new(&well).client, &archive, &again),
            whole(),
            "{what}, again"
        );
        assert_eq!(well.n_requests(), 1, "{what}, asked again");
    }
}

#[test]
fn a_stalled_piece_is_lost_and_the_rest_arrives() {
    let piece = response("200 OK", &recorded("HHZ", 600, 1200));
    let server = faulty(Act::Stall(piece[..piece.len() - 1].to_vec()), usize::MAX);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(folder.path());
    let client = Rig::with_stall(&server, Duration::from_millis(400)).client;
    let (entries, n_samples) = fill(&client, &archive, &PIECES);
    let lost = (600, 1200, DownloadOutcome::Lost);
    // What stalls is asked for twice.
    assert_eq!(
        (entries[1], n_samples, server.n_requests()),
        (lost, 1200, 4)
    );
}

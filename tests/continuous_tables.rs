//! Scores on real records that the project keeps: they are whole, agree with themselves, and say that they are stored.

mod common;

use quakebook::Error;
use quakebook::book::{
    Continuous, FALSE_SHARE, NOBODY, RATES, RealScores, Shares, Span, known_of, read_phase_picks,
};
use quakebook::display::Table;

fn says_stored(table: &Table) {
    assert!(table.note.contains("STORED, not of this run"), "{table}");
    assert!(!table.rows.is_empty());
    let n_columns = table.headers.len();
    assert!(
        table.rows.iter().all(|row| row.len() == n_columns),
        "{table}"
    );
}

/// Recall at a rate is that of the curve's last point within it, and differences are those of recalls.
fn agrees_with_itself(span: &Span) {
    let leader = &span.detectors[0];
    for one in &span.detectors {
        // Alarms that grow together are one: their number may fall, that of events cannot.
        assert!(one.curve.is_sorted_by_key(|point| point[1]), "{}", one.name);
        assert_eq!((one.at_rates.len(), one.behind.len()), (5, 5));
        for (i, rate) in RATES.into_iter().enumerate() {
            let counts = one.at_rates[i].point.counts;
            let is_beyond = |point: &[usize; 2]| point[0] as f64 > rate * span.free_hours;
            let beyond = one.curve.iter().position(is_beyond);
            let last = one.curve[beyond.unwrap_or(one.curve.len()) - 1][1];
            assert_eq!(counts.n_found, last, "{} at {rate}", one.name);
            assert!(counts.n_false as f64 <= rate * span.free_hours);
            assert_eq!(counts.n_counted, span.n_events);
            let recall = one.at_rates[i].recall();
            assert!(recall.lower <= recall.value && recall.value <= recall.upper);
            let behind = leader.at_rates[i].recall().value - recall.value;
            assert!((one.behind[i].value - behind).abs() < 1e-9, "{}", one.name);
        }
    }
}

#[test]
fn the_stored_record_is_whole() {
    let stored = Continuous::stored().unwrap();
    agrees_with_itself(&stored.whole);
    agrees_with_itself(&stored.last);
    assert_eq!(
        (stored.whole.detectors.len(), stored.last.detectors.len()),
        (4, 5)
    );
    // Twelve hours in quarters, and what INDEX.md says of the other program's list: 217 P picks.
    assert!((46..=48).contains(&stored.whole.n_blocks));
    assert_eq!(
        (stored.picks.len(), stored.picks.iter().sum::<usize>()),
        (12, 217)
    );
    for one in &stored.whole.detectors {
        assert_eq!(one.per_hour.len(), 12);
        let n_drawn = stored.sampled.iter().filter(|s| s.by == one.name).count();
        assert_eq!(n_drawn, 5, "{}", one.name);
    }
    assert_eq!(stored.sampled.iter().filter(|s| s.by == NOBODY).count(), 4);
    says_stored(&stored.key());
    assert!(stored.provenance().starts_with("STORED"));
    let again = Continuous::from_toml(&stored.to_toml()).unwrap();
    assert_eq!(again.whole, stored.whole);
}

#[test]
fn stored_shares_are_whole() {
    for stored in [Shares::stored_noisy(), Shares::stored_cuts()] {
        let stored = stored.unwrap();
        says_stored(&stored.table("Condition"));
        assert_eq!(stored.detectors.len(), 4);
        assert!(stored.rows.iter().all(|row| row.called.len() == 4));
        let noise = stored.rows.iter().find(|row| row.what == "noise alone");
        let noise = &noise.unwrap().called;
        assert!(
            noise.iter().all(|share| share.value <= FALSE_SHARE),
            "{noise:?}"
        );
        assert!(noise.iter().all(|share| share.n == stored.n_records));
        let again = Shares::from_toml(&stored.to_toml()).unwrap();
        assert_eq!(again.rows, stored.rows);
    }
    // Of the earthquakes in their noise the same are tried at each level.
    let noisy = Shares::stored_noisy().unwrap();
    let n = |i: usize| noisy.rows[i].called[0].n;
    assert!((1..7).all(|i| n(i) == n(0)) && n(0) <= noisy.n_records);
}

#[test]
fn stored_single_records_are_whole() {
    let stored = RealScores::stored().unwrap();
    says_stored(&stored.table());
    assert_eq!((stored.n_records, stored.n_stations), (86, 52));
    assert_eq!(stored.halves.len(), 4);
    for one in &stored.halves {
        let n_right = one.right.value * one.right.n as f64;
        assert_eq!(n_right.round() as usize + one.errors.len(), one.right.n);
    }
}

#[test]
fn what_is_no_scores_is_refused() {
    for error in [
        Continuous::from_toml("made = 3").unwrap_err(),
        Shares::from_toml("").unwrap_err(),
        RealScores::from_toml("made = \"2026-01-31\"").unwrap_err(),
    ] {
        assert!(matches!(error, Error::Evaluate { .. }), "{error}");
        assert!(error.to_string().contains("data/stored/"), "{error}");
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn stored_events_are_those_of_the_picks() {
    let path = common::real_data().join("iquique/picks_phasenet_PB01.csv");
    let known = known_of(&read_phase_picks(&path).unwrap());
    let stored = Continuous::stored().unwrap();
    // At both ends of the record a detector has no window.
    let n = known.events.len();
    assert!((n - 4..=n).contains(&stored.whole.n_events), "{n}");
}

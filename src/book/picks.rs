//! Picks of another program beside a record, and what they make known.

use std::path::Path;

use serde::Deserialize;

use crate::atomic_file::open_input;
use crate::error::{Result, fail};
use crate::evaluate::Known;
use crate::time::{self, Time, between_s};

/// A pick as PhaseNet's programs write it.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasePick {
    /// `CX.PB01..HH`
    pub station: String,
    pub time: Time,
    /// Of a P wave, else of an S wave.
    pub is_p: bool,
    /// From 0 to 1.
    pub score: f64,
}

/// A P pick of this score with an S pick of that score, so long after it, is an event that should be found.
const P_SCORE: f64 = 0.5;
const S_SCORE: f64 = 0.3;
const S_AFTER_P_S: std::ops::RangeInclusive<f64> = 0.3..=35.0;

/// Whoever believes in a pick less than this does not believe in it.
pub const LEAST_SCORE: f64 = 0.05;

#[derive(Deserialize)]
struct Row {
    station_id: String,
    phase_time: String,
    phase_type: String,
    phase_score: f64,
}

/// The picks of a list with the columns `station_id,phase_time,phase_type,phase_score`, in time order.
///
/// # Errors
/// [`crate::Error::Io`] where it cannot be read, [`crate::Error::Evaluate`] naming a broken row, an unknown phase, or a list
/// without rows.
pub fn read_phase_picks(path: &Path) -> Result<Vec<PhasePick>> {
    let refuse = |what: String| {
        let remedy = "Give each row station_id, phase_time, phase_type (P or S) and phase_score";
        fail!(Evaluate, path.display(), what, remedy)
    };
    let mut picks = Vec::new();
    for row in csv::Reader::from_reader(open_input(path)?).deserialize() {
        let row: Row = row.map_err(|error| refuse(error.to_string()))?;
        let is_p = match row.phase_type.as_str() {
            "P" => true,
            "S" => false,
            other => return Err(refuse(format!("phase {other:?}"))),
        };
        picks.push(PhasePick {
            station: row.station_id,
            time: time::parse(&row.phase_time)?,
            is_p,
            score: row.phase_score,
        });
    }
    picks.sort_by_key(|pick| pick.time);
    match picks.is_empty() {
        true => Err(refuse("no row".into())),
        false => Ok(picks),
    }
}

/// The events that picks of one station tell of, as times of P and S: a P pick of score 0.5 or more, and the first S pick of 0.3 or
/// more between 0.3 and 35 s after it.
pub fn event_picks(picks: &[PhasePick]) -> Vec<(Time, Time)> {
    let with_s = |p: &PhasePick| {
        let from = picks.partition_point(|s| s.time < p.time);
        let mut s = picks[from..]
            .iter()
            .filter(|s| !s.is_p && s.score >= S_SCORE);
        let s = s.find(|s| S_AFTER_P_S.contains(&between_s(p.time, s.time)))?;
        Some((p.time, s.time))
    };
    let good_p = picks.iter().filter(|p| p.is_p && p.score >= P_SCORE);
    good_p.filter_map(with_s).collect()
}

/// What picks of one station make known: the events of [`event_picks`]; every pick of 0.05 or more makes its surroundings busy.
pub fn known_of(picks: &[PhasePick]) -> Known {
    let events = event_picks(picks).into_iter();
    let believed = picks.iter().filter(|pick| pick.score >= LEAST_SCORE);
    Known {
        events: events.map(|(p, _)| p).collect(),
        busy: believed.map(|pick| pick.time).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Result<Vec<PhasePick>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picks.csv");
        let header = "station_id,phase_time,phase_type,phase_score\n";
        std::fs::write(&path, format!("{header}{rows}")).unwrap();
        read_phase_picks(&path)
    }

    #[test]
    fn a_p_with_its_s_is_an_event_and_every_pick_is_busy() {
        let picks = read(
            "A,2014-05-01T00:00:10Z,S,0.4\n\
             A,2014-05-01T00:00:06Z,P,0.6\n\
             A,2014-05-01T00:01:00Z,P,0.9\n\
             A,2014-05-01T00:01:00.2Z,S,0.9\n\
             A,2014-05-01T00:01:40Z,S,0.9\n\
             A,2014-05-01T00:02:00Z,P,0.04\n",
        );
        let known = known_of(&picks.unwrap());
        let at = |s: f64| time::parse("2014-05-01").unwrap() + time::seconds(s);
        assert_eq!(known.events, [at(6.0)]);
        assert_eq!(known.busy, [6.0, 10.0, 60.0, 60.2, 100.0].map(at));
    }

    #[test]
    fn what_is_no_pick_is_refused() {
        let what = |rows| read(rows).unwrap_err().to_string();
        assert!(what("A,2014-05-01T00:00:10Z,Pn,0.4\n").contains("Pn"));
        assert!(what("A,2014-05-01T00:00:10Z,P\n").contains("picks.csv"));
        assert!(what("").contains("no row"));
    }
}

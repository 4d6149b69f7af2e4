//! What was met in records while they were made comparable, to be told with the detections.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::error::{Error, Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::Record3C;

/// Length of a tile. A component that stands still for all of it is dead.
pub(super) const TILE_S: f64 = 600.0;

/// Kinds of failures that are told one by one; more are counted.
const N_TOLD: usize = 5;

/// Why a tile cannot be used.
#[derive(Debug, Clone, PartialEq)]
struct Failure {
    /// With its place.
    whole: String,
    /// Without: what is told of many tiles at once.
    kind: String,
}

/// The tiles that failed for one reason.
struct Failed {
    n: u32,
    first: i64,
    last: i64,
}

/// What is not as it should be in one tile.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Defects {
    rate_hz: Option<f64>,
    /// A component that never moves, and the one that stands in for it, with the seconds of record.
    dead: Vec<([String; 2], f64)>,
    /// Seconds that a component stands still, and samples in its clipped peaks.
    stuck_s: Vec<(String, f64)>,
    clipped: Vec<(String, usize)>,
    /// Why none of it can be used.
    failure: Option<Failure>,
}

impl Defects {
    /// `dead` has for each dead component the one that stands in for it, and how many samples it has.
    pub fn of(
        raw: &Record3C,
        dead: [Option<(usize, usize)>; 3],
        n_stuck: [usize; 3],
        n_clipped: [usize; 3],
    ) -> Self {
        let name = |i: usize| raw.channels[i].clone();
        let stood_in = |i: usize| {
            let (other, n) = dead[i].filter(|(_, n)| *n > 0)?;
            Some(([name(i), name(other)], n as f64 / raw.sampling_rate_hz))
        };
        let stuck = |i: usize| (name(i), n_stuck[i] as f64 / raw.sampling_rate_hz);
        Self {
            rate_hz: Some(raw.sampling_rate_hz),
            dead: (0..3).filter_map(stood_in).collect(),
            stuck_s: (0..3).filter(|i| n_stuck[*i] > 0).map(stuck).collect(),
            clipped: (0..3)
                .filter(|i| n_clipped[*i] > 0)
                .map(|i| (name(i), n_clipped[i]))
                .collect(),
            failure: None,
        }
    }

    pub fn failed(error: &Error) -> Self {
        Self {
            failure: Some(Failure {
                whole: error.to_string(),
                kind: error.without_place(),
            }),
            ..Self::default()
        }
    }
}

/// What was met in the records of a scan: rates, and what was wrong.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conditions {
    /// By tile; a tile that is read again tells the same.
    tiles: BTreeMap<i64, Defects>,
}

impl Conditions {
    pub(super) fn note(&mut self, tile: i64, defects: Defects) {
        self.tiles.insert(tile, defects);
    }

    pub(super) fn during(&self, tiles: Range<i64>) -> Self {
        let tiles = self.tiles.range(tiles);
        Self {
            tiles: tiles.map(|(tile, met)| (*tile, met.clone())).collect(),
        }
    }

    /// The sampling rates at which the records came, in hertz.
    pub fn rates_hz(&self) -> Vec<f64> {
        let rates = self.tiles.values().filter_map(|met| met.rate_hz);
        // Positive numbers are in the order of their bits.
        let rates: BTreeSet<u64> = rates.map(f64::to_bits).collect();
        rates.into_iter().map(f64::from_bits).collect()
    }

    /// Refuses a span of which there are records, but none that can be used.
    ///
    /// # Errors
    /// [`Error::Detect`] with the words of the first failure.
    pub(super) fn check(&self, n_windows: usize, span: &TimeSpan) -> Result<()> {
        let failures = self.tiles.values().map(|met| met.failure.as_ref());
        let all: Option<Vec<&Failure>> = failures.collect();
        match all.as_deref() {
            Some([first, ..]) if n_windows == 0 => Err(fail!(
                Detect,
                time::iso(span.start),
                first.whole,
                "Not one window could be scanned: take other records"
            )),
            _ => Ok(()),
        }
    }

    /// One line for each kind of defect, for who reads the detections.
    pub fn lines(&self) -> Vec<String> {
        let (mut dead, mut stuck) = (BTreeMap::new(), BTreeMap::new());
        let mut clipped = BTreeMap::new();
        let mut failed: BTreeMap<&str, Failed> = BTreeMap::new();
        for (&tile, met) in &self.tiles {
            for (names, s) in &met.dead {
                *dead.entry(names).or_insert(0.0) += s;
            }
            for (name, s) in &met.stuck_s {
                *stuck.entry(name).or_insert(0.0) += s;
            }
            for (name, n) in &met.clipped {
                *clipped.entry(name).or_insert(0) += n;
            }
            if let Some(Failure { kind, .. }) = &met.failure {
                let (n, first) = (0, tile);
                let of_kind = failed.entry(kind);
                let of_kind = of_kind.or_insert(Failed {
                    n,
                    first,
                    last: tile,
                });
                (of_kind.n, of_kind.last) = (of_kind.n + 1, tile);
            }
        }
        let minutes = |n_tiles: u32| f64::from(n_tiles) * TILE_S / 60.0;
        let since_1970 = |tile: i64| time::TimeDelta::seconds(tile * TILE_S as i64);
        let start = |tile: i64| time::iso(Time::UNIX_EPOCH + since_1970(tile));
        let mut lines = Vec::new();
        for ([name, other], s) in dead {
            lines.push(format!(
                "{name} is dead for {s:.1} s: {other} stands in for it"
            ));
        }
        for (name, s) in stuck {
            lines.push(format!("{name} stands still for {s:.1} s: a gap"));
        }
        for (name, n) in clipped {
            lines.push(format!("{name} clips in {n} samples: used as they are"));
        }
        let n_failed = failed.len();
        for (kind, Failed { n, first, last }) in failed.into_iter().take(N_TOLD) {
            // A block is left out as a whole, also where the fault is near its edge.
            let (lost, block) = (minutes(n), minutes(1));
            let (from, to) = (start(first), start(last + 1));
            lines.push(format!(
                "{lost} minutes between {from} and {to} are left out, in whole blocks of {block}: {kind}"
            ));
        }
        if n_failed > N_TOLD {
            lines.push(format!("{} more reasons", n_failed - N_TOLD));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_in_many_tiles_is_told_once() {
        let mut conditions = Conditions::default();
        for tile in [10, 11, 12, 20] {
            let place = format!("30000 samples in tile {tile}");
            let error = fail!(Waveform, place, "no component moves", "Choose another time");
            conditions.note(tile, Defects::failed(&error));
        }
        let slow = fail!(Waveform, "XX.A", "20 Hz, too slow", "Ask for others");
        conditions.note(30, Defects::failed(&slow));
        assert_eq!(
            conditions.lines(),
            [
                "10 minutes between 1970-01-01T05:00:00.000000Z and 1970-01-01T05:10:00.000000Z are left out, \
                 in whole blocks of 10: 20 Hz, too slow. Ask for others",
                "40 minutes between 1970-01-01T01:40:00.000000Z and 1970-01-01T03:30:00.000000Z are left out, \
                 in whole blocks of 10: no component moves. Choose another time",
            ]
        );
    }
}

//! What was met in records while they were made comparable, to be told with the detections.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::error::{Error, Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::quality::{BLOCK_S, Oddities};

/// Length of a tile. A component that stands still for all of it is dead.
pub(super) const TILE_S: f64 = BLOCK_S;

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

/// What was met in one tile.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Defects {
    rate_hz: Option<f64>,
    /// The longest piece without a gap in any component.
    longest_s: f64,
    odd: Oddities,
    /// Why none of it can be used.
    failure: Option<Failure>,
}

impl Defects {
    /// Of a tile that can be used, with what is odd in it.
    pub fn of(rate_hz: f64, longest_s: f64, odd: Oddities) -> Self {
        Self {
            rate_hz: Some(rate_hz),
            longest_s,
            odd,
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
    /// [`Error::Detect`] with the words of the first failure, or how long the record's pieces are.
    pub(super) fn check(
        &self,
        n_windows: usize,
        n_unscanned: usize,
        span: &TimeSpan,
    ) -> Result<()> {
        // A span may be so short that no window begins in it.
        if n_windows > 0 || n_unscanned == 0 || self.tiles.is_empty() {
            return Ok(());
        }
        let longest_s = self
            .tiles
            .values()
            .map(|met| met.longest_s)
            .fold(0.0, f64::max);
        let failures = self.tiles.values().filter_map(|met| met.failure.as_ref());
        let what = match failures.map(|failure| &failure.whole).next() {
            Some(whole) if longest_s == 0.0 => whole.clone(),
            _ => {
                let gaps = self.odd().lines_of_gaps();
                let gaps: String = gaps.iter().map(|line| format!(". {line}")).collect();
                format!(
                    "not one window lies in a record of three components: their longest piece has {longest_s:.1} s, and after \
                     each gap the filter settles{gaps}"
                )
            }
        };
        Err(fail!(
            Detect,
            time::iso(span.start),
            what,
            "Not one window could be scanned: take other records"
        ))
    }

    /// What was odd in all tiles.
    fn odd(&self) -> Oddities {
        let mut odd = Oddities::default();
        self.tiles.values().for_each(|met| odd.add(&met.odd));
        odd
    }

    /// One line for each kind of defect, for who reads the detections.
    pub fn lines(&self) -> Vec<String> {
        let mut failed: BTreeMap<&str, Failed> = BTreeMap::new();
        for (&tile, met) in &self.tiles {
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
        let mut lines = self.odd().lines();
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

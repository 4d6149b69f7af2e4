//! When the station sent nothing: gaps of seconds, missing hours, missing days.

use std::ops::Range;

use rand::RngExt;
use rand_distr::{Distribution, Poisson};

use super::instrument::SAMPLING_RATE_HZ;
use super::random::{Use, stream};
use super::seismicity::Truth;

const RATE: i64 = SAMPLING_RATE_HZ as i64;
const DAY: i64 = 86_400 * RATE;

/// Number a day, and shortest and longest length in seconds (uniform in the logarithm): lost packets, broken links, dead
/// batteries. Together 1 to 3 % of the time, a choice typical of a temporary station.
const HABITS: [(f64, (f64, f64)); 3] = [
    (1.5, (0.3, 30.0)),
    (0.03, (1800.0, 8.0 * 3600.0)),
    (0.005, (86_400.0, 5.0 * 86_400.0)),
];
const LONGEST: i64 = 5 * DAY;

/// 2014-02-16 00:00 to 10:00, the hours that the paper scans, are whole but for one gap of [`SCANNED_GAP`] samples.
pub const SCANNED: Range<i64> = 16_117 * DAY..16_117 * DAY + 36_000 * RATE;
/// 3.2 s.
pub const SCANNED_GAP: i64 = 320;

/// The missing samples of `from..to` (samples since 1970): half-open ranges, in order, apart from each other.
pub fn between(seed: u64, truth: &Truth, from: i64, to: i64) -> Vec<Range<i64>> {
    let mut gaps = vec![scanned_gap(truth)];
    for day in (from - LONGEST).div_euclid(DAY)..=(to - 1).div_euclid(DAY) {
        gaps.extend(
            beginning_on(seed, day).filter(|g| g.end <= SCANNED.start || g.start >= SCANNED.end),
        );
    }
    gaps.retain(|gap| gap.start < to && gap.end > from);
    gaps.sort_unstable_by_key(|gap| gap.start);
    let mut apart: Vec<Range<i64>> = Vec::new();
    for gap in gaps {
        match apart.last_mut() {
            Some(last) if gap.start <= last.end => last.end = last.end.max(gap.end),
            _ => apart.push(gap),
        }
    }
    for gap in &mut apart {
        *gap = gap.start.max(from)..gap.end.min(to);
    }
    apart
}

/// Gaps that begin on a day since 1970.
fn beginning_on(seed: u64, day: i64) -> impl Iterator<Item = Range<i64>> {
    HABITS
        .iter()
        .enumerate()
        .flat_map(move |(part, &(n_per_day, (shortest_s, longest_s)))| {
            let mut rng = stream(seed, Use::Outages, part as u64, day);
            let n = Poisson::new(n_per_day).map_or(0.0, |p| p.sample(&mut rng)) as usize;
            (0..n)
                .map(|_| {
                    let start = day * DAY + rng.random_range(0..DAY);
                    let length_s =
                        shortest_s * (longest_s / shortest_s).powf(rng.random_range(0.0..1.0));
                    start..start + (length_s * SAMPLING_RATE_HZ) as i64
                })
                .collect::<Vec<_>>()
        })
}

/// In the middle of the longest time without an earthquake in the scanned hours.
fn scanned_gap(truth: &Truth) -> Range<i64> {
    let origins = truth
        .sources
        .iter()
        .map(|s| s.origin_time.timestamp() * RATE)
        .filter(|t| SCANNED.contains(t));
    let mut times: Vec<i64> = origins.chain([SCANNED.start, SCANNED.end]).collect();
    times.sort_unstable();
    let quiet = times.windows(2).max_by_key(|pair| pair[1] - pair[0]);
    let middle = quiet.map_or(SCANNED.start, |pair| (pair[0] + pair[1]) / 2);
    middle..middle + SCANNED_GAP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth() -> Truth {
        Truth::from_sources(1, vec![])
    }

    #[test]
    fn the_scanned_hours_have_one_short_gap() {
        for seed in 0..20 {
            let gaps = between(seed, &truth(), SCANNED.start, SCANNED.end);
            assert_eq!(gaps.len(), 1);
            assert_eq!(gaps[0].end - gaps[0].start, SCANNED_GAP);
        }
    }

    #[test]
    fn one_to_three_percent_are_missing() {
        let (mut missing, n_days) = (0, 1000);
        for seed in 0..5 {
            let gaps = between(seed, &truth(), SCANNED.start, SCANNED.start + n_days * DAY);
            assert!(gaps.windows(2).all(|pair| pair[0].end < pair[1].start));
            missing += gaps.iter().map(|g| g.end - g.start).sum::<i64>();
        }
        let share = missing as f64 / (5 * n_days * DAY) as f64;
        assert!((0.01..0.03).contains(&share), "{share}");
    }

    #[test]
    fn a_part_of_the_time_has_the_same_gaps() {
        let (from, to) = (SCANNED.start + 30 * DAY, SCANNED.start + 90 * DAY);
        let missing = |gaps: &[Range<i64>], t: i64| gaps.iter().any(|g| g.contains(&t));
        let whole = between(3, &truth(), from, to);
        for gap in &whole {
            for t in [gap.start - 1, gap.start, gap.end - 1, gap.end] {
                let part = between(3, &truth(), t, t + 1);
                assert_eq!(!part.is_empty(), missing(&whole, t));
            }
        }
    }
}

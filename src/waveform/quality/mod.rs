//! One rule of data quality: which recorded samples are ground motion.
//!
//! The rule holds for counts as they were recorded, before any filter or scale. Cutting, scanning,
//! STA/LTA, templates, FAST and harmonising all follow it.
//!
//! | Word | Definition | What becomes of it |
//! |---|---|---|
//! | missing | NaN or infinite, or the smallest number of four bytes, which stands for missing | a gap |
//! | stuck | one value for [`STUCK_S`], and for [`MIN_STUCK`] samples or more; a straight line for [`LINE_S`], and for twice as many | a gap; a window that holds it is rejected, and in a scan one that touches it |
//! | dead | a component that never moves in the whole record or window, or holds no number | not used; a window is rejected |
//! | clipped | [`CLIPPED_RUN`] equal samples or more at the largest or smallest value of a component whose range is twice [`CLIPPED_COUNTS`] or more, or of which they are [`CLIPPED_SHARE`], where a count is the smallest step in whatever unit; or, in counts alone, a peak near the full scale of a digitiser ([`FULL_SCALES_COUNTS`]), as the way to it from the mean goes | used, and counted: the largest earthquakes clip |
//! | jump | a step to the next sample that is [`JUMP`] times as large as every other one around it: a glitch of one level for up to eight samples, or another level; not the way into what is stuck or a flat top | used, and counted |
//! | idle | whole numbers of a range of [`IDLE_COUNTS`] or less | used, and told: perhaps no sensor is connected |
//! | coarse | so far from zero that four bytes round the motion | used, and told |
//!
//! Stuck samples are padding (zeros, a held value, a line, a number that stands for missing) or a digitiser that hangs.
//! A window that is cut is judged by its own samples alone; a scan knows those around it too.
//!
//! A fill shorter than [`STUCK_S`] is not known as one, and may count as an event: real records repeat a value for up to
//! 0.2 s, and a glitch, a calibration or a mass at its stop jumps to some value and back, as a short fill does. Only
//! -2^31, which says by itself that it stands for nothing, is a gap from its first sample on.

mod component;
mod gaps;
mod jumps;
mod oddity;
mod runs;

use std::ops::Range;

use rayon::prelude::*;

use super::Record3C;
use crate::simd;
use crate::time::{Time, between_s};
use runs::{equal_runs, straight_runs};

pub(crate) use component::is_dead;
pub use component::{CLIPPED_SHARE, ComponentQuality, IDLE_COUNTS};
pub use gaps::{coverage, filter_counts};
pub(crate) use gaps::{gaps_of, mask, n_without_number, open};
pub use jumps::JUMP;
pub(crate) use oddity::{Oddities, Oddity};

/// Shortest stuck segment in seconds.
///
/// Measured on real records at 100 Hz: twelve hours of CX.PB01 repeat a value at most 9 times, and 86
/// records of 52 stations of the Northern California Earthquake Data Center at most 20 times (0.2 s,
/// on a component with a few counts of noise). The shortest padding there has 388 samples (3.9 s).
pub const STUCK_S: f64 = 0.5;

/// Fewest samples of a stuck segment, for rates below 50 Hz: a little more than the 20 measured.
pub const MIN_STUCK: usize = 25;

/// Shortest straight line in seconds, rounded to counts or not.
///
/// Twice [`STUCK_S`], as a slow wave without noise is nearly straight for a while.
pub const LINE_S: f64 = 2.0 * STUCK_S;

/// Equal samples in a row at an extreme that make a component clipped.
///
/// In 75,000 unclipped windows of 10 s of CX.PB01, with [`CLIPPED_COUNTS`], three do not occur.
pub const CLIPPED_RUN: usize = 5;

/// Peaks of fewer counts are not clipped: a few counts are the whole top of such a wave.
pub const CLIPPED_COUNTS: f32 = 1000.0;

/// Full scales of digitisers of 24, 26 and 32 bits, in counts.
///
/// A digitiser filters what it has sampled, so a saturated one gives tops that ring, without equal samples: records of
/// network Z7 (24 August 2014, 24 bits) end between 86 and 101 % of 2^23. SeisComP calls a station clipped from 80 % of
/// 2^23 on, gmprocess from 72 % (Kleckner et al. 2022, *Seismol. Res. Lett.* 93, 880-896). A digitiser of 16 bits or
/// fewer holds its largest number, which [`CLIPPED_RUN`] sees.
pub const FULL_SCALES_COUNTS: [f32; 3] = [8_388_608.0, 33_554_432.0, 2_147_483_648.0];

/// Peaks within these shares of a full scale are clipped; larger ones belong to a larger full scale.
const NEAR_FULL_SCALE: Range<f32> = 0.8..1.05;

/// Fewest samples of a stuck segment at a sampling rate.
fn shortest_stuck(sampling_rate_hz: f64) -> usize {
    ((STUCK_S * sampling_rate_hz) as usize).max(MIN_STUCK)
}

/// So many samples beside one value may be on a line with it by chance.
const LINE_BESIDE: usize = 16;

/// Fewest samples of a straight line, likewise.
fn shortest_line(sampling_rate_hz: f64) -> usize {
    ((LINE_S * sampling_rate_hz) as usize).max(2 * MIN_STUCK)
}

/// Components of long records are judged in blocks of so many seconds since 1970.
pub(crate) const BLOCK_S: f64 = 600.0;

/// The parts of a range of a record that lie in blocks of [`BLOCK_S`].
pub(crate) fn blocks(record: &Record3C, within: &Range<usize>) -> Vec<Range<usize>> {
    let rate_hz = record.sampling_rate_hz;
    let since_1970_s = between_s(Time::UNIX_EPOCH, record.start);
    let border = |block: f64| {
        let sample = ((block * BLOCK_S - since_1970_s) * rate_hz).round();
        (sample.max(0.0) as usize).clamp(within.start, within.end)
    };
    let block_of = |sample: usize| ((since_1970_s + sample as f64 / rate_hz) / BLOCK_S).floor();
    let n = (block_of(within.end) - block_of(within.start)) as usize;
    let first = block_of(within.start);
    let borders = (0..=n + 1).map(|i| border(first + i as f64));
    let borders: Vec<usize> = borders.collect();
    let parts = borders.array_windows().map(|[start, end]| *start..*end);
    parts.filter(|part| !part.is_empty()).collect()
}

/// So many samples before and after a record tell whether one at its ends belongs to a fill.
pub(crate) fn n_around(sampling_rate_hz: f64) -> usize {
    shortest_line(sampling_rate_hz)
}

/// What the rule says of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Sound,
    /// To be used, and counted.
    Clipped,
    /// The first gap in it, as samples of the record.
    Missing(Range<usize>),
    Dead,
    Stuck,
}

/// A record and where it is stuck or may be clipped: found once, asked for each window.
pub(crate) struct Judge<'a> {
    rows: [&'a [f32]; 3],
    gaps: Vec<Range<usize>>,
    components: [Suspects; 3],
}

/// Components of fewer samples are looked at one after the other: it takes less than handing them to threads.
const N_ALONE: usize = 50_000;

/// Places of one component that a window's verdict depends on, in order.
struct Suspects {
    /// Runs of [`CLIPPED_RUN`] equal samples or more.
    runs: Vec<Range<usize>>,
    /// What is stuck.
    fills: Vec<Range<usize>>,
    /// Samples near a full scale or beyond it.
    large: Vec<usize>,
}

impl<'a> Judge<'a> {
    pub fn new(record: &'a Record3C) -> Self {
        let rows = record.data.each_ref().map(Vec::as_slice);
        let rate_hz = record.sampling_rate_hz;
        let of = |row: &&[f32]| Suspects::of(row, rate_hz);
        let components = match record.n_samples() < N_ALONE {
            true => rows.each_ref().map(of),
            false => {
                let all: Vec<Suspects> = rows.par_iter().map(of).collect();
                all.try_into().ok().expect("three components")
            }
        };
        Self {
            rows,
            gaps: record.gaps(),
            components,
        }
    }

    /// The verdict on the samples of a range that is inside the record.
    pub fn window(&self, range: Range<usize>) -> Verdict {
        let next = self.gaps.partition_point(|gap| gap.end <= range.start);
        if let Some(gap) = self.gaps.get(next).filter(|gap| gap.start < range.end) {
            return Verdict::Missing(gap.clone());
        }
        let rows = self.rows.map(|row| &row[range.clone()]);
        if rows.iter().any(|row| row.iter().all(|y| *y == row[0])) {
            return Verdict::Dead;
        }
        let mut parts = self.components.iter().zip(rows);
        if self
            .components
            .iter()
            .any(|suspects| suspects.is_stuck(&range))
        {
            return Verdict::Stuck;
        }
        match parts.any(|(suspects, row)| suspects.is_clipped(&range, row)) {
            true => Verdict::Clipped,
            false => Verdict::Sound,
        }
    }
}

impl Suspects {
    fn of(row: &[f32], sampling_rate_hz: f64) -> Self {
        let least = NEAR_FULL_SCALE.start * FULL_SCALES_COUNTS[0];
        let large: Vec<usize> = match peak(row) >= least {
            true => (0..row.len()).filter(|i| row[*i].abs() >= least).collect(),
            false => Vec::new(),
        };
        let runs = equal_runs(row);
        Self {
            fills: fills(row, &runs, sampling_rate_hz),
            runs,
            large,
        }
    }

    /// Whether a window touches a fill.
    fn is_stuck(&self, window: &Range<usize>) -> bool {
        let next = self.fills.partition_point(|fill| fill.end <= window.start);
        self.fills
            .get(next)
            .is_some_and(|fill| fill.start < window.end)
    }

    /// The parts of the runs that lie in a window.
    fn runs_in(&self, window: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (start, end) = (window.start, window.end);
        let from = self.runs.partition_point(|run| run.end <= start);
        let inside = self.runs[from..]
            .iter()
            .take_while(move |run| run.start < end);
        inside.map(move |run| run.start.max(start)..run.end.min(end))
    }

    /// `row` are the samples of the window.
    fn is_clipped(&self, window: &Range<usize>, row: &[f32]) -> bool {
        let is_top = |run: Range<usize>| {
            let value = row[run.start - window.start];
            run.len() >= CLIPPED_RUN
                && (row.iter().all(|y| *y <= value) || row.iter().all(|y| *y >= value))
        };
        let next = self.large.partition_point(|i| *i < window.start);
        let is_large = self.large.get(next).is_some_and(|i| *i < window.end);
        let is_near = |levels: Levels| row.iter().any(|y| levels.are_passed_by(*y));
        is_large && levels_of_full_scale(row).is_some_and(is_near)
            || self.runs_in(window).any(is_top) && is_wide(simd::extremes(row))
    }
}

/// The largest absolute value.
fn peak(row: &[f32]) -> f32 {
    let (low, high) = simd::extremes(row);
    (-low).max(high)
}

/// Where a row comes near a full scale: the levels below and above which it does.
///
/// Of the way from the mean to each end of the scale, and [`CLIPPED_COUNTS`] from it at least, for an offset is no motion that clips.
fn levels_of_full_scale(row: &[f32]) -> Option<Levels> {
    let finite = || row.iter().filter(|y| y.is_finite());
    let peak = finite().fold(0.0, |peak: f32, y| peak.max(y.abs()));
    let near = |full: &f32| NEAR_FULL_SCALE.contains(&(peak / full));
    let full = FULL_SCALES_COUNTS.into_iter().find(near)?;
    let sum: f64 = finite().map(|y| f64::from(*y)).sum();
    let mean = (sum / finite().count() as f64) as f32;
    let share = NEAR_FULL_SCALE.start;
    (mean.abs() < full).then_some(Levels {
        low: mean - (share * (full + mean)).max(CLIPPED_COUNTS),
        high: mean + (share * (full - mean)).max(CLIPPED_COUNTS),
    })
}

/// Beyond which samples are near a full scale.
struct Levels {
    low: f32,
    high: f32,
}

impl Levels {
    fn are_passed_by(&self, y: f32) -> bool {
        y <= self.low || y >= self.high
    }
}

fn is_wide((low, high): (f32, f32)) -> bool {
    high - low >= 2.0 * CLIPPED_COUNTS
}

/// The segments of a row that are no motion: one value, or a straight line, for too long. In order,
/// joined where they overlap.
fn fills(row: &[f32], equal: &[Range<usize>], sampling_rate_hz: f64) -> Vec<Range<usize>> {
    let shortest = shortest_stuck(sampling_rate_hz);
    let is_fill = |run: &&Range<usize>| run.len() >= shortest && row[run.start].is_finite();
    let mut all: Vec<Range<usize>> = equal.iter().filter(is_fill).cloned().collect();
    let stuck = all.clone();
    // A line may pass the samples beside one value too, which tell by themselves where they begin.
    let is_other = |line: &Range<usize>| {
        let near = |run: &Range<usize>| line.len() <= run.len() + LINE_BESIDE;
        let next = stuck.partition_point(|run| run.end <= line.start);
        !stuck
            .get(next)
            .is_some_and(|run| run.start < line.end && near(run))
    };
    all.extend(
        straight_runs(row, shortest_line(sampling_rate_hz))
            .into_iter()
            .filter(is_other),
    );
    all.sort_unstable_by_key(|run| run.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for run in all {
        match joined.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => joined.push(run),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 100.0;

    fn wave(n: usize, counts: f32) -> Vec<f32> {
        (0..n).map(|i| counts * (i as f32 * 0.3).sin()).collect()
    }

    fn judged(row: Vec<f32>) -> Verdict {
        let record = Record3C {
            station: "XX.A".into(),
            channels: ["HHE", "HHN", "HHZ"].map(String::from),
            start: crate::time::parse("2020-01-01").unwrap(),
            sampling_rate_hz: RATE_HZ,
            data: [wave(row.len(), 500.0), wave(row.len(), 500.0), row],
            simulated: true,
        };
        let n = record.n_samples();
        Judge::new(&record).window(0..n)
    }

    #[test]
    fn each_word_begins_at_its_limit() {
        let with = |counts, from: usize, value: f32, n: usize| {
            let mut row = wave(1000, counts);
            row[from..from + n].fill(value);
            judged(row)
        };
        assert_eq!(judged(wave(1000, 500.0)), Verdict::Sound);
        assert_eq!(with(500.0, 300, 7.0, 49), Verdict::Sound);
        assert_eq!(with(500.0, 300, 7.0, 50), Verdict::Stuck);
        assert_eq!(with(500.0, 0, 7.0, 1000), Verdict::Dead);
        assert_eq!(
            with(500.0, 990, f32::INFINITY, 1),
            Verdict::Missing(990..991)
        );
        // A flat top, at its fewest samples, its smallest range, and elsewhere than at the top.
        assert_eq!(with(5000.0, 300, 5001.0, 5), Verdict::Clipped);
        assert_eq!(with(5000.0, 300, -5001.0, 5), Verdict::Clipped);
        assert_eq!(with(5000.0, 300, 5001.0, 4), Verdict::Sound);
        assert_eq!(with(5000.0, 300, 4000.0, 5), Verdict::Sound);
        assert_eq!(with(900.0, 300, 901.0, 5), Verdict::Sound);
    }

    #[test]
    fn full_scale_clips_without_equal_samples() {
        let peaks = |counts: f32| judged(wave(1000, counts));
        assert_eq!(peaks(6.6e6), Verdict::Sound);
        assert_eq!(peaks(8.38e6), Verdict::Clipped);
        // A larger digitiser's everyday amplitude, and its full scale.
        assert_eq!(peaks(1.5e7), Verdict::Sound);
        assert_eq!(peaks(3.3e7), Verdict::Clipped);
    }
}

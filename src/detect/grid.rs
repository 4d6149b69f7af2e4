//! Where the windows of a scan lie, and the blocks of record in which they are read.

use std::ops::Range;

use chrono::TimeDelta;

use crate::time::{Time, TimeSpan};

/// Samples of a block, about: an hour at 100 Hz, 4 MB for three components.
const BLOCK_SAMPLES: usize = 360_000;

/// Windows at equal steps, by number.
///
/// What is read for a window depends on its number alone: blocks lie on the grid too. A scan that begins
/// elsewhere therefore sees the same samples, filtered from the same place on.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// When window 0 begins.
    origin: Time,
    sampling_rate_hz: f64,
    hop_samples: usize,
    /// Samples of a window.
    n_samples: usize,
    /// Samples that are read before and after those of a block's windows.
    n_around: usize,
    /// Samples from the origin on, beyond which nothing is read; else the grid has no ends.
    within: Option<usize>,
}

/// Neighbouring windows, and the samples that are read for them and for the others of their block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Numbers of the windows that are wanted.
    pub windows: Range<i64>,
    /// Samples from the grid's origin on.
    pub samples: Range<i64>,
}

impl Grid {
    /// From the first of `within` samples on, until the last window that they hold.
    pub fn over(origin: Time, within: usize, sizes: [usize; 3], sampling_rate_hz: f64) -> Self {
        let [n_samples, hop_samples, n_around] = sizes;
        Self {
            origin,
            sampling_rate_hz,
            hop_samples,
            n_samples,
            n_around,
            within: Some(within),
        }
    }

    /// Window 0 begins with the year 1970.
    pub fn of_time(sizes: [usize; 3], sampling_rate_hz: f64) -> Self {
        Self {
            within: None,
            ..Self::over(Time::UNIX_EPOCH, 0, sizes, sampling_rate_hz)
        }
    }

    /// The windows within the grid's samples; none on a grid without ends.
    pub fn all(&self) -> Range<i64> {
        let room = self.within.and_then(|n| n.checked_sub(self.n_samples));
        0..room.map_or(0, |room| (room / self.hop_samples) as i64 + 1)
    }

    /// The windows that begin in a span.
    pub fn during(&self, span: &TimeSpan) -> Range<i64> {
        self.first_from(span.start)..self.first_from(span.end)
    }

    /// The first window that begins at a time or later.
    fn first_from(&self, time: Time) -> i64 {
        let hop_s = self.hop_samples as f64 / self.sampling_rate_hz;
        let elapsed = time - self.origin;
        let elapsed_s = elapsed.num_seconds() as f64 + f64::from(elapsed.subsec_nanos()) * 1e-9;
        // To within a window, which rounding may be: times of windows are exact.
        let near = (elapsed_s / hop_s).round() as i64 - 2;
        (near..)
            .find(|window| self.start(*window) >= time)
            .expect("windows begin ever later")
    }

    pub fn sampling_rate_hz(&self) -> f64 {
        self.sampling_rate_hz
    }

    /// From when until when records are read for these windows.
    pub fn time_of(&self, windows: &Range<i64>) -> TimeSpan {
        let first = self.block(windows).samples.start;
        let last = windows.end.max(windows.start + 1) - 1;
        let end = self.block(&(last..windows.end)).samples.end;
        TimeSpan {
            start: self.time(first),
            end: self.time(end),
        }
    }

    /// When a window begins.
    pub fn start(&self, window: i64) -> Time {
        self.time(window * self.hop_samples as i64)
    }

    /// The time of a sample, to the nanosecond.
    pub fn time(&self, sample: i64) -> Time {
        let (sample, rate) = (sample as f64, self.sampling_rate_hz);
        // Nanoseconds since 1970 are more than an f64 holds.
        let seconds = (sample / rate).floor();
        let rest = seconds.mul_add(-rate, sample) / rate;
        let nanoseconds = (rest * 1e9).round() as i64;
        self.origin + TimeDelta::seconds(seconds as i64) + TimeDelta::nanoseconds(nanoseconds)
    }

    /// The first of these windows that are in one block.
    pub fn block(&self, windows: &Range<i64>) -> Block {
        let hop = self.hop_samples as i64;
        let n = (BLOCK_SAMPLES / self.hop_samples).max(1) as i64;
        let number = windows.start.div_euclid(n);
        let mut whole = number * n..(number + 1) * n;
        let mut around = i64::MIN..i64::MAX;
        if let Some(within) = self.within {
            around = 0..within as i64;
            whole.end = whole.end.min(self.all().end);
        }
        let (first, last) = (whole.start * hop, (whole.end - 1) * hop);
        let (before, after) = (self.n_around, self.n_samples + self.n_around);
        Block {
            windows: windows.start..windows.end.min(whole.end),
            samples: (first - before as i64).max(around.start)
                ..(last + after as i64).min(around.end),
        }
    }

    /// Whether a block's samples reach into any of these spans, which are in time order.
    pub fn reaches(&self, block: &Block, spans: &[TimeSpan]) -> bool {
        let [start, end] = [block.samples.start, block.samples.end].map(|n| self.time(n));
        let first = spans.partition_point(|span| span.end < start);
        spans.get(first).is_some_and(|span| span.start <= end)
    }

    /// The first sample of a window.
    pub fn sample(&self, window: i64) -> i64 {
        window * self.hop_samples as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{self, between_s};

    #[test]
    fn windows_begin_at_whole_steps_since_1970() {
        let grid = Grid::of_time([1000, 200, 0], 100.0);
        let at = |text| time::parse(text).unwrap();
        let span = |start, end| TimeSpan {
            start: at(start),
            end: at(end),
        };
        let day = grid.during(&span("2014-02-16", "2014-02-17"));
        assert_eq!(day.end - day.start, 43_200);
        assert_eq!(grid.start(day.start), at("2014-02-16"));
        let later = grid.during(&span("2014-02-16T00:00:00.000001", "2014-02-17"));
        assert_eq!(later, day.start + 1..day.end);
        // Rates whose intervals no number of nanoseconds is.
        for rate in [1.0 / 3.0, 7.3, 99.999, 128.0, 333.33] {
            let grid = Grid::of_time([100, 33, 0], rate);
            let first = grid.during(&span("2014-02-16", "2014-02-17")).start;
            for window in first..first + 100 {
                let step_s = between_s(grid.start(window), grid.start(window + 1));
                assert!((step_s - 33.0 / rate).abs() < 2e-9, "{rate} {step_s}");
                assert_eq!(grid.first_from(grid.start(window)), window);
            }
        }
    }

    #[test]
    fn a_block_does_not_depend_on_where_the_scan_begins() {
        let grid = Grid::of_time([100, 33, 50], 10.0);
        let n = (BLOCK_SAMPLES / 33) as i64;
        let whole = grid.block(&(7 * n..9 * n));
        assert_eq!(whole.windows, 7 * n..8 * n);
        let part = grid.block(&(7 * n + 5..7 * n + 8));
        assert_eq!(part.windows, 7 * n + 5..7 * n + 8);
        assert_eq!(part.samples, whole.samples);
        assert_eq!(whole.samples, 7 * n * 33 - 50..(8 * n - 1) * 33 + 150);
    }

    #[test]
    fn a_record_is_not_left() {
        let grid = Grid::over(Time::UNIX_EPOCH, 1000, [100, 33, 50], 10.0);
        assert_eq!(grid.all(), 0..28);
        assert_eq!(
            grid.block(&grid.all()),
            Block {
                windows: 0..28,
                samples: 0..1000
            }
        );
        assert!(
            Grid::over(Time::UNIX_EPOCH, 99, [100, 33, 50], 10.0)
                .all()
                .is_empty()
        );
    }
}

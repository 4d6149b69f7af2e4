//! What a detector says of neighbouring windows, averaged.
//!
//! Windows that begin within a second or two of each other see the same earthquake, but not the same noise at their ends. The
//! mean of their log-odds keeps the one and loses some of the other.

use crate::detect::Scan;
use crate::error::Result;
use crate::time::{self, Time, TimeDelta};

/// Smaller probabilities are this: their logarithms have to be finite.
const LEAST: f32 = f32::MIN_POSITIVE;

/// The pieces of a scan, each window's log-odds averaged over the windows whose starts are at most so far from its own.
pub(super) struct Smoothed<I: Iterator> {
    pieces: I,
    within: TimeDelta,
    /// The last windows of the piece before, as they were.
    before: Windows,
    /// The next piece, as far as it is read.
    ahead: Option<I::Item>,
    /// The windows after the last piece.
    after: Windows,
}

/// Starts of windows, and their probabilities row by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Windows {
    starts: Vec<Time>,
    probabilities: Vec<f32>,
}

impl Windows {
    /// The windows of a scan that begin from one time to another.
    pub fn of(scan: &Scan, from: Time, to: Time) -> Self {
        let first = scan.starts.partition_point(|start| *start < from);
        let end = scan.starts.partition_point(|start| *start <= to);
        let n = scan.n_classes;
        Self {
            starts: scan.starts[first..end].to_vec(),
            probabilities: scan.probabilities[first * n..end * n].to_vec(),
        }
    }

    fn between(&self, from: Time, to: Time) -> Self {
        let n = self.probabilities.len() / self.starts.len().max(1);
        let first = self.starts.partition_point(|start| *start < from);
        let end = self.starts.partition_point(|start| *start <= to).max(first);
        Self {
            starts: self.starts[first..end].to_vec(),
            probabilities: self.probabilities[first * n..end * n].to_vec(),
        }
    }

    pub fn append(&mut self, other: Self) {
        self.starts.extend(other.starts);
        self.probabilities.extend(other.probabilities);
    }
}

impl<I: Iterator<Item = Result<Scan>>> Smoothed<I> {
    /// `before` and `after` are the windows around the pieces that are near enough to count.
    pub fn new(pieces: I, within_s: f64, before: Windows, after: Windows) -> Self {
        Self {
            pieces,
            within: within(within_s),
            before,
            ahead: None,
            after,
        }
    }
}

impl<I: Iterator<Item = Result<Scan>>> Iterator for Smoothed<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        if self.within.is_zero() {
            return self.pieces.next();
        }
        let piece = match self.ahead.take().or_else(|| self.pieces.next())? {
            Ok(piece) => piece,
            Err(error) => return Some(Err(error)),
        };
        self.ahead = self.pieces.next();
        let Some((first, last)) = piece
            .starts
            .first()
            .copied()
            .zip(piece.starts.last().copied())
        else {
            return Some(Ok(piece));
        };
        let mut around = std::mem::take(&mut self.before);
        around.append(Windows::of(&piece, first, last));
        self.before = around.between(last - self.within, last);
        let until = last + self.within;
        if let Some(Ok(next)) = &self.ahead {
            around.append(Windows::of(next, last, until));
        }
        around.append(self.after.between(last, until));
        Some(Ok(smoothed(piece, &around, self.within)))
    }
}

/// A scan that stands alone: there is nothing before it or after it.
pub(super) fn alone(scan: Scan, within_s: f64) -> Scan {
    let Some((first, last)) = scan
        .starts
        .first()
        .copied()
        .zip(scan.starts.last().copied())
    else {
        return scan;
    };
    if within_s == 0.0 {
        return scan;
    }
    let around = Windows::of(&scan, first, last);
    smoothed(scan, &around, within(within_s))
}

/// Log-odds, each averaged over those at most so many seconds from it; `starts` are in order.
pub(super) fn of_log_odds(scores: &[(Time, f64)], within_s: f64) -> Vec<(Time, f64)> {
    let within = within(within_s);
    let mut first = 0;
    let mean = |(start, _): &(Time, f64)| {
        while scores[first].0 < *start - within {
            first += 1;
        }
        let near = scores[first..]
            .iter()
            .take_while(|s| s.0 <= *start + within);
        let (sum, n) = near.fold((0.0, 0), |(sum, n), (_, odds)| (sum + odds, n + 1));
        (*start, sum / f64::from(n))
    };
    scores.iter().map(mean).collect()
}

/// Half a millisecond more, for starts that were rounded; nothing for nothing.
pub(super) fn within(within_s: f64) -> TimeDelta {
    match within_s {
        0.0 => TimeDelta::zero(),
        _ => time::seconds(within_s + 5e-4),
    }
}

/// The scan with each row the geometric mean of the rows around it, which averages the logarithms of all odds.
fn smoothed(mut scan: Scan, around: &Windows, within: TimeDelta) -> Scan {
    let n = scan.n_classes;
    let logs: Vec<f64> = around
        .probabilities
        .iter()
        .map(|p| f64::from(p.max(LEAST)).ln())
        .collect();
    let mut first = 0;
    for (start, row) in scan
        .starts
        .iter()
        .zip(scan.probabilities.chunks_exact_mut(n))
    {
        while around.starts[first] < *start - within {
            first += 1;
        }
        let near = around.starts[first..].iter();
        let n_near = near.take_while(|near| **near <= *start + within).count();
        if n_near < 2 {
            continue;
        }
        let mut means = vec![0.0; n];
        for logs in logs[first * n..(first + n_near) * n].chunks_exact(n) {
            for (mean, log) in means.iter_mut().zip(logs) {
                *mean += log / n_near as f64;
            }
        }
        let largest = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = means.iter().map(|log| (log - largest).exp()).sum();
        for (p, log) in row.iter_mut().zip(means) {
            *p = ((log - largest).exp() / sum) as f32;
        }
    }
    scan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(odds: &[(f64, f64)]) -> Scan {
        let p = |x: f64| 1.0 / (1.0 + (-x).exp());
        Scan {
            station: "XX.A".into(),
            simulated: true,
            sampling_rate_hz: 50.0,
            n_samples: 100,
            hop_samples: 50,
            n_classes: 2,
            starts: odds
                .iter()
                .map(|(s, _)| Time::UNIX_EPOCH + time::seconds(*s))
                .collect(),
            probabilities: odds
                .iter()
                .flat_map(|(_, x)| [p(*x) as f32, p(-*x) as f32])
                .collect(),
            n_in_gaps: 0,
            n_stuck: 0,
            unscanned: Vec::new(),
            n_clipped: 0,
            n_samples_left: 0,
        }
    }

    fn odds_of(scan: &Scan) -> Vec<f64> {
        let rows = scan.probabilities.chunks_exact(2);
        rows.map(|row| f64::from(row[0] / row[1]).ln()).collect()
    }

    /// By hand: means of one, two or three neighbours; nothing is averaged over a gap.
    #[test]
    fn log_odds_of_neighbours_are_averaged() {
        let odds = [(0.0, 3.0), (1.0, -1.0), (2.0, 4.0), (9.0, 5.0)];
        let expected = [1.0, 2.0, 1.5, 5.0];
        let found = odds_of(&alone(scan(&odds), 1.0));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        let scores: Vec<(Time, f64)> = odds
            .iter()
            .map(|(s, x)| (Time::UNIX_EPOCH + time::seconds(*s), *x))
            .collect();
        let found: Vec<f64> = of_log_odds(&scores, 1.0).iter().map(|s| s.1).collect();
        assert_eq!(found, expected);
        assert_eq!(of_log_odds(&scores, 0.0), scores);
    }

    #[test]
    fn pieces_are_averaged_as_the_whole_is() {
        let odds: Vec<(f64, f64)> = (0..40)
            .map(|i| (f64::from(i), f64::from((i * 7) % 11) - 5.0))
            .collect();
        let whole = alone(scan(&odds), 2.0);
        for cut in [1, 7, 20, 39] {
            let pieces = [scan(&odds[..cut]), scan(&odds[cut..])].map(Ok);
            let none = Windows::default;
            let joined = Smoothed::new(pieces.into_iter(), 2.0, none(), none());
            let found: Vec<f32> = joined
                .flat_map(|piece| piece.unwrap().probabilities)
                .collect();
            assert_eq!(found, whole.probabilities, "{cut}");
            // The second piece alone, beside what came before it.
            let before = scan(&odds[..cut]);
            let all = (before.starts[0], before.starts[cut - 1]);
            let before = Windows::of(&before, all.0, all.1);
            let alone = Smoothed::new([Ok(scan(&odds[cut..]))].into_iter(), 2.0, before, none());
            let found: Vec<f32> = alone
                .flat_map(|piece| piece.unwrap().probabilities)
                .collect();
            assert_eq!(found, whole.probabilities[2 * cut..], "{cut}");
        }
    }
}

//! Halves of single real records, the earthquake and the noise before it, decided by detectors of chapter 11.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::crossval::N_FOLDS;
use super::own_noise::{BEFORE_S, OwnNoise};
use super::real::Picked;
use super::rivals::Rival;
use crate::dataset::group_folds;
use crate::error::Result;
use crate::evaluate::Score;
use crate::time::between_s;

/// How many halves a detector decides rightly, each with a threshold from the other stations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Halves {
    pub detector: String,
    /// The halves that were decided wrongly, by the records' names: ` +` is an earthquake missed, ` -` a false alarm.
    pub errors: Vec<String>,
    pub right: Score,
}

/// Windows of each half begin so many seconds before P; both halves have as many.
const OF_EARTHQUAKE_S: std::ops::RangeInclusive<f64> = 0.5..=6.5;
const OF_NOISE_S: std::ops::RangeInclusive<f64> = 10.5..=16.5;

/// A half of a record.
struct Half {
    fold: usize,
    is_event: bool,
    score: f64,
    name: String,
}

/// Every detector on every record: the half's largest score, and one threshold, the one that is right most often on the
/// stations of the other folds.
///
/// # Errors
/// As [`group_folds`] and [`super::rivals::Scorer::scores`].
pub(super) fn halves(rivals: &[Rival], picked: &[Picked], seed: u64) -> Result<Vec<Halves>> {
    let stations: Vec<&str> = picked.iter().map(|one| one.station.as_str()).collect();
    let folds = group_folds(&stations, N_FOLDS)?;
    rivals
        .iter()
        .map(|rival| of_one(rival, picked, &folds, seed))
        .collect()
}

fn of_one(rival: &Rival, picked: &[Picked], folds: &[usize], seed: u64) -> Result<Halves> {
    let mut halves = Vec::new();
    for (one, fold) in picked.iter().zip(folds) {
        let Some(own) = OwnNoise::of(one, seed) else {
            continue;
        };
        // Noise long before the record lets slow averages settle.
        let record = own.earthquake();
        let scores = rival.scorer.scores(&record)?;
        let name = one.name.trim_end_matches(".mseed");
        for (is_event, before_s) in [(true, OF_EARTHQUAKE_S), (false, OF_NOISE_S)] {
            let before = |at| BEFORE_S - between_s(record.start, at);
            let inside = scores
                .iter()
                .filter(|(at, _)| before_s.contains(&before(*at)));
            let sign = if is_event { '+' } else { '-' };
            halves.push(Half {
                fold: *fold,
                is_event,
                score: inside.map(|s| s.1).fold(f64::NEG_INFINITY, f64::max),
                name: format!("{name} {sign}"),
            });
        }
    }
    let of_folds: BTreeSet<usize> = halves.iter().map(|half| half.fold).collect();
    let mut errors = Vec::new();
    for fold in of_folds {
        let others = halves.iter().filter(|half| half.fold != fold);
        let others: Vec<(f64, bool)> = others.map(|half| (half.score, half.is_event)).collect();
        let threshold = most_often_right(&others);
        let of_fold = halves.iter().filter(|half| half.fold == fold);
        let wrong = of_fold.filter(|half| (half.score >= threshold) != half.is_event);
        errors.extend(wrong.map(|half| half.name.clone()));
    }
    Ok(Halves {
        detector: rival.name.clone(),
        right: Score::of(halves.len() - errors.len(), halves.len()),
        errors,
    })
}

/// The threshold that is right most often, in the middle between two scores; of equals the middle one.
fn most_often_right(scores: &[(f64, bool)]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // With the threshold below all, every half is called an earthquake.
    let mut right = sorted.iter().filter(|(_, is_event)| *is_event).count();
    let mut best: (usize, Vec<f64>) = (0, Vec::new());
    for pair in sorted.windows(2) {
        match pair[0].1 {
            true => right -= 1,
            false => right += 1,
        }
        let middle = (pair[0].0 + pair[1].0) / 2.0;
        match right.cmp(&best.0) {
            std::cmp::Ordering::Greater => best = (right, vec![middle]),
            std::cmp::Ordering::Equal => best.1.push(middle),
            std::cmp::Ordering::Less => {}
        }
    }
    let n = best.1.len();
    best.1.get(n / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_between_noise_and_earthquakes() {
        let scores = [(1.0, false), (2.0, false), (6.0, true), (8.0, true)];
        assert_eq!(most_often_right(&scores), 4.0);
        // One noise is louder than one earthquake: two thresholds have one error each, and one below the
        // earthquake another.
        let scores = [(1.0, false), (3.0, true), (5.0, false), (9.0, true)];
        assert_eq!(most_often_right(&scores), 7.0);
    }
}

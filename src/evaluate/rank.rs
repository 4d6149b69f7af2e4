//! What the order of scores tells, whatever their units.

/// Spearman's rank correlation of pairs, from -1 to 1; equal values share their mean rank. NaN where either side does
/// not vary or there are fewer than two pairs.
///
/// ```
/// use quakebook::evaluate::rank_correlation;
/// assert_eq!(rank_correlation(&[(1.0, 10.0), (2.0, 40.0), (3.0, 90.0)]), 1.0);
/// assert_eq!(rank_correlation(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), -1.0);
/// // scipy.stats.spearmanr([1, 2, 2, 4], [1, 3, 2, 4]).statistic
/// let some = rank_correlation(&[(1.0, 1.0), (2.0, 3.0), (2.0, 2.0), (4.0, 4.0)]);
/// assert!((some - 0.948683).abs() < 1e-6);
/// ```
pub fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (a, b) = (ranks(&a), ranks(&b));
    let mean = (pairs.len() as f64 + 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| -> f64 {
        let pairs = x.iter().zip(y);
        pairs.map(|(x, y)| (x - mean) * (y - mean)).sum()
    };
    sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt()
}

/// How well scores part cases of two kinds: the probability that one of the first kind has the larger score, equal
/// scores counting half. It is the area under the ROC curve (Hanley & McNeil 1982, *Radiology* 143, 29-36). NaN where a
/// kind has no case.
///
/// ```
/// use quakebook::evaluate::separation;
/// assert_eq!(separation(&[(true, 3.0), (true, 1.0), (false, 2.0), (false, 0.0)]), 0.75);
/// ```
pub fn separation(cases: &[(bool, f64)]) -> f64 {
    let scores: Vec<f64> = cases.iter().map(|(_, score)| *score).collect();
    let n_first = cases.iter().filter(|(is_first, _)| *is_first).count() as f64;
    let n_second = cases.len() as f64 - n_first;
    let of_first = cases
        .iter()
        .zip(ranks(&scores))
        .filter(|((first, _), _)| *first);
    let sum: f64 = of_first.map(|(_, rank)| rank).sum();
    (sum - n_first * (n_first + 1.0) / 2.0) / (n_first * n_second)
}

/// Ranks from 1 on; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|i| ranks[*i] = rank);
        before += equal.len();
    }
    ranks
}

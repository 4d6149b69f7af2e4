//! How good a clustering is, and how far two of them agree.

use std::collections::HashMap;

use super::Metric;
use crate::error::{Result, fail};

/// Each point's silhouette, from -1 (it belongs to another cluster) to 1 (well inside its own):
/// `(b - a) / max(a, b)`, `a` the mean distance to the others of its cluster, `b` the smallest
/// mean distance to another cluster; 0 for a cluster's only point (Rousseeuw 1987, *J. Comput.
/// Appl. Math.* 20, 53-65). Distances are plain ones, not squares, for either metric.
///
/// # Errors
/// [`crate::Error::Cluster`] where lengths differ or fewer than two clusters have points.
pub fn silhouettes(points: &[[f64; 2]], labels: &[usize], metric: Metric) -> Result<Vec<f64>> {
    same_length(points.len(), labels.len())?;
    let n_labels = labels.iter().max().map_or(0, |l| l + 1);
    let mut sizes = vec![0; n_labels];
    labels.iter().for_each(|l| sizes[*l] += 1);
    if sizes.iter().filter(|size| **size > 0).count() < 2 {
        return Err(fail!(
            Cluster,
            "silhouettes",
            "fewer than two clusters have points",
            "Ask for 2 or more clusters"
        ));
    }
    let one = |(point, own): (&[f64; 2], &usize)| {
        if sizes[*own] == 1 {
            return 0.0;
        }
        let mut sums = vec![0.0; n_labels];
        for (other, label) in points.iter().zip(labels) {
            sums[*label] += metric.distance(*point, *other);
        }
        let a = sums[*own] / (sizes[*own] - 1) as f64;
        let b = (0..n_labels)
            .filter(|label| label != own && sizes[*label] > 0)
            .map(|label| sums[label] / sizes[label] as f64)
            .fold(f64::INFINITY, f64::min);
        // Both are 0 where two clusters lie on one point: neither in nor out.
        if a.max(b) == 0.0 {
            0.0
        } else {
            (b - a) / a.max(b)
        }
    };
    Ok(points.iter().zip(labels).map(one).collect())
}

/// Agreement of two labellings of the same points, corrected for chance: 1 for the same groups
/// whatever their numbers, about 0 for independent ones (Hubert & Arabie 1985, *J. Classif.* 2,
/// 193-218, equation 5).
///
/// # Errors
/// [`crate::Error::Cluster`] where lengths differ or there are fewer than two points.
pub fn adjusted_rand_index(a: &[usize], b: &[usize]) -> Result<f64> {
    same_length(a.len(), b.len())?;
    if a.len() < 2 {
        return Err(fail!(
            Cluster,
            "adjusted_rand_index",
            format!("{} points", a.len()),
            "Compare labellings of 2 or more points"
        ));
    }
    let mut both = HashMap::<_, u64>::new();
    let mut in_a = HashMap::<_, u64>::new();
    let mut in_b = HashMap::<_, u64>::new();
    for (i, j) in a.iter().zip(b) {
        *both.entry((i, j)).or_default() += 1;
        *in_a.entry(i).or_default() += 1;
        *in_b.entry(j).or_default() += 1;
    }
    let pairs = |n: u64| n * n.saturating_sub(1) / 2;
    let together = both.values().map(|n| pairs(*n)).sum::<u64>() as f64;
    let together_a = in_a.values().map(|n| pairs(*n)).sum::<u64>() as f64;
    let together_b = in_b.values().map(|n| pairs(*n)).sum::<u64>() as f64;
    let by_chance = together_a * together_b / pairs(a.len() as u64) as f64;
    let at_most = (together_a + together_b) / 2.0;
    // All in one group, or each alone, in both: the same groups.
    if at_most == by_chance {
        return Ok(1.0);
    }
    Ok((together - by_chance) / (at_most - by_chance))
}

fn same_length(a: usize, b: usize) -> Result<()> {
    if a == b {
        return Ok(());
    }
    Err(fail!(
        Cluster,
        "labels",
        format!("{a} of one and {b} of the other"),
        "Give one label for each point"
    ))
}

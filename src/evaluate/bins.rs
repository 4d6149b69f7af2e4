//! A proportion by magnitude, by signal-to-noise ratio, or by any other value.

use serde::{Deserialize, Serialize};

use super::Score;
use crate::error::{Result, fail};

/// The share of hits among the cases whose value lies in `[lower, upper)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BinScore {
    pub lower: f64,
    pub upper: f64,
    pub score: Score,
}

/// The share of hits in each bin between two neighbouring `edges`. Cases below the first edge or from
/// the last one on are in no bin.
///
/// # Errors
/// [`crate::Error::Evaluate`] where there are fewer than two edges, they do not grow, or a case's value
/// is NaN.
///
/// ```
/// // Magnitude, and whether the earthquake was detected.
/// let cases = [(1.1, false), (1.2, true), (1.9, true), (2.5, true)];
/// let bins = quakebook::evaluate::by_bin(&[1.0, 1.5, 2.0], &cases)?;
/// assert_eq!(bins[0].score.to_string(), "50.0 % [9.5, 90.5] of 2");
/// assert_eq!((bins[1].score.value, bins[1].score.n), (1.0, 1));
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn by_bin(edges: &[f64], cases: &[(f64, bool)]) -> Result<Vec<BinScore>> {
    // `!(a < b)` holds for NaN too.
    let grows = edges.windows(2).all(|pair| pair[0] < pair[1]);
    if edges.len() < 2 || !grows {
        return Err(fail!(
            Evaluate,
            "edges",
            format!("{edges:?}, expected two or more that grow"),
            "Give the ends of the bins in order"
        ));
    }
    if let Some(i) = cases.iter().position(|(value, _)| value.is_nan()) {
        return Err(fail!(
            Evaluate,
            format!("case {i}"),
            "its value is NaN",
            "Leave out the cases whose value is not known, and say how many they are"
        ));
    }
    let bin = |pair: &[f64]| {
        let inside = cases.iter().filter(|(v, _)| (pair[0]..pair[1]).contains(v));
        let n_hits = inside.clone().filter(|(_, hit)| *hit).count();
        BinScore {
            lower: pair[0],
            upper: pair[1],
            score: Score::of(n_hits, inside.count()),
        }
    };
    Ok(edges.windows(2).map(bin).collect())
}

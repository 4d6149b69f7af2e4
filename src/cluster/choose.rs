//! How many clusters: criteria side by side for a range of k.

use std::ops::RangeInclusive;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{ClusterParams, Clusters};
use crate::catalog::Catalog;
use crate::error::{Result, fail};

/// Simulated catalogs for the gap statistic.
const N_REFERENCES: usize = 20;

/// The criteria for one number of clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KRow {
    pub k: usize,
    /// As [`Clusters::sum`]: it falls with every k, so it cannot choose.
    pub sum: f64,
    /// Mean silhouette; none for one cluster.
    pub silhouette: Option<f64>,
    /// How much smaller the log of the sum is than for events spread evenly over the same box.
    pub gap: f64,
    /// Standard error of the gap.
    pub gap_error: f64,
}

/// A table of criteria over k.
#[derive(Debug, Clone, PartialEq)]
pub struct KChoice {
    pub rows: Vec<KRow>,
}

impl KChoice {
    /// The k with the largest mean silhouette; none where only one cluster was tried.
    pub fn by_silhouette(&self) -> Option<usize> {
        let scored = self.rows.iter().filter(|row| row.silhouette.is_some());
        scored
            .max_by(|a, b| {
                let order = a.silhouette.partial_cmp(&b.silhouette);
                order.expect("silhouettes of finite points are finite")
            })
            .map(|row| row.k)
    }

    /// The smallest k whose gap is not below the next one's by more than its standard error; none
    /// where the gap still grows at the end of the table.
    pub fn by_gap(&self) -> Option<usize> {
        let enough = |pair: &&[KRow]| pair[0].gap >= pair[1].gap - pair[1].gap_error;
        self.rows.windows(2).find(enough).map(|pair| pair[0].k)
    }
}

/// Fits each k of a range and gives the sum, the silhouette (Rousseeuw 1987) and the gap statistic
/// (Tibshirani, Walther & Hastie 2001, *J. R. Stat. Soc. B* 63, 411-423) with 20 references
/// drawn evenly over the box of the epicentres. `params.k` is not used.
///
/// # Errors
/// As [`ClusterParams::fit`], and where the range is empty.
pub fn choose_k(
    catalog: &Catalog,
    params: &ClusterParams,
    range: RangeInclusive<usize>,
) -> Result<KChoice> {
    if range.is_empty() {
        return Err(fail!(
            Cluster,
            "range of k",
            format!("{range:?} is empty"),
            "Give it from small to large, as 2..=8"
        ));
    }
    let references = references(catalog, params.seed);
    let rows = range.map(|k| row(catalog, &references, params, k));
    Ok(KChoice {
        rows: rows.collect::<Result<_>>()?,
    })
}

fn row(
    catalog: &Catalog,
    references: &[Vec<[f64; 2]>],
    params: &ClusterParams,
    k: usize,
) -> Result<KRow> {
    let params = ClusterParams {
        k,
        ..params.clone()
    };
    let clusters: Clusters = params.fit(catalog)?;
    let silhouette = match k {
        1 => None,
        _ => Some(clusters.silhouette(catalog)?),
    };
    let mut logs = Vec::with_capacity(references.len());
    for reference in references {
        logs.push(params.fit_points(reference)?.sum.ln());
    }
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / n;
    Ok(KRow {
        k,
        sum: clusters.sum,
        silhouette,
        gap: mean - clusters.sum.ln(),
        gap_error: (variance * (1.0 + 1.0 / n)).sqrt(),
    })
}

/// Epicentres spread evenly over the catalog's box, as many as its events.
fn references(catalog: &Catalog, seed: u64) -> Vec<Vec<[f64; 2]>> {
    let mut low = [f64::INFINITY; 2];
    let mut high = [f64::NEG_INFINITY; 2];
    for event in catalog.events() {
        for (axis, x) in [event.longitude_deg, event.latitude_deg]
            .into_iter()
            .enumerate()
        {
            low[axis] = low[axis].min(x);
            high[axis] = high[axis].max(x);
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut point =
        || [0, 1].map(|axis| low[axis] + (high[axis] - low[axis]) * rng.random::<f64>());
    let mut reference = || catalog.events().iter().map(|_| point()).collect();
    (0..N_REFERENCES).map(|_| reference()).collect()
}

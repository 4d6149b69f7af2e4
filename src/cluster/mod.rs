//! Groups of epicentres: the classes that a network learns to tell apart.
//!
//! | What | Where |
//! |---|---|
//! | choices, checked once, and the fit | [`ClusterParams`], [`Metric`], [`Space`] |
//! | the product: labels, centroids, sums | [`Clusters`], [`LocalMinimum`] |
//! | how good, how alike, how many | [`silhouettes`], [`adjusted_rand_index`], [`choose_k`] |
//!
//! The sum of distances has many local minima, so a clustering is judged by its sum, never by its
//! labels: fit with many replicates, and look at [`Clusters::minima`]. Of 5,000 starts on the 887
//! ComCat events of the paper's box (cityblock, degrees, k = 3) 16 % ended at the best sum, 59.2345, and
//! 15 % at 59.2349, where one event changes sides; of 1,000 fits with the paper's 5 replicates 56 %
//! found the best. 200 replicates take some 20 ms there, and ten times as long by linfa for the
//! Euclidean metric.
//!
//! ```
//! use quakebook::cluster::ClusterParams;
//! let west = [[-97.5, 35.80], [-97.5, 35.82], [-97.5, 35.85]];
//! let east = [[-97.3, 35.90], [-97.3, 35.91]];
//! let clusters = ClusterParams::new(2).fit_points(&[east.as_slice(), &west].concat())?;
//! assert_eq!(clusters.labels, [1, 1, 0, 0, 0]); // 0 is the westernmost
//! assert_eq!(clusters.centroids[0].latitude_deg, 35.82); // a median, not a mean
//! assert!((clusters.sum - 0.06).abs() < 1e-9); // 0.05 + 0.01 degrees
//! # Ok::<(), quakebook::Error>(())
//! ```

mod choose;
mod clusters;
mod descent;
mod fit;
mod medians;
mod nearest;
mod params;
mod quality;
mod replicates;

pub use choose::{KChoice, KRow, choose_k};
pub use clusters::{Clusters, LocalMinimum};
pub use params::{ClusterParams, Metric, Space};
pub use quality::{adjusted_rand_index, silhouettes};

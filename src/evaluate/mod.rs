//! Scores that carry their uncertainty and the number of cases they rest on.
//!
//! | What | Where |
//! |---|---|
//! | which class was taken for which; precision, recall, F1, accuracy | [`ConfusionMatrix`], [`majority_baseline`] |
//! | proportions and rates with 95 % intervals | [`Score`], [`Rate`] |
//! | one number from several seeds | [`Spread`] |
//! | two ways of training, by the same seeds; many comparisons | [`PairedDifference`], [`holm`] |
//! | a detector at one threshold, and the rule that chooses one | [`OperatingPoint`], [`smallest_threshold_within`], [`recall_at_rate`] |
//! | every threshold at once | [`PrecisionRecallCurve`] |
//! | the order of scores alone | [`rank_correlation`], [`separation`] |
//! | whether 80 % means 80 % | [`Calibration`], [`fit_temperature`] |
//! | a score by magnitude, or by anything else | [`by_bin`] |
//! | what a score becomes where events are rare | [`precision_at_base_rate`], [`precision_at_event_rate`], [`at_base_rate`] |
//! | recall against alarms an hour on continuous record, with intervals that draw blocks of time | [`Claims`], [`Blocks`] |
//! | intervals of what has no formula | [`bootstrap`] |
//!
//! Two rules hold everywhere. A score of no cases is not 0: its value is NaN, its interval all of
//! 0 to 1, its `n` is 0, and it prints as "undefined". And the intervals count each window as a
//! case of its own: windows that overlap or share an event make them too narrow.
//!
//! ```
//! use quakebook::evaluate::ConfusionMatrix;
//! // Two clusters, and noise as class 2.
//! let truth = [0, 0, 1, 1, 2, 2, 2, 2];
//! let predicted = [0, 1, 1, 1, 2, 2, 2, 0];
//! let matrix = ConfusionMatrix::new(3, &truth, &predicted)?;
//! assert_eq!(matrix.count(1, 0), 1); // output 1, target 0
//! assert_eq!(matrix.recall(0).value, 0.5);
//! assert_eq!(matrix.precision(1).to_string(), "66.7 % [20.8, 93.9] of 3");
//! assert_eq!(matrix.detection().precision(0).value, 0.8); // event or not
//! # Ok::<(), quakebook::Error>(())
//! ```

mod base_rate;
mod bins;
mod bootstrap;
mod calibration;
mod compare;
mod confusion;
mod continuous;
mod curve;
mod operating;
mod rank;
mod rates;
mod score;
mod spread;

pub use base_rate::{at_base_rate, precision_at_base_rate, precision_at_event_rate};
pub use bins::{BinScore, by_bin};
pub use bootstrap::{Interval, bootstrap};
pub use calibration::{
    Calibration, ReliabilityBin, at_temperature, event_probability, fit_temperature, top_class,
};
pub use compare::{PairedDifference, holm};
pub use confusion::{Average, ConfusionMatrix, majority_baseline};
pub use continuous::{Claims, Known};
pub use curve::PrecisionRecallCurve;
pub use operating::{Counts, OperatingPoint, recall_at_rate, smallest_threshold_within};
pub use rank::{rank_correlation, separation};
pub use rates::{Blocks, RecallAtRate};
pub use score::{Rate, Score};
pub use spread::Spread;

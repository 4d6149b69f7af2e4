//! From a continuous record to a list of events.
//!
//! | Step | What it gives |
//! |---|---|
//! | [`scan`] | [`Scan`]: probabilities of every window; [`Scan::counts`] is Table 1 of the paper |
//! | [`Scanner`] | the same of a record of any length, piece by piece |
//! | [`Scan::merge`] | [`Detections`]: windows joined to events, by hysteresis |
//! | [`Detections::match_`] | [`Matches`]: found, missed, false alarms beside a catalog |
//! | [`MatchedDetections`] | CSV and QuakeML, one row a detection, with the event that it is taken for |
//! | [`ReferenceEvents`] | the events that detections are judged by; counts at every threshold |
//! | [`signal_to_noise`] | how far an earthquake stands out of the noise |
//! | [`classic_sta_lta`], [`recursive_sta_lta`], [`triggers`] | the classical detector's arithmetic |
//!
//! The classical detectors, on the same records; each gives [`Alarms`] with a score, and what it could
//! not use of a record stands in its [`DataQuality`]:
//!
//! | Detector | Looks for |
//! |---|---|
//! | [`sta_lta`] | energy that rises on several components together |
//! | [`Templates::scan`] | waves like those of known earthquakes |
//! | [`fast::fast`] | waves that occur twice |
//!
//! [`ReferenceEvents::count`] judges them all, and the network, by one measure, and
//! [`crate::evaluate::smallest_threshold_within`] chooses their thresholds by one rule.
//!
//! The paper counts windows: an earthquake that the edge of a window cuts is counted twice. Here
//! windows may overlap, and what is reported are events.
//!
//! ```
//! use quakebook::detect::{MergeParams, Scan};
//! # let start = quakebook::time::parse("2014-02-16").unwrap();
//! // Six windows of 10 s, one cluster and noise: an earthquake lies across windows 2 and 3.
//! let p_event = [0.1, 0.0, 0.9, 0.6, 0.0, 0.1];
//! let scan = Scan {
//!     station: "GS.OK029.00".into(),
//!     simulated: true,
//!     sampling_rate_hz: 100.0,
//!     n_samples: 1000,
//!     hop_samples: 1000,
//!     n_classes: 2,
//!     starts: (0..6).map(|i| start + quakebook::time::seconds(10.0 * i as f64)).collect(),
//!     probabilities: p_event.iter().flat_map(|p| [*p, 1.0 - p]).collect(),
//!     n_in_gaps: 0,
//!     n_stuck: 0,
//!     unscanned: Vec::new(),
//!     n_clipped: 0,
//!     n_samples_left: 0,
//! };
//! assert_eq!(scan.counts(), [2, 4]);
//! let detections = scan.merge(&MergeParams::default()).unwrap();
//! assert_eq!(detections.len(), 1);
//! assert_eq!(detections.items[0].n_windows, 2);
//! ```

mod alarms;
mod coincidence;
mod comparison;
mod correlation;
mod detections;
pub mod fast;
mod grid;
mod matched;
mod matching;
mod merge;
mod reference;
mod scan;
mod scanner;
mod signal;
mod sta_lta;
mod store;

mod template;

pub use alarms::{Alarm, Alarms, Band, DataQuality};
pub use coincidence::{StaLtaParams, sta_lta};
pub use comparison::{Comparison, DetectorResult};
pub use correlation::correlate;
pub use detections::{Detection, Detections};
pub use matched::MatchedDetections;
pub use matching::{Found, Matches, p_travel_time_s};
pub use merge::{LONGEST_EVENT_S, MergeParams, Merger, THRESHOLDS};
pub use reference::{ReferenceEvents, TOLERANCE_S};
pub use scan::{Scan, ScanParams, Unscanned, scan};
pub use scanner::Scanner;
pub use signal::{SIGNAL_BAND_HZ, signal_to_noise};
pub use sta_lta::{classic_sta_lta, recursive_sta_lta, triggers};
pub use template::{Template, TemplateParams, Templates};

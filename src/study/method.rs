//! What the method chose, beyond the paper.

use serde::{Deserialize, Serialize};

/// How amplitudes are scaled before a network sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Each component to `[0, 1]` by its own minimum and maximum, as the paper did: it breaks the
    /// amplitude ratio between components, and jumps where they meet.
    MinMaxPerComponent,
    /// The three components together to `[0, 1]`, as the paper says it should be done.
    MinMaxJoint,
    /// Each component's mean removed, then one scale for all three: their standard deviation.
    Std,
    /// Each component's mean removed, then one scale for all three: the largest absolute value.
    Peak,
    /// Each component's mean removed, then divided by its own noise, and compressed by the inverse hyperbolic
    /// sine: noise has about 1, ten times as much 3, a thousand times as much 8. A weak P wave stays in sight beside a strong
    /// S wave, and a component's gain does not matter. The noise is taken from the quieter part of the window: a
    /// quarter of its samples lie below 0.3186 standard deviations, if they are Gaussian. What is missing becomes 0, if it is
    /// not more than half.
    Noise,
    /// As recorded, divided by so many counts, the same in every window: for records without an offset,
    /// such as filtered ones. Weak and strong stay apart, and overlapping windows of a scan share what
    /// a convolutional network makes of them ([`crate::network::Classify::probabilities_along`]).
    Fixed { counts: u32 },
}

/// Which time of the catalog is the P wave at the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onset {
    /// The origin time and the travel time that the velocity model gives.
    TravelTime,
    /// The catalog's time itself: for triggers or picks of the station.
    CatalogTime,
}

/// What the leak-free detector is taught, and how its threshold is chosen ([`crate::method`]).
///
/// The detector learns from segments: pieces of continuous record around an event's P wave, in the
/// middle between events, and around disturbances. Windows are cropped from them after the division.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MethodChoice {
    pub onset: Onset,
    /// Corners of the band to which records are filtered before anything else; none leaves them as
    /// recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_hz: Option<[f64; 2]>,
    /// Records are made comparable before anything else, as [`crate::waveform::harmonise()`] does: for a
    /// detector of stations that it was not taught on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub harmonised: bool,
    /// A window decides about a part of itself, its core: an event counts where its P wave lies there. What is
    /// around it is context. The core begins so long after the window.
    #[serde(skip_serializing_if = "is_zero")]
    pub lead_s: f64,
    /// Length of the core; none for all of the window after `lead_s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_s: Option<f64>,
    /// So much after the core must have been recorded; what is missing beyond that, or before the core, is taken for quiet. None:
    /// all of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_s: Option<f64>,
    /// In a scan each window's log-odds are averaged over those that begin at most so long before or after it; 0 leaves them as
    /// they are.
    #[serde(skip_serializing_if = "is_zero")]
    pub smooth_s: f64,
    pub normalisation: Normalisation,
    /// Starts of the clustering. Each of many thousand starts on such catalogs has a chance of a
    /// sixth or so to end at the best sum.
    pub n_cluster_starts: usize,
    /// Length of a segment; an event's P wave comes in its middle.
    pub segment_s: f64,
    /// Noise keeps so far from every event of the catalog: the S wave of the farthest events is then
    /// past, and most of its coda.
    pub guard_s: f64,
    /// A window shows at least so much of an event's waves: by less nobody could know it.
    pub least_after_p_s: f64,
    /// A window before an event ends so long before its P wave: the catalog's times and places move
    /// that by some tenths of a second.
    pub before_p_s: f64,
    /// A window begins so long after a P wave to be noise. S comes at most 4 s after P in a region of
    /// 30 km, and its strongest part lasts some seconds.
    pub coda_s: f64,
    /// Windows of each event, each with its P wave at another place.
    pub n_of_event: usize,
    /// Windows of each segment of noise.
    pub n_of_noise: usize,
    /// Windows of noise from an event's segment, before its P wave and in its coda.
    pub n_beside: usize,
    /// Longest spike that is added to a copy of each window of noise: spikes are rare in any record,
    /// and to a network that has hardly met them each is an onset.
    pub longest_glitch_s: f64,
    /// One hour in so many is searched for disturbances, spread evenly over the gaps between events.
    pub one_hour_in: f64,
    /// STA/LTA from which on something is a disturbance.
    pub disturbance_ratio: f64,
    /// The strongest disturbances of an hour, at most so many.
    pub n_of_hour: usize,
    /// Most epochs: after them the validation loss gains nothing more.
    pub max_epochs: usize,
    /// Whole days of the validation time on which the threshold is chosen, spread over it.
    pub n_validation_days: usize,
    /// The alarm budget: detections without a published event, on the validation days. Somebody looks at
    /// each detection, and one in vain a day is no burden.
    pub max_false_alarms_per_day: f64,
}

/// What is done to records before windows are cut from them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Preparation {
    AsRecorded,
    /// Filtered to the band between two corners, in hertz.
    Band([f64; 2]),
    /// At one rate, in one band, with three living components: [`crate::waveform::harmonise()`].
    Harmonised,
}

impl MethodChoice {
    /// What is done to records before windows are cut from them.
    pub fn preparation(&self) -> Preparation {
        match (self.harmonised, self.band_hz) {
            (true, _) => Preparation::Harmonised,
            (false, Some(band_hz)) => Preparation::Band(band_hz),
            (false, None) => Preparation::AsRecorded,
        }
    }

    /// The alarm budget by the hour.
    pub fn max_false_alarms_per_hour(&self) -> f64 {
        self.max_false_alarms_per_day / 24.0
    }
}

impl Default for MethodChoice {
    fn default() -> Self {
        Self {
            onset: Onset::TravelTime,
            band_hz: None,
            harmonised: false,
            lead_s: 0.0,
            core_s: None,
            after_s: None,
            smooth_s: 0.0,
            normalisation: Normalisation::Std,
            n_cluster_starts: 200,
            segment_s: 60.0,
            guard_s: 60.0,
            least_after_p_s: 2.0,
            before_p_s: 1.0,
            coda_s: 12.0,
            n_of_event: 6,
            n_of_noise: 4,
            n_beside: 2,
            longest_glitch_s: 3.0,
            one_hour_in: 60.0,
            disturbance_ratio: 3.5,
            n_of_hour: 6,
            max_epochs: 12,
            n_validation_days: 12,
            max_false_alarms_per_day: 1.0,
        }
    }
}

fn is_zero(seconds: &f64) -> bool {
    *seconds == 0.0
}

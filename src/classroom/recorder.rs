//! The recorder's rate: most stations do not send a hundred samples a second, and what they send ends below half their rate.

use super::instrument::SAMPLING_RATE_HZ;
use crate::waveform::interpolate_below;

/// How many samples a station sends, and what its anti-alias filter lets pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recorder {
    /// Not above the rate at which the ground is simulated, [`SAMPLING_RATE_HZ`].
    pub rate_hz: f64,
    /// Up to this share of half the rate.
    pub passes: f64,
}

impl Recorder {
    /// The paper's: the ground as it is simulated, whose filter is that of the [instrument](super::instrument).
    pub const PAPER: Self = Self {
        rate_hz: SAMPLING_RATE_HZ,
        passes: 1.0,
    };

    /// What the recorder makes of samples at [`SAMPLING_RATE_HZ`], from the first on: through a filter that delays nothing, as most digitisers
    /// have, to its own rate.
    ///
    /// ```
    /// use quakebook::classroom::recorder::Recorder;
    /// let slow = Recorder { rate_hz: 40.0, passes: 0.9 };
    /// let tone = |hz: f32| (0..4000).map(|i| (0.0628319 * hz * i as f32).sin()).collect();
    /// let largest = |row: Vec<f32>| row[200..1400].iter().fold(0.0f32, |a, y| a.max(y.abs()));
    /// assert!(largest(slow.record(tone(10.0))) > 0.99);
    /// assert!(largest(slow.record(tone(25.0))) < 0.01, "25 Hz would be taken for 15");
    /// ```
    pub fn record(&self, row: Vec<f32>) -> Vec<f32> {
        if self.rate_hz >= SAMPLING_RATE_HZ {
            return row;
        }
        let step = SAMPLING_RATE_HZ / self.rate_hz;
        let n = (row.len() as f64 / step).round() as usize;
        interpolate_below(self.passes / step, &row, 0.0, step, n, |between| between)
    }
}

//! The simulated seismometer: where it stands, how it points, how ground motion becomes counts.

use crate::geo::Point;

/// GS.OK029, as in the station's public metadata.
pub const STATION: Point = Point {
    longitude_deg: -97.45486,
    latitude_deg: 35.79657,
};
pub const ELEVATION_M: f64 = 333.0;

pub const SAMPLING_RATE_HZ: f64 = 100.0;

/// Channel codes; everywhere else a component is an index into this list.
pub const CHANNELS: [&str; 3] = ["HH1", "HH2", "HHZ"];

/// Clockwise from north. The true azimuths of HH1 and HH2 are not known here: the simulated sensor
/// is set up with 1 to the north and 2 to the east.
pub const AZIMUTHS_DEG: [f64; 3] = [0.0, 90.0, 0.0];
/// From the horizontal, positive down (FDSN StationXML): the vertical component is positive upwards.
pub const DIPS_DEG: [f64; 3] = [0.0, 0.0, -90.0];

/// Counts for 1 m/s, the same for the three components and flat over the band.
///
/// An assumption, typical of such a station: a Nanometrics Trillium Compact, 754.3 V/(m/s), on a
/// 24-bit digitiser of 40 V full range, 2^24 / 40 = 419,430 counts/V.
pub const SENSITIVITY_COUNTS_PER_M_S: f64 = 754.3 * 419_430.4;

/// The digitiser's 24 bits: larger motion (26.5 mm/s) is clipped.
pub const CLIP_COUNTS: f64 = 8_388_607.0;

/// The sensor's free period and damping (Trillium Compact 120 s), seen in calibration pulses.
pub const FREE_PERIOD_S: f64 = 120.0;
pub const DAMPING: f64 = 0.707;

/// Amplitude of the digitiser's anti-alias filter: 1 to 40 Hz, then a cosine down to nothing at the Nyquist frequency.
///
/// The measured noise falls from -136 dB at 40 Hz to -176 dB at 62 Hz, so the noise carries the true filter
/// already; this one is for the ground motion that is computed.
pub fn anti_alias(frequency_hz: f64) -> f64 {
    let nyquist_hz = SAMPLING_RATE_HZ / 2.0;
    let x = ((frequency_hz - 40.0) / (nyquist_hz - 40.0)).clamp(0.0, 1.0);
    0.5 * (1.0 + (std::f64::consts::PI * x).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_passes_the_band_and_stops_the_nyquist_frequency() {
        assert_eq!(anti_alias(10.0), 1.0);
        assert!((anti_alias(45.0) - 0.5).abs() < 1e-12);
        assert!(anti_alias(50.0) < 1e-12);
    }
}

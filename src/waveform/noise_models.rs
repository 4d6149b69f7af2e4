//! How quiet and how noisy the Earth's stations are: the New Low and High Noise Models.
//!
//! Peterson, J. (1993), *Observations and modeling of seismic background noise*, USGS Open-File Report 93-322,
//! table 3 and 4: the lower and upper bound of the noise of 75 stations around the world.

use super::spectrum::Psd;

/// From this period in seconds on, the level in dB relative to 1 (m/s^2)^2/Hz is `a + b log10(period)`.
type Piece = (f64, f64, f64);

const LOW: [Piece; 11] = [
    (0.10, -162.36, 5.64),
    (0.17, -166.70, 0.00),
    (0.40, -170.00, -8.30),
    (0.80, -166.40, 28.90),
    (1.24, -168.60, 52.48),
    (2.40, -159.98, 29.81),
    (4.30, -141.10, 0.00),
    (5.00, -71.36, -99.77),
    (6.00, -97.26, -66.49),
    (10.00, -132.18, -31.57),
    (12.00, -205.27, 36.16),
];
const HIGH: [Piece; 8] = [
    (0.10, -108.73, -17.23),
    (0.22, -150.34, -80.50),
    (0.32, -122.31, -23.87),
    (0.80, -116.85, 32.51),
    (3.80, -108.48, 18.08),
    (4.60, -74.66, -32.95),
    (6.30, 0.66, -127.18),
    (7.90, -93.37, -22.42),
];
/// The models are given here between these frequencies; at more than 10 Hz there are none.
const RANGE_HZ: (f64, f64) = (1.0 / 15.0, 10.0);

/// Noise of the quietest places, acceleration, from 0.07 to 10 Hz.
pub fn new_low_noise_model() -> Psd {
    model(&LOW)
}

/// Noise of the noisiest places, acceleration, from 0.07 to 10 Hz.
pub fn new_high_noise_model() -> Psd {
    model(&HIGH)
}

fn model(pieces: &[Piece]) -> Psd {
    const N: usize = 120;
    let ratio: f64 = RANGE_HZ.1 / RANGE_HZ.0;
    let frequency_hz: Vec<f64> = (0..=N)
        .map(|i| RANGE_HZ.0 * ratio.powf(i as f64 / N as f64))
        .collect();
    let power = |f: &f64| 10f64.powf(level_db(pieces, 1.0 / f) / 10.0);
    Psd {
        power: frequency_hz.iter().map(power).collect(),
        n_segments: 0,
        n_segments_with_gaps: 0,
        frequency_hz,
    }
}

fn level_db(pieces: &[Piece], period_s: f64) -> f64 {
    let found = pieces
        .iter()
        .rfind(|piece| piece.0 <= period_s * (1.0 + 1e-9));
    let (_, a, b) = found.unwrap_or(&pieces[0]);
    a + b * period_s.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_meet_where_they_join() {
        for pieces in [LOW.as_slice(), &HIGH] {
            for pair in pieces.windows(2) {
                let (period, a, b) = pair[1];
                let before = pair[0].1 + pair[0].2 * period.log10();
                let after = a + b * period.log10();
                assert!(
                    (before - after).abs() < 0.05,
                    "{period} s: {before}, {after}"
                );
            }
        }
    }

    #[test]
    fn levels_are_those_of_the_report() {
        assert!((level_db(&LOW, 1.0) + 166.4).abs() < 1e-9);
        assert!((level_db(&HIGH, 1.0) + 116.85).abs() < 1e-9);
        let (low, high) = (new_low_noise_model(), new_high_noise_model());
        assert!(low.power.iter().zip(&high.power).all(|(l, h)| l < h));
    }
}

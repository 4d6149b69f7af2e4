//! The station's own noise: its measured colour and level, with day and night.
//!
//! A fixed grid of blocks that overlap by half covers all time. Each block is Gaussian noise drawn
//! in the frequency domain by a generator of its own (seed, component, block), so any sample can be
//! had without those before it. Square-root Hann windows, whose squares sum to 1, join the blocks
//! without a change of power.

use std::f64::consts::PI;
use std::sync::Arc;

use rustfft::{Fft, FftPlanner, num_complex::Complex64};

use super::instrument::SAMPLING_RATE_HZ;
use super::random::{Use, normal, smooth, stream};

/// Period in seconds and noise acceleration of HH1, HH2 and HHZ in dB relative to 1 (m/s^2)^2/Hz.
///
/// Measured at GS.OK029 by the USGS (fourth column of its noise tables, the median-like level), here at those 25 of
/// its 115 periods from which the others follow within 1.3 dB by straight lines over log period.
/// The fall below 0.035 s is the digitiser's anti-alias filter, the peak near 5 s the ocean's microseism.
pub const LEVELS_DB: [(f64, [f64; 3]); 25] = [
    (0.01612, [-176.0, -175.0, -176.0]),
    (0.017579, [-158.0, -157.0, -158.0]),
    (0.01917, [-148.0, -148.0, -149.0]),
    (0.020905, [-142.0, -143.0, -143.0]),
    (0.02486, [-136.0, -136.0, -136.0]),
    (0.029564, [-132.0, -132.0, -132.0]),
    (0.03224, [-122.0, -122.0, -123.0]),
    (0.035158, [-118.0, -118.0, -119.0]),
    (0.054221, [-110.0, -112.0, -114.0]),
    (0.091189, [-111.0, -112.0, -113.0]),
    (0.16724, [-117.0, -115.0, -119.0]),
    (0.28126, [-119.0, -118.0, -119.0]),
    (0.36475, [-123.0, -120.0, -123.0]),
    (0.72951, [-136.0, -133.0, -136.0]),
    (1.1251, [-140.0, -138.0, -143.0]),
    (1.5911, [-137.0, -137.0, -142.0]),
    (2.918, [-128.0, -128.0, -130.0]),
    (4.1267, [-123.0, -123.0, -127.0]),
    (5.8361, [-124.0, -124.0, -126.0]),
    (6.9403, [-127.0, -127.0, -128.0]),
    (11.672, [-143.0, -143.0, -145.0]),
    (15.137, [-148.0, -148.0, -153.0]),
    (27.761, [-149.0, -147.0, -163.0]),
    (36.002, [-148.0, -145.0, -164.0]),
    (55.522, [-146.0, -141.0, -161.0]),
];

const BLOCK: usize = 8192;
const HOP: usize = BLOCK / 2;

/// Day above and night below the median, in the band of human activity.
const DAY_AND_NIGHT_DB: f64 = 2.5;
/// Busiest hour of the day, UTC: half past one in the afternoon, local standard time (UTC - 6 h).
const BUSIEST_HOUR_UTC: f64 = 19.5;
/// Slow random changes of that band and of the microseism: deviation in dB, and time between independent values.
const ACTIVITY: (f64, f64) = (0.8, 1800.0);
const MICROSEISM: (f64, f64) = (1.0, 6.0 * 3600.0);

/// The level of noise acceleration in dB relative to 1 (m/s^2)^2/Hz, between the measured periods by
/// straight lines over log period, beyond them constant.
pub fn level_db(component: usize, frequency_hz: f64) -> f64 {
    let period_s = 1.0 / frequency_hz;
    let upper = LEVELS_DB.partition_point(|&(p, _)| p < period_s);
    if upper == 0 {
        return LEVELS_DB[0].1[component];
    }
    let Some(&(p1, db1)) = LEVELS_DB.get(upper) else {
        return LEVELS_DB[LEVELS_DB.len() - 1].1[component];
    };
    let (p0, db0) = LEVELS_DB[upper - 1];
    let x = (period_s / p0).ln() / (p1 / p0).ln();
    db0[component] + x * (db1[component] - db0[component])
}

/// How far the noise stands above its median at a time: `(microseism_db, activity_db)`.
pub fn modulation_db(seed: u64, time_s: f64) -> (f64, f64) {
    let hour = (time_s / 3600.0).rem_euclid(24.0);
    let day = DAY_AND_NIGHT_DB * (2.0 * PI * (hour - BUSIEST_HOUR_UTC) / 24.0).cos();
    let slow = |part, (deviation_db, period_s): (f64, f64)| {
        deviation_db * smooth(seed, part, time_s, period_s)
    };
    (slow(0, MICROSEISM), day + slow(1, ACTIVITY))
}

/// Share of human activity in the noise: 0 below 0.5 Hz, 1 above 2 Hz.
fn activity_share(frequency_hz: f64) -> f64 {
    let x = ((frequency_hz / 0.5).ln() / 4f64.ln()).clamp(0.0, 1.0);
    0.5 - 0.5 * (PI * x).cos()
}

/// Background noise as a pure function of seed, component and time.
pub struct Noise {
    seed: u64,
    /// Std of the real and the imaginary part of each Fourier coefficient, a component each.
    deviation_m_s: [Vec<f64>; 3],
    share: Vec<f64>,
    window: Vec<f64>,
    fft: Arc<dyn Fft<f64>>,
}

impl Noise {
    pub fn new(seed: u64) -> Self {
        let step_hz = SAMPLING_RATE_HZ / BLOCK as f64;
        let frequency_hz = |k: usize| k as f64 * step_hz;
        // A one-sided density S gives a bin the variance S * step. The block is the real part of a sum over
        // positive frequencies, so the coefficients' real and imaginary parts have that variance each.
        // Velocity is acceleration over 2 pi f.
        let deviation_m_s = std::array::from_fn(|component| {
            let at = |k: usize| match k {
                0 => 0.0,
                _ => {
                    let density = 10f64.powf(level_db(component, frequency_hz(k)) / 10.0);
                    (density * step_hz).sqrt() / (2.0 * PI * frequency_hz(k))
                }
            };
            (0..BLOCK / 2).map(at).collect()
        });
        Self {
            seed,
            deviation_m_s,
            share: (0..BLOCK / 2)
                .map(|k| activity_share(frequency_hz(k)))
                .collect(),
            window: (0..BLOCK)
                .map(|i| (PI * (i as f64 + 0.5) / BLOCK as f64).sin())
                .collect(),
            fft: FftPlanner::new().plan_fft_inverse(BLOCK),
        }
    }

    /// Adds the noise in m/s to `out`, whose first element is sample `first` since 1970.
    pub fn add(&self, component: usize, first: i64, out: &mut [f64]) {
        let end = first + out.len() as i64;
        let (block, hop) = (BLOCK as i64, HOP as i64);
        // In this order always: floating-point sums depend on it.
        for index in (first - block).div_euclid(hop) + 1..=(end - 1).div_euclid(hop) {
            let start = index * hop;
            let values = self.block(component, index);
            for t in start.max(first)..(start + block).min(end) {
                let i = (t - start) as usize;
                out[(t - first) as usize] += self.window[i] * values[i].re;
            }
        }
    }

    fn block(&self, component: usize, index: i64) -> Vec<Complex64> {
        let middle_s = (index + 1) as f64 * HOP as f64 / SAMPLING_RATE_HZ;
        let (microseism_db, activity_db) = modulation_db(self.seed, middle_s);
        let gain = |db: f64| 10f64.powf(db / 20.0);
        let (low, high) = (gain(microseism_db), gain(activity_db));
        let mut rng = stream(self.seed, Use::Noise, component as u64, index);
        let mut values = vec![Complex64::ZERO; BLOCK];
        for (k, value) in values.iter_mut().take(BLOCK / 2).enumerate() {
            let share = self.share[k];
            let scale = self.deviation_m_s[component][k] * (low * (1.0 - share) + high * share);
            *value = Complex64::new(scale * normal(&mut rng), scale * normal(&mut rng));
        }
        self.fft.process(&mut values);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_at_measured_periods_and_between() {
        assert_eq!(level_db(2, 1.0 / 0.091189), -113.0);
        let middle = (0.091189f64 * 0.16724).sqrt();
        assert!((level_db(2, 1.0 / middle) + 116.0).abs() < 1e-9);
        assert_eq!(level_db(0, 1e-6), -146.0);
        assert_eq!(level_db(0, 1e6), -176.0);
    }

    #[test]
    fn windows_keep_the_power() {
        let noise = Noise::new(1);
        for i in 0..HOP {
            let power = noise.window[i].powi(2) + noise.window[i + HOP].powi(2);
            assert!((power - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_day_is_louder_than_the_night() {
        let mean = |hour: f64| {
            let at = |d: i32| modulation_db(3, (f64::from(d) * 24.0 + hour) * 3600.0).1;
            (16_000..16_100).map(at).sum::<f64>() / 100.0
        };
        assert!((mean(BUSIEST_HOUR_UTC) - mean(BUSIEST_HOUR_UTC - 12.0) - 5.0).abs() < 0.6);
    }
}

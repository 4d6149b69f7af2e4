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
use super::random::{Use, normal, smooth, smooth_samples, stream};
use super::sensor::Sensor;

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

/// What is known of a station's noise: all that a world can draw.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseModel {
    /// Level of noise acceleration by period in seconds, as in [`LEVELS_DB`].
    pub levels_db: Vec<(f64, [f64; 3])>,
    /// Day above and night below the median, in the band of human activity.
    pub day_and_night_db: f64,
    /// Slow random changes of that band and of the microseism: deviation in dB, and time between independent values.
    pub activity: (f64, f64),
    pub microseism: (f64, f64),
    /// Quick changes of that band within seconds, wind and machines: deviation in dB, and time between
    /// independent values. None leaves the noise Gaussian within a block.
    pub gusts: Option<(f64, f64)>,
    /// Share of the power that the three components have in common, polarised: 0 to 1.
    pub coherence: f64,
    /// Pumps, generators, transformers: tones that go on for hours.
    pub tones: Vec<Tone>,
}

/// A machine's tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    pub frequency_hz: f64,
    /// Largest velocity, north, east and up.
    pub peak_m_s: [f64; 3],
    /// How much its strength goes up and down within seconds, 0 to 1.
    pub flutter: f64,
}

/// Busiest hour of the day, UTC: half past one in the afternoon, local standard time (UTC - 6 h).
const BUSIEST_HOUR_UTC: f64 = 19.5;

/// The time of a tone's flutter and of its slow change of phase.
const FLUTTER_S: f64 = 6.0;
const DRIFT_S: f64 = 20.0;

impl NoiseModel {
    /// The noise of the paper's world: measured levels, Gaussian, its components independent. How it changes is a choice.
    pub fn gs_ok029() -> Self {
        Self {
            levels_db: LEVELS_DB.to_vec(),
            day_and_night_db: 2.5,
            activity: (0.8, 1800.0),
            microseism: (1.0, 6.0 * 3600.0),
            gusts: None,
            coherence: 0.0,
            tones: Vec::new(),
        }
    }

    /// The level of noise acceleration in dB relative to 1 (m/s^2)^2/Hz, between the given periods by
    /// straight lines over log period, beyond them constant.
    pub fn level_db(&self, component: usize, frequency_hz: f64) -> f64 {
        let levels = &self.levels_db;
        let period_s = 1.0 / frequency_hz;
        let upper = levels.partition_point(|&(p, _)| p < period_s);
        if upper == 0 {
            return levels[0].1[component];
        }
        let Some(&(p1, db1)) = levels.get(upper) else {
            return levels[levels.len() - 1].1[component];
        };
        let (p0, db0) = levels[upper - 1];
        let x = (period_s / p0).ln() / (p1 / p0).ln();
        db0[component] + x * (db1[component] - db0[component])
    }

    /// How far the noise stands above its median at a time: `(microseism_db, activity_db)`.
    pub fn modulation_db(&self, seed: u64, time_s: f64) -> (f64, f64) {
        let hour = (time_s / 3600.0).rem_euclid(24.0);
        let day = self.day_and_night_db * (2.0 * PI * (hour - BUSIEST_HOUR_UTC) / 24.0).cos();
        let slow = |part, (deviation_db, period_s): (f64, f64)| {
            deviation_db * smooth(seed, part, time_s, period_s)
        };
        (slow(0, self.microseism), day + slow(1, self.activity))
    }

    /// Root mean square of the velocity of a component within a band, from its levels alone, in m/s.
    pub fn rms_m_s(&self, component: usize, (low_hz, high_hz): (f64, f64)) -> f64 {
        let n_steps = 200;
        let step_hz = (high_hz - low_hz) / f64::from(n_steps);
        let power = (0..n_steps).map(|i| {
            let f = low_hz + (f64::from(i) + 0.5) * step_hz;
            10f64.powf(self.level_db(component, f) / 10.0) / (2.0 * PI * f).powi(2) * step_hz
        });
        power.sum::<f64>().sqrt()
    }
}

/// The level of the paper's world: [`NoiseModel::level_db`] of [`LEVELS_DB`].
pub fn level_db(component: usize, frequency_hz: f64) -> f64 {
    NoiseModel::gs_ok029().level_db(component, frequency_hz)
}

/// Share of human activity in the noise: 0 below 0.5 Hz, 1 above 2 Hz.
fn activity_share(frequency_hz: f64) -> f64 {
    let x = ((frequency_hz / 0.5).ln() / 4f64.ln()).clamp(0.0, 1.0);
    0.5 - 0.5 * (PI * x).cos()
}

/// Background noise as a pure function of seed, component and time.
pub struct Noise {
    seed: u64,
    model: NoiseModel,
    /// Std of the real and the imaginary part of each Fourier coefficient, a component each.
    deviation_m_s: [Vec<f64>; 3],
    /// How the common part shows on each component: two independent parts, of unit power together.
    common: [[f64; 2]; 3],
    share: Vec<f64>,
    window: Vec<f64>,
    fft: Arc<dyn Fft<f64>>,
}

impl Noise {
    /// The noise as a sensor answers to it.
    pub fn new(seed: u64, model: &NoiseModel, sensor: &Sensor) -> Self {
        let step_hz = SAMPLING_RATE_HZ / BLOCK as f64;
        let frequency_hz = |k: usize| k as f64 * step_hz;
        // A one-sided density S gives a bin the variance S * step. The block is the real part of a sum over
        // positive frequencies, so the coefficients' real and imaginary parts have that variance each.
        // Velocity is acceleration over 2 pi f.
        let deviation_m_s = std::array::from_fn(|component| {
            let at = |k: usize| match k {
                0 => 0.0,
                _ => {
                    let f = frequency_hz(k);
                    let density = 10f64.powf(model.level_db(component, f) / 10.0);
                    (density * step_hz).sqrt() / (2.0 * PI * f) * sensor.response(f).norm()
                }
            };
            (0..BLOCK / 2).map(at).collect()
        });
        let mut rng = stream(seed, Use::Noise, COMMON, i64::MIN);
        let common = std::array::from_fn(|_| {
            let [a, b]: [f64; 2] = std::array::from_fn(|_| normal(&mut rng));
            let length = a.hypot(b).max(f64::MIN_POSITIVE);
            [a / length, b / length]
        });
        Self {
            seed,
            model: model.clone(),
            deviation_m_s,
            common,
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
        let gusts = self.gusts(first, out.len());
        let gust = |t: i64| gusts.as_ref().map_or(1.0, |g| g[(t - first) as usize]);
        // In this order always: floating-point sums depend on it.
        for index in (first - block).div_euclid(hop) + 1..=(end - 1).div_euclid(hop) {
            let start = index * hop;
            let values = self.block(component, index);
            for t in start.max(first)..(start + block).min(end) {
                let i = (t - start) as usize;
                out[(t - first) as usize] += self.window[i] * values[i].re * gust(t);
            }
        }
        for (part, tone) in (0..).zip(&self.model.tones) {
            self.add_tone(part, tone, component, first, out);
        }
    }

    fn block(&self, component: usize, index: i64) -> Vec<Complex64> {
        let middle_s = (index + 1) as f64 * HOP as f64 / SAMPLING_RATE_HZ;
        let (microseism_db, activity_db) = self.model.modulation_db(self.seed, middle_s);
        let (low, high) = (gain(microseism_db), gain(activity_db));
        let drawn = |part: u64| {
            let mut rng = stream(self.seed, Use::Noise, part, index);
            let mut draw = move || Complex64::new(normal(&mut rng), normal(&mut rng));
            (0..BLOCK / 2).map(move |_| draw())
        };
        let mut unit: Vec<Complex64> = drawn(component as u64).collect();
        let shared = self.model.coherence;
        if shared > 0.0 {
            let own = (1.0 - shared).sqrt();
            let [a, b] = self.common[component].map(|part| part * shared.sqrt());
            for ((value, x), y) in unit.iter_mut().zip(drawn(COMMON)).zip(drawn(COMMON + 1)) {
                *value = *value * own + x * a + y * b;
            }
        }
        let mut values = vec![Complex64::ZERO; BLOCK];
        for (k, (value, unit)) in values.iter_mut().zip(unit).enumerate() {
            let share = self.share[k];
            let scale = self.deviation_m_s[component][k] * (low * (1.0 - share) + high * share);
            *value = Complex64::new(scale * unit.re, scale * unit.im);
        }
        self.fft.process(&mut values);
        values
    }

    /// The factor of quick changes at each of `n` samples, the same on all components.
    fn gusts(&self, first: i64, n: usize) -> Option<Vec<f64>> {
        let (deviation_db, period_s) = self.model.gusts?;
        let changes = smooth_samples(self.seed, GUSTS, first, n, period_s);
        Some(
            changes
                .into_iter()
                .map(|x| gain(deviation_db * x))
                .collect(),
        )
    }

    fn add_tone(&self, part: u64, tone: &Tone, component: usize, first: i64, out: &mut [f64]) {
        let changes = |of, period_s| {
            smooth_samples(self.seed, TONES + 2 * part + of, first, out.len(), period_s)
        };
        let (flutter, drift) = (changes(0, FLUTTER_S), changes(1, DRIFT_S));
        // Each component has its own phase: the ground moves on an ellipse.
        let phase = normal(&mut stream(
            self.seed,
            Use::Noise,
            TONES + part,
            component as i64,
        )) * PI;
        for (i, value) in out.iter_mut().enumerate() {
            // Within a day, for the phase would lose its digits.
            let t = (first + i as i64).rem_euclid(8_640_000) as f64 / SAMPLING_RATE_HZ;
            let angle = 2.0 * PI * tone.frequency_hz * t + phase + 0.5 * drift[i];
            let strength = 1.0 + tone.flutter * flutter[i];
            *value += tone.peak_m_s[component] * strength * angle.sin();
        }
    }
}

/// Parts of the random streams beyond the three components.
const COMMON: u64 = 3;
const GUSTS: u64 = 10;
const TONES: u64 = 100;

fn gain(db: f64) -> f64 {
    10f64.powf(db / 20.0)
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
        let noise = Noise::new(1, &NoiseModel::gs_ok029(), &Sensor::PAPER);
        for i in 0..HOP {
            let power = noise.window[i].powi(2) + noise.window[i + HOP].powi(2);
            assert!((power - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_day_is_louder_than_the_night() {
        let mean = |hour: f64| {
            let at = |d: i32| {
                NoiseModel::gs_ok029()
                    .modulation_db(3, (f64::from(d) * 24.0 + hour) * 3600.0)
                    .1
            };
            (16_000..16_100).map(at).sum::<f64>() / 100.0
        };
        assert!((mean(BUSIEST_HOUR_UTC) - mean(BUSIEST_HOUR_UTC - 12.0) - 5.0).abs() < 0.6);
    }
}

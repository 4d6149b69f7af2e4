//! The ground motion of each kind of nuisance.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rustfft::{FftPlanner, num_complex::Complex64};

use super::{Nuisance, NuisanceKind, log_uniform};
use crate::classroom::instrument::{DAMPING, FREE_PERIOD_S, SAMPLING_RATE_HZ};
use crate::classroom::motion::Motion;
use crate::classroom::random::{Use, normal, stream};

/// The ground motion of a nuisance, a pure function of the seed and the nuisance.
pub fn motion(seed: u64, nuisance: &Nuisance) -> Motion {
    let first = nuisance.first_sample();
    let mut rng = stream(seed, Use::NuisanceMotion, nuisance.kind as u64, first);
    let n = nuisance.n_samples();
    let mut values = match nuisance.kind {
        NuisanceKind::Traffic => traffic(&mut rng, n),
        NuisanceKind::Footsteps => footsteps(&mut rng, n),
        NuisanceKind::Spike => spike(&mut rng, n, nuisance.component.unwrap_or(2)),
        NuisanceKind::Regional => regional(&mut rng, n),
        NuisanceKind::Teleseism => teleseism(&mut rng, n),
        NuisanceKind::Calibration => calibration(n),
        NuisanceKind::Ringing => ringing(&mut rng, n, nuisance.component),
        NuisanceKind::Wind => wind(&mut rng, n),
        NuisanceKind::Bursts => bursts(&mut rng, n),
    };
    let largest = values.iter().flatten().fold(0.0f64, |a, v| a.max(v.abs()));
    for value in values.iter_mut().flatten() {
        *value *= nuisance.peak_m_s / largest.max(f64::MIN_POSITIVE);
    }
    Motion {
        first,
        velocity_m_s: values.map(|c| c.into_iter().map(|v| v as f32).collect()),
    }
}

/// Time of each of `n` samples, in seconds.
fn times(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(|i| i as f64 / SAMPLING_RATE_HZ)
}

/// Three independent components of Gaussian noise in a band, each shaped by an envelope of time in seconds.
fn shaken(
    rng: &mut ChaCha8Rng,
    n: usize,
    band_hz: (f64, f64),
    shape: [f64; 3],
    envelope: impl Fn(f64) -> f64,
) -> [Vec<f64>; 3] {
    shape.map(|scale| {
        let noise = band_noise(rng, n, band_hz);
        let values = noise.iter().zip(times(n));
        values.map(|(v, t)| scale * v * envelope(t)).collect()
    })
}

/// Gaussian noise of unit deviation, within a band whose edges fall by e^-1/2 in a quarter of their frequency.
fn band_noise(rng: &mut ChaCha8Rng, n: usize, (low_hz, high_hz): (f64, f64)) -> Vec<f64> {
    let n_fft = n.next_power_of_two();
    let mut spectrum = vec![Complex64::ZERO; n_fft];
    let mut power = 0.0;
    for (k, value) in spectrum.iter_mut().enumerate().take(n_fft / 2).skip(1) {
        let f = k as f64 * SAMPLING_RATE_HZ / n_fft as f64;
        let below = ((low_hz - f) / (0.25 * low_hz)).max(0.0);
        let above = ((f - high_hz) / (0.25 * high_hz)).max(0.0);
        let gain = (-0.5 * (below * below + above * above)).exp();
        if gain > 1e-6 {
            *value = Complex64::new(gain * normal(rng), gain * normal(rng));
            power += gain * gain;
        }
    }
    FftPlanner::new()
        .plan_fft_inverse(n_fft)
        .process(&mut spectrum);
    let scale = power.sqrt().recip();
    spectrum[..n].iter().map(|v| v.re * scale).collect()
}

fn add(mut sum: [Vec<f64>; 3], part: [Vec<f64>; 3]) -> [Vec<f64>; 3] {
    for (sum, part) in sum.iter_mut().flatten().zip(part.iter().flatten()) {
        *sum += part;
    }
    sum
}

/// Rises at once and decays; `emergence_s` until the peak.
fn burst(t: f64, onset_s: f64, emergence_s: f64, decay_s: f64) -> f64 {
    let t = t - onset_s;
    if t <= 0.0 {
        return 0.0;
    }
    (1.0 - (-t / emergence_s).exp()) * (-t / decay_s).exp()
}

/// Goes to zero smoothly at the end of a record.
fn ending(t: f64, duration_s: f64) -> f64 {
    let left = ((duration_s - t) / (0.2 * duration_s)).clamp(0.0, 1.0);
    0.5 - 0.5 * (PI * left).cos()
}

fn traffic(rng: &mut ChaCha8Rng, n: usize) -> [Vec<f64>; 3] {
    let middle_s = n as f64 / SAMPLING_RATE_HZ / 2.0;
    let band_hz = (rng.random_range(2.0..5.0), rng.random_range(8.0..15.0));
    shaken(rng, n, band_hz, [0.9, 1.0, 0.8], |t| {
        let bell = (-0.5 * ((t - middle_s) / (middle_s / 3.0)).powi(2)).exp();
        bell * ending(t, 2.0 * middle_s)
    })
}

fn footsteps(rng: &mut ChaCha8Rng, n: usize) -> [Vec<f64>; 3] {
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    let pace_s = 1.0 / rng.random_range(1.6..2.2);
    let nearest_s = rng.random_range(0.3..0.7) * duration_s;
    let frequency_hz = rng.random_range(12.0..25.0);
    let mut values: [Vec<f64>; 3] = std::array::from_fn(|_| vec![0.0; n]);
    let mut step_s = 0.3;
    while step_s < duration_s - 0.6 {
        let distance = (step_s - nearest_s) / (0.2 * duration_s);
        let strength = (1.0 + 0.2 * normal(rng)) / (1.0 + distance * distance);
        let phases: [f64; 3] = std::array::from_fn(|_| rng.random_range(-0.5..0.5));
        for (c, values) in values.iter_mut().enumerate() {
            let scale = strength * [0.5, 0.5, 1.0][c];
            let start = (step_s * SAMPLING_RATE_HZ) as usize;
            for (value, t) in values[start..].iter_mut().zip(times(60)) {
                let swing = (2.0 * PI * frequency_hz * t + phases[c]).sin();
                *value += scale * (t / 0.02) * (1.0 - t / 0.02).exp() * swing;
            }
        }
        step_s += pace_s * (1.0 + 0.04 * normal(rng));
    }
    values
}

/// Up to 0.1 s a spike of one to three samples, beyond that a jump that decays.
fn spike(rng: &mut ChaCha8Rng, n: usize, component: usize) -> [Vec<f64>; 3] {
    let sign = if rng.random_range(0.0..1.0) < 0.5 {
        -1.0
    } else {
        1.0
    };
    let mut values: [Vec<f64>; 3] = std::array::from_fn(|_| vec![0.0; n]);
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    for (i, (value, t)) in values[component].iter_mut().zip(times(n)).enumerate() {
        *value = match duration_s {
            ..0.1 if i < 3 => sign * (-1.5f64).powi(-(i as i32)),
            ..0.1 => 0.0,
            _ => sign * (-5.0 * t / duration_s).exp(),
        };
    }
    values
}

fn regional(rng: &mut ChaCha8Rng, n: usize) -> [Vec<f64>; 3] {
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    // The farther, the longer: 60 s for 60 km and 240 s for 350 km. S - P is about distance / 8.2 km/s.
    let distance_km = 60.0 + (duration_s - 60.0) / 180.0 * 290.0;
    let s_minus_p_s = distance_km / 8.2;
    let high_hz = 9.0 - distance_km / 60.0;
    let (emergence_s, decay_s) = (0.5 + distance_km / 100.0, 4.0 + distance_km / 15.0);
    let p = shaken(rng, n, (1.5, high_hz), [0.5, 0.5, 1.0], |t| {
        0.35 * burst(t, 1.0, emergence_s, decay_s) * ending(t, duration_s)
    });
    let s = shaken(rng, n, (0.8, 0.7 * high_hz), [1.0, 1.0, 0.7], |t| {
        burst(t, 1.0 + s_minus_p_s, 2.0 * emergence_s, decay_s) * ending(t, duration_s)
    });
    add(p, s)
}

fn teleseism(rng: &mut ChaCha8Rng, n: usize) -> [Vec<f64>; 3] {
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    let p = shaken(rng, n, (0.4, 1.4), [0.2, 0.2, 1.0], |t| {
        0.3 * burst(t, 2.0, 4.0, 40.0) * ending(t, duration_s)
    });
    let s = shaken(rng, n, (0.06, 0.2), [1.0, 1.0, 0.3], |t| {
        0.4 * burst(t, 0.25 * duration_s, 15.0, 60.0) * ending(t, duration_s)
    });
    let surface = shaken(rng, n, (0.035, 0.06), [0.8, 0.8, 1.0], |t| {
        let x = (t - 0.62 * duration_s) / (0.12 * duration_s);
        (-0.5 * x * x).exp() * ending(t, duration_s)
    });
    add(add(p, s), surface)
}

/// A damped sine, which has gone to a thousandth at the end.
fn ringing(rng: &mut ChaCha8Rng, n: usize, component: Option<usize>) -> [Vec<f64>; 3] {
    let frequency_hz = log_uniform(rng, (0.8, 22.0));
    let decay_s = n as f64 / SAMPLING_RATE_HZ / 7.0;
    std::array::from_fn(|c| {
        let (strength, phase) = (normal(rng), normal(rng));
        let strength = match component {
            Some(one) if one != c => 0.0,
            _ => strength,
        };
        let swing = |t: f64| (-t / decay_s).exp() * (2.0 * PI * frequency_hz * t + phase).sin();
        times(n).map(|t| strength * swing(t)).collect()
    })
}

/// Broad noise that comes, stays and goes.
fn wind(rng: &mut ChaCha8Rng, n: usize) -> [Vec<f64>; 3] {
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    let band_hz = (rng.random_range(0.8..4.0), rng.random_range(6.0..22.0));
    let (rise, fall) = (rng.random_range(0.02..0.5), rng.random_range(0.1..0.5));
    shaken(rng, n, band_hz, [1.0, 1.0, 0.8], |t| {
        let up = (t / (rise * duration_s)).min(1.0);
        let down = ((duration_s - t) / (fall * duration_s)).min(1.0);
        (0.5 * PI * up.min(down).max(0.0)).sin().powi(2)
    })
}

/// Blows a few tenths of a second to seconds apart, each with its own strength, in one band.
fn bursts(rng: &mut ChaCha8Rng, n: usize) -> [Vec<f64>; 3] {
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    let low_hz = log_uniform(rng, (1.0, 14.0));
    let band_hz = (low_hz, (low_hz * log_uniform(rng, (1.1, 4.0))).min(25.0));
    let decay_s = log_uniform(rng, (0.05, 0.2 * duration_s.max(0.3)));
    // Some blows set in at once, others swell.
    let rise_s = decay_s * log_uniform(rng, (0.02, 1.0));
    let pace_s = log_uniform(rng, (0.3, 6.0));
    let shape = std::array::from_fn(|_| rng.random_range(0.2..1.0));
    let mut blows = Vec::new();
    let mut at_s = 0.1 * decay_s;
    while at_s < 0.7 * duration_s {
        blows.push((at_s, rng.random_range(0.3..1.0)));
        at_s += pace_s * rng.random_range(0.8..1.2);
    }
    shaken(rng, n, band_hz, shape, |t| {
        let sum: f64 = blows
            .iter()
            .map(|(at, strength)| strength * burst(t, *at, rise_s, decay_s))
            .sum();
        sum * ending(t, duration_s)
    })
}

/// A step of ground acceleration, switched off after half the time, as velocity through the sensor's free oscillation (Wielandt, *NMSOP*,
/// chapter 5), with the click of the relay.
fn calibration(n: usize) -> [Vec<f64>; 3] {
    let w0 = 2.0 * PI / FREE_PERIOD_S;
    let wd = w0 * (1.0 - DAMPING * DAMPING).sqrt();
    let response = |t: f64| {
        if t < 0.0 {
            return 0.0;
        }
        // The peak of the oscillation, exp(-h w0 t) sin(wd t), is 0.32 at this damping.
        let swing = (-DAMPING * w0 * t).exp() * (wd * t).sin() / 0.32;
        swing + 0.3 * (-t / 0.03).exp()
    };
    let duration_s = n as f64 / SAMPLING_RATE_HZ;
    std::array::from_fn(|_| {
        let value = |t: f64| response(t) - response(t - duration_s / 2.0);
        times(n).map(|t| value(t) * ending(t, duration_s)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn band_noise_stays_in_its_band() {
        let mut rng = stream(1, Use::NuisanceMotion, 0, 0);
        let values = band_noise(&mut rng, 8192, (2.0, 8.0));
        let power = values.iter().map(|v| v * v).sum::<f64>() / 8192.0;
        assert!((power - 1.0).abs() < 0.15, "{power}");
        let mut spectrum: Vec<_> = values.iter().map(|&v| Complex64::new(v, 0.0)).collect();
        FftPlanner::new()
            .plan_fft_forward(8192)
            .process(&mut spectrum);
        let sum = |r: std::ops::Range<usize>| spectrum[r].iter().map(|v| v.norm_sqr()).sum::<f64>();
        assert!(sum(1100..4096) < 1e-3 * sum(164..655));
    }
}

//! The ground motion of one earthquake at the station, without noise.

use std::f64::consts::PI;

use rustfft::{FftPlanner, num_complex::Complex64};

use super::coda::Scatterers;
use super::greens::{Ray, Site, rays};
use super::instrument::{SAMPLING_RATE_HZ, STATION, anti_alias};
use super::motion::Motion;
use super::sensor::Sensor;
use super::source::{P_CORNER_RATIO, Source, brune, corner_hz};
use super::world::World;
use crate::travel::{LayeredModel, Phase, Wave};

/// The record begins this long before the origin time, for the ringing of the anti-alias filter.
const LEAD_S: f64 = 1.0;

/// The longest record of an earthquake.
pub const LONGEST_SAMPLES: usize = 16384;

/// What a wave travels through from a source to the station's recorder.
pub struct Medium {
    pub model: LayeredModel,
    pub site: Site,
    pub scatterers: Scatterers,
    pub sensor: Sensor,
}

impl Medium {
    pub fn of(world: &World) -> Self {
        Self {
            model: world.model.clone(),
            site: world.site,
            scatterers: Scatterers::new(world.seed, &world.scattering),
            sensor: world.sensor,
        }
    }

    /// Length of a source's record, with the coda faded out: 41, 82 or 164 s, the longer the larger, and so
    /// long that S comes before it fades.
    pub fn n_samples(&self, source: &Source) -> usize {
        let (depth_km, distance_km) = (source.depth_km, source.distance_km(STATION));
        let s_s = self.model.travel_time_s(Phase::S, depth_km, distance_km);
        let mut n = match source.mw {
            ..1.0 => LONGEST_SAMPLES / 4,
            1.0..2.5 => LONGEST_SAMPLES / 2,
            _ => LONGEST_SAMPLES,
        };
        while n < LONGEST_SAMPLES && s_s > BEFORE_FADE * n as f64 / SAMPLING_RATE_HZ {
            n *= 2;
        }
        n
    }
}

/// From 60 % of a record on its coda fades.
const BEFORE_FADE: f64 = 0.4;

/// Sample of the 100 Hz grid since 1970 at which the record of a source begins.
pub fn first_sample(source: &Source) -> i64 {
    let period_ns = (1e9 / SAMPLING_RATE_HZ) as i64;
    let lead_ns = (LEAD_S * 1e9) as i64;
    (nanoseconds(source) - lead_ns).div_euclid(period_ns)
}

fn nanoseconds(source: &Source) -> i64 {
    let t = source.origin_time;
    t.timestamp() * 1_000_000_000 + i64::from(t.timestamp_subsec_nanos())
}

/// Direct and converted rays with the coda.
pub fn motion(source: &Source, medium: &Medium) -> Motion {
    synthesise(source, medium, Some(&medium.scatterers))
}

/// Direct and converted rays alone, for teaching and tests.
pub fn direct_motion(source: &Source, medium: &Medium) -> Motion {
    synthesise(source, medium, None)
}

fn synthesise(source: &Source, medium: &Medium, coda: Option<&Scatterers>) -> Motion {
    let Medium {
        model,
        site,
        sensor,
        ..
    } = medium;
    let n = medium.n_samples(source);
    let first = first_sample(source);
    let period_ns = (1e9 / SAMPLING_RATE_HZ) as i64;
    let lead_s = (nanoseconds(source) - first * period_ns) as f64 * 1e-9;
    let step_hz = SAMPLING_RATE_HZ / n as f64;
    let frequencies: Vec<f64> = (0..n / 2).map(|k| k as f64 * step_hz).collect();
    let fc_s = corner_hz(source, model.layer_at(source.depth_km).vs_km_s);
    // Ground velocity of a unit displacement plateau, as the digitiser sees it.
    let pulse = |f: f64, wave: Wave| {
        let fc = match wave {
            Wave::P => fc_s * P_CORNER_RATIO,
            Wave::S => fc_s,
        };
        Complex64::new(0.0, 2.0 * PI * f) * brune(f, fc) * anti_alias(f) * sensor.response(f)
    };
    let mut spectrum: [Vec<Complex64>; 3] = std::array::from_fn(|_| vec![Complex64::ZERO; n]);
    // What the shallow ground scatters is missing from the direct waves.
    let direct = coda.map_or(1.0, |c| c.direct(source.hypocentral_distance_km(STATION)));
    for ray in rays(source, model, site) {
        let is_converted = ray.phase.below() != ray.phase.above();
        let first = coda.filter(|_| !is_converted);
        let direct = direct * first.map_or(1.0, |coda| coda.first(source, model, ray.phase));
        for (k, &f) in frequencies.iter().enumerate() {
            let wave = pulse(f, ray.phase.below()) * path(f, &ray, lead_s) * direct;
            for (sum, plateau) in spectrum.iter_mut().zip(ray.plateau_m_s) {
                sum[k] += wave * plateau;
            }
        }
    }
    if let Some(scatterers) = coda {
        for wave in [Wave::P, Wave::S] {
            let echoes = scatterers.spectrum(source, (model, site), wave, lead_s, n);
            for (k, &f) in frequencies.iter().enumerate() {
                let at_site = pulse(f, wave) * attenuation(f, site.kappa_s(wave));
                for (sum, echoes) in spectrum.iter_mut().zip(&echoes) {
                    sum[k] += at_site * echoes[k];
                }
            }
        }
    }
    let inverse = FftPlanner::new().plan_fft_inverse(n);
    let velocity_m_s = spectrum.map(|mut component| {
        inverse.process(&mut component);
        // The negative frequencies were left out: twice the real part makes up for them.
        let scale = 2.0 * step_hz;
        component.iter().map(|v| (scale * v.re) as f32).collect()
    });
    Motion {
        first,
        velocity_m_s,
    }
}

/// Delay and attenuation of a ray.
fn path(f: f64, ray: &Ray, lead_s: f64) -> Complex64 {
    Complex64::from_polar(1.0, -2.0 * PI * f * (ray.time_s + lead_s)) * attenuation(f, ray.t_star_s)
}

/// exp(-pi f t*) with the dispersion that keeps it causal: lower frequencies travel more slowly, by t*/pi ln(f0/f).
///
/// Aki & Richards (2002), section 5.5, after Azimi et al. (1968). The travel time is that of the frequency f0, here the highest there is,
/// so that nothing arrives before the ray.
fn attenuation(f: f64, t_star_s: f64) -> Complex64 {
    let highest_hz = SAMPLING_RATE_HZ / 2.0;
    let phase = if f > 0.0 {
        2.0 * f * t_star_s * (f / highest_hz).ln()
    } else {
        0.0
    };
    Complex64::from_polar((-PI * f * t_star_s).exp(), phase)
}

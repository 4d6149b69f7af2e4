//! What comes after the direct waves: single scattering on obstacles that stay where they are.
//!
//! A wave from the source meets each scatterer and goes on to the station (Aki & Chouet 1975, *JGR* 80, 3322-3342; Sato 1977).
//! The scatterers are placed once, by the seed. Neighbouring sources light up the same ones at nearly the same times, so their codas
//! agree wiggle by wiggle; over a kilometre or two the delays change by more than a period, and
//! families far apart look different.
//!
//! Two populations: in the crust, of uniform strength, they make the long coda whose envelope falls as 1/t times the attenuation;
//! and in the shallow ground around the station, where waves crawl, they lengthen P and S alike.
//!
//! A scatterer in the crust also turns P into S and S into P. What it turns arrives between the two direct waves, so the S wave rises from
//! a long coda of P, as on real records. And the Moho sends waves back: beyond some 80 km they are most of what arrives (`guided`).

mod echoes;
mod guided;
mod impulse;

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rustfft::{FftPlanner, num_complex::Complex64};

use super::greens::Site;
use super::instrument::{SAMPLING_RATE_HZ, STATION};
use super::random::{Use, normal, stream};
use super::source::Source;
use crate::travel::{LayeredModel, Phase, Wave};
use impulse::put_impulse;

const N_CRUSTAL: usize = 3000;
const FARTHEST_KM: f64 = 150.0;
const MOHO_KM: f64 = 40.0;

/// Saito, Sato & Ohtake (2002), *JGR* 107(B5): the peak of S comes one to five seconds late over 100 to 200 km in a volcanic arc. Here it comes at half of the mean
/// delay.
const N_FORWARD: usize = 200;
const MOST_DELAY_S: f64 = 8.0;

const N_SHALLOW: usize = 300;
const SHALLOW_RADIUS_KM: f64 = 4.0;

/// How strongly the ground scatters and absorbs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scattering {
    /// Total scattering coefficient of the crust: share of the energy lost to scattering in a kilometre.
    pub per_km: f64,
    /// The same coefficient of P waves that go on as S, over that of P waves that stay P.
    pub conversion: f64,
    /// Share of a mean wave's energy that is scattered in the shallow ground; the rest arrives directly.
    pub shallow_energy: f64,
    /// Distance over which the energy of shallow echoes falls by e.
    pub shallow_decay_km: f64,
    pub shallow_speed_km_s: f64,
    /// What is scattered forwards along the way arrives as one broadened pulse: the optical depth for it, and the mean delay of S in
    /// it, over 100 km. Delays grow with the square of the distance.
    pub forward_depth: f64,
    pub forward_delay_s: f64,
    /// Q = q0 f^q_exponent along the way.
    pub q0: f64,
    pub q_exponent: f64,
    /// Amplitude that a wave keeps at each reflection beyond the critical angle at the Moho; 0 where no reflected wave is wanted.
    pub reflected: f64,
    /// Amplitude of a wave that runs along an interface over that of a direct one as far away.
    pub refracted: f64,
}

/// The ground of the paper's world.
///
/// Sato, Fehler & Maeda (2012), *Seismic Wave Propagation and Scattering in the Heterogeneous Earth*, chapter 3: a
/// coefficient of 0.01 per km within a factor of 3 or so, for S at 1 to 30 Hz. Q = 680 f^0.36 for the central and
/// eastern United States: Atkinson & Boore (1995), *BSSA* 85, 17-30. The shallow energy is a choice, by the look of
/// records from sedimentary basins. No wave is converted, and none comes back from the Moho: the faults are near.
pub const SCATTERING: Scattering = Scattering {
    per_km: 0.03,
    conversion: 0.0,
    shallow_energy: 0.7,
    shallow_decay_km: 1.0,
    shallow_speed_km_s: 1.6,
    forward_depth: 0.0,
    forward_delay_s: 0.0,
    q0: 680.0,
    q_exponent: 0.36,
    reflected: 0.0,
    refracted: 1.0,
};

/// Std of the scattered motion north, east and up: S shakes the ground sideways, P up and down.
const SHAPE_P: [f64; 3] = [0.4, 0.4, 0.82];
const SHAPE_S: [f64; 3] = [0.65, 0.65, 0.4];

/// One obstacle.
#[derive(Debug, Clone)]
struct Scatterer {
    /// East, north and down from the station.
    place_km: [f64; 3],
    shallow: bool,
    /// Motion north, east and up for an incoming P and S wave: amplitude at the station over that of the wave that met the obstacle, times km
    /// for crustal ones.
    motion: [[f64; 3]; 2],
}

/// What is scattered forwards, in part: delay over its mean, and motion as of a [`Scatterer`].
type Pulse = (f64, [[f64; 3]; 2]);

/// The obstacles of one region, the same for all sources.
pub struct Scatterers {
    all: Vec<Scatterer>,
    forward: Vec<Pulse>,
    ground: Scattering,
}

impl Scatterers {
    pub fn new(seed: u64, ground: &Scattering) -> Self {
        let mut rng = stream(seed, Use::Scatterers, 0, 0);
        let crustal = |rng: &mut ChaCha8Rng| {
            // Uniform in distance r and in the solid angle above the Moho: each stands for the volume
            // 2 pi r^2 (angle) FARTHEST / N, and has the strength of so much crust.
            let r = rng.random_range(0.5..FARTHEST_KM);
            let angle = (MOHO_KM / r).min(1.0);
            let cos = rng.random_range(0.0..angle);
            let strength = (ground.per_km * angle * FARTHEST_KM / (2.0 * N_CRUSTAL as f64)).sqrt();
            scatterer(rng, r, cos, strength, false)
        };
        let shallow = |rng: &mut ChaCha8Rng| {
            let r = rng.random_range(0.05..SHALLOW_RADIUS_KM);
            let decay_km = ground.shallow_decay_km;
            let mean = decay_km / SHALLOW_RADIUS_KM;
            let energy = ground.shallow_energy * (-r / decay_km).exp() / (mean * N_SHALLOW as f64);
            scatterer(rng, r, 0.1, energy.sqrt(), true)
        };
        let mut all: Vec<Scatterer> = (0..N_CRUSTAL).map(|_| crustal(&mut rng)).collect();
        all.extend((0..N_SHALLOW).map(|_| shallow(&mut rng)));
        let n_forward = if ground.forward_depth > 0.0 {
            N_FORWARD
        } else {
            0
        };
        let forward = (0..n_forward).map(|_| {
            // The sum of two exponential times: a pulse that rises and falls.
            let delay =
                -0.5 * (rng.random::<f64>().max(1e-12) * rng.random::<f64>().max(1e-12)).ln();
            let mut motion =
                |shape: [f64; 3]| shape.map(|s| s * normal(&mut rng) / (n_forward as f64).sqrt());
            (delay, [motion(SHAPE_P), motion(SHAPE_S)])
        });
        Self {
            forward: forward.collect(),
            all,
            ground: *ground,
        }
    }

    /// Amplitude that is left of a direct wave over so many km: what the shallow ground scatters is missing, and what was
    /// scattered forwards.
    pub(crate) fn direct(&self, distance_km: f64) -> f64 {
        (1.0 - self.ground.shallow_energy).sqrt() * (1.0 - self.forward_energy(distance_km)).sqrt()
    }

    /// Amplitude of the first wave of a kind over that of a direct one as far away: less where it runs along an interface.
    pub(crate) fn first(&self, source: &Source, model: &LayeredModel, phase: Phase) -> f64 {
        match model.is_refracted(phase, source.depth_km, source.distance_km(STATION)) {
            true => self.ground.refracted,
            false => 1.0,
        }
    }

    fn forward_energy(&self, distance_km: f64) -> f64 {
        1.0 - (-self.ground.forward_depth * distance_km / 100.0).exp()
    }

    /// The coda of one kind of wave for a source that moves at once: displacement north, east and up by frequency (`n / 2` values from 0 Hz),
    /// of a record of `n` samples that begins `lead_s` before the origin time. Multiply it by the pulse of source and site.
    pub(crate) fn spectrum(
        &self,
        source: &Source,
        (model, site): (&LayeredModel, &Site),
        wave: Wave,
        lead_s: f64,
        n: usize,
    ) -> [Vec<Complex64>; 3] {
        let fft = FftPlanner::new().plan_fft_forward(n);
        let duration_s = n as f64 / SAMPLING_RATE_HZ - lead_s;
        // Attenuation grows with the time under way, so echoes are put on a few tracks, each of one time,
        // shared between the two nearest in proportion.
        let n_tracks = TRACKS_S.partition_point(|&t| t < duration_s) + 1;
        let mut tracks =
            vec![std::array::from_fn::<_, 3, _>(|_| vec![Complex64::ZERO; n]); n_tracks];
        for echo in self.echoes(source, model, site, wave) {
            let fade = fade(echo.time_s / duration_s);
            if fade == 0.0 {
                continue;
            }
            let upper = TRACKS_S.partition_point(|&t| t <= echo.time_s);
            let (t0, t1) = (TRACKS_S[upper - 1], TRACKS_S[upper]);
            let share = (echo.time_s - t0) / (t1 - t0);
            let position = (echo.time_s + lead_s) * SAMPLING_RATE_HZ;
            for (track, share) in [(upper - 1, 1.0 - share), (upper, share)] {
                for (series, motion) in tracks[track].iter_mut().zip(echo.motion_m_s) {
                    put_impulse(series, position, motion * share * fade);
                }
            }
        }
        let step_hz = SAMPLING_RATE_HZ / n as f64;
        let loss_per_s: Vec<f64> = (0..n / 2)
            .map(|k| self.ground.loss_per_s(k as f64 * step_hz))
            .collect();
        let mut spectrum = std::array::from_fn(|_| vec![Complex64::ZERO; n / 2]);
        for (track, time_s) in tracks.iter_mut().zip(TRACKS_S) {
            let filter: Vec<f64> = loss_per_s.iter().map(|l| (-l * time_s).exp()).collect();
            for (series, spectrum) in track.iter_mut().zip(&mut spectrum) {
                fft.process(series);
                for ((sum, filter), value) in spectrum.iter_mut().zip(&filter).zip(series) {
                    *sum += *value * filter;
                }
            }
        }
        spectrum
    }
}

fn scatterer(rng: &mut ChaCha8Rng, r_km: f64, cos: f64, strength: f64, shallow: bool) -> Scatterer {
    let azimuth = rng.random_range(0.0..2.0 * PI);
    let sin = (1.0 - cos * cos).sqrt();
    let mut motion = |shape: [f64; 3]| shape.map(|s| s * strength * normal(rng));
    Scatterer {
        place_km: [
            r_km * sin * azimuth.sin(),
            r_km * sin * azimuth.cos(),
            r_km * cos,
        ],
        shallow,
        motion: [motion(SHAPE_P), motion(SHAPE_S)],
    }
}

fn length([x, y, z]: [f64; 3]) -> f64 {
    (x * x + y * y + z * z).sqrt()
}

/// Times under way of the attenuation tracks, in seconds.
const TRACKS_S: [f64; 9] = [0.0, 4.0, 10.0, 20.0, 40.0, 80.0, 120.0, 160.0, 240.0];

impl Scattering {
    /// pi f / Q(f): amplitude falls as exp(-loss t).
    fn loss_per_s(&self, frequency_hz: f64) -> f64 {
        PI * frequency_hz.powf(1.0 - self.q_exponent) / self.q0
    }
}

/// 1 over the first 60 % of the record, 0 from 92 % on: nothing is cut off.
fn fade(share_of_record: f64) -> f64 {
    let x = ((share_of_record - 0.60) / 0.32).clamp(0.0, 1.0);
    0.5 + 0.5 * (PI * x).cos()
}

#[cfg(test)]
mod tests;

//! The priors of a drawn world, and their sources.
//!
//! Where a range is given its logarithm is uniform, unless another distribution is named. Ranges are wider than those of
//! any one region, for a detector should hold at a station that nobody thought of.

use std::f64::consts::PI;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::coda::Scattering;
use super::earthquake::{self, Medium};
use super::greens::Site;
use super::instrument::{SAMPLING_RATE_HZ, STATION};
use super::noise::{Noise, NoiseModel, Tone};
use super::nuisance::{Habit, NuisanceKind, habit, log_uniform};
use super::random::normal;
use super::recorder::Recorder;
use super::sensor::{Sensor, SensorKind};
use super::source::Source;
use super::world::World;
use super::zones::Zone;
use crate::geo::Point;
use crate::time::Time;
use crate::travel::{Layer, LayeredModel};
use crate::waveform::filter::{Filter, Pass};

/// The band in which waves are compared with noise, the one to which records are made comparable.
const BAND_HZ: (f64, f64) = crate::waveform::BAND_HZ;

type Rng = ChaCha8Rng;

impl World {
    /// A world drawn from the priors: the same seed gives the same world.
    ///
    /// Its smallest earthquakes are so small that the S wave of one in the middle zone is as large as the noise's
    /// root mean square: four in five cannot be seen, as in life.
    pub fn draw(seed: u64) -> Self {
        draw(seed)
    }
}

fn draw(seed: u64) -> World {
    let rng = &mut Rng::seed_from_u64(seed);
    let model = model(rng);
    let noise = noise(rng);
    let largest_m_s = (0..3)
        .map(|c| noise.rms_m_s(c, BAND_HZ))
        .fold(0.0, f64::max);
    let zones = zones(rng, &model);
    let mut world = World {
        seed,
        magnitudes: (0.0, 3.5),
        known_model: believed(rng, &model),
        site: site(rng, &model),
        scattering: scattering(rng),
        habits: habits(rng, largest_m_s),
        sensor: sensor(rng, largest_m_s),
        recorder: recorder(rng),
        model,
        noise,
        zones,
    };
    // Twice, because larger earthquakes have lower corners.
    for _ in 0..2 {
        let smallest = (world.magnitudes.0 + missing_magnitude(&world)).clamp(-3.0, 4.0);
        world.magnitudes = (smallest, smallest + SPAN_OF_MAGNITUDES);
    }
    world
}

/// From the smallest to the largest earthquake, as in the paper's world.
const SPAN_OF_MAGNITUDES: f64 = 3.5;

fn uniform(rng: &mut Rng, (low, high): (f64, f64)) -> f64 {
    rng.random_range(low..high)
}

fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.random::<f64>() < probability
}

/// Sediments, two layers of crust, and the mantle: the ranges of CRUST1.0 (Laske et al. 2013, *Geophysical Research Abstracts* 15,
/// EGU2013-2658) for continents and their margins. Density by Gardner et al. (1974), 1.74 vp^0.25. Quality factors of S from 60
/// to 600, of P once to twice that.
fn model(rng: &mut Rng) -> LayeredModel {
    let ratio = uniform(rng, (1.66, 1.84));
    let layer = |rng: &mut Rng, thickness_km: f64, vp_km_s: f64, ratio: f64, qs: (f64, f64)| {
        let qs = log_uniform(rng, qs);
        Layer {
            thickness_km,
            vp_km_s,
            vs_km_s: vp_km_s / ratio,
            qp: qs * uniform(rng, (1.0, 2.2)),
            qs,
            density_g_cm3: 1.74 * vp_km_s.powf(0.25),
        }
    };
    let (thickness, speed) = (log_uniform(rng, (0.2, 4.0)), uniform(rng, (2.8, 5.4)));
    let soft = uniform(rng, (1.7, 2.3));
    let layers = vec![
        layer(rng, thickness, speed, soft, (60.0, 300.0)),
        {
            let (thickness, speed) = (uniform(rng, (6.0, 18.0)), uniform(rng, (5.6, 6.3)));
            layer(rng, thickness, speed, ratio, (120.0, 600.0))
        },
        {
            let (thickness, speed) = (uniform(rng, (8.0, 35.0)), uniform(rng, (6.4, 7.1)));
            layer(rng, thickness, speed, ratio, (200.0, 600.0))
        },
        {
            let speed = uniform(rng, (7.8, 8.3));
            layer(rng, 700.0, speed, ratio, (150.0, 600.0))
        },
    ];
    LayeredModel::new("drawn", layers).expect("the priors are positive, with P faster than S")
}

/// What the region's seismologists take for the model: each speed wrong by 4 % or so, the sediments by more.
fn believed(rng: &mut Rng, model: &LayeredModel) -> LayeredModel {
    let mut layers = model.layers().to_vec();
    for (i, layer) in layers.iter_mut().enumerate() {
        let spread = if i == 0 { 0.12 } else { 0.04 };
        let wrong = (spread * normal(rng)).clamp(-0.3, 0.3).exp();
        layer.vp_km_s *= wrong;
        layer.vs_km_s *= wrong * (0.01 * normal(rng)).clamp(-0.05, 0.05).exp();
    }
    LayeredModel::new("believed", layers).expect("the same layers, a little faster or slower")
}

/// Kappa of S from 0.003 s (hard rock) to 0.06 s (soft ground): Anderson & Hough (1984), *BSSA* 74, 1969-1993, and Ktenidou
/// et al. (2014), *Seismological Research Letters* 85, 135-146. The ground is slower than the layer below, and slow enough for the free surface's formula
/// at any ray of a source below the sediments.
fn site(rng: &mut Rng, model: &LayeredModel) -> Site {
    let vp_km_s = uniform(rng, (1.2, 2.7)).min(0.9 * model.layers()[0].vp_km_s);
    let kappa_s_s = log_uniform(rng, (0.003, 0.06));
    Site {
        vp_km_s,
        vs_km_s: vp_km_s / uniform(rng, (1.8, 3.0)),
        density_g_cm3: 1.74 * vp_km_s.powf(0.25),
        kappa_p_s: kappa_s_s * uniform(rng, (0.3, 0.9)),
        kappa_s_s,
    }
}

/// Scattering from 0.006 to 0.3 per km (Sato, Fehler & Maeda 2012, chapter 3), more than is measured where waves are scattered
/// many times, for here each is scattered once; P turns into S 0.8 to 6 times as readily as it stays P (by Born's approximation 0.6
/// times in smooth ground to 3.2 in rough: the same, chapter 4). Forwards with an optical depth of 1 to 30 and a mean delay of 0.2
/// to 4 s over 100 km, so that far waves emerge (the peak of S comes one to five seconds late over 100 to 200 km in a volcanic arc: Saito, Sato & Ohtake
/// 2002, *JGR* 107(B5)); a reflection at the Moho keeps 0.5 to 0.95 of the amplitude, and what
/// travels along an interface has 0.05 to 0.6 of that of a direct wave, both by choice; Q from 80 f^0.9 of tectonically active regions to 700 f^0.2 of
/// shields (the same, chapter 5).
fn scattering(rng: &mut Rng) -> Scattering {
    let active = rng.random::<f64>();
    let spread = 0.2 * normal(rng);
    Scattering {
        per_km: log_uniform(rng, (0.006, 0.3)),
        conversion: log_uniform(rng, (0.8, 6.0)),
        shallow_energy: uniform(rng, (0.1, 0.92)),
        shallow_decay_km: log_uniform(rng, (0.15, 2.0)),
        shallow_speed_km_s: uniform(rng, (0.6, 2.4)),
        forward_depth: log_uniform(rng, (1.0, 30.0)),
        forward_delay_s: log_uniform(rng, (0.2, 4.0)),
        q0: 80.0 * (700.0f64 / 80.0).powf(1.0 - active) * spread.clamp(-0.5, 0.5).exp(),
        q_exponent: 0.2 + 0.7 * active,
        reflected: uniform(rng, (0.5, 0.95)),
        refracted: log_uniform(rng, (0.05, 0.6)),
    }
}

/// Speed at which the time between P and S grows with distance, in the crust: vp vs / (vp - vs).
const KM_FOR_A_SECOND: f64 = 8.2;

/// Two to six zones, around one distance: the middle has S 0.6 to 30 s after P. Depths are a share of the distance, but below the
/// sediments; faults have any direction.
fn zones(rng: &mut Rng, model: &LayeredModel) -> Vec<Zone> {
    let n = rng.random_range(2..=6);
    let middle_s = log_uniform(rng, (0.6, 30.0));
    let weights: Vec<f64> = (0..n).map(|_| uniform(rng, (0.2, 1.0))).collect();
    let total: f64 = weights.iter().sum();
    let shallowest_km = model.layers()[0].thickness_km + 0.3;
    let zone = |rng: &mut Rng, weight: f64| {
        let s_minus_p_s = (middle_s * (0.5 * normal(rng)).exp()).clamp(0.3, 36.0);
        let distance_km = KM_FOR_A_SECOND * s_minus_p_s;
        let depth_km = (distance_km * uniform(rng, (0.1, 0.95))).clamp(shallowest_km + 0.5, 150.0);
        let across_km = (distance_km.powi(2) - depth_km.powi(2)).max(0.25).sqrt();
        let azimuth = uniform(rng, (0.0, 2.0 * PI));
        let half_km = log_uniform(rng, (0.3, 3.0));
        Zone {
            name: "drawn",
            centre: Point::from_local_km(
                across_km * azimuth.sin(),
                across_km * azimuth.cos(),
                STATION,
            ),
            length_km: log_uniform(rng, (1.0, 12.0)),
            min_depth_km: (depth_km - half_km).max(shallowest_km),
            max_depth_km: depth_km + half_km,
            strike_deg: uniform(rng, (0.0, 360.0)),
            dip_deg: uniform(rng, (30.0, 89.0)),
            rake_deg: uniform(rng, (-180.0, 180.0)),
            share: weight / total,
        }
    };
    weights
        .into_iter()
        .map(|weight| zone(rng, weight))
        .collect()
}

/// Periods at which a drawn noise has a level.
const PERIODS_S: [f64; 15] = [
    0.02, 0.03, 0.045, 0.065, 0.1, 0.15, 0.22, 0.33, 0.5, 0.8, 1.2, 2.0, 5.0, 10.0, 50.0,
];

/// Noise between the low and the high model of Peterson (1993), USGS Open-File Report 93-322, whose levels of acceleration lie near -168 and -97
/// dB at 10 Hz: a level, a slope over frequency, and a rough line around both. Below 1 Hz the ocean adds 0 to 40 dB.
fn noise(rng: &mut Rng) -> NoiseModel {
    let level_db = uniform(rng, (-160.0, -105.0));
    let slope_db = uniform(rng, (-10.0, 35.0));
    let rough_db = uniform(rng, (1.0, 5.0));
    let ocean_db = uniform(rng, (0.0, 40.0));
    let horizontal_db = uniform(rng, (-3.0, 6.0));
    let levels_db = PERIODS_S
        .iter()
        .map(|&period_s| {
            let decades = (0.25 / period_s).log10();
            let ocean = ocean_db * (period_s.log10() / 5f64.log10()).clamp(0.0, 1.0);
            let all = level_db + slope_db * decades + rough_db * normal(rng) + ocean;
            let own = [horizontal_db, horizontal_db, 0.0].map(|db| all + db + 1.5 * normal(rng));
            (period_s, own)
        })
        .collect();
    let gusty = chance(rng, 0.7);
    let mut noise = NoiseModel {
        levels_db,
        day_and_night_db: uniform(rng, (0.0, 6.0)),
        activity: (uniform(rng, (0.2, 3.0)), log_uniform(rng, (60.0, 3600.0))),
        microseism: (1.0, 6.0 * 3600.0),
        gusts: gusty.then(|| (log_uniform(rng, (0.3, 5.0)), log_uniform(rng, (0.3, 30.0)))),
        coherence: uniform(rng, (0.0, 0.8)),
        tones: Vec::new(),
    };
    if chance(rng, 0.5) {
        let base_hz = log_uniform(rng, (1.0, 15.0));
        let rms_m_s = noise.rms_m_s(2, BAND_HZ);
        let n = rng.random_range(1..6);
        let tone = |rng: &mut Rng, i: usize| {
            let harmonic = base_hz * (i + 1) as f64;
            let other = log_uniform(rng, (1.0, 22.0));
            let peak_m_s = rms_m_s * log_uniform(rng, (0.1, 3.0));
            Tone {
                frequency_hz: if chance(rng, 0.5) {
                    harmonic.min(23.0)
                } else {
                    other
                },
                peak_m_s: std::array::from_fn(|_| peak_m_s * normal(rng)),
                flutter: uniform(rng, (0.0, 1.0)),
            }
        };
        noise.tones = (0..n).map(|i| tone(rng, i)).collect();
    }
    noise
}

/// Each kind is there or not (but for regional earthquakes, which the zones of a world have themselves), as often and as strong as it happens to be: 1.5 to 150 times the noise.
fn habits(rng: &mut Rng, rms_m_s: f64) -> Vec<Habit> {
    use NuisanceKind::{Bursts, Calibration, Footsteps, Ringing, Spike, Teleseism, Traffic, Wind};
    let kinds = [
        (Traffic, (20.0, 70.0), (2.0, 200.0)),
        (Footsteps, (15.0, 60.0), (1.0, 50.0)),
        (Spike, (0.01, 20.0), (2.0, 100.0)),
        (Teleseism, (1200.0, 1800.0), (0.5, 6.0)),
        (Calibration, (60.0, 600.0), (1.0, 1.1)),
        (Ringing, (0.7, 60.0), (2.0, 100.0)),
        (Wind, (5.0, 120.0), (5.0, 200.0)),
        (Bursts, (1.0, 60.0), (5.0, 200.0)),
    ];
    let mut habits = Vec::new();
    for (kind, duration_s, n_per_day) in kinds {
        let (is_there, n_per_day) = (chance(rng, 0.7), log_uniform(rng, n_per_day));
        let least = log_uniform(rng, (1.5, 6.0));
        let peak_m_s = (
            rms_m_s * least,
            rms_m_s * least * log_uniform(rng, (3.0, 30.0)),
        );
        let by_day = chance(rng, 0.3);
        if is_there {
            habits.push(habit(kind, n_per_day, duration_s, peak_m_s, by_day));
        }
    }
    habits
}

/// Two in three stations are broadband, the others geophones of 1 to 4.5 Hz or accelerometers. The noise has 2 to 3,000 counts; some
/// components have a wrong gain or a wrong sign.
fn sensor(rng: &mut Rng, rms_m_s: f64) -> Sensor {
    let luck = rng.random::<f64>();
    let kind = match luck {
        ..0.65 => SensorKind::Broadband,
        ..0.85 => SensorKind::ShortPeriod {
            corner_hz: log_uniform(rng, (1.0, 4.5)),
        },
        _ => SensorKind::Accelerometer,
    };
    let counts = log_uniform(rng, (2.0, 3000.0)) / rms_m_s;
    let wrong = chance(rng, 0.25);
    let counts_per_m_s = std::array::from_fn(|_| {
        let gain = if wrong {
            log_uniform(rng, (0.33, 3.0))
        } else {
            1.0
        };
        let sign = if chance(rng, 0.1) { -1.0 } else { 1.0 };
        counts * gain * sign
    });
    Sensor {
        kind,
        counts_per_m_s,
    }
}

/// Two in five stations send 40, 50 or 80 samples a second, the rest 100; where more are sent the band that is looked at is the same. What
/// a recorder lets pass ends at 0.8 to 0.95 of half its rate. Both are choices.
fn recorder(rng: &mut Rng) -> Recorder {
    let rates_hz = [
        40.0, 40.0, 50.0, 80.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0,
    ];
    Recorder {
        rate_hz: rates_hz[rng.random_range(0..rates_hz.len())],
        passes: uniform(rng, (0.8, 0.95)),
    }
}

/// By how much earthquakes of the smallest magnitude are too small for their S waves to reach the noise's root mean square, in
/// the median zone. Below the corner amplitudes grow by 10^1.5 a unit.
fn missing_magnitude(world: &World) -> f64 {
    let medium = Medium::of(world);
    let band = Filter::bandpass(4, BAND_HZ.0, BAND_HZ.1, SAMPLING_RATE_HZ)
        .expect("the band fits the rate");
    let noise = Noise::new(world.seed, &world.noise, &world.sensor);
    let rms = |component: usize| {
        let mut samples = vec![0.0; 3000];
        noise.add(component, 0, &mut samples);
        let samples: Vec<f32> = samples.iter().map(|v| (v * 1e9) as f32).collect();
        let settled = &band.apply(&samples, Pass::Causal)[1000..];
        let power: f64 = settled.iter().map(|v| f64::from(*v).powi(2)).sum();
        (power / settled.len() as f64).sqrt()
    };
    let rms: [f64; 3] = std::array::from_fn(rms);
    let mut ratios: Vec<f64> = world
        .zones
        .iter()
        .map(|zone| {
            let motion = earthquake::motion(&typical(zone, world.magnitudes.0), &medium);
            let peak = |(row, rms): (&Vec<f32>, &f64)| {
                let row: Vec<f32> = row.iter().map(|v| v * 1e9).collect();
                let filtered = band.apply(&row, Pass::Causal);
                f64::from(filtered.iter().fold(0.0f32, |a, v| a.max(v.abs()))) / rms
            };
            let ratios = motion.velocity_m_s.iter().zip(&rms).map(peak);
            ratios.fold(0.0, f64::max)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    -ratios[ratios.len() / 2].max(f64::MIN_POSITIVE).log10() / 1.5
}

/// An earthquake in the middle of a zone.
fn typical(zone: &Zone, mw: f64) -> Source {
    Source {
        id: "typical".into(),
        origin_time: Time::UNIX_EPOCH,
        longitude_deg: zone.centre.longitude_deg,
        latitude_deg: zone.centre.latitude_deg,
        depth_km: (zone.min_depth_km + zone.max_depth_km) / 2.0,
        mw,
        zone: 0,
        strike_deg: zone.strike_deg,
        dip_deg: zone.dip_deg,
        rake_deg: zone.rake_deg,
        stress_drop_mpa: 3.0,
    }
}

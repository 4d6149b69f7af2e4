//! Signals that are no local earthquakes and look like one to a detector.
//!
//! Rare, and a pure function of seed and time: each hour draws how many of each kind begin in it.

mod motion;

use std::f64::consts::PI;
use std::fmt;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};

use super::instrument::SAMPLING_RATE_HZ;
use super::random::{Use, stream};
use crate::time::Time;

pub use motion::motion;

const RATE: i64 = SAMPLING_RATE_HZ as i64;
const HOUR_S: i64 = 3600;

/// The kinds of nuisance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NuisanceKind {
    /// A vehicle on the road: 2 to 15 Hz, swelling and fading in tens of seconds.
    Traffic,
    /// Somebody walks by: pulses, two a second.
    Footsteps,
    /// A digitiser's spike or a sensor's glitch, on one component.
    Spike,
    /// An earthquake 60 to 350 km away: P and S tens of seconds apart, emergent, few high frequencies.
    Regional,
    /// An earthquake of another continent: P at 1 s, S, then surface waves of 15 to 30 s for minutes.
    Teleseism,
    /// A current step through the calibration coil, every day at 06:00 UTC, on all components.
    Calibration,
    /// Something is struck and rings out at one frequency, on one component or all: a sensor, a mast, a pipe.
    Ringing,
    /// The whole noise swells and falls: a gust, a machine that is switched on and off.
    Wind,
    /// Blows in a narrow band, one or a row of them: a door, a hammer, a pump that starts.
    Bursts,
}

impl fmt::Display for NuisanceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Traffic => "traffic",
            Self::Footsteps => "footsteps",
            Self::Spike => "spike",
            Self::Regional => "regional earthquake",
            Self::Teleseism => "teleseism",
            Self::Calibration => "calibration",
            Self::Ringing => "ringing",
            Self::Wind => "wind",
            Self::Bursts => "bursts",
        })
    }
}

/// How often, how long and how strong a kind is. Length and peak are drawn uniformly in their logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    pub kind: NuisanceKind,
    /// By day and night together.
    pub n_per_day: f64,
    pub duration_s: (f64, f64),
    /// The noise above 1 Hz has about 0.2e-6 m/s.
    pub peak_m_s: (f64, f64),
    /// People sleep: three times as frequent at noon as the mean, absent at midnight.
    pub by_day: bool,
}

/// The kinds of the paper's world. The numbers are choices, set to give a detector some trouble in every hour of the day.
pub const HABITS: [Habit; 6] = [
    habit(
        NuisanceKind::Traffic,
        40.0,
        (20.0, 70.0),
        (0.5e-6, 5e-6),
        true,
    ),
    habit(
        NuisanceKind::Footsteps,
        5.0,
        (15.0, 60.0),
        (0.4e-6, 4e-6),
        true,
    ),
    habit(NuisanceKind::Spike, 6.0, (0.01, 3.0), (1e-6, 100e-6), false),
    habit(
        NuisanceKind::Regional,
        5.0,
        (60.0, 240.0),
        (0.3e-6, 6e-6),
        false,
    ),
    habit(
        NuisanceKind::Teleseism,
        1.2,
        (1200.0, 1800.0),
        (0.5e-6, 8e-6),
        false,
    ),
    habit(
        NuisanceKind::Calibration,
        1.0,
        (600.0, 600.0),
        (20e-6, 20e-6),
        false,
    ),
];

pub(super) const fn habit(
    kind: NuisanceKind,
    n_per_day: f64,
    duration_s: (f64, f64),
    peak_m_s: (f64, f64),
    by_day: bool,
) -> Habit {
    Habit {
        kind,
        n_per_day,
        duration_s,
        peak_m_s,
        by_day,
    }
}

/// One nuisance.
#[derive(Debug, Clone, PartialEq)]
pub struct Nuisance {
    pub kind: NuisanceKind,
    pub start: Time,
    pub duration_s: f64,
    /// Largest ground velocity, about.
    pub peak_m_s: f64,
    /// The only component that shows it, where it is one alone.
    pub component: Option<usize>,
}

impl Nuisance {
    /// Sample since 1970.
    pub fn first_sample(&self) -> i64 {
        self.start.timestamp() * RATE
            + i64::from(self.start.timestamp_subsec_millis()) * RATE / 1000
    }

    pub fn n_samples(&self) -> usize {
        (self.duration_s * SAMPLING_RATE_HZ).round() as usize
    }
}

/// The nuisances with a sample in `from..to` (samples since 1970), in a fixed order: by kind, then by time.
pub fn between(seed: u64, habits: &[Habit], from: i64, to: i64) -> Vec<Nuisance> {
    let hour = HOUR_S * RATE;
    let mut all = Vec::new();
    for habit in habits {
        let longest = (habit.duration_s.1 * SAMPLING_RATE_HZ) as i64;
        for index in (from - longest).div_euclid(hour)..=(to - 1).div_euclid(hour) {
            all.extend(beginning_in(seed, habit.kind as u64, habit, index));
        }
    }
    all.retain(|n| n.first_sample() < to && n.first_sample() + n.n_samples() as i64 > from);
    all
}

/// The nuisances of one kind that begin in an hour since 1970, oldest first.
fn beginning_in(seed: u64, part: u64, habit: &Habit, hour: i64) -> Vec<Nuisance> {
    let mut rng = stream(seed, Use::Nuisances, part, hour);
    let hour_of_day = hour.rem_euclid(24) as f64;
    let mut starts: Vec<i64> = if habit.kind == NuisanceKind::Calibration {
        if hour_of_day == 6.0 { vec![0] } else { vec![] }
    } else {
        // Mean of the busyness over the day: 3 / 8 of its peak.
        let busyness = match habit.by_day {
            true => (PI * (hour_of_day - 18.5) / 24.0).cos().powi(4) * 8.0 / 3.0,
            false => 1.0,
        };
        let mean = (habit.n_per_day / 24.0 * busyness).max(1e-9);
        let n = Poisson::new(mean).map_or(0.0, |p| p.sample(&mut rng)) as usize;
        (0..n).map(|_| rng.random_range(0..HOUR_S * RATE)).collect()
    };
    starts.sort_unstable();
    starts
        .into_iter()
        .map(|start| {
            let duration_s = log_uniform(&mut rng, habit.duration_s);
            let sample = hour * HOUR_S * RATE + start;
            let millis = sample * 1000 / RATE;
            Nuisance {
                kind: habit.kind,
                start: Time::from_timestamp_millis(millis).unwrap_or_default(),
                duration_s: (duration_s * SAMPLING_RATE_HZ).round().max(1.0) / SAMPLING_RATE_HZ,
                peak_m_s: log_uniform(&mut rng, habit.peak_m_s),
                component: match habit.kind {
                    NuisanceKind::Spike => Some(rng.random_range(0..3)),
                    NuisanceKind::Ringing if rng.random_range(0.0..1.0) < 0.4 => {
                        Some(rng.random_range(0..3))
                    }
                    _ => None,
                },
            }
        })
        .collect()
}

pub(super) fn log_uniform(rng: &mut ChaCha8Rng, (low, high): (f64, f64)) -> f64 {
    low * (high / low).powf(rng.random_range(0.0..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * HOUR_S * RATE;
    const START: i64 = 16_117 * DAY; // 2014-02-16

    #[test]
    fn rates_are_those_of_the_table() {
        let n_days = 400;
        let all = between(5, &HABITS, START, START + n_days * DAY);
        for habit in HABITS {
            let n = all.iter().filter(|n| n.kind == habit.kind).count() as f64;
            let want = habit.n_per_day * n_days as f64;
            assert!(
                (n - want).abs() < 4.0 * want.sqrt() + 2.0,
                "{} {n} {want}",
                habit.kind
            );
        }
    }

    #[test]
    fn a_part_of_the_time_has_the_same_nuisances() {
        let whole = between(5, &HABITS, START, START + DAY);
        let part = (START + DAY / 4, START + DAY / 3);
        let want: Vec<_> = whole
            .into_iter()
            .filter(|n| {
                n.first_sample() < part.1 && n.first_sample() + n.n_samples() as i64 > part.0
            })
            .collect();
        assert_eq!(between(5, &HABITS, part.0, part.1), want);
    }

    /// The kinds that only drawn worlds have.
    const MORE: [Habit; 3] = [
        habit(
            NuisanceKind::Ringing,
            30.0,
            (0.7, 60.0),
            (1e-6, 9e-6),
            false,
        ),
        habit(NuisanceKind::Wind, 30.0, (5.0, 120.0), (1e-6, 9e-6), false),
        habit(NuisanceKind::Bursts, 30.0, (1.0, 60.0), (1e-6, 9e-6), false),
    ];

    #[test]
    fn each_reaches_its_peak_and_begins_and_ends_quietly() {
        let all = between(5, &HABITS, START, START + 3 * DAY);
        let more = between(5, &MORE, START, START + DAY);
        assert!(
            MORE.iter()
                .all(|habit| more.iter().any(|n| n.kind == habit.kind))
        );
        for nuisance in all.into_iter().chain(more) {
            let motion = motion(5, &nuisance);
            let peak = (0..3).map(|c| motion.peak_m_s(c)).fold(0.0, f64::max);
            assert!(
                (peak / nuisance.peak_m_s - 1.0).abs() < 1e-5,
                "{nuisance:?}"
            );
            let one = (0..3).filter(|&c| motion.peak_m_s(c) > 0.0).count();
            assert_eq!(one == 1, nuisance.component.is_some(), "{nuisance:?}");
            for c in &motion.velocity_m_s {
                let last = f64::from(c[c.len() - 1].abs());
                assert!(
                    nuisance.n_samples() < 10 || last < 0.02 * peak,
                    "{nuisance:?}"
                );
            }
        }
    }
}

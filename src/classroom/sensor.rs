//! What a sensor and its recorder make of the ground's velocity: a tilt of the spectrum, a gain, counts.

use rustfft::{FftPlanner, num_complex::Complex64};

use super::instrument::{CLIP_COUNTS, SAMPLING_RATE_HZ, SENSITIVITY_COUNTS_PER_M_S};
use super::motion::Motion;

/// What a sensor answers to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SensorKind {
    /// Velocity, flat over the whole band.
    Broadband,
    /// Velocity above its free period: a geophone.
    ShortPeriod { corner_hz: f64 },
    /// Acceleration; the gain is that of velocity at 5 Hz, in the middle of the band of local earthquakes.
    Accelerometer,
}

/// A sensor with its recorder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensor {
    pub kind: SensorKind,
    /// Counts for 1 m/s on each component; a negative one is wired the wrong way round.
    pub counts_per_m_s: [f64; 3],
}

impl Sensor {
    /// The paper's: flat, its three components alike.
    pub const PAPER: Self = Self {
        kind: SensorKind::Broadband,
        counts_per_m_s: [SENSITIVITY_COUNTS_PER_M_S; 3],
    };

    /// Transfer function of velocity, 1 in the passband. A geophone's is that of a damped pendulum, damping 0.707:
    /// Havskov & Alguacil (2016), *Instrumentation in Earthquake Seismology*, section 2.
    pub fn response(&self, frequency_hz: f64) -> Complex64 {
        match self.kind {
            SensorKind::Broadband => Complex64::ONE,
            SensorKind::ShortPeriod { corner_hz } => {
                let s = Complex64::new(0.0, frequency_hz / corner_hz);
                s * s / (s * s + s * 2f64.sqrt() + 1.0)
            }
            SensorKind::Accelerometer => Complex64::new(0.0, frequency_hz / 5.0),
        }
    }

    /// A motion of the ground as the sensor answers to it. The record is taken to be quiet at both ends.
    pub(super) fn felt(&self, mut motion: Motion) -> Motion {
        if self.kind == SensorKind::Broadband {
            return motion;
        }
        let n = motion.n_samples();
        // Room for what still swings at the end.
        let n_fft = (n + n / 4).next_power_of_two();
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (
            planner.plan_fft_forward(n_fft),
            planner.plan_fft_inverse(n_fft),
        );
        for row in &mut motion.velocity_m_s {
            let mut spectrum: Vec<Complex64> = row
                .iter()
                .map(|v| Complex64::new(f64::from(*v), 0.0))
                .chain(std::iter::repeat(Complex64::ZERO))
                .take(n_fft)
                .collect();
            forward.process(&mut spectrum);
            for (k, value) in spectrum.iter_mut().enumerate() {
                let frequency_hz = k.min(n_fft - k) as f64 * SAMPLING_RATE_HZ / n_fft as f64;
                let response = self.response(frequency_hz);
                *value *= if k > n_fft / 2 {
                    response.conj()
                } else {
                    response
                };
            }
            inverse.process(&mut spectrum);
            for (v, value) in row.iter_mut().zip(&spectrum) {
                *v = (value.re / n_fft as f64) as f32;
            }
        }
        motion
    }

    /// Velocity as the sensor answers to it to a sample: rounded to the nearest count and clipped.
    pub fn counts(&self, component: usize, velocity_m_s: f64) -> i32 {
        (velocity_m_s * self.counts_per_m_s[component])
            .round()
            .clamp(-CLIP_COUNTS, CLIP_COUNTS) as i32
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn counts_are_rounded_and_clipped() {
        let counts = |v| Sensor::PAPER.counts(2, v);
        assert_eq!(counts(0.0), 0);
        assert_eq!(counts(1e-6), 316);
        assert_eq!(counts(-1.0), -8_388_607);
    }

    #[test]
    fn a_geophone_halves_the_power_at_its_corner_and_an_accelerometer_grows_with_frequency() {
        let sensor = |kind| Sensor {
            kind,
            ..Sensor::PAPER
        };
        let geophone = sensor(SensorKind::ShortPeriod { corner_hz: 4.5 });
        assert!((geophone.response(4.5).norm_sqr() - 0.5).abs() < 1e-12);
        assert!((geophone.response(450.0).norm() - 1.0).abs() < 1e-3);
        let accelerometer = sensor(SensorKind::Accelerometer);
        assert!((accelerometer.response(10.0).norm() - 2.0).abs() < 1e-12);
    }

    /// The derivative of a sine of 5 Hz over 2 pi 5 Hz is a cosine.
    #[test]
    fn an_accelerometer_turns_a_sine_into_a_cosine() {
        let sensor = Sensor {
            kind: SensorKind::Accelerometer,
            ..Sensor::PAPER
        };
        let n = 1024;
        let wave = |phase: f64| -> Vec<f32> {
            let at = |i: usize| {
                let bell = (PI * i as f64 / n as f64).sin().powi(4);
                (bell * (2.0 * PI * 5.0 * i as f64 / SAMPLING_RATE_HZ + phase).sin()) as f32
            };
            (0..n).map(at).collect()
        };
        let motion = Motion {
            first: 0,
            velocity_m_s: [(); 3].map(|()| wave(0.0)),
        };
        let felt = sensor.felt(motion);
        for (got, want) in felt.velocity_m_s[0].iter().zip(wave(PI / 2.0)) {
            assert!((got - want).abs() < 0.02, "{got} {want}");
        }
    }
}

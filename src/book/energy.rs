//! When the energy of an earthquake comes, and what a window cuts off: chapter 5.

use crate::error::Result;
use crate::store;
use crate::study::Study;
use crate::window::{Origin, Window, Windows};

/// Noise is measured so long before P, and away from it by the second number.
const NOISE_S: (f64, f64) = (25.0, 5.0);
/// An event takes part where its energy is at least so many times that of the noise in the same time.
const LEAST_RATIO: f64 = 10.0;

/// Energy of one event after its P wave.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyAfterP {
    /// Distance of the epicentre from the station.
    pub distance_km: f64,
    /// P after the origin time.
    pub p_s: f64,
    /// Share of the energy that has come 0, 1, 2, ... seconds after P, of all that comes in the segment. Energy is
    /// the sum of squared counts of the three components, less that of the noise before P.
    pub shares: Vec<f64>,
}

impl EnergyAfterP {
    /// The share that a window from `from_s` to `to_s` after the origin time holds, 0 to 1.
    pub fn within(&self, from_s: f64, to_s: f64) -> f64 {
        let until = |after_p_s: f64| {
            let last = (self.shares.len() - 1) as f64;
            let at = after_p_s.clamp(0.0, last);
            let (low, high) = (at.floor() as usize, at.ceil() as usize);
            self.shares[low] + (at - at.floor()) * (self.shares[high] - self.shares[low])
        };
        until(to_s - self.p_s) - until(from_s - self.p_s)
    }
}

/// The events of the study's segments that stand well above the noise.
///
/// # Errors
/// As [`store::segments`].
pub fn energy_after_p(study: &Study) -> Result<Vec<EnergyAfterP>> {
    let segments = store::segments(study)?;
    let catalog = store::catalog(study)?;
    let station = crate::data_centre::station(study)?.position();
    let of = |segment: &Window| {
        let Origin::Event { id } = &segment.origin else {
            return None;
        };
        let event = catalog.events().iter().find(|event| event.id == *id)?;
        Some(EnergyAfterP {
            distance_km: event.epicentre().distance_km(station),
            p_s: crate::detect::p_travel_time_s(&study.velocity_model, event, station),
            shares: shares(&segments, segment)?,
        })
    };
    Ok(segments.windows.iter().filter_map(of).collect())
}

/// The P wave is in the segment's middle.
fn shares(segments: &Windows, segment: &Window) -> Option<Vec<f64>> {
    let (n, rate_hz) = (segments.n_samples, segments.sampling_rate_hz);
    let (middle, second) = (n / 2, rate_hz as usize);
    let before = |seconds: f64| middle.saturating_sub((seconds * rate_hz) as usize);
    let noise = before(NOISE_S.0)..before(NOISE_S.1);
    let n_seconds = (n - middle) / second;
    let mut sums = vec![0.0; n_seconds + 1];
    let mut noise_per_sample = 0.0;
    for component in segment.samples.chunks_exact(n) {
        let quiet = &component[noise.clone()];
        let mean = quiet.iter().map(|x| f64::from(*x)).sum::<f64>() / quiet.len() as f64;
        let square = |x: &f32| (f64::from(*x) - mean).powi(2);
        noise_per_sample += quiet.iter().map(square).sum::<f64>() / quiet.len() as f64;
        for (i, part) in component[middle..].chunks_exact(second).enumerate() {
            sums[i + 1] += part.iter().map(square).sum::<f64>();
        }
    }
    let noise_per_second = noise_per_sample * second as f64;
    let total: f64 = sums.iter().sum();
    if total < (1.0 + LEAST_RATIO) * noise_per_second * n_seconds as f64 {
        return None;
    }
    let mut so_far = 0.0;
    let cumulated: Vec<f64> = sums
        .iter()
        .enumerate()
        .map(|(i, sum)| {
            so_far += sum - if i == 0 { 0.0 } else { noise_per_second };
            so_far
        })
        .collect();
    Some(cumulated.iter().map(|sum| sum / so_far).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::RejectionLog;

    /// A segment of 60 s at 10 Hz with waves of 100 counts from 30 to 32 s, in noise of 1 count.
    fn segments() -> Windows {
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let sample = |i: usize| {
            if (300..320).contains(&i) {
                100.0 * sign(i)
            } else {
                sign(i)
            }
        };
        let component: Vec<f32> = (0..600).map(sample).collect();
        Windows {
            station: "made up".into(),
            channels: ["1", "2", "Z"].map(String::from),
            sampling_rate_hz: 10.0,
            n_samples: 600,
            n_classes: 2,
            normalisation: None,
            simulated: true,
            windows: vec![Window {
                start: crate::time::parse("2014-03-01").unwrap(),
                samples: component.repeat(3),
                class: 0,
                origin: Origin::Event { id: "e".into() },
            }],
            rejections: RejectionLog::default(),
        }
    }

    #[test]
    fn energy_comes_when_the_waves_do() {
        let segments = segments();
        let shares = shares(&segments, &segments.windows[0]).unwrap();
        assert_eq!(shares.len(), 31);
        assert!((shares[1] - 0.5).abs() < 1e-3 && (shares[2] - 1.0).abs() < 1e-3);
        let event = EnergyAfterP {
            distance_km: 10.0,
            p_s: 3.0,
            shares,
        };
        // From the origin time P comes at 3 s: half is in by 4 s, all by 10 s, none before P.
        assert!((event.within(0.0, 4.0) - 0.5).abs() < 1e-3);
        assert!((event.within(0.0, 10.0) - 1.0).abs() < 1e-3);
        assert_eq!(event.within(0.0, 2.0), 0.0);
    }

    #[test]
    fn what_drowns_in_noise_takes_no_part() {
        let mut segments = segments();
        for x in &mut segments.windows[0].samples {
            *x = x.clamp(-1.0, 1.0);
        }
        assert_eq!(shares(&segments, &segments.windows[0]), None);
    }
}

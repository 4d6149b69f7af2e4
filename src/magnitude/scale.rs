//! From amplitudes to magnitudes.

use std::collections::BTreeMap;

use crate::error::{Result, fail};

/// What one station drew of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Amplitude {
    /// `CX.PB01`
    pub station: String,
    /// Metres, on a seismograph that magnifies once.
    pub amplitude_m: f64,
    /// From the hypocentre.
    pub distance_km: f64,
}

/// What is measured of an earthquake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MagnitudeKind {
    /// `ML`
    Local,
    /// `Mw`
    Moment,
}

impl MagnitudeKind {
    /// As catalogs have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "ML",
            Self::Moment => "Mw",
        }
    }
}

/// The magnitude of an earthquake, by several stations.
#[derive(Debug, Clone, PartialEq)]
pub struct EventMagnitude {
    pub value: f64,
    /// Standard error of the mean, by the scatter of these stations alone: it knows nothing of what they share, as the scale. NaN of one
    /// station.
    pub error: f64,
    pub kind: MagnitudeKind,
    /// Those that count.
    pub stations: Vec<StationMagnitude>,
    /// Those that are too far from the others.
    pub left_out: Vec<StationMagnitude>,
}

impl EventMagnitude {
    /// As [`LocalScale::event`], of any kind of magnitude.
    pub fn of(kind: MagnitudeKind, mut stations: Vec<StationMagnitude>) -> Option<Self> {
        stations.retain(|station| station.value.is_finite());
        let median = median(stations.iter().map(|s| s.value))?;
        // 1.4826 median absolute deviations are a standard deviation.
        let spread = 1.4826 * self::median(stations.iter().map(|s| (s.value - median).abs()))?;
        let is_far =
            |s: &mut StationMagnitude| (s.value - median).abs() > NEAR.max(FARTHEST * spread);
        let left_out = stations.extract_if(.., is_far).collect();
        let n = stations.len() as f64;
        let value = stations.iter().map(|s| s.value).sum::<f64>() / n;
        let squares = stations
            .iter()
            .map(|s| (s.value - value).powi(2))
            .sum::<f64>();
        Some(Self {
            value,
            error: (squares / (n - 1.0) / n).sqrt(),
            kind,
            stations,
            left_out,
        })
    }
}

/// What one station gives.
#[derive(Debug, Clone, PartialEq)]
pub struct StationMagnitude {
    /// `CX.PB01`
    pub station: String,
    /// Of `ML` the amplitude in m, of `Mw` the plateau of the spectrum in m s.
    pub amplitude: f64,
    pub value: f64,
}

/// `ML = log10(A / nm) + slope log10(R / km) + per_km R + constant + correction`, with A on a Wood-Anderson seismograph that magnifies
/// once and R from the hypocentre.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalScale {
    pub slope: f64,
    pub per_km: f64,
    pub constant: f64,
    /// Of stations; 0 for any other.
    pub corrections: BTreeMap<String, f64>,
}

/// A metre in the scale's unit.
const NM_PER_M: f64 = 1e9;

/// Fewer amplitudes than this for each unknown calibrate nothing.
const FEWEST_AMPLITUDES: usize = 10;

/// Slope and corrections are found in turn; this often is far more than needed.
const N_ROUNDS: usize = 200;

/// A station that is off by more than this many deviations from the median does not count.
const FARTHEST: f64 = 3.0;

/// ...and in any case one that is off by no more than this does.
const NEAR: f64 = 0.3;

impl LocalScale {
    /// IASPEI's standard (2013, *Summary of Magnitude Working Group recommendations*), after Hutton & Boore (1987, *BSSA* 77,
    /// 2074-2094): for crustal earthquakes with an attenuation as in Southern California.
    pub fn iaspei() -> Self {
        Self {
            slope: 1.11,
            per_km: 0.00189,
            constant: -2.09,
            corrections: BTreeMap::new(),
        }
    }

    /// The magnitude that one station gives; -inf for an amplitude of 0.
    pub fn station(&self, station: &str, amplitude_m: f64, distance_km: f64) -> f64 {
        let correction = self.corrections.get(station).copied().unwrap_or_default();
        (NM_PER_M * amplitude_m).log10()
            + self.slope * distance_km.log10()
            + self.per_km * distance_km
            + self.constant
            + correction
    }

    /// The magnitude of an event: the mean of the stations, without those farther from their median than three of its deviations
    /// (and 0.3). Nothing where no amplitude is positive.
    pub fn event(&self, amplitudes: &[Amplitude]) -> Option<EventMagnitude> {
        let station = |a: &Amplitude| StationMagnitude {
            station: a.station.clone(),
            amplitude: a.amplitude_m,
            value: self.station(&a.station, a.amplitude_m, a.distance_km),
        };
        EventMagnitude::of(
            MagnitudeKind::Local,
            amplitudes.iter().map(station).collect(),
        )
    }

    /// A scale of a region, from events whose magnitudes are known: slope, constant and the stations' corrections, whose mean is 0, by
    /// least squares. `per_km` stays IASPEI's: within 100 km it cannot be told from the slope.
    ///
    /// # Errors
    /// [`crate::Error::Magnitude`] where there are fewer than ten amplitudes a station, or all have one distance.
    pub fn calibrated(known: &[(f64, Vec<Amplitude>)]) -> Result<Self> {
        let mut scale = Self {
            slope: 0.0,
            constant: 0.0,
            ..Self::iaspei()
        };
        let all: Vec<(f64, &Amplitude)> = known
            .iter()
            .flat_map(|(magnitude, amplitudes)| amplitudes.iter().map(move |a| (*magnitude, a)))
            .filter(|(magnitude, a)| {
                magnitude.is_finite() && a.amplitude_m > 0.0 && a.distance_km > 0.0
            })
            .collect();
        for (_, amplitude) in &all {
            scale.corrections.insert(amplitude.station.clone(), 0.0);
        }
        let n_stations = scale.corrections.len();
        if all.is_empty() || all.len() < FEWEST_AMPLITUDES * n_stations {
            let what = format!("{} amplitudes of {n_stations} stations", all.len());
            let remedy = "Give ten or more a station, of events whose magnitudes are known";
            return Err(fail!(Magnitude, "a calibration", what, remedy));
        }
        let log_km: Vec<f64> = all.iter().map(|(_, a)| a.distance_km.log10()).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let middle = mean(&log_km);
        let spread: f64 = log_km.iter().map(|x| (x - middle).powi(2)).sum();
        if spread < 1e-6 * all.len() as f64 {
            let what = "all amplitudes have one distance";
            return Err(fail!(
                Magnitude,
                "a calibration",
                what,
                "Give events at several distances"
            ));
        }
        for _ in 0..N_ROUNDS {
            let missing = |scale: &Self| -> Vec<f64> {
                all.iter()
                    .map(|(m, a)| m - scale.station(&a.station, a.amplitude_m, a.distance_km))
                    .collect()
            };
            let left = missing(&scale);
            let centre = mean(&left);
            let slope = left
                .iter()
                .zip(&log_km)
                .map(|(y, x)| (y - centre) * (x - middle))
                .sum::<f64>()
                / spread;
            scale.slope += slope;
            scale.constant += centre - slope * middle;
            let mut of_station = BTreeMap::<&str, Vec<f64>>::new();
            for ((_, amplitude), left) in all.iter().zip(missing(&scale)) {
                of_station.entry(&amplitude.station).or_default().push(left);
            }
            for (station, left) in of_station {
                *scale.corrections.entry(station.into()).or_default() += mean(&left);
            }
            let shift = scale.corrections.values().sum::<f64>() / n_stations as f64;
            scale
                .corrections
                .values_mut()
                .for_each(|correction| *correction -= shift);
            scale.constant += shift;
        }
        Ok(scale)
    }
}

/// The mean of the two in the middle, where there is no middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    Some((values.get(n / 2)? + values.get(n.checked_sub(1)? / 2)?) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::tests::Draws;

    fn amplitude(station: &str, amplitude_m: f64, distance_km: f64) -> Amplitude {
        Amplitude {
            station: station.into(),
            amplitude_m,
            distance_km,
        }
    }

    #[test]
    fn ten_times_the_amplitude_is_one_magnitude() {
        let scale = LocalScale::iaspei();
        let one = scale.station("A", 1e-6, 30.0);
        assert!((scale.station("A", 1e-5, 30.0) - one - 1.0).abs() < 1e-12);
        // log10(1000 nm) + 1.11 log10(30) + 0.00189 * 30 - 2.09, by hand.
        assert!((one - (3.0 + 1.11 * 1.477_121_25 + 0.0567 - 2.09)).abs() < 1e-6);
    }

    #[test]
    fn a_station_that_is_far_off_does_not_count() {
        let scale = LocalScale::iaspei();
        let good: Vec<Amplitude> = (0..6)
            .map(|i| amplitude("A", 1e-6 * (1.0 + 0.02 * f64::from(i)), 30.0))
            .collect();
        let mut bad = good.clone();
        bad.push(amplitude("B", 1e-3, 30.0));
        bad.push(amplitude("C", 0.0, 30.0));
        let (a, b) = (scale.event(&good).unwrap(), scale.event(&bad).unwrap());
        assert_eq!((a.value, b.stations.len()), (b.value, 6));
        assert!(a.error < 0.02);
        assert_eq!(scale.event(&[]), None);
        assert!(scale.event(&good[..1]).unwrap().error.is_nan());
    }

    #[test]
    fn a_calibration_finds_the_scale_that_was_drawn() {
        let mut draws = Draws::new(41);
        let truth = LocalScale {
            slope: 1.4,
            constant: -2.5,
            corrections: (0..8)
                .map(|i| (format!("S{i}"), 0.1 * (f64::from(i) - 3.5)))
                .collect(),
            ..LocalScale::iaspei()
        };
        let mut known = Vec::new();
        for _ in 0..60 {
            let magnitude = 3.0 * draws.uniform();
            let drawn = truth.corrections.keys().map(|station| {
                let distance_km = 5.0 + 60.0 * draws.uniform();
                let of_one_nm = truth.station(station, 1e-9, distance_km);
                amplitude(
                    station,
                    1e-9 * 10.0_f64.powf(magnitude - of_one_nm + 0.1 * draws.normal()),
                    distance_km,
                )
            });
            known.push((magnitude, drawn.collect::<Vec<_>>()));
        }
        let found = LocalScale::calibrated(&known).unwrap();
        assert!((found.slope - truth.slope).abs() < 0.1, "{}", found.slope);
        assert!((found.station("-", 1e-9, 30.0) - truth.station("-", 1e-9, 30.0)).abs() < 0.03);
        for (station, correction) in &truth.corrections {
            assert!(
                (found.corrections[station] - correction).abs() < 0.05,
                "{station}"
            );
        }
        assert!(matches!(
            LocalScale::calibrated(&known[..5]),
            Err(crate::Error::Magnitude { .. })
        ));
        assert!(LocalScale::calibrated(&[]).is_err());
    }
}

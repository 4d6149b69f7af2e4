//! Families of earthquakes: an independent one, its aftershocks, theirs, and so on.
//!
//! This is the ETAS model of Ogata (1988), *Journal of the American Statistical Association* 83,
//! 9-27, drawn as the branching process that it is.

use std::f64::consts::LN_10;

use chrono::TimeDelta;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};

use super::source::radius_km;
use super::zones::{Spot, Zone};
use crate::time::{self, Time, TimeSpan};

/// Slope of log10 frequency against magnitude; 1.01 +- 0.04 above M 2.5 in the box (ComCat).
pub const B_VALUE: f64 = 1.0;
/// The smallest simulated magnitude.
pub const MIN_MW: f64 = 1.0;
/// The largest: that of the box and time in ComCat.
pub const MAX_MW: f64 = 4.5;
/// Omori-Utsu exponent; 1.2-1.4 in Oklahoma (comment on Langenbruch & Zoback 2017).
pub const OMORI_P: f64 = 1.3;
/// Omori-Utsu time offset. Chosen, as is the branching ratio, so that the times between earthquakes
/// are spread as in the survey's catalog.
pub const OMORI_C_S: f64 = 900.0;
/// Mean number of direct aftershocks of an earthquake, over all magnitudes.
pub const BRANCHING_RATIO: f64 = 0.50;
/// Growth of the number of aftershocks with magnitude (powers of ten). Chosen below the b-value, so
/// that small earthquakes carry much of the triggering, as in swarms.
pub const PRODUCTIVITY: f64 = 0.7;
/// Brune stress drops: small events and aftershocks have 1-11 MPa (Cramer 2017), taken as the 5-95 %
/// range of a lognormal distribution.
pub const STRESS_DROP_MPA: (f64, f64) = (1.0, 11.0);

/// Asperities of a zone, and the share of independent earthquakes that they hold.
const N_ASPERITIES: usize = 5;
const ASPERITY_SHARE: f64 = 0.7;
/// Standard deviations: of an asperity, of an aftershock about its cause beyond the cause's radius,
/// and across the fault.
const ASPERITY_KM: f64 = 0.3;
const AFTERSHOCK_KM: f64 = 0.1;
const ACROSS_KM: f64 = 0.05;
/// Scatter of strike, dip and rake in a zone and within a family.
const ZONE_SCATTER_DEG: f64 = 8.0;
const FAMILY_SCATTER_DEG: f64 = 3.0;

/// An earthquake in its zone's coordinates.
#[derive(Debug, Clone)]
pub(super) struct Shock {
    pub time: Time,
    pub mw: f64,
    pub stress_drop_mpa: f64,
    pub zone: usize,
    pub spot: Spot,
    /// Strike, dip and rake, not yet brought into their ranges.
    pub angles_deg: [f64; 3],
    /// Index of its cause among the shocks in the order of drawing.
    pub parent: Option<usize>,
}

/// Where families come from: asperities drawn once, and a stream of random numbers.
pub(super) struct Faults {
    rng: ChaCha8Rng,
    zones: Vec<Zone>,
    /// Smallest and largest magnitude.
    magnitudes: (f64, f64),
    /// One list for each zone.
    asperities: Vec<Vec<Spot>>,
}

impl Faults {
    pub fn new(seed: u64, zones: &[Zone], magnitudes: (f64, f64)) -> Self {
        let mut faults = Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            zones: zones.to_vec(),
            magnitudes,
            asperities: Vec::new(),
        };
        for zone in 0..zones.len() {
            let spots = (0..N_ASPERITIES).map(|_| faults.anywhere(zone)).collect();
            faults.asperities.push(spots);
        }
        faults
    }

    /// A family that begins in `span`; what would happen after `end` is left out. Its first shock
    /// has the index `first` among all.
    pub fn family(&mut self, span: &TimeSpan, end: Time, first: usize) -> Vec<Shock> {
        let mut family = vec![self.independent(span)];
        let mut next = 0;
        while next < family.len() {
            let cause = family[next].clone();
            for _ in 0..self.n_aftershocks(cause.mw) {
                let shock = self.aftershock(&cause, first + next);
                if shock.time < end {
                    family.push(shock);
                }
            }
            next += 1;
        }
        family
    }

    fn independent(&mut self, span: &TimeSpan) -> Shock {
        let zone = self.zone();
        let spot = if self.uniform() < ASPERITY_SHARE {
            let asperity = self.rng.random_range(0..N_ASPERITIES);
            self.near(zone, self.asperities[zone][asperity], ASPERITY_KM)
        } else {
            self.anywhere(zone)
        };
        let style = self.zones[zone];
        let angles_deg = [style.strike_deg, style.dip_deg, style.rake_deg];
        Shock {
            time: later(
                span.start,
                self.uniform() * time::between_s(span.start, span.end),
            ),
            mw: self.magnitude(),
            stress_drop_mpa: self.stress_drop_mpa(),
            zone,
            spot,
            angles_deg: angles_deg.map(|angle| angle + ZONE_SCATTER_DEG * self.normal()),
            parent: None,
        }
    }

    fn aftershock(&mut self, cause: &Shock, parent: usize) -> Shock {
        let reach_km = AFTERSHOCK_KM + radius_km(cause.mw, cause.stress_drop_mpa);
        Shock {
            time: later(cause.time, self.delay_s()),
            mw: self.magnitude(),
            stress_drop_mpa: self.stress_drop_mpa(),
            zone: cause.zone,
            spot: self.near(cause.zone, cause.spot, reach_km),
            angles_deg: cause
                .angles_deg
                .map(|angle| angle + FAMILY_SCATTER_DEG * self.normal()),
            parent: Some(parent),
        }
    }

    fn zone(&mut self) -> usize {
        let mut left = self.uniform();
        for (index, zone) in self.zones.iter().enumerate() {
            left -= zone.share;
            if left < 0.0 {
                return index;
            }
        }
        self.zones.len() - 1
    }

    fn anywhere(&mut self, zone: usize) -> Spot {
        let zone = self.zones[zone];
        Spot {
            along_km: zone.length_km * (self.uniform() - 0.5),
            depth_km: zone.min_depth_km + (zone.max_depth_km - zone.min_depth_km) * self.uniform(),
            off_km: ACROSS_KM * self.normal(),
        }
    }

    fn near(&mut self, zone: usize, spot: Spot, reach_km: f64) -> Spot {
        let moved = Spot {
            along_km: spot.along_km + reach_km * self.normal(),
            depth_km: spot.depth_km + reach_km * self.normal(),
            off_km: ACROSS_KM * self.normal(),
        };
        self.zones[zone].keep_inside(moved)
    }

    /// Gutenberg-Richter, exponential above the smallest magnitude and cut at the largest, by inversion.
    fn magnitude(&mut self) -> f64 {
        let (smallest, largest) = self.magnitudes;
        let beyond = 10f64.powf(-B_VALUE * (largest - smallest));
        smallest - (1.0 - self.uniform() * (1.0 - beyond)).log10() / B_VALUE
    }

    /// Omori-Utsu, normalised for p > 1, by inversion: `t = c ((1 - u)^(-1 / (p - 1)) - 1)`.
    fn delay_s(&mut self) -> f64 {
        let delay_s = OMORI_C_S * ((1.0 - self.uniform()).powf(-1.0 / (OMORI_P - 1.0)) - 1.0);
        // The tail is heavier than what an instant can hold.
        delay_s.min(LONGEST_DELAY_S)
    }

    fn n_aftershocks(&mut self, mw: f64) -> usize {
        let mean = mean_n_aftershocks(mw, self.magnitudes);
        let counts = Poisson::new(mean).expect("a mean number of aftershocks is positive");
        counts.sample(&mut self.rng) as usize
    }

    fn stress_drop_mpa(&mut self) -> f64 {
        let (low, high) = STRESS_DROP_MPA;
        let (middle, half) = ((low * high).ln() / 2.0, (high / low).ln() / 2.0);
        (middle + half / Z_95 * self.normal()).exp()
    }

    fn uniform(&mut self) -> f64 {
        self.rng.random()
    }

    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }
}

/// A century: after the end of any study.
const LONGEST_DELAY_S: f64 = 3.2e9;

/// The standard normal distribution's 95 % quantile.
const Z_95: f64 = 1.644_854;

/// Mean number of direct aftershocks, `K 10^(a (M - smallest))`. K makes its mean over the Gutenberg-Richter
/// distribution between the smallest and the largest magnitude [`BRANCHING_RATIO`].
pub fn mean_n_aftershocks(mw: f64, (smallest, largest): (f64, f64)) -> f64 {
    let (beta, alpha) = (B_VALUE * LN_10, PRODUCTIVITY * LN_10);
    let span = largest - smallest;
    let mean = beta / (beta - alpha) * (1.0 - (-(beta - alpha) * span).exp())
        / (1.0 - (-beta * span).exp());
    BRANCHING_RATIO / mean * (alpha * (mw - smallest)).exp()
}

/// `seconds` later, to the microsecond that text formats hold.
fn later(start: Time, seconds: f64) -> Time {
    start + TimeDelta::microseconds((seconds * 1e6).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earthquake_causes_the_branching_ratio_in_the_mean() {
        // By the midpoint rule over the cut Gutenberg-Richter density.
        let n_steps = 100_000;
        let step = (MAX_MW - MIN_MW) / f64::from(n_steps);
        let (mut causes, mut children) = (0.0, 0.0);
        for i in 0..n_steps {
            let mw = MIN_MW + (f64::from(i) + 0.5) * step;
            let density = 10f64.powf(-B_VALUE * mw);
            causes += density;
            children += density * mean_n_aftershocks(mw, (MIN_MW, MAX_MW));
        }
        assert!((children / causes - BRANCHING_RATIO).abs() < 1e-6);
    }
}

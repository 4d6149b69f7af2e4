//! A place and a time, and how well they are known.

use crate::geo::Point;
use crate::time::Time;

/// Where and when an earthquake was.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypocentre {
    pub origin_time: Time,
    pub epicentre: Point,
    /// Below sea level.
    pub depth_km: f64,
    /// Standard errors.
    pub time_error_s: f64,
    pub east_error_km: f64,
    pub north_error_km: f64,
    /// NaN where the depth stands at a limit of the grid.
    pub depth_error_km: f64,
    /// Holds the epicentre with probability 68 %, if the velocities are right.
    pub ellipse: Ellipse,
    /// Weighted root mean square of the residuals.
    pub rms_s: f64,
    /// How many times as large as the errors of picks and model the residuals are: 1 or more, by their median, with wrong picks among
    /// them. The errors of the place grow with it.
    pub misfit: f64,
    /// The widest angle without a station whose picks count.
    pub gap_deg: f64,
    /// Along the surface to the nearest such station.
    pub nearest_km: f64,
    /// Where the search ended because the grid does. With [`Limit::Side`] the event lies outside, and its place is not known.
    pub limit: Option<Limit>,
    /// In the order of the picks.
    pub residuals: Vec<PickResidual>,
}

/// An end of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Side,
    Top,
    Bottom,
}

/// An ellipse on the map, by its half axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    pub major_km: f64,
    pub minor_km: f64,
    /// Of the major axis, clockwise from north, in `[0, 180)`.
    pub azimuth_deg: f64,
}

/// What a pick says against the place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PickResidual {
    /// Observed less computed, after the station's term.
    pub residual_s: f64,
    /// From 0 (not used) to 1.
    pub weight: f64,
    /// Along the surface.
    pub distance_km: f64,
    /// From the epicentre to the station.
    pub azimuth_deg: f64,
}

/// What the ellipse holds.
pub(crate) const CONFIDENCE: f64 = 0.68;

impl Ellipse {
    /// Of a covariance of east and north in km^2, estimated with `n_free` degrees of freedom: within it lie 68 %.
    ///
    /// Half the squared distance in standard errors follows F(2, n), whose quantile is
    /// `n / 2 ((1 - p)^(-2 / n) - 1)`.
    pub(super) fn of(east: f64, north: f64, both: f64, n_free: f64) -> Self {
        let factor = n_free * ((1.0 - CONFIDENCE).powf(-2.0 / n_free) - 1.0);
        let (mean, half) = ((east + north) / 2.0, ((north - east) / 2.0).hypot(both));
        Self {
            major_km: (factor * (mean + half)).sqrt(),
            minor_km: (factor * (mean - half).max(0.0)).sqrt(),
            // The angle of the larger axis from north: half of that of (north - east, 2 both).
            azimuth_deg: (0.5 * (2.0 * both).atan2(north - east))
                .to_degrees()
                .rem_euclid(180.0),
        }
    }

    /// Whether a point `(east, north)` km from the centre lies in it.
    pub fn holds(&self, east_km: f64, north_km: f64) -> bool {
        let (sin, cos) = self.azimuth_deg.to_radians().sin_cos();
        let along_km = east_km * sin + north_km * cos;
        let across_km = east_km * cos - north_km * sin;
        (along_km / self.major_km).powi(2) + (across_km / self.minor_km).powi(2) <= 1.0
    }
}

impl Hypocentre {
    /// Whether the event lies beyond the sides of the grid.
    pub fn is_outside(&self) -> bool {
        self.limit == Some(Limit::Side)
    }

    /// Picks whose weight is not 0.
    pub fn n_used(&self) -> usize {
        self.residuals.iter().filter(|r| r.weight > 0.0).count()
    }
}

/// The widest angle between neighbouring directions.
pub(super) fn gap_deg(mut azimuths_deg: Vec<f64>) -> f64 {
    azimuths_deg.sort_by(f64::total_cmp);
    let around = azimuths_deg.first().map(|first| first + 360.0);
    let next = azimuths_deg.iter().skip(1).copied().chain(around);
    azimuths_deg
        .iter()
        .zip(next)
        .map(|(a, b)| b - a)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ellipses_by_hand() {
        // With many degrees of freedom the factor is that of chi squared: -2 ln(0.32).
        let factor = -2.0 * 0.32_f64.ln();
        let flat = Ellipse::of(4.0, 1.0, 0.0, 1e9);
        assert!((flat.major_km - 2.0 * factor.sqrt()).abs() < 1e-6);
        assert!((flat.minor_km - factor.sqrt()).abs() < 1e-6);
        assert!((flat.azimuth_deg - 90.0).abs() < 1e-9);
        // Variances 3 and 1 along north-east and across it.
        let oblique = Ellipse::of(2.0, 2.0, 1.0, 1e9);
        assert!((oblique.azimuth_deg - 45.0).abs() < 1e-9);
        assert!((oblique.major_km / oblique.minor_km - 3.0_f64.sqrt()).abs() < 1e-9);
        let at = |km: f64| (km / 2.0_f64.sqrt(), km / 2.0_f64.sqrt());
        let (inside, outside) = (at(oblique.major_km * 0.99), at(oblique.major_km * 1.01));
        assert!(oblique.holds(inside.0, inside.1) && !oblique.holds(outside.0, outside.1));
        // F(2, 4) has its 68 % point where 2 ((0.32)^(-1/2) - 1) = 1.5355.
        let few = Ellipse::of(1.0, 1.0, 0.0, 4.0);
        assert!((few.major_km.powi(2) / 2.0 - 1.535_533_9).abs() < 1e-6);
    }

    #[test]
    fn gaps_go_around() {
        assert_eq!(gap_deg(vec![350.0, 10.0, 100.0]), 250.0);
        assert_eq!(gap_deg(vec![45.0]), 360.0);
        assert_eq!(gap_deg(vec![]), 0.0);
    }
}

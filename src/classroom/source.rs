//! A simulated earthquake, and how it radiates: Brune's spectrum and the double couple's pattern.

use rustfft::num_complex::Complex64;

use crate::geo::Point;
use crate::time::Time;

/// One simulated earthquake, as it truly was.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// `qt00001` and so on, by origin time.
    pub id: String,
    pub origin_time: Time,
    pub longitude_deg: f64,
    pub latitude_deg: f64,
    /// Below the surface at the station.
    pub depth_km: f64,
    /// Moment magnitude.
    pub mw: f64,
    /// Index into [`ZONES`](super::zones::ZONES).
    pub zone: usize,
    /// Focal mechanism, Aki & Richards (2002), figure 4.20.
    pub strike_deg: f64,
    pub dip_deg: f64,
    pub rake_deg: f64,
    pub stress_drop_mpa: f64,
}

impl Source {
    pub fn epicentre(&self) -> Point {
        Point::new(self.longitude_deg, self.latitude_deg)
    }

    /// Along the surface.
    pub fn distance_km(&self, station: Point) -> f64 {
        self.epicentre().distance_km(station)
    }

    /// Along the straight line from the focus to the station.
    pub fn hypocentral_distance_km(&self, station: Point) -> f64 {
        self.distance_km(station).hypot(self.depth_km)
    }

    /// From this focus to another one.
    pub fn separation_km(&self, other: &Self) -> f64 {
        let across_km = self.epicentre().distance_km(other.epicentre());
        across_km.hypot(self.depth_km - other.depth_km)
    }

    /// Direction in which the wave leaves the epicentre for the station, clockwise from north.
    pub fn azimuth_deg(&self, station: Point) -> f64 {
        self.epicentre().azimuth_deg(station)
    }

    /// Direction from the station to the epicentre, clockwise from north.
    pub fn back_azimuth_deg(&self, station: Point) -> f64 {
        station.azimuth_deg(self.epicentre())
    }

    /// Seismic moment, Hanks & Kanamori (1979), *Journal of Geophysical Research* 84, 2348-2350.
    pub fn moment_n_m(&self) -> f64 {
        moment_n_m(self.mw)
    }

    /// Radius of a circular rupture, Eshelby (1957): `(7 M0 / 16 stress drop)^(1/3)`.
    pub fn radius_km(&self) -> f64 {
        radius_km(self.mw, self.stress_drop_mpa)
    }
}

fn moment_n_m(mw: f64) -> f64 {
    10f64.powf(1.5 * mw + 9.05)
}

pub(super) fn radius_km(mw: f64, stress_drop_mpa: f64) -> f64 {
    (7.0 * moment_n_m(mw) / (16.0 * stress_drop_mpa * 1e6)).cbrt() / 1e3
}

/// P pulses are shorter than S pulses: corner of P over corner of S, Madariaga (1976), *BSSA* 66, 639-666.
pub const P_CORNER_RATIO: f64 = 1.5;

/// Corner frequency of S in Hz: 0.49 beta (stress drop / moment)^(1/3) in SI units.
///
/// Brune (1970, 1971), *JGR* 75, 4997 and 76, 5002: fc = 2.34 beta / (2 pi r), with the radius r of a
/// circular crack, r^3 = 7 M0 / (16 stress drop) (Eshelby 1957).
pub fn corner_hz(source: &Source, vs_km_s: f64) -> f64 {
    0.49 * vs_km_s * 1e3 * (source.stress_drop_mpa * 1e6 / source.moment_n_m()).cbrt()
}

/// The spectrum of Brune's (1970) far-field displacement pulse, 1 at low frequency: the pulse
/// wc^2 t exp(-wc t) has the transform 1 / (1 + i f/fc)^2, the omega-square model with its causal phase.
pub fn brune(frequency_hz: f64, corner_hz: f64) -> Complex64 {
    let one_pole = Complex64::new(1.0, frequency_hz / corner_hz).inv();
    one_pole * one_pole
}

/// Far-field radiation `[P, SV, SH]` of a double couple, Aki & Richards (2002), eq. 4.89-4.91.
///
/// `takeoff_deg` is counted from straight down, `azimuth_deg` from north. With x to the north, y to the east and z down,
/// SV points along (cos i cos az, cos i sin az, -sin i) and SH along (-sin az, cos az, 0).
pub fn radiation(source: &Source, takeoff_deg: f64, azimuth_deg: f64) -> [f64; 3] {
    let (sin_rake, cos_rake) = source.rake_deg.to_radians().sin_cos();
    let (sin_dip, cos_dip) = source.dip_deg.to_radians().sin_cos();
    let (sin_2dip, cos_2dip) = (2.0 * source.dip_deg.to_radians()).sin_cos();
    let (sin_i, cos_i) = takeoff_deg.to_radians().sin_cos();
    let (sin_2i, cos_2i) = (2.0 * takeoff_deg.to_radians()).sin_cos();
    let phi = (azimuth_deg - source.strike_deg).to_radians();
    let (sin_phi, cos_phi) = phi.sin_cos();
    let (sin_2phi, cos_2phi) = (2.0 * phi).sin_cos();
    let p = cos_rake * sin_dip * sin_i * sin_i * sin_2phi - cos_rake * cos_dip * sin_2i * cos_phi
        + sin_rake * sin_2dip * (cos_i * cos_i - sin_i * sin_i * sin_phi * sin_phi)
        + sin_rake * cos_2dip * sin_2i * sin_phi;
    let sv = sin_rake * cos_2dip * cos_2i * sin_phi - cos_rake * cos_dip * cos_2i * cos_phi
        + 0.5 * cos_rake * sin_dip * sin_2i * sin_2phi
        - 0.5 * sin_rake * sin_2dip * sin_2i * (1.0 + sin_phi * sin_phi);
    let sh = cos_rake * cos_dip * cos_i * sin_phi
        + cos_rake * sin_dip * sin_i * cos_2phi
        + sin_rake * cos_2dip * cos_i * cos_phi
        - 0.5 * sin_rake * sin_2dip * sin_i * sin_2phi;
    [p, sv, sh]
}

/// Root mean square of the radiation over the sphere, P and S: Aki & Richards (2002), section 4.3 (4/15 and 2/5).
pub const MEAN_RADIATION_P: f64 = 0.516_397_779;
pub const MEAN_RADIATION_S: f64 = 0.632_455_532;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A source below the station, of given size and mechanism.
    pub(crate) fn source(mw: f64, strike_deg: f64, dip_deg: f64, rake_deg: f64) -> Source {
        Source {
            id: "test".into(),
            origin_time: Time::UNIX_EPOCH,
            longitude_deg: -97.40,
            latitude_deg: 35.85,
            depth_km: 5.0,
            mw,
            zone: 0,
            strike_deg,
            dip_deg,
            rake_deg,
            stress_drop_mpa: 3.0,
        }
    }

    #[test]
    fn spectrum_has_its_plateau_its_corner_and_its_slope() {
        assert!((brune(0.001, 8.0).norm() - 1.0).abs() < 1e-6);
        assert!((brune(8.0, 8.0).norm() - 0.5).abs() < 1e-12);
        let slope = (brune(800.0, 8.0).norm() / brune(8000.0, 8.0).norm()).log10();
        assert!((slope - 2.0).abs() < 1e-3);
    }

    #[test]
    fn a_magnitude_4_has_the_moment_of_its_definition() {
        // 2/3 log10(M0) - 6.03
        assert!((moment_n_m(4.0) / 1.122e15 - 1.0).abs() < 1e-3);
        // 7 * 1.122e15 / (16 * 3e6), cube root: 547 m.
        assert!((radius_km(4.0, 3.0) - 0.547).abs() < 1e-3);
    }

    /// By hand: M0 = 1.122e12 N m, (3e6 / 1.122e12)^(1/3) = 0.013880, times 0.49 * 3520.
    #[test]
    fn corner_of_a_magnitude_2() {
        let fc = corner_hz(&source(2.0, 0.0, 90.0, 0.0), 3.52);
        assert!((fc - 23.94).abs() < 0.01, "{fc}");
        // Moment times 1000 at the same stress drop: a tenth of the corner.
        let ratio = fc / corner_hz(&source(4.0, 0.0, 90.0, 0.0), 3.52);
        assert!((ratio - 10.0).abs() < 1e-9);
    }

    /// The same from the moment tensor (Aki & Richards, box 4.4): g.M.g, s.M.g and h.M.g for the ray g.
    #[test]
    fn radiation_agrees_with_the_moment_tensor() {
        for (strike, dip, rake) in [(30.0, 70.0, -20.0), (225.0, 50.0, 100.0), (0.0, 90.0, 0.0)] {
            let m = moment_tensor(strike, dip, rake);
            for (takeoff, azimuth) in [(120.0, 40.0), (95.0, 200.0), (10.0, 310.0)] {
                let (si, ci) = f64::to_radians(takeoff).sin_cos();
                let (sa, ca) = f64::to_radians(azimuth).sin_cos();
                let ray = [si * ca, si * sa, ci];
                let axes = [ray, [ci * ca, ci * sa, -si], [-sa, ca, 0.0]];
                let got = radiation(&source(2.0, strike, dip, rake), takeoff, azimuth);
                for (axis, got) in axes.iter().zip(got) {
                    let mut want = 0.0;
                    for r in 0..3 {
                        for c in 0..3 {
                            want += axis[r] * m[r][c] * ray[c];
                        }
                    }
                    assert!((got - want).abs() < 1e-12, "{got} {want}");
                }
            }
        }
    }

    fn moment_tensor(strike: f64, dip: f64, rake: f64) -> [[f64; 3]; 3] {
        let (ss, cs) = strike.to_radians().sin_cos();
        let (sd, cd) = dip.to_radians().sin_cos();
        let (sr, cr) = rake.to_radians().sin_cos();
        let slip = [cr * cs + cd * sr * ss, cr * ss - cd * sr * cs, -sr * sd];
        let normal = [-sd * ss, sd * cs, -cd];
        std::array::from_fn(|i| std::array::from_fn(|j| slip[i] * normal[j] + slip[j] * normal[i]))
    }

    #[test]
    fn mean_radiation_over_the_sphere() {
        let (mut p2, mut s2, mut n) = (0.0, 0.0, 0.0);
        for i in 0..180 {
            for a in 0..90 {
                let takeoff = f64::from(i) + 0.5;
                let [p, sv, sh] =
                    radiation(&source(2.0, 20.0, 60.0, -50.0), takeoff, 4.0 * f64::from(a));
                let area = takeoff.to_radians().sin();
                (p2, s2, n) = (p2 + area * p * p, s2 + area * (sv * sv + sh * sh), n + area);
            }
        }
        assert!(((p2 / n).sqrt() - MEAN_RADIATION_P).abs() < 1e-3);
        assert!(((s2 / n).sqrt() - MEAN_RADIATION_S).abs() < 1e-3);
    }
}

//! Moment magnitudes: the plateau of a spectrum, and the moment that it stands for.

use std::f64::consts::{LN_10, PI};

use super::spectrum::{Spectrum, SpectrumParams};
use crate::error::{Result, fail};

/// How a moment follows from the spectra of S.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MomentParams {
    pub spectrum: SpectrumParams,
    /// What S radiates in the mean over all directions, 0.63: Boore & Boatwright (1984), *BSSA* 74, 1615-1621. What one station gets may
    /// be far from it; the mean of several is not.
    pub radiation: f64,
    /// The free surface doubles what comes from below.
    pub free_surface: f64,
    /// The ground under the stations, where it is softer than the first layer of the velocity model.
    pub ground: Option<Ground>,
}

impl Default for MomentParams {
    fn default() -> Self {
        Self {
            spectrum: SpectrumParams::default(),
            radiation: 0.63,
            free_surface: 2.0,
            ground: None,
        }
    }
}

/// Where a wave leaves, or arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    pub vs_km_s: f64,
    pub density_g_cm3: f64,
}

/// Brune's model of a displacement spectrum, `plateau exp(-pi f t*) / (1 + (f / corner)^2)`: Brune (1970), *JGR* 75, 4997-5009.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BruneFit {
    pub plateau_m_s: f64,
    pub corner_hz: f64,
    /// What the way took, in s. Where the corner is high it cannot be told from the corner; the plateau hardly feels that.
    pub t_star_s: f64,
    /// Root mean square of the spectrum's logarithm to base ten around the model.
    pub misfit: f64,
}

/// Corners are tried a sixteenth of an octave apart, from the spectrum's first frequency to this many times its last.
const HIGHEST_CORNER: f64 = 2.0;
const CORNERS_AN_OCTAVE: f64 = 16.0;

/// Attenuations that are tried, in s: up to that of several hundred metres of soft ground.
const T_STARS_S: [f64; 17] = [
    0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05, 0.055, 0.06, 0.07, 0.08,
    0.09, 0.1,
];

/// The plateau is seen if the corner is at least so many times the spectrum's first frequency.
const LEAST_CORNER: f64 = 1.5;

impl BruneFit {
    /// The model nearest to a spectrum, by least squares of its logarithm; nothing where the plateau is not seen, since the corner lies
    /// at the lowest frequencies that stand above the noise.
    pub fn of(spectrum: &Spectrum) -> Option<Self> {
        let (first, last) = (
            *spectrum.frequency_hz.first()?,
            *spectrum.frequency_hz.last()?,
        );
        let n_corners = (CORNERS_AN_OCTAVE * (HIGHEST_CORNER * last / first).log2()) as u32;
        let corners = (0..=n_corners).map(|i| first * (f64::from(i) / CORNERS_AN_OCTAVE).exp2());
        let fits = corners.flat_map(|corner_hz| {
            T_STARS_S.map(|t_star_s| Self::at(spectrum, corner_hz, t_star_s))
        });
        let best = fits.min_by(|a, b| a.misfit.total_cmp(&b.misfit))?;
        (best.corner_hz >= LEAST_CORNER * first).then_some(best)
    }

    /// The plateau that fits best at this corner and attenuation.
    fn at(spectrum: &Spectrum, corner_hz: f64, t_star_s: f64) -> Self {
        let n = spectrum.frequency_hz.len() as f64;
        let levels = || {
            let both = spectrum.frequency_hz.iter().zip(&spectrum.displacement_m_s);
            both.map(move |(f_hz, displacement)| {
                displacement.log10()
                    + (1.0 + (f_hz / corner_hz).powi(2)).log10()
                    + PI * f_hz * t_star_s / LN_10
            })
        };
        let level = levels().sum::<f64>() / n;
        let squares = levels().map(|one| (one - level).powi(2)).sum::<f64>();
        Self {
            plateau_m_s: 10f64.powf(level),
            corner_hz,
            t_star_s,
            misfit: (squares / n).sqrt(),
        }
    }
}

impl MomentParams {
    /// # Errors
    /// [`crate::Error::Magnitude`] where a number is not positive, or the band does not rise.
    pub fn check(&self) -> Result<()> {
        let of = &self.spectrum;
        let ground = self
            .ground
            .map_or([1.0; 2], |g| [g.vs_km_s, g.density_g_cm3]);
        let positive = [
            self.radiation,
            self.free_surface,
            of.after_s_s,
            of.least_ratio,
            of.least_octaves,
            of.band_hz[0],
            of.band_hz[1],
            ground[0],
            ground[1],
        ];
        let fits = positive.iter().all(|x| x.is_finite() && *x > 0.0)
            && of.band_hz[0] < of.band_hz[1]
            && [of.before_s_s, of.before_p_s]
                .iter()
                .all(|x| (0.0..60.0).contains(x));
        if fits {
            return Ok(());
        }
        let remedy = "Give positive numbers, and a band that rises";
        Err(fail!(Magnitude, "parameters", format!("{self:?}"), remedy))
    }

    /// Seismic moment in N m of a plateau in m s at a distance in km from the focus.
    ///
    /// Aki & Richards (2002), section 4.5, for S that leaves the ground at the source and arrives in that at the surface:
    /// `M0 = 4 pi sqrt(rho_s rho_0 c_s^5 c_0) R plateau / (radiation x free surface)`.
    ///
    /// ```
    /// use quakebook::magnitude::{Ground, MomentParams, moment_magnitude};
    /// // By hand: 4 pi x 2500 kg/m^3 x (3000 m/s)^3 x 10 km x 1e-6 m s / (0.63 x 2).
    /// let rock = Ground { vs_km_s: 3.0, density_g_cm3: 2.5 };
    /// let moment_n_m = MomentParams::default().moment_n_m(1e-6, 10.0, rock, rock);
    /// assert!((moment_n_m / 6.732e12 - 1.0).abs() < 1e-3);
    /// assert!((moment_magnitude(moment_n_m) - 2.52).abs() < 0.01);
    /// ```
    pub fn moment_n_m(
        &self,
        plateau_m_s: f64,
        distance_km: f64,
        source: Ground,
        surface: Ground,
    ) -> f64 {
        let speeds = (1e3 * source.vs_km_s).powi(5) * 1e3 * surface.vs_km_s;
        let densities = 1e6 * source.density_g_cm3 * surface.density_g_cm3;
        4.0 * PI * (densities * speeds).sqrt() * 1e3 * distance_km * plateau_m_s
            / (self.radiation * self.free_surface)
    }
}

/// Moment magnitude of a seismic moment in N m: Hanks & Kanamori (1979), *JGR* 84, 2348-2350, `2/3 log10(M0) - 6.03`. IASPEI's form has
/// 6.07.
pub fn moment_magnitude(moment_n_m: f64) -> f64 {
    (moment_n_m.log10() - 9.05) / 1.5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spectrum(plateau: f64, corner_hz: f64, t_star_s: f64) -> Spectrum {
        let frequency_hz: Vec<f64> = (0..45).map(|i| 0.7 * (f64::from(i) / 8.0).exp2()).collect();
        let displacement_m_s = frequency_hz
            .iter()
            .map(|f| plateau * (-PI * f * t_star_s).exp() / (1.0 + (f / corner_hz).powi(2)))
            .collect();
        Spectrum {
            frequency_hz,
            displacement_m_s,
        }
    }

    #[test]
    fn a_model_is_found_again() {
        for (corner_hz, t_star_s) in [(3.0, 0.0), (8.0, 0.03), (15.0, 0.05)] {
            let fit = BruneFit::of(&spectrum(2e-7, corner_hz, t_star_s)).unwrap();
            assert!((fit.plateau_m_s / 2e-7 - 1.0).abs() < 0.03, "{fit:?}");
            assert!((fit.corner_hz / corner_hz).log2().abs() < 0.2, "{fit:?}");
            assert!((fit.t_star_s - t_star_s).abs() < 0.008, "{fit:?}");
            assert!(fit.misfit < 0.01);
        }
    }

    #[test]
    fn a_plateau_below_the_band_is_not_seen() {
        assert_eq!(BruneFit::of(&spectrum(2e-7, 0.2, 0.03)), None);
        let empty = Spectrum {
            frequency_hz: Vec::new(),
            displacement_m_s: Vec::new(),
        };
        assert_eq!(BruneFit::of(&empty), None);
    }

    #[test]
    fn impossible_parameters_are_refused() {
        let usual = MomentParams::default();
        assert!(usual.check().is_ok());
        let mut falling = usual;
        falling.spectrum.band_hz = [40.0, 0.5];
        let mut no_ground = usual;
        no_ground.ground = Some(Ground {
            vs_km_s: 0.0,
            density_g_cm3: 2.0,
        });
        let radiation = f64::NAN;
        for wrong in [falling, no_ground, MomentParams { radiation, ..usual }] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}

//! The way from the source to the sensor: rays, spreading, conversion, and the free surface.
//!
//! Each ray brings the far-field motion of Aki & Richards (2002), section 4.5, for a slowly varying
//! medium: `u = F M0 / (4 pi sqrt(rho_s rho_0 c_s^5 c_0) R)`, with the radiation `F`, density `rho` and speed `c`
//! at the source (s) and below the sensor (0), and the ray's length `R`: the geometrical spreading is 1/R.

use std::f64::consts::PI;

use super::instrument::STATION;
use super::source::{Source, radiation};
use crate::travel::{Arrival, Layer, LayeredModel, Phase, Wave};

/// The ground below the sensor of the paper's world: soft layers, too thin to matter for travel times, that steepen rays, amplify, and attenuate.
///
/// Speeds are typical of weathered sedimentary rock. The attenuation t* ("kappa") follows from the shear quality
/// factors of 10 to 100 that Chang (2025) found in the top 400 m: 0.4 km / (0.75 km/s * 10) is 0.053 s. P waves cross
/// faster and suffer about half.
pub const SITE: Site = Site {
    vp_km_s: 2.2,
    vs_km_s: 0.8,
    density_g_cm3: 2.1,
    kappa_p_s: 0.027,
    kappa_s_s: 0.053,
};

/// See [`SITE`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    pub vp_km_s: f64,
    pub vs_km_s: f64,
    pub density_g_cm3: f64,
    pub kappa_p_s: f64,
    pub kappa_s_s: f64,
}

impl Site {
    fn speed_km_s(&self, wave: Wave) -> f64 {
        match wave {
            Wave::P => self.vp_km_s,
            Wave::S => self.vs_km_s,
        }
    }

    pub fn kappa_s(&self, wave: Wave) -> f64 {
        match wave {
            Wave::P => self.kappa_p_s,
            Wave::S => self.kappa_s_s,
        }
    }
}

/// A ray that arrives at the sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Ray {
    pub phase: Phase,
    /// After the origin time.
    pub time_s: f64,
    /// Along the ray and through the site.
    pub t_star_s: f64,
    /// Displacement towards north, east and up: the plateau of its spectrum at low frequency.
    pub plateau_m_s: [f64; 3],
}

/// The rays P, Ps, Sp and S from a source to the station. Converted rays exist for sources below the first layer only.
pub fn rays(source: &Source, model: &LayeredModel, site: &Site) -> Vec<Ray> {
    let distance_km = source.distance_km(STATION);
    let azimuth_deg = source.azimuth_deg(STATION);
    let deep = source.depth_km > model.layers()[0].thickness_km;
    [Phase::P, Phase::Ps, Phase::Sp, Phase::S]
        .into_iter()
        .filter(|phase| deep || phase.below() == phase.above())
        .map(|phase| {
            let arrival = model.arrival(phase, source.depth_km, distance_km);
            Ray {
                phase,
                time_s: arrival.time_s,
                t_star_s: arrival.t_star_s + site.kappa_s(phase.above()),
                plateau_m_s: plateau_m_s(source, model, site, phase, &arrival, azimuth_deg),
            }
        })
        .collect()
}

/// Displacement plateau of a ray of unit radiation, before the free surface, in m s.
pub fn spreading_m_s(
    source: &Source,
    layer: &Layer,
    site: &Site,
    leaves: Wave,
    arrives: Wave,
    path_km: f64,
) -> f64 {
    let (density, speed) = (layer.density_g_cm3 * 1e3, layer.speed_km_s(leaves) * 1e3);
    let (density_0, speed_0) = (site.density_g_cm3 * 1e3, site.speed_km_s(arrives) * 1e3);
    let medium = (density * density_0 * speed.powi(5) * speed_0).sqrt();
    source.moment_n_m() / (4.0 * PI * medium * path_km * 1e3)
}

fn plateau_m_s(
    source: &Source,
    model: &LayeredModel,
    site: &Site,
    phase: Phase,
    arrival: &Arrival,
    azimuth_deg: f64,
) -> [f64; 3] {
    let p = arrival.ray_parameter_s_km;
    let [radiated_p, radiated_sv, radiated_sh] =
        radiation(source, arrival.takeoff_deg, azimuth_deg);
    let layer = model.layer_at(source.depth_km);
    let scale = spreading_m_s(
        source,
        &layer,
        site,
        phase.below(),
        phase.above(),
        arrival.path_km,
    );
    let (ps, sp) = conversions(p, &model.layers()[0], &model.layers()[1]);
    // What reaches the surface as P, SV and SH. SV points up and back towards the source, so Ps, whose
    // horizontal motion is that of P where speed grows with depth, is negative.
    let [up_p, up_sv, up_sh] = match phase {
        Phase::P => [radiated_p, 0.0, 0.0],
        Phase::S => [0.0, radiated_sv, radiated_sh],
        Phase::Ps => [0.0, -ps * radiated_p, 0.0],
        Phase::Sp => [sp * radiated_sv, 0.0, 0.0],
    };
    let (from_p, from_sv) = free_surface(site, p);
    let radial = up_p * from_p.0 + up_sv * from_sv.0;
    let vertical = up_p * from_p.1 + up_sv * from_sv.1;
    let transverse = 2.0 * up_sh;
    let (sin, cos) = azimuth_deg.to_radians().sin_cos();
    [
        scale * (radial * cos - transverse * sin),
        scale * (radial * sin + transverse * cos),
        scale * vertical,
    ]
}

/// Motion of the free surface, `(radial, up)`, for an upgoing P and an upgoing SV of unit amplitude.
///
/// Aki & Richards (2002), section 5.2 (problem 5.6); Kennett (1991), *GJI* 104, 153-163. SH is doubled. Radial is away from the
/// source; `p` in s/km must be below 1/vp of the site.
pub fn free_surface(site: &Site, p: f64) -> ((f64, f64), (f64, f64)) {
    let (a, b) = (site.vp_km_s, site.vs_km_s);
    let (eta_a, eta_b) = (
        (1.0 / (a * a) - p * p).sqrt(),
        (1.0 / (b * b) - p * p).sqrt(),
    );
    let shear = 1.0 / (b * b) - 2.0 * p * p;
    let rayleigh = b * b * (shear * shear + 4.0 * p * p * eta_a * eta_b);
    let from_p = (
        4.0 * a * p * eta_a * eta_b / rayleigh,
        2.0 * a * eta_a * shear / rayleigh,
    );
    let from_sv = (
        -2.0 * b * eta_b * shear / rayleigh,
        4.0 * b * p * eta_a * eta_b / rayleigh,
    );
    (from_p, from_sv)
}

/// Size of the conversion of an upgoing wave at an interface, `(P to S, S to P)`: Aki & Richards (2002), eq. 5.46, for
/// small contrasts; S to P from P to S by reciprocity of the energy flux. Where P grazes the interface that theory gives infinity; there S to P
/// is taken to fade with the cosine of P's angle, as the energy flux does.
pub fn conversions(p: f64, upper: &Layer, lower: &Layer) -> (f64, f64) {
    let mean = |u: f64, l: f64| (u + l) / 2.0;
    let contrast = |u: f64, l: f64| (l - u) / mean(u, l);
    let a = mean(upper.vp_km_s, lower.vp_km_s);
    let b = mean(upper.vs_km_s, lower.vs_km_s);
    let cos = |speed_km_s: f64| (1.0 - (speed_km_s * p).powi(2)).max(0.0).sqrt();
    let density = contrast(upper.density_g_cm3, lower.density_g_cm3);
    let shear = contrast(upper.vs_km_s, lower.vs_km_s);
    let b2p2 = (b * p).powi(2);
    let strength = |cos_p: f64, cos_s: f64| {
        let slopes = cos_p * cos_s * b / a;
        (1.0 - 2.0 * b2p2 - 2.0 * slopes) * density - (4.0 * b2p2 + 4.0 * slopes) * shear
    };
    // Each wave with its angle on its own side.
    let (p_below, s_above) = (cos(lower.vp_km_s), cos(upper.vs_km_s));
    let (s_below, p_above) = (cos(lower.vs_km_s), cos(upper.vp_km_s));
    (
        (p * a * strength(p_below, s_above) / (2.0 * s_above)).abs(),
        (p * b * strength(p_above, s_below) / 2.0 * p_above).abs(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::source;
    use super::*;

    #[test]
    fn steep_waves_are_doubled_by_the_surface() {
        let ((pr, pz), (sr, sz)) = free_surface(&SITE, 0.0);
        assert!((pz - 2.0).abs() < 1e-12 && (sr + 2.0).abs() < 1e-12);
        assert!(pr.abs() < 1e-12 && sz.abs() < 1e-12);
    }

    /// Kennett's (1991) operator takes the free surface off again: P or SV alone, with amplitude 1. His z is down.
    #[test]
    fn the_free_surface_is_undone_by_kennetts_operator() {
        let (a, b, p) = (SITE.vp_km_s, SITE.vs_km_s, 0.25);
        let (eta_a, eta_b) = (
            f64::sqrt(1.0 / (a * a) - p * p),
            f64::sqrt(1.0 / (b * b) - p * p),
        );
        let undo = |(radial, up): (f64, f64)| {
            let half = 0.5 - b * b * p * p;
            (
                p * b * b / a * radial + half / (a * eta_a) * up,
                half / (b * eta_b) * radial - p * b * up,
            )
        };
        let (from_p, from_sv) = free_surface(&SITE, p);
        let (got_p, got_s) = undo(from_p);
        assert!(
            (got_p - 1.0).abs() < 1e-9 && got_s.abs() < 1e-9,
            "{got_p} {got_s}"
        );
        let (got_p, got_s) = undo(from_sv);
        assert!(
            got_p.abs() < 1e-9 && (got_s + 1.0).abs() < 1e-9,
            "{got_p} {got_s}"
        );
    }

    #[test]
    fn p_moves_the_ground_in_the_vertical_plane_of_the_ray() {
        let model = LayeredModel::central_us();
        let s = source(2.0, 20.0, 80.0, 10.0);
        let p = &rays(&s, &model, &SITE)[0];
        let [north, east, up] = p.plateau_m_s;
        let azimuth = s.azimuth_deg(STATION).to_radians();
        let radial = north * azimuth.cos() + east * azimuth.sin();
        let transverse = east * azimuth.cos() - north * azimuth.sin();
        assert!(transverse.abs() < 1e-12 * up.abs());
        // Up goes with away from the source: compression.
        assert!(radial / up > 0.0);
    }

    #[test]
    fn ten_times_the_moment_ten_times_the_motion() {
        let model = LayeredModel::central_us();
        let small = rays(&source(2.0, 20.0, 80.0, 10.0), &model, &SITE);
        let large = rays(&source(2.0 + 2.0 / 3.0, 20.0, 80.0, 10.0), &model, &SITE);
        for (small, large) in small.iter().zip(&large) {
            for c in 0..3 {
                let ratio = large.plateau_m_s[c] / small.plateau_m_s[c];
                assert!((ratio - 10.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_sediments_convert_a_tenth() {
        let model = LayeredModel::central_us();
        let (ps, sp) = conversions(0.1, &model.layers()[0], &model.layers()[1]);
        assert!(
            (0.05..0.2).contains(&ps) && (0.02..0.2).contains(&sp),
            "{ps} {sp}"
        );
        assert_eq!(
            conversions(0.0, &model.layers()[0], &model.layers()[1]).0,
            0.0
        );
    }
}

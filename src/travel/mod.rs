//! Travel times, ray angles and attenuation of body waves in a flat layered Earth.
//!
//! A ray in flat layers keeps its horizontal slowness, the ray parameter `p = sin(angle) / speed`
//! (Snell's law), so distance and time are sums over the layers it crosses (Aki & Richards,
//! *Quantitative Seismology*, 2nd ed. 2002, section 9.1; Shearer, *Introduction to Seismology*,
//! 2nd ed. 2009, section 4.2):
//!
//! ```text
//! X(p) = sum h tan(angle)      T(p) = sum h / (v cos(angle))      t* = sum h / (v Q cos(angle))
//! ```
//!
//! [`LayeredModel::arrival`] finds the direct ray and the refracted ("head") waves of the deeper
//! interfaces and gives the first of them; [`Phase::Sp`] and [`Phase::Ps`] change their kind at the
//! model's first interface. The Earth's curvature, which makes waves earlier by at
//! most 4 ms at 24 km and 11 ms at 60 km, is left out, and the station is at depth 0.
//!
//! ```
//! use quakebook::travel::{LayeredModel, Phase};
//! let model = LayeredModel::central_us();
//! let (p, s) = (model.arrival(Phase::P, 5.0, 11.0), model.arrival(Phase::S, 5.0, 11.0));
//! assert!((s.time_s - p.time_s - 1.50).abs() < 0.01);
//! assert!(p.takeoff_deg > 90.0, "the first wave leaves upwards");
//! ```

mod layers;
mod table;

pub use layers::{Layer, LayeredModel};
pub use table::{TableTime, TravelTable};

/// Pressure or shear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Wave {
    P,
    S,
}

/// A wave, or a wave that changes its kind at the first interface on its way up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The first P wave: direct or refracted.
    P,
    /// The first S wave: direct or refracted.
    S,
    /// S below the first interface, P above it: precedes S. From a source above it, plain P.
    ///
    /// Where P above is faster than S below, the ray is steep only near the source; farther away it
    /// leaves the interface almost along it, and has little energy.
    Sp,
    /// P below the first interface, S above it: follows P. From a source above it, plain S.
    Ps,
}

impl Phase {
    /// The kind of wave below the first interface, where deep sources radiate.
    pub fn below(self) -> Wave {
        match self {
            Phase::P | Phase::Ps => Wave::P,
            Phase::S | Phase::Sp => Wave::S,
        }
    }

    /// The kind of wave in the top layer, which the station records.
    pub fn above(self) -> Wave {
        match self {
            Phase::P | Phase::Sp => Wave::P,
            Phase::S | Phase::Ps => Wave::S,
        }
    }
}

/// A ray that reaches the surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    pub time_s: f64,
    /// Horizontal slowness, the same all along the ray.
    pub ray_parameter_s_km: f64,
    /// Angle at the source from straight down: above 90 the ray leaves upwards.
    pub takeoff_deg: f64,
    /// Angle from the vertical at the surface.
    pub incidence_deg: f64,
    /// Length of the ray.
    pub path_km: f64,
    /// Attenuation t*, the integral of dt / Q along the ray.
    pub t_star_s: f64,
}

/// A segment of the ray inside one layer, of vertical extent `height_km`.
#[derive(Debug, Clone, Copy)]
struct Leg {
    height_km: f64,
    speed_km_s: f64,
    quality: f64,
}

/// A depth of a millimetre stands for a source at the surface, whose ray would have no height.
const SHALLOWEST_KM: f64 = 1e-6;

impl LayeredModel {
    /// The first arrival of a phase from a source at `depth_km` (0 or more) at a station
    /// `distance_km` away along the surface. Converted phases are direct rays.
    pub fn arrival(&self, phase: Phase, depth_km: f64, distance_km: f64) -> Arrival {
        let direct = self.direct(phase, depth_km, distance_km);
        let depth_km = depth_km.max(SHALLOWEST_KM);
        let distance_km = distance_km.abs();
        if phase.below() != phase.above() {
            return direct;
        }
        (1..self.layers.len())
            .filter_map(|refractor| self.head_wave(phase, refractor, depth_km, distance_km))
            .fold(direct, |first, head| {
                if head.time_s < first.time_s {
                    head
                } else {
                    first
                }
            })
    }

    /// The wave that travels up all the way: Pg or Sg, later than the first one where that runs along an interface.
    pub fn direct(&self, phase: Phase, depth_km: f64, distance_km: f64) -> Arrival {
        let legs = self.legs(phase, 0.0, depth_km.max(SHALLOWEST_KM));
        direct_ray(&legs, distance_km.abs())
    }

    /// Whether the first wave of a phase runs along an interface, before the direct one.
    pub fn is_refracted(&self, phase: Phase, depth_km: f64, distance_km: f64) -> bool {
        let direct_s = self.direct(phase, depth_km, distance_km).time_s;
        self.travel_time_s(phase, depth_km, distance_km) < direct_s
    }

    /// The time of [`LayeredModel::arrival`].
    pub fn travel_time_s(&self, phase: Phase, depth_km: f64, distance_km: f64) -> f64 {
        self.arrival(phase, depth_km, distance_km).time_s
    }

    /// The layer that holds this depth; at an interface the lower one.
    pub fn layer_at(&self, depth_km: f64) -> Layer {
        let index = (1..self.layers.len())
            .rev()
            .find(|&index| self.top_km(index) <= depth_km)
            .unwrap_or(0);
        self.layers[index]
    }

    /// Depth of the top of a layer.
    fn top_km(&self, index: usize) -> f64 {
        self.layers[..index].iter().map(|l| l.thickness_km).sum()
    }

    /// What a ray crosses between two depths, from the top down.
    fn legs(&self, phase: Phase, top_km: f64, bottom_km: f64) -> Vec<Leg> {
        let mut layer_top_km = 0.0;
        let mut legs = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let deepest = index + 1 == self.layers.len();
            let layer_bottom_km = if deepest {
                f64::INFINITY
            } else {
                layer_top_km + layer.thickness_km
            };
            let height_km = layer_bottom_km.min(bottom_km) - layer_top_km.max(top_km);
            if height_km > 0.0 {
                let wave = if index == 0 {
                    phase.above()
                } else {
                    phase.below()
                };
                legs.push(Leg {
                    height_km,
                    speed_km_s: layer.speed_km_s(wave),
                    quality: layer.quality(wave),
                });
            }
            layer_top_km = layer_bottom_km;
        }
        legs
    }

    /// The wave that runs along the top of the layer `refractor` (Shearer, section 4.3), if that
    /// layer lies below the source, is faster than all above it, and the station is beyond the
    /// critical distance.
    fn head_wave(
        &self,
        phase: Phase,
        refractor: usize,
        depth_km: f64,
        distance_km: f64,
    ) -> Option<Arrival> {
        let top_km = self.top_km(refractor);
        let speed_km_s = self.layers[refractor].speed_km_s(phase.below());
        let faster = self.layers[..refractor]
            .iter()
            .all(|layer| layer.speed_km_s(phase.below()) < speed_km_s);
        if top_km < depth_km || !faster {
            return None;
        }
        let up = self.legs(phase, 0.0, top_km);
        let down = self.legs(phase, depth_km, top_km);
        let p = 1.0 / speed_km_s;
        let sines = |leg: &Leg| p * leg.speed_km_s;
        let mut ray = Sums::default();
        for leg in up.iter().chain(&down) {
            let sine = sines(leg);
            ray.add(leg, sine, (1.0 - sine * sine).sqrt());
        }
        let along_km = distance_km - ray.distance_km;
        if along_km < 0.0 {
            return None;
        }
        let source = down.first().map_or(1.0, sines);
        Some(Arrival {
            time_s: ray.time_s + along_km * p,
            ray_parameter_s_km: p,
            takeoff_deg: source.asin().to_degrees(),
            incidence_deg: sines(&up[0]).asin().to_degrees(),
            path_km: ray.path_km + along_km,
            t_star_s: ray.t_star_s + along_km * p / self.layers[refractor].quality(phase.below()),
        })
    }
}

/// What adds up along a ray.
#[derive(Debug, Default)]
struct Sums {
    distance_km: f64,
    path_km: f64,
    time_s: f64,
    t_star_s: f64,
}

impl Sums {
    fn add(&mut self, leg: &Leg, sine: f64, cosine: f64) {
        let path_km = leg.height_km / cosine;
        let time_s = path_km / leg.speed_km_s;
        self.distance_km += path_km * sine;
        self.path_km += path_km;
        self.time_s += time_s;
        self.t_star_s += time_s / leg.quality;
    }
}

/// The ray through all legs; the last leg starts at the source.
///
/// Its unknown is the tangent `q` of the angle in the fastest leg, in which the distance is
/// `X(q) = sum h e q / sqrt(1 + (1 - e^2) q^2)` with `e = speed / fastest` (the variable of Tian &
/// Chen 2005, *Acta Seismologica Sinica* 18, 154-161). X rises and is concave, and X <= q sum(h), so Newton's
/// method from `q = X / sum(h)` never overshoots; where the ray parameter itself is the unknown
/// it fails near the grazing ray.
fn direct_ray(legs: &[Leg], distance_km: f64) -> Arrival {
    let fastest = legs.iter().map(|leg| leg.speed_km_s).fold(0.0, f64::max);
    let height_km: f64 = legs.iter().map(|leg| leg.height_km).sum();
    let mut q = distance_km / height_km;
    for _ in 0..MAX_NEWTON_STEPS {
        let (mut reached_km, mut slope_km) = (0.0, 0.0);
        for leg in legs {
            let e = leg.speed_km_s / fastest;
            let root = (1.0 + (1.0 - e * e) * q * q).sqrt();
            reached_km += leg.height_km * e * q / root;
            slope_km += leg.height_km * e / root.powi(3);
        }
        let missing_km = distance_km - reached_km;
        if missing_km <= 1e-9 * distance_km {
            break;
        }
        q += missing_km / slope_km;
    }
    let secant = (1.0 + q * q).sqrt();
    let mut ray = Sums::default();
    let angle = |leg: &Leg| {
        let e = leg.speed_km_s / fastest;
        let sine = e * q / secant;
        (sine, (1.0 + (1.0 - e * e) * q * q).sqrt() / secant)
    };
    for leg in legs {
        let (sine, cosine) = angle(leg);
        ray.add(leg, sine, cosine);
    }
    let degrees = |leg: &Leg| {
        let (sine, cosine) = angle(leg);
        sine.atan2(cosine).to_degrees()
    };
    Arrival {
        time_s: ray.time_s,
        ray_parameter_s_km: q / secant / fastest,
        takeoff_deg: 180.0 - degrees(&legs[legs.len() - 1]),
        incidence_deg: degrees(&legs[0]),
        path_km: ray.path_km,
        t_star_s: ray.t_star_s,
    }
}

/// Newton's method needs 3 to 6 steps in the Central US model; the bound guards against NaN.
const MAX_NEWTON_STEPS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(thickness_km: f64, vp_km_s: f64) -> Layer {
        Layer {
            thickness_km,
            vp_km_s,
            vs_km_s: vp_km_s / 2.0,
            qp: 500.0,
            qs: 250.0,
            density_g_cm3: 2.7,
        }
    }

    #[test]
    fn in_a_half_space_rays_are_straight() {
        let model = LayeredModel::new("test", vec![layer(1.0, 6.0)]).unwrap();
        // The 3-4-5 triangle.
        let ray = model.arrival(Phase::P, 3.0, 4.0);
        assert!((ray.time_s - 5.0 / 6.0).abs() < 1e-12);
        assert!((ray.path_km - 5.0).abs() < 1e-12);
        assert!((ray.t_star_s - 5.0 / 6.0 / 500.0).abs() < 1e-15);
        assert!((ray.ray_parameter_s_km - 0.8 / 6.0).abs() < 1e-12);
        assert!((ray.incidence_deg - 0.8f64.asin().to_degrees()).abs() < 1e-9);
        assert!((ray.takeoff_deg - (180.0 - ray.incidence_deg)).abs() < 1e-9);
        assert!((model.travel_time_s(Phase::S, 3.0, 4.0) - 5.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn two_layers_by_hand() {
        // Sines 3/5 above and 4/5 below: speeds 3 and 4, tangents 3/4 and 4/3.
        let model = LayeredModel::new("test", vec![layer(4.0, 3.0), layer(9.0, 4.0)]).unwrap();
        let ray = model.arrival(Phase::P, 4.0 + 3.0, 3.0 + 4.0);
        assert!((ray.time_s - (5.0 / 3.0 + 5.0 / 4.0)).abs() < 1e-9);
        assert!((ray.path_km - 10.0).abs() < 1e-6);
        assert!((ray.ray_parameter_s_km - 0.2).abs() < 1e-9);
        // Intercept of the head wave from the surface: 2 h sqrt(1/v1^2 - 1/v2^2).
        let far = model.travel_time_s(Phase::P, 0.0, 100.0);
        let by_hand = 100.0 / 4.0 + 2.0 * 4.0 * (1.0f64 / 9.0 - 1.0 / 16.0).sqrt();
        assert!((far - by_hand).abs() < 1e-6, "{far} {by_hand}");
        // Before the crossover the direct wave along the surface is first.
        assert!((model.travel_time_s(Phase::P, 0.0, 6.0) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn straight_up() {
        let model = LayeredModel::central_us();
        let times = |phase| model.travel_time_s(phase, 5.0, 0.0);
        assert!((times(Phase::P) - (1.0 / 5.0 + 4.0 / 6.1)).abs() < 1e-12);
        assert!((times(Phase::Sp) - (1.0 / 5.0 + 4.0 / 3.52)).abs() < 1e-12);
        assert!((times(Phase::Ps) - (1.0 / 2.89 + 4.0 / 6.1)).abs() < 1e-12);
    }

    #[test]
    fn layers_begin_at_their_tops() {
        let model = LayeredModel::central_us();
        assert_eq!(model.layer_at(0.0).vp_km_s, 5.00);
        assert_eq!(model.layer_at(1.0).vp_km_s, 6.10);
        assert_eq!(model.layer_at(1e4).vp_km_s, 8.15);
    }
}

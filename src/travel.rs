//! Travel times of body waves in a flat layered Earth.

/// A wave, or a wave that changes its kind at an interface on its way up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The first P wave: direct or refracted.
    P,
    /// The first S wave: direct or refracted.
    S,
    /// S up to the first interface, P above it: precedes S.
    Sp,
    /// P up to the first interface, S above it: follows P.
    Ps,
}

/// A uniform layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layer {
    pub thickness_km: f64,
    pub vp_km_s: f64,
    pub vs_km_s: f64,
    pub qp: f64,
    pub qs: f64,
    pub density_g_cm3: f64,
}

/// Uniform flat layers, from the surface down; the last one reaches down without end.
#[derive(Debug, Clone, PartialEq)]
pub struct LayeredModel {
    pub layers: Vec<Layer>,
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
    /// The length of the ray.
    pub path_km: f64,
    /// Attenuation t*, the integral of dt/Q along the ray.
    pub t_star_s: f64,
}

impl LayeredModel {
    pub fn central_us() -> Self {
        todo!()
    }
    /// `depth_km` 0 or more; `distance_km` along the surface.
    pub fn arrival(&self, _phase: Phase, _depth_km: f64, _distance_km: f64) -> Arrival {
        todo!()
    }
    pub fn travel_time_s(&self, phase: Phase, depth_km: f64, distance_km: f64) -> f64 {
        self.arrival(phase, depth_km, distance_km).time_s
    }
    /// The layer that holds this depth (at an interface the lower one).
    pub fn layer_at(&self, _depth_km: f64) -> Layer {
        todo!()
    }
}

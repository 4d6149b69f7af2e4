//! What is chosen for a location.

use crate::error::{Result, fail};

/// Where hypocentres are sought, and how much picks err.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocateParams {
    /// How far the grid reaches beyond the outermost stations, at most 500 km.
    pub margin_km: f64,
    /// Below sea level, at most 700 km. The grid begins at the highest station.
    pub max_depth_km: f64,
    /// Between the nodes of the travel times' tables.
    pub step_km: f64,
    /// Standard error of a P pick together with its computed time, where the pick has none.
    pub p_error_s: f64,
    pub s_error_s: f64,
    /// Standard error of a computed time alone: it joins the error that a pick brings.
    pub model_error_s: f64,
}

impl Default for LocateParams {
    /// 30 km around, 30 km deep; 0.1 s for P and 0.2 s for S, 0.05 s for the model.
    fn default() -> Self {
        Self {
            margin_km: 30.0,
            max_depth_km: 30.0,
            step_km: 1.0,
            p_error_s: 0.1,
            s_error_s: 0.2,
            model_error_s: 0.05,
        }
    }
}

/// The deepest earthquakes are 700 km deep.
const DEEPEST_KM: f64 = 700.0;
/// Beyond this the flat layers of the model are far from the round Earth.
const WIDEST_MARGIN_KM: f64 = 500.0;

impl LocateParams {
    pub(super) fn check(&self) -> Result<()> {
        let positive = [
            ("margin_km", self.margin_km),
            ("step_km", self.step_km),
            ("p_error_s", self.p_error_s),
            ("s_error_s", self.s_error_s),
        ];
        let bad = positive
            .into_iter()
            .find(|(_, value)| !(value.is_finite() && *value > 0.0));
        let others = [
            ("max_depth_km", self.max_depth_km),
            ("model_error_s", self.model_error_s),
        ];
        let bad = bad.or_else(|| {
            others
                .into_iter()
                .find(|(_, value)| !(value.is_finite() && *value >= 0.0))
        });
        let limits = [
            ("margin_km", self.margin_km, WIDEST_MARGIN_KM),
            ("max_depth_km", self.max_depth_km, DEEPEST_KM),
        ];
        let over = limits.into_iter().find(|(_, value, most)| value > most);
        match bad {
            None => over.map_or(Ok(()), |(name, value, most)| {
                let what = format!("{name} is {value}");
                Err(fail!(
                    Locate,
                    "parameters",
                    what,
                    format!("Give at most {most}")
                ))
            }),
            Some((name, value)) => {
                let what = format!("{name} is {value}");
                Err(fail!(Locate, "parameters", what, "Give a positive number"))
            }
        }
    }
}

//! The layers that waves travel through.

use serde::{Deserialize, Serialize};

use super::Wave;
use crate::error::{Result, fail};

/// A uniform layer; `qp` and `qs` are quality factors, the inverse of attenuation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    pub thickness_km: f64,
    pub vp_km_s: f64,
    pub vs_km_s: f64,
    pub qp: f64,
    pub qs: f64,
    pub density_g_cm3: f64,
}

impl Layer {
    pub fn speed_km_s(&self, wave: Wave) -> f64 {
        match wave {
            Wave::P => self.vp_km_s,
            Wave::S => self.vs_km_s,
        }
    }

    pub fn quality(&self, wave: Wave) -> f64 {
        match wave {
            Wave::P => self.qp,
            Wave::S => self.qs,
        }
    }

    fn is_possible(&self) -> bool {
        let all = [
            self.thickness_km,
            self.vp_km_s,
            self.vs_km_s,
            self.qp,
            self.qs,
            self.density_g_cm3,
        ];
        all.iter().all(|x| x.is_finite() && *x > 0.0) && self.vp_km_s > self.vs_km_s
    }
}

/// Uniform flat layers from the surface down; the last one has no bottom, whatever its thickness.
///
/// In TOML a model is a name that is known here, or a name of one's own with all its layers. It is
/// always written with its layers.
///
/// ```
/// use quakebook::travel::LayeredModel;
/// let by_name: LayeredModel = toml::from_str("name = 'central_us'").unwrap();
/// assert_eq!(by_name, LayeredModel::central_us());
/// let written = toml::to_string(&by_name).unwrap();
/// assert_eq!(toml::from_str::<LayeredModel>(&written).unwrap(), by_name);
/// assert!(toml::from_str::<LayeredModel>("name = 'the moon'").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct LayeredModel {
    name: String,
    pub(super) layers: Vec<Layer>,
}

/// A model as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    layers: Option<Vec<Layer>>,
}

impl TryFrom<Written> for LayeredModel {
    type Error = crate::Error;

    fn try_from(written: Written) -> Result<Self> {
        match written.layers {
            Some(layers) => Self::new(&written.name, layers),
            None => Self::by_name(&written.name),
        }
    }
}

/// Rows of thickness km, vp and vs km/s, Qp, Qs, density g/cm3.
type Rows = &'static [[f64; 6]];

/// Herrmann, Benz & Ammon (2011), *Bulletin of the Seismological Society of America* 101(6),
/// 2609-2625, doi:10.1785/0120110095.
const CENTRAL_US: Rows = &[
    [1.0, 5.00, 2.89, 581.0, 258.0, 2.50],
    [9.0, 6.10, 3.52, 625.0, 275.5, 2.73],
    [10.0, 6.40, 3.70, 671.1, 275.5, 2.82],
    [20.0, 6.70, 3.87, 671.1, 297.6, 2.90],
    [700.0, 8.15, 4.70, 515.4, 232.0, 3.36],
];

/// The crust and the top of the mantle of AK135-F: Kennett, Engdahl & Buland (1995), *Geophysical
/// Journal International* 122, 108-124, doi:10.1111/j.1365-246X.1995.tb03540.x; density and quality
/// as tabulated in ObsPy's `ak135f_no_mud.nd`.
const AK135: Rows = &[
    [20.0, 5.80, 3.46, 1368.02, 599.99, 2.72],
    [15.0, 6.50, 3.85, 972.77, 403.93, 2.92],
    [700.0, 8.04, 4.48, 182.03, 75.60, 3.32],
];

const KNOWN: [(&str, Rows); 2] = [("central_us", CENTRAL_US), ("ak135", AK135)];

impl LayeredModel {
    /// A model of one's own, from the surface down.
    ///
    /// # Errors
    /// [`crate::Error::Study`] where there is no layer, or a number is not finite and positive, or S
    /// is as fast as P.
    pub fn new(name: &str, layers: Vec<Layer>) -> Result<Self> {
        let place = || format!("velocity_model {name:?}");
        if layers.is_empty() {
            let remedy = "Give one or more layers, from the surface down";
            return Err(fail!(Study, place(), "no layer", remedy));
        }
        if let Some(number) = layers.iter().position(|layer| !layer.is_possible()) {
            let what = format!("layer {number} is {:?}", layers[number]);
            let remedy = "Give positive numbers, with P faster than S";
            return Err(fail!(Study, place(), what, remedy));
        }
        let name = name.into();
        Ok(Self { name, layers })
    }

    /// The model of that name: `central_us` or `ak135`.
    ///
    /// # Errors
    /// [`crate::Error::Study`] listing the names where it is another one.
    pub fn by_name(name: &str) -> Result<Self> {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        known
            .map(|(name, rows)| Self::of(name, rows))
            .ok_or_else(|| {
                let names = KNOWN.map(|(name, _)| name).join(" or ");
                fail!(
                    Study,
                    "velocity_model.name",
                    format!("no model {name:?} is known here"),
                    format!("Take {names}, or give the model's layers")
                )
            })
    }

    /// The Central US model of Herrmann, Benz & Ammon (2011), doi:10.1785/0120110095.
    pub fn central_us() -> Self {
        Self::of("central_us", CENTRAL_US)
    }

    fn of(name: &str, rows: Rows) -> Self {
        let layer = |row: &[f64; 6]| {
            let [thickness_km, vp_km_s, vs_km_s, qp, qs, density_g_cm3] = *row;
            Layer {
                thickness_km,
                vp_km_s,
                vs_km_s,
                qp,
                qs,
                density_g_cm3,
            }
        };
        Self {
            name: name.into(),
            layers: rows.iter().map(layer).collect(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model without what lies above a depth (0 or more), which becomes depth 0.
    ///
    /// ```
    /// use quakebook::travel::LayeredModel;
    /// let below = LayeredModel::central_us().below(3.0);
    /// assert_eq!((below.layers()[0].thickness_km, below.layers()[0].vp_km_s), (7.0, 6.10));
    /// ```
    pub fn below(&self, depth_km: f64) -> Self {
        let mut above_km = depth_km;
        let mut layers = self.layers.clone();
        while layers.len() > 1 && layers[0].thickness_km <= above_km {
            above_km -= layers.remove(0).thickness_km;
        }
        // The last layer has no bottom.
        if layers.len() > 1 {
            layers[0].thickness_km -= above_km;
        }
        let name = self.name.clone();
        Self { name, layers }
    }

    /// The layers from the surface down, one at least.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_layers_are_refused() {
        let good = LayeredModel::central_us().layers[0];
        let bad = [
            vec![],
            vec![Layer {
                thickness_km: 0.0,
                ..good
            }],
            vec![
                good,
                Layer {
                    vs_km_s: 9.0,
                    ..good
                },
            ],
            vec![Layer {
                qp: f64::NAN,
                ..good
            }],
        ];
        for layers in bad {
            let refused = LayeredModel::new("bad", layers).unwrap_err();
            assert!(matches!(refused, crate::Error::Study { .. }));
        }
    }

    #[test]
    fn known_models_are_possible() {
        for (name, _) in KNOWN {
            let known = LayeredModel::by_name(name).unwrap();
            let again = LayeredModel::new(name, known.layers.clone()).unwrap();
            assert_eq!((known.name(), &again), (name, &known));
        }
    }
}

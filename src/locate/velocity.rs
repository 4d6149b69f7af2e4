//! Velocity models with their depths counted from sea level.

use std::io::ErrorKind;
use std::path::Path;

use super::columns::Columns;
use crate::error::{Error, Result, fail};
use crate::travel::{Layer, LayeredModel};
use crate::{atomic_file, tables};

/// Flat layers below a depth that may lie above the sea.
#[derive(Debug, Clone, PartialEq)]
pub struct VelocityModel {
    /// Where the first layer begins, below sea level: -3 is 3 km above it.
    pub top_km: f64,
    pub layers: LayeredModel,
    /// Columns of a CSV that nothing was read from.
    pub unread: Vec<String>,
}

/// Neither attenuation nor density changes a travel time; these stand where a table has none: those of the upper crust in
/// [`LayeredModel::central_us`].
const QP: f64 = 581.0;
const QS: f64 = 258.0;
const DENSITY_G_CM3: f64 = 2.5;

/// A model whose speed grows steadily is cut into layers of at most this thickness, and of twice it below [`FINE_TO_KM`].
const FINE_KM: f64 = 0.5;
const FINE_TO_KM: f64 = 12.0;

/// A gradient is cut into layers down to here, where the deepest earthquakes are.
const DEEPEST_GRADIENT_KM: f64 = 700.0;

/// No first layer reaches so far; a table in metres has one.
const THICKEST_KM: f64 = 700.0;

impl From<LayeredModel> for VelocityModel {
    fn from(layers: LayeredModel) -> Self {
        Self {
            top_km: 0.0,
            layers,
            unread: Vec::new(),
        }
    }
}

impl VelocityModel {
    /// A model that is known by its name ([`LayeredModel::by_name`]), or its file: TOML as in a study, or CSV as
    /// [`VelocityModel::from_csv`].
    ///
    /// # Errors
    /// [`crate::Error::Io`]; [`crate::Error::Study`] and [`crate::Error::Locate`] where it is no model.
    pub fn find(name: &str, gradient: bool) -> Result<Self> {
        let path = Path::new(name);
        if !path.exists() {
            // A known model's name has no ending.
            return match path.extension() {
                Some(_) => Err(Error::io(path)(ErrorKind::NotFound.into())),
                None => Ok(LayeredModel::by_name(name)?.into()),
            };
        }
        let text = tables::text_of(atomic_file::read_input(path)?)
            .map_err(|what| fail!(Locate, name, what, tables::NO_TEXT_REMEDY))?;
        if path.extension().is_some_and(|ending| ending == "toml") {
            let read = toml::from_str::<LayeredModel>(&text);
            let model = read.map_err(|error| {
                fail!(
                    Locate,
                    name,
                    error.message(),
                    "Write the model as in a study's [velocity_model]"
                )
            })?;
            return Ok(model.into());
        }
        Self::from_csv(&text, name, gradient)
    }

    /// Columns `depth` (km below sea level), `vp` and `vs` (km/s), a row for the top of each layer. With `gradient` the speeds hold at
    /// their depths and change steadily between them, as in NonLinLoc's and QuakeMigrate's tables; the last row, at most 700 km deep, goes
    /// on below. Nothing else is read, a density neither.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where depths do not rise or a speed is impossible.
    ///
    /// ```
    /// use quakebook::locate::VelocityModel;
    /// let table = "depth,vp,vs\n-1,4.0,2.3\n3,6.0,3.5\n";
    /// let layers = VelocityModel::from_csv(table, "v.csv", false)?;
    /// assert_eq!((layers.top_km, layers.layers.layers().len()), (-1.0, 2));
    /// let gradient = VelocityModel::from_csv(table, "v.csv", true)?;
    /// assert_eq!(gradient.layers.layers()[0].vp_km_s, 4.0 + 2.0 / 16.0); // in the middle of the first half kilometre
    /// # Ok::<(), quakebook::Error>(())
    /// ```
    pub fn from_csv(text: &str, name: &str, gradient: bool) -> Result<Self> {
        let table = Columns::read(text, name)?;
        let depth = table.need(&["depth", "depth_km"])?;
        let (vp, vs) = (
            table.need(&["vp", "vp_km_s"])?,
            table.need(&["vs", "vs_km_s"])?,
        );
        let mut rows = Vec::<[f64; 3]>::new();
        for row in table.rows() {
            let [z, p, s] = [row.number(depth)?, row.number(vp)?, row.number(vs)?];
            if rows.last().is_some_and(|[above, ..]| *above >= z) || z.abs() > 6371.0 {
                return Err(row.wrong(depth, "a depth in km below that of the row above"));
            }
            if gradient && z > DEEPEST_GRADIENT_KM {
                return Err(row.wrong(
                    depth,
                    "a depth of at most 700 km, to be cut into thin layers,",
                ));
            }
            if matches!(rows[..], [[top, ..]] if z - top > THICKEST_KM) {
                return Err(row.wrong(
                    depth,
                    "a depth in km, and not in m: no first layer is 700 km thick,",
                ));
            }
            if !(s > 0.0 && p > s && p < 20.0) {
                return Err(row.wrong(vp, "a speed in km/s, P faster than S,"));
            }
            rows.push([z, p, s]);
        }
        let mut layers = Vec::new();
        for pair in rows.windows(2) {
            let [[z0, p0, s0], [z1, p1, s1]] = [pair[0], pair[1]];
            let fine_km = if z0 < FINE_TO_KM {
                FINE_KM
            } else {
                2.0 * FINE_KM
            };
            let n = if gradient {
                ((z1 - z0) / fine_km).ceil()
            } else {
                1.0
            };
            for i in 0..n as usize {
                let part = if gradient { (i as f64 + 0.5) / n } else { 0.0 };
                layers.push(layer(
                    (z1 - z0) / n,
                    p0 + part * (p1 - p0),
                    s0 + part * (s1 - s0),
                ));
            }
        }
        let [.., [_, p, s]] = rows[..] else {
            return Err(fail!(
                Locate,
                name,
                "no row",
                "Give a row for the top of each layer"
            ));
        };
        layers.push(layer(700.0, p, s));
        Ok(Self {
            top_km: rows[0][0],
            layers: LayeredModel::new(name, layers)?,
            unread: table.beside(&[Some(depth), Some(vp), Some(vs)]),
        })
    }

    /// Whether P is slower in each layer than in the one above it, as nowhere in the Earth's crust: the rows may be upside down.
    pub fn falls_with_depth(&self) -> bool {
        let layers = self.layers.layers();
        layers.len() > 1
            && layers
                .windows(2)
                .all(|pair| pair[1].vp_km_s < pair[0].vp_km_s)
    }

    /// The same with its first layer reaching up to `depth_km`, where it begins below that.
    pub(crate) fn reaching(&self, depth_km: f64) -> Result<Self> {
        if self.top_km <= depth_km {
            return Ok(self.clone());
        }
        let mut layers = self.layers.layers().to_vec();
        layers[0].thickness_km += self.top_km - depth_km;
        Ok(Self {
            top_km: depth_km,
            layers: LayeredModel::new(self.layers.name(), layers)?,
            unread: self.unread.clone(),
        })
    }
}

fn layer(thickness_km: f64, vp_km_s: f64, vs_km_s: f64) -> Layer {
    Layer {
        thickness_km,
        vp_km_s,
        vs_km_s,
        qp: QP,
        qs: QS,
        density_g_cm3: DENSITY_G_CM3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::travel::Phase;

    #[test]
    fn a_gradient_has_the_time_of_its_integral() {
        // v = 3 + 0.5 z from 0 to 10 km: straight up the integral of dz / v is ln(8 / 3) / 0.5.
        let table = "depth,vp,vs\n0,3,1.5\n10,8,4\n";
        let model = VelocityModel::from_csv(table, "v", true).unwrap();
        let time_s = model.layers.travel_time_s(Phase::P, 10.0, 0.0);
        assert!(
            (time_s - (8.0_f64 / 3.0).ln() / 0.5).abs() < 1e-3,
            "{time_s}"
        );
        // At the surface the ray is an arc: t = 2 / g * asinh(g x / (2 v0)) (Shearer 2009, section 4.5).
        let far_s = model.layers.travel_time_s(Phase::P, 0.0, 20.0);
        let arc_s = 2.0 / 0.5 * (0.5_f64 * 20.0 / 6.0).asinh();
        assert!((far_s / arc_s - 1.0).abs() < 0.01, "{far_s} {arc_s}");
    }

    #[test]
    fn columns_that_are_not_read_are_named() {
        let model = |text| VelocityModel::from_csv(text, "v", false).unwrap().unread;
        assert_eq!(
            model("# mine\nDepth,Vp,Vs,Rho,qs\n0,5,3,2.7,100\n"),
            ["rho", "qs"]
        );
        assert!(model("vs,vp,depth\n3,5,0\n").is_empty());
    }

    #[test]
    fn impossible_models_are_refused() {
        for text in [
            "depth,vp\n0,5\n",
            "depth,vp,vs\n0,5,5\n",
            "depth,vp,vs\n0,5,3\n0,6,3\n",
            "depth,vp,vs\n2,5,3\n0,6,3\n",
            "depth,vp,vs\n0,-5,3\n",
            "depth,vp,vs\n0,5000,3000\n",
            "depth,vp,vs\n",
        ] {
            let refused = VelocityModel::from_csv(text, "v", false).unwrap_err();
            assert!(matches!(refused, crate::Error::Locate { .. }), "{text:?}");
        }
        let deep = "depth,vp,vs\n0,5,3\n5000,13,7\n";
        assert!(VelocityModel::from_csv(deep, "v", true).is_err());
        // In metres, perhaps.
        assert!(VelocityModel::from_csv(deep, "v", false).is_err());
        let whole = "depth,vp,vs\n0,5,3\n35,8,4.5\n5000,13,7\n";
        assert!(VelocityModel::from_csv(whole, "v", false).is_ok());
    }
}

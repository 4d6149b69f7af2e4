//! Distances and directions on the sphere, and local kilometres for small regions.

/// Mean Earth radius R1 of the GRS80 ellipsoid, Moritz (2000), *Journal of Geodesy* 74, 128-133.
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A box in degrees; edges belong to it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    pub min_latitude_deg: f64,
    pub max_latitude_deg: f64,
    pub min_longitude_deg: f64,
    pub max_longitude_deg: f64,
}

impl Region {
    /// Whether the point lies in the box or on its edge.
    pub fn contains(&self, longitude_deg: f64, latitude_deg: f64) -> bool {
        (self.min_longitude_deg..=self.max_longitude_deg).contains(&longitude_deg)
            && (self.min_latitude_deg..=self.max_latitude_deg).contains(&latitude_deg)
    }
}

/// A point on the map, degrees east and north.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Point {
    pub longitude_deg: f64,
    pub latitude_deg: f64,
}

impl Point {
    pub fn new(longitude_deg: f64, latitude_deg: f64) -> Self {
        Self {
            longitude_deg,
            latitude_deg,
        }
    }

    /// Great-circle distance in kilometres, by the haversine formula (Sinnott 1984).
    ///
    /// ```
    /// use quakebook::geo::Point;
    /// let one_degree = Point::new(0.0, 0.0).distance_km(Point::new(1.0, 0.0));
    /// assert!((one_degree - 111.195).abs() < 0.001);
    /// ```
    pub fn distance_km(self, other: Self) -> f64 {
        let (phi1, phi2) = (
            self.latitude_deg.to_radians(),
            other.latitude_deg.to_radians(),
        );
        let half_dphi = (phi2 - phi1) / 2.0;
        let half_dlambda = (other.longitude_deg - self.longitude_deg).to_radians() / 2.0;
        let h = half_dphi.sin().powi(2) + phi1.cos() * phi2.cos() * half_dlambda.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
    }

    /// Direction from here to `other`, degrees clockwise from north in `[0, 360)`.
    pub fn azimuth_deg(self, other: Self) -> f64 {
        let (phi1, phi2) = (
            self.latitude_deg.to_radians(),
            other.latitude_deg.to_radians(),
        );
        let dlambda = (other.longitude_deg - self.longitude_deg).to_radians();
        let y = dlambda.sin() * phi2.cos();
        let x = phi1.cos() * phi2.sin() - phi1.sin() * phi2.cos() * dlambda.cos();
        y.atan2(x).to_degrees().rem_euclid(360.0)
    }

    /// East and north of `self` in kilometres, on the plane that touches the sphere at `origin`
    /// (equirectangular; better than 0.1 % within 50 km).
    pub fn local_km(self, origin: Self) -> (f64, f64) {
        let km_per_deg = EARTH_RADIUS_KM.to_radians();
        let scale = origin.latitude_deg.to_radians().cos();
        (
            around(self.longitude_deg - origin.longitude_deg) * km_per_deg * scale,
            (self.latitude_deg - origin.latitude_deg) * km_per_deg,
        )
    }

    /// The point `east_km` and `north_km` from `origin`: the inverse of [`Point::local_km`]. Its longitude is from -180 to 180.
    pub fn from_local_km(east_km: f64, north_km: f64, origin: Self) -> Self {
        let km_per_deg = EARTH_RADIUS_KM.to_radians();
        let scale = origin.latitude_deg.to_radians().cos();
        Self {
            longitude_deg: around(origin.longitude_deg + east_km / (km_per_deg * scale)),
            latitude_deg: origin.latitude_deg + north_km / km_per_deg,
        }
    }
}

/// The same direction from -180 to 180 degrees.
fn around(longitude_deg: f64) -> f64 {
    match longitude_deg.abs() <= 180.0 {
        true => longitude_deg,
        false => (longitude_deg + 180.0).rem_euclid(360.0) - 180.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilometres_go_on_across_180_degrees() {
        let origin = Point::new(179.9, -17.0);
        for (longitude_deg, east_deg) in [(-179.9, 0.2), (180.1, 0.2), (179.8, -0.1)] {
            let (east, _) = Point::new(longitude_deg, -17.0).local_km(origin);
            let expected = east_deg * EARTH_RADIUS_KM.to_radians() * 17_f64.to_radians().cos();
            assert!((east - expected).abs() < 1e-6, "{longitude_deg}: {east}");
        }
        let across = Point::from_local_km(20.0, 0.0, origin);
        assert!(
            (-180.0..-179.8).contains(&across.longitude_deg),
            "{across:?}"
        );
        let back = Point::from_local_km(20.0, 0.0, Point::new(282.5, 0.0));
        assert!((back.longitude_deg + 77.5).abs() < 0.2, "{back:?}");
    }

    #[test]
    fn a_longitude_degree_at_the_station_is_0_81_of_a_latitude_degree() {
        let origin = Point::new(-97.4, 35.8);
        let (east, _) = Point::new(-96.4, 35.8).local_km(origin);
        let (_, north) = Point::new(-97.4, 36.8).local_km(origin);
        assert!((east / north - 0.811).abs() < 0.001);
    }

    #[test]
    fn local_kilometres_agree_with_the_great_circle() {
        let origin = Point::new(-97.4, 35.8);
        let point = Point::new(-97.2, 36.0);
        let (east, north) = point.local_km(origin);
        let error = east.hypot(north) / origin.distance_km(point) - 1.0;
        assert!(error.abs() < 1e-3, "{error}");
        let back = Point::from_local_km(east, north, origin);
        assert!((back.longitude_deg - point.longitude_deg).abs() < 1e-12);
    }

    #[test]
    fn azimuths_of_the_four_winds() {
        let here = Point::new(0.0, 0.0);
        for (there, azimuth) in [
            (Point::new(0.0, 1.0), 0.0),
            (Point::new(1.0, 0.0), 90.0),
            (Point::new(0.0, -1.0), 180.0),
            (Point::new(-1.0, 0.0), 270.0),
        ] {
            assert!((here.azimuth_deg(there) - azimuth).abs() < 1e-9);
        }
    }
}

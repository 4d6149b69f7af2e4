//! The fault zones of the simulated region.
//!
//! The places follow the densest spots of the USGS catalog (ComCat) in the box 35.70-36.00 N,
//! 97.6-97.2 W, counted in cells of 0.03 by 0.04 degrees. Depths follow the Oklahoma Geological
//! Survey's 5-95 % range, 3.5-7.0 km. Styles are generic: most earthquakes of central Oklahoma are
//! on near-vertical strike-slip faults that run NE-SW or NW-SE in the shallow basement (McNamara et
//! al. 2015, *Geophysical Research Letters* 42, 2742-2749, doi:10.1002/2014GL062730), some have a
//! normal part; the angles are like those of Saint Louis University's moment tensors there. Faults
//! themselves are invented: no zone is a mapped fault.

use crate::geo::Point;

/// A planar fault zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zone {
    pub name: &'static str,
    /// Middle of the zone's trace at its mean depth.
    pub centre: Point,
    pub length_km: f64,
    pub min_depth_km: f64,
    pub max_depth_km: f64,
    /// Focal mechanism in the convention of Aki & Richards (2002), figure 4.20: the fault dips to
    /// the right of its strike.
    pub strike_deg: f64,
    pub dip_deg: f64,
    pub rake_deg: f64,
    /// Share of the independent earthquakes.
    pub share: f64,
}

impl Zone {
    /// The two ends of the zone's trace on the map.
    pub fn ends(&self) -> [Point; 2] {
        let (east, north) = self.strike_deg.to_radians().sin_cos();
        let half_km = self.length_km / 2.0;
        [half_km, -half_km].map(|km| Point::from_local_km(km * east, km * north, self.centre))
    }
}

/// The zones, west to east; [`super::Source::zone`] is an index into them.
pub const ZONES: [Zone; 8] = [
    zone(
        "Deer Creek",
        [-97.570, 35.975],
        [4.0, 3.4, 5.6],
        [125.0, 75.0, -25.0],
        0.06,
    ),
    zone(
        "Coffee Creek",
        [-97.485, 35.768],
        [6.0, 4.0, 6.4],
        [305.0, 85.0, -10.0],
        0.14,
    ),
    zone(
        "Waterloo",
        [-97.430, 35.806],
        [5.5, 4.4, 7.0],
        [40.0, 88.0, -175.0],
        0.26,
    ),
    zone(
        "Arcadia",
        [-97.388, 35.738],
        [4.5, 3.2, 5.0],
        [100.0, 88.0, -5.0],
        0.16,
    ),
    zone(
        "Guthrie",
        [-97.362, 35.925],
        [6.5, 4.6, 7.5],
        [150.0, 80.0, 10.0],
        0.09,
    ),
    zone(
        "Langston",
        [-97.290, 35.888],
        [7.5, 3.6, 6.4],
        [60.0, 85.0, 170.0],
        0.20,
    ),
    zone(
        "Luther",
        [-97.245, 35.810],
        [4.5, 3.2, 5.4],
        [215.0, 65.0, -150.0],
        0.06,
    ),
    zone(
        "Iowa",
        [-97.228, 35.965],
        [3.5, 4.6, 7.2],
        [285.0, 80.0, -15.0],
        0.03,
    ),
];

const fn zone(
    name: &'static str,
    [longitude_deg, latitude_deg]: [f64; 2],
    [length_km, min_depth_km, max_depth_km]: [f64; 3],
    [strike_deg, dip_deg, rake_deg]: [f64; 3],
    share: f64,
) -> Zone {
    Zone {
        name,
        centre: Point {
            longitude_deg,
            latitude_deg,
        },
        length_km,
        min_depth_km,
        max_depth_km,
        strike_deg,
        dip_deg,
        rake_deg,
        share,
    }
}

/// A focus in a zone's own coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// From the zone's centre in the direction of its strike.
    pub along_km: f64,
    pub depth_km: f64,
    /// From the fault plane, horizontally and to the right of its strike.
    pub off_km: f64,
}

impl Zone {
    /// The epicentre of a spot. The plane dips to the right of its strike.
    pub fn epicentre(&self, spot: Spot) -> Point {
        let mean_depth_km = (self.min_depth_km + self.max_depth_km) / 2.0;
        let right_km =
            spot.off_km + (spot.depth_km - mean_depth_km) / self.dip_deg.to_radians().tan();
        let (sine, cosine) = self.strike_deg.to_radians().sin_cos();
        Point::from_local_km(
            spot.along_km * sine + right_km * cosine,
            spot.along_km * cosine - right_km * sine,
            self.centre,
        )
    }

    /// The spot, mirrored back into the zone where it lies beyond an edge.
    pub fn keep_inside(&self, spot: Spot) -> Spot {
        Spot {
            along_km: mirror(spot.along_km, -self.length_km / 2.0, self.length_km / 2.0),
            depth_km: mirror(spot.depth_km, self.min_depth_km, self.max_depth_km),
            off_km: spot.off_km,
        }
    }
}

/// Reflects at either bound once; what is further out stops at the bound.
fn mirror(value: f64, min: f64, max: f64) -> f64 {
    let reflected = if value < min {
        2.0 * min - value
    } else if value > max {
        2.0 * max - value
    } else {
        value
    };
    reflected.clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vertical_fault_to_the_north_lies_below_its_trace() {
        let north = Zone {
            strike_deg: 0.0,
            dip_deg: 45.0,
            ..ZONES[0]
        };
        let middle_km = (north.min_depth_km + north.max_depth_km) / 2.0;
        let spot = Spot {
            along_km: 1.0,
            depth_km: middle_km + 0.5,
            off_km: 0.25,
        };
        let (east_km, north_km) = north.epicentre(spot).local_km(north.centre);
        // North along the strike; down dip and off the plane are both east of it.
        assert!((north_km - 1.0).abs() < 1e-9 && (east_km - 0.75).abs() < 1e-9);
    }

    #[test]
    fn shares_add_up_and_zones_run_west_to_east() {
        let total: f64 = ZONES.iter().map(|zone| zone.share).sum();
        assert!((total - 1.0).abs() < 1e-12);
        assert!(ZONES.is_sorted_by_key(|zone| zone.centre.longitude_deg));
    }

    #[test]
    fn spots_beyond_an_edge_are_mirrored() {
        assert!((mirror(1.2, 0.0, 1.0) - 0.8).abs() < 1e-12);
        assert_eq!(mirror(-0.25, 0.0, 1.0), 0.25);
        assert_eq!(mirror(9.0, 0.0, 1.0), 0.0);
    }
}

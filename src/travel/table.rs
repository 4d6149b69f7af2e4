//! Travel times to one station, computed once for all depths and distances.

use rayon::prelude::*;

use super::{LayeredModel, Phase, Wave};

/// Times of the first P or S wave to one station, on a regular grid of depth and distance.
///
/// Kept is the slowness along the straight line, `time / length`, and interpolated between the four nodes around a point: it
/// varies little where the time itself has the kink of a cone, close to the station. In the Central US model and with nodes every
/// kilometre the times are right within 30 ms, at 95 % of all places within 1 ms.
#[derive(Debug, Clone)]
pub struct TravelTable {
    station_depth_km: f64,
    top_km: f64,
    step_km: f64,
    n_distances: usize,
    /// Shape `(n_depths, n_distances)`, in s/km.
    slowness: Vec<f64>,
}

/// A time of the table and how it changes with the source's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableTime {
    pub time_s: f64,
    /// Seconds for each kilometre that the source is farther away.
    pub per_distance_s_km: f64,
    /// Seconds for each kilometre that the source is deeper.
    pub per_depth_s_km: f64,
}

impl TravelTable {
    /// The table of a station at `station_depth_km` for sources from `top_km` to `bottom_km` deep and up to `farthest_km` away, with
    /// nodes every `step_km`. Depths are counted from the top of the model, 0 or more.
    ///
    /// Where the source lies above the station, the two change places: the time is the same (reciprocity).
    pub fn new(
        model: &LayeredModel,
        wave: Wave,
        station_depth_km: f64,
        (top_km, bottom_km): (f64, f64),
        farthest_km: f64,
        step_km: f64,
    ) -> Self {
        let n_nodes = |length_km: f64| (length_km / step_km).ceil().max(1.0) as usize + 1;
        let (n_depths, n_distances) = (n_nodes(bottom_km - top_km), n_nodes(farthest_km));
        let phase = match wave {
            Wave::P => Phase::P,
            Wave::S => Phase::S,
        };
        let row = |i: usize| {
            let depth_km = top_km + i as f64 * step_km;
            let higher_km = depth_km.min(station_depth_km);
            let below = model.below(higher_km);
            let height_km = (depth_km - station_depth_km).abs();
            (0..n_distances).map(move |j| {
                // Where source and station are one point, the slowness is that of a short ray.
                let distance_km = (j as f64 * step_km).max(1e-3 * step_km);
                let time_s = below.travel_time_s(phase, height_km, distance_km);
                time_s / height_km.hypot(distance_km)
            })
        };
        let slowness = (0..n_depths).into_par_iter().flat_map_iter(row).collect();
        Self {
            station_depth_km,
            top_km,
            step_km,
            n_distances,
            slowness,
        }
    }

    /// The time from a source. One that lies beyond the table has the slowness of the table's edge.
    pub fn at(&self, depth_km: f64, distance_km: f64) -> TableTime {
        let n_depths = self.slowness.len() / self.n_distances;
        let (i, y) = cell((depth_km - self.top_km) / self.step_km, n_depths);
        let (j, x) = cell(distance_km / self.step_km, self.n_distances);
        let row = &self.slowness[i * self.n_distances + j..];
        let (a, b) = (row[0], row[1]);
        let (c, d) = (row[self.n_distances], row[self.n_distances + 1]);
        let slowness = (1.0 - y) * (a + (b - a) * x) + y * (c + (d - c) * x);
        let by_distance = ((1.0 - y) * (b - a) + y * (d - c)) / self.step_km;
        let by_depth = ((1.0 - x) * (c - a) + x * (d - b)) / self.step_km;
        let height_km = depth_km - self.station_depth_km;
        let length_km = height_km.hypot(distance_km).max(1e-9);
        TableTime {
            time_s: slowness * length_km,
            per_distance_s_km: by_distance * length_km + slowness * distance_km / length_km,
            per_depth_s_km: by_depth * length_km + slowness * height_km / length_km,
        }
    }
}

/// The cell that holds a coordinate, and how far into it the coordinate lies, from 0 to 1.
fn cell(at: f64, n_nodes: usize) -> (usize, f64) {
    let i = (at.max(0.0) as usize).min(n_nodes - 2);
    (i, (at - i as f64).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(station_depth_km: f64) -> TravelTable {
        let model = LayeredModel::central_us();
        TravelTable::new(&model, Wave::P, station_depth_km, (0.0, 30.0), 150.0, 1.0)
    }

    #[test]
    fn a_table_gives_the_times_of_its_rays() {
        let (model, table) = (LayeredModel::central_us(), table(0.0));
        let mut errors_s = Vec::new();
        for i in 0..60 {
            for j in 0..200 {
                let (depth_km, distance_km) =
                    (0.25 + 0.47 * f64::from(i), 0.3 + 0.73 * f64::from(j));
                let ray_s = model.travel_time_s(Phase::P, depth_km, distance_km);
                errors_s.push((table.at(depth_km, distance_km).time_s - ray_s).abs());
            }
        }
        errors_s.sort_by(f64::total_cmp);
        assert!(errors_s[errors_s.len() * 95 / 100] < 0.001);
        assert!(errors_s[errors_s.len() - 1] < 0.03);
    }

    #[test]
    fn slopes_are_those_of_the_times() {
        let table = table(0.4);
        let h = 1e-5;
        for (z, x) in [(0.2, 0.3), (7.3, 3.4), (12.6, 40.2), (25.5, 120.7)] {
            let at = table.at(z, x);
            let by = |dz: f64, dx: f64| {
                (table.at(z + dz, x + dx).time_s - table.at(z - dz, x - dx).time_s) / (2.0 * h)
            };
            assert!((at.per_distance_s_km - by(0.0, h)).abs() < 1e-6);
            assert!((at.per_depth_s_km - by(h, 0.0)).abs() < 1e-6);
        }
    }

    #[test]
    fn source_and_station_may_change_places() {
        let (high, deep) = (table(1.0), table(6.0));
        let there_s = high.at(6.0, 20.0).time_s;
        assert!((there_s - deep.at(1.0, 20.0).time_s).abs() < 1e-9);
        // Straight up from 6 km to 1 km, in the second layer alone.
        assert!((high.at(6.0, 0.0).time_s - 5.0 / 6.10).abs() < 1e-4);
    }
}

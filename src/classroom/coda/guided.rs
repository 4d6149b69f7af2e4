//! Waves that the crust guides. Beyond some 80 km the Moho reflects what meets it at a flat angle wholly, and the surface does so again:
//! these reflections, one after the other, are most of Pg and its coda, and of Lg, the largest wave of regional earthquakes on
//! continents: it travels at 3.5 km/s in a wave guide, and merges into Sg at short distance (Press & Ewing 1952, *BSSA* 42, 219-228). What comes before them ran along
//! the Moho, and is weak here by choice.
//!
//! The crust is one layer here whose speed is its mean. Of the surface waves Rg is left out: at 1 Hz, the lowest frequency that the detectors look at, a
//! source 2 km deep excites it 1 % as much as one at the surface (`exp(-k z)` with 2.5 km/s), and less at all others.

use super::Scattering;
use crate::classroom::instrument::STATION;
use crate::classroom::source::Source;
use crate::travel::{Layer, LayeredModel, Phase, Wave};

/// So many reflections of a wave that went down first, as many of one that went up, and the direct wave.
const N_REFLECTIONS: usize = 8;
pub(super) const N: usize = 2 * N_REFLECTIONS + 1;

/// When guided waves arrive after the origin time, and one over the kilometres that they travelled, as far as their amplitude was kept: always the same
/// number of them, 0 where a wave does not exist.
pub(super) fn waves(
    source: &Source,
    model: &LayeredModel,
    (phase, wave): (Phase, Wave),
    ground: &Scattering,
) -> [(f64, f64); N] {
    let mut all = [(0.0, 0.0); N];
    let [crust @ .., mantle] = model.layers() else {
        return all;
    };
    let (depth_km, distance_km) = (source.depth_km, source.distance_km(STATION));
    let moho_km: f64 = crust.iter().map(|layer| layer.thickness_km).sum();
    let Some(deepest) = crust.last() else {
        return all;
    };
    if ground.reflected == 0.0 || depth_km >= moho_km {
        return all;
    }
    let direct_s = model.direct(phase, depth_km, distance_km).time_s;
    let slowness = |layer: &Layer| layer.thickness_km / layer.speed_km_s(wave);
    let speed_km_s = moho_km / crust.iter().map(slowness).sum::<f64>();
    let straight_km = distance_km.hypot(depth_km);
    let critical = deepest.speed_km_s(wave) / mantle.speed_km_s(wave);
    // P turns into S in part where it meets the surface between two reflections.
    let kept = match wave {
        Wave::P => ground.reflected.powi(2),
        Wave::S => ground.reflected,
    };
    if model.is_refracted(phase, depth_km, distance_km) {
        all[0] = (direct_s, 1.0 / straight_km);
    }
    for n in 1..=N_REFLECTIONS {
        let down_and_up_km = 2.0 * n as f64 * moho_km;
        let heights_km = [down_and_up_km - depth_km, down_and_up_km + depth_km];
        for (i, height_km) in heights_km.into_iter().enumerate() {
            let path_km = distance_km.hypot(height_km);
            if distance_km / path_km > critical {
                let late_s = (path_km - straight_km) / speed_km_s;
                all[2 * n - 1 + i] = (direct_s + late_s, kept.powi(n as i32) / path_km);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classroom::coda::SCATTERING;
    use crate::classroom::source::tests::source;
    use crate::geo::Point;

    /// By hand: a crust of 40 km, S at 3.5 km/s over 4.5: the sine of the critical angle is 7/9. At 200 km
    /// the first reflection of a source 10 km deep goes 70 km down and up: 211.9 km, sine 0.944.
    #[test]
    fn reflections_come_back_beyond_the_critical_angle() {
        let layer = |thickness_km, vs_km_s: f64| Layer {
            thickness_km,
            vp_km_s: 1.75 * vs_km_s,
            vs_km_s,
            qp: 500.0,
            qs: 500.0,
            density_g_cm3: 2.8,
        };
        let model = LayeredModel::new("hand", vec![layer(40.0, 3.5), layer(500.0, 4.5)]).unwrap();
        let ground = Scattering {
            reflected: 0.8,
            ..SCATTERING
        };
        let at = |east_km: f64, depth_km: f64| {
            let place = Point::from_local_km(east_km, 0.0, STATION);
            Source {
                longitude_deg: place.longitude_deg,
                latitude_deg: place.latitude_deg,
                depth_km,
                ..source(2.0, 200.0, 80.0, 10.0)
            }
        };
        let far = at(200.0, 10.0);
        let distance_km = far.distance_km(STATION);
        let of = |source: Source| waves(&source, &model, (Phase::S, Wave::S), &ground);
        let waves = of(far);
        // The wave along the Moho is first: the direct one comes with its whole amplitude.
        let straight_km = distance_km.hypot(10.0);
        assert!((waves[0].0 - straight_km / 3.5).abs() < 0.01 && waves[0].1 == 1.0 / straight_km);
        let path_km = distance_km.hypot(70.0);
        assert!((waves[1].0 - path_km / 3.5).abs() < 0.01);
        assert!((waves[1].1 - 0.8 / path_km).abs() < 1e-12);
        let n_waves = waves.iter().filter(|wave| wave.1 > 0.0).count();
        // Heights of 70, 90, 150 km have sines of 0.94, 0.91, 0.80; 170 km has 0.76.
        assert_eq!(n_waves, 4);
        // Group velocities of Lg.
        let last_s = waves.iter().filter(|wave| wave.1 > 0.0).map(|wave| wave.0);
        let slowest = distance_km / last_s.fold(0.0, f64::max);
        assert!((2.7..3.0).contains(&slowest), "{slowest} km/s");
        let near = of(at(15.0, 10.0));
        assert!(near.iter().all(|wave| wave.1 == 0.0), "too steep");
        let deep = of(at(200.0, 60.0));
        assert!(deep.iter().all(|wave| wave.1 == 0.0), "below the Moho");
    }
}

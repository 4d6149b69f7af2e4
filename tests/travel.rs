//! Travel times against Fermat's principle (scipy) and ObsPy's TauP: `tests/reference/travel_times.py`.

use proptest::prelude::*;
use quakebook::travel::{Layer, LayeredModel, Phase};

const REFERENCE: &str = include_str!("reference/travel_times.csv");

/// Phase, depth, distance and the numbers behind them, of one method.
fn reference(method: &str) -> Vec<(Phase, f64, f64, Vec<f64>)> {
    let rows = REFERENCE
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect());
    rows.filter(|row: &Vec<&str>| row[0] == method)
        .map(|row| {
            let phase = match row[1] {
                "P" => Phase::P,
                "S" => Phase::S,
                "Sp" => Phase::Sp,
                "Ps" => Phase::Ps,
                other => panic!("phase {other}"),
            };
            let numbers: Vec<f64> = row[2..]
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect();
            (phase, numbers[0], numbers[1], numbers[2..].to_vec())
        })
        .collect()
}

#[test]
fn rays_take_the_least_time() {
    let model = LayeredModel::central_us();
    let rows = reference("fermat");
    assert_eq!(rows.len(), 96);
    for (phase, depth_km, distance_km, wanted) in rows {
        let time_s = model.travel_time_s(phase, depth_km, distance_km);
        assert!(
            (time_s - wanted[0]).abs() < 2e-6,
            "{phase:?} {depth_km} {distance_km}: {time_s} {}",
            wanted[0]
        );
    }
}

#[test]
fn times_and_angles_agree_with_taup_on_a_sphere() {
    let model = LayeredModel::central_us();
    let rows = reference("taup");
    assert_eq!(rows.len(), 24);
    for (phase, depth_km, distance_km, wanted) in rows {
        let ray = model.arrival(phase, depth_km, distance_km);
        let place = format!("{phase:?} {depth_km} {distance_km}: {ray:?} {wanted:?}");
        // The sphere is shorter at depth: 0.07 % of the time, and less than half a degree.
        assert!((ray.time_s / wanted[0] - 1.0).abs() < 7e-4, "{place}");
        assert!(
            (ray.ray_parameter_s_km / wanted[1] - 1.0).abs() < 5e-3,
            "{place}"
        );
        assert!((ray.takeoff_deg - wanted[2]).abs() < 0.5, "{place}");
        assert!((ray.incidence_deg - wanted[3]).abs() < 0.5, "{place}");
    }
}

#[test]
fn refracted_waves_leave_downwards_and_converted_ones_are_in_between() {
    let model = LayeredModel::central_us();
    assert!(model.arrival(Phase::P, 5.0, 11.0).takeoff_deg > 90.0);
    let far = model.arrival(Phase::P, 5.0, 300.0);
    assert!(far.takeoff_deg < 90.0);
    // Pn: the slowness of the mantle.
    assert!((far.ray_parameter_s_km - 1.0 / 8.15).abs() < 1e-12);
    let [p, ps, sp, s] = [Phase::P, Phase::Ps, Phase::Sp, Phase::S]
        .map(|phase| model.travel_time_s(phase, 5.0, 8.0));
    assert!(p < ps && ps < sp && sp < s);
    // Above the interface there is nothing to be converted at.
    for (converted, plain) in [(Phase::Sp, Phase::P), (Phase::Ps, Phase::S)] {
        let times = [converted, plain].map(|phase| model.travel_time_s(phase, 0.5, 2.0));
        assert_eq!(times[0], times[1]);
    }
}

#[test]
fn a_slow_layer_below_a_fast_one_is_crossed() {
    let layer = |vp_km_s: f64| Layer {
        thickness_km: 2.0,
        vp_km_s,
        vs_km_s: vp_km_s / 1.8,
        qp: 400.0,
        qs: 200.0,
        density_g_cm3: 2.6,
    };
    let layers = vec![layer(5.0), layer(4.0), layer(6.0)];
    let model = LayeredModel::new("slow layer", layers).unwrap();
    // Vertical: sums of thickness over speed. The slow layer carries no refracted wave.
    let vertical_s = 2.0 / 5.0 + 2.0 / 4.0 + 1.0 / 6.0;
    assert!((model.travel_time_s(Phase::P, 5.0, 0.0) - vertical_s).abs() < 1e-12);
    assert!((model.arrival(Phase::P, 0.0, 1.0).time_s - 0.2).abs() < 1e-9);
}

proptest! {
    #[test]
    fn the_ray_parameter_is_the_slope_of_the_travel_time(
        depth_km in 0.1..30.0f64,
        distance_km in 0.1..200.0f64,
        which in 0..4usize,
    ) {
        let phase = [Phase::P, Phase::S, Phase::Sp, Phase::Ps][which];
        let model = LayeredModel::central_us();
        let ray = model.arrival(phase, depth_km, distance_km);
        let step_km = 1e-4;
        let [before, after] = [-step_km, step_km]
            .map(|step_km| model.arrival(phase, depth_km, distance_km + step_km));
        // Where another ray becomes the first the curve has a corner.
        prop_assume!((before.ray_parameter_s_km - after.ray_parameter_s_km).abs() < 1e-3);
        let slope = (after.time_s - before.time_s) / (2.0 * step_km);
        prop_assert!((slope - ray.ray_parameter_s_km).abs() < 1e-3, "{slope} {ray:?}");
        prop_assert!(ray.path_km >= depth_km.hypot(distance_km) * (1.0 - 1e-12));
        prop_assert!(ray.t_star_s > ray.time_s / 671.1 * (1.0 - 1e-12));
        prop_assert!(ray.t_star_s < ray.time_s / 232.0);
        prop_assert!((0.0..=90.0).contains(&ray.incidence_deg));
    }
}

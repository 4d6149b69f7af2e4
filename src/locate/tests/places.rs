//! Clocks, lines of stations, the top of the grid, and the ends of the map.

use super::*;

/// Events in the middle of the network with a clock that is two hours late.
#[test]
fn one_bad_clock_is_not_all_clocks() {
    let mut locator = locator();
    let mut draws = Draws::new(29);
    let mut events = Vec::new();
    for _ in 0..10 {
        let place = [
            20.0 * draws.uniform() - 10.0,
            20.0 * draws.uniform() - 10.0,
            6.0,
        ];
        let mut late = |site: usize, _: Wave| {
            let clock_s = if site == 5 { 7200.0 } else { 0.0 };
            clock_s + 0.02 * draws.normal()
        };
        events.push(picks_of(&locator, place, 12, &mut late));
    }
    assert!(locate_all(&mut locator, &events, 0).terms.is_empty());
    let once = locate_all(&mut locator, &events, 1);
    let applied: Vec<f64> = once.terms.iter().map(|of| of.term_s).collect();
    let held: Vec<f64> = locator.terms_s().concat();
    assert_eq!(applied, held);
    for located in [once, locate_all(&mut locator, &events, 2)] {
        let [(station, late_s)] = &located.clocks[..] else {
            panic!("{:?}", located.clocks);
        };
        assert!(
            station == "XX.S05" && (late_s - 7200.0).abs() < 0.1,
            "{late_s}"
        );
        for found in located.hypocentres {
            let off_s = time::between_s(origin(), found.unwrap().origin_time);
            assert!(off_s.abs() < 0.2, "{off_s}");
        }
    }
}

fn of_stations(places: &[(f64, f64)]) -> crate::Result<Locator> {
    let site = |(i, (longitude, latitude)): (usize, &(f64, f64))| Site {
        id: format!("XX.S{i:02}"),
        position: Point::new(*longitude, *latitude),
        elevation_km: 0.0,
    };
    let sites = Sites::new(places.iter().enumerate().map(site).collect(), "test").unwrap();
    Locator::new(
        sites,
        &LayeredModel::central_us().into(),
        LocateParams::default(),
    )
}

#[test]
fn stations_on_a_line_allow_more_than_one_place() {
    let line: Vec<(f64, f64)> = (0..6).map(|i| (20.0 + 0.1 * f64::from(i), 0.0)).collect();
    let locator = of_stations(&line).unwrap();
    for place in [[0.0, 20.0, 8.0], [5.0, 0.0, 0.0]] {
        let refused = locator.locate(&picks_of(&locator, place, 6, &mut |_, _| 0.0));
        assert!(
            refused.unwrap_err().to_string().contains("on one line"),
            "{place:?}"
        );
    }
    let mut bent = line;
    bent[3].1 = 0.1;
    let bent = of_stations(&bent).unwrap();
    assert!(
        bent.locate(&picks_of(&bent, [0.0, 8.0, 8.0], 6, &mut |_, _| 0.0))
            .is_ok()
    );
}

#[test]
fn places_lie_right_across_180_degrees_and_none_at_a_pole() {
    let here = [
        (0.0, 0.0),
        (0.2, 0.1),
        (-0.1, 0.2),
        (0.15, -0.15),
        (-0.2, -0.1),
    ];
    let moved = |longitude: f64, latitude: f64| -> Vec<(f64, f64)> {
        let around = |deg: f64| if deg > 180.0 { deg - 360.0 } else { deg };
        here.iter()
            .map(|(east, north)| (around(longitude + east), latitude + north))
            .collect()
    };
    let locator = of_stations(&moved(180.0, -17.0)).unwrap();
    let place = [3.0, 2.0, 6.0];
    let found = locator
        .locate(&picks_of(&locator, place, 5, &mut |_, _| 0.0))
        .unwrap();
    let [east, north, _] = off_km(&locator, &found, place);
    assert!(
        east.hypot(north) < 0.2 && found.epicentre.longitude_deg.abs() <= 180.0,
        "{found:?}"
    );
    for latitude in [89.5, -89.5] {
        let refused = of_stations(&moved(20.0, latitude)).unwrap_err();
        assert!(refused.to_string().contains("pole"), "{refused}");
    }
}

//! Clustering, against scikit-learn (tests/reference/cluster.py) and known sums of real epicentres.

mod common;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use quakebook::Error;
use quakebook::catalog::{Catalog, Event};
use quakebook::cluster::{
    ClusterParams, Clusters, Metric, Space, adjusted_rand_index, choose_k, silhouettes,
};
use quakebook::geo::Point;
use quakebook::study::Study;

/// A real ComCat file.
fn comcat(name: &str) -> Catalog {
    Catalog::read_comcat_csv(common::real_data().join("comcat").join(name)).unwrap()
}

fn catalog(points: &[[f64; 2]]) -> Catalog {
    let event = |(i, point): (usize, &[f64; 2])| Event {
        id: format!("e{i}"),
        origin_time: DateTime::<Utc>::from_timestamp(1_392_422_400 + i as i64, 0).unwrap(),
        longitude_deg: point[0],
        latitude_deg: point[1],
        depth_km: None,
        magnitude: 2.0,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    };
    Catalog::new(
        "a test",
        true,
        points.iter().enumerate().map(event).collect(),
    )
}

/// Three tight groups, west to east of 3, 4 and 5 points.
fn groups() -> Vec<[f64; 2]> {
    let sizes = [(5, -97.2, 35.9), (3, -97.5, 35.8), (4, -97.35, 35.7)];
    let group = |(n, x, y): (i32, f64, f64)| {
        (0..n).map(move |i| [x + 0.001 * f64::from(i), y + 0.0007 * f64::from(i * i)])
    };
    sizes.into_iter().flat_map(group).collect()
}

fn sorted(mut sizes: Vec<usize>) -> Vec<usize> {
    sizes.sort();
    sizes
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn cityblock_sums_of_the_papers_box() {
    let events = comcat("oklahoma_box_2014-2016.csv");
    let params = ClusterParams::new(3).n_replicates(200);
    let all = params.fit(&events).unwrap();
    assert_eq!(all.labels.len(), 887);
    assert!((all.sum - 59.2345).abs() < 1e-3, "{}", all.sum);
    assert_eq!(sorted(all.sizes), [155, 347, 385]);

    let before = quakebook::time::parse("2015-09-01").unwrap();
    let early = events.filter(|event| event.origin_time < before);
    assert_eq!(early.len(), 730);
    let early = params.fit(&early).unwrap();
    assert!((early.sum - 42.9194).abs() < 1e-3, "{}", early.sum);
    assert_eq!(sorted(early.sizes), [142, 238, 350]);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn nine_thousand_events() {
    let events = comcat("oklahoma_m2.5_2000-2022.csv");
    for metric in [Metric::Cityblock, Metric::Euclidean] {
        let clusters = ClusterParams::new(3).metric(metric).fit(&events).unwrap();
        assert_eq!(clusters.sizes.iter().sum::<usize>(), 9678);
        assert!(clusters.converged);
        assert!(clusters.silhouette(&events).unwrap() > 0.3);
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn few_replicates_may_miss_the_best_sum() {
    let events = comcat("oklahoma_box_2014-2016.csv");
    let many = ClusterParams::new(3)
        .n_replicates(200)
        .fit(&events)
        .unwrap();
    let minima = many.minima();
    assert!(minima.len() > 5, "{} local minima", minima.len());
    assert_eq!(minima.iter().map(|m| m.n_replicates).sum::<usize>(), 200);
    assert!((minima[0].sum - many.sum).abs() < 1e-9);
    assert!(minima[0].n_replicates < 150);
    let few = ClusterParams::new(3).fit(&events).unwrap();
    assert_eq!(few.replicate_sums, many.replicate_sums[..5]);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn euclidean_sums_and_silhouettes_are_those_of_scikit_learn() {
    let events = comcat("oklahoma_box_2014-2016.csv");
    let expected = [
        (2, 5.470122293, vec![530, 357], 0.536555939),
        (3, 3.361868231, vec![97, 481, 309], 0.583058567),
        (4, 2.576095388, vec![40, 481, 131, 235], 0.538969099),
    ];
    for (k, sum, sizes, silhouette) in expected {
        let params = ClusterParams::new(k)
            .metric(Metric::Euclidean)
            .n_replicates(100);
        let clusters = params.max_iterations(1000).fit(&events).unwrap();
        assert!((clusters.sum - sum).abs() < 1e-8, "k {k}: {}", clusters.sum);
        assert_eq!(clusters.sizes, sizes);
        assert!(clusters.converged);
        let ours = clusters.silhouette(&events).unwrap();
        assert!((ours - silhouette).abs() < 1e-8, "k {k}: {ours}");
        if k == 3 {
            let first = clusters.centroids[0];
            assert!((first.longitude_deg - -97.463839175).abs() < 1e-8);
            assert!((first.latitude_deg - 35.960757732).abs() < 1e-8);
        }
    }
}

#[test]
fn silhouettes_and_agreement_of_a_small_example() {
    let points = [[0., 0.], [1., 0.], [0., 2.], [5., 5.], [6., 5.], [9., 0.]];
    let labels = [0, 0, 0, 1, 1, 2];
    for (metric, expected) in [
        (Metric::Cityblock, 0.675517429),
        (Metric::Euclidean, 0.648789588),
    ] {
        let each = silhouettes(&points, &labels, metric).unwrap();
        assert_eq!(each[5], 0.0, "alone in its cluster");
        let mean = each.iter().sum::<f64>() / 6.0;
        assert!((mean - expected).abs() < 1e-9, "{mean}");
    }
    let a = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2];
    let b = [1, 1, 0, 0, 0, 2, 2, 2, 2, 1];
    let index = adjusted_rand_index(&a, &b).unwrap();
    assert!((index - 0.204545455).abs() < 1e-9, "{index}");
    let renamed = a.map(|label| 2 - label);
    assert_eq!(adjusted_rand_index(&a, &renamed).unwrap(), 1.0);
    assert_eq!(adjusted_rand_index(&[0, 0], &[7, 7]).unwrap(), 1.0);
}

#[test]
fn clusters_are_numbered_west_to_east_whatever_the_seed() {
    for metric in [Metric::Cityblock, Metric::Euclidean] {
        for space in [Space::Degrees, Space::Kilometres] {
            let params = ClusterParams::new(3)
                .metric(metric)
                .space(space)
                .n_replicates(20);
            let first = params.fit_points(&groups()).unwrap();
            assert_eq!(first.labels, [2, 2, 2, 2, 2, 0, 0, 0, 1, 1, 1, 1]);
            assert_eq!(first.sizes, [3, 4, 5]);
            assert_eq!(first, params.fit_points(&groups()).unwrap(), "same bits");
            let other = params.seed(99).fit_points(&groups()).unwrap();
            assert_eq!(first.labels, other.labels);
            assert_eq!(first.agreement(&other).unwrap(), 1.0);
        }
    }
}

#[test]
fn kilometres_by_hand() {
    // Two points 0.02 degrees of latitude apart: each lies 0.01 degrees from their median.
    let points = [[-97.0, 35.00], [-97.0, 35.02], [-96.0, 36.0]];
    let clusters = ClusterParams::new(2)
        .space(Space::Kilometres)
        .fit_points(&points)
        .unwrap();
    assert!(
        (clusters.sum - 0.02 * 111.195).abs() < 1e-4,
        "{}",
        clusters.sum
    );
    assert_eq!(clusters.sum_unit(), "km");
    assert_eq!(clusters.assign(Point::new(-96.1, 35.9)), 1);
}

#[test]
fn one_cluster_and_as_many_clusters_as_events() {
    let points = groups();
    let one = ClusterParams::new(1).fit_points(&points).unwrap();
    assert_eq!(one.sizes, [12]);
    let each = ClusterParams::new(12).fit_points(&points).unwrap();
    assert_eq!(each.sizes, [1; 12]);
    assert_eq!(each.sum, 0.0);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn a_cut_off_descent_says_so() {
    let events = comcat("oklahoma_box_2014-2016.csv");
    for metric in [Metric::Cityblock, Metric::Euclidean] {
        let params = ClusterParams::new(3).metric(metric).n_replicates(1);
        let cut = params.clone().max_iterations(1).fit(&events).unwrap();
        assert!(!cut.converged);
        let whole = params.fit(&events).unwrap();
        assert!(whole.converged && whole.sum < cut.sum);
    }
}

#[test]
fn the_catalog_fit_keeps_source_and_order() {
    let catalog = catalog(&groups());
    let study = Study::oklahoma();
    let clusters = ClusterParams::of(&study).fit(&catalog).unwrap();
    assert_eq!((clusters.k(), clusters.params.seed), (3, study.seed));
    assert!(clusters.simulated);
    assert_eq!(clusters.source, "a test");
    assert_eq!(clusters.labels, clusters.assign_all(&catalog));
}

#[test]
fn choose_k_finds_three_groups() {
    let catalog = catalog(&groups());
    let params = ClusterParams::new(1).n_replicates(20);
    let choice = choose_k(&catalog, &params, 1..=6).unwrap();
    assert_eq!(choice.rows.len(), 6);
    assert_eq!(choice.rows[0].silhouette, None);
    assert!(choice.rows.windows(2).all(|pair| pair[1].sum < pair[0].sum));
    assert_eq!(choice.by_silhouette(), Some(3));
    assert_eq!(choice.by_gap(), Some(3));
    #[allow(clippy::reversed_empty_ranges)]
    let empty = choose_k(&catalog, &params, 3..=2);
    assert!(matches!(empty, Err(Error::Cluster { ref place, .. }) if place == "range of k"));
}

#[test]
fn a_written_file_gives_back_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clusters.toml");
    let params = ClusterParams::new(3).space(Space::Kilometres);
    let clusters = params.fit(&catalog(&groups())).unwrap();
    clusters.write(&path).unwrap();
    assert_eq!(Clusters::read(&path).unwrap(), clusters);

    let text = std::fs::read_to_string(&path).unwrap();
    for broken in [
        text[..text.len() / 2].to_string(),
        text.replacen("sizes = [3,", "sizes = [4,", 1),
        text.replacen("labels = [2,", "labels = [7,", 1),
    ] {
        assert_ne!(broken, text);
        std::fs::write(&path, broken).unwrap();
        let error = Clusters::read(&path).unwrap_err();
        assert!(matches!(error, Error::Cluster { .. }), "{error}");
        assert!(error.to_string().contains("clusters.toml"), "{error}");
    }
    assert!(matches!(
        Clusters::read(dir.path().join("none")),
        Err(Error::Io { .. })
    ));
}

#[test]
fn bad_input_is_named() {
    let good = groups();
    let params = ClusterParams::new(3);
    let twins = vec![[-97.4, 35.8]; 9];
    let with = |point: [f64; 2]| [good.clone(), vec![point]].concat();
    let cases = [
        (ClusterParams::new(0), good.clone(), "k: 0"),
        (
            params.clone().n_replicates(0),
            good.clone(),
            "n_replicates: 0",
        ),
        (
            params.clone().max_iterations(0),
            good.clone(),
            "max_iterations: 0",
        ),
        (params.clone(), vec![], "no event"),
        (
            ClusterParams::new(13),
            good.clone(),
            "13 clusters, but 12 events",
        ),
        (ClusterParams::new(2), twins, "9 events at 1 distinct"),
        (
            params.clone(),
            with([f64::NAN, 35.8]),
            "point 12: longitude NaN",
        ),
        (params.clone(), with([-97.0, f64::INFINITY]), "latitude inf"),
        (params.clone(), with([35.8, -97.4]), "longitude first"),
        (
            params.clone(),
            vec![[-179.9, 0.0], [179.9, 0.0]],
            "date line",
        ),
    ];
    for (params, points, expected) in cases {
        let error = params.fit_points(&points).unwrap_err();
        assert!(matches!(error, Error::Cluster { .. }));
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = params.fit(&catalog(&with([f64::NAN, 35.8]))).unwrap_err();
    assert!(error.to_string().contains("event e12"), "{error}");
    assert!(silhouettes(&good, &[0; 12], Metric::Cityblock).is_err());
    assert!(silhouettes(&good, &[0, 1], Metric::Cityblock).is_err());
    assert!(adjusted_rand_index(&[0], &[0]).is_err());
    assert!(adjusted_rand_index(&[0, 1], &[0]).is_err());
}

proptest! {
    /// No single centroid can be moved to make its own cluster's sum smaller, every event is with
    /// its nearest centroid, and the books balance.
    #[test]
    fn every_fit_is_a_local_minimum(
        points in prop::collection::vec([-98.0..-97.0, 35.0..36.0], 8..60),
        k in 1..6_usize,
        seed: u64,
        euclidean: bool,
    ) {
        let metric = if euclidean { Metric::Euclidean } else { Metric::Cityblock };
        let clusters = ClusterParams::new(k).metric(metric).seed(seed).fit_points(&points).unwrap();
        prop_assert_eq!(clusters.sizes.iter().sum::<usize>(), points.len());
        prop_assert!(clusters.sizes.iter().all(|size| *size > 0));
        let smallest = clusters.replicate_sums.iter().copied().fold(f64::INFINITY, f64::min);
        prop_assert!((clusters.sum - smallest).abs() < 1e-9);
        let cost = |p: [f64; 2], c: Point| {
            let d = metric.distance(p, [c.longitude_deg, c.latitude_deg]);
            if euclidean { d * d } else { d }
        };
        for (label, centroid) in clusters.centroids.iter().enumerate() {
            let of_cluster = |c: Point| -> f64 {
                let members = points.iter().zip(&clusters.labels).filter(|(_, l)| **l == label);
                members.map(|(p, _)| cost(*p, c)).sum()
            };
            for (dx, dy) in [(1e-4, 0.0), (-1e-4, 0.0), (0.0, 1e-4), (0.0, -1e-4)] {
                let moved = Point::new(centroid.longitude_deg + dx, centroid.latitude_deg + dy);
                prop_assert!(of_cluster(moved) >= of_cluster(*centroid) - 1e-12);
            }
        }
        for (point, label) in points.iter().zip(&clusters.labels) {
            let own = cost(*point, clusters.centroids[*label]);
            let others = clusters.centroids.iter().map(|c| cost(*point, *c));
            prop_assert!(others.fold(f64::INFINITY, f64::min) >= own);
        }
    }
}

//! The simulated earthquakes against the facts of the region and the laws that they should follow.

use quakebook::catalog::Catalog;
use quakebook::classroom::seismicity::{MONTHLY, months};
use quakebook::classroom::{SEED, Source, Truth, ZONES};
use quakebook::geo::Point;
use quakebook::study::Study;
use quakebook::time;
use quakebook::time::TimeSpan;
use quakebook::travel::{LayeredModel, Phase};

const STATION: Point = Point {
    longitude_deg: -97.45486,
    latitude_deg: 35.79657,
};

/// Enough earthquakes for laws whose error shrinks with their number.
fn many_truths() -> Vec<Truth> {
    (0..20).map(Truth::simulate).collect()
}

fn quantile(mut values: Vec<f64>, fraction: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * fraction).round() as usize]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    mean(
        &values
            .iter()
            .map(|v| (v - centre).powi(2))
            .collect::<Vec<_>>(),
    )
    .sqrt()
}

fn assert_between(name: &str, value: f64, low: f64, high: f64) {
    assert!(
        (low..=high).contains(&value),
        "{name} = {value}, not in {low}..{high}"
    );
}

/// Aki (1965) with Utsu's correction for magnitudes in bins: the estimate and its standard error.
fn b_value(magnitudes: &[f64], least: f64, bin: f64) -> (f64, f64) {
    let b = std::f64::consts::LOG10_E / (mean(magnitudes) - (least - bin / 2.0));
    (b, b / (magnitudes.len() as f64).sqrt())
}

#[test]
fn magnitudes_follow_gutenberg_and_richter() {
    let truth = Truth::simulate(SEED);
    let magnitudes: Vec<f64> = truth.sources.iter().map(|s| s.mw).collect();
    let (b, error) = b_value(&magnitudes, 1.0, 0.0);
    assert!((b - 1.0).abs() < 3.0 * error, "b = {b} +- {error}");
    assert_between(
        "largest",
        magnitudes.iter().copied().fold(0.0, f64::max),
        3.5,
        4.5,
    );

    let all: Vec<f64> = many_truths()
        .iter()
        .flat_map(|t| t.sources.iter().map(|s| s.mw))
        .collect();
    let (b, error) = b_value(&all, 1.0, 0.0);
    assert!(
        error < 0.006 && (b - 1.0).abs() < 3.0 * error,
        "b = {b} +- {error}"
    );

    // The published catalog above its completeness, in bins of 0.1.
    let published: Vec<f64> = truth
        .published()
        .events()
        .iter()
        .map(|e| e.magnitude)
        .filter(|m| *m > 1.95)
        .collect();
    let (b, error) = b_value(&published, 2.0, 0.1);
    assert!(
        (b - 1.0).abs() < 3.0 * error,
        "published b = {b} +- {error}"
    );
}

/// The p (and c) of greatest likelihood for delays within `(0, limit]`, by a grid that is refined.
fn fit_omori(delays_s: &[f64], limit_s: f64) -> (f64, f64) {
    let log_likelihood = |p: f64, c: f64| {
        let integral = (c.powf(1.0 - p) - (limit_s + c).powf(1.0 - p)) / (p - 1.0);
        let rates: f64 = delays_s.iter().map(|t| -p * (t + c).ln()).sum();
        rates - delays_s.len() as f64 * integral.ln()
    };
    let (mut p, mut log_c, mut width) = (1.5, 6.0, 1.0);
    while width > 1e-3 {
        let mut best = (f64::NEG_INFINITY, p, log_c);
        for i in -4..=4 {
            for j in -4..=4 {
                let (p, log_c) = (
                    p + f64::from(i) * width / 8.0,
                    log_c + f64::from(j) * width / 2.0,
                );
                if p > 1.001 {
                    let l = log_likelihood(p, log_c.exp());
                    if l > best.0 {
                        best = (l, p, log_c);
                    }
                }
            }
        }
        if (best.1, best.2) == (p, log_c) {
            width /= 2.0;
        }
        (p, log_c) = (best.1, best.2);
    }
    (p, log_c.exp())
}

#[test]
fn aftershocks_follow_omori_and_utsu() {
    // Causes at least 100 days before the end, so that the stack is complete.
    let limit_s = 100.0 * 86_400.0;
    let end = Study::oklahoma().catalog.end;
    let delays = |truth: &Truth| -> Vec<f64> {
        let pairs = truth.parents.iter().enumerate();
        pairs
            .filter_map(|(child, parent)| Some((&truth.sources[child], &truth.sources[(*parent)?])))
            .filter(|(_, cause)| time::between_s(cause.origin_time, end) > limit_s)
            .map(|(child, cause)| time::between_s(cause.origin_time, child.origin_time))
            .filter(|delay_s| *delay_s <= limit_s)
            .collect()
    };
    let (p, c) = fit_omori(&delays(&Truth::simulate(SEED)), limit_s);
    assert_between("p", p, 1.2, 1.4);
    assert_between("c", c, 500.0, 1600.0);
    let stack: Vec<f64> = many_truths().iter().flat_map(delays).collect();
    let (p, c) = fit_omori(&stack, limit_s);
    assert_between("p of 20 truths", p, 1.27, 1.33);
    assert_between("c of 20 truths", c, 800.0, 1000.0);
}

#[test]
fn larger_earthquakes_have_more_aftershocks() {
    let (mut n_causes, mut n_children) = ([0.0; 2], [0.0; 2]);
    for truth in many_truths() {
        let early = truth.sources.len() / 2;
        let class = |source: &Source| match source.mw {
            m if m < 1.2 => Some(0),
            m if (2.0..2.2).contains(&m) => Some(1),
            _ => None,
        };
        for source in &truth.sources[..early] {
            if let Some(class) = class(source) {
                n_causes[class] += 1.0;
            }
        }
        for parent in truth
            .parents
            .iter()
            .flatten()
            .filter(|parent| **parent < early)
        {
            if let Some(class) = class(&truth.sources[*parent]) {
                n_children[class] += 1.0;
            }
        }
    }
    // One magnitude more: 10^0.7 = 5.0 times as many.
    let ratio = (n_children[1] / n_causes[1]) / (n_children[0] / n_causes[0]);
    assert_between("ratio", ratio, 4.2, 5.8);
}

#[test]
fn every_month_has_the_survey_s_rate() {
    assert_eq!(MONTHLY.iter().sum::<usize>(), 2021);
    let truth = Truth::simulate(SEED).catalog();
    for (month, wanted) in months(&Study::oklahoma().catalog).iter().zip(MONTHLY) {
        let n_events = truth.during(month).len();
        // The last family may be more than was wanted: two large ones add 67 and 37 to February and May 2014.
        assert!(
            n_events >= wanted && n_events <= wanted + 5 + wanted / 5 + 37,
            "{}: {n_events} for {wanted}",
            month.start
        );
    }
    assert_between("all", truth.len() as f64, 2021.0, 2200.0);
}

#[test]
fn earthquakes_come_in_bursts_as_in_the_survey_s_catalog() {
    let truth = Truth::simulate(SEED);
    let gaps_h: Vec<f64> = truth
        .sources
        .windows(2)
        .map(|pair| time::between_s(pair[0].origin_time, pair[1].origin_time) / 3600.0)
        .collect();
    // The survey's: 3.3 h, 4.3 min, 2.4; of a Poisson process 8.1 h, 36 min, 1. The largest family, of the first month,
    // makes the shortest tenth shorter.
    assert_between("median", quantile(gaps_h.clone(), 0.5), 3.0, 3.6);
    assert_between(
        "5 %, minutes",
        quantile(gaps_h.clone(), 0.05) * 60.0,
        1.8,
        5.1,
    );
    assert_between("variation", deviation(&gaps_h) / mean(&gaps_h), 2.2, 2.6);
}

#[test]
fn distances_depths_and_stress_drops_are_spread_as_in_the_region() {
    let truth = Truth::simulate(SEED);
    let distances = |fraction| {
        let all = truth
            .sources
            .iter()
            .map(|s| s.hypocentral_distance_km(STATION));
        quantile(all.collect(), fraction)
    };
    let depths = |fraction| quantile(truth.sources.iter().map(|s| s.depth_km).collect(), fraction);
    let stresses = |fraction| {
        quantile(
            truth.sources.iter().map(|s| s.stress_drop_mpa).collect(),
            fraction,
        )
    };
    // 5.6, 11.3, 23.6 km
    assert_between("distance 5 %", distances(0.05), 5.1, 6.3);
    assert_between("distance 50 %", distances(0.5), 9.9, 12.3);
    assert_between("distance 95 %", distances(0.95), 21.6, 25.6);
    // 3.5, 5.0, 7.0 km
    assert_between("depth 5 %", depths(0.05), 3.2, 3.8);
    assert_between("depth 50 %", depths(0.5), 4.7, 5.3);
    assert_between("depth 95 %", depths(0.95), 6.7, 7.3);
    // 1, 3.3, 11 MPa
    assert_between("stress drop 5 %", stresses(0.05), 0.9, 1.1);
    assert_between("stress drop 50 %", stresses(0.5), 3.1, 3.5);
    assert_between("stress drop 95 %", stresses(0.95), 10.0, 12.0);

    let model = LayeredModel::central_us();
    for source in &truth.sources {
        let s = model.travel_time_s(Phase::S, source.depth_km, source.distance_km(STATION));
        assert!(s < 8.8, "{} after {s} s", source.id);
    }
}

#[test]
fn families_are_close_in_space_and_similar() {
    let truth = Truth::simulate(SEED);
    let mut separations_km = Vec::new();
    for (child, parent) in truth.parents.iter().enumerate() {
        let Some(parent) = *parent else { continue };
        let (child, cause) = (&truth.sources[child], &truth.sources[parent]);
        assert!(cause.origin_time < child.origin_time && cause.zone == child.zone);
        separations_km.push(child.separation_km(cause));
    }
    assert_between("median", quantile(separations_km.clone(), 0.5), 0.1, 0.3);
    assert_between("95 %", quantile(separations_km, 0.95), 0.2, 1.1);
    let families = truth.families();
    assert!(families.iter().all(|&root| truth.parents[root].is_none()));
    let largest = (0..families.len())
        .map(|r| families.iter().filter(|f| **f == r).count())
        .max();
    assert!(largest > Some(20), "{largest:?}");
}

#[test]
fn every_truth_is_well_formed() {
    let study = Study::oklahoma();
    for truth in many_truths() {
        assert!(truth.sources.is_sorted_by_key(|s| s.origin_time));
        for (number, s) in truth.sources.iter().enumerate() {
            assert_eq!(s.id, format!("qt{:05}", number + 1));
            assert!(
                study.region.contains(s.longitude_deg, s.latitude_deg),
                "{s:?}"
            );
            assert!(study.catalog.contains(s.origin_time) && s.zone < ZONES.len());
            assert!((1.0..=4.5).contains(&s.mw) && (3.0..8.0).contains(&s.depth_km));
            assert!((0.0..360.0).contains(&s.strike_deg) && (0.0..=90.0).contains(&s.dip_deg));
            assert!((-180.0..180.0).contains(&s.rake_deg) && s.stress_drop_mpa > 0.0);
        }
        assert!(truth.published().events().iter().all(|e| {
            study.region.contains(e.longitude_deg, e.latitude_deg) && e.depth_km >= Some(0.0)
        }));
    }
    assert_eq!(Truth::simulate(7), Truth::simulate(7));
    assert_ne!(Truth::simulate(7).sources, Truth::simulate(8).sources);
    let mut sources = Truth::simulate(7).sources;
    sources.reverse();
    assert_eq!(
        Truth::from_sources(7, sources).sources,
        Truth::simulate(7).sources
    );
}

/// Each published event with its source.
fn published_pairs(truth: &Truth, published: &Catalog) -> Vec<(Source, quakebook::catalog::Event)> {
    let links = truth.links();
    assert_eq!(links.len(), published.len());
    let pair = |(link, event): (&quakebook::classroom::Link, &quakebook::catalog::Event)| {
        assert_eq!(link.event_id, event.id);
        (
            truth.source(&link.source_id).unwrap().clone(),
            event.clone(),
        )
    };
    links.iter().zip(published.events()).map(pair).collect()
}

#[test]
fn the_published_catalog_is_incomplete_below_magnitude_2() {
    let truth = Truth::simulate(SEED);
    let published = truth.published();
    assert!(published.simulated && truth.catalog().simulated);
    // The paper's catalog has 703.
    assert_between("published", published.len() as f64, 680.0, 725.0);
    let pairs = published_pairs(&truth, &published);
    let found = |low: f64, high: f64| {
        let inside = |s: &&Source| (low..high).contains(&s.mw);
        let n = truth.sources.iter().filter(inside).count();
        pairs.iter().map(|(s, _)| s).filter(inside).count() as f64 / n as f64
    };
    assert_between("found at 1.0-1.2", found(1.0, 1.2), 0.0, 0.08);
    assert_between("found at 1.45-1.65", found(1.45, 1.65), 0.4, 0.6);
    assert_between("found above 2", found(2.0, 5.0), 0.97, 1.0);
}

#[test]
fn published_errors_are_those_of_a_regional_network() {
    let truth = Truth::simulate(SEED);
    let pairs = published_pairs(&truth, &truth.published());
    let miss_km: Vec<f64> = pairs
        .iter()
        .map(|(s, e)| s.epicentre().distance_km(e.epicentre()))
        .collect();
    assert_between("horizontal", quantile(miss_km, 0.5), 1.0, 1.35);
    let late: Vec<f64> = pairs
        .iter()
        .map(|(s, e)| time::between_s(s.origin_time, e.origin_time))
        .collect();
    assert_between("time", deviation(&late), 0.17, 0.23);
    let larger: Vec<f64> = pairs.iter().map(|(s, e)| e.magnitude - s.mw).collect();
    assert_between("magnitude", deviation(&larger), 0.13, 0.18);
    let fixed = pairs
        .iter()
        .filter(|(_, e)| e.depth_km == Some(5.0))
        .count() as f64;
    assert_between("fixed depth", fixed / pairs.len() as f64, 0.13, 0.23);
    let kinds = |kind: &str| {
        pairs
            .iter()
            .filter(|(_, e)| e.magnitude_type == kind)
            .count()
    };
    assert!(kinds("ML") > 600 && kinds("mb_Lg") > 0 && kinds("Mwr") > 0);
    assert_eq!(kinds("ML") + kinds("mb_Lg") + kinds("Mwr"), pairs.len());
    for (_, event) in &pairs {
        assert_eq!(event.origin_time.timestamp_subsec_nanos() % 10_000_000, 0);
        assert!(event.magnitude.to_string().len() <= 4 && event.event_type == "earthquake");
    }
}

#[test]
fn the_scanned_hours_hold_four_published_earthquakes_and_more() {
    let study = Study::oklahoma();
    let hours = TimeSpan {
        start: study.scan.start,
        end: study.scan.end,
    };
    let truth = Truth::simulate(SEED);
    let published = truth.published().during(&hours);
    let magnitudes: Vec<f64> = published.events().iter().map(|e| e.magnitude).collect();
    assert_eq!(magnitudes, [2.9, 1.7, 2.2, 1.0]);
    let all = truth.catalog().during(&hours);
    assert_eq!(all.len(), 11);
    // Two of them 73 s apart.
    let pairs = all.events().windows(2);
    let closest_s = pairs
        .map(|p| time::between_s(p[0].origin_time, p[1].origin_time))
        .fold(f64::MAX, f64::min);
    assert_between("closest", closest_s, 70.0, 80.0);
}

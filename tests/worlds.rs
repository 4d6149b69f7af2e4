//! Simulated worlds: drawn anew by each seed, the same by the same seed, and what stands out in them.

use quakebook::classroom::sensor::SensorKind;
use quakebook::classroom::{Synthesis, World};
use quakebook::method::worlds::{
    Choosing, Day, Hour, PickRecipe, Rate, Recipe, Segment, Teaching, TrueOnset, model, open,
    openings, picker, windows,
};
use quakebook::pick::PickedPhase;
use quakebook::time;
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::window::Window;

/// The paper's world is one preset: its record is that of `Synthesis::new`, bit for bit.
#[test]
fn the_papers_world_is_a_preset() {
    let truth = std::sync::Arc::new(quakebook::classroom::Truth::from_sources(3, vec![]));
    let (a, b) = (
        Synthesis::new(3, truth.clone()),
        Synthesis::of_world(&World::paper(3), truth),
    );
    let first = 139_250_880_000;
    assert_eq!(a.samples(2, first, 5000), b.samples(2, first, 5000));
}

#[test]
fn a_seed_gives_one_world_and_another_seed_another() {
    let first = 18_000 * 8_640_000 + 1000;
    let samples = |seed| Day::of(seed).ground.samples(0, first, 2000);
    assert_eq!(samples(1), samples(1));
    assert_ne!(samples(1), samples(2));
    let (one, other) = (World::draw(1), World::draw(2));
    assert!(one.model != other.model && one.noise != other.noise && one.zones != other.zones);
}

/// Fifty worlds: what is drawn stays within its priors, and does vary.
#[test]
fn worlds_keep_to_their_priors() {
    let worlds: Vec<World> = (0..50).map(World::draw).collect();
    for world in &worlds {
        let layers = world.model.layers();
        assert!(
            layers
                .windows(2)
                .all(|pair| pair[0].vp_km_s < pair[1].vp_km_s)
        );
        assert!(world.site.vp_km_s < layers[0].vp_km_s && world.site.vs_km_s < world.site.vp_km_s);
        let (smallest, largest) = world.magnitudes;
        assert!(
            (-3.0..=4.0).contains(&smallest) && (largest - smallest - 3.5).abs() < 1e-9,
            "{smallest}"
        );
        let shares: f64 = world.zones.iter().map(|zone| zone.share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        for zone in &world.zones {
            assert!(zone.min_depth_km > layers[0].thickness_km && zone.max_depth_km < 160.0);
        }
        assert!(world.known_model != world.model);
    }
    let n = |test: fn(&World) -> bool| worlds.iter().filter(|world| test(world)).count();
    let n_broadband = n(|w| w.sensor.kind == SensorKind::Broadband);
    assert!(
        (23..43).contains(&n_broadband),
        "{n_broadband} of 50, expected two in three"
    );
    let n_gusty = n(|w| w.noise.gusts.is_some());
    assert!(
        (25..46).contains(&n_gusty),
        "{n_gusty} of 50, expected seven in ten"
    );
    let n_slow = n(|w| w.recorder.rate_hz < 100.0);
    assert!(
        (11..30).contains(&n_slow),
        "{n_slow} of 50, expected two in five"
    );
}

/// A station that sends forty samples a second: its record has them, and nothing from half of that on, where a fast station's has noise.
#[test]
fn a_slow_recorder_sends_fewer_samples_and_no_high_frequencies() {
    let at = |rate_hz: f64| {
        let mut days = (0..40).map(Day::of);
        let day = days.find(|day| day.world.recorder.rate_hz == rate_hz);
        let day = day.unwrap_or_else(|| panic!("{rate_hz} Hz in forty worlds"));
        day.segment(day.span.start, 60.0).unwrap()
    };
    // Share of the power of made-comparable records above 18.5 Hz, to which a recorder of 40 Hz is deaf.
    let high = |segment: &Segment| {
        let high = Filter::highpass(8, 19.0, 50.0).unwrap();
        let power = |row: &[f32]| row[200..].iter().map(|y| f64::from(y * y)).sum::<f64>();
        let rows = &segment.record.data;
        let of = |row: &Vec<f32>| power(&high.apply(row, Pass::Causal)) / power(row);
        rows.iter().map(of).sum::<f64>() / 3.0
    };
    let (slow, fast) = (at(40.0), at(100.0));
    assert_eq!(slow.counts.data.each_ref().map(Vec::len), [2400; 3]);
    assert_eq!(fast.counts.data.each_ref().map(Vec::len), [6000; 3]);
    assert_eq!(
        (slow.record.n_samples(), fast.record.n_samples()),
        (3000, 3000)
    );
    assert!(
        high(&slow) < 0.1 * high(&fast),
        "{} {}",
        high(&slow),
        high(&fast)
    );
}

/// Of the earthquakes of a world most are too small to be seen, and some stand out.
#[test]
fn most_earthquakes_are_below_visibility() {
    let (recipe, mut ratios) = (Recipe::default(), Vec::new());
    for seed in 0..6 {
        let day = Day::of(seed);
        let start = day.span.start + time::seconds(30_000.0);
        let segment = day.segment(start, 1800.0).unwrap();
        assert_eq!(segment.record.sampling_rate_hz, 50.0);
        ratios.extend(segment.arrivals.iter().map(|a| a.s_ratio));
    }
    let n_visible = ratios
        .iter()
        .filter(|ratio| **ratio >= recipe.s_ratio)
        .count();
    let share = n_visible as f64 / ratios.len() as f64;
    assert!((0.05..0.6).contains(&share), "{share} of {}", ratios.len());
}

#[test]
fn windows_of_a_world_are_scaled_labelled_and_the_same_again() {
    let recipe = Recipe {
        n_segments: [6, 3, 2],
        ..Recipe::default()
    };
    // In a world with much noise nothing may stand out: four worlds.
    let make = || (4..8).flat_map(|n| windows(Teaching(n), &recipe, Rate::SWARM).unwrap());
    let all: Vec<Window> = make().collect();
    assert!(all.iter().cloned().eq(make()));
    let n_events = all.iter().filter(|window| window.class == 0).count();
    assert!(
        n_events > 0 && n_events < all.len() / 2,
        "{n_events} of {}",
        all.len()
    );
    for window in &all {
        assert_eq!(window.samples.len(), 3 * 2000);
        assert!(
            window
                .samples
                .iter()
                .all(|v| v.is_finite() && v.abs() < 20.0)
        );
        // In units of its noise a quarter of a component lies below 0.3186, if none of it is missing: 500, and what equals it.
        let first = &window.samples[..2000];
        let n_quiet = first.iter().filter(|v| v.sinh().abs() <= 0.3187).count();
        assert!(
            first.contains(&0.0) || (498..=504).contains(&n_quiet),
            "{n_quiet}"
        );
    }
}

/// An hour to choose on: every event that should be found is among what somebody may have seen.
#[test]
fn an_hour_knows_its_events() {
    let hour = Hour::of(Choosing(2), &Recipe::default()).unwrap();
    assert_eq!(hour.record.sampling_rate_hz, 50.0);
    assert!(
        hour.known
            .events
            .iter()
            .all(|p| hour.known.busy.contains(p))
    );
    assert!(hour.known.events.is_sorted() && hour.known.busy.is_sorted());
    let again = Hour::of(Choosing(2), &Recipe::default()).unwrap();
    assert_eq!(again.known, hour.known);
}

/// Who tests on the sealed worlds is seen to have done so: each opening is a line, and the earlier ones stay.
#[test]
fn an_opening_of_the_sealed_worlds_is_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("openings.csv");
    assert!(openings(&file).unwrap().is_empty());
    let recipe = Recipe::default();
    let detector = model::untaught(&recipe, 1).unwrap();
    let (first, claims) = open(&file, "an untrained network", &detector, &recipe, 0.0, 1).unwrap();
    assert_eq!(claims.len(), 1);
    let (second, _) = open(&file, "the same, \"again\"", &detector, &recipe, 0.5, 1).unwrap();
    assert_eq!(openings(&file).unwrap(), [first, second]);

    std::fs::write(&file, "date,what\n2026-01-01,half\n").unwrap();
    assert!(matches!(
        open(&file, "no", &detector, &recipe, 0.5, 1),
        Err(quakebook::Error::Evaluate { .. })
    ));
    let left = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        left, "date,what\n2026-01-01,half\n",
        "a damaged list is left as it is"
    );
}

/// What a picker is taught: the onsets stand where the waves truly begin, and are the same by the same seed.
#[test]
fn onsets_are_where_waves_begin() {
    let (mut before, mut after, mut n) = (0.0, 0.0, 0);
    for world in 0..8 {
        let of = || {
            let day = Day::choosing(Choosing(world), Rate::AFTERSHOCKS);
            let start = day.span.start + time::seconds(f64::from(7919 * world));
            day.segment(start, 900.0).unwrap()
        };
        let (segment, same) = (of(), of());
        assert_eq!(
            (&segment.counts, &segment.onsets),
            (&same.counts, &same.onsets)
        );
        for arrival in &segment.arrivals {
            // What the region's seismologists believe is near the truth, and not the truth.
            let nearest = segment
                .onsets
                .iter()
                .map(|onset| (onset.at_s - arrival.p_s).abs());
            assert!(nearest.fold(f64::INFINITY, f64::min) < 10.0);
        }
        let is_clear = |onset: &&TrueOnset| onset.phase == PickedPhase::P && onset.ratio > 12.0;
        for onset in segment.onsets.iter().filter(is_clear) {
            let power = |from_s: f64, to_s: f64| {
                let sample = |s: f64| ((onset.at_s + s) * 50.0).round().max(0.0) as usize;
                let row = &segment.record.data[2][sample(from_s)..sample(to_s)];
                row.iter().map(|y| f64::from(y * y)).sum::<f64>() / row.len() as f64
            };
            before += power(-1.0, -0.1).ln();
            after += power(0.1, 1.0).ln();
            n += 1;
        }
    }
    assert!(n >= 5, "{n}");
    assert!(after - before > 2.0 * f64::from(n), "{before} {after} {n}");
}

/// The same plan gives the same weights, and they learn: at first all three classes are as probable.
#[test]
fn a_picker_is_taught_the_same_twice() {
    let plan = picker::Plan {
        n_worlds: 1,
        n_passes: 2,
        ..picker::Plan::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let taught = |name: &str| {
        let mut losses = Vec::new();
        let each = &mut |_, loss| losses.push(loss);
        let (pupil, _) = picker::teach(&PickRecipe::default(), &plan, each).unwrap();
        let file = folder.path().join(name);
        pupil.write(&file).unwrap();
        (losses, std::fs::read(file).unwrap())
    };
    let (losses, weights) = taught("one");
    assert!(losses.len() == 2 && losses[1] < losses[0], "{losses:?}");
    assert!(taught("other") == (losses, weights));
}

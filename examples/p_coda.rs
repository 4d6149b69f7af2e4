//! How far the S wave rises above what comes just before it, the coda of P, and how sharply far waves begin: on real records, and in simulated
//! worlds.
//!
//! ```text
//! QUAKEBOOK_REAL_DATA=FOLDER cargo run --example p_coda
//! ```
//!
//! The rise is the largest amplitude of the horizontal components in three seconds from S on, over the largest in the second before
//! it (less where S follows P soon), in the band of comparable records, 1 to 20 Hz. P must stand out: its power of a second on the vertical
//! component is 25 times that of the noise before it. A wave's first half second is its largest amplitude in it over that of its first three seconds, of P on
//! the vertical and of S on the horizontal components, where S comes 12 to 36 s after P. `FOLDER` holds `ncedc/picks.csv` with its miniSEED files, and
//! `iquique/sds` with PhaseNet's picks.

use std::error::Error;

use quakebook::book::{
    event_picks, iquique_dir, iquique_record, picked_dir, read_phase_picks, read_picked,
};
use quakebook::method::worlds::{Day, TrueOnset};
use quakebook::pick::PickedPhase;
use quakebook::time::{self, between_s};
use quakebook::waveform::Record3C;

/// Worlds, and their largest earthquakes of a few.
const N_WORLDS: u64 = 120;
const FIRST_WORLD: u64 = 900_000;
const N_LARGEST: usize = 6;
const OF: usize = 60;

/// Simulated records begin so long before an origin time, and last so long.
const BEFORE_S: f64 = 35.0;
const LENGTH_S: f64 = 110.0;

/// S comes so long after P in far earthquakes.
const FAR_S: std::ops::Range<f64> = 12.0..36.0;

/// Noise before P.
const NOISE_S: (f64, f64) = (8.0, 1.0);
const STANDS_OUT: f64 = 25.0;

/// The samples of a component between two times in seconds after the start; none where some are missing.
fn samples(record: &Record3C, component: usize, from_s: f64, to_s: f64) -> Option<&[f32]> {
    let at = |s: f64| (s * record.sampling_rate_hz).round() as usize;
    let part = record.data[component].get(at(from_s.max(0.0))..at(to_s.max(0.0)))?;
    let is_whole = from_s >= 0.0 && !part.is_empty() && part.iter().all(|v| v.is_finite());
    is_whole.then_some(part)
}

/// What is measured of an earthquake.
struct Shape {
    /// How many times S rises above what comes before it.
    rise: f64,
    /// The first half second of P and of S, where they are far apart.
    first: Option<[f64; 2]>,
}

fn shape(record: &Record3C, p_s: f64, s_s: f64) -> Option<Shape> {
    let vertical = record
        .channels
        .iter()
        .position(|code| code.ends_with('Z'))?;
    let power = |from_s: f64, to_s: f64| {
        let part = samples(record, vertical, from_s, to_s)?;
        Some(part.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / part.len() as f64)
    };
    let until_s = p_s + (0.8 * (s_s - p_s)).min(1.0);
    if power(p_s, until_s)? < STANDS_OUT * power(p_s - NOISE_S.0, p_s - NOISE_S.1)? {
        return None;
    }
    let largest = |is_vertical: bool, from_s: f64, to_s: f64| {
        let mut largest = 0.0f32;
        for component in (0..3).filter(|component| (*component == vertical) == is_vertical) {
            for v in samples(record, component, from_s, to_s)? {
                largest = largest.max(v.abs());
            }
        }
        Some(f64::from(largest))
    };
    let before_s = (0.4 * (s_s - p_s)).min(1.0);
    let first = |is_vertical, at_s| {
        Some(largest(is_vertical, at_s, at_s + 0.5)? / largest(is_vertical, at_s, at_s + 3.0)?)
    };
    Some(Shape {
        rise: largest(false, s_s, s_s + 3.0)? / largest(false, s_s - before_s, s_s - 0.05)?,
        first: match FAR_S.contains(&(s_s - p_s)) {
            true => Some([first(true, p_s)?, first(false, s_s)?]),
            false => None,
        },
    })
}

/// The median, and between what 80 % lie.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| match values.len() {
        0 => f64::NAN,
        n => values[((n - 1) as f64 * share).round() as usize],
    };
    format!(
        "{:.2} (80 % between {:.2} and {:.2})",
        at(0.5),
        at(0.1),
        at(0.9)
    )
}

fn tell(what: &str, shapes: &[Shape]) {
    let n = shapes.len();
    let rises = spread(shapes.iter().map(|shape| shape.rise).collect());
    println!("{what}: {n} earthquakes, S rises {rises} times");
    let far: Vec<[f64; 2]> = shapes.iter().filter_map(|shape| shape.first).collect();
    if !far.is_empty() {
        let [p, s] = [0, 1].map(|i| spread(far.iter().map(|first| first[i]).collect()));
        println!(
            "  {} far ones, first half second of P {p}, of S {s}",
            far.len()
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut simulated = Vec::new();
    for seed in FIRST_WORLD..FIRST_WORLD + N_WORLDS {
        let day = Day::of(seed);
        let mut some: Vec<_> = day.truth.sources.iter().take(OF).collect();
        some.sort_by(|a, b| b.mw.total_cmp(&a.mw));
        for source in some.iter().take(N_LARGEST) {
            let segment = day.segment(source.origin_time - time::seconds(BEFORE_S), LENGTH_S)?;
            let of = |phase: PickedPhase| segment.onsets.iter().filter(move |o| o.phase == phase);
            for p in of(PickedPhase::P) {
                let after = of(PickedPhase::S)
                    .map(|s: &TrueOnset| s.at_s)
                    .filter(|s| *s > p.at_s);
                let s = after.fold(f64::INFINITY, f64::min);
                simulated.extend(shape(&segment.record, p.at_s, s));
            }
        }
    }
    tell("simulated worlds", &simulated);
    if let Some(dir) = picked_dir() {
        let picked = read_picked(&dir.join("ncedc"))?;
        let of = picked.iter().filter_map(|one| {
            let after_s = |t| between_s(one.record.start, t);
            shape(&one.record, after_s(one.p), after_s(one.s))
        });
        tell("California, an analyst's picks", &of.collect::<Vec<_>>());
    }
    if let Some(dir) = iquique_dir() {
        let record = iquique_record(&dir)?;
        let picks = event_picks(&read_phase_picks(&dir.join("picks_phasenet_PB01.csv"))?);
        let after_s = |t| between_s(record.start, t);
        let of = picks
            .into_iter()
            .filter_map(|(p, s)| shape(&record, after_s(p), after_s(s)));
        tell(
            "CX.PB01, 1 May 2014, PhaseNet's picks",
            &of.collect::<Vec<_>>(),
        );
    }
    Ok(())
}

//! How far the S wave rises above what comes just before it, the coda of P: on real records, and in simulated worlds.
//!
//! ```text
//! QUAKEBOOK_REAL_DATA=FOLDER cargo run --example p_coda
//! ```
//!
//! The rise is the largest amplitude of the horizontal components in three seconds from S on, over the largest in the second before
//! it (less where S follows P soon), in the band of comparable records, 1 to 20 Hz. P must stand out: its power of a second on the vertical
//! component is 25 times that of the noise before it. `FOLDER` holds `ncedc/picks.csv` with its miniSEED files, and
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
const N_WORLDS: u64 = 60;
const FIRST_WORLD: u64 = 900_000;
const N_LARGEST: usize = 6;
const OF: usize = 60;

/// Simulated records begin so long before an origin time, and last so long.
const BEFORE_S: f64 = 35.0;
const LENGTH_S: f64 = 110.0;

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

fn rise(record: &Record3C, p_s: f64, s_s: f64) -> Option<f64> {
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
    let largest = |from_s: f64, to_s: f64| {
        let mut largest = 0.0f32;
        for component in (0..3).filter(|component| *component != vertical) {
            for v in samples(record, component, from_s, to_s)? {
                largest = largest.max(v.abs());
            }
        }
        Some(f64::from(largest))
    };
    let before_s = (0.4 * (s_s - p_s)).min(1.0);
    Some(largest(s_s, s_s + 3.0)? / largest(s_s - before_s, s_s - 0.05)?)
}

fn tell(what: &str, mut rises: Vec<f64>) {
    rises.sort_by(f64::total_cmp);
    let at = |share: f64| match rises.len() {
        0 => f64::NAN,
        n => rises[((n - 1) as f64 * share).round() as usize],
    };
    let (low, middle, high) = (at(0.1), at(0.5), at(0.9));
    println!(
        "{what}: {} earthquakes, S rises {middle:.1} times (80 % between {low:.1} and {high:.1})",
        rises.len()
    );
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
                simulated.extend(rise(&segment.record, p.at_s, s));
            }
        }
    }
    tell("simulated worlds", simulated);
    if let Some(dir) = picked_dir() {
        let picked = read_picked(&dir.join("ncedc"))?;
        let of = picked.iter().filter_map(|one| {
            let after_s = |t| between_s(one.record.start, t);
            rise(&one.record, after_s(one.p), after_s(one.s))
        });
        tell("California, an analyst's picks", of.collect());
    }
    if let Some(dir) = iquique_dir() {
        let record = iquique_record(&dir)?;
        let picks = event_picks(&read_phase_picks(&dir.join("picks_phasenet_PB01.csv"))?);
        let after_s = |t| between_s(record.start, t);
        let rises = picks
            .into_iter()
            .filter_map(|(p, s)| rise(&record, after_s(p), after_s(s)));
        tell("CX.PB01, 1 May 2014, PhaseNet's picks", rises.collect());
    }
    Ok(())
}

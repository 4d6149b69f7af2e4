//! How a model does on short cuts of a network's stations: which of the P picks that two programs share it finds.
//!
//! ```text
//! cargo run --example short_cuts -- FOLDER [STATION...]
//! ```
//!
//! `FOLDER` holds for each cut a file of miniSEED and one of picks, `NAME.mseed` and `NAME.picks`, as QuakeMigrate writes them
//! (`Station,Phase,ModelledTime,PickTime,...`), and `picks_phasenet.csv`. A pick is shared where both programs have it
//! within 0.5 s. A model finds it with a window that begins 1 to 6 s before it. There is no noise in such cuts to count
//! false alarms in: the thresholds are those that the model's card lists with its rates.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use quakebook::book::{Scorer, read_phase_picks};
use quakebook::evaluate::Score;
use quakebook::method::Model;
use quakebook::time::{self, Time};
use quakebook::waveform::{Record3C, Trace, harmonise, mseed};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pick {
    station: String,
    phase: String,
    pick_time: String,
}

/// Picks of two programs this near are one.
const SAME_S: f64 = 0.5;
const THRESHOLDS: [f64; 4] = [0.1, 0.2, 0.3, 0.402];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("usage: short_cuts FOLDER [STATION...]")?;
    let only: Vec<String> = args.collect();
    let folder = Path::new(&folder);
    let phase_net = read_phase_picks(&folder.join("picks_phasenet.csv"))?;
    let model = Model::find("regional").ok_or("no model")?.detector()?;
    let scorer = Scorer::Model(Box::new(model));
    let mut cuts: Vec<_> = std::fs::read_dir(folder)?
        .map(|file| file.map(|file| file.path()))
        .collect::<Result<_, _>>()?;
    cuts.retain(|path| path.extension().is_some_and(|ending| ending == "picks"));
    cuts.sort();
    let mut best: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for path in &cuts {
        let traces = mseed::read_file(path.with_extension("mseed"))?;
        for pick in csv::Reader::from_path(path)?.deserialize() {
            let pick: Pick = pick?;
            if pick.phase != "P" || pick.pick_time == "-1" {
                continue;
            }
            let at = time::parse(&pick.pick_time)?;
            let is_same = |other: &quakebook::book::PhasePick| {
                other.is_p
                    && other.station.split('.').nth(1) == Some(&pick.station)
                    && time::between_s(at, other.time).abs() <= SAME_S
            };
            let is_wanted = only.is_empty() || only.contains(&pick.station);
            if !is_wanted || !phase_net.iter().any(is_same) {
                continue;
            }
            let score = best_at(&scorer, &traces, &pick.station, at)?;
            best.entry(pick.station).or_default().push(score);
        }
    }
    let all: Vec<f64> = best.values().flatten().copied().collect();
    println!(
        "{} cuts, {} shared picks of {} stations",
        cuts.len(),
        all.len(),
        best.len()
    );
    for (name, scores) in best.iter().chain([(&"all".to_string(), &all)]) {
        let found = THRESHOLDS.map(|p| {
            let log_odds = (p / (1.0 - p)).ln();
            let n = scores.iter().filter(|score| **score >= log_odds).count();
            format!("{p}: {}", Score::of(n, scores.len()))
        });
        println!("{name}: {}", found.join("; "));
    }
    Ok(())
}

/// The largest logarithm of the odds of the windows that begin 1 to 6 s before a time.
fn best_at(
    scorer: &Scorer,
    traces: &[Trace],
    station: &str,
    at: Time,
) -> Result<f64, Box<dyn Error>> {
    let ours: Vec<Trace> = traces
        .iter()
        .filter(|trace| trace.id.station() == station)
        .cloned()
        .collect();
    let start = ours
        .iter()
        .filter_map(Trace::start)
        .max()
        .ok_or("no record")?;
    let n = ours
        .iter()
        .map(|trace| trace.n_samples())
        .min()
        .unwrap_or(0);
    let record = harmonise(&Record3C::from_traces(&ours, start, n)?)?.record;
    let before = |window: &Time| (1.0..=6.0).contains(&time::between_s(*window, at));
    let scores = scorer.scores_of_short(&record)?;
    let near = scores.iter().filter(|(window, _)| before(window));
    Ok(near
        .map(|(_, score)| *score)
        .fold(f64::NEG_INFINITY, f64::max))
}

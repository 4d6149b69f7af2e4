//! How a detector does on a continuous record beside another program's picks: recall against alarms an hour.
//!
//! ```text
//! quakebook scan --model regional --archive sds --windows windows.csv --out found.csv
//! cargo run --example continuous -- windows.csv picks.csv
//! ```
//!
//! `windows.csv` has the columns `start,probability`, `picks.csv` the columns
//! `station_id,phase_time,phase_type,phase_score`, as PhaseNet writes them, down to low scores. A reference event is a P pick of score 0.5 or more with an S pick of 0.3
//! or more between 0.3 and 35 s after it; any pick of 0.05 or more makes its surroundings busy.

use std::error::Error;

use quakebook::book::{known_of, read_phase_picks};
use quakebook::evaluate::Claims;
use quakebook::time;
use serde::Deserialize;

#[derive(Deserialize)]
struct Window {
    start: String,
    probability: f64,
}

const RATES: [f64; 6] = [0.5, 1.0, 2.0, 5.0, 10.0, 50.0];

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(windows), Some(picks)) = (args.next(), args.next()) else {
        return Err("usage: continuous WINDOWS.csv PICKS.csv".into());
    };
    let mut scores = Vec::new();
    for window in csv::Reader::from_path(windows)?.deserialize() {
        let window: Window = window?;
        scores.push((time::parse(&window.start)?, window.probability));
    }
    let known = known_of(&read_phase_picks(picks.as_ref())?);
    let claims = Claims::of(&scores, 10.0, &known)?;
    println!(
        "{} reference events, {:.2} h without picks",
        claims.best.len(),
        claims.free_hours
    );
    for rate in RATES {
        let point = claims.within(rate);
        let found = point.recall();
        let alarms = point.counts.n_false as f64 / claims.free_hours;
        println!(
            "{alarms:6.2} alarms an hour, threshold {:.9}: recall {found}",
            point.threshold
        );
    }
    Ok(())
}

//! Makes the picker `onsets`: teaches PhaseNet on simulated worlds, chooses its thresholds on others, judges it on more, and writes the
//! folder.
//!
//! ```text
//! cargo run --example onsets -- data/models/onsets
//! ```

use std::path::PathBuf;

use quakebook::method::worlds::{PickRecipe, picker};

fn main() -> quakebook::Result<()> {
    let Some(dir) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: onsets FOLDER");
        std::process::exit(2);
    };
    // Its layers have few rows: on two threads libtorch is slower.
    tch::set_num_threads(1);
    let (recipe, plan) = (PickRecipe::default(), picker::Plan::default());
    let mut tell = |pass, loss| println!("pass {pass} of {}: loss {loss:.5}", plan.n_passes);
    let (pupil, taught) = picker::teach(&recipe, &plan, &mut tell)?;
    println!("{taught}");
    for score in picker::finish(&dir, (&pupil, taught), &recipe, &plan)? {
        println!("{score}");
    }
    Ok(())
}

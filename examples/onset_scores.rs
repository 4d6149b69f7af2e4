//! How near a picker's onsets lie to those of others on real records: what chapter 14 shows, and what `data/stored/onsets.toml` keeps
//! for readers without these records.
//!
//! A picker is one that comes with the program, by its name, or a file of SeisBench's weights.
//!
//! ```text
//! QUAKEBOOK_REAL_DATA=../shared/data cargo run --example onset_scores -- onsets "the model onsets" data/stored/onsets.toml
//! ```

use quakebook::book::onset_scores;
use quakebook::method::PickerModel;
use quakebook::pick::Picker;
use quakebook::study::Study;
use quakebook::{Error, Result};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(weights), Some(name)) = (args.next(), args.next()) else {
        eprintln!("expected: MODEL|WEIGHTS.pt.v2 NAME [FILE.toml]");
        std::process::exit(2);
    };
    let picker = match PickerModel::find(&weights) {
        Some(model) => model.picker()?,
        None => Picker::read(weights)?,
    };
    let scores = onset_scores(&Study::oklahoma(), &picker, &name)?;
    println!("{}", scores.table());
    match args.next() {
        Some(out) if !scores.stored => {
            std::fs::write(&out, scores.to_toml()).map_err(|source| Error::Io {
                path: out.into(),
                source,
            })
        }
        Some(_) => {
            eprintln!("no real records: set QUAKEBOOK_REAL_DATA");
            std::process::exit(1);
        }
        None => Ok(()),
    }
}

//! How near a picker's onsets lie to those of others on real records: what chapter 14 shows, and what `data/stored/onsets.toml` keeps
//! for readers without these records.
//!
//! ```text
//! QUAKEBOOK_REAL_DATA=../shared/data cargo run --example onset_scores -- WEIGHTS.pt.v2 NAME data/stored/onsets.toml
//! ```

use quakebook::book::onset_scores;
use quakebook::pick::Picker;
use quakebook::study::Study;
use quakebook::{Error, Result};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(weights), Some(name)) = (args.next(), args.next()) else {
        eprintln!("expected: WEIGHTS.pt.v2 NAME [FILE.toml]");
        std::process::exit(2);
    };
    let picker = Picker::read(weights)?;
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

//! The scores on real records with several seeds: what `data/stored/real-records.toml` holds.
//!
//! ```text
//! QUAKEBOOK_REAL_DATA=FOLDER cargo run --example real_records -- 3 data/stored/real-records.toml
//! ```
//!
//! The folder holds `ncedc/picks.csv` with its miniSEED files, and `iquique/sds` with its list of triggers.

use quakebook::book::{picked_dir, real_scores};
use quakebook::study::Study;
use quakebook::{Error, Result};

fn main() -> Result<()> {
    let n_seeds = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(3);
    if picked_dir().is_none() {
        println!("No real records were found: name their folder in QUAKEBOOK_REAL_DATA");
        return Ok(());
    }
    let scores = real_scores(&Study::current()?, n_seeds)?;
    for one in &scores.evaluations {
        println!(
            "{} (seed {}): windows {}, records {}",
            one.training.name(),
            one.seed,
            one.windows,
            one.records
        );
        println!("    wrong: {}", one.errors.join(", "));
    }
    for score in &scores.triggers {
        println!(
            "{}: windows precision {}, recall {}",
            score.training, score.window_precision, score.window_recall
        );
        println!(
            "    scan: precision {}, recall {}, beside {}",
            score.scan_precision, score.scan_recall, score.beside
        );
    }
    if let Some(path) = std::env::args().nth(2) {
        std::fs::write(&path, scores.to_toml()).map_err(|source| Error::Io {
            path: path.into(),
            source,
        })?;
    }
    Ok(())
}

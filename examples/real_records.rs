//! The scores on real records that `data/stored` keeps for readers who have no such records.
//!
//! ```text
//! QUAKEBOOK_REAL_DATA=FOLDER cargo run --example real_records -- data/stored
//! ```
//!
//! The folder holds `ncedc/picks.csv` with its miniSEED files, and `iquique/sds` with its lists of triggers and picks. What
//! is written are numbers and one picture, never records. It takes about five minutes on two cores.

use std::path::Path;

use quakebook::atomic_file::write_result;
use quakebook::book::{self, iquique_dir, picked_dir};
use quakebook::study::Study;

fn main() -> quakebook::Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: real_records FOLDER");
        std::process::exit(2);
    };
    if picked_dir().is_none() || iquique_dir().is_none() {
        eprintln!("No real records were found: name their folder in QUAKEBOOK_REAL_DATA");
        std::process::exit(1);
    }
    let study = Study::current()?;
    let write = |name: &str, text: String| write_result(Path::new(&folder).join(name), &text);

    let single = book::real_scores(&study)?;
    println!("{}", single.table());
    for one in &single.halves {
        println!("{}: wrong {}", one.detector, one.errors.join(", "));
    }
    let (noisy, cuts) = (book::noisy(&study)?, book::cuts(&study)?);
    println!("{}", noisy.table("Signal over noise"));
    println!("{}", cuts.table("Window"));
    let continuous = book::continuous(&study)?;
    for span in [&continuous.whole, &continuous.last] {
        println!("{}\n{}", span.table(), span.paired_table());
        println!("{}", span.own_table());
    }
    for one in [
        &single.stored,
        &noisy.stored,
        &cuts.stored,
        &continuous.stored,
    ] {
        assert!(!one, "stored scores are not to be stored again");
    }
    write("real-records.toml", single.to_toml())?;
    write("noisy.toml", noisy.to_toml())?;
    write("cuts.toml", cuts.to_toml())?;
    write("continuous.toml", continuous.to_toml())?;
    write_result(
        Path::new(&folder).join("alarms.png"),
        &book::alarms_page(&study)?.png,
    )
}

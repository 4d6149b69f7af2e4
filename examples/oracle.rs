//! Trains the detector without what the simulation's truth gave it, and keeps what came out for chapter 8.
//!
//! ```text
//! cargo run --example oracle -- data/stored/oracle.toml
//! ```
//!
//! It takes some minutes on two cores, and a quarter of an hour where the chapters did not run before.

use quakebook::book;
use quakebook::study::Study;

fn main() -> quakebook::Result<()> {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: oracle FILE");
        std::process::exit(2);
    };
    let runs = book::oracle_runs(&Study::current()?)?;
    println!("{}", runs.table());
    std::fs::write(&file, runs.to_toml()).expect("the file can be written");
    Ok(())
}

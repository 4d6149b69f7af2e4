//! `quakebook collect`

use std::path::PathBuf;

use quakebook::catalog::Catalog;
use quakebook::plan::{Plan, collect};

use crate::args;
use crate::output::{self, Outcome, Result};

/// Make one table of what the shards of a plan found
#[derive(clap::Args)]
#[command(after_help = "\
The table is sorted by station and time. Beside it lies FILE.manifest.json: what it was made of, and which shards
are missing in it. The same plan gives the same bytes, however it was cut and whoever worked on it.

Exit codes: 0 every shard is in the table; 4 some are missing, and are named.

Columns: network, station, location, channels; start, end and time (UTC); cluster, from 1; probability, the largest
of the event's windows; n_windows; simulated.

Example:
  quakebook collect --plan plan --out detections.csv")]
pub struct Args {
    /// The folder of a plan
    #[arg(long, value_name = "DIR")]
    plan: PathBuf,
    /// The table: .csv, or .xml (QuakeML)
    #[arg(long, value_name = "FILE.csv|.xml", value_parser = |text: &str| args::file_of(text, &["csv", "xml"]))]
    out: PathBuf,
}

/// Missing shards that are named one by one.
const N_TOLD: usize = 20;

pub fn run(args: &Args) -> Result {
    output::check_writable(&args.out)?;
    let collected = collect(&Plan::open(&args.plan)?)?;
    let bytes = match args::ending(&args.out).as_str() {
        "xml" => Catalog::to_quakeml(&collected.to_catalog()).into_bytes(),
        _ => collected.to_csv(),
    };
    output::write(&args.out, bytes)?;
    let summary = &collected.summary;
    let mut beside = args.out.clone().into_os_string();
    beside.push(".manifest.json");
    let text = serde_json::to_string_pretty(summary).expect("a summary is plain JSON");
    output::write(&PathBuf::from(beside), text + "\n")?;
    output::print(format!(
        "{} detections of {} of {} shards, {:.1} hours, written to {}\n",
        summary.n_detections,
        summary.n_done,
        summary.n_shards,
        summary.hours,
        args.out.display()
    ))?;
    if summary.missing.is_empty() {
        return Ok(Outcome::Done);
    }
    let named = summary.missing.iter().take(N_TOLD).map(usize::to_string);
    let named: Vec<String> = named.collect();
    output::progress(format!(
        "{} shards are missing in the table, of them {}",
        summary.missing.len(),
        named.join(", ")
    ));
    Ok(Outcome::Incomplete)
}

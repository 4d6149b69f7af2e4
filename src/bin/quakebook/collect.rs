//! `quakebook collect`

use std::path::PathBuf;

use quakebook::pick::Columns;
use quakebook::plan::{Collected, Makes, Plan, collect};

use crate::output::{self, Outcome, Result};
use crate::{args, pick};

/// Make one table of what the shards of a plan found
#[derive(clap::Args)]
#[command(after_help = "\
The table of detections is sorted by station and time, that of picks by time and station. Beside it lies
FILE.manifest.json: what it was made of, and which shards are missing in it. The same plan gives the same
bytes, however it was cut and whoever worked on it.

Exit codes: 0 every shard is in the table, whatever gaps the records have; 3 so they are, and damaged records
were left out; 4 some shards are missing, or of a station nothing could be used: they are named.

Columns of detections: network, station, location, channels; start, end and time (UTC); cluster, from 1; probability, the largest
of the event's windows; n_windows; simulated. QuakeML has a pick at its station for each.

The table of picks is that of `quakebook pick`, in the same columns. `quakebook associate` reads it.

With --partitioned a table as Parquet is a folder, network=CX/year=2014/month=05/detections.parquet (picks.parquet), which
polars and pandas read as one table.

Examples:
  quakebook collect --plan plan --out detections.csv
  quakebook collect --plan picking --out picks.csv
  quakebook collect --plan plan --partitioned --out detections.parquet")]
pub struct Args {
    /// The folder of a plan
    #[arg(long, value_name = "DIR")]
    plan: PathBuf,
    /// The table: .csv, .parquet, or .xml (QuakeML); - for CSV on standard output, without a manifest
    #[arg(long, value_name = "FILE.csv|.parquet|.xml|-", value_parser = |text: &str| args::table_of(text, &["csv", "parquet", "xml"]))]
    out: PathBuf,
    /// The names of the columns of picks: gamma, phasenet or seisbench, as `quakebook pick` has them [default: gamma]
    #[arg(long, value_name = "NAMES", value_parser = pick::columns, conflicts_with = "partitioned")]
    columns: Option<Columns>,
    /// A folder of Parquet files, one for each network and month
    #[arg(long)]
    partitioned: bool,
}

/// Missing shards that are named one by one.
const N_TOLD: usize = 20;

pub fn run(args: &Args) -> Result {
    check(args)?;
    let plan = Plan::open(&args.plan)?;
    if args.columns.is_some() && plan.makes() == Makes::Detections {
        args::refuse(
            "--columns is for picks, and the plan makes detections: their columns are always the same",
        );
    }
    let collected = collect(&plan)?;
    write(args, &collected)?;
    let summary = &collected.summary;
    if !output::is_stdout(&args.out) {
        let mut beside = args.out.clone().into_os_string();
        beside.push(".manifest.json");
        let text = serde_json::to_string_pretty(summary).expect("a summary is plain JSON");
        output::write(&PathBuf::from(beside), text + "\n")?;
    }
    let line = format!(
        "{} of {} of {}, {:.1} hours, written",
        output::counted(summary.tally.n(), summary.tally.makes().what()),
        summary.n_done,
        output::counted(summary.n_shards, "shard"),
        summary.hours
    );
    output::sum_up(line, &args.out)?;
    summary
        .spoilt
        .iter()
        .take(N_TOLD)
        .for_each(output::progress);
    for station in summary.without.iter().take(N_TOLD) {
        output::progress(format!(
            "{station}: nothing of it could be used; the manifests of its shards say why"
        ));
    }
    match summary.missing.len() {
        0 if summary.n_damaged > 0 => Ok(Outcome::Damaged),
        0 if !summary.without.is_empty() => Ok(Outcome::Incomplete),
        0 => Ok(Outcome::Done),
        n => {
            output::progress(missing(n, summary.missing.iter().zip(&summary.missing_ids)));
            Ok(Outcome::Incomplete)
        }
    }
}

/// Whether the table can be written, before it is made.
fn check(args: &Args) -> Result<()> {
    let place = args
        .out
        .parent()
        .and_then(|folder| folder.canonicalize().ok());
    let plan = args.plan.canonicalize().ok();
    let is_within = |(place, plan): (PathBuf, PathBuf)| place != plan && place.starts_with(plan);
    if place.zip(plan).is_some_and(is_within) {
        args::refuse("--out lies among the plan's own files: give it another place");
    }
    if args.columns.is_some() && args::ending(&args.out) == "xml" {
        args::refuse("--columns is for .csv and .parquet: QuakeML has none");
    }
    if !args.partitioned {
        return output::check_writable(&args.out);
    }
    if args::ending(&args.out) != "parquet" {
        args::refuse("--partitioned: --out must end in .parquet");
    }
    if args.out.symlink_metadata().is_ok() {
        // A part of an older table would be taken for one of this.
        args::refuse("--partitioned: --out is there already; give the name of a new folder");
    }
    Ok(())
}

fn write(args: &Args, collected: &Collected) -> Result<()> {
    if args.partitioned {
        let parts = collected.to_parquet_parts()?;
        return Ok(quakebook::atomic_file::write_folder(&args.out, &parts)?);
    }
    if output::is_stdout(&args.out) {
        return match collected.makes() {
            Makes::Picks => output::print(collected.picks.to_csv(args.columns.unwrap_or_default())),
            Makes::Detections => output::print(String::from_utf8_lossy(&collected.to_csv())),
        };
    }
    if collected.makes() == Makes::Picks {
        return Ok(collected.picks.write(&args.out, args.columns)?);
    }
    let bytes = match args::ending(&args.out).as_str() {
        "xml" => collected.to_quakeml().into_bytes(),
        "parquet" => collected.to_parquet()?,
        _ => collected.to_csv(),
    };
    output::write(&args.out, bytes)
}

/// `2 shards are not in the table: 0 (CX.PB01..HH.2014-05), 7 (...)`
fn missing<'a>(n: usize, shards: impl Iterator<Item = (&'a usize, &'a String)>) -> String {
    let named = shards
        .take(N_TOLD)
        .map(|(index, id)| format!("{index} ({id})"));
    let named: Vec<String> = named.collect();
    let (are, more) = match n {
        1 => ("is", String::new()),
        n if n > N_TOLD => ("are", format!(", and {} more", n - N_TOLD)),
        _ => ("are", String::new()),
    };
    let shards = output::counted(n, "shard");
    format!(
        "{shards} {are} not in the table: {}{more}",
        named.join(", ")
    )
}

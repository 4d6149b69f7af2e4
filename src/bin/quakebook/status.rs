//! `quakebook status`

use std::path::PathBuf;

use quakebook::plan::{Makes, Plan, Status};

use crate::output::{self, Outcome, Result};

/// Say how far the work on a plan is
#[derive(clap::Args)]
#[command(after_help = "\
A shard is done that has a manifest and the result that this names; `quakebook collect` reads the results too.
A rate and the time that is left are told while somebody works and something is done; else they are null
in --json.

Exit codes: 0 every shard is done; 3 so they are, and damaged records were left out; 4 some are not.

Example:
  quakebook status --plan plan --json")]
pub struct Args {
    /// The folder of a plan
    #[arg(long, value_name = "DIR")]
    plan: PathBuf,
    /// One object: all that is told, and every shard that failed or is worked on
    #[arg(long)]
    json: bool,
}

/// Shards that are told one by one.
const N_TOLD: usize = 10;

pub fn run(args: &Args) -> Result {
    let status = Status::of(&Plan::open(&args.plan)?)?;
    match args.json {
        true => output::print_json(&status)?,
        false => output::print(in_words(&status))?,
    }
    Ok(match status.is_complete() {
        true if status.n_damaged > 0 => Outcome::Damaged,
        true => Outcome::Done,
        false => Outcome::Incomplete,
    })
}

fn in_words(status: &Status) -> String {
    let share = 100.0 * status.n_done as f64 / status.n_shards.max(1) as f64;
    let mut text = format!(
        "{} of {} done ({share:.1} %), {} running, {} failed, {} missing\n\
         {} in {:.1} hours of {}; {:.0} s of work\n",
        status.n_done,
        output::counted(status.n_shards, "shard"),
        status.running.len(),
        status.failed.len(),
        status.n_missing,
        output::counted(status.tally.n(), status.tally.makes().what()),
        status.hours,
        output::counted(status.n_days, "station-day"),
        status.seconds
    );
    if let (Some(rate), Some(left_s)) = (status.days_per_hour, status.left_s) {
        let minutes = left_s / 60.0;
        text += &format!("{rate:.0} station-days an hour, {minutes:.0} minutes left\n");
    }
    if status.n_damaged > 0 {
        let damaged = output::counted(status.n_damaged, "damaged record");
        text += &format!("{damaged} left out\n");
    }
    let empty = &status.without_windows;
    if !empty.is_empty() {
        let shards = output::counted(empty.len(), "shard");
        let named: Vec<&str> = empty.iter().take(N_TOLD).map(String::as_str).collect();
        let more = if empty.len() > N_TOLD { ", ..." } else { "" };
        let how = match status.tally.makes() {
            Makes::Detections => "scanned",
            Makes::Picks => "picked",
        };
        text += &format!(
            "{shards} done without one window that could be {how}, the manifests say why: {}{more}\n",
            named.join(", ")
        );
    }
    for killed in status.killed.iter().take(N_TOLD) {
        text += &format!(
            "shard {}: process {} on {} is silent, and was killed: work on it again\n",
            killed.index, killed.process, killed.host
        );
    }
    for failed in status.failed.iter().take(N_TOLD) {
        text += &format!(
            "shard {}, {}, failed: {}\n",
            failed.index, failed.id, failed.error
        );
    }
    for spoilt in status.spoilt.iter().take(N_TOLD) {
        text += &format!("{spoilt}\n");
    }
    let told = [
        status.killed.len(),
        status.failed.len(),
        status.spoilt.len(),
    ];
    let n_more: usize = told.iter().map(|n| n.saturating_sub(N_TOLD)).sum();
    if n_more > 0 {
        text += &format!("{n_more} more: --json names them all\n");
    }
    text
}

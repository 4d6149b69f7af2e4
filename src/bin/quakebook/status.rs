//! `quakebook status`

use std::path::PathBuf;

use quakebook::plan::{Plan, Status};

use crate::output::{self, Outcome, Result};

/// Say how far the work on a plan is
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes: 0 every shard is done; 4 some are not.

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
        true => Outcome::Done,
        false => Outcome::Incomplete,
    })
}

fn in_words(status: &Status) -> String {
    let share = 100.0 * status.n_done as f64 / status.n_shards.max(1) as f64;
    let mut text = format!(
        "{} of {} shards done ({share:.1} %), {} running, {} failed, {} missing\n\
         {} detections in {:.1} hours of {} station-days; {:.0} s of work\n",
        status.n_done,
        status.n_shards,
        status.running.len(),
        status.failed.len(),
        status.n_missing,
        status.n_detections,
        status.hours,
        status.n_days,
        status.seconds
    );
    if let (Some(rate), Some(left_s)) = (status.days_per_hour, status.left_s) {
        let minutes = left_s / 60.0;
        text += &format!("{rate:.0} station-days an hour, {minutes:.0} minutes left\n");
    }
    if status.n_damaged > 0 {
        text += &format!("{} damaged records were left out\n", status.n_damaged);
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
    let n_told = status.killed.len().min(N_TOLD) + status.failed.len().min(N_TOLD);
    let n_more = status.killed.len() + status.failed.len() - n_told;
    if n_more > 0 {
        text += &format!("{n_more} more: --json names them all\n");
    }
    text
}

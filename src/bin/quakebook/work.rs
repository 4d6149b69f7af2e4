//! `quakebook work`

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use quakebook::pick::NO_SAMPLE;
use quakebook::plan::{Makes, Manifest, Plan, Shard, Tally, Worked, Worker};
use quakebook::window::Reason;

use crate::archive;
use crate::output::{self, Outcome, Result};
use crate::signals;

/// Scan or pick the shards of a plan
#[derive(clap::Args)]
#[command(after_help = "\
A shard that is done is left as it is, so work can be begun again anywhere, as often as you like; --again
scans or picks it once more. Two workers on one shard write the same. A worker that is killed leaves nothing half
written: its shard is worked on again as a whole. Ctrl-C and SIGTERM end it within some seconds.

A shard is done when the day files that were planned have been read, whatever is in them: records that
cannot be used (damaged, dead, too slow) are named, here and in the shard's manifest, and so are gaps. Where
the archive does not hold those files, or cannot be read, the shard fails.

Exit codes: 0 done; 1 a shard failed, and it is said why; 3 done, and damaged records were
left out; 4 stopped by a signal.

Examples:
  quakebook work --plan plan --all
  quakebook work --plan plan --index 17
  quakebook work --plan plan --shard CX.PB01..HH.2014-05 --archive /mnt/sds")]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct Args {
    /// The folder of a plan
    #[arg(long, value_name = "DIR")]
    plan: PathBuf,
    /// The shard of this name, as in shards.jsonl
    #[arg(long, value_name = "ID", group = "which", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    shard: Option<String>,
    /// The shard of this number, from 0; or those from one number to another, as in 0-99
    #[arg(long, value_name = "N|N-N", value_parser = indices, group = "which")]
    index: Option<(usize, usize)>,
    /// Every shard, one after another
    #[arg(long, group = "which")]
    all: bool,
    /// Where the archive lies on this machine [default: where it was planned]
    #[arg(long, value_name = "DIR|URL")]
    archive: Option<PathBuf>,
    /// Scan or pick what is done once more
    #[arg(long)]
    again: bool,
}

pub fn run(args: &Args) -> Result {
    let is_ended = signals::ended()?;
    let plan = Plan::open(&args.plan)?;
    let worker = Worker::new(&plan, args.archive.as_deref())?;
    let mut worker = match args.again {
        true => worker.again(),
        false => worker,
    };
    let indices = match (&args.shard, args.index) {
        (Some(id), _) => {
            let shard = plan.shard_of(id)?;
            return work(&mut worker, [Ok(shard)], &is_ended);
        }
        (None, Some((first, last))) => first..last.saturating_add(1),
        (None, None) => 0..plan.n_shards(),
    };
    if indices.len() < 2 {
        return work(&mut worker, indices.map(|i| plan.shard(i)), &is_ended);
    }
    let shards = plan.shards()?;
    if indices.end > shards.len() {
        // It tells which numbers there are.
        plan.shard(indices.end - 1)?;
    }
    let some = shards.into_iter().skip(indices.start).take(indices.len());
    work(&mut worker, some.map(Ok), &is_ended)
}

/// Works on shards until all are tried, or until the signal.
fn work(
    worker: &mut Worker,
    shards: impl IntoIterator<Item = quakebook::Result<Shard>>,
    is_ended: &AtomicBool,
) -> Result {
    let is_ended = || is_ended.load(Ordering::Relaxed);
    let (mut n_failed, mut n_done, mut n_before, mut n_damaged) = (0, 0, 0, 0);
    let mut first = None;
    for shard in shards {
        let shard = shard?;
        if is_ended() {
            return Ok(Outcome::Incomplete);
        }
        match worker.work(&shard, &is_ended) {
            Ok(Worked::Done(manifest)) => {
                n_done += 1;
                n_damaged += manifest.n_damaged;
                tell(&manifest);
            }
            Ok(Worked::Before(manifest)) => {
                n_before += 1;
                n_damaged += manifest.n_damaged;
            }
            Ok(Worked::Stopped) => {
                output::progress(format!("{}: stopped by a signal", shard.id));
                return Ok(Outcome::Incomplete);
            }
            Err(error) => {
                n_failed += 1;
                output::progress(format!("{}: failed: {error}", shard.id));
                first.get_or_insert_with(|| format!("{}: {error}", shard.id));
            }
        }
    }
    archive::tell(worker.traffic());
    let done = output::counted(n_done, "shard");
    let how = match worker.makes() {
        Makes::Detections => "scanned",
        Makes::Picks => "picked",
    };
    output::print(format!(
        "{done} {how}, {n_before} done before, {n_failed} failed\n"
    ))?;
    match first {
        None if n_damaged > 0 => Ok(Outcome::Damaged),
        None => Ok(Outcome::Done),
        Some(first) => Err(output::Failure::Shards { n_failed, first }),
    }
}

fn tell(manifest: &Manifest) {
    output::progress(format!(
        "{}: {} in {:.2} hours, {:.1} s",
        manifest.id,
        output::counted(manifest.tally.n(), manifest.tally.makes().what()),
        manifest.hours,
        manifest.seconds
    ));
    for line in manifest.damaged.iter().chain(&manifest.conditions) {
        output::progress(format!("  {line}"));
    }
    // Hours without a record are counted in the manifest: a month of which one day is there is no reason for alarm.
    match &manifest.tally {
        Tally::Detections { unscanned, .. } => {
            let is_empty = |reason: &str| reason == Reason::NoData.kind();
            for (reason, n) in unscanned.iter().filter(|(reason, _)| !is_empty(reason)) {
                let windows = output::counted(*n, "window");
                output::progress(format!("  {windows} not scanned: {reason}"));
            }
        }
        Tally::Picks { unpicked_s, .. } => {
            for (reason, s) in unpicked_s.iter().filter(|(reason, _)| *reason != NO_SAMPLE) {
                output::progress(format!("  {s:.1} s not picked: {reason}"));
            }
        }
    }
}

fn indices(text: &str) -> std::result::Result<(usize, usize), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let numbers = first.trim().parse().ok().zip(last.trim().parse().ok());
    let numbers = numbers.filter(|(first, last)| first <= last);
    numbers.ok_or_else(|| "expected a number from 0, or two as in 0-99".into())
}

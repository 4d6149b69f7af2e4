//! `quakebook locate`

use std::collections::BTreeMap;
use std::path::PathBuf;

use quakebook::bulletin::{Account, Bulletin};
use quakebook::locate::Sorted;

use crate::network::{NetworkArgs, read_picks};
use crate::output::{self, Result};

/// Locate events whose picks are known
#[derive(clap::Args)]
#[command(after_help = "\
Picks are CSV or Parquet as for `quakebook associate`, with a column `event` (or event_id, event_index, event_idx): picks of one event have one
value there, and those of none have -1 or nothing. Of several picks of a wave at a station one event uses the most probable. Such are the tables that
`quakebook associate --arrivals`, GaMMA and PyOcto write. In QuakeML the picks of an event stand in it: so `quakebook associate` writes it, and ObsPy.

An event is not located, and told, where S comes before P at a station, or where its picks lie farther apart than waves of one event can.

Examples:
  quakebook locate --picks arrivals.csv --stations stations.xml --velocity ak135 --out events.xml
  quakebook locate --picks arrivals.csv --stations stations.csv --velocity velocity.csv --terms 4 --out events.csv")]
pub struct Args {
    /// Picks: CSV, Parquet or QuakeML, each with event, station, time and phase
    #[arg(long, value_name = "FILE")]
    picks: PathBuf,
    #[command(flatten)]
    network: NetworkArgs,
}

pub fn run(args: &Args) -> Result {
    let mut network = args.network.read(&args.picks)?;
    args.network.check_responses(&network);
    let mut account = Account::default();
    let mut unknown = BTreeMap::new();
    let (mut names, mut events) = (Vec::new(), Vec::new());
    let file = read_picks(&args.picks)?;
    let longest_s = network.locator.longest_s();
    for (event, picks) in file.by_event(&args.picks.display().to_string())? {
        account.n_picks += picks.len();
        let one_event = |sorted: Sorted| {
            sorted.check_one_event(network.locator.sites(), longest_s)?;
            Ok(sorted)
        };
        match Sorted::new(picks, network.locator.sites()).and_then(one_event) {
            Ok(mut sorted) => {
                account.n_doubles += sorted.drop_doubles();
                sorted
                    .unknown
                    .into_iter()
                    .for_each(|(station, n)| *unknown.entry(station).or_default() += n);
                account.n_associated += sorted.picks.len();
                names.push(event);
                events.push(sorted.picks);
            }
            Err(error) => {
                output::progress(format!("event {event}: {error}"));
                account.n_not_located += 1;
            }
        }
    }
    let n_rounds = args.network.n_rounds();
    let velocity_model = network.velocity_name().to_string();
    let (bulletin, not_located) =
        Bulletin::of_events(&mut network.locator, &velocity_model, events, n_rounds);
    for (event, why) in &not_located {
        output::progress(format!("event {}: {why}", names[*event]));
    }
    account.n_not_located += not_located.len();
    account.n_outside = bulletin
        .events
        .iter()
        .filter(|event| event.hypocentre.is_outside())
        .count();
    args.network.finish(&network, bulletin, &account, &unknown)
}

//! `quakebook locate`

use std::collections::BTreeMap;
use std::path::PathBuf;

use quakebook::bulletin::{Account, Bulletin};
use quakebook::locate::{Limit, Sorted};

use crate::network::{NetworkArgs, read_picks};
use crate::output::{self, Outcome, Result, counted};

/// Locate events whose picks are known
#[derive(clap::Args)]
#[command(after_help = "\
Picks are CSV or Parquet as for `quakebook associate`, with a column `event` (or event_id, event_index, event_idx): picks of one event have one
value there, and those of none have -1 or nothing. Of several picks of a wave at a station one event uses the most probable. Such are the tables that
`quakebook associate --arrivals`, GaMMA and PyOcto write. In QuakeML the picks of an event stand in it: so `quakebook associate` writes it, and ObsPy. Where its
preferred origin has arrivals, the picks count that these name with a weight other than 0.

Where S comes before P at a station, or picks lie farther apart than waves of one event can, the station's picks are left out and told, if
those of all other stations agree; else the event is not located, and told. So are picks left out that fit only with a constant shift (not
with --terms, which take it off), or with P and S exchanged.

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
    let (mut unknown, mut left_out, mut all) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let (mut names, mut events) = (Vec::new(), Vec::new());
    let file = read_picks(&args.picks)?;
    let longest_s = network.locator.longest_s();
    let free = file.picks.iter().filter(|(event, _)| event.is_none());
    let n_free = free.count();
    if n_free > 0 && n_free < file.picks.len() {
        output::progress(format!("left out: {} of no event", counted(n_free, "pick")));
    }
    for (event, picks) in file.by_event(&args.picks.display().to_string())? {
        account.n_picks += picks.len();
        let one_event = |sorted: Sorted| {
            let odd = sorted.odd_stations(network.locator.sites(), longest_s)?;
            Ok((sorted, odd))
        };
        match Sorted::new(picks, network.locator.sites()).and_then(one_event) {
            Ok((mut sorted, odd)) => {
                all.extend(sorted.picks.iter().cloned());
                let n_before = sorted.picks.len();
                sorted.picks.retain(|(site, _)| !odd.contains(site));
                account.n_unused += n_before - sorted.picks.len();
                for site in odd {
                    *left_out.entry(site).or_insert(0) += 1;
                }
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
    let is_left_out = !left_out.is_empty();
    for (site, n) in left_out {
        output::progress(format!(
            "{}: its picks left out of {}: S comes before P there, or all come too long before or after the others'",
            network.locator.sites().all()[site].id,
            counted(n, "event")
        ));
    }
    let n_rounds = args.network.n_rounds();
    all.sort_by_key(|(_, pick)| pick.time);
    network.tell_epochs(&all);
    let velocity_model = network.velocity_name().to_string();
    let locator = &mut network.locator;
    let (bulletin, not_located, n_left_out) =
        Bulletin::of_checked_events(locator, &velocity_model, events, &all, n_rounds);
    account.n_associated -= n_left_out;
    account.n_unused += n_left_out;
    for (event, why) in &not_located {
        output::progress(format!("event {}: {why}", names[*event]));
    }
    account.n_not_located += not_located.len();
    account.seldom = bulletin.seldom(locator.sites());
    account.n_outside = bulletin.n_at(Limit::Side);
    account.n_at_top = bulletin.n_at(Limit::Top);
    account.n_at_bottom = bulletin.n_at(Limit::Bottom);
    let outcome = args
        .network
        .finish(&network, bulletin, &account, &unknown)?;
    Ok(match outcome {
        Outcome::Done if is_left_out => Outcome::Incomplete,
        outcome => outcome,
    })
}

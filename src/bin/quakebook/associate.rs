//! `quakebook associate`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quakebook::associate::{AssociateParams, Lacking};
use quakebook::bulletin::{Account, Bulletin};
use quakebook::locate::Sorted;
use quakebook::travel::Wave;

use crate::network::{Network, NetworkArgs, read_picks};
use crate::output::{self, Result, counted};

/// Find the earthquakes that picks of several stations are of, and locate them
#[derive(clap::Args)]
#[command(after_help = "\
Picks are what `quakebook pick` writes: CSV or Parquet with the columns of GaMMA, PhaseNet or SeisBench, or QuakeML, of which phases other
than P and S (Pg, Pn and Pb count as P) are left out and told. They are associated as PyOcto does
(Münchmeyer 2024), the event with the most picks first, and located in the layered model. A pick is used once. Errors are standard
errors, the ellipse holds 68 %, if the velocities are right.

Where a station has no coordinates, or stands more than 500 km from all others, its picks are left out and told, and the exit code is 4.
So are picks of a station that fit the others' events only with a constant shift, or with P and S exchanged (with --terms a shift within
--tolerance is taken off instead). Told, too, are clocks that seem to be wrong, doubled picks, events at the limits of the grid, velocities
that seem upside down, P and S that seem to be exchanged (4), stations whose picks seldom fit an event, events that explain no more than half of
the picks that come with them or have residuals far larger than the errors, and stations whose magnitudes differ from all others. Where there is
no event, what picks lack is told.

Examples:
  quakebook associate --picks picks.csv --stations stations.xml --velocity ak135 --out events.xml
  quakebook associate --picks picks.csv --stations stations.csv --velocity velocity.csv --gradient --terms 3 \\
      --min-picks 8 --arrivals arrivals.csv --out events.csv")]
pub struct Args {
    /// Picks: CSV, Parquet or QuakeML, each with station, time and phase
    #[arg(long, value_name = "FILE")]
    picks: PathBuf,
    #[command(flatten)]
    choices: Choices,
}

/// What makes picks an event, and where the network stands.
#[derive(clap::Args)]
pub struct Choices {
    /// Picks of a smaller probability are not used
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = from_zero_to_one)]
    min_probability: f64,
    /// Picks of an event, at least
    #[arg(long, value_name = "N", default_value_t = AssociateParams::default().n_picks, value_parser = at_least::<4>)]
    min_picks: usize,
    /// P picks of an event, at least
    #[arg(long, value_name = "N", default_value_t = AssociateParams::default().n_p)]
    min_p: usize,
    /// S picks of an event, at least
    #[arg(long, value_name = "N", default_value_t = AssociateParams::default().n_s)]
    min_s: usize,
    /// Stations of an event, at least
    #[arg(long, value_name = "N", default_value_t = AssociateParams::default().n_stations, value_parser = at_least::<3>)]
    min_stations: usize,
    /// A pick fits an event within this of its computed time
    #[arg(long, value_name = "S", default_value_t = AssociateParams::default().tolerance_s, value_parser = tolerance)]
    tolerance: f64,
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// Four unknowns need four picks or more, at three stations or more.
fn at_least<const LEAST: usize>(text: &str) -> std::result::Result<usize, String> {
    let n = text.parse().ok().filter(|n: &usize| *n >= LEAST);
    n.ok_or_else(|| format!("expected a whole number of at least {LEAST}"))
}

fn tolerance(text: &str) -> std::result::Result<f64, String> {
    let range = AssociateParams::TOLERANCES_S;
    let s = text.parse().ok().filter(|s| range.contains(s));
    s.ok_or_else(|| format!("expected seconds from {} to {}", range.start(), range.end()))
}

fn from_zero_to_one(text: &str) -> std::result::Result<f64, String> {
    let p = text.parse().ok().filter(|p: &f64| (0.0..=1.0).contains(p));
    p.ok_or_else(|| "expected a number from 0 to 1".into())
}

pub fn run(args: &Args) -> Result {
    let ready = Ready::of(&args.picks, &args.choices)?;
    args.choices.network.check_responses(&ready.network);
    ready.associate(&args.picks, &args.choices)
}

/// All that the options say, read and understood, before hours go into picks.
pub struct Ready {
    network: Network,
    params: AssociateParams,
}

impl Ready {
    /// `picks` is where the picks are, or will be.
    pub fn of(picks: &Path, args: &Choices) -> Result<Self> {
        let network = args.network.read(picks)?;
        let params = AssociateParams {
            n_picks: args.min_picks,
            n_p: args.min_p,
            n_s: args.min_s,
            n_stations: args.min_stations,
            tolerance_s: args.tolerance,
            ..AssociateParams::default()
        };
        params.check(&network.locator)?;
        Ok(Self { network, params })
    }

    /// Refuses stations with records of which too few have a place to give an event; those without one are told.
    pub fn check_stations(&self, recorded: &BTreeSet<String>) -> quakebook::Result<()> {
        let without = self
            .network
            .locator
            .sites()
            .without_place(recorded, self.params.n_stations)?;
        if !without.is_empty() {
            output::progress(format!(
                "{} of {} with records have no coordinates, or stand too far from the others: their picks will be left out: {}",
                without.len(),
                counted(recorded.len(), "station"),
                without.join(", ")
            ));
        }
        Ok(())
    }

    /// Associates the picks of a file, and locates the events.
    pub fn associate(mut self, picks: &Path, args: &Choices) -> Result {
        let mut picks = read_picks(picks)?.all();
        let n_all = picks.len();
        picks.retain(|pick| pick.probability >= args.min_probability);
        if picks.len() < n_all {
            let n = n_all - picks.len();
            output::progress(format!(
                "{n} of {n_all} picks have a smaller probability than {}",
                args.min_probability
            ));
        }
        let (choices, n_rounds) = (&args.network, args.network.n_rounds());
        let velocity_model = self.network.velocity_name().to_string();
        let locator = &mut self.network.locator;
        if picks.is_empty() {
            output::progress("no pick, so no event");
            let (nothing, _) = Bulletin::of_events(locator, &velocity_model, Vec::new(), 0);
            let account = Account::default();
            return choices.finish(&self.network, nothing, &account, &BTreeMap::new());
        }
        let sorted = Sorted::new(picks, locator.sites())?;
        self.network.tell_epochs(&sorted.picks);
        let locator = &mut self.network.locator;
        if sorted.are_exchanged() {
            output::progress(
                "at the stations P follows S much more often than S follows P: look whether the names of the phases are exchanged",
            );
        }
        let (bulletin, account) =
            Bulletin::from_picks(locator, &velocity_model, &sorted, &self.params, n_rounds)?;
        if bulletin.events.is_empty() {
            let lacking = Lacking::of(locator, &sorted, &self.params);
            output::progress(reason(lacking, &self.params, locator.longest_s()));
        }
        choices.finish(&self.network, bulletin, &account, &sorted.unknown)
    }
}

/// Why there is no event, and which option allows one.
fn reason(lacking: Lacking, params: &AssociateParams, longest_s: f64) -> String {
    let AssociateParams {
        n_picks,
        n_p,
        n_s,
        n_stations: n_sites,
        tolerance_s,
        ..
    } = params;
    match lacking {
        Lacking::Wave { wave, n_stations } => {
            let (needed, option) = match wave {
                Wave::P => (n_p, "--min-p"),
                Wave::S => (n_s, "--min-s"),
            };
            format!(
                "no event: one needs {wave:?} picks at {needed} stations, and there are some at {n_stations}; {option} {n_stations} asks for no more"
            )
        }
        Lacking::Stations { n_stations } => format!(
            "no event: one needs picks at {n_sites} stations (--min-stations, 3 or more), and there are some at {n_stations}"
        ),
        Lacking::Together {
            n_p: p,
            n_s: s,
            n_stations,
        } => format!(
            "no event: one needs {n_picks} picks ({n_p} P, {n_s} S) at {n_sites} stations; within {longest_s:.1} s, which S takes through the grid, come at most {} ({p} P, {s} S) at {n_stations}; --min-picks, --min-p, --min-s and --min-stations ask for fewer",
            p + s
        ),
        Lacking::Agreement => format!(
            "no event: enough picks come together, and no place in the grid explains enough of them within {tolerance_s} s; look at coordinates, velocities and the names of the phases, or give --tolerance, --margin-km or --max-depth-km"
        ),
    }
}

//! What `associate` and `locate` have in common: the network, and what is told at the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quakebook::bulletin::{Account, Bulletin};
use quakebook::locate::{LocateParams, Locator, Sites, VelocityModel};
use quakebook::magnitude::{AmplitudeParams, LocalScale, NoAmplitude};
use quakebook::station::Inventory;
use quakebook::waveform::{Archive, WaveformSource};
use serde::Serialize;

use crate::args;
use crate::output::{self, Outcome, Result, counted};

/// Where stations stand, how fast waves are, and where to write.
#[derive(clap::Args)]
pub struct NetworkArgs {
    /// Stations with coordinates: StationXML, FDSN text, or CSV with id, latitude, longitude, and elevation_m or elevation_km
    #[arg(long, value_name = "FILE")]
    stations: PathBuf,
    /// The velocity model: central_us, ak135, a TOML file as in a study, or CSV with depth (km below sea level), vp, vs
    #[arg(long, value_name = "FILE|NAME")]
    velocity: String,
    /// The speeds of the CSV change steadily between its depths
    #[arg(long)]
    gradient: bool,
    /// The grid reaches so far beyond the outermost stations
    #[arg(long, value_name = "KM", default_value_t = 30.0, value_parser = args::positive)]
    margin_km: f64,
    /// The grid's depth below sea level; it begins at the highest station
    #[arg(long, value_name = "KM", default_value_t = 30.0, value_parser = args::positive)]
    max_depth_km: f64,
    /// Standard error of a P pick and its computed time, where the picks have none
    #[arg(long, value_name = "S", default_value_t = 0.1, value_parser = args::positive)]
    p_error: f64,
    /// Standard error of an S pick and its computed time, where the picks have none
    #[arg(long, value_name = "S", default_value_t = 0.2, value_parser = args::positive)]
    s_error: f64,
    /// Rounds with station terms: what each station's picks come late against the model
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=20))]
    terms: u32,
    /// An SDS archive with the records: events get local magnitudes (IASPEI's scale), where --stations is StationXML with responses
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// The records are simulated, and what is written says so
    #[arg(long)]
    simulated: bool,
    /// Write each event's picks with residuals and weights
    #[arg(long, value_name = "FILE.csv", value_parser = |text: &str| args::file_of(text, &["csv"]))]
    arrivals: Option<PathBuf>,
    /// One object: what was found, the stations' terms, and what was left
    #[arg(long)]
    json: bool,
    /// Write the events: QuakeML with their picks, or CSV with an event a row
    #[arg(long, value_name = "FILE.xml|.csv", value_parser = |text: &str| args::file_of(text, &["xml", "csv"]))]
    out: PathBuf,
}

#[derive(Serialize)]
struct Report<'a> {
    n_events: usize,
    #[serde(flatten)]
    account: &'a Account,
    /// Stations of picks that have no coordinates, and how many picks these are.
    without_place: &'a BTreeMap<String, usize>,
    /// What picks come late, in seconds: station, wave, term, number of picks.
    terms: Vec<(&'a str, String, f64, usize)>,
    /// Stations whose clock seems to be late, and by how many seconds.
    clocks: &'a [(String, f64)],
    n_with_magnitude: usize,
    /// Why stations gave no amplitude, and how often.
    without_amplitude: BTreeMap<NoAmplitude, usize>,
    simulated: bool,
}

impl NetworkArgs {
    /// The locator, and the name of its velocities.
    pub fn locator(&self) -> Result<(Locator, String)> {
        output::check_writable(&self.out)?;
        self.arrivals
            .iter()
            .try_for_each(|path| output::check_writable(path))?;
        let sites = Sites::read(&self.stations)?;
        let highest_km = sites
            .all()
            .iter()
            .map(|site| site.elevation_km.abs())
            .fold(0.0, f64::max);
        if highest_km > 0.0 && highest_km < 0.01 {
            output::progress(format!(
                "{}: all elevations are below 10 m; if they are kilometres, name the column elevation_km",
                self.stations.display()
            ));
        }
        let velocity = VelocityModel::find(&self.velocity, self.gradient)?;
        let params = LocateParams {
            margin_km: self.margin_km,
            max_depth_km: self.max_depth_km,
            p_error_s: self.p_error,
            s_error_s: self.s_error,
            ..LocateParams::default()
        };
        let locator = Locator::new(sites, &velocity, params)?;
        Ok((locator, velocity.layers.name().to_string()))
    }

    fn add_magnitudes(
        &self,
        locator: &Locator,
        bulletin: &mut Bulletin,
        archive: &Path,
    ) -> Result<BTreeMap<NoAmplitude, usize>> {
        let inventory = Inventory::read(&self.stations)?;
        let mut open = BTreeMap::<String, Archive>::new();
        let mut simulated = false;
        let record = |pick: &str, from, to| {
            let codes: Vec<&str> = pick.split('.').collect();
            let code = |i: usize| codes.get(i).copied().unwrap_or_default();
            if !open.contains_key(pick) {
                let channels = format!("{}?", code(3));
                open.insert(
                    pick.into(),
                    Archive::open(archive, code(0), code(1), code(2), &channels)?,
                );
            }
            let record = open[pick].between(from, to)?;
            simulated |= record.simulated;
            Ok(record)
        };
        let (scale, params) = (LocalScale::iaspei(), AmplitudeParams::default());
        let without = bulletin.add_local_magnitudes(locator, &inventory, &scale, &params, record);
        bulletin.simulated |= simulated;
        Ok(without)
    }

    pub fn n_rounds(&self) -> usize {
        self.terms as usize
    }

    /// Gives the events magnitudes, writes them, and tells of them.
    pub fn finish(
        &self,
        locator: &Locator,
        mut bulletin: Bulletin,
        account: &Account,
        without_place: &BTreeMap<String, usize>,
    ) -> Result {
        bulletin.simulated = self.simulated;
        let without_amplitude = match &self.archive {
            None => BTreeMap::new(),
            Some(archive) => self.add_magnitudes(locator, &mut bulletin, archive)?,
        };
        for (why, n) in &without_amplitude {
            output::progress(format!("{n} times no amplitude: {why}"));
        }
        bulletin.write(&self.out)?;
        if let Some(path) = &self.arrivals {
            output::write(path, bulletin.arrivals_csv())?;
        }
        tell(&bulletin, account, without_place);
        let report = Report {
            n_events: bulletin.events.len(),
            account,
            without_place,
            terms: bulletin
                .terms
                .iter()
                .map(|t| {
                    (
                        t.station.as_str(),
                        format!("{:?}", t.wave),
                        t.term_s,
                        t.n_picks,
                    )
                })
                .collect(),
            clocks: &bulletin.clocks,
            n_with_magnitude: bulletin
                .events
                .iter()
                .filter(|event| event.magnitude.is_some())
                .count(),
            without_amplitude,
            simulated: bulletin.simulated,
        };
        match self.json {
            true => output::print_json(&report)?,
            false => output::print(format!(
                "{} of {} of {}: {}\n",
                counted(report.n_events, "event"),
                account.n_associated,
                counted(account.n_picks, "pick"),
                self.out.display()
            ))?,
        };
        Ok(
            match without_place.is_empty() && account.n_not_located == 0 {
                true => Outcome::Done,
                false => Outcome::Incomplete,
            },
        )
    }
}

/// What the reader of the result should know.
fn tell(bulletin: &Bulletin, account: &Account, without_place: &BTreeMap<String, usize>) {
    for (station, n) in without_place {
        output::progress(format!(
            "{station}: {} left out: the station has no coordinates",
            counted(*n, "pick")
        ));
    }
    for (station, late_s) in &bulletin.clocks {
        output::progress(format!(
            "{station}: P and S come {late_s:+.2} s late: look at its clock; --terms takes it into account"
        ));
    }
    let lines = [
        (
            account.n_doubles,
            "doubles: second picks of a wave that an event has",
        ),
        (account.n_unused, "picks of no event"),
        (
            account.n_not_located,
            "events whose picks allow no one place: they are left out",
        ),
        (
            account.n_outside,
            "events outside the grid: their places are not known; --margin-km widens it",
        ),
    ];
    for (n, what) in lines.into_iter().filter(|(n, _)| *n > 0) {
        output::progress(format!("{n} {what}"));
    }
}

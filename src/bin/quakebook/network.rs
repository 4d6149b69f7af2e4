//! What `associate` and `locate` have in common: the network, and what is told at the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quakebook::bulletin::{Account, Bulletin, OddSize};
use quakebook::geo::Point;
use quakebook::locate::{
    Exchanged, LocateParams, Locator, PhasePick, PickFile, Sites, StationFault, VelocityModel,
};
use quakebook::magnitude::Ground;
use quakebook::station::Inventory;
use serde::Serialize;

use crate::output::{self, Outcome, Result, counted};
use crate::sizes::{self, NO_RESPONSES, Without, n_with_magnitudes};
use crate::{args, told};

/// In a network of 600 km, located with ak135, depths of picks by TauP come out 0.8 km too large, in one of 60 km 0.03 km.
const FLAT_KM: f64 = 400.0;

/// Where stations stand, how fast waves are, and where to write.
#[derive(clap::Args)]
pub struct NetworkArgs {
    /// Stations with coordinates: StationXML, FDSN text, or CSV with id, latitude, longitude, and elevation_m or elevation_km
    #[arg(long, value_name = "FILE")]
    stations: PathBuf,
    /// The velocity model: central_us, ak135, a TOML file as in a study, or CSV with depth (km below sea level), vp, vs
    #[arg(long, value_name = "FILE|NAME")]
    velocity: String,
    /// The speeds of the CSV change steadily between its depths, which are at most 700 km
    #[arg(long)]
    gradient: bool,
    /// The grid reaches so far beyond the outermost stations, at most 500
    #[arg(long, value_name = "KM", default_value_t = 30.0, value_parser = args::positive)]
    margin_km: f64,
    /// The grid's depth below sea level, at most 700; it begins at the highest station
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
    /// An SDS archive with the records: events get local magnitudes (IASPEI's scale) and moment magnitudes, where --stations is
    /// StationXML with responses. Their errors are standard errors of the mean by the scatter of the stations that count (magNst, mwNst)
    /// alone; of one station there is none
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// The ground under the stations, speed of S in km/s and density in g/cm3, for moment magnitudes [default: the model's first layer]
    #[arg(long, value_name = "VS,DENSITY", value_parser = sizes::ground, requires = "archive")]
    ground: Option<Ground>,
    /// The records are simulated, and what is written says so
    #[arg(long)]
    simulated: bool,
    /// Write each event's picks with residuals and weights
    #[arg(long, value_name = "FILE.csv", value_parser = |text: &str| args::file_of(text, &["csv"]))]
    arrivals: Option<PathBuf>,
    /// Write an event a row, beside --out
    #[arg(long, value_name = "FILE.csv", value_parser = |text: &str| args::file_of(text, &["csv"]))]
    table: Option<PathBuf>,
    /// One object: what was found, the stations' terms, and what was left
    #[arg(long)]
    pub json: bool,
    /// Write the events: QuakeML with their picks, or CSV with an event a row
    #[arg(long, value_name = "FILE.xml|.csv", value_parser = |text: &str| args::file_of(text, &["xml", "csv"]))]
    out: PathBuf,
}

/// A network that was read, with its velocities.
pub struct Network {
    pub locator: Locator,
    pub velocity: VelocityModel,
    /// Of stations that are not CSV.
    inventory: Option<Inventory>,
}

impl Network {
    pub fn velocity_name(&self) -> &str {
        self.velocity.layers.name()
    }

    /// Of stations some of which have responses.
    fn responses(&self) -> Option<&Inventory> {
        self.inventory
            .as_ref()
            .filter(|all| sizes::has_responses(all))
    }

    /// Stations of picks that stood there, by StationXML, at other times.
    pub fn tell_epochs(&self, picks: &[(usize, PhasePick)]) {
        let sites = self.locator.sites();
        if let Some(inventory) = &self.inventory {
            told::tell_epochs(inventory, sites, picks);
        }
    }
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
    /// Stations whose picks fit the events of the others with a constant shift, or with P and S exchanged.
    station_faults: &'a [StationFault],
    /// How many times as large as the errors of picks and model the residuals are.
    misfit: Option<f64>,
    /// Stations whose magnitudes differ from those of the others.
    odd_sizes: Vec<OddSize>,
    n_with_magnitude: usize,
    n_with_moment_magnitude: usize,
    #[serde(flatten)]
    without: Without,
    simulated: bool,
}

/// The picks of a file; phases that are neither P nor S are told.
pub fn read_picks(path: &Path) -> quakebook::Result<PickFile> {
    let file = PickFile::read(path)?;
    for (phase, n) in &file.passed_over {
        let picks = counted(*n, "pick");
        output::progress(match phase.as_str() {
            "rejected" => format!("left out: {picks} that are rejected"),
            _ => format!("left out: {picks} of phase {phase}"),
        });
    }
    Ok(file)
}

impl NetworkArgs {
    /// The network and its velocities, each file read once.
    ///
    /// What [`NetworkArgs::check`] refuses is refused first.
    pub fn read(&self, picks: &Path) -> Result<Network> {
        self.check(picks)?;
        let (sites, inventory) = Sites::read_with_inventory(&self.stations)?;
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
        let n_without = sites.n_without_elevation();
        if n_without > 0 {
            output::progress(format!(
                "{}: {n_without} of {} have no elevation (elevation_m or elevation_km) and count as at 0 m",
                self.stations.display(),
                counted(sites.all().len(), "station")
            ));
        }
        told::tell_unread(&self.stations.display().to_string(), sites.unread(), "");
        for site in sites.all() {
            if site.position == Point::new(0.0, 0.0) {
                output::progress(format!(
                    "{}: {} stands at latitude 0, longitude 0: leave its coordinates empty if they are not known",
                    self.stations.display(),
                    site.id
                ));
            }
        }
        if let Some(inventory) = &inventory {
            told::tell_channels(&self.stations.display().to_string(), inventory);
        }
        let (sites, far) = sites.without_far();
        let width_km = sites.width_km();
        if width_km > FLAT_KM {
            output::progress(format!(
                "{}: the network is {width_km:.0} km wide: its layers are flat, and the Earth is round, so that depths err by kilometres",
                self.stations.display()
            ));
        }
        for (site, km) in far {
            output::progress(format!(
                "{}: {} left out: it stands {km:.0} km from the nearest of the other stations",
                self.stations.display(),
                site.id
            ));
        }
        let velocity = VelocityModel::find(&self.velocity, self.gradient)?;
        if self.gradient && !Path::new(&self.velocity).exists() {
            output::progress(format!(
                "--gradient is for a table: {} has layers",
                self.velocity
            ));
        }
        let ground = "; for moment magnitudes --ground gives the density";
        let names_density = |name: &String| name.starts_with("rho") || name.starts_with("dens");
        let remedy = match velocity.unread.iter().any(names_density) {
            true => ground,
            false => "",
        };
        told::tell_unread(&self.velocity, &velocity.unread, remedy);
        if velocity.falls_with_depth() {
            output::progress(format!(
                "{}: P gets slower with every layer: look whether the model is upside down",
                self.velocity
            ));
        }
        let params = LocateParams {
            margin_km: self.margin_km,
            max_depth_km: self.max_depth_km,
            p_error_s: self.p_error,
            s_error_s: self.s_error,
            ..LocateParams::default()
        };
        Ok(Network {
            locator: Locator::new(sites, &velocity, params)?,
            velocity,
            inventory,
        })
    }

    /// Refuses what could not be written, or read.
    pub fn check(&self, picks: &Path) -> Result<()> {
        self.check_files_differ(picks);
        output::check_writable(&self.out)?;
        if let Some(archive) = self.archive.as_ref().filter(|archive| !archive.is_dir()) {
            let archive = archive.display().to_string();
            args::refuse(&match archive.contains("://") {
                true => format!(
                    "--archive {archive}: a folder is expected here; `quakebook pick` reads buckets, and `associate` takes its picks"
                ),
                false => format!("--archive {archive}: no such folder"),
            });
        }
        [&self.arrivals, &self.table]
            .into_iter()
            .flatten()
            .try_for_each(|path| output::check_writable(path))
    }

    /// What is written would take the place of what is read, or of the other result.
    fn check_files_differ(&self, picks: &Path) {
        let further = [("--arrivals", &self.arrivals), ("--table", &self.table)];
        let further = further
            .into_iter()
            .filter_map(|(name, path)| Some((name, path.as_deref()?)));
        let outputs = [("--out", self.out.as_path())].into_iter().chain(further);
        let mut taken = vec![("--picks", picks)];
        taken.extend(self.inputs());
        for (name, path) in outputs {
            if let Some((other, _)) = taken
                .iter()
                .find(|(_, other)| args::is_one_file(path, other))
            {
                args::refuse(&format!(
                    "{other} and {name} name one file: give each its own"
                ));
            }
            taken.push((name, path));
        }
    }

    /// Files that are read.
    pub fn inputs(&self) -> [(&'static str, &Path); 2] {
        [
            ("--stations", &self.stations),
            ("--velocity", Path::new(&self.velocity)),
        ]
    }

    /// Refuses an archive that could give no magnitudes, for whoever asks for nothing else of it.
    pub fn check_responses(&self, network: &Network) {
        if self.archive.is_some() && network.responses().is_none() {
            args::refuse(NO_RESPONSES);
        }
    }

    fn add_magnitudes(&self, network: &Network, bulletin: &mut Bulletin) -> Result<Without> {
        let Some(archive) = &self.archive else {
            return Ok(Without::default());
        };
        let Some(inventory) = network.responses() else {
            output::progress(format!("no magnitudes: {NO_RESPONSES}"));
            return Ok(Without::default());
        };
        let (locator, velocity) = (&network.locator, &network.velocity);
        sizes::add(bulletin, locator, inventory, velocity, self.ground, archive)
    }

    pub fn n_rounds(&self) -> usize {
        self.terms as usize
    }

    /// Gives the events magnitudes, writes them, and tells of them.
    pub fn finish(
        &self,
        network: &Network,
        mut bulletin: Bulletin,
        account: &Account,
        without_place: &BTreeMap<String, usize>,
    ) -> Result {
        bulletin.simulated = self.simulated;
        let without = self.add_magnitudes(network, &mut bulletin)?;
        let [n_with_magnitude, n_with_moment_magnitude] = n_with_magnitudes(&bulletin);
        bulletin.write(&self.out)?;
        if let Some(path) = &self.arrivals {
            output::write(path, bulletin.arrivals_csv())?;
        }
        if let Some(path) = &self.table {
            output::write(path, bulletin.to_csv())?;
        }
        told::tell(&bulletin, account, without_place);
        let events = bulletin.events.iter();
        let exchanged = Exchanged::of(
            &network.locator,
            events.map(|of| (&of.hypocentre, &of.picks[..])),
        );
        if exchanged.is_likely() {
            output::progress(format!(
                "of {} of {} that were tried the residuals get less than half as large when P and S change places: look at the names of the phases",
                exchanged.n_better,
                counted(exchanged.n_tried, "event")
            ));
        }
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
            station_faults: &bulletin.faults,
            misfit: bulletin.misfit(),
            odd_sizes: bulletin.odd_sizes(),
            n_with_magnitude,
            n_with_moment_magnitude,
            without,
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
            // Picks that could not be used were asked for, too.
            match without_place.is_empty()
                && account.n_not_located == 0
                && !bulletin.faults.iter().any(|fault| fault.is_left_out)
                && !account.exchange.is_likely()
            {
                true => Outcome::Done,
                false => Outcome::Incomplete,
            },
        )
    }
}

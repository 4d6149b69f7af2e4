//! `quakebook serve`

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use quakebook::server::ServedArchive;
use quakebook::waveform::archive_near;
use quakebook::{classroom, data_centre};
use serde::Serialize;

use crate::args;
use crate::output::{self, Outcome, Result};
use crate::signals;

/// Serve FDSN web services over the classroom or over an SDS archive, on loopback only
#[derive(clap::Args)]
#[command(after_help = "\
The address is printed to standard output as soon as requests are answered; Ctrl-C or SIGTERM ends the program.
The folder of an archive may hold catalog.xml (or .csv, .txt) for the event service, and stations.xml
(or .txt) for the station service, which have nothing to tell without. What is left out of answers, such
as damaged records, is named on standard error. Only programs on this machine are answered, no web pages.

Examples:
  quakebook serve classroom --port 8080
  quakebook serve sds --catalog events.csv
  python -c 'from obspy.clients.fdsn import Client; print(Client(\"http://127.0.0.1:8080\"))'")]
pub struct Args {
    /// `classroom`, or the folder that holds an archive's years (`./classroom` where it is called so)
    #[arg(value_name = "classroom|DIR")]
    what: PathBuf,
    /// A port of loopback; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Serve the events of this file, not those in the archive's folder
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Serve the stations of this file, not those in the archive's folder
    #[arg(long, value_name = "FILE")]
    stations: Option<PathBuf>,
    /// The address as a JSON object
    #[arg(long)]
    json: bool,
}

/// How often faults are told.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct Address<'a> {
    url: &'a str,
}

pub fn run(args: &Args) -> Result {
    let is_ended = signals::ended()?;
    let server = if args.what.as_os_str() == "classroom" {
        if args.catalog.is_some() || args.stations.is_some() {
            args::refuse(
                "the classroom has its own catalog and station: --catalog and --stations are for an archive",
            );
        }
        data_centre::serve_classroom(classroom::SEED, args.port)?
    } else {
        let mut archive = ServedArchive::open(&args.what)?;
        if let Some(path) = &args.catalog {
            archive = archive.with_catalog(path)?;
        }
        if let Some(path) = &args.stations {
            archive = archive.with_stations(path)?;
        }
        tell(&archive, &args.what)?;
        archive.start(args.port)?
    };
    let url = server.base_url();
    match args.json {
        true => output::print_json(&Address { url })?,
        false => output::print(format!("{url}\n"))?,
    }
    output::progress("serving event, station and dataselect below /fdsnws/; Ctrl-C ends");
    let mut told = HashSet::new();
    while !is_ended.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK_EVERY);
        for fault in server.faults() {
            if told.insert(fault.clone()) {
                output::progress(fault);
            }
        }
        server.check()?;
    }
    Ok(Outcome::Done)
}

/// What there is to serve, and what not.
fn tell(archive: &ServedArchive, folder: &Path) -> Result<()> {
    let contents = archive.contents()?;
    match contents.n_day_files {
        0 => {
            output::progress(format!(
                "no day file YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY lies below {}: dataselect has nothing",
                folder.display()
            ));
            if let Some(archive) = archive_near(folder) {
                let archive = archive.display();
                output::progress(format!("{archive} holds day files: give {archive}"));
            }
        }
        n => output::progress(format!("{n} day files of {} streams", contents.n_streams)),
    }
    let folder = folder.display();
    match contents.n_events {
        Some(n) => output::progress(format!("{n} events")),
        None => output::progress(format!(
            "no catalog.xml, .csv or .txt in {folder}, and no --catalog: the event service has nothing"
        )),
    }
    match contents.n_channels {
        Some(n) => output::progress(format!("{n} epochs of channels")),
        None => output::progress(format!(
            "no stations.xml or .txt in {folder}, and no --stations: the station service has nothing, \
             for day files hold no coordinates"
        )),
    }
    Ok(())
}

//! `quakebook serve`

use std::path::PathBuf;

use quakebook::server::ServedArchive;
use quakebook::{classroom, data_centre};
use serde::Serialize;

use crate::args;
use crate::output::{self, Result};

/// Serve FDSN web services over the classroom or over an SDS archive, on loopback only
#[derive(clap::Args)]
#[command(after_help = "\
The address is printed to standard output as soon as requests are answered; Ctrl-C ends the program.
The folder of an archive may hold catalog.xml (or .csv, .txt) for the event service, and stations.xml
(or .txt) for the station service; without the latter the day files tell what they can.

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

#[derive(Serialize)]
struct Address<'a> {
    url: &'a str,
}

pub fn run(args: &Args) -> Result {
    let url = if args.what.as_os_str() == "classroom" {
        if args.catalog.is_some() || args.stations.is_some() {
            args::refuse(
                "the classroom has its own catalog and station: --catalog and --stations are for an archive",
            );
        }
        let server = data_centre::serve_classroom(classroom::SEED, args.port)?;
        server.base_url().to_string()
    } else {
        let mut archive = ServedArchive::open(&args.what)?;
        if let Some(path) = &args.catalog {
            archive = archive.with_catalog(path)?;
        }
        if let Some(path) = &args.stations {
            archive = archive.with_stations(path)?;
        }
        archive.start(args.port)?.base_url().to_string()
    };
    match args.json {
        true => output::print_json(&Address { url: &url })?,
        false => output::print(format!("{url}\n"))?,
    }
    output::progress("serving event, station and dataselect below /fdsnws/; Ctrl-C ends");
    loop {
        std::thread::park();
    }
}

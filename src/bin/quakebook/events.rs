//! `quakebook events`

use std::path::PathBuf;

use quakebook::catalog::{Catalog, Event};
use quakebook::time::{self, Time};
use serde::Serialize;

use crate::args::{self, FetchArgs};
use crate::output::{self, Outcome, Result};

/// Fetch the events of the study's region and time
#[derive(clap::Args)]
#[command(after_help = "\
Without --out the events go to standard output: FDSN text, or with --json one object a line. That there was no
event is an answer too: it is said, the file holds none, and the exit code is 0.

Examples:
  quakebook events
  quakebook events --study oklahoma --provider usgs --out oklahoma.csv
  quakebook events --study zigong --provider isc --out zigong.xml
  quakebook events --json | head -3")]
pub struct Args {
    #[command(flatten)]
    fetch: FetchArgs,
    /// Write a file: .csv (as ComCat), .xml (QuakeML 1.2) or .txt (FDSN text)
    #[arg(long, value_name = "FILE.csv|.xml|.txt", value_parser = |text: &str| args::file_of(text, &["csv", "xml", "txt"]))]
    out: Option<PathBuf>,
    /// One JSON object an event
    #[arg(long, conflicts_with = "out")]
    json: bool,
}

/// An event as JSON; what is not known is null.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    origin_time: Time,
    longitude_deg: f64,
    latitude_deg: f64,
    depth_km: Option<f64>,
    magnitude: Option<f64>,
    magnitude_type: &'a str,
    event_type: &'a str,
    simulated: bool,
}

pub fn run(args: &Args) -> Result {
    if let Some(path) = &args.out {
        output::check_writable(path)?;
    }
    let study = args.fetch.study.study()?;
    let catalog = args
        .fetch
        .client(&study)?
        .fetch_events(&study.region, &study.catalog)?;
    let simulated = if catalog.simulated {
        " (simulated)"
    } else {
        ""
    };
    output::tell_left_out(&catalog);
    if catalog.is_empty() {
        output::progress("the data centre has no event in this region and time");
    }
    output::progress(format!(
        "{} events from {}{simulated}, {} to {}",
        catalog.len(),
        catalog.source,
        time::iso(study.catalog.start),
        time::iso(study.catalog.end)
    ));
    match &args.out {
        Some(path) => {
            let text = match args::ending(path).as_str() {
                "csv" => catalog.to_comcat_csv(),
                "xml" => catalog.to_quakeml(),
                _ => catalog.to_fdsn_text(),
            };
            output::write(path, text)?;
        }
        None if args.json => print_rows(&catalog)?,
        None => output::print(catalog.to_fdsn_text())?,
    }
    Ok(Outcome::Done)
}

fn print_rows(catalog: &Catalog) -> Result<()> {
    for event in catalog.events() {
        let Event {
            id,
            magnitude_type,
            event_type,
            ..
        } = event;
        output::print_json(&Row {
            id,
            origin_time: event.origin_time,
            longitude_deg: event.longitude_deg,
            latitude_deg: event.latitude_deg,
            depth_km: event.depth_km,
            magnitude: Some(event.magnitude).filter(|m| m.is_finite()),
            magnitude_type,
            event_type,
            simulated: catalog.simulated,
        })?;
    }
    Ok(())
}

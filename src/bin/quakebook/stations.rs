//! `quakebook stations`

use std::path::PathBuf;

use quakebook::fdsn::StationFormat;
use quakebook::station::{ChannelEpoch, Inventory, NslcPattern};
use quakebook::time::Time;
use serde::Serialize;

use crate::args::{self, FetchArgs};
use crate::output::{self, Outcome, Result};

/// Fetch what a data centre knows of the study's station
#[derive(clap::Args)]
#[command(after_help = "\
A file holds the data centre's own words, which were read before they were written: StationXML with the
responses, or text with a row for each epoch of each channel. Without --out the text goes to standard
output, or with --json one object a channel and epoch. Nothing known is exit code 4.

Examples:
  quakebook stations
  quakebook stations --provider earthscope --out ok029.xml
  quakebook stations --provider geofon --stream CX.PB01..HH* --json")]
pub struct Args {
    #[command(flatten)]
    fetch: FetchArgs,
    /// The channels, with wildcards [default: the study's]
    #[arg(long, value_name = "NET.STA.LOC.CHA", value_parser = args::streams)]
    stream: Option<NslcPattern>,
    /// Write a file: .xml (StationXML, with responses) or .txt (FDSN text)
    #[arg(long, value_name = "FILE.xml|.txt", value_parser = |text: &str| args::file_of(text, &["xml", "txt"]))]
    out: Option<PathBuf>,
    /// One JSON object a channel and epoch
    #[arg(long, conflicts_with = "out")]
    json: bool,
}

/// A channel as JSON; what is not known is null.
#[derive(Serialize)]
struct Row<'a> {
    id: String,
    site: &'a str,
    latitude_deg: f64,
    longitude_deg: f64,
    elevation_m: f64,
    depth_m: Option<f64>,
    azimuth_deg: Option<f64>,
    dip_deg: Option<f64>,
    sampling_rate_hz: Option<f64>,
    sensitivity: Option<f64>,
    sensitivity_unit: Option<&'a str>,
    start: Option<Time>,
    end: Option<Time>,
    simulated: bool,
}

pub fn run(args: &Args) -> Result {
    if let Some(path) = &args.out {
        output::check_writable(path)?;
    }
    let study = args.fetch.study.study()?;
    let stream = match &args.stream {
        Some(stream) => stream.clone(),
        None => NslcPattern::from(&study.station),
    };
    let format = match args.out.as_deref().map(args::ending).as_deref() {
        Some("xml") => StationFormat::Xml,
        _ => StationFormat::Text,
    };
    let client = args.fetch.client(&study)?;
    let Some(words) = client.fetch_stations(&stream, &study.catalog, format)? else {
        output::progress(format!("nothing is known of {stream} in the study's time"));
        return Ok(Outcome::Incomplete);
    };
    let inventory = Inventory::from_text(&words, "the answer")?;
    let n_channels = inventory.channels().count();
    output::progress(format!("{n_channels} epochs of channels of {stream}"));
    match &args.out {
        Some(path) => output::write(path, words)?,
        None if args.json => print_rows(&inventory)?,
        None => output::print(words)?,
    }
    Ok(Outcome::Done)
}

fn print_rows(inventory: &Inventory) -> Result<()> {
    for (network, station, channel) in inventory.channels() {
        let ChannelEpoch { location, code, .. } = channel;
        let sensitivity = channel
            .response
            .as_ref()
            .and_then(|r| r.sensitivity.as_ref());
        output::print_json(&Row {
            id: format!("{}.{}.{location}.{code}", network.code, station.code),
            site: &station.site,
            latitude_deg: channel.latitude_deg,
            longitude_deg: channel.longitude_deg,
            elevation_m: channel.elevation_m,
            depth_m: channel.depth_m,
            azimuth_deg: channel.azimuth_deg,
            dip_deg: channel.dip_deg,
            sampling_rate_hz: channel.sampling_rate_hz,
            sensitivity: sensitivity.map(|s| s.value),
            sensitivity_unit: sensitivity.map(|s| s.units.input.as_str()),
            start: channel.epoch.start,
            end: channel.epoch.end,
            simulated: inventory.simulated,
        })?;
    }
    Ok(())
}

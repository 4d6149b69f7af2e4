//! `quakebook waveforms`

use std::path::PathBuf;

use quakebook::fdsn::{self, Client, DownloadParams, StationFormat};
use quakebook::station::{Inventory, NslcPattern, StationChoice};
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, DownloadOutcome as Came, LogEntry, Nslc, is_url};
use serde::Serialize;

use crate::args::{self, FetchArgs};
use crate::output::{self, Outcome, Result};

/// Fetch waveforms into an SDS archive, and say what is missing and why
#[derive(clap::Args)]
#[command(after_help = "\
What the archive holds is not asked for again: interrupt the command, and run it again to go on. Its
ledger, beside the day files, keeps what came of every span. Wildcards in the channel are looked up at
the station service; a list such as HHE,HHN,HHZ needs none. Whatever is missing at the end is named, and
the exit code is 4, or 3 where what was sent is damaged.

Examples:
  quakebook waveforms --archive sds
  quakebook waveforms --provider geofon --archive sds --stream CX.PB01..HH* \\
      --from 2014-05-01 --to 2014-05-01T12:00:00
  quakebook waveforms --provider geofon --archive sds --stream CX.PB01..HH* --offline --json")]
pub struct Args {
    #[command(flatten)]
    fetch: FetchArgs,
    /// The SDS archive; made where there is none
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// From this time on (UTC) [default: the study's scan]
    #[arg(long, value_name = "T", value_parser = args::time, requires = "to")]
    from: Option<Time>,
    /// Until just before this time (UTC)
    #[arg(long, value_name = "T", value_parser = args::time, requires = "from")]
    to: Option<Time>,
    /// The channels, with wildcards or as a list [default: the study's]
    #[arg(long, value_name = "NET.STA.LOC.CHA", value_parser = args::stream)]
    stream: Option<StationChoice>,
    /// Ask again for what the data centre did not have, refused or sent damaged
    #[arg(long)]
    again: bool,
    /// One JSON object a stream: its account of the span
    #[arg(long)]
    json: bool,
}

/// The account of one stream.
#[derive(Serialize)]
struct Row {
    id: String,
    n_samples: usize,
    complete: bool,
    spans: Vec<Span>,
}

#[derive(Serialize)]
struct Span {
    start: Time,
    end: Time,
    outcome: &'static str,
    n_samples: usize,
    n_faults: usize,
    detail: String,
}

/// Channels of one station that a wildcard may stand for.
const N_CHANNELS: usize = 100;

pub fn run(args: &Args) -> Result {
    if is_url(&args.archive) {
        args::refuse(
            "--archive: an archive in a bucket is only read: give a folder, and copy what is in it to the bucket",
        );
    }
    let mut study = args.fetch.study.study()?;
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    let span = args::span(
        args.from.unwrap_or(study.scan.start),
        args.to.unwrap_or(study.scan.end),
    );
    let client = args.fetch.client(&study)?;
    let (streams, simulated) = streams(&client, &study, &span)?;
    if streams.is_empty() {
        output::progress(format!(
            "no channel {} is known in this time; of a data centre that knows no stations, name the channels: HHE,HHN,HHZ",
            NslcPattern::from(&study.station)
        ));
        return Ok(Outcome::Incomplete);
    }
    let archive = Archive::create_for(&args.archive, &study.station, simulated)?;
    let mut outcome = Outcome::Done;
    for stream in &streams {
        let ledger = if args.fetch.is_offline() {
            archive.download_log(stream, span)?
        } else {
            let params = DownloadParams {
                ask_again: args.again,
                ..DownloadParams::default()
            };
            let mut say = |entry: &LogEntry| output::progress(told(stream, entry));
            fdsn::download(&client, &archive, stream, span, &params, &mut say)?
        };
        let entries = ledger.within(span);
        outcome = match (outcome, worst(&entries)) {
            (Outcome::Damaged, _) | (_, Outcome::Damaged) => Outcome::Damaged,
            (Outcome::Incomplete, _) => Outcome::Incomplete,
            (Outcome::Done, of_stream) => of_stream,
        };
        let row = row(stream, &entries);
        match args.json {
            true => output::print_json(&row)?,
            false => output::print(text(&row))?,
        }
    }
    Ok(outcome)
}

/// The channels one by one, and whether they are simulated.
fn streams(client: &Client, study: &Study, span: &TimeSpan) -> Result<(Vec<Nslc>, bool)> {
    let all = NslcPattern::from(&study.station);
    let is_list = all.channel.is_list();
    // Text would do, but cannot tell of a station whose place nobody knows.
    let inventory = match client.fetch_inventory(&all, span, StationFormat::Xml) {
        // A list needs no station service.
        Err(_) if is_list => None,
        inventory => inventory?,
    };
    let simulated = client.provider().simulated || inventory.as_ref().is_some_and(|i| i.simulated);
    if is_list {
        let StationChoice {
            network,
            station,
            location,
            channels,
        } = &study.station;
        let channels = channels
            .patterns()
            .map(|channel| Nslc::new(network, station, location, channel));
        let channels: std::result::Result<_, _> = channels.collect();
        return Ok((channels.map_err(quakebook::Error::from)?, simulated));
    }
    let told = inventory.iter().flat_map(Inventory::channels);
    let channels = told.map(|(network, station, channel)| {
        Nslc::new(
            &network.code,
            &station.code,
            &channel.location,
            &channel.code,
        )
    });
    let channels: std::result::Result<Vec<Nslc>, _> = channels.collect();
    let mut channels = channels.map_err(quakebook::Error::from)?;
    channels.sort();
    // A channel has an entry for each of its epochs.
    channels.dedup();
    if channels.len() > N_CHANNELS {
        let n = channels.len();
        args::refuse(&format!(
            "{all} are {n} channels by the station service: name at most {N_CHANNELS} in --stream"
        ));
    }
    Ok((channels, simulated))
}

fn worst(entries: &[LogEntry]) -> Outcome {
    if entries.iter().any(|entry| entry.outcome == Came::Damaged) {
        Outcome::Damaged
    } else if entries.iter().all(|entry| entry.outcome.is_there()) {
        Outcome::Done
    } else {
        Outcome::Incomplete
    }
}

fn told(stream: &Nslc, entry: &LogEntry) -> String {
    let detail = match entry.detail.as_str() {
        "" => String::new(),
        detail => format!(": {detail}"),
    };
    format!(
        "{stream} {} to {}: {}, {} samples{detail}",
        time::iso(entry.start),
        time::iso(entry.end),
        entry.outcome.name(),
        entry.n_samples
    )
}

fn row(stream: &Nslc, entries: &[LogEntry]) -> Row {
    Row {
        id: stream.to_string(),
        n_samples: entries.iter().map(|entry| entry.n_samples).sum(),
        complete: entries.iter().all(|entry| entry.outcome.is_there()),
        spans: entries
            .iter()
            .map(|entry| Span {
                start: entry.start,
                end: entry.end,
                outcome: entry.outcome.name(),
                n_samples: entry.n_samples,
                n_faults: entry.n_faults,
                detail: entry.detail.clone(),
            })
            .collect(),
    }
}

fn text(row: &Row) -> String {
    let mut text = format!("{}: {} samples\n", row.id, row.n_samples);
    for span in row
        .spans
        .iter()
        .filter(|span| span.outcome != Came::Arrived.name())
    {
        text += &format!(
            "  {}: {} to {} {}\n",
            span.outcome,
            time::iso(span.start),
            time::iso(span.end),
            span.detail
        );
    }
    text
}

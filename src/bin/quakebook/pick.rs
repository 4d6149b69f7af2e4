//! `quakebook pick`

use std::collections::BTreeMap;
use std::path::PathBuf;

use quakebook::pick::{
    Columns, Components, Origin, PickTable, Picked, PickedPhase, Picker, stations,
};
use quakebook::station::StationChoice;
use quakebook::time::{self, Time, TimeSpan, between_s};
use quakebook::waveform::{Archive, Place, WaveformSource};
use serde::Serialize;

use crate::archive::{self, ArchiveArgs};
use crate::args;
use crate::output::{self, Damage, Outcome, Result, counted};
use crate::pick_setup::{self, HOP_S, PickerChoice, Thresholds};
use crate::watched::Watched;

/// Pick the onsets of P and S waves in an archive
#[derive(clap::Args)]
#[command(after_help = concat!("\
--model takes a picker that comes with the program (`quakebook models`). --weights takes those of SeisBench's PhaseNet or
PhaseNetLight: NAME.pt.v2, and NAME.json.v2 beside it, which says how they want to be used: order of components, scale, rate,
overlap, thresholds. They are read as data; nothing in them is run.

Each band of each station (HH?, BH?, EH?, ...) is picked by itself. Where one or two components are missing, dead or stuck, the
network gets zeros for them, as in SeisBench, and what was picked so is told. Records of other rates are brought to the network's;
slower ones than 40 Hz (for a network of 100 Hz) are not picked. A stretch without a break that is shorter than a window (30 s) is
not picked, and of other stretches the samples that are blinded: the first and last ones of every window, which weights may say are
not to be used (\"blinding\" of their NAME.json), where no other window has them. What could not be picked is told, and why. The exit code is 4 where a station that was sought is not there, cannot be
read, or has nothing at all that could be picked; a gap alone is 0. A damaged record is a gap too: then it is 3.

Windows begin at whole multiples of --hop (made an odd number of samples) since 1970, and one more where recording begins or ends. So
days that are picked one by one give the picks of all of them together. Measured on twelve hours of CX.PB01: where all windows begin 0.3 s
later, 82 % of the picks are found again at a hop of 15 s, as SeisBench has it, 92 % at 5 s, and 98 % at 1.5 s, at as many times the
cost. --like-seisbench begins with each record instead: then probabilities are SeisBench's to 1e-5, and depend on --from.

", archive::buckets!(), "

Columns:
  gamma      id,timestamp,prob,type: GaMMA and QuakeFlow
  phasenet   station_id,begin_time,end_time,phase_time,phase_score,phase_type
  seisbench  station,time,start_time,end_time,probability,phase

Examples:
  quakebook pick --model onsets --archive sds --out picks.csv
  quakebook pick --weights phasenet/stead.pt.v2 --archive sds --out picks.csv
  quakebook pick --weights phasenet/stead.pt.v2 --archive sds --stations 'CX.*' --from 2014-05-01 --to 2014-05-02 --out picks.parquet
  quakebook pick --weights phasenet/stead.pt.v2 --archive sds --p-threshold 0.1 --s-threshold 0.1 --columns seisbench --out picks.csv"))]
pub struct Args {
    #[command(flatten)]
    pub picker: PickerChoice,
    #[command(flatten)]
    pub archive: ArchiveArgs,
    /// Only these stations, NET.STA or NET.STA.LOC.CHA with wildcards, or a file with one a line; may be
    /// given more than once [default: all]
    #[arg(long, value_name = "CODES|FILE")]
    pub stations: Vec<String>,
    /// From this time on (UTC) [default: each station's first sample]
    #[arg(long, value_name = "T", value_parser = args::time)]
    pub from: Option<Time>,
    /// Until just before this time (UTC) [default: each station's last sample]
    #[arg(long, value_name = "T", value_parser = args::time)]
    pub to: Option<Time>,
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// The names of the table's columns [default: gamma]
    #[arg(long, value_name = "NAMES", value_parser = columns)]
    pub columns: Option<Columns>,
    /// Seconds from one window to the next; more windows give picks that depend less on where these begin
    #[arg(long, value_name = "S", default_value_t = HOP_S, value_parser = args::positive, conflicts_with = "like_seisbench")]
    pub hop: f64,
    /// Windows begin with each stretch of record and lie as far apart as in SeisBench; at most 7 days
    #[arg(long)]
    pub like_seisbench: bool,
    /// One object: what was picked
    #[arg(long)]
    pub json: bool,
    /// Write the picks: .csv, .parquet, or .xml (QuakeML); - for CSV on standard output
    #[arg(long, value_name = "FILE.csv|.parquet|.xml|-", value_parser = |text: &str| args::table_of(text, &["csv", "parquet", "xml"]))]
    pub out: PathBuf,
    /// The file goes when its reader has read it: it is not named.
    #[arg(skip)]
    pub is_temporary: bool,
}

/// What one band of a station gave.
#[derive(Serialize)]
struct Station {
    station: String,
    from: Time,
    to: Time,
    n_p: usize,
    n_s: usize,
    hours: f64,
    /// Seconds by the number of components: one, two, three.
    by_components_s: [f64; 3],
    unpicked_s: BTreeMap<String, f64>,
    n_clipped: BTreeMap<String, usize>,
    recorded_hz: Vec<f64>,
    /// What was met in the records, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<String>,
    /// Whether all that the archive holds of it was read, and some of it could be picked.
    #[serde(skip)]
    is_whole: bool,
    #[serde(flatten)]
    damage: Damage,
}

#[derive(Serialize)]
struct Report {
    weights: String,
    version: String,
    p_threshold: f64,
    s_threshold: f64,
    n_picks: usize,
    simulated: bool,
    /// Stations that were sought and are not in the archive, or could not be read.
    not_picked: Vec<String>,
    stations: Vec<Station>,
}

/// Such a record is in memory as a whole.
const MOST_AT_ONCE_S: f64 = 7.0 * 86_400.0;

pub fn run(args: &Args) -> Result {
    args::check_times(args.from, args.to);
    args::check_stdout(&args.out, args.json);
    let is_quakeml = args::ending(&args.out) == "xml";
    if is_quakeml && args.columns.is_some() {
        args::refuse("--columns is for .csv and .parquet: QuakeML has none");
    }
    let (mut picker, weights) = args.picker.picker()?;
    args.thresholds.set(&mut picker);
    if !args.like_seisbench {
        pick_setup::set_hop(&mut picker, args.hop);
    }
    for ignored in picker.params().ignored() {
        output::progress(format!(
            "the description's argument {ignored} changes nothing here"
        ));
    }
    let sought = args::patterns(&args.stations)?;
    let place = args.archive.place()?;
    let (found, missing) = stations(&place, &sought, (args.from, args.to))?;
    if found.is_empty() {
        return Err(place.nothing_of(&sought, (args.from, args.to))?.into());
    }
    output::check_writable(&args.out)?;
    let in_vain =
        "sought, and the archive holds no day file of it (capital and small letters differ)";
    let mut not_picked: Vec<String> = missing
        .iter()
        .map(|codes| format!("{codes}: {in_vain}"))
        .collect();
    let (mut table, mut told) = (PickTable::default(), Vec::new());
    for choice in &found {
        match of_station(args, &place, &picker, choice) {
            Ok((station, picked)) => {
                tell(&station);
                table.picks.extend(picked.picks);
                table.simulated |= picked.simulated;
                told.push(station);
            }
            Err(error) => not_picked.push(format!("{}: {error}", name(choice))),
        }
    }
    not_picked
        .iter()
        .for_each(|what| output::progress(format!("not picked: {what}")));
    archive::tell(place.traffic());
    table.sort();
    match output::is_stdout(&args.out) {
        true => output::print(table.to_csv(args.columns.unwrap_or_default()))?,
        false => table.write(&args.out, args.columns)?,
    }
    let is_damaged = told.iter().any(|station| !station.damage.is_none());
    let is_whole = not_picked.is_empty() && told.iter().all(|station| station.is_whole);
    let report = Report {
        weights,
        version: picker.params().version().into(),
        p_threshold: picker.params().threshold(PickedPhase::P),
        s_threshold: picker.params().threshold(PickedPhase::S),
        n_picks: table.picks.len(),
        simulated: table.simulated,
        not_picked,
        stations: told,
    };
    if args.json {
        output::print_json(&report)?;
    } else {
        let count = |of: fn(&Station) -> usize| report.stations.iter().map(of).sum::<usize>();
        let line = format!(
            "{} P and {} S at {} in {:.2} {}{}",
            count(|station| station.n_p),
            count(|station| station.n_s),
            counted(report.stations.len(), "station"),
            // A sum of nothing is -0.
            0.0 + report
                .stations
                .iter()
                .map(|station| station.hours)
                .sum::<f64>(),
            match report.stations.len() {
                1 => "hours",
                _ => "station-hours",
            },
            if report.simulated { " (simulated)" } else { "" }
        );
        match args.is_temporary {
            true => output::print(format!("{line}\n"))?,
            false => output::sum_up(format!("{line}, written"), &args.out)?,
        }
    }
    Ok(match is_whole {
        _ if is_damaged => Outcome::Damaged,
        true => Outcome::Done,
        false => Outcome::Incomplete,
    })
}

/// `CX.PB01..HH?`
fn name(choice: &StationChoice) -> String {
    let codes = [&choice.network, &choice.station, &choice.location].map(|code| code.as_str());
    format!("{}.{}", codes.join("."), choice.channels)
}

fn of_station(
    args: &Args,
    place: &Place,
    picker: &Picker,
    choice: &StationChoice,
) -> quakebook::Result<(Station, Picked)> {
    let archive = Archive::open_for(place.clone(), choice)?;
    let archive = archive.expecting(args.from, args.to).lenient();
    // What was damaged may be why nothing could be picked.
    let tell_damage = |_: &quakebook::Error| Damage::of(&archive).tell();
    let span = archive.span(args.from, args.to).inspect_err(tell_damage)?;
    let source = Components(&archive);
    let source = Watched::new(&source, "picking");
    let picked = match args.like_seisbench {
        true => as_one_record(picker, &source, &span),
        false => picker.pick(&source, &span, &mut |_| Ok(())),
    };
    let picked = picked.inspect_err(tell_damage)?;
    let n = |phase| {
        picked
            .picks
            .iter()
            .filter(|pick| pick.phase == phase)
            .count()
    };
    let mut conditions = picked.conditions();
    if picked.picked_s == 0.0 {
        conditions.push(archive.sought_and_held(Some(&span))?);
    }
    let station = Station {
        station: name(choice),
        from: span.start,
        to: span.end,
        n_p: n(PickedPhase::P),
        n_s: n(PickedPhase::S),
        hours: picked.picked_s / 3600.0,
        by_components_s: picked.by_components_s,
        unpicked_s: picked.unpicked_s.clone(),
        n_clipped: picked.n_clipped(),
        recorded_hz: picked.recorded_hz.clone(),
        conditions,
        is_whole: picked.picked_s > 0.0 && !source.has_failed(),
        damage: Damage::of(&archive),
    };
    Ok((station, picked))
}

fn as_one_record(
    picker: &Picker,
    source: &dyn WaveformSource,
    span: &TimeSpan,
) -> quakebook::Result<Picked> {
    if between_s(span.start, span.end) > MOST_AT_ONCE_S {
        args::refuse("--like-seisbench takes at most 7 days: give --from and --to");
    }
    let record = source.between(span.start, span.end)?;
    picker.pick_record(&record, Origin::Record)
}

/// What was met at a station, on standard error.
fn tell(station: &Station) {
    output::progress(format!(
        "{}: {} P and {} S in {:.2} hours, {} to {}",
        station.station,
        station.n_p,
        station.n_s,
        station.hours,
        time::iso(station.from),
        time::iso(station.to)
    ));
    for (reason, s) in &station.unpicked_s {
        output::progress(format!("  {s:.1} s not picked: {reason}"));
    }
    for line in &station.conditions {
        output::progress(format!("  {line}"));
    }
    station.damage.tell();
}

/// Whose names the columns of a table have.
pub fn columns(text: &str) -> std::result::Result<Columns, String> {
    match text {
        "gamma" => Ok(Columns::Gamma),
        "phasenet" => Ok(Columns::PhaseNet),
        "seisbench" => Ok(Columns::SeisBench),
        _ => Err("expected gamma, phasenet or seisbench".into()),
    }
}

//! `quakebook plan`

use std::path::{Path, PathBuf};

use quakebook::detect::MergeParams;
use quakebook::method::PickerModel;
use quakebook::pick::PickerFiles;
use quakebook::plan::{Finder, Plan, ShardSize, Wanted};
use quakebook::station::NslcPattern;
use quakebook::time::Time;
use serde::Serialize;

use crate::archive::{self, ArchiveArgs};
use crate::args;
use crate::output::{self, Outcome, Result};
use crate::pick_setup::{self, Thresholds};
use crate::scan_setup::{self, ModelArg};

/// Plan the scan or the picking of a whole archive, in shards that many machines can share
#[derive(clap::Args)]
#[command(after_help = concat!("\
A detector, as `quakebook scan` takes it, makes detections; a picker, as `quakebook pick` takes it, makes picks.

The plan is a folder. It holds the model, and a line for each shard: a station's records of a day, a month
or a year, as far as the archive has day files of three components; for a picker one is enough. What lies
in the archive and is not planned (a file or a folder at another place, a station with one component, a day
that lacks one, a file of more than 4 GiB) is told, and stands in left_out.txt.

Records may reach a day out of the day whose file holds them, where days are cut elsewhere than at
midnight; records that lie farther away are not read, and their file is named. A shard's span therefore
reaches a day out of its days, where no other shard does.

Then `quakebook work` scans or picks the shards: one by one, or all of them, here or wherever the folder and
the archive can be read. `quakebook status` says how far it is, and `quakebook collect` makes one table.
Shards of any size give the same table: that of picks is `quakebook pick`'s, byte for byte.

A number of false alarms a day is a matter of one station's noise: find the threshold for it with
`quakebook scan --alarms-per-day`.

", archive::buckets!(), "

Exit codes: 0 done; 4 of some --stations the archive holds nothing, or a folder could not be read.

Examples:
  quakebook plan --archive sds --model regional --out plan
  quakebook plan --archive sds --model onsets --out picking
  quakebook plan --archive sds --weights phasenet/stead.pt.v2 --p-threshold 0.2 --out picking
  quakebook plan --archive sds --model regional --from 2014-01-01 --to 2015-01-01 --stations 'CX.*' --shard station-day --out plan"))]
pub struct Args {
    #[command(flatten)]
    archive: ArchiveArgs,
    #[command(flatten)]
    finder: FinderChoice,
    /// From this time on (UTC) [default: from the first day file]
    #[arg(long, value_name = "T", value_parser = args::time)]
    from: Option<Time>,
    /// Until just before this time (UTC) [default: to the last day file]
    #[arg(long, value_name = "T", value_parser = args::time)]
    to: Option<Time>,
    /// Only these stations, NET.STA or NET.STA.LOC.CHA with wildcards, or a file with one a line; may be
    /// given more than once [default: all]
    #[arg(long, value_name = "CODES|FILE")]
    stations: Vec<String>,
    /// How much is one shard: station-day, station-month or station-year
    #[arg(long, value_name = "SIZE", default_value = "station-month")]
    shard: ShardSize,
    /// A window at least so probable begins a detection [default: chosen by the training]
    #[arg(long, value_name = "P", value_parser = args::probability)]
    threshold: Option<f64>,
    #[command(flatten)]
    thresholds: Thresholds,
    /// Seconds from one window to the next [default: as `quakebook scan` and `quakebook pick`]
    #[arg(long, value_name = "S", value_parser = args::positive)]
    hop: Option<f64>,
    /// One object: what was planned
    #[arg(long)]
    json: bool,
    /// The folder of the plan, which need not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Which detector or picker is taken.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct FinderChoice {
    /// A detector or picker that comes with the program (`quakebook models` lists them), or the folder of a run of `train`
    #[arg(long, value_name = "NAME|DIR", value_parser = ModelOrPicker::parse)]
    model: Option<ModelOrPicker>,
    /// A picker's published weights, NAME.pt.v2 with NAME.json.v2 beside it
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
}

#[derive(Clone)]
enum ModelOrPicker {
    Model(ModelArg),
    Picker(&'static PickerModel),
}

impl ModelOrPicker {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let or_picker = |what| format!("{what}, {}", pick_setup::picker_names());
        match PickerModel::find(text) {
            Some(picker) => Ok(Self::Picker(picker)),
            None => Ok(Self::Model(ModelArg::parse(text).map_err(or_picker)?)),
        }
    }
}

/// The detector or picker, as it was chosen.
fn finder(args: &Args) -> Result<Finder> {
    let files = match (&args.finder.model, &args.finder.weights) {
        (Some(ModelOrPicker::Model(model)), _) => {
            if args.thresholds.are_given() {
                args::refuse(
                    "--p-threshold and --s-threshold are for pickers: a detector has --threshold",
                );
            }
            let mut detector = model.detector()?;
            scan_setup::set_hop(&mut detector.study, args.hop);
            detector.threshold = args.threshold.unwrap_or(detector.threshold);
            let merge = MergeParams {
                longest_s: detector.longest_event_s(),
                ..detector.merge_params()
            };
            return Ok(Finder::Detector(Box::new(detector), merge));
        }
        (Some(ModelOrPicker::Picker(model)), _) => model.files()?,
        (None, weights) => PickerFiles::read(weights.as_deref().unwrap_or(Path::new("")))?,
    };
    if args.threshold.is_some() {
        args::refuse("--threshold is for detectors: a picker has --p-threshold and --s-threshold");
    }
    let (picker, files) = pick_setup::chosen(files, args.thresholds, args.hop)?;
    Ok(Finder::Picker(Box::new(picker), files))
}

#[derive(Serialize)]
struct Report {
    n_shards: usize,
    station_days: usize,
    left_out: Vec<String>,
}

/// What could not be planned is told one by one, up to so many.
const N_TOLD: usize = 20;

pub fn run(args: &Args) -> Result {
    args::check_times(args.from, args.to);
    let finder = finder(args)?;
    let stations = args::patterns(&args.stations)?;
    let place = args.archive.place()?;
    let wanted = Wanted {
        archive: &place,
        finder: &finder,
        stations: &stations,
        from: args.from,
        to: args.to,
        size: args.shard,
    };
    let (plan, left_out) = Plan::create(&args.out, &wanted)?;
    for one in left_out.iter().take(N_TOLD) {
        output::progress(format!("not planned: {one}"));
    }
    if left_out.len() > N_TOLD {
        let n_more = left_out.len() - N_TOLD;
        output::progress(format!("{n_more} more are in left_out.txt"));
    }
    archive::tell(place.traffic());
    let report = Report {
        n_shards: plan.n_shards(),
        station_days: plan.shards()?.iter().map(|shard| shard.n_days).sum(),
        left_out: left_out.iter().map(ToString::to_string).collect(),
    };
    match args.json {
        true => output::print_json(&report)?,
        false => output::print(format!(
            "{} of {}, in {}\n",
            output::counted(report.n_shards, "shard"),
            output::counted(report.station_days, "station-day"),
            args.out.display()
        ))?,
    }
    let is_found =
        |sought: &NslcPattern| !left_out.iter().any(|one| one.what == sought.to_string());
    let is_unread = left_out.iter().any(|one| one.is_unread);
    Ok(match stations.iter().all(is_found) && !is_unread {
        true => Outcome::Done,
        false => Outcome::Incomplete,
    })
}

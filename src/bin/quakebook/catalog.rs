//! `quakebook catalog`

use std::path::PathBuf;

use quakebook::pick::stations;
use quakebook::time::Time;

use crate::archive::ArchiveArgs;
use crate::associate::Ready;
use crate::output::{self, Outcome, Result};
use crate::pick_setup::{HOP_S, PickerChoice, Thresholds};
use crate::{args, associate, pick};

/// Make a catalog of an archive: pick, associate, locate, magnitudes
#[derive(clap::Args)]
#[command(after_help = "\
The steps are those of `quakebook pick` and `quakebook associate`, which say what each does: all stations of the archive are picked, the
picks are associated and located, and events get local and moment magnitudes by the responses of --stations, if it has any. With --picks the second step can be
done again by itself, with other choices. With --json each step prints an object.

The exit code is that of the step that has most to tell: 3 where records are damaged, 4 where something could not be picked or has
no coordinates.

Examples:
  quakebook catalog --model onsets --archive sds --stations stations.xml --velocity ak135 --out catalog.xml
  quakebook catalog --weights phasenet/stead.pt.v2 --archive sds --stations stations.xml --velocity velocity.csv --terms 2 \\
      --picks picks.csv --arrivals arrivals.csv --table events.csv --out catalog.xml")]
pub struct Args {
    #[command(flatten)]
    picker: PickerChoice,
    #[command(flatten)]
    thresholds: Thresholds,
    /// Seconds from one window of the picker to the next
    #[arg(long, value_name = "S", default_value_t = HOP_S, value_parser = args::positive)]
    hop: f64,
    /// From this time on (UTC) [default: each station's first sample]
    #[arg(long, value_name = "T", value_parser = args::time)]
    from: Option<Time>,
    /// Until just before this time (UTC) [default: each station's last sample]
    #[arg(long, value_name = "T", value_parser = args::time)]
    to: Option<Time>,
    /// Keep the picks, to associate them again by `quakebook associate`
    #[arg(long, value_name = "FILE.csv", value_parser = |text: &str| args::file_of(text, &["csv"]))]
    picks: Option<PathBuf>,
    #[command(flatten)]
    events: associate::Choices,
}

/// The picks' file in a temporary folder, where they are not to be kept.
const PICKS: &str = "picks.csv";

pub fn run(args: &Args) -> Result {
    let Some(archive) = &args.events.network.archive else {
        args::refuse("--archive is missing: the folder whose records are picked");
    };
    let network = &args.events.network;
    let own = tempfile::tempdir().map_err(|source| quakebook::Error::Io {
        path: std::env::temp_dir(),
        source,
    })?;
    let picks = match &args.picks {
        None => own.path().join(PICKS),
        Some(picks) => picks.clone(),
    };
    for (name, input) in network.inputs() {
        if args::is_one_file(&picks, input) {
            args::refuse(&format!(
                "{name} and --picks name one file: picks are written there"
            ));
        }
    }
    let ready = Ready::of(&picks, &args.events)?;
    let place = ArchiveArgs::folder(archive).place()?;
    let (recorded, _) = stations(&place, &[], (args.from, args.to))?;
    let recorded = recorded.iter().map(|choice| {
        let [network, station] = [&choice.network, &choice.station].map(|code| code.as_str());
        format!("{network}.{station}")
    });
    ready.check_stations(&recorded.collect())?;
    let picked = pick::run(&pick::Args {
        picker: args.picker.clone(),
        archive: ArchiveArgs::folder(archive),
        stations: Vec::new(),
        from: args.from,
        to: args.to,
        thresholds: args.thresholds,
        columns: None,
        hop: args.hop,
        like_seisbench: false,
        json: network.json,
        out: picks.clone(),
        is_temporary: args.picks.is_none(),
    })?;
    let associated = ready.associate(&picks, &args.events);
    if associated.is_err() {
        // A temporary folder goes with its owner, unless it is kept.
        let picks = match &args.picks {
            None => own.keep().join(PICKS),
            Some(picks) => picks.clone(),
        };
        output::progress(format!(
            "the picks are in {}: `quakebook associate --picks` takes them",
            picks.display()
        ));
    }
    let associated = associated?;
    Ok([Outcome::Damaged, Outcome::Incomplete]
        .into_iter()
        .find(|outcome| [picked, associated].contains(outcome))
        .unwrap_or(Outcome::Done))
}

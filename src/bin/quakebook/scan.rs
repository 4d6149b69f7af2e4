//! `quakebook scan`

use std::path::{Path, PathBuf};

use quakebook::atomic_file::ResultWriter;
use quakebook::detect::{MergeParams, Scan};
use quakebook::method::Detector;
use quakebook::station::StationChoice;
use quakebook::time::{self, Time};
use quakebook::window::Reason;

use crate::archive::{self, ArchiveArgs};
use crate::args;
use crate::output::{self, Damage, Outcome, Result};
use crate::scan_report;
use crate::scan_setup::{self, ModelArg};
use crate::watched::Watched;

/// Scan a time span of an archive with a trained network
#[derive(clap::Args)]
#[command(after_help = concat!("\
The model says which window, filter and scale: the records are treated as they were in training. The archive is read an hour at a time. Windows in gaps, and those at the ends
of the record that reach beyond it or where the filter has not settled, are not scanned, and standard error says how many there are and why. The exit code is 4 where nothing was recorded, or the archive could not be read for a
while, and 1 where something was and not one window could be scanned; a gap alone is 0. A damaged record is a gap too, named on standard error with its file and byte: then it is 3. A day file that
is a link is not read: put the file itself there, or name the archive that the link leads to.

Windows begin at whole multiples of --hop (UTC), and an event belongs to the scan in which it begins: the
records before --from and after --to are read as far as that needs. Days that are scanned one by one give
the same detections as all of them together.

A detector that is on for longer than --longest sees no earthquake but the noise: such a detection is cut
at whole multiples of that time, and a warning says how much of the time the detector was on.

A model for any station takes records of 40 to 1000 samples a second, of any gain and orientation, and
brings them to its own rate and band. A dead component is replaced by another one, and named; what cannot
be used is named too.

--alarms-per-day needs no labels. A record that is played backwards has the same noise, and no P wave that
an S wave and a coda follow: what is claimed there is a false alarm. The threshold is the smallest with no
more of them than the days allow, and never smaller than where the model was judged. A short record tells
little of rare alarms: the upper end of the rate is told too.

", archive::buckets!(), "

Examples:
  quakebook scan --model regional --archive sds --out found.csv
  quakebook scan --model regional --archive sds --stream CX.PB01..HH? --alarms-per-day 1 --out found.csv
  quakebook scan --run runs/first --archive sds --from 2014-02-16 --to 2014-02-16T10:00:00 --out found.csv
  quakebook scan --run runs/first --archive sds --from 2014-02-16 --to 2014-02-17 --hop 1 --json --out found.xml"))]
pub struct Args {
    /// A model that comes with the program (`quakebook models` lists them), or the folder of a run of `train`
    #[arg(long, value_name = "NAME|DIR", value_parser = ModelArg::parse, required_unless_present = "run")]
    model: Option<ModelArg>,
    /// The same as --model with a folder
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    run: Option<PathBuf>,
    #[command(flatten)]
    archive: ArchiveArgs,
    /// The channels, with wildcards or as a list (HHE,HHN,HHZ) [default: those of the training; with a model for any
    /// station, the only station of the archive with three components]
    #[arg(long, value_name = "NET.STA.LOC.CHA", value_parser = args::stream)]
    stream: Option<StationChoice>,
    /// From this time on (UTC) [default: the first sample of the archive]
    #[arg(long, value_name = "T", value_parser = args::time)]
    from: Option<Time>,
    /// Until just before this time (UTC) [default: the last sample of the archive]
    #[arg(long, value_name = "T", value_parser = args::time)]
    to: Option<Time>,
    /// Seconds from one window to the next [default: a twentieth of the window or of its core, at which the detections hardly
    /// depend on where windows begin; the study's, where that is shorter. The training chose the threshold at the
    /// study's hop: a shorter one finds a little more of everything, at CX.PB01 5 % more than at 2 s]
    #[arg(long, value_name = "S", value_parser = args::positive)]
    hop: Option<f64>,
    /// Probable windows whose starts are so far apart are one detection; 0 parts events wherever a window
    /// between them is not probable [default: the window's length]
    #[arg(long, value_name = "S", value_parser = gap)]
    merge_gap: Option<f64>,
    /// The longest detection, in seconds [default: 600, or ten windows]
    #[arg(long, value_name = "S", value_parser = longest)]
    longest: Option<f64>,
    /// A window at least so probable begins a detection [default: chosen by the training]
    #[arg(long, value_name = "P", value_parser = args::probability)]
    threshold: Option<f64>,
    /// Choose the threshold so that there are at most so many false alarms a day: from what the detector claims in
    /// this record played backwards, in which there is no earthquake, and from the model's own curve
    #[arg(long, value_name = "N", value_parser = args::per_day, conflicts_with = "threshold")]
    alarms_per_day: Option<f64>,
    /// Write the probability of each window: start of the part that is decided about, probability of an earthquake
    #[arg(long, value_name = "FILE.csv", value_parser = |text: &str| args::file_of(text, &["csv"]))]
    windows: Option<PathBuf>,
    /// One object: what was scanned, and the detections
    #[arg(long)]
    json: bool,
    /// Write the detections: .csv, or .xml (QuakeML with a pick for each); - for CSV on standard output
    #[arg(long, value_name = "FILE.csv|.xml|-", value_parser = |text: &str| args::table_of(text, &["csv", "xml"]))]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result {
    args::check_times(args.from, args.to);
    args::check_stdout(&args.out, args.json);
    check_files_differ(args);
    let mut detector = match (&args.model, &args.run) {
        (Some(model), _) => model.detector()?,
        (None, dir) => Detector::read(dir.as_deref().unwrap_or(Path::new(".")))?,
    };
    let study = &mut detector.study;
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    scan_setup::set_hop(study, args.hop);
    let place = args.archive.place()?;
    let times = (args.from, args.to);
    let archive = scan_setup::archive(&place, study, args.stream.is_some(), times)?;
    // What was damaged may be why nothing could be scanned.
    let tell_damage = |_: &quakebook::Error| Damage::of(&archive).tell();
    let span = archive.span(args.from, args.to).inspect_err(tell_damage)?;
    let mut merge = detector.merge_params();
    merge.join_s = args.merge_gap.unwrap_or(merge.join_s);
    merge.longest_s = args.longest.unwrap_or_else(|| detector.longest_event_s());
    output::check_writable(&args.out)?;
    let backwards = Watched::new(&archive, "playing backwards");
    let budget = args.alarms_per_day;
    let budget = budget.map(|n| detector.alarm_budget(&backwards, &span, &merge, n));
    let budget = budget.transpose().inspect_err(tell_damage)?;
    let usual_threshold = detector.threshold;
    detector.threshold = match &budget {
        Some(budget) => budget.threshold,
        None => args.threshold.unwrap_or(detector.threshold),
    };
    merge = MergeParams {
        join_s: merge.join_s,
        longest_s: merge.longest_s,
        ..detector.merge_params()
    };
    let source = Watched::new(&archive, "reading");
    let mut windows = args.windows.as_ref().map(WindowsFile::create).transpose()?;
    let thresholds = [usual_threshold, detector.threshold];
    let mut n_probable = [0; 2];
    let scanned = detector.scan_each(&source, &span, &merge, &mut |piece| {
        let probabilities = detector.event_probabilities(piece)?;
        for (n, threshold) in n_probable.iter_mut().zip(thresholds) {
            *n += probabilities.iter().filter(|p| **p >= threshold).count();
        }
        match &mut windows {
            Some(windows) => windows.write(piece),
            None => Ok(()),
        }
    });
    let scanned = scanned.inspect_err(tell_damage)?;
    scanned.check(&span).inspect_err(tell_damage)?;
    let damage = Damage::of(&archive);
    damage.tell();
    windows.map(WindowsFile::finish).transpose()?;
    match output::is_stdout(&args.out) {
        true => output::print(scanned.detections.to_csv())?,
        false => scanned.detections.write(&args.out)?,
    }
    let told = scan_report::Scan {
        detector: &detector,
        span: &span,
        scanned: &scanned,
        budget: budget.as_ref(),
        usual_threshold,
        n_probable,
        damage: &damage,
    };
    told.tell(args.json, &args.out)?;
    archive::tell(archive.traffic());
    let has_two = scanned
        .unscanned
        .contains_key(Reason::MissingComponent.kind());
    if scanned.n_windows == 0 || has_two {
        output::progress(archive.sought_and_held(Some(&span))?);
    }
    Ok(match scanned.n_windows == 0 || source.has_failed() {
        _ if !damage.is_none() => Outcome::Damaged,
        false => Outcome::Done,
        true => Outcome::Incomplete,
    })
}

/// Two results in one file would leave one of them.
fn check_files_differ(args: &Args) {
    if let Some(windows) = &args.windows
        && args::is_one_file(windows, &args.out)
    {
        args::refuse("--out and --windows name one file: give each its own");
    }
}

/// A row for each window.
struct WindowsFile(ResultWriter);

impl WindowsFile {
    fn create(path: &PathBuf) -> quakebook::Result<Self> {
        let mut file = ResultWriter::create(path)?;
        file.write("start,probability\n")?;
        Ok(Self(file))
    }

    fn write(&mut self, piece: &Scan) -> quakebook::Result<()> {
        let rows = piece.starts.iter().zip(piece.fine_event_probabilities()?);
        let rows = rows.map(|(start, p)| format!("{},{p}\n", time::iso(*start)));
        self.0.write(&rows.collect::<String>())
    }

    fn finish(self) -> quakebook::Result<()> {
        self.0.finish()
    }
}

fn longest(text: &str) -> std::result::Result<f64, String> {
    let seconds = args::positive(text).ok().filter(|s| *s <= 86_400.0);
    seconds.ok_or_else(|| "expected a number of seconds above 0, at most 86400".into())
}

fn gap(text: &str) -> std::result::Result<f64, String> {
    let seconds = args::seconds(text).ok().filter(|s| *s <= 86_400.0);
    seconds.ok_or_else(|| "expected a number of seconds from 0 to 86400".into())
}

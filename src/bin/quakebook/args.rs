//! Arguments that several commands have.

use std::path::{Path, PathBuf};

use quakebook::fdsn::{Client, Reporter};
use quakebook::method::MODELS;
use quakebook::station::{NslcPattern, StationChoice};
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::{Result, data_centre};

use crate::output;

/// What is studied.
#[derive(clap::Args)]
pub struct StudyArgs {
    /// A study: its name (oklahoma, zigong) or its TOML file [default: QUAKEBOOK_STUDY, else oklahoma]
    #[arg(long, value_name = "FILE|NAME")]
    study: Option<String>,
    /// A data centre: its name (classroom, usgs, earthscope, ...) or its address [default: the study's]
    #[arg(long, value_name = "NAME|URL")]
    provider: Option<String>,
}

impl StudyArgs {
    pub fn study(&self) -> Result<Study> {
        let mut study = match &self.study {
            Some(name) => Study::find(name)?,
            None => Study::current()?,
        };
        if let Some(provider) = &self.provider {
            study.provider.clone_from(provider);
        }
        Ok(study)
    }
}

/// Which data centre is asked.
#[derive(clap::Args)]
pub struct FetchArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// Answer from what was fetched before, and ask nobody
    #[arg(long)]
    offline: bool,
}

impl FetchArgs {
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    pub fn client(&self, study: &Study) -> Result<Client> {
        let client = data_centre::connect(study)?.reporting(Reporter::Stderr);
        Ok(match self.offline {
            true => client.offline(),
            false => client,
        })
    }
}

/// False alarms a day.
pub fn per_day(text: &str) -> std::result::Result<f64, String> {
    let n = text.parse().ok().filter(|n| (1e-3..=1e5).contains(n));
    n.ok_or_else(|| "expected a number of false alarms a day from 0.001 to 100000".into())
}

/// A time in UTC, within the calendar of nanoseconds.
pub fn time(text: &str) -> std::result::Result<Time, String> {
    let time = time::parse(text)
        .ok()
        .filter(|time| time.timestamp_nanos_opt().is_some());
    time.ok_or_else(|| {
        "expected a time in UTC of the years 1678 to 2261, as in 2014-02-16T01:28:31".into()
    })
}

/// That `--to` is later than `--from`, where both are given.
pub fn check_times(from: Option<Time>, to: Option<Time>) {
    if let (Some(from), Some(to)) = (from, to) {
        span(from, to);
    }
}

/// The span of `--from` and `--to`.
pub fn span(start: Time, end: Time) -> TimeSpan {
    if end <= start {
        let (start, end) = (time::iso(start), time::iso(end));
        refuse(&format!("--to ({end}) must be later than --from ({start})"));
    }
    TimeSpan { start, end }
}

/// `NET.STA.LOC.CHA`, the channel with wildcards.
pub fn stream(text: &str) -> std::result::Result<StationChoice, String> {
    let codes: Vec<&str> = text.split('.').collect();
    let [network, station, location, channels] = codes[..] else {
        return Err("expected NET.STA.LOC.CHA, as in GS.OK029.00.HH* or CX.PB01..HH*".into());
    };
    if channels.is_empty() {
        return Err("only the location may be empty, as in CX.PB01..HH*".into());
    }
    let choice = StationChoice::new(network, station, location, channels);
    choice.map_err(|bad| format!("{bad}; only the channel may hold wildcards"))
}

/// `NET.STA.LOC.CHA`, each with wildcards.
pub fn streams(text: &str) -> std::result::Result<NslcPattern, String> {
    let codes: Vec<&str> = text.split('.').collect();
    let [network, station, location, channel] = codes[..] else {
        return Err("expected NET.STA.LOC.CHA, as in GS.OK029.00.HH* or CX.PB01..HH*".into());
    };
    if network.is_empty() || station.is_empty() || channel.is_empty() {
        return Err("only the location may be empty, as in CX.PB01..HH*".into());
    }
    NslcPattern::new(network, station, location, channel).map_err(|bad| bad.to_string())
}

/// A file whose ending says its format: one of `endings`.
pub fn file_of(text: &str, endings: &[&str]) -> std::result::Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    match endings.contains(&ending.to_lowercase().as_str()) {
        true => Ok(path),
        false if is_stdout(text) => Err(format!(
            "a file is expected, whose name ends in .{}, and not standard output",
            endings.join(" or .")
        )),
        false => Err(format!("its name must end in .{}", endings.join(" or ."))),
    }
}

/// [`file_of`] for a table: `-` and /dev/stdout are standard output, which gets it as CSV.
pub fn table_of(text: &str, endings: &[&str]) -> std::result::Result<PathBuf, String> {
    match is_stdout(text) {
        true => Ok(output::STDOUT.into()),
        false => file_of(text, endings)
            .map_err(|bad| format!("{bad}, or be - for CSV on standard output")),
    }
}

fn is_stdout(text: &str) -> bool {
    [output::STDOUT, "/dev/stdout"].contains(&text)
}

/// That standard output does not get a table and an object both.
pub fn check_stdout(out: &Path, is_json: bool) {
    if is_json && output::is_stdout(out) {
        refuse("--json and --out - both write to standard output: give --out a file");
    }
}

/// Whether two paths name one file, be it there or not.
pub fn is_one_file(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let whole = path.canonicalize().ok();
        let folder = folder.canonicalize().ok();
        whole.or_else(|| Some(folder?.join(path.file_name()?)))
    };
    a == b || place(a).is_some_and(|a| place(b) == Some(a))
}

/// The lower-case ending of a file's name.
pub fn ending(path: &std::path::Path) -> String {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    ending.to_lowercase()
}

/// Ends the program as for any command that is not understood, with the usage of the command at hand.
pub fn refuse(what: &str) -> ! {
    let mut program = crate::program();
    let given = program.clone().get_matches();
    program.build();
    let command = given.subcommand_name().unwrap_or_default();
    let kind = clap::error::ErrorKind::ValueValidation;
    match program.find_subcommand_mut(command) {
        Some(command) => command.error(kind, what).exit(),
        None => program.error(kind, what).exit(),
    }
}

/// A number of seconds, 0 or more.
pub fn seconds(text: &str) -> std::result::Result<f64, String> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|s: &f64| *s >= 0.0 && s.is_finite());
    seconds.ok_or_else(|| "expected a number of seconds, 0 or more".into())
}

/// The models that come with the program.
pub fn model_names() -> String {
    let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
    names.join(", ")
}

/// A number of seconds above 0.
pub fn positive(text: &str) -> std::result::Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|s: &f64| *s > 0.0 && s.is_finite());
    seconds.ok_or_else(|| "expected a positive number".into())
}

/// A probability above 0.
pub fn probability(text: &str) -> std::result::Result<f64, String> {
    let p = text.parse().ok().filter(|p: &f64| *p > 0.0 && *p <= 1.0);
    p.ok_or_else(|| "expected a number above 0, at most 1".into())
}

/// `NET.STA`, or `NET.STA.LOC.CHA`, each with wildcards.
pub fn station(text: &str) -> std::result::Result<NslcPattern, String> {
    match text.split('.').collect::<Vec<_>>()[..] {
        [network, station] if !network.is_empty() && !station.is_empty() => {
            NslcPattern::new(network, station, "*", "*").map_err(|bad| bad.to_string())
        }
        _ => streams(text).map_err(|bad| format!("{bad}; or NET.STA, as in CX.PB*")),
    }
}

/// The patterns that `--stations` gives: codes, or files with some.
pub fn patterns(given: &[String]) -> Result<Vec<NslcPattern>> {
    let mut all = Vec::new();
    given
        .iter()
        .try_for_each(|one| add_patterns(one, &mut all))?;
    Ok(all)
}

/// The patterns that a word or the lines of a file give.
fn add_patterns(given: &str, all: &mut Vec<NslcPattern>) -> Result<()> {
    let path = Path::new(given);
    if !path.is_file() {
        let pattern = station(given);
        all.push(pattern.unwrap_or_else(|bad| refuse(&format!("--stations {given}: {bad}"))));
        return Ok(());
    }
    let bytes = quakebook::atomic_file::read_input(path)?;
    // Text as UTF-16 has a mark at its beginning, or letters of two bytes, one of them 0.
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        refuse(&format!(
            "--stations {given}: the file is UTF-16, or no text: save it as UTF-8"
        ));
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let n_before = all.len();
    for (number, line) in text.lines().enumerate() {
        let codes = line.split('#').next().unwrap_or_default().trim();
        if codes.is_empty() {
            continue;
        }
        let pattern = station(codes);
        all.push(
            pattern.unwrap_or_else(|bad| refuse(&format!("{given}, line {}: {bad}", number + 1))),
        );
    }
    if all.len() == n_before {
        refuse(&format!("--stations {given}: the file names no station"));
    }
    Ok(())
}

//! Results on standard output, progress on standard error, and the exit code.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use quakebook::catalog::Catalog;
use quakebook::printable;
use quakebook::waveform::Archive;
use serde::Serialize;

/// How a command ended that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Some of the data are damaged.
    Damaged,
    /// Some of what was asked for is missing.
    Incomplete,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub enum Failure {
    Library(quakebook::Error),
    /// Nobody takes the output.
    Output(io::Error),
    /// Some files could not be read; they were named when it was their turn.
    Files {
        n_unreadable: usize,
        n_files: usize,
    },
    /// Some shards failed; they were named when it was their turn.
    Shards {
        n_failed: usize,
        /// The first, and why.
        first: String,
    },
}

pub type Result<T = Outcome> = std::result::Result<T, Failure>;

impl Outcome {
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Damaged => 3,
            Self::Incomplete => 4,
        })
    }
}

impl From<quakebook::Error> for Failure {
    fn from(error: quakebook::Error) -> Self {
        Self::Library(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Library(error) => error.fmt(f),
            Self::Output(error) => write!(f, "standard output: {error}"),
            Self::Files {
                n_unreadable,
                n_files,
            } => write!(f, "{n_unreadable} of {n_files} files could not be read"),
            Self::Shards { n_failed, first } => {
                write!(f, "{} failed, first {first}", counted(*n_failed, "shard"))
            }
        }
    }
}

/// `1 shard`, `2 shards`
pub fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// The first names, and how many more there are: `a, b and 3 more`.
pub fn some_of(names: &[&str], n_named: usize) -> String {
    let named = names[..names.len().min(n_named)].join(", ");
    match names.len().saturating_sub(n_named) {
        0 => named,
        n => format!("{named} and {n} more"),
    }
}

/// Text that is the result, without what a terminal would obey.
pub fn print(text: impl fmt::Display) -> Result<()> {
    let text = printable::lines(&text.to_string(), usize::MAX);
    let mut out = io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    written.map_err(Failure::Output)
}

/// One object on a line of its own.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).expect("a result is plain JSON");
    print(format!("{text}\n"))
}

/// A line for who waits. That nobody reads it stops no work.
pub fn progress(line: impl fmt::Display) {
    let line = printable::lines(&line.to_string(), usize::MAX);
    let _ = writeln!(io::stderr(), "{line}");
}

/// Files whose faults are told, those of each kind in one line; more are counted.
const N_FILES_TOLD: usize = 20;

/// What was damaged in the records that were read.
#[derive(Debug, Default, Serialize)]
pub struct Damage {
    pub n_damaged: usize,
    /// The first of each file and kind: file, byte, stream, time, what was found, and how many there are.
    pub damaged: Vec<String>,
    #[serde(skip)]
    n_not_told: usize,
}

impl Damage {
    pub fn of(archive: &Archive) -> Self {
        let files = archive.faults_by_file();
        let told = files.iter().take(N_FILES_TOLD);
        Self {
            n_damaged: archive.faults().n_all(),
            damaged: told.map(ToString::to_string).collect(),
            n_not_told: files.iter().skip(N_FILES_TOLD).map(|file| file.n).sum(),
        }
    }

    pub fn is_none(&self) -> bool {
        self.n_damaged == 0
    }

    /// Names them on standard error.
    pub fn tell(&self) {
        for fault in &self.damaged {
            progress(format!("left out: {fault}"));
        }
        if self.n_not_told > 0 {
            progress(format!("{} more faults in other files", self.n_not_told));
        }
    }
}

/// Says how many events of a source are not in its catalog, and how many of a catalog with magnitudes have none
/// (an empty field, NaN, or a number that stands for nothing).
pub fn tell_left_out(catalog: &Catalog) {
    let left_out = catalog.left_out();
    if left_out.n_events > 0 {
        progress(left_out);
    }
    let n = catalog.len();
    let unknown = catalog
        .events()
        .iter()
        .filter(|event| event.magnitude.is_nan());
    match unknown.count() {
        0 => {}
        all if all == n => {}
        some => progress(format!(
            "of {some} of {n} events the magnitude is not known"
        )),
    }
}

/// The events with places, and how many have none.
pub fn with_places(catalog: &Catalog) -> Catalog {
    let placed = catalog.with_places();
    let n = catalog.len() - placed.len();
    if n > 0 {
        progress(format!(
            "{n} of {} events are left out: of them the time alone is known",
            catalog.len()
        ));
    }
    placed
}

/// What stands for standard output in the place of a file.
pub const STDOUT: &str = "-";

pub fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

/// The line that says what came out: a result, unless the table itself goes to standard output.
pub fn sum_up(line: impl fmt::Display, out: &Path) -> Result<()> {
    match is_stdout(out) {
        true => progress(format!("{line} to standard output")),
        false => print(format!("{line} to {}\n", out.display()))?,
    }
    Ok(())
}

/// Whether the result can be written to a path, before minutes are spent on it.
pub fn check_writable(path: &Path) -> Result<()> {
    if is_stdout(path) {
        return Ok(());
    }
    Ok(quakebook::atomic_file::check_result(path)?)
}

/// The result as a file, whole or not at all.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    Ok(quakebook::atomic_file::write_result(path, bytes)?)
}

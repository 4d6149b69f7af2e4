//! The one error type. Every variant names a stage and says what is wrong, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::printable;

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong in which stage.
///
/// `place` is a file and line, a stream and time, or the name of a parameter; `what` says what was
/// found and expected; `remedy` is a sentence on what the reader can do.
///
/// ```
/// use quakebook::{Error, study::Study};
/// let error = Study::from_toml("name = 3").unwrap_err();
/// assert!(matches!(error, Error::Study { .. }));
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("study, {place}: {what}. {remedy}")]
    Study {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("catalog, {place}: {what}. {remedy}")]
    Catalog {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("request {url}{}: {what}. {remedy}", status.map(|s| format!(" (status {s})")).unwrap_or_default())]
    Request {
        url: String,
        status: Option<u16>,
        what: String,
        remedy: String,
    },
    #[error("station, {place}: {what}. {remedy}")]
    Station {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("server, {place}: {what}. {remedy}")]
    Server {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("clustering, {place}: {what}. {remedy}")]
    Cluster {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("waveform, {place}: {what}. {remedy}")]
    Waveform {
        place: String,
        what: String,
        remedy: String,
    },
    /// A source has no whole record for what was asked of it.
    #[error("waveform, {place}: {reason}. {}", reason.remedy())]
    Unavailable { place: String, reason: Unavailable },
    #[error("window, {place}: {what}. {remedy}")]
    Window {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("dataset, {place}: {what}. {remedy}")]
    Dataset {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("network, {place}: {what}. {remedy}")]
    Network {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("training, {place}: {what}. {remedy}")]
    Train {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("evaluation, {place}: {what}. {remedy}")]
    Evaluate {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("detection, {place}: {what}. {remedy}")]
    Detect {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("picking, {place}: {what}. {remedy}")]
    Pick {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("association, {place}: {what}. {remedy}")]
    Associate {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("location, {place}: {what}. {remedy}")]
    Locate {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("magnitude, {place}: {what}. {remedy}")]
    Magnitude {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("plan, {place}: {what}. {remedy}")]
    Plan {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("storage, {place}: {what}. {remedy}")]
    Storage {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("figure, {place}: {what}. {remedy}")]
    Plot {
        place: String,
        what: String,
        remedy: String,
    },
    #[error("{}: {source}. {}", path.display(), io_remedy(source))]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Why a source has no record for a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// The span holds no sample.
    NoSample,
    /// Fewer than three components of one band were recorded; `found` are `GS.OK029.00.HH1`, `GS.OK029.00.HH2`.
    MissingComponent { found: Vec<String> },
    /// The span reaches beyond the record, which has samples `0..n_recorded`.
    Beyond {
        first: i64,
        n_samples: usize,
        n_recorded: usize,
    },
}

/// What to do about an error of the file system.
fn io_remedy(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => {
            "There is no room for it: make room and run this again; what was there before is as it was"
        }
        _ => "Check that the path exists and that you may use it",
    }
}

/// A part of a message: without control characters and numbers of hundreds of digits, at most 2,000 characters.
pub(crate) fn shown(part: &impl ToString) -> String {
    printable::with_short_numbers(&printable::lines(&part.to_string(), 2000))
}

impl Unavailable {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NoSample => "Choose a time at which the station recorded",
            Self::MissingComponent { .. } => "Choose a time at which three components recorded",
            Self::Beyond { .. } => "Choose a span inside the record",
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSample => f.write_str("no sample in this span"),
            Self::MissingComponent { found } => write!(
                f,
                "fewer than three components of one band, found {}",
                found.join(", ")
            ),
            Self::Beyond {
                first,
                n_samples,
                n_recorded,
            } => write!(
                f,
                "{n_samples} samples from sample {first} are beyond the record, which has {n_recorded}"
            ),
        }
    }
}

impl Error {
    /// Why there is no record, where the source itself is sound.
    pub(crate) fn unavailable(&self) -> Option<Unavailable> {
        match self {
            Self::Unavailable { reason, .. } => Some(reason.clone()),
            Self::Request {
                status: Some(204 | 404),
                ..
            } => Some(Unavailable::NoSample),
            _ => None,
        }
    }

    /// Whether what holds the records could not be read (a disk, a bucket, a data centre), rather than what they are.
    pub fn is_of_source(&self) -> bool {
        matches!(
            self,
            Self::Io { .. } | Self::Storage { .. } | Self::Request { .. }
        ) && self.unavailable().is_none()
    }

    /// What is wrong with a record and what to do, without the place: errors of several places that say the same are one kind.
    pub(crate) fn without_place(&self) -> String {
        match self {
            Self::Waveform { what, remedy, .. } | Self::Detect { what, remedy, .. } => {
                format!("{what}. {remedy}")
            }
            Self::Unavailable { reason, .. } => format!("{reason}. {}", reason.remedy()),
            other => other.to_string(),
        }
    }

    /// Turns an error of the file system into one that names its path.
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { path, source }
    }
}

/// `Error::Stage { place, what, remedy }` in one line: `fail!(Cluster, "k", "0 clusters", "Ask for 1 or more")`.
///
/// Place and finding may hold text from outside: [`shown`] makes it safe.
macro_rules! fail {
    ($stage:ident, $place:expr, $what:expr, $remedy:expr) => {
        $crate::Error::$stage {
            place: $crate::error::shown(&$place),
            what: $crate::error::shown(&$what),
            remedy: $remedy.to_string(),
        }
    };
}
pub(crate) use fail;

//! Where the client says that it waits.

use std::fmt;
use std::sync::Arc;

/// Where progress lines go: a wait and its reason, a request split in halves.
///
/// The default is standard output: a notebook shows it below the cell, where a line on standard error
/// would mark the cell as failed. A program that prints its results there takes another.
#[derive(Clone, Default)]
pub enum Reporter {
    Silent,
    #[default]
    Stdout,
    Stderr,
    To(Arc<dyn Fn(&str) + Send + Sync>),
}

impl Reporter {
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Silent => {}
            Self::Stdout => println!("{line}"),
            Self::Stderr => eprintln!("{line}"),
            Self::To(listener) => listener(line),
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "Silent",
            Self::Stdout => "Stdout",
            Self::Stderr => "Stderr",
            Self::To(_) => "To(..)",
        })
    }
}

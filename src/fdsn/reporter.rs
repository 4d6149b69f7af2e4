//! Where the client says that it waits.

use std::fmt;
use std::sync::Arc;

use crate::printable;

/// Characters of a line at most.
const N_CHARACTERS_MOST: usize = 500;

/// Where progress lines go: a wait and its reason, how far a long request is, one split in halves, and what
/// was left out because it was not asked for.
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
    /// Says a line, which may hold text from outside.
    pub(super) fn say(&self, line: &str) {
        let line = printable::line(line, N_CHARACTERS_MOST);
        match self {
            Self::Silent => {}
            Self::Stdout => println!("{line}"),
            Self::Stderr => eprintln!("{line}"),
            Self::To(listener) => listener(&line),
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

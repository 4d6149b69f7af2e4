//! Earthquakes and lists of them: one file for each format.
//!
//! | Format | Read | Write |
//! |---|---|---|
//! | the paper's listing `cat.txt`, as ObsPy prints a catalog | [`Catalog::read_listing`] | [`Catalog::write_listing`] |
//! | FDSN text, 8 to 14 columns | [`Catalog::from_fdsn_text`] | [`Catalog::to_fdsn_text`] |
//! | ComCat CSV, 22 columns | [`Catalog::read_comcat_csv`] | |
//! | QuakeML 1.2 | [`Catalog::from_quakeml`] | [`Catalog::to_quakeml`] |
//! | polars `DataFrame` | [`Catalog::from_frame`] | [`Catalog::to_frame`] |
//!
//! [`Catalog::completeness`] and [`Catalog::b_value`] say how many events of each size there are.
//!
//! [`Catalog::read`] looks at a file's first line and takes the right one. A row that cannot be
//! read is an error that names file, line and column; no row is left out. Reading a catalog
//! without events succeeds: "no earthquake" is an answer. What needs events (clustering, cutting
//! windows) says so when it is given none.
//!
//! ```
//! use quakebook::catalog::Catalog;
//! let listing = "1 Event(s) in Catalog:\n2014-02-16T01:51:47.800000Z | +35.781,  -97.481 | 3.3 ML\n";
//! let catalog = Catalog::from_listing(listing, "cat.txt").unwrap();
//! assert_eq!(catalog.events()[0].magnitude, 3.3);
//! assert!(catalog.listing().starts_with(listing));
//! ```

mod comcat;
mod event;
mod fdsn_text;
mod frame;
mod listing;
mod magnitudes;
mod quakeml;
mod row;

use std::path::Path;

use crate::error::{Error, Result, fail};

pub use event::{Catalog, Event};
pub(crate) use fdsn_text::fdsn_text;
pub use magnitudes::BValue;
pub(crate) use quakeml::quakeml;

impl Catalog {
    /// Reads a catalog file in any of the formats, by what its first line says.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read; [`Error::Catalog`] where it is in none of the
    /// formats, or where one of its rows cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let (text, name) = read_text(&path)?;
        Self::from_text(&text, &name)
    }

    /// As [`Catalog::read`], of text that is at hand; `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Catalog`] as there.
    pub fn from_text(text: &str, name: &str) -> Result<Self> {
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        let lower = first.trim_start_matches('\u{feff}').to_lowercase();
        if lower.starts_with('<') {
            Self::from_quakeml(text, name)
        } else if lower.contains(listing::HEADING) {
            Self::from_listing(text, name)
        } else if lower.contains('|') {
            Self::from_fdsn_text(text, name)
        } else if lower.contains("latitude") && lower.contains(',') {
            Self::from_comcat_csv(text, name)
        } else {
            Err(fail!(
                Catalog,
                format!("{name}:1"),
                format!("{:?} begins no catalog", shortened(first)),
                "Give QuakeML, FDSN text, ComCat CSV or the listing that begins with \"N Event(s) in Catalog:\""
            ))
        }
    }
}

/// A file's text and what errors call it.
fn read_text(path: impl AsRef<Path>) -> Result<(String, String)> {
    let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
    Ok((text, path.as_ref().display().to_string()))
}

/// The first characters of a text, for an error.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

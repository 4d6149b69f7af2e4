//! Earthquakes and lists of them: one file for each format.
//!
//! | Format | Read | Write |
//! |---|---|---|
//! | the paper's listing `cat.txt`, as ObsPy prints a catalog | [`Catalog::read_listing`] | [`Catalog::write_listing`] |
//! | FDSN text `.txt`, 8 to 14 columns | [`Catalog::from_fdsn_text`] | [`Catalog::to_fdsn_text`] |
//! | ComCat CSV `.csv`, 22 columns | [`Catalog::from_comcat_csv`] | [`Catalog::to_comcat_csv`] |
//! | QuakeML 1.2 `.xml` | [`Catalog::from_quakeml`] | [`Catalog::to_quakeml`] |
//! | any of these | [`Catalog::read`] | [`Catalog::write`] |
//! | polars `DataFrame` | [`Catalog::from_frame`] | [`Catalog::to_frame`] |
//!
//! [`Catalog::completeness`] and [`Catalog::b_value`] say how many events of each size there are.
//!
//! [`Catalog::read`] looks at a file's first line and takes the right one, [`Catalog::write`] at the
//! end of its name. A row that cannot be
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
// The fuzz crate compiles the readers without polars.
#[cfg(not(fuzzing))]
mod frame;
mod listing;
mod magnitudes;
mod quakeml;
mod row;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::atomic_file;
use crate::error::{Error, Result, fail};
use crate::xml;

pub use event::{Catalog, Event, USUAL_DEPTH_KM};
pub(crate) use fdsn_text::fdsn_text;
pub use magnitudes::BValue;
pub(crate) use quakeml::quakeml;

impl Catalog {
    /// Reads a catalog file in any of the formats, by what its first line says. QuakeML is read
    /// event by event, however long the file.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read; [`Error::Catalog`] where it is in none of the
    /// formats, or where one of its rows cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let mut file = BufReader::new(File::open(&path).map_err(Error::io(&path))?);
        let beginning = file.fill_buf().map_err(Error::io(&path))?;
        if String::from_utf8_lossy(beginning)
            .trim_start_matches(is_blank)
            .starts_with('<')
        {
            return Self::stream_quakeml(file, &path.as_ref().display().to_string());
        }
        let (text, name) = read_text(&path)?;
        Self::from_text(&text, &name)
    }

    /// Writes the catalog in the format that the path's extension names: `.csv` ComCat's CSV,
    /// `.xml` QuakeML 1.2, `.txt` FDSN text. (The paper's listing: [`Catalog::write_listing`].) The
    /// file is replaced whole, or left as it was.
    ///
    /// # Errors
    /// [`Error::Catalog`] for any other extension, [`Error::Io`] where the file cannot be written.
    ///
    /// ```
    /// # use quakebook::catalog::Catalog;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("catalog.xml");
    /// let text = "#EventID|Time|Latitude|Longitude|Magnitude|EventType\n\
    ///             e1|2014-02-16T01:28:31.32|35.8|-97.4|-0.4|quarry blast\n";
    /// let catalog = Catalog::from_text(text, "an answer").unwrap();
    /// catalog.write(&path).unwrap();
    /// assert_eq!(Catalog::read(&path).unwrap().events(), catalog.events());
    /// ```
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let text = match extension.as_deref() {
            Some("csv") => self.to_comcat_csv(),
            Some("xml") => self.to_quakeml(),
            Some("txt") => self.to_fdsn_text(),
            _ => {
                return Err(fail!(
                    Catalog,
                    path.display(),
                    "no format of a catalog belongs to this extension",
                    "Name the file .csv (ComCat), .xml (QuakeML) or .txt (FDSN text)"
                ));
            }
        };
        atomic_file::write_whole(path, text.as_bytes())
    }

    /// As [`Catalog::read`], of text that is at hand; `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Catalog`] as there.
    pub fn from_text(text: &str, name: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
        let lower = first.trim_start().to_lowercase();
        if lower.starts_with('<') {
            Self::from_quakeml(text, name)
        } else if lower.contains(listing::HEADING) {
            Self::from_listing(text, name)
        } else if lower.contains('|') && lower.contains("time") {
            Self::from_fdsn_text(text, name)
        } else if lower
            .split(',')
            .any(|name| ["latitude", "lat"].contains(&name.trim()))
        {
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
    let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
    Ok((xml::text_of(bytes), path.as_ref().display().to_string()))
}

/// What may stand before the first letter of a file.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// The first characters of a text, for an error.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

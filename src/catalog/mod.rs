//! Earthquakes and lists of them: one file for each format.
//!
//! | Format | Read | Write |
//! |---|---|---|
//! | the paper's listing `cat.txt`, as ObsPy prints a catalog | [`Catalog::read_listing`] | [`Catalog::write_listing`] |
//! | FDSN text `.txt`, 8 to 14 columns | [`Catalog::from_fdsn_text`] | [`Catalog::to_fdsn_text`] |
//! | ComCat CSV `.csv`, 22 columns | [`Catalog::from_comcat_csv`] | [`Catalog::to_comcat_csv`] |
//! | QuakeML 1.2 `.xml` | [`Catalog::from_quakeml`] | [`Catalog::to_quakeml`] |
//! | a list of times: `.csv` with a column `time`, `time_utc`, `origin_time`, `phase_time` or `pick_time` and no places, a time a line, or a scan's detections | [`Catalog::read`] | |
//! | any of these | [`Catalog::read`] | [`Catalog::write`] |
//! | polars `DataFrame` | [`Catalog::from_frame`] | [`Catalog::to_frame`] |
//!
//! [`Catalog::completeness`] and [`Catalog::b_value`] say how many events of each size there are, [`Catalog::pairs`] which events
//! of two catalogs are one earthquake.
//!
//! [`Catalog::read`] looks at a file's first line and takes the right one, [`Catalog::write`] at the
//! end of its name. A row that cannot be read is an error that names file, line and column. An event
//! without a time is left out and counted ([`Catalog::left_out`]), and so is the second of two with one identifier; one with a time and no place is an
//! event whose coordinates are NaN ([`Event::at_time`]). Numbers that stand for nothing, such as a depth of
//! -999, a magnitude of -9.99 or NaN, are read as not known. Reading a catalog without events
//! succeeds: "no earthquake" is an answer. What needs events (clustering, cutting windows) says so when
//! it is given none.
//!
//! Text is UTF-8, UTF-16 with its mark, or Latin-1; UTF-32 is refused. Its lines end with LF, CR LF or CR. Bytes that are 0, and
//! files of more than 4 GiB, are refused.
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
mod field;
// The fuzz crate compiles the readers without polars.
#[cfg(not(fuzzing))]
mod frame;
mod listing;
mod magnitudes;
mod matching;
mod quakeml;
mod row;

use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::error::{Error, Result, fail};
use crate::{atomic_file, tables, time};

pub use event::{Catalog, Event, LeftOut, USUAL_DEPTH_KM};
pub(crate) use fdsn_text::fdsn_text;
pub use magnitudes::BValue;
pub(crate) use quakeml::{NAMESPACES as QUAKEML_NAMESPACES, quakeml};

impl Catalog {
    /// Reads a catalog file in any of the formats, by what its first line says. QuakeML is read
    /// event by event, however long the file.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be read; [`Error::Catalog`] where its format is not
    /// known, or where one of its rows cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let mut file = BufReader::new(atomic_file::open_input(path.as_ref())?);
        let beginning = file.fill_buf().map_err(Error::io(&path))?;
        let is_xml = String::from_utf8_lossy(beginning)
            .trim_start_matches(is_blank)
            .starts_with('<');
        if is_xml {
            return Self::stream_quakeml(file, &path.as_ref().display().to_string());
        }
        let (text, name) = read_text(&path)?;
        Self::from_text(&text, &name)
    }

    /// Writes the catalog in the format that the path's extension names: `.csv` ComCat's CSV,
    /// `.xml` QuakeML 1.2, `.txt` FDSN text. (The paper's listing: [`Catalog::write_listing`].) See
    /// [`atomic_file::write_result`](crate::atomic_file::write_result) for links and pipes.
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
        atomic_file::write_result(path, text)
    }

    /// As [`Catalog::read`], of text that is at hand; `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Catalog`] as there.
    pub fn from_text(text: &str, name: &str) -> Result<Self> {
        let text = text.trim_start_matches(tables::MARK);
        let mut lines = tables::lines(text).map(|(_, line)| line);
        let first = lines.find(|l| !l.trim().is_empty()).unwrap_or("");
        let lower = first.trim_start().to_lowercase();
        let fields = || lower.split(',').map(|field| field.trim().trim_matches('"'));
        if lower.starts_with('<') {
            Self::from_quakeml(text, name)
        } else if lower.contains(listing::HEADING) {
            Self::from_listing(text, name)
        } else if lower.contains('|') && lower.contains("time") {
            Self::from_fdsn_text(text, name)
        } else if lower.starts_with(comcat::SCAN) || row::is_header(fields()) {
            Self::from_comcat_csv(text, name)
        } else if time::read(first.trim()).is_some() {
            Self::from_times(text, name)
        } else {
            Err(fail!(
                Catalog,
                format!("{name}:1"),
                format!("{:?} begins no catalog", shortened(first)),
                "Give QuakeML, FDSN text, ComCat CSV (columns parted by commas), a list of times, or the listing \
                 that begins with \"N Event(s) in Catalog:\""
            ))
        }
    }
}

/// A file's text and what errors call it.
fn read_text(path: impl AsRef<Path>) -> Result<(String, String)> {
    let name = path.as_ref().display().to_string();
    let text = tables::text_of(atomic_file::read_input(path)?)
        .map_err(|what| fail!(Catalog, name, what, tables::NO_TEXT_REMEDY))?;
    Ok((text, name))
}

/// The lines of a text that are not blank, with their numbers.
fn rows<'a>(text: &'a str, name: &str) -> Result<impl Iterator<Item = (usize, &'a str)>> {
    let text = text.trim_start_matches(tables::MARK);
    tables::no_nul(text).map_err(|what| fail!(Catalog, name, what, tables::NO_TEXT_REMEDY))?;
    Ok(tables::lines(text).filter(|(_, line)| !line.trim().is_empty()))
}

/// What may stand before the first letter of a file.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == tables::MARK
}

/// The first characters of a text, for an error.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

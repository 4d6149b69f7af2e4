//! ComCat's CSV: what the USGS serves as `format=csv`.
//!
//! Columns and their meaning: <https://earthquake.usgs.gov/data/comcat/>. They are found by name, so
//! that ObsPy's own CSV (`lat`, `lon`, `dep`) is read as well.
//!
//! A table without latitude and longitude is a list of times: of triggers, picks or detections, such as the
//! CSV of a scan. A list with `phase_type` has picks: those of P count.

use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::event::LeftOut;
use super::field::{known, one_line};
use super::row::{Header, Row, no_header};
use super::{Catalog, Event, read_text};
use crate::error::{Error, Result, fail};
use crate::{atomic_file, tables, time};

const COLUMNS: [&str; 22] = [
    "time",
    "latitude",
    "longitude",
    "depth",
    "mag",
    "magType",
    "nst",
    "gap",
    "dmin",
    "rms",
    "net",
    "id",
    "updated",
    "place",
    "type",
    "horizontalError",
    "depthError",
    "magError",
    "magNst",
    "status",
    "locationSource",
    "magSource",
];

/// Stands in the column `status` of simulated events.
const SIMULATED: &str = "simulated";

/// Begins the first line of a scan's CSV, which says more of it.
pub(super) const SCAN: &str = "# {";
const SIMULATED_SCAN: &str = "\"simulated\":true";

impl Catalog {
    /// Reads ComCat's CSV from a file.
    ///
    /// # Errors
    /// [`crate::Error::Io`] naming the path, or as [`Catalog::from_comcat_csv`].
    pub fn read_comcat_csv(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = atomic_file::open_input(path)?;
        // New memory for a large file takes longer than to look for its commas.
        let mut file = BufReader::with_capacity(1 << 18, file);
        let mut rows = Rows::new(&path.display().to_string());
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line).map_err(Error::io(path))? > 0 {
            let Ok(text) = std::str::from_utf8(&line) else {
                // In another encoding.
                let (text, name) = read_text(path)?;
                return Self::from_comcat_csv(&text, &name);
            };
            rows.read_all(text)?;
            line.clear();
        }
        rows.finish()
    }

    /// Reads ComCat's CSV; `name` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] naming line and column where the header lacks a column, a row
    /// has other than the header's number of fields, or a field is not what it should be.
    pub fn from_comcat_csv(text: &str, name: &str) -> Result<Self> {
        let mut rows = Rows::new(name);
        rows.read_all(text)?;
        rows.finish()
    }

    /// Reads a time a line, without a header.
    pub(super) fn from_times(text: &str, name: &str) -> Result<Self> {
        let mut rows = Rows::new(name);
        rows.header = Some((Header::new(name, 1, &["time"])?, None));
        rows.read_all(text)?;
        rows.finish()
    }

    /// The catalog in ComCat's 22 columns, oldest first; a column that a catalog here does not
    /// know is empty.
    pub fn to_comcat_csv(&self) -> String {
        let status = if self.simulated { SIMULATED } else { "" };
        tables::csv(
            COLUMNS,
            self.events().iter().map(|event| row(event, status)),
        )
    }
}

/// What the lines that were read so far hold.
struct Rows {
    name: String,
    n_lines: usize,
    /// The header, and where the status stands.
    header: Option<(Header, Option<usize>)>,
    fields: Fields,
    events: Vec<Event>,
    left_out: LeftOut,
    simulated: bool,
}

impl Rows {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            n_lines: 0,
            header: None,
            fields: Fields::default(),
            events: Vec::new(),
            left_out: LeftOut::default(),
            simulated: false,
        }
    }

    /// Reads lines, the last one with or without what ends it.
    fn read_all(&mut self, text: &str) -> Result<()> {
        let text = text.strip_suffix(['\n']).unwrap_or(text);
        tables::lines(text).try_for_each(|(_, line)| self.read(line))
    }

    /// Reads the next line, without what ends it.
    fn read(&mut self, line: &str) -> Result<()> {
        self.n_lines += 1;
        if line.trim().is_empty() {
            return Ok(());
        }
        if self.header.is_none() && line.starts_with(SCAN) {
            self.simulated |= line.contains(SIMULATED_SCAN);
            return Ok(());
        }
        tables::no_nul(line).map_err(|what| {
            let place = format!("{}:{}", self.name, self.n_lines);
            fail!(Catalog, place, what, tables::NO_TEXT_REMEDY)
        })?;
        self.fields.split(line).ok_or_else(|| {
            fail!(
                Catalog,
                format!("{}:{}", self.name, self.n_lines),
                "a quotation mark that is not closed",
                "Close it, or complete the row: it was cut short"
            )
        })?;
        let n_fields = self.fields.0.len();
        let field = |index| self.fields.of(line, index);
        match &self.header {
            Some((header, status)) => {
                match header.row(self.n_lines, n_fields, field)? {
                    Row::Event(event) => self.events.push(event),
                    Row::LeftOut(why) => self.left_out.add(|| why),
                    Row::Header => {}
                }
                self.simulated |= status.is_some_and(|index| field(index).trim() == SIMULATED);
            }
            None => {
                let columns: Vec<_> = (0..n_fields).map(field).collect();
                let header = Header::new(&self.name, self.n_lines, &columns)?;
                let status = header.index(&["status"]);
                self.header = Some((header, status));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Catalog> {
        let Some((header, _)) = &self.header else {
            return Err(no_header(&self.name));
        };
        header.check_rows(self.events.len() + self.left_out.n_events)?;
        let station = header.picked_at();
        let catalog = Catalog::new(self.name, self.simulated, self.events);
        Ok(catalog.at_station(station).without(self.left_out))
    }
}

fn row(event: &Event, status: &str) -> [String; 22] {
    COLUMNS.map(|column| match column {
        "time" => time::iso(event.origin_time),
        "latitude" => known(event.latitude_deg),
        "longitude" => known(event.longitude_deg),
        "depth" => event.depth_km.map(|d| d.to_string()).unwrap_or_default(),
        "mag" => known(event.magnitude),
        "magType" => one_line(&event.magnitude_type, None),
        "id" => one_line(&event.id, None),
        "type" => one_line(&event.event_type, None),
        "status" => status.to_string(),
        _ => String::new(),
    })
}

/// The fields of one line: parted by commas, except within quotation marks, where `""` stands for one mark
/// (RFC 4180; ComCat has no line breaks in a field). For each, where it ends and how many marks it has.
///
/// The crate csv takes 0.6 s for a million rows where this takes 0.3 s: with it, reading a catalog would be
/// slower than polars reads the table (`benches/README.md`).
#[derive(Default)]
struct Fields(Vec<(usize, usize)>);

impl Fields {
    /// Nothing where a mark stays open.
    fn split(&mut self, line: &str) -> Option<()> {
        self.0.clear();
        let mut n_marks = 0;
        let mut see = |at: usize, byte: u8| match byte {
            b'"' => n_marks += 1,
            // After an even number of marks each of them is closed.
            b',' if n_marks % 2 == 0 => {
                self.0.push((at, n_marks));
                n_marks = 0;
            }
            _ => {}
        };
        let (words, rest) = line.as_bytes().as_chunks::<8>();
        for (number, word) in words.iter().enumerate() {
            let mut found = commas_and_marks(u64::from_le_bytes(*word));
            while found != 0 {
                let index = found.trailing_zeros() as usize / 8;
                see(8 * number + index, word[index]);
                found &= found - 1;
            }
        }
        for (index, byte) in rest.iter().enumerate() {
            see(8 * words.len() + index, *byte);
        }
        self.0.push((line.len(), n_marks));
        (n_marks % 2 == 0).then_some(())
    }

    /// A field of the line that was split.
    fn of<'a>(&self, line: &'a str, index: usize) -> Cow<'a, str> {
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.0[before].0 + 1);
        let (end, n_marks) = self.0[index];
        unquoted(&line[start..end], n_marks)
    }
}

/// The highest bit of each of eight bytes that is a comma or a quotation mark, all eight at once.
fn commas_and_marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const LOW: u64 = 0x7f * ONES;
    // What is zero is so after 0x7f was added to its lower bits: nothing reaches the highest.
    let zeros = |word: u64| !((word & LOW).wrapping_add(LOW) | word | LOW);
    let equal = |byte: u8| zeros(word ^ (ONES * u64::from(byte)));
    equal(b',') | equal(b'"')
}

/// A field without its `n_marks` quotation marks.
#[inline]
fn unquoted(field: &str, n_marks: usize) -> Cow<'_, str> {
    if n_marks == 0 {
        return Cow::Borrowed(field);
    }
    let inner = field
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = inner.filter(|inner| !inner.contains('"')) {
        return Cow::Borrowed(plain);
    }
    let mut text = String::with_capacity(field.len());
    let mut is_open = false;
    let mut characters = field.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_open && characters.peek() == Some(&'"') => {
                characters.next();
                text.push('"');
            }
            '"' => is_open = !is_open,
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::Fields;

    fn fields(line: &str) -> Option<Vec<std::borrow::Cow<'_, str>>> {
        let mut fields = Fields::default();
        fields.split(line)?;
        Some((0..fields.0.len()).map(|i| fields.of(line, i)).collect())
    }

    #[test]
    fn commas_and_marks_within_quotation_marks() {
        assert_eq!(
            fields(r#"1,"a, ""b""",,"#).unwrap(),
            ["1", r#"a, "b""#, "", ""]
        );
        assert_eq!(fields(r#"é,"é, ü",a"b,"c"#).unwrap(), ["é", "é, ü", "ab,c"]);
        assert_eq!(fields(""), Some(vec!["".into()]));
        assert_eq!(fields(r#"1,"a"#), None);
        assert_eq!(fields("\"a, \"\"b\"\" \",2").unwrap(), ["a, \"b\" ", "2"]);
    }
}

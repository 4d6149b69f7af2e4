//! ComCat's CSV: what the USGS serves as `format=csv`.
//!
//! Columns and their meaning: <https://earthquake.usgs.gov/data/comcat/>. They are found by name, so
//! that ObsPy's own CSV (`lat`, `lon`, `dep`) is read as well.

use std::borrow::Cow;
use std::path::Path;

use super::row::{Header, one_line};
use super::{Catalog, Event, read_text};
use crate::error::{Result, fail};
use crate::time;

const HEADER: &str = "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,horizontalError,depthError,magError,magNst,status,locationSource,magSource";

/// Stands in the column `status` of simulated events.
const SIMULATED: &str = "simulated";

impl Catalog {
    /// Reads ComCat's CSV from a file.
    ///
    /// # Errors
    /// [`crate::Error::Io`] naming the path, or as [`Catalog::from_comcat_csv`].
    pub fn read_comcat_csv(path: impl AsRef<Path>) -> Result<Self> {
        let (text, name) = read_text(&path)?;
        Self::from_comcat_csv(&text, &name)
    }

    /// Reads ComCat's CSV; `name` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] naming line and column where the header lacks a column, a row
    /// has other than the header's number of fields, or a field is not what it should be.
    pub fn from_comcat_csv(text: &str, name: &str) -> Result<Self> {
        let mut rows = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        let open = |line: usize| {
            fail!(
                Catalog,
                format!("{name}:{line}"),
                "a quotation mark that is not closed",
                "The row was cut short or broken: fetch the catalog again"
            )
        };
        let mut fields = Vec::new();
        let (line, header) = rows.next().unwrap_or((0, ""));
        split(header, &mut fields).ok_or_else(|| open(line + 1))?;
        let header = Header::new(name, line + 1, &fields)?;
        let status = header.index(&["status"]);
        let (mut events, mut simulated) = (Vec::new(), false);
        for (line, row) in rows {
            split(row, &mut fields).ok_or_else(|| open(line + 1))?;
            events.push(header.event(line + 1, &fields)?);
            simulated |= status.is_some_and(|index| fields[index].trim() == SIMULATED);
        }
        Ok(Catalog::new(name, simulated, events))
    }

    /// The catalog in ComCat's 22 columns, oldest first; those of which a catalog here knows
    /// nothing are empty.
    pub fn to_comcat_csv(&self) -> String {
        let status = if self.simulated { SIMULATED } else { "" };
        let rows = self.events().iter().map(|event| row(event, status));
        format!("{HEADER}\n{}", rows.collect::<String>())
    }
}

fn row(event: &Event, status: &str) -> String {
    let depth = event.depth_km.map(|d| d.to_string()).unwrap_or_default();
    let magnitude = match event.magnitude {
        m if m.is_finite() => m.to_string(),
        _ => String::new(),
    };
    format!(
        "{},{},{},{depth},{magnitude},{},,,,,,{},,,{},,,,,{status},,\n",
        time::iso(event.origin_time),
        event.latitude_deg,
        event.longitude_deg,
        quoted(&event.magnitude_type),
        quoted(&event.id),
        quoted(&event.event_type),
    )
}

/// A field in quotation marks where it needs them; a line's end in it becomes a space.
fn quoted(field: &str) -> String {
    let field = one_line(field, None);
    match field.contains([',', '"']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}

/// Puts the fields of one line into `fields`: parted by commas, except within quotation marks, where
/// `""` stands for one mark (RFC 4180; ComCat has no line breaks in a field). Nothing where a mark stays
/// open.
fn split<'a>(line: &'a str, fields: &mut Vec<Cow<'a, str>>) -> Option<()> {
    fields.clear();
    let (mut start, mut n_marks) = (0, 0);
    let mut see = |at: usize, byte: u8| match byte {
        b'"' => n_marks += 1,
        // After an even number of marks each of them is closed.
        b',' if n_marks % 2 == 0 => {
            fields.push(unquoted(&line[start..at], n_marks));
            (start, n_marks) = (at + 1, 0);
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
    fields.push(unquoted(&line[start..], n_marks));
    (n_marks % 2 == 0).then_some(())
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

/// A field without its quotation marks, of which it has `n_marks`.
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
    use super::{quoted, split};

    fn fields(line: &str) -> Option<Vec<std::borrow::Cow<'_, str>>> {
        let mut fields = Vec::new();
        split(line, &mut fields).map(|()| fields)
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
        assert_eq!(
            fields(&format!("{},2", quoted("a, \"b\"\n"))).unwrap(),
            ["a, \"b\" ", "2"]
        );
    }
}

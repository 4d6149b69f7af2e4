//! ComCat's CSV: what the USGS serves as `format=csv`.
//!
//! Columns and their meaning: <https://earthquake.usgs.gov/data/comcat/>. They are found by name, so
//! that ObsPy's own CSV (`lat`, `lon`, `dep`) is read as well.

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
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(line, row)| {
                let fields = fields(row).ok_or_else(|| {
                    fail!(
                        Catalog,
                        format!("{name}:{}", line + 1),
                        "a quotation mark that is not closed",
                        "The row was cut short or broken: fetch the catalog again"
                    )
                })?;
                Ok((line + 1, fields))
            });
        let (line, header) = rows.next().unwrap_or_else(|| Ok((1, Vec::new())))?;
        let header = Header::new(name, line, &header)?;
        let status = header.index(&["status"]);
        let (mut events, mut simulated) = (Vec::new(), false);
        for row in rows {
            let (line, fields) = row?;
            events.push(header.event(line, &fields)?);
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

/// The fields of one line: parted by commas, except within quotation marks, where `""` stands for
/// one mark (RFC 4180; ComCat has no line breaks in a field). Nothing where a mark stays open.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is always a field");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    (!quoted).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::{fields, quoted};

    #[test]
    fn commas_and_marks_within_quotation_marks() {
        assert_eq!(
            fields(r#"1,"a, ""b""",,"#).unwrap(),
            ["1", r#"a, "b""#, "", ""]
        );
        assert_eq!(fields(r#"1,"a"#), None);
        assert_eq!(
            fields(&format!("{},2", quoted("a, \"b\"\n"))).unwrap(),
            ["a, \"b\" ", "2"]
        );
    }
}

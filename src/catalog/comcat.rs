//! ComCat's CSV: what the USGS serves as `format=csv`.
//!
//! Columns and their meaning: <https://earthquake.usgs.gov/data/comcat/>. They are found by name.

use std::path::Path;

use super::row::Header;
use super::{Catalog, read_text};
use crate::error::{Result, fail};

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
        let events = rows
            .map(|row| row.and_then(|(line, fields)| header.event(line, &fields)))
            .collect::<Result<Vec<_>>>()?;
        Ok(Catalog::new(name, false, events))
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
    use super::fields;

    #[test]
    fn commas_and_marks_within_quotation_marks() {
        assert_eq!(
            fields(r#"1,"a, ""b""",,"#).unwrap(),
            ["1", r#"a, "b""#, "", ""]
        );
        assert_eq!(fields(r#"1,"a"#), None);
    }
}

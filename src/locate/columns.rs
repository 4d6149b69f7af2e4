//! Tables of others: columns by their names, whatever their order.

use crate::error::{Error, Result, fail};
use crate::tables;

/// The rows of a table, CSV or another, with the columns that were asked for.
pub(crate) struct Columns<'a> {
    name: &'a str,
    header: Vec<String>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// One row.
pub(crate) struct Row<'a> {
    table: &'a Columns<'a>,
    line: u64,
    cells: &'a csv::StringRecord,
}

impl<'a> Columns<'a> {
    /// # Errors
    /// As [`Columns::read_any`], and where the text has no row.
    pub fn read(text: &'a str, name: &'a str) -> Result<Self> {
        let table = Self::read_any(text, name)?;
        match table.rows.is_empty() {
            true => Err(fail!(
                Locate,
                format!("{name}:1"),
                "no row",
                "Give a table with a header, its columns parted by commas"
            )),
            false => Ok(table),
        }
    }

    /// A table that may have a header alone. Lines that begin with `#` are comments.
    ///
    /// # Errors
    /// [`Error::Locate`] where rows have several lengths.
    pub fn read_any(text: &'a str, name: &'a str) -> Result<Self> {
        let broken = |line: u64, what: String| {
            let remedy = "Give a table with a header, its columns parted by commas";
            fail!(Locate, format!("{name}:{line}"), what, remedy)
        };
        let text = text.trim_start_matches(tables::MARK);
        tables::no_nul(text).map_err(|what| broken(1, what))?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .has_headers(true)
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| broken(1, e.to_string()))?;
        let header: Vec<String> = header.iter().map(str::to_lowercase).collect();
        if let Some(name) = doubled(&header) {
            return Err(broken(1, format!("two columns have the name {name}")));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| {
                let line = e.position().map_or(0, csv::Position::line);
                broken(line, e.to_string())
            })?;
            rows.push((record.position().map_or(0, csv::Position::line), record));
        }
        Ok(Self { name, header, rows })
    }

    /// A table that is none of text: its rows are counted from 1.
    pub fn of_cells(name: &'a str, header: Vec<String>, rows: Vec<csv::StringRecord>) -> Self {
        let header = header.iter().map(|name| name.to_lowercase()).collect();
        let rows = (1..).zip(rows).collect();
        Self { name, header, rows }
    }

    /// The first of these columns that the table has.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.header.iter().position(|h| h == name))
    }

    /// The names of the columns beside these.
    pub fn beside(&self, read: &[Option<usize>]) -> Vec<String> {
        let all = self.header.iter().enumerate();
        all.filter(|(i, name)| !read.contains(&Some(*i)) && !name.is_empty())
            .map(|(_, name)| name.clone())
            .collect()
    }

    /// The names of all columns.
    pub fn header(&self) -> String {
        self.header.join(", ")
    }

    /// The first of these columns.
    ///
    /// # Errors
    /// [`Error::Locate`] with the columns that there are.
    pub fn need(&self, names: &[&str]) -> Result<usize> {
        self.find(names).ok_or_else(|| {
            let what = format!(
                "no column {}; there are {}",
                names.join(" or "),
                self.header()
            );
            self.refuse(&what, "Name the columns in the first line")
        })
    }

    /// The error of a table that is another one than was expected.
    pub fn refuse(&self, what: &str, remedy: &str) -> Error {
        fail!(Locate, format!("{}:1", self.name), what, remedy)
    }

    pub fn rows(&'a self) -> impl Iterator<Item = Row<'a>> {
        let row = |(line, cells): &'a (u64, csv::StringRecord)| Row {
            table: self,
            line: *line,
            cells,
        };
        self.rows.iter().map(row)
    }
}

impl<'a> Row<'a> {
    pub fn text(&self, column: usize) -> &'a str {
        &self.cells[column]
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`Error::Locate`] naming line and column.
    pub fn number(&self, column: usize) -> Result<f64> {
        let number = self.text(column).parse::<f64>().ok();
        number
            .filter(|x| x.is_finite())
            .ok_or_else(|| self.wrong(column, "a number"))
    }

    /// The error of a cell that is not what it should be.
    pub fn wrong(&self, column: usize, expected: &str) -> Error {
        let what = format!(
            "{:?} in column {} where {expected} was expected",
            self.text(column).chars().take(60).collect::<String>(),
            self.table.header[column]
        );
        fail!(
            Locate,
            format!("{}:{}", self.table.name, self.line),
            what,
            "Correct this value"
        )
    }
}

/// A name that two columns have: which of them is meant cannot be told.
fn doubled(header: &[String]) -> Option<&String> {
    let named = header
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    let mut again = named.filter(|(i, name)| header[..*i].contains(name));
    again.next().map(|(_, name)| name)
}

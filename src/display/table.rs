//! A table of text, shown as HTML and as aligned columns.

use std::fmt;

use polars::prelude::{AnyValue, DataFrame};

use super::{emit, escape, numbered};

/// Rows of text under headers, with a caption above and a note below.
///
/// Columns of numbers are set to the right. A row that is too short is filled with empty cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// `Table 3.1`; empty until numbered.
    pub number: String,
    pub caption: String,
    pub headers: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Source, units, what was left out; says so where the data are simulated.
    pub note: String,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: &str, headers: &[&str]) -> Self {
        Self {
            caption: caption.into(),
            headers: headers.iter().map(|header| header.to_string()).collect(),
            ..Self::default()
        }
    }

    /// The first `n_rows` rows of a frame; the note counts the rest.
    pub fn from_frame(caption: &str, frame: &DataFrame, n_rows: usize) -> Self {
        let headers: Vec<&str> = frame
            .get_column_names()
            .iter()
            .map(|name| name.as_str())
            .collect();
        let mut table = Self::new(caption, &headers);
        for i in 0..frame.height().min(n_rows) {
            table = table.row(frame.columns().iter().map(|column| match column.get(i) {
                Ok(AnyValue::Null) | Err(_) => String::new(),
                Ok(value) => value.to_string().trim_matches('"').to_string(),
            }));
        }
        table.noted(&first_rows(n_rows, frame.height()))
    }

    /// Adds one row.
    pub fn row<S: Into<String>>(mut self, cells: impl IntoIterator<Item = S>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// The same table with a number, `Table 3.1`. It borrows, as a cell that ended by moving one of its
    /// variables would show the value's innards instead of the table.
    pub fn numbered(&self, number: &str) -> Self {
        Self {
            number: number.into(),
            ..self.clone()
        }
    }

    /// The same table with another caption.
    pub fn captioned(&self, caption: &str) -> Self {
        Self {
            caption: caption.into(),
            ..self.clone()
        }
    }

    /// Adds a sentence to the note.
    pub fn noted(&self, note: &str) -> Self {
        Self {
            note: format!("{} {note}", self.note).trim().to_string(),
            ..self.clone()
        }
    }

    /// The table as HTML, number and caption in `<caption>`, the note in a paragraph below.
    pub fn to_html(&self) -> String {
        let right = self.right_aligned();
        let line = |tag: &str, cells: &[String]| {
            let cells: String = (0..right.len())
                .map(|i| {
                    let align = if right[i] { "right" } else { "left" };
                    let text = escape(cells.get(i).map_or("", String::as_str));
                    format!("<{tag} style=\"text-align:{align}\">{text}</{tag}>")
                })
                .collect();
            format!("<tr>{cells}</tr>\n")
        };
        let body: String = self.rows.iter().map(|row| line("td", row)).collect();
        let mut html = format!(
            "<table>\n<caption>{}</caption>\n<thead>\n{}</thead>\n<tbody>\n{body}</tbody>\n</table>",
            escape(&numbered(&self.number, &self.caption)),
            line("th", &self.headers),
        );
        if !self.note.is_empty() {
            html += &format!("\n<p><small>{}</small></p>", escape(&self.note));
        }
        html
    }

    /// Shows the table as a cell's result.
    pub fn evcxr_display(&self) {
        emit(&[
            ("text/html", &self.to_html()),
            ("text/plain", &self.to_string()),
        ]);
    }

    /// For each column whether all its cells are numbers or empty, and one is a number.
    fn right_aligned(&self) -> Vec<bool> {
        let n_columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        (0..n_columns.max(self.headers.len()))
            .map(|i| {
                let mut cells = self
                    .rows
                    .iter()
                    .filter_map(|row| row.get(i))
                    .filter(|cell| !cell.is_empty() && *cell != "-")
                    .peekable();
                cells.peek().is_some() && cells.all(|cell| is_number(cell))
            })
            .collect()
    }
}

/// Numbers as people write them: `-1.5`, `93.1 %`, `0.71 (0.65 to 0.77)`, `1e-3`.
fn is_number(cell: &str) -> bool {
    let starts_so = cell
        .trim_start_matches(['-', '+', '<', '>', '~', ' '])
        .starts_with(|c: char| c.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_digit() || " +-.,%/()±eE".contains(c);
    starts_so
        && cell
            .trim_start_matches(['<', '>', '~'])
            .replace("to", "")
            .chars()
            .all(allowed)
}

/// `First 10 of 703 rows.`, or nothing where all are shown.
pub(super) fn first_rows(n_shown: usize, n_all: usize) -> String {
    if n_shown < n_all {
        format!("First {n_shown} of {n_all} rows.")
    } else {
        String::new()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = self.right_aligned();
        let lines = || std::iter::once(&self.headers).chain(&self.rows);
        let cell = |line: &'_ [String], i: usize| line.get(i).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..right.len())
            .map(|i| {
                let length = |line: &Vec<String>| cell(line, i).chars().count();
                lines().map(length).max().unwrap_or(0)
            })
            .collect();

        let title = numbered(&self.number, &self.caption);
        if !title.is_empty() {
            writeln!(f, "{title}")?;
        }
        for (n, line) in lines().enumerate() {
            let cells: Vec<String> = (0..right.len())
                .map(|i| match right[i] {
                    true => format!("{:>width$}", cell(line, i), width = widths[i]),
                    false => format!("{:<width$}", cell(line, i), width = widths[i]),
                })
                .collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
            if n == 0 {
                let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                writeln!(f, "{}", rule.join("  "))?;
            }
        }
        write!(f, "{}", self.note)
    }
}

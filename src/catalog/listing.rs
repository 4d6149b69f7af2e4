//! The paper's `cat.txt`: a catalog as ObsPy prints it, newest first.
//!
//! ```text
//! 703 Event(s) in Catalog:
//! 2015-08-31T01:04:03.480000Z | +35.761,  -97.371 | 3.0 mb_Lg
//! ```
//!
//! The form keeps three decimals of a degree (100 m), neither depth nor identifier. A last line
//! beginning with `#` says where the events came from, so that simulated events stay marked.

use std::fmt::Write;
use std::path::Path;

use super::field::{MAGNITUDE, one_line, read_bounded, read_point, read_time};
use super::{Catalog, Event, read_text, rows, shortened};
use crate::atomic_file;
use crate::error::{Result, fail};
use crate::time;

/// What the first line says after the count, in lower case.
pub(super) const HEADING: &str = "event(s) in catalog:";

const SOURCE: &str = "# source: ";
const SIMULATED: &str = " (simulated)";

impl Catalog {
    /// The catalog in the paper's form, newest first.
    pub fn listing(&self) -> String {
        let mut text = format!("{} Event(s) in Catalog:\n", self.len());
        for event in self.events().iter().rev() {
            text.push_str(&row(event));
            text.push('\n');
        }
        let mark = if self.simulated { SIMULATED } else { "" };
        let source = one_line(&self.source, None);
        writeln!(text, "{SOURCE}{source}{mark}").expect("writing to a String cannot fail");
        text
    }

    /// Writes [`Catalog::listing`] to a file.
    ///
    /// # Errors
    /// [`crate::Error::Io`] naming the path.
    pub fn write_listing(&self, path: impl AsRef<Path>) -> Result<()> {
        atomic_file::write_result(path, self.listing())
    }

    /// Reads a listing from a file.
    ///
    /// # Errors
    /// [`crate::Error::Io`] naming the path, or as [`Catalog::from_listing`].
    pub fn read_listing(path: impl AsRef<Path>) -> Result<Self> {
        let (text, name) = read_text(&path)?;
        Self::from_listing(&text, &name)
    }

    /// Reads a listing; `name` is what errors call it. An event's identifier is its origin time.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] naming the line where the heading or a row is not in this form, or
    /// where the heading counts other than the rows there are.
    pub fn from_listing(text: &str, name: &str) -> Result<Self> {
        let mut lines = rows(text, name)?.map(|(line, row)| (line, row.trim()));
        let (_, heading) = lines.next().unwrap_or((1, ""));
        let n_expected = heading
            .split_once(' ')
            .filter(|(_, rest)| rest.to_lowercase() == HEADING)
            .and_then(|(count, _)| count.parse::<usize>().ok())
            .ok_or_else(|| {
                fail!(
                    Catalog,
                    format!("{name}:1"),
                    format!(
                        "{:?} where \"N Event(s) in Catalog:\" was expected",
                        shortened(heading)
                    ),
                    "Give a listing with this first line and the columns of its second, or a catalog in another format"
                )
            })?;

        let (mut events, mut source, mut simulated) = (Vec::new(), name.to_string(), false);
        for (line, row) in lines {
            if let Some(said) = row.strip_prefix(SOURCE) {
                simulated = said.ends_with(SIMULATED);
                source = said.trim_end_matches(SIMULATED).to_string();
            } else {
                events.push(read_row(&format!("{name}:{line}"), row)?);
            }
        }
        if events.len() != n_expected {
            return Err(fail!(
                Catalog,
                format!("{name}:1"),
                format!(
                    "{} rows where the first line counts {n_expected}",
                    events.len()
                ),
                "Rows were lost or added: write the listing again, or correct the count"
            ));
        }
        // Oldest first, also among events of one time.
        events.reverse();
        let mut catalog = Catalog::new(source, simulated, events);
        catalog.number_equal_ids();
        Ok(catalog)
    }
}

/// `time | lat, lon | mag type`, the columns as wide as ObsPy's. (Newer ObsPy puts a second
/// space after a magnitude of one decimal; the paper's listing has one.)
fn row(event: &Event) -> String {
    let mut text = time::iso(event.origin_time);
    match event.has_place() {
        true => write!(
            text,
            " | {:+7.3}, {:+8.3}",
            event.latitude_deg, event.longitude_deg
        ),
        false => write!(text, " | {:>7}, {:>8}", "None", "None"),
    }
    .expect("writing to a String cannot fail");
    if event.magnitude.is_finite() {
        // One word: a second one would be a column more.
        let kind = one_line(&event.magnitude_type, Some('|'));
        let kind = match kind.split_whitespace().collect::<Vec<_>>().join("_") {
            kind if kind.is_empty() => "None".to_string(),
            kind => kind,
        };
        write!(text, " | {:?} {kind:2}", event.magnitude).expect("writing to a String cannot fail");
    }
    text
}

fn read_row(place: &str, row: &str) -> Result<Event> {
    let broken = || {
        fail!(
            Catalog,
            place,
            format!(
                "{:?} where \"time | lat, lon | mag type\" was expected",
                shortened(row)
            ),
            "Correct this row"
        )
    };
    let mut columns = row.split('|').map(str::trim);
    let time = columns.next().ok_or_else(broken)?;
    let (latitude, longitude) = columns
        .next()
        .and_then(|point| point.split_once(','))
        .ok_or_else(broken)?;
    // A fourth column, `manual` or `automatic`, may follow.
    let mut magnitude = columns.next().unwrap_or("").split_whitespace();
    let origin_time = read_time(format_args!("{place}, time"), time)?;
    let (longitude_deg, latitude_deg) = read_point(place, longitude.trim(), latitude.trim())?;
    let value = magnitude.next().unwrap_or("");
    let kind = magnitude.next().unwrap_or("");
    if magnitude.next().is_some() {
        return Err(broken());
    }
    Ok(Event {
        id: time::iso(origin_time),
        origin_time,
        longitude_deg,
        latitude_deg,
        depth_km: None,
        magnitude: read_bounded(format_args!("{place}, magnitude"), value, &MAGNITUDE)?
            .unwrap_or(f64::NAN),
        magnitude_type: if kind == "None" { "" } else { kind }.to_string(),
        event_type: String::new(),
    })
}

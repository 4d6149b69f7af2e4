//! Rows under a header: what FDSN text and ComCat's CSV have in common.

use chrono::DateTime;

use crate::catalog::{Event, shortened};
use crate::error::{Result, fail};
use crate::time::{self, Time};

/// The columns of a table of events, found by their names.
pub(super) struct Header {
    /// What errors call the table.
    name: String,
    /// Lower case, without spaces and `#`.
    columns: Vec<String>,
}

impl Header {
    /// Reads the header's fields; `line` counts from 1.
    pub fn new(name: &str, line: usize, fields: &[impl AsRef<str>]) -> Result<Self> {
        let plain = |field: &str| field.trim_start_matches('\u{feff}').trim().to_lowercase();
        let header = Self {
            name: name.to_string(),
            columns: fields
                .iter()
                .map(|field| plain(field.as_ref()).trim_start_matches('#').trim().into())
                .collect(),
        };
        for names in [TIME, LATITUDE, LONGITUDE] {
            if header.index(names).is_none() {
                return Err(fail!(
                    Catalog,
                    format!("{name}:{line}"),
                    format!(
                        "no column {:?} in the header {:?}",
                        names[0],
                        shortened(&header.columns.join(" "))
                    ),
                    "Give the file with its header line, as the data centre sent it"
                ));
            }
        }
        Ok(header)
    }

    /// The event of one row.
    pub fn event(&self, line: usize, fields: &[impl AsRef<str>]) -> Result<Event> {
        if fields.len() != self.columns.len() {
            return Err(fail!(
                Catalog,
                format!("{}:{line}", self.name),
                format!(
                    "{} fields where the header has {}",
                    fields.len(),
                    self.columns.len()
                ),
                "The row was cut short or broken: fetch the catalog again"
            ));
        }
        let field = |names: Names| {
            let index = self.index(names);
            index.map_or("", |index| fields[index].as_ref().trim())
        };
        let place = |column: &str| format!("{}:{line}, {column}", self.name);
        let number = |names: Names| read_number(&place(names[0]), field(names));
        let origin_time = read_time(&place("time"), field(TIME))?;
        let (longitude_deg, latitude_deg) = read_point(
            &format!("{}:{line}", self.name),
            field(LONGITUDE),
            field(LATITUDE),
        )?;
        let id = match field(ID) {
            "" => time::iso(origin_time),
            id => id.to_string(),
        };
        Ok(Event {
            id,
            origin_time,
            longitude_deg,
            latitude_deg,
            depth_km: number(DEPTH)?,
            magnitude: number(MAGNITUDE)?.unwrap_or(f64::NAN),
            magnitude_type: field(MAGNITUDE_TYPE).to_string(),
            event_type: field(EVENT_TYPE).to_string(),
        })
    }

    /// Where the first of the names stands.
    pub fn index(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.columns.iter().position(|column| column == name))
    }
}

/// What data centres call a column.
type Names = &'static [&'static str];

const ID: Names = &["eventid", "id"];
const TIME: Names = &["time"];
const LATITUDE: Names = &["latitude", "lat"];
const LONGITUDE: Names = &["longitude", "lon"];
const DEPTH: Names = &["depth/km", "depth", "dep"];
const MAGNITUDE: Names = &["magnitude", "mag"];
const MAGNITUDE_TYPE: Names = &["magtype"];
const EVENT_TYPE: Names = &["eventtype", "type"];

/// A time with or without `Z` or an offset.
pub(super) fn read_time(place: &str, text: &str) -> Result<Time> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.to_utc()),
        Err(_) => time::parse(text).map_err(|_| unreadable(place, text, "a time in UTC")),
    }
}

/// A finite number, or nothing where the field is empty or says so.
pub(super) fn read_number(place: &str, text: &str) -> Result<Option<f64>> {
    match (text, text.parse::<f64>()) {
        ("" | "null" | "None" | "nan" | "NaN", _) => Ok(None),
        (_, Ok(number)) if number.is_finite() => Ok(Some(number)),
        _ => Err(unreadable(place, text, "a number")),
    }
}

/// Longitude and latitude in degrees.
pub(super) fn read_point(place: &str, longitude: &str, latitude: &str) -> Result<(f64, f64)> {
    let within = |name: &str, text: &str, limits: std::ops::RangeInclusive<f64>| {
        let place = format!("{place}, {name}");
        match read_number(&place, text)? {
            Some(degrees) if limits.contains(&degrees) => Ok(degrees),
            _ => Err(unreadable(
                &place,
                text,
                &format!("degrees from {} to {}", limits.start(), limits.end()),
            )),
        }
    };
    Ok((
        within("longitude", longitude, -180.0..=360.0)?,
        within("latitude", latitude, -90.0..=90.0)?,
    ))
}

/// A field's text as one line of a table can hold it: what ends a line or parts the fields becomes a
/// space.
pub(super) fn one_line(text: &str, separator: Option<char>) -> String {
    let unfit = |c: char| c.is_control() || Some(c) == separator;
    text.chars()
        .map(|c| if unfit(c) { ' ' } else { c })
        .collect()
}

fn unreadable(place: &str, text: &str, expected: &str) -> crate::Error {
    fail!(
        Catalog,
        place,
        format!("{:?} where {expected} was expected", shortened(text)),
        "Correct this row, or fetch the catalog again"
    )
}

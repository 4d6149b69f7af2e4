//! Rows under a header: what FDSN text and ComCat's CSV have in common.

use std::borrow::Cow;
use std::fmt::Display;

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
    places: Paths,
}

/// Where an event's columns stand; the first three are in every header.
#[derive(Default)]
struct Paths {
    time: usize,
    longitude: usize,
    latitude: usize,
    id: Option<usize>,
    depth: Option<usize>,
    magnitude: Option<usize>,
    magnitude_type: Option<usize>,
    event_type: Option<usize>,
}

impl Header {
    /// Reads the header's fields; `line` counts from 1.
    pub fn new(name: &str, line: usize, fields: &[impl AsRef<str>]) -> Result<Self> {
        let plain = |field: &str| field.trim_start_matches('\u{feff}').trim().to_lowercase();
        let mut header = Self {
            name: name.to_string(),
            columns: fields
                .iter()
                .map(|field| plain(field.as_ref()).trim_start_matches('#').trim().into())
                .collect(),
            places: Paths::default(),
        };
        let needed = |names: Names| {
            header.index(names).ok_or_else(|| {
                fail!(
                    Catalog,
                    format!("{name}:{line}"),
                    format!(
                        "no column {:?} in the header {:?}",
                        names[0],
                        shortened(&header.columns.join(" "))
                    ),
                    "Give the file with its header line, as the data centre sent it"
                )
            })
        };
        header.places = Paths {
            time: needed(TIME)?,
            latitude: needed(LATITUDE)?,
            longitude: needed(LONGITUDE)?,
            id: header.index(ID),
            depth: header.index(DEPTH),
            magnitude: header.index(MAGNITUDE),
            magnitude_type: header.index(MAGNITUDE_TYPE),
            event_type: header.index(EVENT_TYPE),
        };
        Ok(header)
    }

    /// The event of one row, whose fields are counted from 0.
    pub fn event<'a>(
        &self,
        line: usize,
        n_fields: usize,
        field: impl Fn(usize) -> Cow<'a, str>,
    ) -> Result<Event> {
        if n_fields != self.columns.len() {
            return Err(fail!(
                Catalog,
                format!("{}:{line}", self.name),
                format!(
                    "{} fields where the header has {}",
                    n_fields,
                    self.columns.len()
                ),
                "The row was cut short or broken: fetch the catalog again"
            ));
        }
        let (name, places) = (&self.name, &self.places);
        let text = |index: Option<usize>| index.map_or(Cow::Borrowed(""), &field);
        let number = |column: &str, index: Option<usize>| {
            let place = format_args!("{name}:{line}, {column}");
            read_number(place, trimmed(&text(index)))
        };
        let time = field(places.time);
        let origin_time = read_time(format_args!("{name}:{line}, time"), trimmed(&time))?;
        let (longitude_deg, latitude_deg) = read_point(
            format_args!("{name}:{line}"),
            trimmed(&field(places.longitude)),
            trimmed(&field(places.latitude)),
        )?;
        let id = match trimmed(&text(places.id)) {
            "" => time::iso(origin_time),
            id => id.to_string(),
        };
        Ok(Event {
            id,
            origin_time,
            longitude_deg,
            latitude_deg,
            depth_km: number(DEPTH[0], places.depth)?,
            magnitude: number(MAGNITUDE[0], places.magnitude)?.unwrap_or(f64::NAN),
            magnitude_type: trimmed(&text(places.magnitude_type)).to_string(),
            event_type: trimmed(&text(places.event_type)).to_string(),
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

/// Without the space around it, of which there is seldom any.
fn trimmed(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    match is_plain(bytes.first()) && is_plain(bytes.last()) {
        true => text,
        false => text.trim(),
    }
}

/// A time with or without `Z` or an offset. `place` is written where it cannot be read.
pub(super) fn read_time(place: impl Display, text: &str) -> Result<Time> {
    if let Some(time) = time::plain(text) {
        return Ok(time);
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.to_utc()),
        Err(_) => time::parse(text).map_err(|_| unreadable(place, text, "a time in UTC")),
    }
}

/// A finite number, or nothing where the field is empty or says so.
pub(super) fn read_number(place: impl Display, text: &str) -> Result<Option<f64>> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ if matches!(text, "" | "null" | "None" | "nan" | "NaN") => Ok(None),
        _ => Err(unreadable(place, text, "a number")),
    }
}

/// Longitude and latitude in degrees.
pub(super) fn read_point(
    place: impl Display,
    longitude: &str,
    latitude: &str,
) -> Result<(f64, f64)> {
    let within = |name: &str, text: &str, limits: std::ops::RangeInclusive<f64>| match read_number(
        format_args!("{place}, {name}"),
        text,
    )? {
        Some(degrees) if limits.contains(&degrees) => Ok(degrees),
        _ => Err(unreadable(
            format_args!("{place}, {name}"),
            text,
            &format!("degrees from {} to {}", limits.start(), limits.end()),
        )),
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

fn unreadable(place: impl Display, text: &str, expected: &str) -> crate::Error {
    fail!(
        Catalog,
        place,
        format!("{:?} where {expected} was expected", shortened(text)),
        "Correct this row, or fetch the catalog again"
    )
}

//! Rows under a header: what FDSN text and ComCat's CSV have in common.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::field::{DEPTH_KM, MAGNITUDE, identifier, read_bounded, read_point, read_time, trimmed};
use crate::catalog::{Event, shortened};
use crate::error::{Error, Result, fail};
use crate::tables;

/// The columns of a table of events, found by their names.
pub(super) struct Header {
    /// What errors call the table.
    name: String,
    line: usize,
    /// Lower case, without spaces and `#`.
    columns: Vec<String>,
    places: Places,
    /// Of a table of picks, the station of the first: `CX.PB01`.
    picked_at: OnceCell<String>,
}

/// Where an event's columns stand.
struct Places {
    time: usize,
    /// Longitude and latitude; none in a list of times.
    point: Option<(usize, usize)>,
    id: Option<usize>,
    depth: Option<usize>,
    magnitude: Option<usize>,
    magnitude_type: Option<usize>,
    event_type: Option<usize>,
    phase: Option<usize>,
    /// Of a table of picks.
    station: Option<usize>,
}

/// What a row holds.
pub(super) enum Row {
    Event(Event),
    /// An event without a time, or a pick that is no event's onset: where it stands, and why.
    LeftOut(String),
    /// The header once more, where files were joined.
    Header,
}

impl Header {
    /// Reads the header's fields; `line` counts from 1.
    pub fn new(name: &str, line: usize, fields: &[impl AsRef<str>]) -> Result<Self> {
        let columns: Vec<String> = fields.iter().map(|field| plain(field.as_ref())).collect();
        let place = || format!("{name}:{line}");
        let named = |i: &usize| !columns[*i].is_empty() && columns[..*i].contains(&columns[*i]);
        if let Some(twice) = (0..columns.len()).find(named) {
            return Err(fail!(
                Catalog,
                place(),
                format!(
                    "the column {:?} twice in the header",
                    shortened(&columns[twice])
                ),
                "Leave one of the two columns out, or rename it"
            ));
        }
        let index = |names: Names| {
            let mut names = names.iter();
            names.find_map(|name| columns.iter().position(|column| column == name))
        };
        let absent = |names: Names| {
            fail!(
                Catalog,
                place(),
                format!(
                    "no column {:?} in the header {:?}",
                    names[0],
                    shortened(&columns.join(" "))
                ),
                "Give the file with its header line, as the data centre sent it, its columns parted by commas or |"
            )
        };
        // GaMMA's table of picks, where `id` is a station and `type` a phase.
        let is_gamma = columns.iter().any(|column| column == "timestamp");
        let of = |names: Names, is_so: bool| if is_so { index(names) } else { None };
        let phase = of(&["type"], is_gamma).or(index(PHASE));
        let places = Places {
            time: index(TIME).ok_or_else(|| absent(TIME))?,
            point: match (index(LONGITUDE), index(LATITUDE)) {
                (Some(longitude), Some(latitude)) => Some((longitude, latitude)),
                (None, None) => None,
                (Some(_), None) => return Err(absent(LATITUDE)),
                (None, Some(_)) => return Err(absent(LONGITUDE)),
            },
            id: of(ID, !is_gamma),
            depth: index(DEPTH),
            magnitude: index(MAGNITUDES),
            magnitude_type: index(MAGNITUDE_TYPE),
            event_type: of(EVENT_TYPE, !is_gamma),
            phase,
            station: of(&["id"], is_gamma).or(of(STATION, phase.is_some())),
        };
        Ok(Self {
            name: name.to_string(),
            line,
            columns,
            places,
            picked_at: OnceCell::new(),
        })
    }

    /// What one row holds, whose fields are counted from 0.
    pub fn row<'a>(
        &self,
        line: usize,
        n_fields: usize,
        field: impl Fn(usize) -> Cow<'a, str>,
    ) -> Result<Row> {
        if n_fields != self.columns.len() {
            return Err(fail!(
                Catalog,
                format!("{}:{line}", self.name),
                format!(
                    "{} fields where the header has {}",
                    n_fields,
                    self.columns.len()
                ),
                "Complete this row: it was cut short, or a field holds what parts fields"
            ));
        }
        let (name, places) = (&self.name, &self.places);
        let text = |index: Option<usize>| index.map_or(Cow::Borrowed(""), &field);
        let time = field(places.time);
        let time = trimmed(&time);
        let phase = text(places.phase);
        if time.is_empty() {
            return Ok(Row::LeftOut(format!("{name}:{line}: no time")));
        }
        if !time.starts_with(|c: char| c.is_ascii_digit())
            && self.columns[places.time] == plain(time)
        {
            return Ok(Row::Header);
        }
        if !phase.is_empty() && !trimmed(&phase).starts_with(['P', 'p']) {
            let phase = shortened(&phase);
            return Ok(Row::LeftOut(format!("{name}:{line}: a pick of {phase}")));
        }
        self.check_station(line, trimmed(&text(places.station)))?;
        let origin_time = read_time(format_args!("{name}:{line}, time"), time)?;
        let event = match trimmed(&text(places.id)) {
            "" => Event::at_time(crate::time::iso(origin_time), origin_time, ""),
            id => Event::at_time(identifier(id), origin_time, ""),
        };
        let (longitude_deg, latitude_deg) = match places.point {
            None => (event.longitude_deg, event.latitude_deg),
            Some((longitude, latitude)) => read_point(
                format_args!("{name}:{line}"),
                trimmed(&field(longitude)),
                trimmed(&field(latitude)),
            )?,
        };
        let number = |bounds, column: &str, index| {
            let place = format_args!("{name}:{line}, {column}");
            read_bounded(place, trimmed(&text(index)), bounds)
        };
        Ok(Row::Event(Event {
            longitude_deg,
            latitude_deg,
            depth_km: number(&DEPTH_KM, DEPTH[0], places.depth)?,
            magnitude: number(&MAGNITUDE, MAGNITUDES[0], places.magnitude)?.unwrap_or(f64::NAN),
            magnitude_type: trimmed(&text(places.magnitude_type)).to_string(),
            event_type: trimmed(&text(places.event_type)).to_string(),
            ..event
        }))
    }

    /// An earthquake has one onset at a station, and as many as there are stations at several.
    fn check_station(&self, line: usize, codes: &str) -> Result<()> {
        let station: Vec<&str> = codes.split('.').take(2).collect();
        let (station, place) = (station.join("."), || format!("{}:{line}", self.name));
        let first = self.picked_at.get_or_init(|| station.clone());
        match *first == station {
            true => Ok(()),
            false => Err(fail!(
                Catalog,
                place(),
                format!(
                    "a pick of {}, after one of {}: as a list of events these would be the same ones twice",
                    shortened(&station),
                    shortened(first)
                ),
                "Give the picks of one station"
            )),
        }
    }

    /// The station whose picks these are: `CX.PB01`, if the table says it.
    pub fn picked_at(&self) -> Option<String> {
        self.picked_at
            .get()
            .filter(|codes| !codes.is_empty())
            .cloned()
    }

    /// Where the first of the names stands.
    pub fn index(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.columns.iter().position(|column| column == name))
    }

    /// # Errors
    /// [`Error::Catalog`] where a header without places has no row below it: it is rather a table that was
    /// cut in its first line than a list of no times.
    pub fn check_rows(&self, n_rows: usize) -> Result<()> {
        match self.places.point {
            None if n_rows == 0 => Err(fail!(
                Catalog,
                format!("{}:{}", self.name, self.line),
                format!(
                    "a header without latitude and longitude, and no row below it: {:?}",
                    shortened(&self.columns.join(" "))
                ),
                "Give the whole table, or a list of times with one time or more"
            )),
            _ => Ok(()),
        }
    }
}

/// Whether these are the columns of a table of events, complete or not.
pub(super) fn is_header<'a>(mut columns: impl Iterator<Item = &'a str>) -> bool {
    let known = |name: &str| [TIME, LATITUDE].iter().any(|names| names.contains(&name));
    columns.any(|column| known(&plain(column)))
}

fn plain(field: &str) -> String {
    let field = field.trim_start_matches(tables::MARK).trim().to_lowercase();
    field.trim_start_matches('#').trim().into()
}

/// A text without a header of events.
pub(super) fn no_header(name: &str) -> Error {
    fail!(
        Catalog,
        format!("{name}:1"),
        "no header",
        "Give the table with its header: an answer without events has a header, or the status 204"
    )
}

/// What data centres call a column, and programs that pick or trigger.
type Names = &'static [&'static str];

const ID: Names = &["eventid", "id"];
const TIME: Names = &[
    "time",
    "origin_time",
    "time_utc",
    "phase_time",
    "pick_time",
    "timestamp",
];
const LATITUDE: Names = &["latitude", "lat"];
const LONGITUDE: Names = &["longitude", "lon"];
const DEPTH: Names = &["depth/km", "depth", "dep"];
const MAGNITUDES: Names = &["magnitude", "mag"];
const MAGNITUDE_TYPE: Names = &["magtype"];
const EVENT_TYPE: Names = &["eventtype", "type"];
const PHASE: Names = &["phase_type"];
const STATION: Names = &["station_id", "station"];

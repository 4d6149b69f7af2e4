//! The text form of FDSN event services, read by its header.
//!
//! FDSN Web Service Specifications 1.2 (2019), section on `fdsnws-event`: 13 columns parted by
//! `|`, a 14th for the event's type since 2019; some data centres send 8. A field may be empty,
//! times come with and without `Z`.

use super::event::LeftOut;
use super::field::{known, one_line};
use super::row::{Header, Row, no_header};
use super::{Catalog, Event, rows};
use crate::error::Result;
use crate::time;

const HEADER: &str = "#EventID | Time | Latitude | Longitude | Depth/km | Author | Catalog | Contributor | ContributorID | MagType | Magnitude | MagAuthor | EventLocationName | EventType";

/// Stands in the column `Catalog` of simulated events.
const SIMULATED: &str = "SIMULATED";

impl Catalog {
    /// Reads FDSN text; `name` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] naming line and column where the header lacks a column, a row
    /// has other than the header's number of fields, or a field is not what it should be.
    pub fn from_fdsn_text(text: &str, name: &str) -> Result<Self> {
        let mut rows = rows(text, name)?;
        let (line, header) = rows.next().ok_or_else(|| no_header(name))?;
        let header = Header::new(name, line, &fields(header))?;
        let catalog = header.index(&["catalog"]);
        let (mut events, mut left_out, mut simulated) = (Vec::new(), LeftOut::default(), false);
        for (line, row) in rows {
            let fields = fields(row);
            match header.row(line, fields.len(), |index| fields[index].into())? {
                Row::Event(event) => events.push(event),
                Row::LeftOut(why) => left_out.add(|| why),
                Row::Header => {}
            }
            simulated |= catalog.is_some_and(|index| fields[index].trim() == SIMULATED);
        }
        header.check_rows(events.len() + left_out.n_events)?;
        let read = Catalog::new(name, simulated, events).at_station(header.picked_at());
        Ok(read.without(left_out))
    }

    /// The catalog as FDSN text of 14 columns, oldest first.
    pub fn to_fdsn_text(&self) -> String {
        fdsn_text(&self.events().iter().collect::<Vec<_>>(), self.simulated)
    }
}

/// Events as FDSN text, in the order given.
pub(crate) fn fdsn_text(events: &[&Event], simulated: bool) -> String {
    let catalog = if simulated { SIMULATED } else { "" };
    let rows: String = events.iter().map(|event| row(event, catalog)).collect();
    format!("{HEADER}\n{rows}")
}

fn fields(row: &str) -> Vec<&str> {
    row.split('|').collect()
}

fn row(event: &Event, catalog: &str) -> String {
    let (latitude, longitude) = (known(event.latitude_deg), known(event.longitude_deg));
    let field = |text: &str| one_line(text, Some('|'));
    let (id, magnitude_type, event_type) = (
        field(&event.id),
        field(&event.magnitude_type),
        field(&event.event_type),
    );
    let time = time::iso(event.origin_time);
    let time = time.trim_end_matches('Z');
    let depth = event.depth_km.map(|d| d.to_string()).unwrap_or_default();
    let magnitude = known(event.magnitude);
    format!(
        "{id}|{time}|{latitude}|{longitude}|{depth}||{catalog}|||{magnitude_type}|{magnitude}|||{event_type}\n"
    )
}

//! The table as QuakeML.

use super::table::Row;
use super::{Collected, Makes};
use crate::time;
use crate::xml::escaped;

impl Collected {
    /// QuakeML 1.2: each detection is an event with a pick at its station, and no origin, for one station cannot
    /// locate. The rest of a row stands in the event's comment, as JSON.
    ///
    /// Of picks it is [`PickTable::to_quakeml`](crate::pick::PickTable::to_quakeml).
    pub fn to_quakeml(&self) -> String {
        if self.makes() == Makes::Picks {
            return self.picks.to_quakeml();
        }
        let events: String = self.rows.iter().map(event).collect();
        let simulated = if self.summary.simulated {
            "simulated"
        } else {
            ""
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\n\
             <eventParameters publicID=\"smi:quakebook/detections\"><description>{simulated}</description>\n\
             {events}</eventParameters>\n</q:quakeml>\n"
        )
    }
}

fn event(row: &Row) -> String {
    let (network, station, location) = (&row.network, &row.station, &row.location);
    let band = row.channels.trim_end_matches('?');
    let public = format!(
        "smi:quakebook/detection/{network}.{station}.{location}.{band}.{}",
        row.time.format("%Y%m%dT%H%M%S%.9f")
    );
    let location = match location.is_empty() {
        true => String::new(),
        false => format!(" locationCode=\"{location}\""),
    };
    let comment = serde_json::to_string(row).expect("a row is plain JSON");
    format!(
        "<event publicID=\"{public}\"><comment><text>{}</text></comment>\n\
         <pick publicID=\"{public}/pick\"><time><value>{}</value></time>\
         <waveformID networkCode=\"{network}\" stationCode=\"{station}\"{location}/>\
         <evaluationMode>automatic</evaluationMode></pick>\n\
         <type>earthquake</type><typeCertainty>suspected</typeCertainty></event>\n",
        escaped(&comment),
        time::iso(row.time),
    )
}

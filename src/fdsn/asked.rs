//! What was asked for, of what a data centre answers. The rest is left out and counted.

use std::collections::HashMap;

use super::request::Selection;
use crate::catalog::{Catalog, Event};
use crate::geo::Region;
use crate::station::{Epoch, Inventory};
use crate::time::{self, Time};
use crate::waveform::Nslc;
use crate::waveform::mseed::WholeRecord;

/// The events of a box and time, both ends included, and the number of others.
pub(super) fn events(
    answer: &Catalog,
    region: &Region,
    start: Time,
    end: Time,
) -> (Vec<Event>, usize) {
    // Data centres count longitudes from -180 or from 0.
    let is_inside = |event: &Event| {
        [-360.0, 0.0, 360.0]
            .iter()
            .any(|turn| region.contains(event.longitude_deg + turn, event.latitude_deg))
    };
    let asked_for = |event: &&Event| is_inside(event) && (start..=end).contains(&event.origin_time);
    let events: Vec<Event> = answer.events().iter().filter(asked_for).cloned().collect();
    let n_others = answer.len() - events.len();
    (events, n_others)
}

/// Takes out what was not asked for, and returns how many channels and stations that were.
pub(super) fn channels(inventory: &mut Inventory, wanted: &Selection) -> usize {
    let Selection { stream, start, end } = wanted;
    let mut n_others = 0;
    for network in &mut inventory.networks {
        let is_network = stream.network.admits(&network.code);
        network.stations.retain_mut(|station| {
            let is_station = is_network && stream.station.admits(&station.code);
            let n_told = station.channels.len();
            station.channels.retain(|channel| {
                is_station
                    && stream.location.admits(&channel.location)
                    && stream.channel.admits(&channel.code)
                    && reaches(channel.epoch, *start, *end)
            });
            n_others += n_told - station.channels.len();
            n_others += usize::from(n_told == 0 && !is_station);
            is_station && (n_told == 0 || !station.channels.is_empty())
        });
    }
    let networks = &mut inventory.networks;
    networks.retain(|network| !network.stations.is_empty());
    n_others
}

/// The header and the rows that were asked for of a station service's text, and the number of other rows.
/// Columns that the text does not have are not looked at.
pub(super) fn station_rows(text: &str, wanted: &Selection) -> (String, usize) {
    let Selection { stream, start, end } = wanted;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header = lines.next().unwrap_or_default();
    let plain = header.trim_start_matches(['\u{feff}', ' ', '#']);
    let columns: Vec<String> = plain.split('|').map(|c| c.trim().to_lowercase()).collect();
    let place = |name: &str| columns.iter().position(|column| column == name);
    let codes = [
        (place("network"), &stream.network),
        (place("station"), &stream.station),
        (place("location"), &stream.location),
        (place("channel"), &stream.channel),
    ];
    let times = [place("starttime"), place("endtime")];
    let asked_for = |row: &str| {
        let fields: Vec<&str> = row.split('|').map(str::trim).collect();
        let field = |place: Option<usize>| fields.get(place?).copied();
        let fits = codes.iter().all(|(place, pattern)| {
            field(*place).is_none_or(|code| pattern.admits(if code == "--" { "" } else { code }))
        });
        // What is no time is for the reader to refuse.
        let [start_of, end_of] = times.map(|place| time::parse(field(place)?).ok());
        let epoch = Epoch {
            start: start_of,
            end: end_of,
        };
        fits && reaches(epoch, *start, *end)
    };
    let (mut kept, mut n_others) = (format!("{header}\n"), 0);
    for row in lines {
        match asked_for(row) {
            true => kept.extend([row, "\n"]),
            false => n_others += 1,
        }
    }
    match n_others {
        0 => (text.to_string(), 0),
        n => (kept, n),
    }
}

/// Whether an epoch holds at some time from `start` to `end`.
fn reaches(epoch: Epoch, start: Time, end: Time) -> bool {
    epoch.start.is_none_or(|first| first <= end) && epoch.end.is_none_or(|last| start <= last)
}

/// Streams and spans, against which records are held.
pub(super) struct Wanted<'a> {
    selections: &'a [Selection],
    /// The spans of each stream, in time order, joined where they touch.
    spans: HashMap<Nslc, Vec<(Time, Time)>>,
}

impl<'a> Wanted<'a> {
    pub fn new(selections: &'a [Selection]) -> Self {
        Self {
            selections,
            spans: HashMap::new(),
        }
    }

    /// Why a record was not asked for; nothing where it was.
    pub fn objection(&mut self, record: &WholeRecord) -> Option<String> {
        let selections = self.selections;
        let spans = match self.spans.get(&record.stream) {
            Some(spans) => spans,
            None => {
                let of_stream = spans_of(&record.stream, selections);
                self.spans.entry(record.stream.clone()).or_insert(of_stream)
            }
        };
        if spans.is_empty() {
            return Some("a record of a stream that was not asked for".into());
        }
        let over = spans.partition_point(|(_, end)| *end + record.interval < record.start);
        let (start, end) = spans[over.min(spans.len() - 1)];
        if record.reaches(start, end) {
            return None;
        }
        let (first, end) = (time::iso(record.start), time::iso(record.end));
        Some(format!(
            "a record from {first} to {end}, a time that was not asked for"
        ))
    }
}

fn spans_of(stream: &Nslc, selections: &[Selection]) -> Vec<(Time, Time)> {
    let of_stream = selections.iter().filter(|s| s.stream.admits(stream));
    let mut spans: Vec<(Time, Time)> = of_stream.map(|s| (s.start, s.end)).collect();
    spans.sort();
    let mut joined: Vec<(Time, Time)> = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => joined.push((start, end)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code_pattern::NslcPattern;

    fn at(text: &str) -> Time {
        time::parse(text).unwrap()
    }

    #[test]
    fn rows_of_other_codes_and_times_are_counted() {
        let wanted = Selection {
            stream: NslcPattern::new("CX", "PB01", "", "HH?").unwrap(),
            start: at("2014-05-01"),
            end: at("2014-05-02"),
        };
        let row = |codes: &str, times: &str| format!("{codes}|-21.0|{times}\n");
        let header = "#Network | Station | Location | Channel | Latitude | StartTime | EndTime\n";
        let kept = [
            row("CX|PB01||HHZ", "2010-01-01T00:00:00|"),
            row(
                "CX | PB01 | -- | HHN",
                "2010-01-01T00:00:00|2014-05-01T00:00:00",
            ),
            row("CX|PB01||HHE", "soon|never"),
        ];
        let others = [
            row("CY|PB01||HHZ", "|"),
            row("CX|PB02||HHZ", "|"),
            row("CX|PB01|10|HHZ", "|"),
            row("CX|PB01||BHZ", "|"),
            row("CX|PB01||HHZ", "2010-01-01T00:00:00|2014-04-30T23:59:59"),
            row("CX|PB01||HHZ", "2014-05-03T00:00:00|"),
        ];
        let all = [header, &kept.concat(), &others.concat()].concat();
        let asked_for = [header, &kept.concat()].concat();
        assert_eq!(station_rows(&all, &wanted), (asked_for.clone(), 6));
        assert_eq!(station_rows(&asked_for, &wanted), (asked_for, 0));
        // Text of level station knows no channels.
        let stations = "#Network|Station\nCX|PB01\nCX|PB02\n";
        let (kept, n_others) = station_rows(stations, &wanted);
        assert_eq!(
            (kept.as_str(), n_others),
            ("#Network|Station\nCX|PB01\n", 1)
        );
    }

    #[test]
    fn spans_of_a_stream_are_joined() {
        let selection = |start, end| Selection {
            stream: NslcPattern::new("CX", "PB*", "", "HHZ").unwrap(),
            start: at(start),
            end: at(end),
        };
        let selections = [
            selection("2014-05-03", "2014-05-04"),
            selection("2014-05-01", "2014-05-02"),
            selection("2014-05-01T12:00:00", "2014-05-02T12:00:00"),
        ];
        let stream = Nslc::new("CX", "PB01", "", "HHZ").unwrap();
        let expected = [
            (at("2014-05-01"), at("2014-05-02T12:00:00")),
            (at("2014-05-03"), at("2014-05-04")),
        ];
        assert_eq!(spans_of(&stream, &selections), expected);
        let other = Nslc::new("CX", "PB01", "", "HHN").unwrap();
        assert_eq!(spans_of(&other, &selections), []);
    }
}

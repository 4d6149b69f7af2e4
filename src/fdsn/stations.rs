//! Asks for stations, and keeps of the answer what was asked for.

use super::exchange::Fetched;
use super::request::{Request, Selection};
use super::{Client, Station, StationFormat, asked};
use crate::code_pattern::{NslcPattern, StationChoice};
use crate::error::{Error, Result, fail};
use crate::station::Inventory;
use crate::time::TimeSpan;

/// What errors call the answer.
const NAME: &str = "the answer";

impl Client {
    /// The chosen station, with its chosen channels.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no station service, [`Error::Request`] where it
    /// does not know the station or does not answer with one.
    pub fn fetch_station(&self, choice: &StationChoice, span: &TimeSpan) -> Result<Station> {
        let wanted = selection(choice, span);
        let told = self.stations(&wanted, StationFormat::Text, &|text, simulated| {
            let (rows, n_others) = asked::station_rows(text, &wanted);
            if n_others > 0 && rows.lines().count() < 2 {
                let what = format!("{n_others} channels, none of which was asked for");
                return Err(fail!(Station, NAME, what, "Run this again later"));
            }
            let station = Station::from_fdsn_text(&rows, NAME)?;
            let simulated = simulated || station.simulated;
            Ok((
                Station {
                    simulated,
                    ..station
                },
                n_others,
            ))
        })?;
        told.ok_or_else(|| Error::Request {
            url: self.provider.station.clone().unwrap_or_default(),
            status: Some(204),
            what: format!("no such station in this time span: {}", wanted.stream),
            remedy: "Check the study's station codes and the provider".into(),
        })
    }

    /// What a station service says of the streams, whose codes may hold wildcards, in its own words:
    /// text with a row for each channel, or StationXML with the responses. `None` where it knows none
    /// of them. Where it says more than it was asked, rows are left out, and StationXML is written anew.
    ///
    /// # Errors
    /// As [`Client::fetch_station`].
    pub fn fetch_stations(
        &self,
        stream: impl Into<NslcPattern>,
        span: &TimeSpan,
        format: StationFormat,
    ) -> Result<Option<String>> {
        let wanted = selection(stream, span);
        let words = self.stations(&wanted, format, &|text, _| match format {
            StationFormat::Text => {
                check_rows(text)?;
                let (rows, n_others) = asked::station_rows(text, &wanted);
                let is_left = n_others == 0 || rows.lines().count() > 1;
                Ok((is_left.then_some(rows), n_others))
            }
            StationFormat::Xml => {
                check_xml(text)?;
                let mut inventory = Inventory::from_text(text, NAME)?;
                let n_others = asked::channels(&mut inventory, &wanted);
                let words = match (n_others, inventory.networks.is_empty()) {
                    (0, _) => Some(text.to_string()),
                    (_, true) => None,
                    (_, false) => Some(inventory.to_stationxml()),
                };
                Ok((words, n_others))
            }
        })?;
        Ok(words.flatten())
    }

    /// What a station service says of the streams, read: every network, station and channel with its
    /// epochs, and from StationXML its responses. `None` where it knows no such stream.
    ///
    /// # Errors
    /// As [`Client::fetch_station`].
    pub fn fetch_inventory(
        &self,
        stream: impl Into<NslcPattern>,
        span: &TimeSpan,
        format: StationFormat,
    ) -> Result<Option<Inventory>> {
        let wanted = selection(stream, span);
        let told = self.stations(&wanted, format, &|text, simulated| {
            let mut inventory = Inventory::from_text(text, NAME)?;
            inventory.simulated |= simulated;
            let n_others = asked::channels(&mut inventory, &wanted);
            Ok((inventory, n_others))
        })?;
        Ok(told.filter(|inventory| !inventory.networks.is_empty()))
    }

    /// What `read` makes of the answer, and says how much of it was not asked for.
    fn stations<T>(
        &self,
        wanted: &Selection,
        format: StationFormat,
        read: &Read<T>,
    ) -> Result<Option<T>> {
        let request = Request::stations(&self.provider, wanted.clone(), format)?;
        let fetched = self.request(&request, &self.budget(), &|answer| {
            let text = answer.text()?;
            let read = text.map(|text| read(text, answer.simulated)).transpose()?;
            Ok(Some(read))
        })?;
        match fetched {
            Fetched::Read(read) => Ok(read.map(|(told, n_others)| {
                self.say_left_out(&request, n_others, "channels or stations");
                told
            })),
            Fetched::TooLarge(error) => Err(error),
        }
    }
}

/// From the text of an answer, and whether it is simulated, to what was asked for and how much else it told.
type Read<'a, T> = dyn Fn(&str, bool) -> Result<(T, usize)> + 'a;

fn selection(stream: impl Into<NslcPattern>, span: &TimeSpan) -> Selection {
    Selection {
        stream: stream.into(),
        start: span.start,
        end: span.end,
    }
}

fn broken(what: String) -> Error {
    Error::Request {
        url: NAME.into(),
        status: None,
        what,
        remedy: "Run this again later".into(),
    }
}

/// Whether StationXML is whole.
fn check_xml(text: &str) -> Result<()> {
    if !text.trim_start().starts_with('<') || !text.contains("FDSNStationXML") {
        return Err(broken("StationXML was expected".into()));
    }
    if !text.trim_end().ends_with("FDSNStationXML>") {
        return Err(broken("StationXML that is cut short".into()));
    }
    Ok(())
}

/// Whether all rows of a station service's text have the fields of its header.
fn check_rows(text: &str) -> Result<()> {
    let shown = |row: &str| row.chars().take(60).collect::<String>();
    let n_fields = |row: &str| row.split('|').count();
    let mut rows = text.lines().filter(|row| !row.trim().is_empty());
    let header = rows.next().unwrap_or_default();
    let n = n_fields(header);
    if n < 2 {
        let header = shown(header);
        return Err(broken(format!("{header:?} begins no list of stations")));
    }
    match rows.find(|row| n_fields(row) != n) {
        Some(row) => {
            let row = shown(row);
            Err(broken(format!(
                "{row:?} has not the {n} fields of the header"
            )))
        }
        None => Ok(()),
    }
}

//! A question to one service: as an address, and as the body of a POST.

use reqwest::Url;

use super::Provider;
use crate::code_pattern::{CodePattern, NslcPattern};
use crate::error::{Error, Result};
use crate::geo::Region;
use crate::hash::sha256;
use crate::time::{self, Time};

/// Streams and a time span, both ends included as FDSN services have it. Codes may hold wildcards and
/// lists (`HH?`, `HHE,HHN`); an empty location is no wildcard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selection {
    pub stream: NslcPattern,
    pub start: Time,
    pub end: Time,
}

/// In which form a station service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationFormat {
    /// Text of level `channel`: one row a channel and epoch.
    Text,
    /// StationXML of level `response`.
    Xml,
}

/// One question.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub service: &'static str,
    /// Whether the answer goes to the cache.
    pub kept: bool,
    /// The end of the time span.
    pub until: Time,
    query: String,
    selections: Vec<Selection>,
    options: Vec<(&'static str, String)>,
}

impl Request {
    /// The events of a box, both ends of the span included.
    pub fn events(provider: &Provider, region: &Region, start: Time, end: Time) -> Result<Self> {
        let mut options = vec![
            ("starttime", written(start)),
            ("endtime", written(end)),
            ("minlatitude", region.min_latitude_deg.to_string()),
            ("maxlatitude", region.max_latitude_deg.to_string()),
            ("minlongitude", region.min_longitude_deg.to_string()),
            ("maxlongitude", region.max_longitude_deg.to_string()),
        ];
        let own = provider.event_options.iter();
        options.extend(own.map(|&(name, value)| (name, value.to_string())));
        Ok(Self {
            service: "event",
            kept: true,
            until: end,
            query: provider.query("event")?,
            selections: Vec::new(),
            options,
        })
    }

    /// The channels of a selection.
    pub fn stations(
        provider: &Provider,
        selection: Selection,
        format: StationFormat,
    ) -> Result<Self> {
        let (level, format) = match format {
            StationFormat::Text => ("channel", "text"),
            StationFormat::Xml => ("response", "xml"),
        };
        Ok(Self {
            service: "station",
            kept: true,
            until: selection.end,
            query: provider.query("station")?,
            selections: vec![selection],
            options: vec![("level", level.into()), ("format", format.into())],
        })
    }

    /// What was recorded of one selection or more.
    pub fn waveforms(provider: &Provider, selections: Vec<Selection>, kept: bool) -> Result<Self> {
        let ends = selections.iter().map(|selection| selection.end);
        Ok(Self {
            service: "dataselect",
            kept,
            until: ends.max().unwrap_or(Time::UNIX_EPOCH),
            query: provider.query("dataselect")?,
            selections,
            options: Vec::new(),
        })
    }

    /// Bytes that its answer may have, unpacked: of events and waveforms, which are asked for in halves where
    /// they are more, 64 MiB; of stations, which are not, 256 MiB.
    pub fn n_bytes_most(&self) -> usize {
        match self.service {
            "station" => 1 << 28,
            _ => 1 << 26,
        }
    }

    /// Whether it can only be asked by POST: an address holds one selection.
    pub fn needs_post(&self) -> bool {
        self.selections.len() > 1
    }

    /// The address, with all parameters unless it goes by POST.
    ///
    /// # Errors
    /// [`Error::Request`] where the provider's address is none.
    pub fn url(&self, by_post: bool) -> Result<String> {
        let mut parameters = Vec::new();
        if !by_post {
            for selection in &self.selections {
                let NslcPattern {
                    network,
                    station,
                    location,
                    channel,
                } = &selection.stream;
                parameters.extend([
                    ("network", network.to_string()),
                    ("station", station.to_string()),
                    ("location", location_written(location)),
                    ("channel", channel.to_string()),
                    ("starttime", written(selection.start)),
                    ("endtime", written(selection.end)),
                ]);
            }
            parameters.extend(self.options.iter().cloned());
        }
        let url = match parameters.as_slice() {
            [] => Url::parse(&self.query),
            some => Url::parse_with_params(&self.query, some),
        };
        url.map(String::from).map_err(|error| Error::Request {
            url: self.query.clone(),
            status: None,
            what: error.to_string(),
            remedy: "Correct the provider's address".into(),
        })
    }

    /// The body of a POST: the options, then a line for each stream and span. Lists are written out,
    /// as the specification knows none in a line. An event service takes no POST.
    pub fn body(&self) -> Option<String> {
        if self.selections.is_empty() {
            return None;
        }
        let mut body = String::new();
        for (name, value) in &self.options {
            body += &format!("{name}={value}\n");
        }
        for selection in &self.selections {
            let span = format!("{} {}", written(selection.start), written(selection.end));
            let NslcPattern {
                network,
                station,
                location,
                channel,
            } = &selection.stream;
            for network in network.patterns() {
                for station in station.patterns() {
                    for location in location.patterns().map(code_written) {
                        for channel in channel.patterns() {
                            body += &format!("{network} {station} {location} {channel} {span}\n");
                        }
                    }
                }
            }
        }
        Some(body)
    }

    /// What the cache calls this question.
    ///
    /// # Errors
    /// As [`Request::url`].
    pub fn key(&self) -> Result<String> {
        let url = self.url(self.needs_post())?;
        match self.body().filter(|_| self.needs_post()) {
            Some(body) => Ok(format!("{url} POST {}", sha256(body.as_bytes()))),
            None => Ok(url),
        }
    }
}

/// The two halves of a span, which share no microsecond; `None` where it is too short to be halved.
pub(super) fn halves(start: Time, end: Time) -> Option<[(Time, Time); 2]> {
    let micros = (end - start).num_microseconds()?;
    if micros < 2_000_000 {
        return None;
    }
    let middle = start + chrono::TimeDelta::microseconds(micros / 2);
    let before = middle - chrono::TimeDelta::microseconds(1);
    Some([(start, before), (middle, end)])
}

/// A time as the services want it: without `Z`.
fn written(time: Time) -> String {
    time::iso(time).trim_end_matches('Z').to_string()
}

fn location_written(location: &CodePattern) -> String {
    let codes: Vec<&str> = location.patterns().map(code_written).collect();
    codes.join(",")
}

/// An empty location is written `--`.
fn code_written(code: &str) -> &str {
    match code {
        "" => "--",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(location: &str, channel: &str) -> Selection {
        Selection {
            stream: NslcPattern::new("CX", "PB01", location, channel).unwrap(),
            start: time::parse("2014-05-01").unwrap(),
            end: time::parse("2014-05-01T01:00:00").unwrap(),
        }
    }

    #[test]
    fn lists_are_written_out_in_a_body() {
        let provider = Provider::by_name("geofon").unwrap();
        let wanted = vec![selection("", "HHE,HHN"), selection("00,--", "BHZ")];
        let request = Request::waveforms(&provider, wanted, false).unwrap();
        let span = "2014-05-01T00:00:00.000000 2014-05-01T01:00:00.000000";
        let lines = ["-- HHE", "-- HHN", "00 BHZ", "-- BHZ"];
        let body = lines
            .map(|line| format!("CX PB01 {line} {span}\n"))
            .concat();
        assert_eq!(request.body().unwrap(), body);
        let query = "https://geofon.gfz.de/fdsnws/dataselect/1/query";
        assert_eq!(request.url(true).unwrap(), query);
        assert_eq!(
            request.key().unwrap(),
            format!("{query} POST {}", sha256(body.as_bytes()))
        );
    }

    #[test]
    fn halves_share_nothing_and_miss_nothing() {
        let at = |text| time::parse(text).unwrap();
        let (start, end) = (at("2014-05-01T00:00:00"), at("2014-05-01T00:00:05.000001"));
        let [first, second] = halves(start, end).unwrap();
        assert_eq!((first.0, second.1), (start, end));
        assert_eq!((second.0 - first.1).num_microseconds(), Some(1));
        assert_eq!(halves(start, at("2014-05-01T00:00:01.5")), None);
    }
}

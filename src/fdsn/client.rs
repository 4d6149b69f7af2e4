//! Asks one data centre for events and stations.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::blocking;

use super::cache::Cache;
use super::clock::{Clock, SystemClock};
use super::exchange::Fetched;
use super::http;
use super::limiter::Limiter;
use super::request::{Request, Selection, halves};
use super::{Provider, Reporter, RetryPolicy, Station, StationFormat};
use crate::catalog::{Catalog, Event};
use crate::error::{Error, Result, fail};
use crate::geo::Region;
use crate::station::{Inventory, NslcPattern, StationChoice};
use crate::study::data_dir;
use crate::time::{Time, TimeSpan};

/// Asks one data centre for events, stations and waveforms.
///
/// Answers of real data centres are kept on disk (`data/cache/<provider>/`, keyed by the SHA-256
/// of the request). Simulated ones never are: the classroom computes them as fast as a disk reads
/// them, and a file would go stale when the simulation changes.
///
/// ```
/// use quakebook::fdsn::{Client, Reporter};
/// let client = Client::at("http://127.0.0.1:8080").unwrap().reporting(Reporter::Silent);
/// assert!(!client.provider().simulated);
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) provider: Provider,
    /// The station whose records it reads, and their sampling rate in hertz.
    pub(super) station: Option<(StationChoice, f64)>,
    pub(super) http: blocking::Client,
    pub(super) cache: Option<Cache>,
    pub(super) offline: bool,
    pub(super) limiter: Arc<Limiter>,
    pub(super) retry: RetryPolicy,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) reporter: Reporter,
}

impl Client {
    /// A client of a data centre.
    ///
    /// # Errors
    /// [`Error::Request`] where the system's certificates cannot be read.
    pub fn new(provider: Provider) -> Result<Self> {
        let folder: String = provider
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let retry = RetryPolicy::default();
        Ok(Self {
            station: None,
            http: http::client(provider.is_local(), retry.stall)?,
            cache: (!provider.simulated).then(|| Cache::new(data_dir().join("cache").join(folder))),
            offline: false,
            limiter: Limiter::of(&provider),
            retry,
            clock: Arc::new(SystemClock),
            reporter: Reporter::default(),
            provider,
        })
    }

    /// A client of a real data centre, by its name or address.
    ///
    /// # Errors
    /// As [`Provider::by_name`] and [`Client::new`].
    pub fn at(name: &str) -> Result<Self> {
        Self::new(Provider::by_name(name)?)
    }

    /// The same client, reading the records of a station at this sampling rate.
    pub fn at_station(&self, choice: &StationChoice, sampling_rate_hz: f64) -> Self {
        Self {
            station: Some((choice.clone(), sampling_rate_hz)),
            ..self.clone()
        }
    }

    /// The same client, asking the data centre each time.
    pub fn without_cache(&self) -> Self {
        Self {
            cache: None,
            ..self.clone()
        }
    }

    /// The same client, keeping its answers in another folder.
    pub fn with_cache(&self, folder: impl Into<PathBuf>) -> Self {
        Self {
            cache: (!self.provider.simulated).then(|| Cache::new(folder.into())),
            ..self.clone()
        }
    }

    /// The same client, asking nobody: it answers from the cache alone, and an answer that is not
    /// kept is an error that names the request. The classroom is on this machine: it answers.
    pub fn offline(&self) -> Self {
        Self {
            offline: true,
            ..self.clone()
        }
    }

    /// The same client, saying elsewhere that it waits.
    pub fn reporting(&self, reporter: Reporter) -> Self {
        Self {
            reporter,
            ..self.clone()
        }
    }

    /// The same client, trying more or less often.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_retry_policy(&self, retry: RetryPolicy) -> Result<Self> {
        Ok(Self {
            http: http::client(self.provider.is_local(), retry.stall)?,
            retry,
            ..self.clone()
        })
    }

    /// The same client, waiting by another clock.
    pub fn with_clock(&self, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            ..self.clone()
        }
    }

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The events of a box and time span; a catalog without events where there are none. Where they
    /// are too many for one answer they are asked for in halves of the span, and halves of these.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no event service, [`Error::Request`] where it does
    /// not answer with a catalog.
    pub fn fetch_events(&self, region: &Region, span: &TimeSpan) -> Result<Catalog> {
        let mut parts = Vec::new();
        self.events_of(region, span.start, span.end, &mut parts)?;
        let simulated = parts.iter().any(|part| part.simulated);
        let events: Vec<Event> = parts.iter().flat_map(|p| p.events().to_vec()).collect();
        let catalog = Catalog::new(self.provider.name.clone(), simulated, events);
        // The service includes the end of the span, a `TimeSpan` does not.
        Ok(catalog.during(span))
    }

    fn events_of(
        &self,
        region: &Region,
        start: Time,
        end: Time,
        parts: &mut Vec<Catalog>,
    ) -> Result<()> {
        let request = Request::events(&self.provider, region, start, end)?;
        let fetched = self.request(&request, &|answer| {
            let mut events = match answer.text()? {
                Some(text) => Catalog::from_text(text, "the answer")?,
                None => Catalog::new("", false, Vec::new()),
            };
            events.simulated |= answer.simulated;
            let n_most = self.provider.limits.n_events.unwrap_or(usize::MAX);
            Ok((events.len() < n_most).then_some(events))
        })?;
        match fetched {
            Fetched::Read(part) => {
                let n_sent = part.len();
                let asked_for = |event: &&Event| {
                    is_inside(region, event) && (start..=end).contains(&event.origin_time)
                };
                let events: Vec<Event> = part.events().iter().filter(asked_for).cloned().collect();
                if events.len() < n_sent {
                    let n = n_sent - events.len();
                    let line = format!("{n} events that were not asked for are left out");
                    self.say(&request, &line);
                }
                parts.push(Catalog::new("", part.simulated, events));
            }
            Fetched::TooLarge(error) => {
                let halves = halves(start, end).ok_or(error)?;
                self.say(&request, TOO_MUCH);
                for (start, end) in halves {
                    self.events_of(region, start, end, parts)?;
                }
            }
        }
        Ok(())
    }

    /// The chosen station, with its chosen channels.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no station service, [`Error::Request`] where it
    /// does not know the station or does not answer with one.
    pub fn fetch_station(&self, choice: &StationChoice, span: &TimeSpan) -> Result<Station> {
        let stream = NslcPattern::from(choice);
        let read = |text: &str, simulated| {
            let mut station = Station::from_fdsn_text(text, "the answer")?;
            station.simulated = simulated;
            if !stream.network.admits(&station.network) || !stream.station.admits(&station.station)
            {
                let found = format!("{}.{}", station.network, station.station);
                let what = format!("the station {found}, which was not asked for");
                return Err(fail!(Station, "the answer", what, "Run this again later"));
            }
            Ok(station)
        };
        self.stations(&stream, span, StationFormat::Text, &read)?
            .ok_or_else(|| Error::Request {
                url: self.provider.station.clone().unwrap_or_default(),
                status: Some(204),
                what: format!("no such station in this time span: {stream}"),
                remedy: "Check the study's station codes and the provider".into(),
            })
    }

    /// What a station service says of the streams, whose codes may hold wildcards, in its own words:
    /// text with a row for each channel, or StationXML with the responses. `None` where it knows none
    /// of them.
    ///
    /// # Errors
    /// As [`Client::fetch_station`].
    pub fn fetch_stations(
        &self,
        stream: impl Into<NslcPattern>,
        span: &TimeSpan,
        format: StationFormat,
    ) -> Result<Option<String>> {
        self.stations(stream, span, format, &|text, _| {
            check_stations(text, format)?;
            Ok(text.to_string())
        })
    }

    /// What a station service says of the streams, read: every network, station and channel with its
    /// epochs, and from StationXML its responses. `None` where it knows none of them.
    ///
    /// # Errors
    /// As [`Client::fetch_station`].
    pub fn fetch_inventory(
        &self,
        stream: impl Into<NslcPattern>,
        span: &TimeSpan,
        format: StationFormat,
    ) -> Result<Option<Inventory>> {
        let stream = stream.into();
        let told = self.stations(&stream, span, format, &|text, simulated| {
            let mut inventory = Inventory::from_text(text, "the answer")?;
            inventory.simulated |= simulated;
            Ok(inventory)
        })?;
        Ok(told.and_then(|inventory| self.asked_for(inventory, &stream)))
    }

    /// The inventory without channels that were not asked for; `None` where nothing is left.
    fn asked_for(&self, mut inventory: Inventory, wanted: &NslcPattern) -> Option<Inventory> {
        let mut n_others = 0;
        for network in &mut inventory.networks {
            let is_network = wanted.network.admits(&network.code);
            network.stations.retain_mut(|station| {
                let is_station = is_network && wanted.station.admits(&station.code);
                let n_told = station.channels.len();
                station.channels.retain(|channel| {
                    let is_location = wanted.location.admits(&channel.location);
                    is_station && is_location && wanted.channel.admits(&channel.code)
                });
                n_others += n_told - station.channels.len();
                is_station && (n_told == 0 || !station.channels.is_empty())
            });
        }
        inventory
            .networks
            .retain(|network| !network.stations.is_empty());
        if n_others > 0 {
            let name = &self.provider.name;
            let line =
                format!("{name} station: {n_others} channels that were not asked for are left out");
            self.reporter.say(&line);
        }
        Some(inventory).filter(|inventory| !inventory.networks.is_empty())
    }

    fn stations<T>(
        &self,
        stream: impl Into<NslcPattern>,
        span: &TimeSpan,
        format: StationFormat,
        read: &dyn Fn(&str, bool) -> Result<T>,
    ) -> Result<Option<T>> {
        let selection = Selection {
            stream: stream.into(),
            start: span.start,
            end: span.end,
        };
        let request = Request::stations(&self.provider, selection, format)?;
        let fetched = self.request(&request, &|answer| {
            let text = answer.text()?;
            let read = text.map(|text| read(text, answer.simulated)).transpose()?;
            Ok(Some(read))
        })?;
        match fetched {
            Fetched::Read(read) => Ok(read),
            Fetched::TooLarge(error) => Err(error),
        }
    }
}

impl Provider {
    /// The address that [`Client::fetch_events`] asks; a browser shows the answer.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no event service.
    pub fn events_url(&self, region: &Region, span: &TimeSpan) -> Result<String> {
        Request::events(self, region, span.start, span.end)?.url(false)
    }
}

/// Said before the halves of a span.
pub(super) const TOO_MUCH: &str = "too much at once; asking in halves";

/// Whether an event lies in the box; data centres count longitudes from -180 or from 0.
fn is_inside(region: &Region, event: &Event) -> bool {
    [-360.0, 0.0, 360.0]
        .iter()
        .any(|turn| region.contains(event.longitude_deg + turn, event.latitude_deg))
}

/// Whether a station service's words are whole, and of the form that was asked for.
fn check_stations(text: &str, format: StationFormat) -> Result<()> {
    let broken = |what: String| {
        Err(Error::Request {
            url: "the answer".into(),
            status: None,
            what,
            remedy: "Run this again later".into(),
        })
    };
    match format {
        StationFormat::Xml => {
            if !text.trim_start().starts_with('<') || !text.contains("FDSNStationXML") {
                return broken("StationXML was expected".into());
            }
            if !text.trim_end().ends_with("FDSNStationXML>") {
                return broken("StationXML that is cut short".into());
            }
        }
        StationFormat::Text => {
            let mut rows = text.lines().filter(|row| !row.trim().is_empty());
            let n_fields = |row: &str| row.split('|').count();
            let header = rows.next().unwrap_or_default();
            let n = n_fields(header);
            if n < 2 {
                return broken(format!("{header:?} begins no list of stations"));
            }
            if let Some(row) = rows.find(|row| n_fields(row) != n) {
                return broken(format!("{row:?} has not the {n} fields of the header"));
            }
        }
    }
    Ok(())
}

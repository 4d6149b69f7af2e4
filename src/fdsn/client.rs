//! What a study needs of a data centre.

use std::path::PathBuf;

use reqwest::blocking;

use super::cache::Cache;
use super::http::{self, Answer};
use super::{Provider, Station};
use crate::catalog::Catalog;
use crate::classroom::{self, Classroom};
use crate::error::{Error, Result, fail};
use crate::study::{StationChoice, Study, data_dir};
use crate::time::{self, Time};
use crate::waveform::{Record3C, Trace, WaveformSource, mseed};

/// Asks one data centre on behalf of one study.
///
/// Answers of real data centres are kept on disk (`data/cache/<provider>/`, keyed by the SHA-256
/// of the request). Simulated ones never are: the classroom computes them as fast as a disk reads
/// them, and a file would go stale when the simulation changes.
#[derive(Debug, Clone)]
pub struct Client {
    provider: Provider,
    station: StationChoice,
    sampling_rate_hz: f64,
    http: blocking::Client,
    cache: Option<Cache>,
}

impl Client {
    /// A client of the study's provider. For the provider `classroom` the simulated data centre is
    /// started in this process, once.
    ///
    /// # Errors
    /// [`Error::Study`] for an unknown provider, [`Error::Classroom`] where the classroom cannot
    /// be started.
    pub fn for_study(study: &Study) -> Result<Self> {
        let provider = match study.provider.as_str() {
            "classroom" => Classroom::of_process(classroom::SEED)?.provider(),
            name => Provider::by_name(name)?,
        };
        Self::new(provider, study)
    }

    /// A client of any provider, for the station of the study.
    ///
    /// # Errors
    /// [`Error::Request`] where the system's certificates cannot be read.
    pub fn new(provider: Provider, study: &Study) -> Result<Self> {
        let folder: String = provider
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let addresses = [&provider.event, &provider.station, &provider.dataselect];
        let tls = addresses
            .into_iter()
            .flatten()
            .any(|a| a.starts_with("https"));
        Ok(Self {
            http: http::client(tls)?,
            cache: (!provider.simulated).then(|| Cache::new(data_dir().join("cache").join(folder))),
            provider,
            station: study.station.clone(),
            sampling_rate_hz: study.window.sampling_rate_hz,
        })
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

    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The events of the study's region and time span; a catalog without events where there are
    /// none.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no event service, [`Error::Request`] where it does
    /// not answer with a catalog.
    pub fn fetch_events(&self, study: &Study) -> Result<Catalog> {
        let mut catalog = self.ask("event", &events_of(study), |answer| {
            let events = match answer.text()? {
                Some(text) => Catalog::from_text(&text, "the answer")?,
                None => Catalog::new("", false, Vec::new()),
            };
            // The service includes the end of the span, the study does not.
            let mut catalog = events.during(&study.catalog);
            catalog.simulated |= answer.simulated;
            Ok(catalog)
        })?;
        catalog.source = self.provider.name.clone();
        Ok(catalog)
    }

    /// The study's station and those of its channels that the study chose.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no station service, [`Error::Request`] where it
    /// does not know the station or does not answer with one.
    pub fn fetch_station(&self, study: &Study) -> Result<Station> {
        let mut parameters = stream(&study.station);
        parameters.extend([
            ("starttime", asked(study.catalog.start)),
            ("endtime", asked(study.catalog.end)),
            ("level", "channel".to_string()),
            ("format", "text".to_string()),
        ]);
        self.ask("station", &parameters, |answer| {
            let Some(text) = answer.text()? else {
                return Err(Error::Request {
                    url: answer.url.clone(),
                    status: Some(204),
                    what: "no such station in this time span".into(),
                    remedy: "Check the study's station codes and the provider".into(),
                });
            };
            let mut station = Station::from_fdsn_text(&text, "the answer")?;
            station.simulated = answer.simulated;
            Ok(station)
        })
    }

    /// What was recorded by the study's station from `start` to `end`, both included as FDSN
    /// services do; no trace where there is nothing.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no dataselect service, [`Error::Request`] where it
    /// does not answer with miniSEED.
    pub fn fetch_waveforms(&self, start: Time, end: Time) -> Result<Vec<Trace>> {
        Ok(self.waveforms(start, end)?.0)
    }

    /// The traces, and whether they are simulated.
    fn waveforms(&self, start: Time, end: Time) -> Result<(Vec<Trace>, bool)> {
        let mut parameters = stream(&self.station);
        parameters.extend([("starttime", asked(start)), ("endtime", asked(end))]);
        self.ask("dataselect", &parameters, |answer| {
            let traces = match &answer.body {
                Some(bytes) => mseed::read(bytes, "the answer")?,
                None => Vec::new(),
            };
            Ok((traces, answer.simulated))
        })
    }

    /// What `read` makes of the answer to one query. An answer is kept only once it was read.
    fn ask<T>(
        &self,
        service: &str,
        parameters: &[(&str, String)],
        read: impl Fn(&Answer) -> Result<T>,
    ) -> Result<T> {
        let url = http::address(&self.provider.query(service)?, parameters)?;
        if let Some(body) = self.cache.as_ref().and_then(|cache| cache.get(&url)) {
            return read(&Answer {
                url,
                body,
                simulated: false,
            });
        }
        let mut answer = http::get(&self.http, &url)?;
        answer.simulated |= self.provider.simulated;
        let value = read(&answer).map_err(|error| answer.disbelieved(error))?;
        match &self.cache {
            Some(cache) if !answer.simulated => cache.put(&url, answer.body.as_deref())?,
            _ => {}
        }
        Ok(value)
    }
}

impl Provider {
    /// The address that [`Client::fetch_events`] asks; a browser shows the answer.
    ///
    /// # Errors
    /// [`Error::Study`] where the provider has no event service.
    pub fn events_url(&self, study: &Study) -> Result<String> {
        http::address(&self.query("event")?, &events_of(study))
    }
}

impl WaveformSource for Client {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        // Half a sample more on both sides: the samples need not lie on the grid of `start`.
        let half = time::seconds(0.5 / self.sampling_rate_hz);
        let last = time::of_sample(start, n_samples.saturating_sub(1), self.sampling_rate_hz);
        let (traces, simulated) = self.waveforms(start - half, last + half)?;
        if traces.is_empty() {
            return Err(fail!(
                Waveform,
                format!(
                    "{}.{} at {}",
                    self.station.network,
                    self.station.station,
                    time::iso(start)
                ),
                format!("{} has no sample in this window", self.provider.name),
                "Leave this window out: nothing was recorded"
            ));
        }
        let mut record = Record3C::from_traces(&traces, start, n_samples)?;
        record.simulated = simulated;
        Ok(record)
    }
}

/// A time as the services want it: without `Z`.
fn asked(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// The parameters that ask for a study's events.
fn events_of(study: &Study) -> [(&'static str, String); 7] {
    let region = &study.region;
    [
        ("starttime", asked(study.catalog.start)),
        ("endtime", asked(study.catalog.end)),
        ("minlatitude", region.min_latitude_deg.to_string()),
        ("maxlatitude", region.max_latitude_deg.to_string()),
        ("minlongitude", region.min_longitude_deg.to_string()),
        ("maxlongitude", region.max_longitude_deg.to_string()),
        ("format", "text".to_string()),
    ]
}

/// The parameters that name a stream; an empty location is written `--`.
fn stream(choice: &StationChoice) -> Vec<(&'static str, String)> {
    let location = match choice.location.as_str() {
        "" => "--",
        location => location,
    };
    vec![
        ("network", choice.network.clone()),
        ("station", choice.station.clone()),
        ("location", location.to_string()),
        ("channel", choice.channels.clone()),
    ]
}

//! Asks one data centre: how, and for events. Stations and waveforms have files of their own.

use std::path::PathBuf;
use std::sync::Arc;

use super::asked;
use super::cache::Cache;
use super::clock::{Clock, SystemClock};
use super::exchange::{Budget, Fetched};
use super::http;
use super::limiter::Limiter;
use super::request::{Request, halves};
use super::{Provider, Reporter, RetryPolicy};
use crate::catalog::{Catalog, Event};
use crate::code_pattern::StationChoice;
use crate::error::Result;
use crate::geo::Region;
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
    pub(super) http: reqwest::Client,
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
    /// [`Error::Request`](crate::Error::Request) where the system's certificates cannot be read.
    pub fn new(provider: Provider) -> Result<Self> {
        let folder: String = provider
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Ok(Self {
            station: None,
            http: http::client(provider.is_local())?,
            cache: (!provider.simulated).then(|| Cache::new(data_dir().join("cache").join(folder))),
            offline: false,
            limiter: Limiter::of(&provider),
            retry: RetryPolicy::default(),
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

    /// The same client, trying more or less often, and waiting more or less long.
    pub fn with_retry_policy(&self, retry: RetryPolicy) -> Self {
        Self {
            retry,
            ..self.clone()
        }
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
    /// [`Error::Study`](crate::Error::Study) where the provider has no event service,
    /// [`Error::Request`](crate::Error::Request) where it does not answer with a catalog.
    pub fn fetch_events(&self, region: &Region, span: &TimeSpan) -> Result<Catalog> {
        let mut parts = Vec::new();
        let budget = self.budget();
        self.events_of(region, span.start, span.end, &budget, &mut parts)?;
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
        budget: &Budget,
        parts: &mut Vec<Catalog>,
    ) -> Result<()> {
        let request = Request::events(&self.provider, region, start, end)?;
        let fetched = self.request(&request, budget, &|answer| {
            let mut events = match answer.text()? {
                Some(text) => Catalog::from_text(text, "the answer")?,
                None => Catalog::new("", false, Vec::new()),
            };
            events.simulated |= answer.simulated;
            let n_most = self.provider.limits.n_events.unwrap_or(usize::MAX);
            let n_sent = events.len() + events.left_out().n_events;
            Ok((n_sent < n_most).then_some(events))
        })?;
        match fetched {
            Fetched::Read(part) => {
                if part.left_out().n_events > 0 {
                    self.say(&request, &part.left_out().to_string());
                }
                let (events, n_others) = asked::events(&part, region, start, end);
                self.say_left_out(&request, n_others, "events");
                parts.push(Catalog::new("", part.simulated, events));
            }
            Fetched::TooLarge(error) => {
                let halves = halves(start, end).ok_or(error)?;
                self.say(&request, TOO_MUCH);
                for (start, end) in halves {
                    self.events_of(region, start, end, budget, parts)?;
                }
            }
        }
        Ok(())
    }
}

impl Provider {
    /// The address that [`Client::fetch_events`] asks; a browser shows the answer.
    ///
    /// # Errors
    /// [`Error::Study`](crate::Error::Study) where the provider has no event service.
    pub fn events_url(&self, region: &Region, span: &TimeSpan) -> Result<String> {
        Request::events(self, region, span.start, span.end)?.url(false)
    }
}

/// Said before the halves of a span.
pub(super) const TOO_MUCH: &str = "too much at once; asking in halves";

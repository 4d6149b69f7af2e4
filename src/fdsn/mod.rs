//! Data centres: events, stations and waveforms by FDSN web services.
//!
//! A [`Provider`] is a data centre's addresses and limits, by name or by address; a [`Client`] asks
//! it. [`data_centre`](crate::data_centre) connects a study to its data centre.
//!
//! | Answer | What the client makes of it |
//! |---|---|
//! | 200 | looked at before it is believed: HTML, an error text, rows cut short, miniSEED that is damaged, of another stream or of another time are asked for once more, then they are an error |
//! | 204 | there is nothing: an empty catalog, no trace; kept in the cache |
//! | 404 | the same where the body speaks of data as FDSN services do; else no service is there |
//! | 400, 401, 403, 422, any other | an error at once |
//! | 413, and the USGS's "exceeds search limit" | two halves of the time span, and halves of these |
//! | 414 | the same request by POST |
//! | 429, 503 | again, after as long as `Retry-After` says in seconds or by a date |
//! | 408, 500, 502, 504, no connection, a reset, a stall, a body that broke off | again, see [`RetryPolicy`] |
//!
//! Redirects are followed on the same host and from http to https. Events and channels that were not
//! asked for are left out, and counted; an answer has at most 256 MiB.
//!
//! An error is [`Error::Request`](crate::Error::Request) with address, status, the first line of the
//! answer and a remedy. Waits are said to a [`Reporter`]. Requests keep to the provider's [`Limits`].
//!
//! Answers of real data centres are kept in a cache on disk, each with provider, date and SHA-256,
//! and what had arrived before an interruption is not asked for again. [`Client::offline`] answers
//! from the cache alone.
//!
//! What cannot be seen: an answer whose length nobody told (HTTP/1.0, no chunks) and that broke off
//! exactly between two rows or two records.
//!
//! ```
//! use quakebook::fdsn::Provider;
//! let usgs = Provider::by_name("usgs").unwrap();
//! assert_eq!(usgs.event.as_deref(), Some("https://earthquake.usgs.gov"));
//! assert!(Provider::by_name("nowhere").is_err());
//! ```

mod cache;
mod client;
mod clock;
mod download;
mod exchange;
mod http;
mod limiter;
mod provider;
mod reporter;
mod request;
mod retry;
mod waveforms;

pub use crate::station::{Channel, Station};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use download::{DownloadParams, download};
pub use provider::{Limits, Provider};
pub use reporter::Reporter;
pub use request::StationFormat;
pub use retry::RetryPolicy;

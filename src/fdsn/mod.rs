//! Data centres: events, stations and waveforms by FDSN web services.
//!
//! A [`Provider`] is a data centre's addresses and limits, by name or by address; a [`Client`] asks
//! it. [`data_centre`](crate::data_centre) connects a study to its data centre.
//!
//! | Answer | What the client makes of it |
//! |---|---|
//! | 200 | looked at before it is believed: HTML, an error text, rows or a header cut short, miniSEED that is damaged or of other streams and times alone are asked for once more, then they are an error |
//! | 204 | there is nothing: an empty catalog, no trace; kept in the cache |
//! | 404 | the same where the body speaks of data as FDSN services do; else no service is there |
//! | 400, 401, 403, 422, any other | an error at once |
//! | 413, and the USGS's "exceeds search limit" | two halves of the time span, and halves of these |
//! | 414 | the same request by POST |
//! | 429, 503 | again, after as long as `Retry-After` says in seconds or by a date |
//! | 408, 500, 502, 504, no connection, a reset, a body that broke off | again, see [`RetryPolicy`] |
//! | nothing for long, or too little (100 bytes a second) | again, twice in all |
//!
//! Redirects are followed on the same host and from http to https; those of a POST by 307 and 308 alone.
//! Events, channels and records that were not asked for are left out, counted, and said. An answer has at
//! most 64 MiB (of stations 256 MiB), packed or not; one call sends at most 500 requests.
//!
//! An error is [`Error::Request`](crate::Error::Request) with address, status, the first line of the
//! answer and a remedy. Waits are said to a [`Reporter`], and how far a request is that takes long.
//! Requests keep to the provider's [`Limits`].
//!
//! Answers of real data centres are kept in a cache on disk, each with provider, date and SHA-256,
//! and what had arrived before an interruption is not asked for again. [`Client::offline`] answers
//! from the cache alone.
//!
//! What cannot be seen: an answer whose length nobody told (no `Content-Length`, no chunks) and that broke off
//! exactly between two rows: it is believed, but not kept. Between two records [`download`] asks for the rest.
//!
//! ```
//! use quakebook::fdsn::Provider;
//! let usgs = Provider::by_name("usgs").unwrap();
//! assert_eq!(usgs.event.as_deref(), Some("https://earthquake.usgs.gov"));
//! assert!(Provider::by_name("nowhere").is_err());
//! ```

mod asked;
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
mod stations;
mod transfer;
mod waveforms;

pub use crate::station::{Channel, Station};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use download::{DownloadParams, download};
pub use provider::{Limits, Provider};
pub use reporter::Reporter;
pub use request::StationFormat;
pub use retry::RetryPolicy;

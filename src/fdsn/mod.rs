//! Data centres: events, stations and waveforms by FDSN web services.
//!
//! A [`Provider`] is a data centre's addresses, by name or by address; a [`Client`] asks it for
//! what a [`Study`](crate::study::Study) needs. The default provider is the simulated
//! [`classroom`](crate::classroom), which the client starts by itself within this process.
//!
//! | Answer | What the client makes of it |
//! |---|---|
//! | 200 | looked at before it is believed: HTML, an error text or rows cut short are an error |
//! | 204, 404 | there is nothing: an empty catalog, no trace |
//! | any other | [`Error::Request`](crate::Error::Request) with address, status, the first line of the answer and a remedy |
//!
//! Answers of real data centres are kept in a cache on disk, see [`Client::without_cache`].
//!
//! ```
//! use quakebook::fdsn::Provider;
//! let usgs = Provider::by_name("usgs").unwrap();
//! assert_eq!(usgs.event.as_deref(), Some("https://earthquake.usgs.gov"));
//! assert!(Provider::by_name("nowhere").is_err());
//! ```

mod cache;
mod client;
mod http;
mod provider;
mod station;

pub use client::Client;
pub(crate) use http::SIMULATING_SERVER;
pub use provider::Provider;
pub use station::{Channel, Station};

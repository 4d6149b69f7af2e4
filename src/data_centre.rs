//! Connects a study to its data centre, a real one or the simulated one.
//!
//! [`crate::fdsn`] asks, [`crate::server`] answers and [`crate::classroom`]
//! simulates; no one of them knows another. Here they meet: the provider `classroom` is the simulated
//! region, served on loopback within this process.
//!
//! ```
//! use quakebook::{data_centre, study::Study};
//! let study = Study::oklahoma();
//! let client = data_centre::connect(&study).unwrap();
//! let published = client.fetch_events(&study.region, &study.catalog).unwrap();
//! assert!(published.simulated && published.len() < data_centre::truth(&study).len());
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::classroom::{self, Classroom, Nuisance, Synthesis, Truth};
use crate::error::Result;
use crate::fdsn::{Client, Provider, Station};
use crate::server::{self, DataCentre, Portions, Selection, Server};
use crate::station::Inventory;
use crate::study::Study;
use crate::time::TimeSpan;
use crate::waveform::Nslc;

/// The name of the simulated data centre among the providers.
pub const CLASSROOM: &str = "classroom";

/// A client of the study's data centre, for the study's station.
///
/// # Errors
/// As [`provider`], and [`Error::Request`](crate::Error::Request) where the system's certificates
/// cannot be read.
pub fn connect(study: &Study) -> Result<Client> {
    connect_to(&study.provider, study)
}

/// A client of another data centre, by name or address, for the study's station.
///
/// # Errors
/// As [`connect`].
pub fn connect_to(name: &str, study: &Study) -> Result<Client> {
    Ok(Client::new(provider(name)?)?.at_station(&study.station, study.window.sampling_rate_hz))
}

/// The provider of that name or address; `classroom` is started in this process, once.
///
/// # Errors
/// [`Error::Study`](crate::Error::Study) for an unknown name, [`Error::Server`](crate::Error::Server)
/// where the classroom cannot be started.
pub fn provider(name: &str) -> Result<Provider> {
    match name {
        CLASSROOM => Ok(Provider::at(
            CLASSROOM,
            classroom_of_process()?.base_url(),
            true,
        )),
        name => Provider::by_name(name),
    }
}

/// The study's station, with the channels that the study chose.
///
/// # Errors
/// As [`connect`] and [`Client::fetch_station`].
pub fn station(study: &Study) -> Result<Station> {
    connect(study)?.fetch_station(&study.station, &study.catalog)
}

/// Serves the simulated data centre on a port of loopback; 0 takes a free one.
///
/// # Errors
/// [`Error::Server`](crate::Error::Server) where the port is taken or no thread can be had.
pub fn serve_classroom(seed: u64, port: u16) -> Result<Server> {
    server::start(Arc::new(Classroom::new(seed)), port)
}

/// The server of the simulated data centre of this process, started at the first call, and anew where it
/// has ended.
///
/// # Errors
/// As [`serve_classroom`].
pub fn classroom_of_process() -> Result<Server> {
    static RUNNING: Mutex<Option<Server>> = Mutex::new(None);
    // A panic while the lock was held left the value whole: it is set in one step.
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.as_ref().filter(|server| server.check().is_ok()) {
        return Ok(server.clone());
    }
    Ok(running.insert(serve_classroom(classroom::SEED, 0)?).clone())
}

/// Whether the study's data are simulated.
pub fn is_simulated(study: &Study) -> bool {
    study.provider == CLASSROOM
}

/// Every simulated earthquake; a catalog without events where the data are real.
pub fn truth(study: &Study) -> Catalog {
    match is_simulated(study) {
        true => Truth::simulate(classroom::SEED).catalog(),
        false => Catalog::new("unknown truth", false, Vec::new()),
    }
}

/// The simulated signals in a span that are no earthquakes; none where the data are real.
///
/// They are sorted by time.
pub fn nuisances(study: &Study, span: &TimeSpan) -> Vec<Nuisance> {
    if !is_simulated(study) {
        return Vec::new();
    }
    let truth = Arc::new(Truth::simulate(classroom::SEED));
    Synthesis::new(classroom::SEED, truth).nuisances(span.start, span.end)
}

impl DataCentre for Classroom {
    fn simulated(&self) -> bool {
        true
    }

    /// The paper asks for `catalog=ISC`: that is the published catalog here.
    fn catalogs(&self) -> Vec<(&'static str, Arc<Catalog>)> {
        let (published, truth) = (self.published(), self.truth());
        vec![
            ("published", published.clone()),
            ("ISC", published.clone()),
            ("truth", truth.clone()),
        ]
    }

    fn inventory(&self) -> Option<Inventory> {
        Some(Classroom::inventory())
    }

    fn waveforms(&self, selections: Vec<Selection>) -> Result<Portions> {
        let classroom = self.clone();
        let portions = selections.into_iter().flat_map(move |selection| {
            let wanted = |stream: &Nslc| selection.streams.admits(stream);
            let pieces = classroom.pieces(&wanted, selection.start, selection.end);
            pieces.into_iter().map(|piece| piece.mseed())
        });
        Ok(Box::new(portions))
    }
}

//! Hypocentres in a layered model: where and when an earthquake was, by its picks, and how well that is known.
//!
//! | Step | What it gives |
//! |---|---|
//! | [`Sites`], [`VelocityModel`], [`PickFile`] | stations, speeds and picks as other programs write them |
//! | [`Locator::new`] | the times from a grid of places to every station, computed once |
//! | [`Locator::locate`] | a [`Hypocentre`]: place, time, 68 % ellipse, and each pick's residual and weight |
//! | [`locate_all`] | many of them, with station terms and what is said of the stations' clocks |
//!
//! # How
//! The best node of a grid by the sum of absolute residuals, with the median as origin time; from there Geiger's method (1912), damped
//! as Levenberg and Marquardt do, with picks weighted by Tukey's biweight, so that one that is far off counts nothing.
//!
//! # Errors that are true
//! The covariance is that of an M-estimator (Huber 1981, *Robust Statistics*, section 7.6). Its variance joins what the
//! residuals of this event say with what is known beforehand of picks, which counts as much as eight picks (Jordan & Sverdrup 1981,
//! *BSSA* 71, 1105-1130). So events of few picks get no ellipse of chance size. The 68 % ellipse holds 68 % of simulated events
//! whose picks err as assumed; it knows nothing of a wrong velocity model.
//!
//! # What it does not know
//! Depths are in km below sea level. A first layer that begins below a station is taken to reach up to it. The Earth's curvature
//! counts for distances on the map, and not for rays (at most 11 ms at 60 km).
//!
//! ```
//! use quakebook::locate::{LocateParams, Locator, PhasePick, Sites, Sorted};
//! use quakebook::travel::LayeredModel;
//! let sites = "id,latitude,longitude\nA,35.70,-97.40\nB,35.90,-97.40\nC,35.80,-97.25\nD,35.82,-97.55\n";
//! let sites = Sites::from_csv(sites, "sites.csv")?;
//! let picks = "station,phase,time\n\
//!     A,P,2014-02-16T00:00:02.27\nA,S,2014-02-16T00:00:03.93\nB,P,2014-02-16T00:00:02.27\nC,P,2014-02-16T00:00:02.66\n\
//!     D,P,2014-02-16T00:00:02.66\n";
//! let sorted = Sorted::new(PhasePick::from_csv(picks, "picks.csv")?, &sites)?;
//! let locator = Locator::new(sites, &LayeredModel::central_us().into(), LocateParams::default())?;
//! let found = locator.locate(&sorted.picks)?;
//! assert!((found.epicentre.latitude_deg - 35.8).abs() < 0.02);
//! # Ok::<(), quakebook::Error>(())
//! ```

mod columns;
mod exchanged;
mod grid;
mod hypocentre;
mod matrix;
mod observed;
mod one_event;
mod params;
mod pick_file;
mod picks;
mod picks_parquet;
mod picks_quakeml;
mod robust;
mod sites;
mod solve;
mod station_faults;
mod terms;
#[cfg(test)]
pub(crate) mod tests;
mod velocity;

pub use exchanged::Exchanged;
pub use grid::Locator;
pub(crate) use hypocentre::CONFIDENCE;
pub use hypocentre::{Ellipse, Hypocentre, Limit, PickResidual};
pub use params::LocateParams;
pub use picks::{PhasePick, PickFile, Sorted};
pub use sites::{Site, Sites};
pub use station_faults::{Fault, StationFault, station_faults};
pub use terms::{Located, StationTerm, locate_all};
pub use velocity::VelocityModel;

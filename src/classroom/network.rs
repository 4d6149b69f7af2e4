//! A network of twelve simulated stations: the same earthquakes, seen from each.
//!
//! Each station has its own distance to an earthquake, its own ground, scatterers, noise, disturbances and outages, and a clock that may
//! be wrong. All of them stand at the elevation of GS.OK029, where the flat layers begin. Earthquakes of other regions, which would have to
//! reach all stations in turn, are left out.
//!
//! [`SeismicNetwork::write`] makes a folder that [`crate::server::ServedArchive`] serves as a data centre.
//!
//! ```
//! use quakebook::classroom::SeismicNetwork;
//! use quakebook::time::{self, TimeSpan};
//! let start = time::parse("2014-03-01T00:00:00")?;
//! let hour = TimeSpan { start, end: start + time::seconds(3600.0) };
//! let network = SeismicNetwork::swarm(7, &hour, 40, 0.5);
//! assert_eq!(network.stations().len(), 12);
//! assert!(network.truth().sources.iter().all(|source| source.mw >= 0.5));
//! # Ok::<(), quakebook::Error>(())
//! ```

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::branching::MAX_MW;
use super::channels::{self, CHANNELS};
use super::greens::{SITE, Site};
use super::instrument::{ELEVATION_M, STATION};
use super::nuisance::NuisanceKind;
use super::seismicity::Truth;
use super::source::Source;
use super::synthesis::Synthesis;
use super::world::World;
use crate::atomic_file;
use crate::error::Result;
use crate::geo::Point;
use crate::station::Inventory;
use crate::time::{self, Time, TimeSpan};
use crate::travel::Phase;

/// A station of a simulated network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkStation {
    pub network: &'static str,
    pub code: &'static str,
    pub location: &'static str,
    pub place: Point,
    /// Its noise above that of GS.OK029.
    pub noise_db: f64,
    /// Attenuation and speed of S in the ground below it, as in [`Site`].
    pub kappa_s_s: f64,
    pub vs_km_s: f64,
    /// Its clock is late: what it records is stamped so much after its time.
    pub late_s: f64,
}

const fn station(
    code: &'static str,
    [longitude_deg, latitude_deg]: [f64; 2],
    noise_db: f64,
    [kappa_s_s, vs_km_s]: [f64; 2],
    late_s: f64,
) -> NetworkStation {
    NetworkStation {
        network: "XX",
        code,
        location: "",
        place: Point {
            longitude_deg,
            latitude_deg,
        },
        noise_db,
        kappa_s_s,
        vs_km_s,
        late_s,
    }
}

/// GS.OK029 and eleven stations around and in the paper's box.
///
/// The first place is the real one. The others are invented, and so are all numbers beside them: `XX` is the code of no network. The
/// clock of XX.N08 is 0.74 s late; the others are right to two hundredths.
pub const STATIONS: [NetworkStation; 12] = [
    NetworkStation {
        network: "GS",
        code: "OK029",
        location: "00",
        ..station(
            "",
            [STATION.longitude_deg, STATION.latitude_deg],
            0.0,
            [0.053, 0.8],
            0.0,
        )
    },
    station("N01", [-97.62, 35.99], 3.0, [0.040, 0.9], 0.004),
    station("N02", [-97.43, 36.03], -4.0, [0.025, 1.2], 0.0),
    station("N03", [-97.17, 36.01], 0.0, [0.050, 0.7], -0.006),
    station("N04", [-97.30, 35.94], 2.0, [0.045, 0.8], 0.0),
    station("N05", [-97.53, 35.89], -2.0, [0.030, 1.0], 0.011),
    station("N06", [-97.37, 35.85], 4.0, [0.055, 0.7], 0.0),
    station("N07", [-97.13, 35.86], -1.0, [0.035, 1.1], -0.003),
    station("N08", [-97.26, 35.79], 0.0, [0.040, 0.9], 0.74),
    station("N09", [-97.63, 35.74], 1.0, [0.050, 0.8], 0.0),
    station("N10", [-97.39, 35.69], -3.0, [0.028, 1.1], 0.002),
    station("N11", [-97.19, 35.67], 2.0, [0.045, 0.8], -0.014),
];

impl NetworkStation {
    /// `XX.N01`
    pub fn id(&self) -> String {
        format!("{}.{}", self.network, self.code)
    }
}

/// Twelve simulated stations and the earthquakes that they record.
#[derive(Debug, Clone)]
pub struct SeismicNetwork {
    world: World,
    truth: Truth,
}

impl SeismicNetwork {
    /// The stations of [`STATIONS`] in the paper's Earth, with these earthquakes.
    pub fn new(truth: Truth) -> Self {
        let mut world = World::paper(truth.seed);
        let elsewhere = [NuisanceKind::Regional, NuisanceKind::Teleseism];
        world
            .habits
            .retain(|habit| !elsewhere.contains(&habit.kind));
        Self { world, truth }
    }

    /// The same stations, with at least `n_events` earthquakes of moment magnitude `smallest_mw` to 4.5 on the paper's fault zones, in
    /// families that are spread over the span.
    pub fn swarm(seed: u64, span: &TimeSpan, n_events: usize, smallest_mw: f64) -> Self {
        let world = World {
            magnitudes: (smallest_mw, MAX_MW),
            ..World::paper(seed)
        };
        Self::new(Truth::of_world(&world, span, n_events))
    }

    pub fn stations(&self) -> &'static [NetworkStation] {
        &STATIONS
    }

    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// When a wave of an earthquake truly reaches a station, by the station's clock.
    pub fn arrival(&self, source: &Source, phase: Phase, station: &NetworkStation) -> Time {
        let distance_km = source.distance_km(station.place);
        let travel_s = self
            .world
            .model
            .travel_time_s(phase, source.depth_km, distance_km);
        source.origin_time + time::seconds(travel_s + station.late_s)
    }

    /// The stations with the responses of their three components.
    pub fn inventory(&self) -> Inventory {
        let told = |station: &NetworkStation| {
            channels::station(
                station.code,
                station.location,
                station.place,
                &CHANNELS[..3],
            )
        };
        let of_network = STATIONS.chunk_by(|a, b| a.network == b.network);
        channels::inventory_of(
            of_network
                .map(|all| channels::network(all[0].network, all.iter().map(told).collect()))
                .collect(),
        )
    }

    /// Writes a folder as a data centre has it: day files of all stations in the layout SDS, `stations.xml` with responses, `catalog.xml` with
    /// what was published, and `velocity.csv` with the layers' tops below sea level and their speeds.
    ///
    /// # Errors
    /// As [`Synthesis::write_day_files`]; [`crate::Error::Io`].
    pub fn write(&self, root: &Path, span: &TimeSpan) -> Result<()> {
        (0..)
            .zip(&STATIONS)
            .collect::<Vec<_>>()
            .into_par_iter()
            .try_for_each(|(number, station)| {
                let ids = [station.network, station.code, station.location];
                let spans = std::slice::from_ref(span);
                self.ground(number)
                    .write_day_files(root, ids, spans, station.late_s)
            })?;
        self.inventory().write(root.join("stations.xml"))?;
        let published = self.truth.published().to_quakeml();
        atomic_file::write_whole(root.join("catalog.xml"), published)?;
        atomic_file::write_whole(root.join("velocity.csv"), self.velocity_csv())
    }

    /// What the recorder of a station of [`STATIONS`] counts.
    fn ground(&self, number: usize) -> Synthesis {
        let station = &STATIONS[number];
        let mut world = self.world.clone();
        // Noise, scatterers, disturbances and outages follow from the seed.
        world.seed = self
            .world
            .seed
            .wrapping_mul(100)
            .wrapping_add(number as u64);
        world.site = Site {
            kappa_s_s: station.kappa_s_s,
            kappa_p_s: station.kappa_s_s / 2.0,
            vs_km_s: station.vs_km_s,
            ..world.site
        };
        // Harder ground scatters less.
        world.scattering.shallow_energy *= SITE.vs_km_s.min(station.vs_km_s) / station.vs_km_s;
        for (_, levels) in &mut world.noise.levels_db {
            levels.iter_mut().for_each(|db| *db += station.noise_db);
        }
        let seen = self.truth.seen_from(station.place.local_km(STATION));
        Synthesis::of_world(&world, Arc::new(seen))
    }

    /// Columns `depth` (km below sea level), `vp` and `vs` (km/s), a row for the top of each layer.
    pub fn velocity_csv(&self) -> String {
        let mut top_km = -ELEVATION_M / 1000.0;
        let mut text = String::from("depth,vp,vs\n");
        for layer in self.world.model.layers() {
            text += &format!("{top_km:.3},{},{}\n", layer.vp_km_s, layer.vs_km_s);
            top_km += layer.thickness_km;
        }
        text
    }
}

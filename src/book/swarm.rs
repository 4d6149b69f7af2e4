//! A simulated swarm that twelve stations record: its archive, and picks of it: chapter 15.

use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::stored::is_small;
use crate::catalog::{Catalog, Event};
use crate::classroom::instrument::{ELEVATION_M, STATION};
use crate::classroom::{NetworkStation, SeismicNetwork, Source};
use crate::error::{Result, fail};
use crate::locate::PhasePick;
use crate::method::PickerModel;
use crate::pick::{Components, PickedPhase, Picker, stations};
use crate::station::StationChoice;
use crate::store::{Product, Store};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::travel::{Phase, Wave};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::{Archive, Place, WaveformSource};

/// Hours of a swarm in the paper's box, as twelve stations recorded them.
#[derive(Debug, Clone)]
pub struct Swarm {
    /// Day files, `stations.xml`, `catalog.xml` (what was published) and `velocity.csv`.
    pub folder: PathBuf,
    pub span: TimeSpan,
    network: SeismicNetwork,
    store: Store,
}

/// Chosen: it says nothing of Oklahoma, where no such hours were.
const SEED: u64 = 15;
const START: &str = "2014-03-01T00:00:00";
/// The smallest earthquake's moment magnitude.
const SMALLEST_MW: f64 = 0.7;

/// Six hours with 400 earthquakes or a few more; an hour with 80 where the study is made small. The archive is made once.
///
/// # Errors
/// As [`SeismicNetwork::write`] and [`Store::get_or_make`].
pub fn swarm(study: &Study) -> Result<Swarm> {
    let (n_hours, n_events) = if is_small(study) {
        (1.0, 80)
    } else {
        (6.0, 400)
    };
    let start = time::parse(START)?;
    let span = TimeSpan {
        start,
        end: start + time::seconds(3600.0 * n_hours),
    };
    let network = SeismicNetwork::swarm(SEED, &span, n_events, SMALLEST_MW);
    let store = Store::of(study);
    let make = || {
        Ok(Folder {
            new: Some((network.clone(), span)),
        })
    };
    store.get_or_make(NAME, make)?;
    Ok(Swarm {
        folder: store.path(NAME),
        span,
        network,
        store,
    })
}

const NAME: &str = "swarm";

/// The archive's folder, as the store keeps it.
struct Folder {
    /// What is to be written; nothing where it was written before.
    new: Option<(SeismicNetwork, TimeSpan)>,
}

impl Product for Folder {
    fn read(_: &Path) -> Result<Self> {
        Ok(Self { new: None })
    }

    fn write(&self, path: &Path) -> Result<()> {
        let mut new = self.new.iter();
        new.try_for_each(|(network, span)| network.write(path, span))
    }
}

/// How simulated picks are drawn. All numbers are choices.
///
/// The strength of an earthquake at a station is its magnitude, less 1.5 log10 of its distance over 10 km, less a twentieth of the
/// station's noise in dB. A wave is picked where the strength with a normal error of 0.25 is above what is named here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedPicks {
    pub least_p: f64,
    pub least_s: f64,
    /// Standard errors of a pick's time.
    pub p_error_s: f64,
    pub s_error_s: f64,
    /// Share of picks that are far off: by up to 1.5 s.
    pub outliers: f64,
    /// Picks of nothing, at each station.
    pub false_per_hour: f64,
}

impl Default for SimulatedPicks {
    fn default() -> Self {
        Self {
            least_p: 0.6,
            least_s: 0.7,
            p_error_s: 0.06,
            s_error_s: 0.12,
            outliers: 0.04,
            false_per_hour: 12.0,
        }
    }
}

const STRENGTH_ERROR: f64 = 0.25;
const FARTHEST_OFF_S: f64 = 1.5;

impl Swarm {
    /// Every earthquake, with its depth below sea level, as a location has it.
    pub fn truth(&self) -> Catalog {
        let catalog = self.network.truth().catalog();
        let below_sea = |event: &Event| Event {
            depth_km: event.depth_km.map(|km| km - ELEVATION_M / 1000.0),
            ..event.clone()
        };
        let events = catalog.events().iter().map(below_sea).collect();
        Catalog::new(&*catalog.source, catalog.simulated, events)
    }

    /// The largest earthquake.
    pub fn largest(&self) -> Event {
        let truth = self.truth();
        let larger = |a: &&Event, b: &&Event| a.magnitude.total_cmp(&b.magnitude);
        let largest = truth.events().iter().max_by(larger).cloned();
        largest.unwrap_or_else(|| Event::at_time("none", self.span.start, ""))
    }

    /// When P of an earthquake comes at a station by the station's clock, in s after the origin time, and where the station stands, in
    /// km east and north of GS.OK029.
    ///
    /// # Errors
    /// [`crate::Error::Station`] where there is no such earthquake or station.
    pub fn arrival(&self, event: &Event, station: &str) -> Result<(f64, (f64, f64))> {
        let mut stations = self.network.stations().iter();
        let (Some(known), Some(source)) = (
            stations.find(|known| known.id() == station),
            self.network.truth().source(&event.id),
        ) else {
            let what = format!("no arrival of earthquake {}", event.id);
            return Err(fail!(
                Station,
                station,
                what,
                "Take an earthquake and a station of the swarm"
            ));
        };
        let arrival = self.network.arrival(source, Phase::P, known);
        Ok((
            time::between_s(event.origin_time, arrival),
            known.place.local_km(STATION),
        ))
    }

    /// How late the clock of a station truly is, by its code, in s.
    pub fn late_s(&self, station: &str) -> Option<f64> {
        let mut all = self.network.stations().iter();
        all.find(|known| known.id() == station)
            .map(|known| known.late_s)
    }

    /// Simulated picks, by their rule: true times with errors, misses, outliers and picks of nothing. No picker has seen the records.
    pub fn simulated_picks(&self, rule: &SimulatedPicks) -> Vec<PhasePick> {
        let rng = &mut ChaCha8Rng::seed_from_u64(SEED);
        let mut picks = Vec::new();
        for station in self.network.stations() {
            for source in &self.network.truth().sources {
                for wave in [Wave::P, Wave::S] {
                    picks.extend(self.drawn(rule, station, source, wave, rng));
                }
            }
            let n_false =
                rule.false_per_hour * time::between_s(self.span.start, self.span.end) / 3600.0;
            for i in 0..n_false.round() as usize {
                let after_s =
                    rng.random_range(0.0..time::between_s(self.span.start, self.span.end));
                let wave = [Wave::P, Wave::S][i % 2];
                let time = self.span.start + time::seconds(after_s);
                picks.push(pick(station, wave, time, rng.random_range(0.3..0.7)));
            }
        }
        picks.sort_by(|a, b| (a.time, &a.station).cmp(&(b.time, &b.station)));
        picks
    }

    fn drawn(
        &self,
        rule: &SimulatedPicks,
        station: &NetworkStation,
        source: &Source,
        wave: Wave,
        rng: &mut ChaCha8Rng,
    ) -> Option<PhasePick> {
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let [luck, error] = [normal(), normal()];
        let far_off_s = rng.random_range(-FARTHEST_OFF_S..FARTHEST_OFF_S);
        let (is_far_off, probability) = (
            rng.random::<f64>() < rule.outliers,
            rng.random_range(0.3..1.0),
        );
        let (phase, least, error_s) = match wave {
            Wave::P => (Phase::P, rule.least_p, rule.p_error_s),
            Wave::S => (Phase::S, rule.least_s, rule.s_error_s),
        };
        let distance_km = source.hypocentral_distance_km(station.place);
        let strength = source.mw - 1.5 * (distance_km / 10.0).log10() - station.noise_db / 20.0;
        let off_s = if is_far_off {
            far_off_s
        } else {
            error_s * error
        };
        let time = self.network.arrival(source, phase, station) + time::seconds(off_s);
        let is_picked = strength + STRENGTH_ERROR * luck > least && self.span.contains(time);
        is_picked.then(|| pick(station, wave, time, probability))
    }

    /// The picks of a model that comes with the program, on all stations of the archive. They are kept, station by station.
    ///
    /// # Errors
    /// As [`PickerModel::picker`], [`Picker::pick`] and [`Store::parts`].
    pub fn picks_of(&self, model: &PickerModel) -> Result<Vec<PhasePick>> {
        let weights = &model.description()?.weights_sha256[..8];
        let name = format!("{NAME}-picks-{}-{weights}", model.name);
        let prepare = || model.picker();
        self.store
            .parts(&name, &self.stations()?, prepare, |picker, station| {
                self.picked_at(station, picker)
            })
    }

    /// The picks of a picker on all stations of the archive.
    ///
    /// # Errors
    /// As [`Picker::pick`].
    pub fn picked_by(&self, picker: &Picker) -> Result<Vec<PhasePick>> {
        let stations = self.stations()?;
        let picked = stations.iter().map(|one| self.picked_at(one, picker));
        Ok(picked.collect::<Result<Vec<_>>>()?.concat())
    }

    fn stations(&self) -> Result<Vec<StationChoice>> {
        Ok(stations(&Place::from(self.folder.as_path()), &[], (None, None))?.0)
    }

    fn picked_at(&self, station: &StationChoice, picker: &Picker) -> Result<Vec<PhasePick>> {
        let archive = Archive::open_for(Place::from(self.folder.as_path()), station)?;
        let picked = picker.pick(&Components(&archive), &self.span, &mut |_| Ok(()))?;
        let picks = picked.picks.into_iter().map(|pick| PhasePick {
            station: format!("{}.{}", pick.station, pick.band),
            wave: match pick.phase {
                PickedPhase::P => Wave::P,
                PickedPhase::S => Wave::S,
            },
            time: pick.time,
            probability: f64::from(pick.probability),
            error_s: f64::NAN,
        });
        Ok(picks.collect())
    }

    /// Vertical records of all stations from an instant on, 1 to 20 Hz, with the stations' codes, the nearest to `event` first, and
    /// how far they are. A station that recorded nothing then is left out.
    ///
    /// # Errors
    /// As [`Archive::open`] and [`Filter::bandpass`].
    pub fn verticals(&self, event: &Event, seconds: f64) -> Result<Vec<(String, Vec<f32>)>> {
        let mut stations: Vec<&NetworkStation> = self.network.stations().iter().collect();
        let km = |station: &NetworkStation| event.epicentre().distance_km(station.place);
        stations.sort_by(|a, b| km(a).total_cmp(&km(b)));
        let mut shown = Vec::new();
        for station in stations {
            let NetworkStation {
                network,
                code,
                location,
                ..
            } = station;
            let archive = Archive::open(&self.folder, network, code, location, "HH?")?;
            // The filter settles before what is shown.
            let start = event.origin_time - time::seconds(SETTLING_S);
            let Ok(record) = archive.between(start, event.origin_time + time::seconds(seconds))
            else {
                continue;
            };
            let rate_hz = record.sampling_rate_hz;
            let band = Filter::bandpass(4, 1.0, 20.0, rate_hz)?;
            let vertical = band.record(&record, Pass::Causal)?.data[2]
                .split_off((SETTLING_S * rate_hz) as usize);
            shown.push((format!("{}, {:.1} km", station.id(), km(station)), vertical));
        }
        Ok(shown)
    }
}

const SETTLING_S: f64 = 10.0;

fn pick(station: &NetworkStation, wave: Wave, time: Time, probability: f64) -> PhasePick {
    PhasePick {
        station: format!(
            "{}.{}.{}.HH",
            station.network, station.code, station.location
        ),
        wave,
        time,
        probability,
        error_s: f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Table;

    #[test]
    fn picks_are_kept_as_they_were() {
        let start = time::parse(START).unwrap();
        let picks: Vec<PhasePick> = [(0.123456, 0.1), (7.0, 1.0 / 3.0)]
            .map(|(s, probability)| PhasePick {
                station: "XX.N05..HH".into(),
                wave: Wave::S,
                time: start + time::seconds(s),
                probability,
                error_s: f64::NAN,
            })
            .into();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picks.toml");
        Table {
            kept: picks.clone(),
        }
        .write(&path)
        .unwrap();
        let read: Table<Vec<PhasePick>> = Product::read(&path).unwrap();
        // An unknown error is NaN, and equals nothing.
        assert_eq!(format!("{:?}", read.kept), format!("{picks:?}"));
    }
}

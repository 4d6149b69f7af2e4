//! Magnitudes of a bulletin's events, from the records of the stations that picked them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use rustfft::num_complex::Complex64;

use super::{Bulletin, BulletinEvent};
use crate::error::Result;
use crate::locate::{Locator, VelocityModel};
use crate::magnitude::{
    Amplitude, AmplitudeParams, BruneFit, EventMagnitude, Ground, LocalScale, MomentParams,
    NoAmplitude, StationMagnitude, horizontal_amplitude, moment_magnitude, s_spectrum,
};
use crate::station::{Inventory, Response};
use crate::time::{self, Time};
use crate::travel::Wave;
use crate::waveform::{Archive, Record3C, WaveformSource};

/// As much of a record is taken before P and after S, for the simulation tapers its ends; or as much as the windows of S and of the noise
/// need, which grow with S less P, and this.
const AROUND_S: f64 = 30.0;
const BEYOND_S: f64 = 10.0;

/// What one station gives, or why nothing.
type Measured<T> = std::result::Result<T, NoAmplitude>;

/// How often there was no amplitude, and why.
pub type Without = BTreeMap<NoAmplitude, usize>;

impl Bulletin {
    /// Gives the events local magnitudes, from the records of the stations that picked them. `record` gives three components of a
    /// pick's station (`CX.PB01..HH`) from one time until another; what it cannot give counts as [`NoAmplitude::NoRecord`].
    ///
    /// Returned is how often there was no amplitude, and why. An event outside the grid gets none, for its distance is not known.
    pub fn add_local_magnitudes(
        &mut self,
        locator: &Locator,
        inventory: &Inventory,
        scale: &LocalScale,
        params: &AmplitudeParams,
        record: impl FnMut(&str, Time, Time) -> Result<Record3C>,
    ) -> Without {
        let mut stations = Stations::new(locator, inventory, record);
        for event in &mut self.events {
            let amplitudes = stations.of(event, |seen| {
                Ok(Amplitude {
                    station: seen.station.into(),
                    amplitude_m: horizontal_amplitude(
                        seen.record,
                        seen.p,
                        seen.s,
                        seen.responses(),
                        params,
                    )?,
                    distance_km: seen.distance_km,
                })
            });
            event.magnitude = scale.event(&amplitudes);
        }
        stations.without
    }

    /// Gives the events moment magnitudes, from the spectra of S: [`MomentParams::moment_n_m`] of the plateau that [`BruneFit`] finds.
    /// The rest is as in [`Bulletin::add_local_magnitudes`].
    ///
    /// # Errors
    /// As [`MomentParams::check`].
    pub fn add_moment_magnitudes(
        &mut self,
        locator: &Locator,
        inventory: &Inventory,
        velocity: &VelocityModel,
        params: &MomentParams,
        record: impl FnMut(&str, Time, Time) -> Result<Record3C>,
    ) -> Result<Without> {
        params.check()?;
        let ground = |below_top_km: f64| {
            let layer = velocity.layers.layer_at(below_top_km.max(0.0));
            Ground {
                vs_km_s: layer.vs_km_s,
                density_g_cm3: layer.density_g_cm3,
            }
        };
        let surface = params.ground.unwrap_or_else(|| ground(0.0));
        let mut stations = Stations::new(locator, inventory, record);
        for event in &mut self.events {
            let source = ground(event.hypocentre.depth_km - velocity.top_km);
            let found = stations.of(event, |seen| {
                let spectrum = s_spectrum(
                    seen.record,
                    seen.p,
                    seen.s,
                    seen.responses(),
                    &params.spectrum,
                )?;
                let fit = BruneFit::of(&spectrum).ok_or(NoAmplitude::NoPlateau)?;
                let moment_n_m =
                    params.moment_n_m(fit.plateau_m_s, seen.distance_km, source, surface);
                Ok(StationMagnitude {
                    station: seen.station.into(),
                    amplitude: fit.plateau_m_s,
                    value: moment_magnitude(moment_n_m),
                })
            });
            event.moment_magnitude = EventMagnitude::of("Mw", found);
        }
        Ok(stations.without)
    }

    /// As [`Bulletin::add_local_magnitudes`], with the records of an archive in the layout SDS. Where these are simulated the bulletin
    /// says so, too.
    pub fn add_magnitudes_of_archive(
        &mut self,
        locator: &Locator,
        inventory: &Inventory,
        scale: &LocalScale,
        params: &AmplitudeParams,
        root: &Path,
    ) -> Without {
        let mut records = Records::new(root);
        let record = |pick: &str, from, to| records.between(pick, from, to);
        let without = self.add_local_magnitudes(locator, inventory, scale, params, record);
        self.simulated |= records.simulated;
        without
    }

    /// As [`Bulletin::add_moment_magnitudes`], with the records of an archive, as [`Bulletin::add_magnitudes_of_archive`].
    ///
    /// # Errors
    /// As [`MomentParams::check`].
    pub fn add_moment_magnitudes_of_archive(
        &mut self,
        locator: &Locator,
        inventory: &Inventory,
        velocity: &VelocityModel,
        params: &MomentParams,
        root: &Path,
    ) -> Result<Without> {
        let mut records = Records::new(root);
        let record = |pick: &str, from, to| records.between(pick, from, to);
        let without = self.add_moment_magnitudes(locator, inventory, velocity, params, record)?;
        self.simulated |= records.simulated;
        Ok(without)
    }
}

/// The archives of the stations, each opened once.
struct Records<'a> {
    root: &'a Path,
    open: BTreeMap<String, Archive>,
    simulated: bool,
}

impl<'a> Records<'a> {
    fn new(root: &'a Path) -> Self {
        Self {
            root,
            open: BTreeMap::new(),
            simulated: false,
        }
    }

    fn between(&mut self, pick: &str, from: Time, to: Time) -> Result<Record3C> {
        let archive = match self.open.entry(pick.into()) {
            Entry::Occupied(archive) => archive.into_mut(),
            Entry::Vacant(place) => {
                let codes: Vec<&str> = pick.split('.').collect();
                let code = |i: usize| codes.get(i).copied().unwrap_or_default();
                let channels = format!("{}?", code(3));
                let (network, station, location) = (code(0), code(1), code(2));
                place.insert(Archive::open(
                    self.root, network, station, location, &channels,
                )?)
            }
        };
        let record = archive.between(from, to)?;
        self.simulated |= record.simulated;
        Ok(record)
    }
}

/// What an instrument makes of a metre at a frequency in Hz.
type Displacement<'a> = Box<dyn Fn(f64) -> Option<Complex64> + 'a>;

/// One station's record of one event.
struct Seen<'a> {
    inventory: &'a Inventory,
    /// `CX.PB01`
    station: &'a str,
    /// `CX.PB01..HH`
    pick: &'a str,
    record: &'a Record3C,
    /// The computed times: a pick may be missing.
    p: Time,
    s: Time,
    /// From the hypocentre.
    distance_km: f64,
}

impl<'a> Seen<'a> {
    /// The response of each channel to displacement.
    fn responses(&self) -> impl Fn(&str) -> Option<Displacement<'a>> {
        let (inventory, pick, p) = (self.inventory, self.pick, self.p);
        move |channel| {
            let response = response(inventory, pick, channel, p)?;
            Some(Box::new(move |f_hz| response.of_displacement_at(f_hz)))
        }
    }
}

/// Goes through the stations of events.
struct Stations<'a, F> {
    locator: &'a Locator,
    inventory: &'a Inventory,
    record: F,
    without: Without,
}

impl<'a, F: FnMut(&str, Time, Time) -> Result<Record3C>> Stations<'a, F> {
    fn new(locator: &'a Locator, inventory: &'a Inventory, record: F) -> Self {
        Self {
            locator,
            inventory,
            record,
            without: Without::new(),
        }
    }

    /// What is measured at the stations that picked an event; nothing of one outside the grid.
    fn of<T>(&mut self, event: &BulletinEvent, measure: impl Fn(&Seen) -> Measured<T>) -> Vec<T> {
        let h = &event.hypocentre;
        if h.is_outside() {
            return Vec::new();
        }
        let mut measured = Vec::new();
        for (station, pick) in stations(event, self.locator) {
            let site = &self.locator.sites().all()[station];
            let along_km = h.epicentre.distance_km(site.position);
            let [p, s] = [Wave::P, Wave::S].map(|wave| {
                let travel = self
                    .locator
                    .travel_time(station, wave, h.depth_km, along_km);
                h.origin_time + time::seconds(travel.time_s)
            });
            let around = time::seconds(AROUND_S.max(time::between_s(p, s) + BEYOND_S));
            let has_band = pick.split('.').nth(3).is_some_and(|band| !band.is_empty());
            let found = (self.record)(&pick, p - around, s + around)
                .map_err(|_| match has_band {
                    true => NoAmplitude::NoRecord,
                    false => NoAmplitude::NoBand,
                })
                .and_then(|record| {
                    measure(&Seen {
                        inventory: self.inventory,
                        station: &site.id,
                        pick: &pick,
                        record: &record,
                        p,
                        s,
                        distance_km: along_km.hypot(h.depth_km + site.elevation_km),
                    })
                });
            match found {
                Ok(found) => measured.push(found),
                Err(why) => *self.without.entry(why).or_default() += 1,
            }
        }
        measured
    }
}

/// Each station that picked the event, with the identifier of its first pick.
fn stations(event: &BulletinEvent, locator: &Locator) -> BTreeMap<usize, String> {
    let mut stations = BTreeMap::new();
    for pick in &event.picks {
        if let Some(station) = locator.sites().find(&pick.station) {
            stations
                .entry(station)
                .or_insert_with(|| pick.station.clone());
        }
    }
    stations
}

/// The response of a pick's channel at that time.
fn response<'a>(
    inventory: &'a Inventory,
    pick: &str,
    channel: &str,
    at: Time,
) -> Option<&'a Response> {
    let codes: Vec<&str> = pick.split('.').collect();
    let [network, station, location, ..] = codes[..] else {
        return None;
    };
    let found = inventory.channels().find(|(n, s, c)| {
        let codes = [
            (&n.code, network),
            (&s.code, station),
            (&c.location, location),
            (&c.code, channel),
        ];
        codes.into_iter().all(|(code, wanted)| *code == wanted) && c.epoch.holds(at)
    });
    found?.2.response.as_ref()
}

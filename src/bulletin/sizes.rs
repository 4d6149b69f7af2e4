//! Local magnitudes of a bulletin's events.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use super::{Bulletin, BulletinEvent};
use crate::error::Result;
use crate::locate::Locator;
use crate::magnitude::{Amplitude, AmplitudeParams, LocalScale, NoAmplitude, horizontal_amplitude};
use crate::station::{Inventory, Response};
use crate::time::{self, Time};
use crate::travel::Wave;
use crate::waveform::{Archive, Record3C, WaveformSource};

/// As much of a record is taken before P and after S: the simulation tapers its ends.
const AROUND_S: f64 = 30.0;

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
        mut record: impl FnMut(&str, Time, Time) -> Result<Record3C>,
    ) -> BTreeMap<NoAmplitude, usize> {
        let mut without = BTreeMap::new();
        for event in &mut self.events {
            if event.hypocentre.is_outside() {
                continue;
            }
            let mut amplitudes = Vec::new();
            for (station, pick) in stations(event, locator) {
                let h = &event.hypocentre;
                let site = &locator.sites().all()[station];
                let along_km = h.epicentre.distance_km(site.position);
                let [p, s] = [Wave::P, Wave::S].map(|wave| {
                    h.origin_time
                        + time::seconds(
                            locator
                                .travel_time(station, wave, h.depth_km, along_km)
                                .time_s,
                        )
                });
                let found = record(
                    &pick,
                    p - time::seconds(AROUND_S),
                    s + time::seconds(AROUND_S),
                )
                .map_err(|_| NoAmplitude::NoRecord)
                .and_then(|record| {
                    let displacement = |channel: &str| {
                        let response = response(inventory, &pick, channel, p)?;
                        Some(move |f_hz: f64| response.of_displacement_at(f_hz))
                    };
                    horizontal_amplitude(&record, p, s, displacement, params)
                });
                match found {
                    Ok(amplitude_m) => amplitudes.push(Amplitude {
                        station: site.id.clone(),
                        amplitude_m,
                        distance_km: along_km.hypot(h.depth_km + site.elevation_km),
                    }),
                    Err(why) => *without.entry(why).or_default() += 1,
                }
            }
            event.magnitude = scale.event(&amplitudes);
        }
        without
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
    ) -> BTreeMap<NoAmplitude, usize> {
        let mut open = BTreeMap::<String, Archive>::new();
        let mut simulated = false;
        let record = |pick: &str, from, to| {
            let archive = match open.entry(pick.into()) {
                Entry::Occupied(archive) => archive.into_mut(),
                Entry::Vacant(place) => {
                    let codes: Vec<&str> = pick.split('.').collect();
                    let code = |i: usize| codes.get(i).copied().unwrap_or_default();
                    let channels = format!("{}?", code(3));
                    place.insert(Archive::open(root, code(0), code(1), code(2), &channels)?)
                }
            };
            let record = archive.between(from, to)?;
            simulated |= record.simulated;
            Ok(record)
        };
        let without = self.add_local_magnitudes(locator, inventory, scale, params, record);
        self.simulated |= simulated;
        without
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

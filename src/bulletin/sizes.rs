//! Magnitudes of a bulletin's events, from the records of the stations that picked them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use rustfft::num_complex::Complex64;

use super::records::Records;
use super::responses::Responses;
use super::{Bulletin, BulletinEvent};
use crate::error::Result;
use crate::locate::{Locator, VelocityModel};
use crate::magnitude::{
    Amplitude, AmplitudeParams, Arrivals, BruneFit, EventMagnitude, Ground, LocalScale,
    MagnitudeKind, MomentParams, NoAmplitude, StationMagnitude, horizontal_amplitude,
    moment_magnitude, s_spectrum,
};
use crate::station::{Inventory, Response, ResponseFault};
use crate::time::{self, Time};
use crate::travel::Wave;
use crate::waveform::Record3C;

/// As much of a record is taken before P and after S, for the simulation tapers its ends; or as much as the windows of S and of the noise
/// need, which grow with S less P, and this.
const AROUND_S: f64 = 30.0;
const BEYOND_S: f64 = 10.0;

/// Which magnitudes events get, and how these are measured.
#[derive(Debug, Clone, Copy)]
pub struct Sizes<'a> {
    pub inventory: &'a Inventory,
    pub local: Option<(&'a LocalScale, &'a AmplitudeParams)>,
    /// [`MomentParams::moment_n_m`] of the plateau that [`BruneFit`] finds.
    pub moment: Option<(&'a VelocityModel, &'a MomentParams)>,
}

impl Sizes<'_> {
    fn check(&self) -> Result<()> {
        self.moment.map_or(Ok(()), |(_, params)| params.check())
    }
}

/// How often there was no amplitude, and why.
pub type Without = BTreeMap<NoAmplitude, usize>;

/// Where there was nothing to measure, and why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unmeasured {
    pub amplitude: Without,
    pub spectrum: Without,
    /// By channel (`CX.PB01..HHZ`): why its response was not used, or a contradiction in it that is small enough.
    pub responses: BTreeMap<String, ResponseFault>,
}

/// What one station gives, or why nothing.
type Measured<T> = std::result::Result<T, NoAmplitude>;

impl Bulletin {
    /// Gives the events magnitudes, from the records of the stations that picked them, each read once. `record` gives three components of
    /// a pick's station (`CX.PB01..HH`) from one time until another; what it cannot give counts as [`NoAmplitude::NoRecord`].
    ///
    /// The windows end before the waves of the bulletin's next event, as [`Arrivals`] has it. An event outside the grid gets no
    /// magnitude, for its distance is not known.
    ///
    /// # Errors
    /// As [`MomentParams::check`].
    pub fn measure(
        &mut self,
        locator: &Locator,
        how: &Sizes,
        record: impl FnMut(&str, Time, Time) -> Result<Record3C>,
    ) -> Result<Unmeasured> {
        how.check()?;
        Ok(self.measure_records(locator, how, record))
    }

    fn measure_records(
        &mut self,
        locator: &Locator,
        how: &Sizes,
        record: impl FnMut(&str, Time, Time) -> Result<Record3C>,
    ) -> Unmeasured {
        let mut stations = Stations::new(locator, how.inventory, record);
        let (mut amplitude, mut spectrum) = (Without::new(), Without::new());
        for index in 0..self.events.len() {
            let (mut amplitudes, mut moments) = (Vec::new(), Vec::new());
            let depth_km = self.events[index].hypocentre.depth_km;
            stations.visit(&self.events, index, |seen| {
                if let Some((_, params)) = how.local {
                    take(seen.amplitude(params), &mut amplitudes, &mut amplitude);
                }
                if let Some((velocity, params)) = how.moment {
                    let found = seen.moment(velocity, params, depth_km);
                    take(found, &mut moments, &mut spectrum);
                }
            });
            let event = &mut self.events[index];
            if let Some((scale, _)) = how.local {
                event.magnitude = scale.event(&amplitudes);
            }
            if how.moment.is_some() {
                event.moment_magnitude = EventMagnitude::of(MagnitudeKind::Moment, moments);
            }
        }
        Unmeasured {
            amplitude,
            spectrum,
            responses: stations.responses.faults,
        }
    }

    /// As [`Bulletin::measure`], with the records of an archive in the layout SDS. Where these are simulated the bulletin says so, too.
    ///
    /// # Errors
    /// As [`MomentParams::check`].
    pub fn measure_archive(
        &mut self,
        locator: &Locator,
        how: &Sizes,
        root: &Path,
    ) -> Result<Unmeasured> {
        how.check()?;
        Ok(self.measure_files(locator, how, root))
    }

    fn measure_files(&mut self, locator: &Locator, how: &Sizes, root: &Path) -> Unmeasured {
        let mut records = Records::new(root);
        let record = |pick: &str, from, to| records.between(pick, from, to);
        let unmeasured = self.measure_records(locator, how, record);
        self.simulated |= records.simulated;
        unmeasured
    }

    /// Local magnitudes alone, as [`Bulletin::measure_archive`].
    pub fn add_magnitudes_of_archive(
        &mut self,
        locator: &Locator,
        inventory: &Inventory,
        scale: &LocalScale,
        params: &AmplitudeParams,
        root: &Path,
    ) -> Without {
        let how = Sizes {
            inventory,
            local: Some((scale, params)),
            moment: None,
        };
        self.measure_files(locator, &how, root).amplitude
    }

    /// Moment magnitudes alone, as [`Bulletin::measure_archive`].
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
        let how = Sizes {
            inventory,
            local: None,
            moment: Some((velocity, params)),
        };
        Ok(self.measure_archive(locator, &how, root)?.spectrum)
    }
}

/// Keeps what was measured, and counts what was not.
fn take<T>(found: Measured<T>, all: &mut Vec<T>, without: &mut Without) {
    match found {
        Ok(found) => all.push(found),
        Err(why) => *without.entry(why).or_default() += 1,
    }
}

/// What an instrument makes of a metre at a frequency in Hz.
type Displacement<'a> = Box<dyn Fn(f64) -> Option<Complex64> + 'a>;

/// One station's record of one event.
struct Seen<'a> {
    /// `CX.PB01`
    station: &'a str,
    record: Measured<Record3C>,
    /// Of the record's channels.
    responses: [Option<&'a Response>; 3],
    /// Channels whose response had no number at some frequency.
    silent: [Cell<bool>; 3],
    /// The computed times: a pick may be missing.
    arrivals: Arrivals,
    /// From the hypocentre.
    distance_km: f64,
}

impl Seen<'_> {
    fn amplitude(&self, params: &AmplitudeParams) -> Measured<Amplitude> {
        let record = self.record.as_ref().map_err(|why| *why)?;
        let amplitude_m =
            horizontal_amplitude(record, &self.arrivals, self.displacement(record), params)?;
        Ok(Amplitude {
            station: self.station.into(),
            amplitude_m,
            distance_km: self.distance_km,
        })
    }

    fn moment(
        &self,
        velocity: &VelocityModel,
        params: &MomentParams,
        depth_km: f64,
    ) -> Measured<StationMagnitude> {
        let record = self.record.as_ref().map_err(|why| *why)?;
        let displacement = self.displacement(record);
        let spectrum = s_spectrum(record, &self.arrivals, displacement, &params.spectrum)?;
        let fit = BruneFit::of(&spectrum).ok_or(NoAmplitude::NoPlateau)?;
        let source = ground(velocity, depth_km - velocity.top_km);
        let surface = params.ground.unwrap_or_else(|| ground(velocity, 0.0));
        let moment_n_m = params.moment_n_m(fit.plateau_m_s, self.distance_km, source, surface);
        Ok(StationMagnitude {
            station: self.station.into(),
            amplitude: fit.plateau_m_s,
            value: moment_magnitude(moment_n_m),
        })
    }

    /// The response of each channel to displacement.
    fn displacement<'b>(
        &'b self,
        record: &'b Record3C,
    ) -> impl Fn(&str) -> Option<Displacement<'b>> {
        move |channel| {
            let index = record.channels.iter().position(|of| of == channel)?;
            let (response, silent) = (self.responses[index]?, &self.silent[index]);
            Some(Box::new(move |f_hz| {
                let at = response.of_displacement_at(f_hz);
                silent.set(silent.get() || at.is_none() && f_hz > 0.0);
                at
            }))
        }
    }
}

fn ground(velocity: &VelocityModel, below_top_km: f64) -> Ground {
    let layer = velocity.layers.layer_at(below_top_km.max(0.0));
    Ground {
        vs_km_s: layer.vs_km_s,
        density_g_cm3: layer.density_g_cm3,
    }
}

/// Goes through the stations of events.
struct Stations<'a, F> {
    locator: &'a Locator,
    responses: Responses<'a>,
    record: F,
    /// Events farther apart in time do not meet at a station.
    meet_s: f64,
}

impl<'a, F: FnMut(&str, Time, Time) -> Result<Record3C>> Stations<'a, F> {
    fn new(locator: &'a Locator, inventory: &'a Inventory, record: F) -> Self {
        Self {
            locator,
            responses: Responses::new(inventory),
            record,
            meet_s: 2.0 * locator.longest_s() + BEYOND_S,
        }
    }

    /// Shows what each station that picked an event recorded; nothing of an event outside the grid.
    fn visit(&mut self, events: &[BulletinEvent], index: usize, mut show: impl FnMut(&Seen)) {
        let event = &events[index];
        let h = &event.hypocentre;
        if h.is_outside() {
            return;
        }
        let meet = time::seconds(self.meet_s);
        let begins = events.partition_point(|e| e.hypocentre.origin_time < h.origin_time - meet);
        let ends = events.partition_point(|e| e.hypocentre.origin_time <= h.origin_time + meet);
        for (station, pick) in stations(event, self.locator) {
            let site = &self.locator.sites().all()[station];
            let [p, s] = computed(event, self.locator, station);
            let others = (begins..ends).filter(|other| *other != index);
            let others = others.flat_map(|other| arrivals(&events[other], self.locator, station));
            let arrivals = Arrivals {
                p,
                s,
                others: others.collect(),
            };
            let record = self.record(&pick, p, s);
            let codes = pick.rsplit_once('.').map_or("", |(codes, _)| codes);
            let channels: Vec<String> = record
                .iter()
                .flat_map(|of| &of.channels)
                .map(|channel| format!("{codes}.{channel}"))
                .collect();
            let mut responses = [None; 3];
            for (response, channel) in responses.iter_mut().zip(&channels) {
                *response = self.responses.at(channel, p);
            }
            let along_km = h.epicentre.distance_km(site.position);
            let seen = Seen {
                station: &site.id,
                record,
                responses,
                silent: Default::default(),
                arrivals,
                distance_km: along_km.hypot(h.depth_km + site.elevation_km),
            };
            show(&seen);
            for (channel, _) in channels
                .iter()
                .zip(&seen.silent)
                .filter(|(_, silent)| silent.get())
            {
                self.responses.tell(channel, ResponseFault::NoNumber);
            }
        }
    }

    /// The record around P and S.
    fn record(&mut self, pick: &str, p: Time, s: Time) -> Measured<Record3C> {
        let around = time::seconds(AROUND_S.max(time::between_s(p, s) + BEYOND_S));
        let has_band = pick.split('.').nth(3).is_some_and(|band| !band.is_empty());
        (self.record)(pick, p - around, s + around).map_err(|_| match has_band {
            true => NoAmplitude::NoRecord,
            false => NoAmplitude::NoBand,
        })
    }
}

/// When P and S of an event that has a place come to a station.
fn computed(event: &BulletinEvent, locator: &Locator, station: usize) -> [Time; 2] {
    let h = &event.hypocentre;
    let position = locator.sites().all()[station].position;
    let along_km = h.epicentre.distance_km(position);
    [Wave::P, Wave::S].map(|wave| {
        let travel = locator.travel_time(station, wave, h.depth_km, along_km);
        h.origin_time + time::seconds(travel.time_s)
    })
}

/// When the waves of an event come to a station; the picks there, if it has no place.
fn arrivals(event: &BulletinEvent, locator: &Locator, station: usize) -> Vec<Time> {
    if !event.hypocentre.is_outside() {
        return computed(event, locator, station).into();
    }
    let there = event.picks.iter();
    let there = there.filter(|pick| locator.sites().find(&pick.station) == Some(station));
    there.map(|pick| pick.time).collect()
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

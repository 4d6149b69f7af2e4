//! What an archive holds, for who names neither a station nor a time.

use std::collections::{BTreeMap, BTreeSet};

use super::nothing::{named, names_of, without_day_files};
use super::sought::Sought;
use super::{Archive, Place};
use crate::code_pattern::{NslcPattern, StationChoice};
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan};

/// Letters of bands with 10 samples a second or more (SEED Reference Manual 2.4, appendix A).
pub(crate) const FAST_BANDS: [char; 8] = ['F', 'G', 'D', 'C', 'E', 'S', 'H', 'B'];

impl Archive {
    /// From the first sample that the archive holds of the station until just after the last.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read, and as [`Archive::traces`];
    /// [`crate::Error::Waveform`] where it holds none.
    pub fn held_span(&self) -> Result<TimeSpan> {
        let sought = NslcPattern::from(&self.choice);
        let streams = self.held_files(&mut |_| ())?.streams;
        let mut held: Option<TimeSpan> = None;
        for files in streams.iter() {
            let ours = files.first().filter(|file| sought.admits(&file.stream));
            let (Some(first), Some(last)) = (ours, files.last()) else {
                continue;
            };
            let ends = [first.path.clone(), last.path.clone()];
            let ends = &ends[..if first == last { 1 } else { 2 }];
            let (earliest, latest) = (Time::MIN_UTC, Time::MAX_UTC);
            for trace in self.days.whole(&first.stream, ends, earliest, latest)? {
                let (Some(start), Some(last)) = (trace.start(), trace.last()) else {
                    continue;
                };
                let end = last + time::seconds(1.0 / trace.sampling_rate_hz);
                let held = held.get_or_insert(TimeSpan { start, end });
                held.start = held.start.min(start);
                held.end = held.end.max(end);
            }
        }
        held.ok_or_else(|| {
            let what = format!("not one whole record of {sought}");
            let remedy = "Look at its files with `quakebook mseed`";
            fail!(Waveform, self.root.display(), what, remedy)
        })
    }

    /// The span from one time to another; where one of them is not given, as far as the archive's samples of the station reach.
    ///
    /// # Errors
    /// As [`Archive::held_span`]; [`crate::Error::Waveform`] where all samples lie on the other side of the time that is given.
    pub fn span(&self, from: Option<Time>, to: Option<Time>) -> Result<TimeSpan> {
        if let (Some(start), Some(end)) = (from, to) {
            return Ok(TimeSpan { start, end });
        }
        let held = self.held_span()?;
        let (start, end) = (from.unwrap_or(held.start), to.unwrap_or(held.end));
        if start < end {
            return Ok(TimeSpan { start, end });
        }
        let (at_fault, remedy) = match from {
            Some(from) => (
                format!("--from ({}) lies behind the last sample", time::iso(from)),
                "Give an earlier --from",
            ),
            None => (
                format!("--to ({}) lies before the first sample", time::iso(end)),
                "Give a later --to",
            ),
        };
        let [first, last] = [held.start, held.end].map(time::iso);
        let what = format!(
            "{at_fault}: the archive has {} of {first} to {last}",
            NslcPattern::from(&self.choice)
        );
        Err(fail!(Waveform, self.root.display(), what, remedy))
    }

    /// The one station of which an archive has three components, with its channels.
    ///
    /// Channels of fewer than 10 samples a second do not count. Of a bucket only day files around the times are looked
    /// at, where such are given.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read; [`crate::Error::Waveform`] where there is no such
    /// station or more than one, or several bands of it: it lists what there is.
    pub fn only_station(
        place: impl Into<Place>,
        from: Option<Time>,
        to: Option<Time>,
    ) -> Result<StationChoice> {
        let place = place.into();
        let root = place.root();
        let sought = Sought {
            from,
            to,
            ..Sought::default()
        };
        let held = place.storage().held(place.layout(), &sought, &mut |_| ())?;
        let streams = held.streams;
        let mut bands: BTreeMap<[String; 4], BTreeSet<char>> = BTreeMap::new();
        for stream in streams.iter().filter_map(|files| files.first()) {
            let stream = &stream.stream;
            let split = stream.band_and_component();
            let Some((band, component)) = split.filter(|(band, _)| band.starts_with(FAST_BANDS))
            else {
                continue;
            };
            let codes = [stream.network(), stream.station(), stream.location()];
            let [network, station, location] = codes.map(ToString::to_string);
            let components = bands.entry([network, station, location, band.into()]);
            components.or_default().insert(component);
        }
        bands.retain(|_, components| components.len() >= 3);
        let refuse =
            |what: String, remedy: &str| Err(fail!(Waveform, root.display(), what, remedy));
        let found: Vec<&[String; 4]> = bands.keys().collect();
        match &found[..] {
            [[network, station, location, band]] => {
                let channels = format!("{band}?");
                Ok(StationChoice::new(network, station, location, &channels)?)
            }
            [] if streams.is_empty() => {
                let (what, remedy) = without_day_files(root, place.layout());
                refuse(what, &remedy)
            }
            [] => refuse(
                format!(
                    "no station with three components of a band that is fast enough ({}); the archive has {}",
                    FAST_BANDS.map(String::from).join(", "),
                    names_of(&streams)
                ),
                "Fetch the components that are missing, of 40 Hz or more; `quakebook pick` takes stations of one or two too",
            ),
            several => refuse(
                format!(
                    "{} stations or bands with three components, expected one: {}",
                    several.len(),
                    named(several.iter().map(|codes| codes.join(".") + "?"))
                ),
                "Name one as NET.STA.LOC.CHA, as in CX.PB01..HH?",
            ),
        }
    }
}

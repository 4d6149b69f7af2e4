//! What of an archive can be picked.

use std::collections::BTreeSet;

use crate::error::{Error, Result, Unavailable};
use crate::station::{NslcPattern, StationChoice};
use crate::time::{Time, TimeSpan, between_s};
use crate::waveform::{Archive, FAST_BANDS, Place, Record3C, Sought, WaveformSource};

/// The stations of an archive that are sought, or all of them: each band (`HH?`, `BH?`, ...) by itself, whether it has one, two
/// or three components. Of a bucket those are listed that have day files around the time, if one is given. Bands of fewer than 10
/// samples a second are left out. Beside them, what was sought in vain.
///
/// # Errors
/// [`Error::Io`] where a folder cannot be read.
pub fn stations(
    place: &Place,
    sought: &[NslcPattern],
    (from, to): (Option<Time>, Option<Time>),
) -> Result<(Vec<StationChoice>, Vec<NslcPattern>)> {
    let streams = sought.to_vec();
    let held = Sought { streams, from, to };
    let held = place.storage().held(place.layout(), &held, &mut |_| ())?;
    let streams = held
        .streams
        .iter()
        .filter_map(|files| Some(&files.first()?.stream));
    let mut is_found = vec![false; sought.len()];
    let mut bands = BTreeSet::new();
    for stream in streams.filter(|stream| stream.channel().starts_with(FAST_BANDS)) {
        let mut is_sought = sought.is_empty();
        for (pattern, is_found) in sought.iter().zip(&mut is_found) {
            let admits = pattern.admits(stream);
            *is_found |= admits;
            is_sought |= admits;
        }
        let mut band = stream.channel().to_string();
        if band.pop().is_some() && is_sought {
            let codes = [stream.network(), stream.station(), stream.location()];
            bands.insert((codes.map(ToString::to_string), band));
        }
    }
    let choice = |([network, station, location], band): ([String; 3], String)| {
        StationChoice::new(&network, &station, &location, &format!("{band}?"))
    };
    let found = bands
        .into_iter()
        .map(choice)
        .collect::<std::result::Result<_, _>>()?;
    let missing = sought
        .iter()
        .zip(is_found)
        .filter(|(_, is_found)| !is_found);
    Ok((found, missing.map(|(pattern, _)| pattern.clone()).collect()))
}

/// An archive whose records may have fewer than three components: the others are missing.
#[derive(Debug)]
pub struct Components<'a>(pub &'a Archive);

impl Components<'_> {
    fn some(&self, start: Time, end: Time, n_samples: impl Fn(f64) -> usize) -> Result<Record3C> {
        let traces = self.0.traces(start, end)?;
        Ok(Record3C {
            simulated: self.0.is_simulated(),
            ..Record3C::of_some_components(&traces, start, n_samples)?
        })
    }
}

fn lacks_components(error: &Error) -> bool {
    matches!(
        error.unavailable(),
        Some(Unavailable::MissingComponent { .. })
    )
}

impl WaveformSource for Components<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        match self.0.record(start, n_samples) {
            Err(error) if lacks_components(&error) => self.some(start, start, |_| n_samples),
            record => record,
        }
    }

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        match self.0.between(start, end) {
            Err(error) if lacks_components(&error) => self.some(start, end, |rate| {
                (between_s(start, end) * rate).round() as usize
            }),
            record => record,
        }
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.0.held(span)
    }
}

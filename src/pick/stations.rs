//! What of an archive can be picked.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::error::{Error, Result, Unavailable};
use crate::station::{NslcPattern, StationChoice};
use crate::time::{Time, TimeSpan, between_s};
use crate::waveform::{Archive, FAST_BANDS, Nslc, Place, Record3C, Sought, WaveformSource};

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
    let is_fast = |stream: &Nslc| stream.channel().starts_with(FAST_BANDS);
    let (streams, in_vain) = held.sought(sought, is_fast);
    let streams = streams.into_iter().map(|files| &files[0].stream);
    let bands: BTreeSet<([&Code; 3], &str)> = streams
        .filter_map(|stream| {
            let (band, _) = stream.band_and_component()?;
            Some((
                [stream.network(), stream.station(), stream.location()],
                band,
            ))
        })
        .collect();
    let choice = |([network, station, location], band): ([&Code; 3], &str)| {
        let codes = [network, station, location].map(Code::as_str);
        StationChoice::new(codes[0], codes[1], codes[2], &format!("{band}?"))
    };
    let found = bands.into_iter().map(choice);
    Ok((found.collect::<std::result::Result<_, _>>()?, in_vain))
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

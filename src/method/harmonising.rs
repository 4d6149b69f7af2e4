//! Continuous records made comparable, as [`crate::waveform::harmonise()`] makes one.
//!
//! That function looks at a record as a whole: its trend, whether a component is dead. Of a scan nothing may depend
//! on where it begins, so here the record is made in tiles of ten minutes since 1970:
//!
//! ```text
//! samples around the tile -> stuck segments become gaps -> mean removed -> resampled to whole multiples of 20 ms
//! -> band pass, which has settled where the tile begins -> what rings beside gaps is masked
//! -> a component that is dead in the tile, or holds no number, is replaced
//! ```

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex, PoisonError};

use super::conditions::{Conditions, Defects, TILE_S};
use crate::error::{Error, Result, Unavailable, fail};
use crate::time::{self, Time, TimeSpan, between_s};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::quality::{
    ComponentQuality, Oddities, Oddity, gaps_of, is_dead, mask, n_without_number, open,
};
use crate::waveform::{BAND_HZ, ORDER, RATE_HZ, ROUNDING, Record3C, WaveformSource, interpolate};

/// Of [`TILE_S`] at [`RATE_HZ`].
const TILE_SAMPLES: i64 = 30_000;

/// The band pass runs for so long before a tile begins: of 1 Hz e^-75 is left.
const SETTLING_S: f64 = 32.0;

/// So much record before that and after the tile tells what a fill is, and feeds the resampler.
const AROUND_S: f64 = 5.0;

/// A slower record does not hold the band; a faster one is of no seismometer.
const RATES_HZ: RangeInclusive<f64> = 2.0 * BAND_HZ.1..=1000.0;

/// Components seldom begin and end with the same sample: so many seconds that one lacks are not told.
const LEAST_MISSING_S: f64 = 1.0;

/// Tiles that are kept: blocks of a scan overlap by the length of a window.
const N_KEPT: usize = 4;

/// A source whose records are at [`RATE_HZ`] and within [`BAND_HZ`], whatever the rate of what it is made of.
///
/// Where nothing was recorded, or what was cannot be used, its records are NaN; [`Harmonising::conditions`] says why.
pub(super) struct Harmonising<'a> {
    source: &'a dyn WaveformSource,
    filter: Filter,
    kept: Mutex<VecDeque<(i64, Arc<Record3C>)>>,
    conditions: Mutex<Conditions>,
}

impl<'a> Harmonising<'a> {
    pub fn new(source: &'a dyn WaveformSource) -> Result<Self> {
        Ok(Self {
            source,
            filter: Filter::bandpass(ORDER, BAND_HZ.0, BAND_HZ.1, RATE_HZ)?,
            kept: Mutex::default(),
            conditions: Mutex::default(),
        })
    }

    /// What was met in the tiles of a span that were read.
    pub fn conditions(&self, span: &TimeSpan) -> Conditions {
        let last = sample_of(span.end) - 1;
        lock(&self.conditions).during(tile_of(sample_of(span.start))..tile_of(last) + 1)
    }

    /// Seconds after a gap in which the filter has not settled.
    pub fn settling_s(&self) -> f64 {
        self.filter.n_unsettled() as f64 / RATE_HZ
    }

    fn tile(&self, number: i64) -> Result<Arc<Record3C>> {
        if let Some((_, tile)) = lock(&self.kept).iter().find(|(kept, _)| *kept == number) {
            return Ok(tile.clone());
        }
        let made = self.make(number);
        let mut conditions = lock(&self.conditions);
        match made {
            Ok((tile, defects)) => {
                conditions.note(number, defects);
                let tile = Arc::new(tile);
                let mut kept = lock(&self.kept);
                kept.push_back((number, tile.clone()));
                if kept.len() > N_KEPT {
                    kept.pop_front();
                }
                Ok(tile)
            }
            Err(error) => {
                // That nothing was recorded is seen in the windows.
                if !is_silence(&error) {
                    conditions.note(number, Defects::failed(&error));
                }
                Err(error)
            }
        }
    }

    fn make(&self, number: i64) -> Result<(Record3C, Defects)> {
        let start = time_of(number * TILE_SAMPLES);
        let settled = start - time::seconds(SETTLING_S);
        let around = time::seconds(AROUND_S);
        let end = start + time::seconds(TILE_S);
        let mut raw = self.source.between(settled - around, end + around)?;
        let rate_hz = raw.sampling_rate_hz;
        check_rate(&raw)?;
        // The detector was taught with the vertical last.
        if !raw.channels[2].ends_with(['Z', '3']) {
            return Err(fail!(
                Waveform,
                raw.station,
                format!(
                    "channels {}: which one is vertical? None ends with Z or 3",
                    raw.channels.join(", ")
                ),
                "Turn the record to north, east and vertical first"
            ));
        }
        let within = {
            let sample = |time| (between_s(raw.start, time) * rate_hz).round().max(0.0) as usize;
            let end = sample(end).min(raw.n_samples());
            sample(start).min(end)..end
        };
        let no_numbers = raw.data.each_ref().map(|row| holds_no_number(row));
        let dead = [0, 1, 2].map(|i| no_numbers[i] || is_still(&raw.data[i]));
        let Some(living) = (0..3).find(|i| !is_dead(&raw.data[*i])) else {
            return Err(fail!(
                Waveform,
                raw.station,
                match no_numbers.contains(&true) {
                    true => "no component moves, or holds a number (other than NaN and infinite)",
                    false => "no component moves",
                },
                "Choose another time or station"
            ));
        };
        let lacking = lacking(&raw, &within);
        let without_number = [0, 1, 2].map(|i| n_without_number(&raw.data[i][within.clone()]));
        let stuck = open(&mut raw).map(|runs| {
            let inside = |run: &Range<usize>| run.start.max(within.start)..run.end.min(within.end);
            runs.iter().map(|run| inside(run).len()).sum::<usize>()
        });
        let pieces = raw.segments().into_iter();
        let longest_s = pieces.map(|piece| piece.len()).max().unwrap_or(0) as f64 / rate_hz;
        let mut made = self.filtered(&raw, settled)?;
        for i in (0..3).filter(|i| dead[*i]) {
            made.data[i] = made.data[living].clone();
        }
        let n_settled = (SETTLING_S * RATE_HZ) as usize;
        let tile = made.slice(n_settled..n_settled + TILE_SAMPLES as usize)?;
        let mut odd = Oddities::default();
        let seconds = |n: usize| n as f64 / rate_hz;
        for (i, channel) in raw.channels.iter().enumerate() {
            let row = &raw.data[i][within.clone()];
            let quality = ComponentQuality::within(&raw.data[i], &within, rate_hz);
            let stand_in = || raw.channels[living].clone();
            let n_without = without_number[i];
            match (no_numbers[i], dead[i]) {
                (true, _) => {
                    let stand_in = stand_in();
                    odd.note(Oddity::NoNumbers { stand_in }, channel, seconds(n_without));
                }
                (false, true) => {
                    let (stand_in, n) = (stand_in(), row.len() - quality.n_missing);
                    odd.note(Oddity::Dead { stand_in }, channel, seconds(n));
                }
                (false, false) => odd.note(Oddity::NotFinite, channel, n_without as f64),
            }
            odd.note(Oddity::Stuck, channel, seconds(stuck[i]));
            if seconds(lacking[i]) >= LEAST_MISSING_S {
                odd.note(Oddity::Missing, channel, seconds(lacking[i]));
            }
            odd.note_quality(channel, &quality, (row.len(), rate_hz));
        }
        let defects = Defects::of(rate_hz, longest_s, odd);
        Ok((tile, defects))
    }

    /// At [`RATE_HZ`] from a time until the end of a tile, filtered, and masked beside gaps.
    fn filtered(&self, raw: &Record3C, from: Time) -> Result<Record3C> {
        let mut raw = raw.remove_mean();
        let step = raw.sampling_rate_hz / RATE_HZ;
        // Of samples that are missing one at least is next to a new one.
        let beside = (step / 2.0).ceil() as usize;
        for row in raw.data.iter_mut().filter(|_| step > 1.0) {
            let gaps = gaps_of(row);
            mask(row, &gaps, Pass::ZeroPhase, beside);
        }
        let first = between_s(raw.start, from) * raw.sampling_rate_hz;
        let n = (SETTLING_S * RATE_HZ) as usize + TILE_SAMPLES as usize;
        let is_on_grid = step == 1.0 && (first - first.round()).abs() < ROUNDING;
        let data = raw.data.each_ref().map(|row| match is_on_grid {
            true => shifted(row, first.round() as i64, n),
            false => interpolate(row, first, step, n, to_phase),
        });
        let mut made = Record3C {
            start: from,
            sampling_rate_hz: RATE_HZ,
            data,
            ..raw
        };
        self.filter.in_place(&mut made, Pass::Causal)?;
        for row in &mut made.data {
            let gaps = gaps_of(row);
            mask(row, &gaps, Pass::Causal, self.filter.n_unsettled());
        }
        Ok(made)
    }
}

impl WaveformSource for Harmonising<'_> {
    /// Its first sample is at a whole multiple of 20 ms.
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let first = sample_of(start);
        let end = first + n_samples as i64;
        let mut made: Option<Record3C> = None;
        let mut failure: Option<Error> = None;
        for number in tile_of(first)..=tile_of(end - 1) {
            let tile = match self.tile(number) {
                Ok(tile) => tile,
                Err(error) => {
                    // Its own words, rather than that nothing was recorded elsewhere.
                    if failure.as_ref().is_none_or(is_silence) {
                        failure = Some(error);
                    }
                    continue;
                }
            };
            let record = made.get_or_insert_with(|| Record3C {
                start: time_of(first),
                data: [(); 3].map(|()| vec![f32::NAN; n_samples]),
                station: tile.station.clone(),
                channels: tile.channels.clone(),
                ..*tile
            });
            let begin = number * TILE_SAMPLES;
            let (from, to) = (first.max(begin), end.min(begin + TILE_SAMPLES));
            let of = |origin: i64| (from - origin) as usize..(to - origin) as usize;
            for (row, tile) in record.data.iter_mut().zip(&tile.data) {
                row[of(first)].copy_from_slice(&tile[of(begin)]);
            }
        }
        let nothing = || Error::Unavailable {
            place: format!("{n_samples} samples from {}", time::iso(start)),
            reason: Unavailable::NoSample,
        };
        made.ok_or_else(|| failure.unwrap_or_else(nothing))
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.source.held(span)
    }
}

/// Where a new sample lies between two old ones, to 1/2048: of a wave of 20 Hz at 100 Hz that is -70 dB.
fn to_phase(between: f64) -> f64 {
    (between * N_PHASES).round() / N_PHASES
}

const N_PHASES: f64 = 2048.0;

/// A record made comparable: from its first whole multiple of 20 ms on.
pub(super) fn harmonised(record: &Record3C) -> Result<Record3C> {
    let first = sample_of(record.start);
    let n_samples = (between_s(time_of(first), record.end()) * RATE_HZ).floor();
    Harmonising::new(record)?.record(time_of(first), n_samples as usize)
}

/// Refuses a record that is too slow for the band, or faster than seismometers are.
fn check_rate(record: &Record3C) -> Result<()> {
    let (rate_hz, [least, most]) = (
        record.sampling_rate_hz,
        [*RATES_HZ.start(), *RATES_HZ.end()],
    );
    let what = match rate_hz {
        slow if slow < least - ROUNDING => {
            format!("{rate_hz} Hz, too slow for a band up to {} Hz", BAND_HZ.1)
        }
        fast if fast > most + ROUNDING => format!("{rate_hz} Hz, too fast for a seismometer"),
        _ => return Ok(()),
    };
    let remedy = format!("Ask for channels of {least} to {most} Hz");
    Err(fail!(Waveform, record.station, what, remedy))
}

/// How many samples of a range were not recorded of each component, and were of another.
fn lacking(record: &Record3C, range: &Range<usize>) -> [usize; 3] {
    let mut n = [0; 3];
    if record
        .data
        .iter()
        .any(|row| !gaps_of(&row[range.clone()]).is_empty())
    {
        for i in range.clone() {
            let is_there = record.data.each_ref().map(|row| !row[i].is_nan());
            if is_there.contains(&true) {
                n.iter_mut()
                    .zip(is_there)
                    .for_each(|(n, there)| *n += usize::from(!there));
            }
        }
    }
    n
}

/// Something was recorded, and none of it is a number.
fn holds_no_number(row: &[f32]) -> bool {
    n_without_number(row) > 0 && !row.iter().any(|y| y.is_finite())
}

/// Something was recorded, and it is one value all the time.
fn is_still(row: &[f32]) -> bool {
    row.iter().any(|y| y.is_finite()) && is_dead(row)
}

/// Whether a station recorded nothing, rather than something that cannot be used.
fn is_silence(error: &Error) -> bool {
    error.unavailable() == Some(Unavailable::NoSample)
}

/// `n` samples from one on, which may lie before the first; what is beyond the row is missing.
fn shifted(row: &[f32], first: i64, n: usize) -> Vec<f32> {
    let at = |i: i64| usize::try_from(i).ok().and_then(|i| row.get(i)).copied();
    (first..first + n as i64)
        .map(|i| at(i).unwrap_or(f32::NAN))
        .collect()
}

/// The sample nearest to a time, counted since 1970.
fn sample_of(time: Time) -> i64 {
    let in_second = f64::from(time.timestamp_subsec_nanos()) * 1e-9 * RATE_HZ;
    time.timestamp() * RATE_HZ as i64 + in_second.round() as i64
}

fn time_of(sample: i64) -> Time {
    let rate = RATE_HZ as i64;
    let ns = sample.rem_euclid(rate) as f64 / RATE_HZ * 1e9;
    Time::UNIX_EPOCH
        + time::TimeDelta::seconds(sample.div_euclid(rate))
        + time::TimeDelta::nanoseconds(ns.round() as i64)
}

fn tile_of(sample: i64) -> i64 {
    sample.div_euclid(TILE_SAMPLES)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What a panic leaves behind is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

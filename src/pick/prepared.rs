//! A record as the network's windows need it: its rate, the order of components, and what of it is ground motion.

use super::described::{Component, PickParams};
use crate::error::{Result, fail};
use crate::time::{self, Time, between_s};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::quality::{is_dead, open};
use crate::waveform::{ROUNDING, Record3C, interpolate};

/// A slower record than this share of the network's rate lacks what the network looks at: 40 Hz for 100 Hz.
const LEAST_RATE: f64 = 0.4;

/// Where a new sample lies between two old ones, to 1/2048, so that few sets of weights are needed.
const N_PHASES: f64 = 2048.0;

/// Three rows in the network's order, NaN where nothing was recorded or what was is no ground motion; filtered, where the network
/// asks for it. The filter begins anew after each gap, as if the first sample had stood there for ever.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Time of sample 0.
    pub start: Time,
    pub rows: [Vec<f32>; 3],
}

impl Prepared {
    /// `n` samples, the first the one nearest to `from`.
    ///
    /// At another rate than the network's the record is interpolated from `from` on. Stuck segments are missing, and so is a
    /// component that never moves.
    ///
    /// # Errors
    /// [`crate::Error::Pick`] where the record is too slow, or has no component by the letters that the network knows.
    pub fn new(record: &Record3C, params: &PickParams, from: Time, n: usize) -> Result<Self> {
        let rate_hz = params.sampling_rate_hz;
        let least_hz = LEAST_RATE * rate_hz;
        if record.sampling_rate_hz < least_hz - ROUNDING {
            return Err(fail!(
                Pick,
                record.station,
                format!(
                    "{} Hz, expected {least_hz} Hz or more",
                    record.sampling_rate_hz
                ),
                "Give channels of a higher rate"
            ));
        }
        let row_of = |component: &Component| {
            let letters = record.channels.iter().map(|channel| channel.chars().last());
            let mut known = letters.map(|letter| letter.and_then(Component::of));
            known.position(|known| known.as_ref() == Some(component))
        };
        let order = params.components.each_ref().map(row_of);
        if order == [None; 3] {
            return Err(fail!(
                Pick,
                record.station,
                format!(
                    "channels {}, expected last letters of Z, N, E, 1, 2, 3",
                    record.channels.join(", ")
                ),
                "Turn the record to north, east and vertical first"
            ));
        }
        let mut sound = record.clone();
        open(&mut sound);
        let first = between_s(record.start, from) * record.sampling_rate_hz;
        let step = record.sampling_rate_hz / rate_hz;
        let is_of_rate = (step - 1.0).abs() < 1e-8;
        // Half a sample goes one way, however the times were rounded.
        let nearest = (first - ROUNDING).round();
        let mut rows = order.map(|row| {
            let Some(row) = row else {
                return vec![f32::NAN; n];
            };
            let samples = &sound.data[row];
            if is_dead(samples) {
                return vec![f32::NAN; n];
            }
            match is_of_rate {
                true => shifted(samples, nearest as i64, n),
                false => interpolate(samples, first, step, n, |between| {
                    (between * N_PHASES).round() / N_PHASES
                }),
            }
        });
        if let Some((corner_hz, order)) = params.highpass {
            let filter = Filter::highpass(order, corner_hz, rate_hz)?;
            rows = rows.map(|row| filter.apply(&row, Pass::Causal));
        }
        let start = match is_of_rate {
            true => record.start + time::seconds(nearest / record.sampling_rate_hz),
            false => from,
        };
        Ok(Self { start, rows })
    }

    /// All of a record of the network's rate, or brought to it.
    pub fn whole(record: &Record3C, params: &PickParams) -> Result<Self> {
        let n = record.n_samples() as f64 / record.sampling_rate_hz * params.sampling_rate_hz;
        Self::new(record, params, record.start, n.round() as usize)
    }

    pub fn n(&self) -> usize {
        self.rows[0].len()
    }

    /// Which components there are at a sample: bit `i` is row `i`.
    fn present(&self, i: usize) -> u8 {
        let bit = |row: usize| u8::from(!self.rows[row][i].is_nan()) << row;
        bit(0) | bit(1) | bit(2)
    }

    /// The stretches in which the same components were recorded, and which.
    pub fn pieces(&self) -> Vec<(std::ops::Range<usize>, u8)> {
        let mut pieces: Vec<(std::ops::Range<usize>, u8)> = Vec::new();
        for i in 0..self.n() {
            let present = self.present(i);
            match pieces.last_mut() {
                Some((piece, of)) if *of == present => piece.end = i + 1,
                _ => pieces.push((i..i + 1, present)),
            }
        }
        pieces.retain(|(_, present)| *present != 0);
        pieces
    }
}

/// `n` samples from one on, which may lie before the first; what is beyond the row is missing.
fn shifted(row: &[f32], first: i64, n: usize) -> Vec<f32> {
    let at = |i: i64| usize::try_from(i).ok().and_then(|i| row.get(i)).copied();
    (first..first + n as i64)
        .map(|i| at(i).unwrap_or(f32::NAN))
        .collect()
}

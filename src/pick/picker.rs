//! A network and how it is used.

use std::path::Path;

use rayon::prelude::*;

use super::curves::{Stacked, scale};
use super::described::Component;
use super::prepared::Prepared;
use super::{Curves, Origin, PickParams, PickerFiles};
use crate::error::{Result, fail};
use crate::network::{PHASENET_CLASSES, PHASENET_SAMPLES, PhaseNet};
use crate::time::{Time, TimeDelta};
use crate::waveform::Record3C;

/// PhaseNet or PhaseNetLight with published weights, and how these want to be used.
#[derive(Debug, Clone)]
pub struct Picker {
    network: PhaseNet,
    params: PickParams,
}

impl Picker {
    /// Reads `NAME.pt.v2` and, beside it, `NAME.json.v2`, as SeisBench keeps them (any version, or none in the names).
    ///
    /// # Errors
    /// As [`PickerFiles::read`] and [`PickerFiles::picker`].
    pub fn read(weights: impl AsRef<Path>) -> Result<Self> {
        PickerFiles::read(weights)?.picker()
    }

    pub(super) fn of(network: PhaseNet, params: PickParams) -> Self {
        Self { network, params }
    }

    /// A network beside the text that describes it, in the form of SeisBench's; `place` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Pick`] naming the field of the description that is not one of these networks.
    pub(crate) fn described(network: PhaseNet, description: &str, place: &str) -> Result<Self> {
        let params = PickParams::from_json(description).map_err(|what| {
            let remedy = "Take the files as they were written";
            fail!(Pick, place, what, remedy)
        })?;
        Ok(Self { network, params })
    }

    #[cfg(test)]
    pub(super) fn made_up(description: &str) -> Self {
        Self {
            network: crate::network::made_up(),
            params: PickParams::from_json(description).unwrap(),
        }
    }

    pub fn network(&self) -> &PhaseNet {
        &self.network
    }

    pub fn params(&self) -> &PickParams {
        &self.params
    }

    pub fn params_mut(&mut self) -> &mut PickParams {
        &mut self.params
    }

    /// The probabilities of P and of S along windows `(n_windows, 3, 3001)` at the network's rate, which hold vertical, north and east.
    ///
    /// The windows are cut and filtered already. Here they are scaled as the network asks for it.
    pub(crate) fn of_windows(&self, mut windows: Vec<f32>) -> Vec<[Vec<f32>; 2]> {
        const SIZE: usize = PHASENET_CLASSES * PHASENET_SAMPLES;
        let place = |component| match component {
            Component::Vertical => 0,
            Component::North => 1,
            Component::East => 2,
        };
        let order = self.params.components.map(place);
        windows.par_chunks_exact_mut(SIZE).for_each(|window| {
            let given = window.to_vec();
            let rows = window.chunks_exact_mut(PHASENET_SAMPLES);
            for (row, of) in rows.zip(order) {
                row.copy_from_slice(&given[of * PHASENET_SAMPLES..][..PHASENET_SAMPLES]);
                scale(row, &self.params);
            }
        });
        let answers = self.network.probabilities(&windows);
        let of_window = |answer: &[f32]| {
            let row =
                |class: usize| answer[class * PHASENET_SAMPLES..][..PHASENET_SAMPLES].to_vec();
            self.params.classes.map(row)
        };
        answers.chunks_exact(SIZE).map(of_window).collect()
    }

    /// The probabilities of P and S at every sample of a record, as SeisBench's `annotate`.
    ///
    /// Where components are missing the network gets zeros; where they begin or end, so does a stretch by itself. A stretch shorter
    /// than a window has no probabilities. At [`Origin::Record`] and the network's rate they are SeisBench's up to rounding. At
    /// another rate the record is interpolated, where SeisBench transforms all of it.
    ///
    /// # Errors
    /// [`crate::Error::Pick`] where the record is too slow or has no component that the network knows.
    pub fn curves(&self, record: &Record3C, origin: Origin) -> Result<Curves> {
        let rate_hz = self.params.sampling_rate_hz;
        let n_samples = record.n_samples() as f64 / record.sampling_rate_hz * rate_hz;
        let n_samples = n_samples.round() as usize;
        let (from, number) = match origin {
            Origin::Record => (record.start, None),
            Origin::Epoch => {
                let number = number_of(record.start, rate_hz);
                (time_of(number, rate_hz), Some(number))
            }
        };
        self.curves_of(record, from, n_samples, number, &(0..n_samples))
    }

    /// The curves of `n` samples from one on, as far as windows reach into `needed`.
    pub(super) fn curves_of(
        &self,
        record: &Record3C,
        from: Time,
        n: usize,
        number: Option<i64>,
        needed: &std::ops::Range<usize>,
    ) -> Result<Curves> {
        let prepared = Prepared::new(record, &self.params, from, n)?;
        let stacked = Stacked::of(&self.network, &self.params, &prepared, number, needed);
        let codes: Vec<&str> = record.station.split('.').chain(["", ""]).take(3).collect();
        // The vertical component is there, if any other is not.
        let known = record
            .channels
            .iter()
            .rev()
            .find(|channel| !channel.ends_with('-'));
        let mut band = known.cloned().unwrap_or_default();
        band.pop();
        Ok(Curves {
            station: codes.join("."),
            band,
            start: prepared.start,
            sampling_rate_hz: self.params.sampling_rate_hz,
            probabilities: stacked.probabilities,
            n_components: stacked.n_components,
        })
    }
}

/// The sample nearest to a time, counted since 1970.
pub(super) fn number_of(time: Time, rate_hz: f64) -> i64 {
    let in_second = f64::from(time.timestamp_subsec_nanos()) * 1e-9;
    // Whole seconds first: together they are more than an f64 holds to the sample.
    let whole = time.timestamp() as f64 * rate_hz;
    let rest = whole.fract() + in_second * rate_hz;
    whole.trunc() as i64 + rest.round() as i64
}

/// The time of a sample, counted since 1970.
pub(super) fn time_of(number: i64, rate_hz: f64) -> Time {
    let seconds = (number as f64 / rate_hz).floor();
    let rest = seconds.mul_add(-rate_hz, number as f64) / rate_hz;
    Time::UNIX_EPOCH
        + TimeDelta::seconds(seconds as i64)
        + TimeDelta::nanoseconds((rest * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn samples_are_counted_since_1970() {
        let at = |text: &str| time::parse(text).unwrap();
        assert_eq!(number_of(at("1970-01-01T00:00:01.004"), 100.0), 100);
        assert_eq!(number_of(at("1969-12-31T23:59:59.99"), 100.0), -1);
        for rate in [100.0, 50.0, 333.33] {
            for number in [0, 1, 140_000_000_003, -5, -140_000_000_003] {
                assert_eq!(number_of(time_of(number, rate), rate), number, "{rate}");
            }
        }
    }
}

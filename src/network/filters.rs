//! What the first convolution listens to.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

use super::Network;
use crate::error::{Result, fail};

/// The first convolution's filters: a few taps for each component.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstFilters {
    /// `taps[filter][component]`, earliest sample first.
    taps: Vec<[Vec<f64>; 3]>,
}

impl FirstFilters {
    /// Of a network whose first convolution has the weights `conv1.weight`, as
    /// [`super::ConvNet`] has.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where it has none over three components.
    pub fn of(network: &dyn Network) -> Result<Self> {
        let variables = network.store().variables();
        let weight = variables.get("conv1.weight");
        let shape = weight.map(tch::Tensor::size).unwrap_or_default();
        let (Some(weight), [n_filters, 3, kernel]) = (weight, shape.as_slice()) else {
            return Err(fail!(
                Network,
                network.name(),
                format!("conv1.weight of shape {shape:?}, expected (filters, 3, taps)"),
                "Ask a convolutional network for its filters"
            ));
        };
        let tap =
            |filter: i64, component: i64, i: i64| weight.double_value(&[filter, component, i]);
        let row = |filter, component| (0..*kernel).map(|i| tap(filter, component, i)).collect();
        Ok(Self {
            taps: (0..*n_filters)
                .map(|filter| [0, 1, 2].map(|component| row(filter, component)))
                .collect(),
        })
    }

    pub fn len(&self) -> usize {
        self.taps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// A filter's taps on a component, earliest sample first.
    ///
    /// # Panics
    /// Where there is no such filter or component.
    pub fn taps(&self, filter: usize, component: usize) -> &[f64] {
        &self.taps[filter][component]
    }

    /// Gain of a filter on a component at a frequency: the absolute value of
    /// `sum w_k exp(-2 pi i k f / rate)`, before the stride takes every other sample.
    ///
    /// # Panics
    /// As [`FirstFilters::taps`].
    pub fn gain(
        &self,
        filter: usize,
        component: usize,
        frequency_hz: f64,
        sampling_rate_hz: f64,
    ) -> f64 {
        let turn = -TAU * frequency_hz / sampling_rate_hz;
        let terms = self.taps[filter][component].iter().enumerate();
        let sum: Complex64 = terms
            .map(|(k, w)| Complex64::from_polar(*w, turn * k as f64))
            .sum();
        sum.norm()
    }

    /// Gain on the three components together, the root of the summed squares: what comes through
    /// of motion that is equally strong and unrelated on the three.
    ///
    /// # Panics
    /// As [`FirstFilters::taps`].
    pub fn joint_gain(&self, filter: usize, frequency_hz: f64, sampling_rate_hz: f64) -> f64 {
        let gain = |component| self.gain(filter, component, frequency_hz, sampling_rate_hz);
        [0, 1, 2]
            .map(gain)
            .iter()
            .map(|g| g * g)
            .sum::<f64>()
            .sqrt()
    }

    /// The filters ordered by the frequency at which they let most through, lowest first.
    pub fn by_peak(&self, frequencies_hz: &[f64], sampling_rate_hz: f64) -> Vec<usize> {
        let peak = |filter: usize| {
            let gain = |f: &f64| self.joint_gain(filter, *f, sampling_rate_hz);
            let best = frequencies_hz
                .iter()
                .max_by(|a, b| gain(a).total_cmp(&gain(b)));
            best.copied().unwrap_or(0.0)
        };
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|a, b| peak(*a).total_cmp(&peak(*b)));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_those_known_by_hand() {
        // A mean of two samples passes 0 Hz and stops the Nyquist frequency; a difference does the
        // opposite.
        let (mean, difference) = (vec![0.5, 0.5, 0.0], vec![0.5, -0.5, 0.0]);
        let filters = FirstFilters {
            taps: vec![
                [difference.clone(), vec![0.0; 3], vec![0.0; 3]],
                [mean, vec![0.0; 3], difference],
            ],
        };
        for (filter, component, low, high) in [(0, 0, 0.0, 1.0), (1, 0, 1.0, 0.0)] {
            let gain = |f| filters.gain(filter, component, f, 100.0);
            assert!((gain(0.0) - low).abs() < 1e-12 && (gain(50.0) - high).abs() < 1e-12);
            assert!((gain(25.0) - 0.5_f64.sqrt()).abs() < 1e-12);
        }
        // cos^2 + sin^2
        assert!((filters.joint_gain(1, 13.0, 100.0) - 1.0).abs() < 1e-12);
        let alone = |taps: &[f64]| [taps.to_vec(), vec![0.0; 3], vec![0.0; 3]];
        let filters = FirstFilters {
            taps: vec![alone(&[0.5, -0.5, 0.0]), alone(&[0.5, 0.5, 0.0])],
        };
        assert_eq!(filters.by_peak(&[1.0, 25.0, 50.0], 100.0), [1, 0]);
    }

    #[test]
    fn a_perceptron_has_no_filters() {
        let error = FirstFilters::of(&super::super::Perceptron::new(10, 2, 1)).unwrap_err();
        assert!(error.to_string().contains("conv1.weight"), "{error}");
    }
}

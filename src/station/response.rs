//! What a channel makes of ground motion: sensitivity, and the stages from the sensor to the
//! recorder's numbers.
//!
//! The parts and their names are StationXML's (<https://docs.fdsn.org/projects/stationxml>,
//! "Response"); the formulas are those of the SEED Reference Manual 2.4, appendix C.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

/// A channel's response: in all, and stage by stage as far as its data centre tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Response {
    pub sensitivity: Option<Sensitivity>,
    /// In place of a sensitivity, for what is not measured in proportion: temperature, pressure.
    pub polynomial: Option<Polynomial>,
    pub stages: Vec<Stage>,
}

/// Units of what goes in and comes out, as their data centre writes them: `m/s`, `counts`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Units {
    pub input: String,
    pub output: String,
}

/// Output units for one input unit, at one frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    pub value: f64,
    pub frequency_hz: Option<f64>,
    pub units: Units,
}

/// One step on the way from ground motion to numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stage {
    /// From 1, in order.
    pub number: u32,
    pub filter: Option<Filter>,
    pub decimation: Option<Decimation>,
    pub gain: Option<Gain>,
}

/// A stage's amplification at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    pub value: f64,
    pub frequency_hz: Option<f64>,
}

/// A digital stage's rates and times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimation {
    pub input_rate_hz: f64,
    pub factor: i64,
    /// Which of `factor` samples is kept.
    pub offset: i64,
    pub delay_s: f64,
    /// As much of the delay as the recorder has already taken off the times.
    pub correction_s: f64,
}

/// How a stage depends on frequency.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    PolesZeros(PolesZeros),
    Coefficients(Coefficients),
    Fir(Fir),
    List(ResponseList),
    Polynomial(Polynomial),
}

/// The variable of a transfer function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferFunction {
    /// s = 2 pi i f.
    LaplaceRadians,
    /// s = i f.
    LaplaceHertz,
    /// z = exp(2 pi i f / input rate).
    Digital,
}

/// `normalization_factor` times the product of (s - zero) over the product of (s - pole).
#[derive(Debug, Clone, PartialEq)]
pub struct PolesZeros {
    pub units: Units,
    pub transfer_function: TransferFunction,
    pub normalization_factor: f64,
    pub normalization_frequency_hz: Option<f64>,
    /// Real and imaginary parts.
    pub zeros: Vec<(f64, f64)>,
    pub poles: Vec<(f64, f64)>,
}

/// Sum of `numerator[k] z^-k` over the sum of `denominator[k] z^-k`; an empty one is 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficients {
    pub units: Units,
    pub transfer_function: TransferFunction,
    pub numerators: Vec<f64>,
    pub denominators: Vec<f64>,
}

/// Which coefficients of a symmetrical filter are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symmetry {
    None,
    /// Those after the middle one.
    Odd,
    /// The second half.
    Even,
}

/// A filter of finite impulse response.
#[derive(Debug, Clone, PartialEq)]
pub struct Fir {
    pub units: Units,
    pub symmetry: Symmetry,
    pub coefficients: Vec<f64>,
}

/// A response as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseList {
    pub units: Units,
    /// Frequency (Hz), amplitude and phase (degrees).
    pub elements: Vec<(f64, f64, f64)>,
}

/// Input as a polynomial of output (Maclaurin).
#[derive(Debug, Clone, PartialEq)]
pub struct Polynomial {
    pub units: Units,
    pub frequency_bounds_hz: (f64, f64),
    pub approximation_bounds: (f64, f64),
    pub maximum_error: f64,
    pub coefficients: Vec<f64>,
}

impl Units {
    pub fn new(input: impl Into<String>, output: impl Into<String>) -> Self {
        Self {
            input: input.into(),
            output: output.into(),
        }
    }
}

impl Response {
    /// Output units for one input unit at a frequency, computed from the stages: the product of
    /// their gains and of the absolute values of their filters.
    ///
    /// Nothing where there are no stages, or one of them has no such number: a polynomial, a table
    /// that does not reach this frequency, an analogue filter told by coefficients.
    pub fn amplitude_at(&self, frequency_hz: f64) -> Option<f64> {
        if self.stages.is_empty() {
            return None;
        }
        let amplitudes = self
            .stages
            .iter()
            .map(|stage| stage.amplitude_at(frequency_hz));
        amplitudes
            .product::<Option<f64>>()
            .filter(|a| a.is_finite())
    }
}

impl Response {
    /// As [`Response::amplitude_at`], with the phase of poles and zeros. Digital filters count by their absolute value: recorders
    /// take the delay of a symmetrical one off their times.
    pub fn transfer_at(&self, frequency_hz: f64) -> Option<Complex64> {
        if self.stages.is_empty() {
            return None;
        }
        let stages = self
            .stages
            .iter()
            .map(|stage| stage.transfer_at(frequency_hz));
        let all = stages.product::<Option<Complex64>>();
        all.filter(|transfer| transfer.is_finite())
    }
}

impl Stage {
    /// Poles and zeros with their phase, any other filter by its absolute value.
    fn transfer_at(&self, frequency_hz: f64) -> Option<Complex64> {
        match &self.filter {
            Some(Filter::PolesZeros(filter)) => {
                let gain = self.gain.map_or(1.0, |gain| gain.value) * self.norm(filter);
                Some(gain * filter.at(frequency_hz, || self.z(frequency_hz))?)
            }
            _ => Some(self.amplitude_at(frequency_hz)?.into()),
        }
    }

    /// The variable of a digital filter.
    fn z(&self, frequency_hz: f64) -> Option<Complex64> {
        let rate_hz = self.decimation?.input_rate_hz;
        (rate_hz > 0.0).then(|| Complex64::cis(TAU * frequency_hz / rate_hz))
    }

    /// A gain holds at its own frequency. Where poles and zeros are normalised at another one, they are brought to 1 there, as
    /// evalresp does (`norm_resp`).
    fn norm(&self, filter: &PolesZeros) -> f64 {
        let (Some(gain), Some(normal_hz)) = (self.gain, filter.normalization_frequency_hz) else {
            return 1.0;
        };
        let gain_hz = gain.frequency_hz.filter(|gain_hz| *gain_hz != normal_hz);
        let there = gain_hz.and_then(|f_hz| Some(filter.at(f_hz, || self.z(f_hz))?.norm()));
        there.filter(|a| a.is_normal()).map_or(1.0, f64::recip)
    }

    fn amplitude_at(&self, frequency_hz: f64) -> Option<f64> {
        let norm = match &self.filter {
            Some(Filter::PolesZeros(filter)) => self.norm(filter),
            _ => 1.0,
        };
        let gain = self.gain.map_or(1.0, |gain| gain.value.abs());
        Some(gain * norm * self.filter_amplitude_at(frequency_hz)?)
    }

    /// Without the gain.
    pub(super) fn filter_amplitude_at(&self, frequency_hz: f64) -> Option<f64> {
        let z = || self.z(frequency_hz);
        Some(match &self.filter {
            None => 1.0,
            Some(Filter::PolesZeros(filter)) => filter.at(frequency_hz, z)?.norm(),
            Some(Filter::Coefficients(filter)) => {
                let series = |coefficients: &[f64]| match coefficients {
                    [] => Some(1.0),
                    c => Some(polynomial(c.iter(), z()?.inv()).norm()),
                };
                match filter.transfer_function {
                    TransferFunction::Digital => {
                        series(&filter.numerators)? / series(&filter.denominators)?
                    }
                    _ => return None,
                }
            }
            Some(Filter::Fir(filter)) if filter.coefficients.is_empty() => 1.0,
            Some(Filter::Fir(filter)) => {
                let given = filter.coefficients.iter();
                let mirrored = filter.coefficients.iter().rev();
                let n_mirrored = match filter.symmetry {
                    Symmetry::None => 0,
                    Symmetry::Odd => filter.coefficients.len() - 1,
                    Symmetry::Even => filter.coefficients.len(),
                };
                let skipped = filter.coefficients.len() - n_mirrored;
                let mirrored = mirrored.skip(skipped).take(n_mirrored);
                let all: Vec<f64> = given.chain(mirrored).copied().collect();
                polynomial(all.iter(), z()?.inv()).norm()
            }
            Some(Filter::List(list)) => list.amplitude_at(frequency_hz)?,
            Some(Filter::Polynomial(_)) => return None,
        })
    }
}

impl PolesZeros {
    fn at(&self, frequency_hz: f64, z: impl Fn() -> Option<Complex64>) -> Option<Complex64> {
        let s = match self.transfer_function {
            TransferFunction::LaplaceRadians => Complex64::new(0.0, TAU * frequency_hz),
            TransferFunction::LaplaceHertz => Complex64::new(0.0, frequency_hz),
            TransferFunction::Digital => z()?,
        };
        // A quotient at a time: the product of all zeros alone may overflow.
        let factor = |(re, im): &(f64, f64)| s - Complex64::new(*re, *im);
        let one = Complex64::new(1.0, 0.0);
        let n = self.zeros.len().max(self.poles.len());
        let quotients = (0..n)
            .map(|i| self.zeros.get(i).map_or(one, factor) / self.poles.get(i).map_or(one, factor));
        Some(self.normalization_factor * quotients.product::<Complex64>())
    }
}

impl ResponseList {
    /// Linear between neighbours.
    fn amplitude_at(&self, frequency_hz: f64) -> Option<f64> {
        self.elements.windows(2).find_map(|pair| {
            let [(f0, a0, _), (f1, a1, _)] = *pair else {
                return None;
            };
            let inside = f0 <= frequency_hz && frequency_hz <= f1 && f0 < f1;
            inside.then(|| a0 + (a1 - a0) * (frequency_hz - f0) / (f1 - f0))
        })
    }
}

/// Sum of coefficients[k] x^k, by Horner's rule.
fn polynomial<'a>(
    coefficients: impl DoubleEndedIterator<Item = &'a f64>,
    x: Complex64,
) -> Complex64 {
    let zero = Complex64::new(0.0, 0.0);
    coefficients.rev().fold(zero, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digital(filter: Filter) -> Stage {
        Stage {
            number: 1,
            filter: Some(filter),
            decimation: Some(Decimation {
                input_rate_hz: 100.0,
                factor: 1,
                offset: 0,
                delay_s: 0.0,
                correction_s: 0.0,
            }),
            gain: Some(Gain {
                value: 2.0,
                frequency_hz: None,
            }),
        }
    }

    #[test]
    fn a_mean_of_four_samples_by_all_its_spellings() {
        // |1 + z + z^2 + z^3| / 4 at a tenth of the rate: |sin(4 x) / (4 sin(x))|, x = pi / 10.
        let x = std::f64::consts::PI / 10.0;
        let expected = 2.0 * ((4.0 * x).sin() / (4.0 * x.sin())).abs();
        let fir = |symmetry, n| {
            Filter::Fir(Fir {
                units: Units::default(),
                symmetry,
                coefficients: vec![0.25; n],
            })
        };
        let coefficients = Filter::Coefficients(Coefficients {
            units: Units::default(),
            transfer_function: TransferFunction::Digital,
            numerators: vec![0.25; 4],
            denominators: Vec::new(),
        });
        let of = |filter| {
            let stages = vec![digital(filter)];
            Response {
                stages,
                ..Response::default()
            }
            .amplitude_at(10.0)
            .unwrap()
        };
        for filter in [fir(Symmetry::None, 4), fir(Symmetry::Even, 2), coefficients] {
            assert!((of(filter) - expected).abs() < 1e-12);
        }
        // Of three: (1 + 2 cos(2 x)) / 4.
        let odd = 2.0 * (1.0 + 2.0 * (2.0 * x).cos()) / 4.0;
        assert!((of(fir(Symmetry::Odd, 2)) - odd).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_amplitude_says_nothing() {
        let list = Filter::List(ResponseList {
            units: Units::default(),
            elements: vec![(1.0, 10.0, 0.0), (3.0, 30.0, 0.0)],
        });
        let response = Response {
            stages: vec![digital(list)],
            ..Response::default()
        };
        assert_eq!(response.amplitude_at(2.0), Some(40.0));
        assert_eq!(response.amplitude_at(3.5), None);
        assert_eq!(Response::default().amplitude_at(1.0), None);
    }
}

//! Normalised cross-correlation of templates with a record, by FFT.
//!
//! The numerators come from products of spectra, block by block (overlap-save; Oppenheim & Schafer,
//! *Discrete-Time Signal Processing*, section 8.7); the energies in the denominator from running
//! sums, at a cost that does not depend on the template's length. Two templates share one inverse
//! transform, as real and imaginary part.

use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

use crate::error::{Result, fail};

/// Samples of a block, a power of two at which its spectrum still fits in a processor's cache.
const BLOCK: usize = 1 << 14;

/// The correlation coefficient of `template` with each stretch of `samples` of its length, from -1
/// to 1: both less their means, over their norms. Where a stretch has no energy the coefficient is
/// 0, as in ObsPy's `correlate_template` (`mode="valid"`, `normalize="full"`, `demean=True`), with
/// which it agrees.
///
/// ```
/// use quakebook::detect::correlate;
/// let coefficients = correlate(&[5., 5., 1., 3., 2., 5., 5.], &[10., 30., 20.])?;
/// assert!((coefficients[2] - 1.0).abs() < 1e-6);
/// assert_eq!(coefficients.len(), 5);
/// # Ok::<(), quakebook::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Detect`] where the template is flat, shorter than 2 samples or longer than
/// `samples`, or a sample is missing.
pub fn correlate(samples: &[f32], template: &[f32]) -> Result<Vec<f32>> {
    let refuse = |what: String| {
        fail!(
            Detect,
            format!("correlation of {} samples", samples.len()),
            what,
            "Give a stretch without gaps, and a template that moves and is not longer"
        )
    };
    if template.len() < 2 || template.len() > samples.len() {
        return Err(refuse(format!("a template of {}", template.len())));
    }
    if samples.iter().chain(template).any(|y| !y.is_finite()) {
        return Err(refuse("a sample is not a finite number".into()));
    }
    let unit = to_unit(template).ok_or_else(|| refuse("a flat template".into()))?;
    let correlator = Correlator::new(unit.len(), samples.len());
    let piece = correlator.piece(samples);
    let spectrum = correlator.spectrum(&unit);
    let mut sums = [vec![0.0; piece.n()], vec![0.0; piece.n()]];
    correlator.add(&piece, &spectrum, None, &mut sums);
    let [sum, _] = sums;
    Ok(sum)
}

/// Less the mean and of norm 1; `None` where nothing moves.
pub(super) fn to_unit(template: &[f32]) -> Option<Vec<f64>> {
    let mean = template.iter().map(|y| f64::from(*y)).sum::<f64>() / template.len() as f64;
    let moved: Vec<f64> = template.iter().map(|y| f64::from(*y) - mean).collect();
    let norm = moved.iter().map(|y| y * y).sum::<f64>().sqrt();
    let largest = template.iter().map(|y| y.abs()).fold(0.0, f32::max);
    (norm > f64::from(largest) * FLAT).then(|| moved.iter().map(|y| y / norm).collect())
}

/// A norm so much smaller than the largest sample is rounding of 4-byte numbers.
const FLAT: f64 = 1e-6;

/// Correlates templates of one length.
pub(super) struct Correlator {
    n_template: usize,
    n_fft: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

/// One component's samples, ready to be correlated: spectra of its blocks, and one over the norm of
/// each stretch.
pub(super) struct Piece {
    spectra: Vec<Vec<Complex64>>,
    inverse_norms: Vec<f64>,
}

impl Piece {
    /// Coefficients of a template.
    pub(super) fn n(&self) -> usize {
        self.inverse_norms.len()
    }
}

impl Correlator {
    /// For templates of `n_template` samples and pieces of about `n_samples`.
    pub(super) fn new(n_template: usize, n_samples: usize) -> Self {
        let n_fft = BLOCK
            .min(n_samples.next_power_of_two())
            .max((2 * n_template).next_power_of_two());
        let mut planner = FftPlanner::new();
        Self {
            n_template,
            n_fft,
            forward: planner.plan_fft_forward(n_fft),
            inverse: planner.plan_fft_inverse(n_fft),
        }
    }

    /// Coefficients that a block gives: those whose stretch lies wholly in it.
    fn n_step(&self) -> usize {
        self.n_fft - self.n_template + 1
    }

    /// Prepares samples without a gap, `n_template` or more.
    pub(super) fn piece(&self, samples: &[f32]) -> Piece {
        let n = samples.len() - self.n_template + 1;
        let spectra = (0..n).step_by(self.n_step()).map(|first| {
            let block = &samples[first..samples.len().min(first + self.n_fft)];
            self.transformed(block.iter().map(|y| f64::from(*y)))
        });
        Piece {
            spectra: spectra.collect(),
            inverse_norms: inverse_norms(samples, self.n_template),
        }
    }

    /// Spectrum of a template, conjugated so that the product is a correlation.
    pub(super) fn spectrum(&self, unit: &[f64]) -> Vec<Complex64> {
        let mut spectrum = self.transformed(unit.iter().copied());
        for value in &mut spectrum {
            *value = value.conj() / self.n_fft as f64;
        }
        spectrum
    }

    fn transformed(&self, values: impl Iterator<Item = f64>) -> Vec<Complex64> {
        let mut line: Vec<Complex64> = values.map(Complex64::from).collect();
        line.resize(self.n_fft, Complex64::ZERO);
        self.forward.process(&mut line);
        line
    }

    /// Adds the coefficients of one template, or of two at once, to `sums`.
    pub(super) fn add(
        &self,
        piece: &Piece,
        first: &[Complex64],
        second: Option<&[Complex64]>,
        sums: &mut [Vec<f32>; 2],
    ) {
        let mut line = vec![Complex64::ZERO; self.n_fft];
        let mut scratch = vec![Complex64::ZERO; self.inverse.get_inplace_scratch_len()];
        for (i, spectrum) in piece.spectra.iter().enumerate() {
            match second {
                Some(second) => {
                    let both = first.iter().zip(second);
                    for ((value, x), (a, b)) in line.iter_mut().zip(spectrum).zip(both) {
                        // x a + i x b: what belongs to b turns up as imaginary part.
                        *value = x * Complex64::new(a.re - b.im, a.im + b.re);
                    }
                }
                None => {
                    for ((value, x), a) in line.iter_mut().zip(spectrum).zip(first) {
                        *value = x * a;
                    }
                }
            }
            self.inverse.process_with_scratch(&mut line, &mut scratch);
            let start = i * self.n_step();
            let end = piece.n().min(start + self.n_step());
            let norms = &piece.inverse_norms[start..end];
            let [a, b] = &mut *sums;
            for ((sum, value), norm) in a[start..end].iter_mut().zip(&line).zip(norms) {
                *sum += (value.re * norm) as f32;
            }
            if second.is_some() {
                for ((sum, value), norm) in b[start..end].iter_mut().zip(&line).zip(norms) {
                    *sum += (value.im * norm) as f32;
                }
            }
        }
    }
}

/// One over the norm of each stretch of `n` samples less its mean; 0 for a flat one.
fn inverse_norms(samples: &[f32], n: usize) -> Vec<f64> {
    // Deviations from the piece's mean: large offsets would cost the digits of small motions.
    let mean = samples.iter().map(|y| f64::from(*y)).sum::<f64>() / samples.len() as f64;
    let moved: Vec<f64> = samples.iter().map(|y| f64::from(*y) - mean).collect();
    let squares: Vec<f64> = moved.iter().map(|y| y * y).collect();
    let inverse_norm = |(sum, square): (f64, f64)| {
        let energy = square - sum * sum / n as f64;
        match energy > square * ROUNDING {
            true => 1.0 / energy.sqrt(),
            false => 0.0,
        }
    };
    let sums = running_sums(&moved, n).into_iter();
    sums.zip(running_sums(&squares, n))
        .map(inverse_norm)
        .collect()
}

/// What a difference of 8-byte numbers leaves of two equal ones, with some room.
const ROUNDING: f64 = 1e-12;

/// Sums of each `n` successive values, as the end of one block of `n` and the beginning of the next
/// (van Herk 1992, *Pattern Recognition Letters* 13, 517-521, does so for maxima). Nothing is
/// subtracted, so that a large value leaves no rounding error behind when it has passed.
fn running_sums(values: &[f64], n: usize) -> Vec<f64> {
    let mut to_here = values.to_vec();
    let mut from_here = values.to_vec();
    for (begun, left) in to_here.chunks_mut(n).zip(from_here.chunks_mut(n)) {
        for i in 1..begun.len() {
            begun[i] += begun[i - 1];
        }
        for i in (1..left.len()).rev() {
            left[i - 1] += left[i];
        }
    }
    let whole_block = |first: usize| first.is_multiple_of(n);
    (0..=values.len() - n)
        .map(|first| match whole_block(first) {
            true => from_here[first],
            false => from_here[first] + to_here[first + n - 1],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the formula says, sum by sum.
    fn by_hand(samples: &[f32], template: &[f32]) -> Vec<f64> {
        let unit = |values: &[f32]| to_unit(values).unwrap_or(vec![0.0; values.len()]);
        let t = unit(template);
        samples
            .windows(t.len())
            .map(|w| unit(w).iter().zip(&t).map(|(a, b)| a * b).sum())
            .collect()
    }

    fn noise(n: usize) -> Vec<f32> {
        let mut state: i64 = 1;
        let mut next = || {
            state = (1_103_515_245 * state + 12_345) % (1 << 31);
            (state as f64 / f64::from(1 << 30) - 1.0) as f32
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn blocks_and_running_sums_give_the_formula() {
        let samples = noise(40_000);
        for n in [7, 300, 9000] {
            let template = samples[1000..1000 + n].to_vec();
            let fast = correlate(&samples, &template).unwrap();
            let places = (0..fast.len()).step_by(997).chain([1000, fast.len() - 1]);
            for place in places {
                let slow = by_hand(&samples[place..place + n], &template)[0];
                assert!((f64::from(fast[place]) - slow).abs() < 1e-6, "{n} {place}");
            }
        }
    }

    #[test]
    fn an_earthquake_does_not_blur_the_quiet_around_it() {
        let mut samples = noise(3000);
        for y in &mut samples[1500..1600] {
            *y *= 1e5;
        }
        let template = samples[100..150].to_vec();
        let fast = correlate(&samples, &template).unwrap();
        let slow = by_hand(&samples, &template);
        for (a, b) in fast.iter().zip(&slow) {
            assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn flat_stretches_have_no_coefficient() {
        let mut samples = noise(600);
        samples[200..400].fill(-12_345.678);
        let template = samples[10..60].to_vec();
        let fast = correlate(&samples, &template).unwrap();
        assert!(fast[200..=350].iter().all(|c| *c == 0.0));
        assert!(fast.iter().all(|c| c.abs() <= 1.0 + 1e-6));
        for refused in [
            vec![3.0; 50],
            vec![1.0],
            vec![],
            noise(601),
            vec![f32::NAN; 9],
        ] {
            assert!(correlate(&samples, &refused).is_err());
        }
    }
}

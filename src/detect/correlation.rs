//! Normalised cross-correlation of templates with a record, by FFT.
//!
//! The numerators come from products of spectra, block by block (overlap-save; Oppenheim & Schafer,
//! *Discrete-Time Signal Processing*, section 8.7); the energies in the denominator from running
//! sums, at a cost that does not depend on the template's length. Two blocks share one transform, as
//! real and imaginary part: a real template keeps them apart.

use std::ops::Range;
use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

use crate::error::{Result, fail};
use crate::simd::{mean, sum};

/// Samples of a block, a power of two at which its spectrum still fits in a processor's cache.
const BLOCK: usize = 1 << 14;

/// The correlation coefficient of `template` with each segment of `samples` of its length, from -1
/// to 1: both less their means, over their norms. Where a segment has no energy the coefficient is
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
            "Give a segment without gaps, and a template that moves and is not longer"
        )
    };
    if template.len() < 2 || template.len() > samples.len() {
        return Err(refuse(format!("a template of {}", template.len())));
    }
    // What is not finite stays so in a sum.
    if !(sum(samples).is_finite() && sum(template).is_finite()) {
        return Err(refuse("a sample is not a finite number".into()));
    }
    let unit = to_unit(template).ok_or_else(|| refuse("a flat template".into()))?;
    let correlator = Correlator::new(unit.len(), samples.len());
    let spectrum = correlator.spectrum(&unit);
    let inverse_norms = inverse_norms(samples, unit.len());
    let mut coefficients = vec![0.0; inverse_norms.len()];
    let mut work = correlator.workspace();
    for pair in correlator.pairs(coefficients.len()) {
        correlator.transform(samples, pair.start, &mut work);
        multiply(&mut work.line, &spectrum);
        correlator.add_pair(pair, &inverse_norms, &mut work, &mut coefficients);
    }
    Ok(coefficients)
}

/// Less the mean and of norm 1; `None` where nothing moves.
pub(super) fn to_unit(template: &[f32]) -> Option<Vec<f64>> {
    let mean = mean(template);
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

/// One component's samples, ready to be correlated: spectra of its blocks, two and two, and one over
/// the norm of each segment.
pub(super) struct Piece {
    spectra: Vec<Vec<Complex64>>,
    inverse_norms: Vec<f32>,
}

/// Where a pair of blocks is transformed.
struct Workspace {
    line: Vec<Complex64>,
    scratch: Vec<Complex64>,
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

    /// Coefficients that a block gives: those whose segment lies wholly in it.
    fn n_step(&self) -> usize {
        self.n_fft - self.n_template + 1
    }

    /// The coefficients, of `n`, that each pair of blocks gives.
    fn pairs(&self, n: usize) -> impl Iterator<Item = Range<usize>> {
        let n_pair = 2 * self.n_step();
        let starts = (0..n).step_by(n_pair);
        starts.map(move |start| start..n.min(start + n_pair))
    }

    fn workspace(&self) -> Workspace {
        let n_scratch = [&self.forward, &self.inverse].map(|fft| fft.get_inplace_scratch_len());
        Workspace {
            line: vec![Complex64::ZERO; self.n_fft],
            scratch: vec![Complex64::ZERO; n_scratch[0].max(n_scratch[1])],
        }
    }

    /// Prepares samples without a gap, `n_template` or more.
    pub(super) fn piece(&self, samples: &[f32]) -> Piece {
        let inverse_norms = inverse_norms(samples, self.n_template);
        let mut work = self.workspace();
        let spectra = self.pairs(inverse_norms.len()).map(|pair| {
            self.transform(samples, pair.start, &mut work);
            work.line.clone()
        });
        Piece {
            spectra: spectra.collect(),
            inverse_norms,
        }
    }

    /// Spectrum of a template, conjugated so that the product is a correlation.
    pub(super) fn spectrum(&self, unit: &[f64]) -> Vec<Complex64> {
        let mut spectrum: Vec<Complex64> = unit.iter().map(Complex64::from).collect();
        spectrum.resize(self.n_fft, Complex64::ZERO);
        self.forward.process(&mut spectrum);
        for value in &mut spectrum {
            *value = value.conj() / self.n_fft as f64;
        }
        spectrum
    }

    /// The spectrum of the block that begins at sample `first` and, as imaginary part, of the next.
    fn transform(&self, samples: &[f32], first: usize, work: &mut Workspace) {
        let block = |first: usize| {
            let there = samples.get(first..).unwrap_or_default().iter();
            there.copied().chain(std::iter::repeat(0.0))
        };
        let both = block(first).zip(block(first + self.n_step()));
        for (value, (re, im)) in work.line.iter_mut().zip(both) {
            *value = Complex64::new(f64::from(re), f64::from(im));
        }
        self.forward
            .process_with_scratch(&mut work.line, &mut work.scratch);
    }

    /// Adds the coefficients of a template to `sums`.
    pub(super) fn add(&self, piece: &Piece, spectrum: &[Complex64], sums: &mut [f32]) {
        let mut work = self.workspace();
        for (pair, of_pair) in self.pairs(sums.len()).zip(&piece.spectra) {
            work.line.copy_from_slice(of_pair);
            multiply(&mut work.line, spectrum);
            self.add_pair(pair, &piece.inverse_norms, &mut work, sums);
        }
    }

    /// Adds the coefficients of a pair of blocks, the product of whose spectra is at hand.
    fn add_pair(
        &self,
        pair: Range<usize>,
        inverse_norms: &[f32],
        work: &mut Workspace,
        sums: &mut [f32],
    ) {
        self.inverse
            .process_with_scratch(&mut work.line, &mut work.scratch);
        let n_first = self.n_step().min(pair.len());
        let (first, second) = sums[pair.clone()].split_at_mut(n_first);
        let (of_first, of_second) = inverse_norms[pair].split_at(n_first);
        let scaled = |value: f64, inverse_norm: &f32| (value * f64::from(*inverse_norm)) as f32;
        for ((sum, norm), value) in first.iter_mut().zip(of_first).zip(&work.line) {
            *sum += scaled(value.re, norm);
        }
        for ((sum, norm), value) in second.iter_mut().zip(of_second).zip(&work.line) {
            *sum += scaled(value.im, norm);
        }
    }
}

fn multiply(line: &mut [Complex64], spectrum: &[Complex64]) {
    for (value, factor) in line.iter_mut().zip(spectrum) {
        *value *= factor;
    }
}

/// One over the norm of each segment of `n` samples less its mean; 0 for a flat one.
///
/// The sums over a segment are the end of one block of `n` samples and the beginning of the next
/// (van Herk 1992, *Pattern Recognition Letters* 13, 517-521, does so for maxima). Nothing is
/// subtracted, so that a large value leaves no rounding error behind when it has passed.
fn inverse_norms(samples: &[f32], n: usize) -> Vec<f32> {
    // Deviations from the piece's mean: large offsets would cost the digits of small motions.
    let mean = mean(samples);
    let add = |sums: &mut [f64; 2], y: f32| {
        let moved = f64::from(y) - mean;
        *sums = [sums[0] + moved, sums[1] + moved * moved];
    };
    let inverse_norm = |[sum, square]: &[f64; 2]| {
        let energy = square - sum * sum / n as f64;
        match energy > square * ROUNDING {
            true => (1.0 / energy.sqrt()) as f32,
            false => 0.0,
        }
    };
    let n_stretches = samples.len() - n + 1;
    let mut inverse_norms = Vec::with_capacity(n_stretches);
    let mut sums = vec![[0.0; 2]; n];
    for first in (0..n_stretches).step_by(n) {
        let (block, behind) = samples[first..].split_at(n);
        let mut to_end = [0.0; 2];
        for (sums, y) in sums.iter_mut().zip(block).rev() {
            add(&mut to_end, *y);
            *sums = to_end;
        }
        let mut to_here = [0.0; 2];
        for (sums, y) in sums[1..].iter_mut().zip(behind) {
            add(&mut to_here, *y);
            *sums = [sums[0] + to_here[0], sums[1] + to_here[1]];
        }
        let n_here = n.min(n_stretches - first);
        inverse_norms.extend(sums[..n_here].iter().map(inverse_norm));
    }
    inverse_norms
}

/// What a difference of 8-byte numbers leaves of two equal ones, with some room.
const ROUNDING: f64 = 1e-12;

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

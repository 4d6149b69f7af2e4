//! Butterworth filters, as second-order sections.
//!
//! The analogue prototype (poles evenly on the left half of the unit circle; Butterworth 1930) is
//! moved to the wanted band and brought to samples by the bilinear transform with its corner
//! frequencies pre-warped (Oppenheim & Schafer, *Discrete-Time Signal Processing*, section 7.1).
//!
//! ```
//! use quakebook::waveform::filter::{Filter, Pass};
//! let filter = Filter::highpass(4, 1.0, 100.0)?;
//! let offset = vec![1000.0; 500];
//! assert!(filter.apply(&offset, Pass::Causal).iter().all(|y| y.abs() < 1e-3));
//! assert!((filter.gain(1.0) - 0.5_f64.sqrt()).abs() < 1e-9);
//! # Ok::<(), quakebook::Error>(())
//! ```

mod cascade;

use std::f64::consts::PI;

use rustfft::num_complex::Complex64;

use crate::error::{Result, fail};
use crate::simd;
use crate::waveform::Record3C;
use cascade::Cascade;

/// How a filter runs over samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Forward alone: nothing is heard before it happens, but it is delayed. It starts as if the
    /// first sample had stood there for ever.
    Causal,
    /// Forward and backward: no delay and twice the slope, but onsets smear to earlier times.
    ZeroPhase,
}

/// A filter for one sampling rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    sampling_rate_hz: f64,
    sections: Vec<Section>,
}

/// `(b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

enum Band {
    Low(f64),
    High(f64),
    Between(f64, f64),
}

impl Filter {
    /// Lets pass what lies below `corner_hz`, where its gain is 1/sqrt(2).
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where the order is 0 or a corner is not between 0 and half the
    /// sampling rate.
    pub fn lowpass(order: usize, corner_hz: f64, sampling_rate_hz: f64) -> Result<Self> {
        Self::design(order, &Band::Low(corner_hz), sampling_rate_hz)
    }

    /// Lets pass what lies above `corner_hz`.
    ///
    /// # Errors
    /// As [`Filter::lowpass`].
    pub fn highpass(order: usize, corner_hz: f64, sampling_rate_hz: f64) -> Result<Self> {
        Self::design(order, &Band::High(corner_hz), sampling_rate_hz)
    }

    /// Lets pass what lies between `low_hz` and `high_hz`; `order` counts for each flank.
    ///
    /// # Errors
    /// As [`Filter::lowpass`], and where `low_hz` is not below `high_hz`.
    pub fn bandpass(
        order: usize,
        low_hz: f64,
        high_hz: f64,
        sampling_rate_hz: f64,
    ) -> Result<Self> {
        Self::design(order, &Band::Between(low_hz, high_hz), sampling_rate_hz)
    }

    fn design(order: usize, band: &Band, rate: f64) -> Result<Self> {
        let (low, high) = match *band {
            Band::Low(f) | Band::High(f) => (f, f),
            Band::Between(low, high) => (low, high),
        };
        let ordered = !matches!(band, Band::Between(..)) || low < high;
        if order == 0 || !(low > 0.0 && high < rate / 2.0 && ordered) {
            return Err(fail!(
                Waveform,
                format!("filter of order {order}, {low} to {high} Hz at {rate} Hz"),
                "expected order 1 or more and corners between 0 and half the sampling rate, the lower first",
                "Correct the corners"
            ));
        }
        // Frequencies of the analogue filter that the bilinear transform z = (1 + s) / (1 - s) puts
        // there.
        let warp = |f: f64| (PI * f / rate).tan();
        let prototype = (0..order).map(|k| {
            Complex64::from_polar(1.0, PI * (2 * k + order + 1) as f64 / (2 * order) as f64)
        });
        // The poles in the band, the zeros of one section, and where its gain is 1 (as z).
        let (poles, zeros, reference): (Vec<Complex64>, [f64; 2], Complex64) = match *band {
            Band::Low(f) => (
                prototype.map(|p| p * warp(f)).collect(),
                [-1.0; 2],
                Complex64::ONE,
            ),
            Band::High(f) => (
                prototype.map(|p| warp(f) / p).collect(),
                [1.0; 2],
                -Complex64::ONE,
            ),
            Band::Between(low, high) => {
                let (width, centre) = (warp(high) - warp(low), warp(low) * warp(high));
                let split = |p: Complex64| {
                    let half = p * width / 2.0;
                    let root = (half * half - centre).sqrt();
                    [half + root, half - root]
                };
                let at_centre = Complex64::from_polar(1.0, 2.0 * centre.sqrt().atan());
                (prototype.flat_map(split).collect(), [1.0, -1.0], at_centre)
            }
        };
        let poles: Vec<Complex64> = poles.iter().map(|s| (1.0 + s) / (1.0 - s)).collect();
        Ok(Self {
            sampling_rate_hz: rate,
            sections: pair(&poles)
                .into_iter()
                .map(|(p, q)| Section::new(p, q, zeros, reference))
                .collect(),
        })
    }

    /// Gain at a frequency.
    pub fn gain(&self, frequency_hz: f64) -> f64 {
        let z = Complex64::from_polar(1.0, 2.0 * PI * frequency_hz / self.sampling_rate_hz);
        self.sections.iter().map(|s| s.response(z).norm()).product()
    }

    /// Samples after which one per cent is left of what a filter remembers, or less.
    fn n_ringing(&self) -> usize {
        let slowest = self.sections.iter().map(|section| {
            let [a1, a2] = section.a;
            // Roots of z^2 + a1 z + a2.
            let root = (a1 * a1 / 4.0 - a2).max(0.0).sqrt();
            a2.abs().sqrt().max((a1 / 2.0).abs() + root)
        });
        let radius = slowest.fold(0.0, f64::max).min(0.999_999);
        (0.01_f64.ln() / radius.ln()).ceil() as usize
    }

    /// Samples beside a gap that cannot be used: the filter begins anew there, at rest.
    ///
    /// Below its band the sea moves the ground some hundred times as much as all within it. One per cent of that, which
    /// is left when the filter has rung once, looks like an onset; one per cent of one per cent does not.
    pub(crate) fn n_unsettled(&self) -> usize {
        2 * self.n_ringing()
    }

    /// Filters samples without a gap.
    pub fn apply(&self, samples: &[f32], pass: Pass) -> Vec<f32> {
        match pass {
            Pass::Causal => {
                let mut filtered = samples.to_vec();
                self.forward::<1, 1>([&mut filtered]);
                filtered
            }
            Pass::ZeroPhase => {
                let wide: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
                let filtered = self.forward_and_backward(&wide);
                filtered.iter().map(|y| *y as f32).collect()
            }
        }
    }

    /// Filters a record; after each gap the filter starts anew, so gaps neither ring nor spread.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where the record's sampling rate is not the filter's.
    pub fn record(&self, record: &Record3C, pass: Pass) -> Result<Record3C> {
        let mut filtered = record.clone();
        self.in_place(&mut filtered, pass)?;
        Ok(filtered)
    }

    /// [`Filter::record`], but what comes out takes the place of what went in: with large records that is
    /// quicker, as no other memory is needed.
    ///
    /// # Errors
    /// As [`Filter::record`]; the record is then as it was.
    pub fn in_place(&self, record: &mut Record3C, pass: Pass) -> Result<()> {
        if record.sampling_rate_hz != self.sampling_rate_hz {
            return Err(fail!(
                Waveform,
                record.station,
                format!(
                    "a record of {} Hz, a filter for {} Hz",
                    record.sampling_rate_hz, self.sampling_rate_hz
                ),
                "Design the filter for the record's rate"
            ));
        }
        match pass {
            // Three components take the processor little longer than one.
            Pass::Causal => self.forward::<3, 4>(record.data.each_mut().map(Vec::as_mut_slice)),
            Pass::ZeroPhase => *record = record.map(|samples| self.apply(samples, pass)),
        }
        Ok(())
    }

    /// Filters `N` lines of one length side by side, on `L` lanes (no fewer than lines; the processor
    /// takes four of them as one). Block by block, so that what is not yet an `f32` again stays in the
    /// cache.
    fn forward<const N: usize, const L: usize>(&self, mut lines: [&mut [f32]; N]) {
        let mut first = [0.0; L];
        for (lane, line) in first.iter_mut().zip(&lines) {
            *lane = line.first().copied().map_or(0.0, f64::from);
        }
        let mut cascade = Cascade::new(&self.sections, first);
        let mut as_before = cascade.clone();
        let mut block = [[0.0; L]; BLOCK];
        let n = lines[0].len();
        for start in (0..n).step_by(BLOCK) {
            let here = start..n.min(start + BLOCK);
            let block = &mut block[..here.len()];
            as_before.clone_from(&cascade);
            load(block, &lines, start);
            cascade.run(block);
            // A filter that has met a gap, NaN or infinite, gives nothing else any more.
            let last = block.last().copied().unwrap_or([0.0; L]);
            if last[..N].iter().any(|y| !y.is_finite()) {
                cascade.clone_from(&as_before);
                load(block, &lines, start);
                cascade.run_between_gaps(block);
            }
            store(block, &mut lines, start);
        }
    }

    /// The ends are continued by the samples turned about their end point, so that the filter
    /// has settled where they begin (Gustafsson 1996 discusses alternatives).
    fn forward_and_backward(&self, samples: &[f64]) -> Vec<f64> {
        let n = samples.len();
        // As long as SciPy's sosfiltfilt makes it.
        let n_odd = self.sections.iter().filter(|s| s.b[2] == 0.0).count();
        let edge = (3 * (2 * self.sections.len() + 1 - n_odd)).min(n.saturating_sub(1));
        let before = (1..=edge).rev().map(|i| 2.0 * samples[0] - samples[i]);
        let after = (1..=edge).map(|i| 2.0 * samples[n - 1] - samples[n - 1 - i]);
        let extended = before.chain(samples.iter().copied()).chain(after);
        let mut extended: Vec<[f64; 1]> = extended.map(|x| [x]).collect();
        for _ in 0..2 {
            let first = extended.first().copied().unwrap_or_default();
            Cascade::new(&self.sections, first).run(&mut extended);
            extended.reverse();
        }
        extended[edge..edge + n].as_flattened().to_vec()
    }
}

impl Section {
    /// Poles `p` and `q` (none for a section of first order), one zero for each, and gain 1 at
    /// `reference`.
    fn new(p: Complex64, q: Option<Complex64>, zeros: [f64; 2], reference: Complex64) -> Self {
        let (b, a) = match q {
            Some(q) => (
                [1.0, -zeros[0] - zeros[1], zeros[0] * zeros[1]],
                [-(p + q).re, (p * q).re],
            ),
            None => ([1.0, -zeros[0], 0.0], [-p.re, 0.0]),
        };
        let gain = Self { b, a }.response(reference).norm();
        Self {
            b: b.map(|b| b / gain),
            a,
        }
    }

    fn response(&self, z: Complex64) -> Complex64 {
        let (b, a, back) = (self.b, self.a, z.inv());
        (b[0] + back * (b[1] + back * b[2])) / (1.0 + back * (a[0] + back * a[1]))
    }
}

/// Samples of each line that are filtered at a time.
const BLOCK: usize = 512;

/// The samples of all lines from `start` on, as many as the block has.
fn load<const N: usize, const L: usize>(
    block: &mut [[f64; L]],
    lines: &[&mut [f32]; N],
    start: usize,
) {
    let lines = lines.each_ref().map(|line| &line[start..][..block.len()]);
    simd::wide(move || interleave(lines, block));
}

/// The block's samples in place of those of all lines from `start` on.
fn store<const N: usize, const L: usize>(
    block: &[[f64; L]],
    lines: &mut [&mut [f32]; N],
    start: usize,
) {
    let lines = lines
        .each_mut()
        .map(|line| &mut line[start..][..block.len()]);
    simd::wide(move || separate(block, lines));
}

/// Slices of one length, so that the processor takes four samples of each line at a time, and turns them.
#[inline(always)]
fn interleave<const N: usize, const L: usize>(lines: [&[f32]; N], block: &mut [[f64; L]]) {
    let lines = lines.map(|line| &line[..block.len()]);
    for (i, sample) in block.iter_mut().enumerate() {
        let of = |lane: usize| if lane < N { lines[lane][i] } else { 0.0 };
        *sample = std::array::from_fn(|lane| f64::from(of(lane)));
    }
}

#[inline(always)]
fn separate<const N: usize, const L: usize>(block: &[[f64; L]], lines: [&mut [f32]; N]) {
    let lines = lines.map(|line| &mut line[..block.len()]);
    for (i, sample) in block.iter().enumerate() {
        for lane in 0..N {
            lines[lane][i] = sample[lane] as f32;
        }
    }
}

/// Conjugate poles together, real ones two by two; an odd one is left alone.
fn pair(poles: &[Complex64]) -> Vec<(Complex64, Option<Complex64>)> {
    let tiny = 1e-12;
    let complex = poles
        .iter()
        .filter(|p| p.im > tiny)
        .map(|p| (*p, Some(p.conj())));
    let mut real: Vec<Complex64> = poles
        .iter()
        .filter(|p| p.im.abs() <= tiny)
        .copied()
        .collect();
    real.sort_by(|a, b| a.re.total_cmp(&b.re));
    let real = real.chunks(2).map(|two| (two[0], two.get(1).copied()));
    complex.chain(real).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One section after the other, in the textbook's order.
    fn one_by_one(filter: &Filter, samples: &[f32]) -> Vec<f32> {
        let mut line: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
        for section in &filter.sections {
            let first = line.first().copied().unwrap_or(0.0);
            let (memory, _) = section.after_constant(first);
            let mut running = cascade::Running {
                section: *section,
                memory: memory.map(|m| [m]),
            };
            for x in &mut line {
                [*x] = running.next::<false>([*x]);
            }
        }
        line.iter().map(|y| *y as f32).collect()
    }

    #[test]
    fn blocks_and_lines_side_by_side_give_what_one_after_the_other_gives() {
        let samples: Vec<f32> = (0..9000).map(|i| 50.0 + (i as f32 * 0.7).sin()).collect();
        for order in 1..=9 {
            let filter = Filter::bandpass(order, 2.0, 9.0, 100.0).unwrap();
            assert_eq!(filter.sections.len(), order);
            for n in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 4500] {
                let lines = [&samples[..n], &samples[7..7 + n], &samples[4500..4500 + n]];
                let mut together = lines.map(<[f32]>::to_vec);
                filter.forward::<3, 4>(together.each_mut().map(Vec::as_mut_slice));
                for (line, filtered) in lines.iter().zip(&together) {
                    assert_eq!(&filter.apply(line, Pass::Causal), filtered, "{order}, {n}");
                    let wanted = one_by_one(&filter, line);
                    for (y, wanted) in filtered.iter().zip(&wanted) {
                        assert!((y - wanted).abs() < 1e-6, "{order}, {n}: {y} {wanted}");
                    }
                }
            }
        }
    }
}

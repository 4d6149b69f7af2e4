//! Sections that run side by side over several lines of samples, block by block.

use super::Section;
use crate::lanes::{self, multiply_add};

/// A section and what it remembers of earlier samples of `L` lines, in transposed direct form II.
#[derive(Clone, Copy)]
pub(super) struct Running<const L: usize> {
    section: Section,
    memory: [[f64; L]; 2],
}

impl<const L: usize> Running<L> {
    /// As a constant `x` leaves it, and what comes out meanwhile.
    pub fn after_constant(section: Section, x: [f64; L]) -> (Self, [f64; L]) {
        let Section { b, a } = section;
        let y = x.map(|x| x * (b[0] + b[1] + b[2]) / (1.0 + a[0] + a[1]));
        let mut memory = [[0.0; L]; 2];
        for l in 0..L {
            memory[1][l] = b[2] * x[l] - a[1] * y[l];
            memory[0][l] = b[1] * x[l] - a[0] * y[l] + memory[1][l];
        }
        (Self { section, memory }, y)
    }

    #[inline(always)]
    pub fn next<const FUSED: bool>(&mut self, x: [f64; L]) -> [f64; L] {
        let (Section { b, a }, [m1, m2]) = (self.section, &mut self.memory);
        let mut y = [0.0; L];
        for l in 0..L {
            y[l] = multiply_add::<FUSED>(b[0], x[l], m1[l]);
            // In this order only two operations lie between one `y` and the next.
            let others = multiply_add::<FUSED>(b[1], x[l], m2[l]);
            m1[l] = multiply_add::<FUSED>(-a[0], y[l], others);
            m2[l] = multiply_add::<FUSED>(-a[1], y[l], b[2] * x[l]);
        }
        y
    }
}

/// Sections that follow one another, and go on from block to block.
#[derive(Clone)]
pub(super) struct Cascade<const L: usize>(Vec<Running<L>>);

impl<const L: usize> Cascade<L> {
    /// As if the first sample had stood there for ever.
    pub fn new(sections: &[Section], first: [f64; L]) -> Self {
        let mut x = first;
        let running = sections.iter().map(|section| {
            let (running, y) = Running::after_constant(*section, x);
            x = y;
            running
        });
        Self(running.collect())
    }

    /// Four sections at a time while there are so many, then one by one.
    pub fn run(&mut self, samples: &mut [[f64; L]]) {
        let (fours, rest) = self.0.as_chunks_mut::<4>();
        fours.iter_mut().for_each(|four| run(four, samples));
        let (ones, _) = rest.as_chunks_mut::<1>();
        ones.iter_mut().for_each(|one| run(one, samples));
    }

    /// The same, and a line that goes on after a gap begins anew.
    pub fn run_between_gaps(&mut self, samples: &mut [[f64; L]]) {
        let memory = self.0.first().map(|section| section.memory[0]);
        let mut before = memory.unwrap_or([0.0; L]);
        let mut from = 0;
        for i in 0..samples.len() {
            let now = samples[i];
            let goes_on = |lane: &usize| before[*lane].is_nan() && !now[*lane].is_nan();
            if (0..L).any(|lane| goes_on(&lane)) {
                self.run(&mut samples[from..i]);
                from = i;
                for lane in (0..L).filter(goes_on) {
                    self.start_anew(lane, now[lane]);
                }
            }
            before = now;
        }
        self.run(&mut samples[from..]);
    }

    /// One line, as [`Cascade::new`].
    fn start_anew(&mut self, lane: usize, first: f64) {
        let mut x = [first];
        for running in &mut self.0 {
            let (anew, y) = Running::after_constant(running.section, x);
            for (memory, anew) in running.memory.iter_mut().zip(anew.memory) {
                memory[lane] = anew[0];
            }
            x = y;
        }
    }
}

/// Runs samples through sections that follow one another. A section waits for its own last output
/// alone: meanwhile the processor goes on with other sections, and with other lines.
fn run<const N: usize, const L: usize>(sections: &mut [Running<L>; N], samples: &mut [[f64; L]]) {
    #[cfg(target_arch = "x86_64")]
    if lanes::has_avx2_and_fma() {
        // SAFETY: the processor has both features.
        return unsafe { run_avx2(sections, samples) };
    }
    run_as::<{ lanes::FUSED }, N, L>(sections, samples);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<const N: usize, const L: usize>(
    sections: &mut [Running<L>; N],
    samples: &mut [[f64; L]],
) {
    run_as::<true, N, L>(sections, samples);
}

/// Compiled once with and once without the features, hence inlined.
#[inline(always)]
fn run_as<const FUSED: bool, const N: usize, const L: usize>(
    sections: &mut [Running<L>; N],
    samples: &mut [[f64; L]],
) {
    // A copy stays in registers.
    let mut running = *sections;
    for sample in samples {
        for section in &mut running {
            *sample = section.next::<FUSED>(*sample);
        }
    }
    *sections = running;
}

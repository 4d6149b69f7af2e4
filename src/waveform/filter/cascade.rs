//! Sections that run side by side over several lines of samples, block by block.

use super::Section;
use crate::simd::{self, multiply_add};

/// A section and what it remembers of earlier samples of `L` lines, in transposed direct form II.
#[derive(Clone, Copy)]
pub(super) struct Running<const L: usize> {
    pub section: Section,
    pub memory: [[f64; L]; 2],
}

impl Section {
    /// What is remembered of a constant `x`, and what comes out meanwhile.
    pub fn after_constant(self, x: f64) -> ([f64; 2], f64) {
        let Self { b, a } = self;
        let y = x * (b[0] + b[1] + b[2]) / (1.0 + a[0] + a[1]);
        let second = b[2] * x - a[1] * y;
        ([b[1] * x - a[0] * y + second, second], y)
    }
}

impl<const L: usize> Running<L> {
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
    /// As if the first sample of each line had stood there for ever.
    pub fn new(sections: &[Section], first: [f64; L]) -> Self {
        let running = sections.iter().map(|section| Running {
            section: *section,
            memory: [[0.0; L]; 2],
        });
        let mut cascade = Self(running.collect());
        for (line, first) in first.into_iter().enumerate() {
            cascade.start(line, first);
        }
        cascade
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
            let goes_on = |lane: &usize| !before[*lane].is_finite() && now[*lane].is_finite();
            if (0..L).any(|lane| goes_on(&lane)) {
                self.run(&mut samples[from..i]);
                from = i;
                for lane in (0..L).filter(goes_on) {
                    self.start(lane, now[lane]);
                }
            }
            before = now;
        }
        self.run(&mut samples[from..]);
    }

    fn start(&mut self, line: usize, first: f64) {
        let mut x = first;
        for running in &mut self.0 {
            let ([m1, m2], y) = running.section.after_constant(x);
            (running.memory[0][line], running.memory[1][line]) = (m1, m2);
            x = y;
        }
    }
}

/// Runs samples through sections that follow one another. A section waits for its own last output
/// alone: meanwhile the processor goes on with other sections, and with other lines.
fn run<const N: usize, const L: usize>(sections: &mut [Running<L>; N], samples: &mut [[f64; L]]) {
    simd::dispatch!(fused run_as<const N: usize, const L: usize>(
        sections: &mut [Running<L>; N], samples: &mut [[f64; L]]
    ));
}

/// Inlined, so that [`simd::dispatch`] compiles it for the processor.
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

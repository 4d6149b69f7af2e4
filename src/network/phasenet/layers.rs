//! Layers of stride 4, down and up, as sums of shifted rows.

use super::rows::{Rows, Sums, TILE_ROWS, Tap};

/// In which rows the channels of one layer's output lie.
pub(super) fn channels(n: usize) -> Vec<usize> {
    (0..n).collect()
}

/// The same for two outputs, one behind the other: each fills whole tiles.
pub(super) fn joined(n_first: usize, n_second: usize) -> Vec<usize> {
    let first = n_first.next_multiple_of(TILE_ROWS);
    (0..n_first).chain(first..first + n_second).collect()
}

/// A kernel that is as long as it looks to both sides: `n` samples give `n`.
pub(super) fn same_taps(input: &[usize], kernel: usize) -> Vec<Tap> {
    let taps = |row: &usize| {
        let row = *row;
        let shifts = (0..kernel).map(move |k| k as isize - (kernel / 2) as isize);
        shifts.map(move |shift| Tap { row, shift })
    };
    input.iter().flat_map(taps).collect()
}

/// A convolution of stride 4: sample `t` sees samples from `4 t - before` on.
#[derive(Debug, Clone)]
pub(super) struct Down {
    input: Vec<usize>,
    sums: Sums,
    /// Samples of the output.
    n: usize,
}

impl Down {
    /// `weight(o, i, k)` is that of output `o`, input `i` and place `k` in the kernel.
    pub fn new(
        input: Vec<usize>,
        kernel: usize,
        [before, n]: [usize; 2],
        biases: &[f64],
        weight: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let places = (0..input.len()).flat_map(|i| (0..kernel).map(move |k| (i, k)));
        let places: Vec<(usize, usize)> = places.collect();
        let tap = |(i, k): &(usize, usize)| {
            let from = *k as isize - before as isize;
            Tap {
                row: 4 * i + from.rem_euclid(4) as usize,
                shift: from.div_euclid(4),
            }
        };
        let taps = places.iter().map(tap).collect();
        let weight = |o: usize, j: usize| weight(o, places[j].0, places[j].1);
        Self {
            input,
            sums: Sums::new(taps, biases, weight, true),
            n,
        }
    }

    pub fn apply(&self, x: &Rows) -> Rows {
        self.sums.apply(&x.parted(&self.input), self.n)
    }
}

/// A transposed convolution of stride 4, then what the step down has seen beside it: sample `t` of the input gives to
/// samples `4 t - before` on.
#[derive(Debug, Clone)]
pub(super) struct Up {
    parts: [Sums; 4],
    /// Samples of the output.
    n: usize,
    /// Whether what was seen comes first.
    is_after: bool,
}

impl Up {
    /// `weight(o, i, k)` as in [`Down::new`].
    pub fn new(
        input: &[usize],
        kernel: usize,
        [before, n]: [usize; 2],
        biases: &[f64],
        weight: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        // Output 4 s + r comes from input t by place k where 4 s + r = 4 t + k - before.
        let part = |r: usize| {
            let is_of = |k: &usize| *k % 4 == (r + before) % 4;
            let places =
                (0..input.len()).flat_map(|i| (0..kernel).filter(is_of).map(move |k| (i, k)));
            let places: Vec<(usize, usize)> = places.collect();
            let tap = |(i, k): &(usize, usize)| Tap {
                row: input[*i],
                shift: ((r + before) as isize - *k as isize) / 4,
            };
            let taps = places.iter().map(tap).collect();
            Sums::new(
                taps,
                biases,
                |o, j| weight(o, places[j].0, places[j].1),
                true,
            )
        };
        Self {
            parts: [0, 1, 2, 3].map(part),
            n,
            is_after: false,
        }
    }

    /// The same with what was seen in front.
    pub fn joined_after(self) -> Self {
        Self {
            is_after: true,
            ..self
        }
    }

    pub fn apply(&self, x: &Rows, seen: &Rows) -> Rows {
        let n_rows = self.parts[0].n_rows();
        let mut both = Rows::zeros(2 * n_rows, self.n);
        let (own, other) = match self.is_after {
            true => (n_rows, 0),
            false => (0, n_rows),
        };
        let parts = self
            .parts
            .each_ref()
            .map(|part| part.apply(x, self.n.div_ceil(4)));
        both.place_parts(own, &parts);
        both.place(other, seen);
        both
    }
}

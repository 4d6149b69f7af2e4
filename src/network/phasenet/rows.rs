//! Sums of shifted rows: the one loop that every layer of the picker is.
//!
//! A convolution of stride 1 adds shifted rows of its input. One of stride 4 does so too, when every row is first parted
//! into four: samples 0, 4, 8, ..., then 1, 5, 9, ..., and so on. A transposed one of stride 4 gives four such parts, which are then
//! put together. So the processor sees long rows and nothing else.

use crate::simd::dispatch;

/// Samples of a row that are computed together, and rows.
const TILE: usize = 16;
pub(super) const TILE_ROWS: usize = 4;

/// Zeros before a row, and at least so many behind it: no layer reaches farther.
const MARGIN: usize = 8;

/// Rows of equal length with zeros around each.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    samples: Vec<f32>,
    /// Samples of a row.
    n: usize,
    /// From one row's first zero to the next one's.
    step: usize,
}

impl Rows {
    /// `n_rows` rows of `n` zeros.
    pub fn zeros(n_rows: usize, n: usize) -> Self {
        let step = MARGIN + n.next_multiple_of(TILE) + MARGIN;
        Self {
            samples: vec![0.0; n_rows * step],
            n,
            step,
        }
    }

    pub fn n(&self) -> usize {
        self.n
    }

    fn n_rows(&self) -> usize {
        self.samples.len() / self.step
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.samples[row * self.step + MARGIN..][..self.n]
    }

    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.samples[row * self.step + MARGIN..][..self.n]
    }

    /// Places the rows of another of the same length from `first` on.
    pub fn place(&mut self, first: usize, other: &Self) {
        self.samples[first * self.step..][..other.samples.len()].copy_from_slice(&other.samples);
    }

    /// Four rows of each of these rows: every fourth sample from the first on, from the second on, ...
    pub fn parted(&self, rows: &[usize]) -> Self {
        let mut parts = Self::zeros(4 * rows.len(), self.n.div_ceil(4));
        for (i, row) in rows.iter().enumerate() {
            let (fours, rest) = self.row(*row).as_chunks::<4>();
            for r in 0..4 {
                let part = parts.row_mut(4 * i + r);
                for (y, four) in part.iter_mut().zip(fours) {
                    *y = four[r];
                }
                if let Some(last) = rest.get(r) {
                    part[fours.len()] = *last;
                }
            }
        }
        parts
    }

    /// Puts four parts together: sample `4 i + r` of a row is sample `i` of that row in part `r`.
    pub fn place_parts(&mut self, first: usize, parts: &[Self; 4]) {
        for i in 0..parts[0].n_rows() {
            let [a, b, c, d] = parts.each_ref().map(|part| part.row(i));
            for (j, four) in self.row_mut(first + i).chunks_mut(4).enumerate() {
                let all = [a[j], b[j], c[j], d[j]];
                four.copy_from_slice(&all[..four.len()]);
            }
        }
    }
}

/// A row of the input, shifted by some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tap {
    pub row: usize,
    /// Output sample `t` takes input sample `t + shift`.
    pub shift: isize,
}

/// `output[o][t] = bias[o] + sum of weights[o][tap] * input[tap.row][t + tap.shift]`, and perhaps what is negative becomes 0.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    taps: Vec<Tap>,
    /// For four rows of the output together: their biases, and their weights for each tap.
    blocks: Vec<Block>,
    is_rectified: bool,
}

#[derive(Debug, Clone)]
struct Block {
    biases: [f32; TILE_ROWS],
    weights: Vec<[f32; TILE_ROWS]>,
}

impl Sums {
    /// `weight(o, i)` is that of tap `i` for row `o` of the output.
    pub fn new(
        taps: Vec<Tap>,
        biases: &[f64],
        weight: impl Fn(usize, usize) -> f64,
        is_rectified: bool,
    ) -> Self {
        assert!(
            taps.iter().all(|tap| tap.shift.unsigned_abs() <= MARGIN),
            "no layer reaches beyond the zeros around its rows"
        );
        let n_out = biases.len();
        // Rows that fill up the last four are zeros.
        let or_zero =
            |o: usize, of: &dyn Fn(usize) -> f64| if o < n_out { of(o) as f32 } else { 0.0 };
        let four = |first: usize, of: &dyn Fn(usize) -> f64| {
            [0, 1, 2, 3].map(|o: usize| or_zero(first + o, of))
        };
        let block = |first: usize| Block {
            biases: four(first, &|o| biases[o]),
            weights: (0..taps.len())
                .map(|i| four(first, &|o| weight(o, i)))
                .collect(),
        };
        Self {
            blocks: (0..n_out).step_by(TILE_ROWS).map(block).collect(),
            taps,
            is_rectified,
        }
    }

    /// Rows of the output, with those that fill up the last four.
    pub fn n_rows(&self) -> usize {
        self.blocks.len() * TILE_ROWS
    }

    pub fn apply(&self, input: &Rows, n: usize) -> Rows {
        let mut output = Rows::zeros(self.n_rows(), n);
        self.apply_to(input, &mut output, 0);
        output
    }

    /// Writes the output's rows from `first` on.
    pub fn apply_to(&self, input: &Rows, output: &mut Rows, first: usize) {
        let of_row = |tap: &Tap| (tap.row * input.step + MARGIN).strict_add_signed(tap.shift);
        let places: Vec<usize> = self.taps.iter().map(of_row).collect();
        let reach = places
            .iter()
            .max()
            .map_or(0, |place| place + output.n.next_multiple_of(TILE));
        assert!(
            reach <= input.samples.len(),
            "the input's rows are as long as the layer needs"
        );
        for (i, block) in self.blocks.iter().enumerate() {
            let rows = &mut output.samples[(first + i * TILE_ROWS) * output.step..];
            add(
                &places,
                block,
                input,
                rows,
                [output.step, output.n],
                self.is_rectified,
            );
        }
    }
}

fn add(
    places: &[usize],
    block: &Block,
    input: &Rows,
    output: &mut [f32],
    [step, n]: [usize; 2],
    is_rectified: bool,
) {
    let samples = &input.samples[..];
    dispatch!(fused tiles<>(
        places: &[usize],
        block: &Block,
        samples: &[f32],
        output: &mut [f32],
        step: usize,
        n: usize,
        is_rectified: bool,
    ));
}

/// Inlined, so that [`dispatch`] compiles it for the processor.
#[inline(always)]
fn tiles<const FUSED: bool>(
    places: &[usize],
    block: &Block,
    samples: &[f32],
    output: &mut [f32],
    step: usize,
    n: usize,
    is_rectified: bool,
) {
    for start in (0..n).step_by(TILE) {
        let tile = tile::<FUSED>(places, block, samples, start);
        for (r, row) in tile.into_iter().enumerate() {
            let row = match is_rectified {
                true => row.map(|y| y.max(0.0)),
                false => row,
            };
            output[r * step + MARGIN + start..].as_chunks_mut().0[0] = row;
        }
    }
    // What is behind a row's end stays zero.
    for r in 0..TILE_ROWS {
        output[r * step + MARGIN..][n..n.next_multiple_of(TILE)].fill(0.0);
    }
}

/// Some samples of four rows. They are kept in registers: no reference to them escapes.
#[inline(always)]
fn tile<const FUSED: bool>(
    places: &[usize],
    block: &Block,
    samples: &[f32],
    start: usize,
) -> [[f32; TILE]; TILE_ROWS] {
    let mut tile = [[0.0_f32; TILE]; TILE_ROWS];
    for (r, row) in tile.iter_mut().enumerate() {
        *row = [block.biases[r]; TILE];
    }
    for (place, weights) in places.iter().zip(&block.weights) {
        let x: &[f32; TILE] = &samples[place + start..].as_chunks().0[0];
        for (r, row) in tile.iter_mut().enumerate() {
            for c in 0..TILE {
                row[c] = if FUSED {
                    weights[r].mul_add(x[c], row[c])
                } else {
                    weights[r] * x[c] + row[c]
                };
            }
        }
    }
    tile
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(row: usize, i: usize) -> f32 {
        ((row * 7 + i) as f32 * 0.37).sin()
    }

    fn rows(n_rows: usize, n: usize) -> Rows {
        let mut rows = Rows::zeros(n_rows, n);
        for row in 0..n_rows {
            let samples = rows.row_mut(row).iter_mut().enumerate();
            samples.for_each(|(i, y)| *y = wave(row, i));
        }
        rows
    }

    #[test]
    fn it_is_the_sum_of_products_for_any_length() {
        let weight = |o: usize, i: usize| (o as f64 - 2.0) * 0.3 + i as f64 * 0.1;
        for n in [1, 15, 16, 17, 33, 100] {
            let input = rows(3, n);
            let taps: Vec<Tap> = [(0, -3), (2, 0), (1, 3)]
                .map(|(row, shift)| Tap { row, shift })
                .to_vec();
            let biases = [0.5, -0.25, 0.0, 1.0, -4.0];
            for is_rectified in [false, true] {
                let sums = Sums::new(taps.clone(), &biases, weight, is_rectified);
                let output = sums.apply(&input, n);
                assert_eq!(output.n_rows(), 8);
                for (o, bias) in biases.iter().enumerate() {
                    for t in 0..n {
                        let at = |tap: &Tap| match t.checked_add_signed(tap.shift) {
                            Some(i) if i < n => f64::from(wave(tap.row, i)),
                            _ => 0.0,
                        };
                        let parts = taps
                            .iter()
                            .enumerate()
                            .map(|(i, tap)| weight(o, i) * at(tap));
                        let mut expected = bias + parts.sum::<f64>();
                        if is_rectified {
                            expected = expected.max(0.0);
                        }
                        let found = f64::from(output.row(o)[t]);
                        assert!((found - expected).abs() < 1e-6, "{n} {o} {t}");
                    }
                }
                let rest = output.samples.iter().filter(|y| !y.is_finite());
                assert_eq!(rest.count(), 0);
                // Another layer finds zeros behind the row.
                assert_eq!(
                    output.samples[MARGIN + n..output.step],
                    vec![0.0; output.step - MARGIN - n]
                );
            }
        }
    }

    #[test]
    fn parts_put_together_are_the_row() {
        for n in [1, 4, 7, 46, 47, 48] {
            let whole = rows(2, n);
            let parted = whole.parted(&[1, 0]);
            let part = |r: usize| {
                let mut part = Rows::zeros(2, n.div_ceil(4));
                part.row_mut(0).copy_from_slice(parted.row(4 + r));
                part.row_mut(1).copy_from_slice(parted.row(r));
                part
            };
            let mut together = Rows::zeros(2, n);
            together.place_parts(0, &[0, 1, 2, 3].map(part));
            assert_eq!(together.samples, whole.samples);
        }
    }
}

//! The matrix product that every layer is made from.

use crate::simd;

/// A tile: four rows of 16 columns fill eight registers of 8 numbers and leave eight for the factors.
const TILE_ROWS: usize = 4;
const TILE_COLUMNS: usize = 16;

/// The left-hand matrix: element (i, k) is `values[i * row + k * column]`. Steps shorter than a row
/// make rows overlap. That is a convolution, without a copy of any window.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

impl Left<'_> {
    /// Rows for columns: for the derivatives by the right-hand matrix.
    pub fn transposed(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
            ..self
        }
    }
}

/// Adds numbers to as many others.
pub fn add(sum: &mut [f32], more: &[f32]) {
    sum.iter_mut().zip(more).for_each(|(s, m)| *s += m);
}

/// Adds `left · right` to rows 0, `every`, 2 `every`, ... of `sum`; `right` has one row for each
/// column of `left`, and a multiple of 16 columns.
///
/// The order of the additions is the same in each call and on each thread. It uses AVX2 and FMA
/// where the processor has them.
///
/// # Panics
/// Where `left` is shorter than the product needs, or `every` is 0.
pub fn add_product<const N: usize>(
    left: Left,
    right: &[[f32; N]],
    sum: &mut [[f32; N]],
    every: usize,
) {
    const { assert!(N.is_multiple_of(TILE_COLUMNS)) };
    let (n_rows, n_inner) = (sum.len().div_ceil(every), right.len());
    if n_rows == 0 || n_inner == 0 {
        return;
    }
    let last = (n_rows - 1) * left.row + (n_inner - 1) * left.column;
    assert!(last < left.values.len(), "left matrix too short");
    simd::dispatch!(fused add_tiles<const N: usize>(
        left: Left, right: &[[f32; N]], sum: &mut [[f32; N]], every: usize
    ));
}

/// Inlined, so that [`simd::dispatch`] compiles it for the processor.
#[inline(always)]
fn add_tiles<const FUSED: bool, const N: usize>(
    left: Left,
    right: &[[f32; N]],
    sum: &mut [[f32; N]],
    every: usize,
) {
    let n_rows = sum.len().div_ceil(every);
    let n_tiled = n_rows - n_rows % TILE_ROWS;
    for first in (0..n_tiled).step_by(TILE_ROWS) {
        for part in 0..N / TILE_COLUMNS {
            add_tile::<FUSED, N, TILE_ROWS, TILE_COLUMNS>(left, right, sum, first, every, part);
        }
    }
    for row in n_tiled..n_rows {
        add_tile::<FUSED, N, 1, N>(left, right, sum, row, every, 0);
    }
}

/// `R` rows from `first` on of one part of the columns; a part has `C` columns. The rows are kept in
/// registers: no reference to them escapes, not even to `copy_from_slice` or `zip`.
#[inline(always)]
fn add_tile<const FUSED: bool, const N: usize, const R: usize, const C: usize>(
    left: Left,
    right: &[[f32; N]],
    sum: &mut [[f32; N]],
    first: usize,
    every: usize,
    part: usize,
) {
    let mut tile = [[0.0_f32; C]; R];
    for (r, row) in tile.iter_mut().enumerate() {
        *row = sum[(first + r) * every].as_chunks().0[part];
    }
    for (k, factors) in right.iter().enumerate() {
        let factors: &[f32; C] = &factors.as_chunks().0[part];
        for (r, row) in tile.iter_mut().enumerate() {
            // SAFETY: `add_product` has checked the last element of the left matrix.
            let x = unsafe {
                let index = (first + r) * left.row + k * left.column;
                *left.values.get_unchecked(index)
            };
            for c in 0..C {
                row[c] = if FUSED {
                    x.mul_add(factors[c], row[c])
                } else {
                    x * factors[c] + row[c]
                };
            }
        }
    }
    for (r, row) in tile.iter().enumerate() {
        sum[(first + r) * every].as_chunks_mut().0[part] = *row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N_COLUMNS: usize = 32;
    type Row = [f32; N_COLUMNS];

    fn numbers(n: usize, step: f32) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * step).sin()).collect()
    }

    fn rows(n: usize, step: f32) -> Vec<Row> {
        let values = numbers(n * N_COLUMNS, step);
        values.as_chunks().0.to_vec()
    }

    #[test]
    fn it_is_the_sum_of_products_for_any_size_and_step() {
        let values = numbers(2000, 0.7);
        for (n_rows, n_inner, row, column, every) in [
            (4, 9, 6, 1, 1),
            (7, 96, 64, 1, 2),
            (96, 5, 1, 64, 1),
            (1, 1, 1, 1, 3),
            (0, 4, 1, 1, 1),
            (3, 0, 1, 1, 1),
        ] {
            let right = rows(n_inner, 0.3);
            let before = rows(usize::max(n_rows * every, every) - (every - 1), 1.1);
            let before = &before[..if n_rows == 0 { 0 } else { before.len() }];
            let left = Left {
                values: &values,
                row,
                column,
            };
            let mut fused = before.to_vec();
            add_product(left, &right, &mut fused, every);
            let mut plain = before.to_vec();
            add_tiles::<false, N_COLUMNS>(left, &right, &mut plain, every);
            for (i, row_before) in before.iter().enumerate() {
                for c in 0..N_COLUMNS {
                    let mut wanted = f64::from(row_before[c]);
                    if i % every == 0 {
                        wanted += (0..n_inner)
                            .map(|k| {
                                let x = values[i / every * row + k * column];
                                f64::from(x) * f64::from(right[k][c])
                            })
                            .sum::<f64>();
                    }
                    assert!((f64::from(fused[i][c]) - wanted).abs() < 1e-5);
                    assert!((f64::from(plain[i][c]) - wanted).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "left matrix too short")]
    fn a_short_left_matrix_is_refused() {
        let left = Left {
            values: &[1.0; 10],
            row: 6,
            column: 1,
        };
        add_product(left, &rows(9, 0.1), &mut rows(2, 0.1), 1);
    }
}

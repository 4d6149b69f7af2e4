//! The two-dimensional Haar wavelet transform.

/// Transforms an image of `n_rows` rows in place; both sides are powers of two.
///
/// At each level rows, then columns, of the part that is still an image become averages (first
/// half) and differences (second half) of neighbours, over the root of 2, so that the sum of squares
/// stays; then the part of averages is the next image, until one of its sides is 1 (Mallat 1989, *IEEE
/// Trans. PAMI* 11, 674-693; PyWavelets' `wavedec2` with `haar`).
///
/// ```
/// use quakebook::detect::fast::haar_2d;
/// let mut image = [1.0_f32, 1.0, 1.0, 5.0];
/// haar_2d(&mut image, 2);
/// let expected = [4.0, -2.0, -2.0, 2.0];
/// assert!(image.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5));
/// ```
///
/// # Panics
/// If a side is no power of two.
pub fn haar_2d(image: &mut [f32], n_rows: usize) {
    let n_columns = sides(image, n_rows);
    let mut line = Vec::new();
    let (mut rows, mut columns) = (n_rows, n_columns);
    while rows > 1 && columns > 1 {
        for row in 0..rows {
            let values = &mut image[row * n_columns..][..columns];
            line.clear();
            line.extend_from_slice(values);
            let half = columns / 2;
            for (i, pair) in line.as_chunks::<2>().0.iter().enumerate() {
                values[i] = (pair[0] + pair[1]) * ROOT_HALF;
                values[half + i] = (pair[0] - pair[1]) * ROOT_HALF;
            }
        }
        // Two rows at a time, all columns at once.
        let half = rows / 2;
        line.clear();
        line.resize(half * columns, 0.0);
        for i in 0..half {
            for column in 0..columns {
                let a = image[2 * i * n_columns + column];
                let b = image[(2 * i + 1) * n_columns + column];
                // Row i is not needed any more, for 2 i >= i.
                image[i * n_columns + column] = (a + b) * ROOT_HALF;
                line[i * columns + column] = (a - b) * ROOT_HALF;
            }
        }
        for i in 0..half {
            image[(half + i) * n_columns..][..columns]
                .copy_from_slice(&line[i * columns..][..columns]);
        }
        (rows, columns) = (half, columns / 2);
    }
}

/// The way back, for drawing what a fingerprint keeps.
///
/// # Panics
/// If a side is no power of two.
pub fn inverse_haar_2d(coefficients: &mut [f32], n_rows: usize) {
    let n_columns = sides(coefficients, n_rows);
    let n_levels = n_rows.min(n_columns).ilog2();
    for level in (0..n_levels).rev() {
        let (rows, columns) = (n_rows >> level, n_columns >> level);
        let before = coefficients.to_vec();
        let value = |row: usize, column: usize| before[row * n_columns + column];
        let (half_rows, half_columns) = (rows / 2, columns / 2);
        for row in 0..half_rows {
            for column in 0..half_columns {
                let (mean, across) = (value(row, column), value(row, half_columns + column));
                let down = value(half_rows + row, column);
                let both = value(half_rows + row, half_columns + column);
                let mut put = |i: usize, j: usize, y: f32| {
                    coefficients[(2 * row + i) * n_columns + 2 * column + j] = y / 2.0;
                };
                put(0, 0, mean + across + down + both);
                put(0, 1, mean - across + down - both);
                put(1, 0, mean + across - down - both);
                put(1, 1, mean - across - down + both);
            }
        }
    }
}

const ROOT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

fn sides(image: &[f32], n_rows: usize) -> usize {
    let n_columns = image.len() / n_rows;
    assert!(
        n_rows.is_power_of_two()
            && n_columns.is_power_of_two()
            && n_rows * n_columns == image.len(),
        "an image of {} values in {n_rows} rows: sides must be powers of two",
        image.len()
    );
    n_columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_the_energy_stays() {
        let image: Vec<f32> = (0..32 * 64).map(|i| ((i * 7919) % 101) as f32).collect();
        let mut coefficients = image.clone();
        haar_2d(&mut coefficients, 32);
        let energy = |values: &[f32]| values.iter().map(|y| y * y).sum::<f32>();
        assert!((energy(&image) / energy(&coefficients) - 1.0).abs() < 1e-5);
        inverse_haar_2d(&mut coefficients, 32);
        for (a, b) in image.iter().zip(&coefficients) {
            assert!((a - b).abs() < 1e-3);
        }
    }

    #[test]
    fn an_even_image_is_its_averages() {
        let mut image = [3.0; 8];
        haar_2d(&mut image, 2);
        // One level: 2 x 4 to 1 x 2 averages, each 3 times 2.
        assert!(image[..2].iter().all(|y| (y - 6.0).abs() < 1e-5));
        assert!(image[2..].iter().all(|y| *y == 0.0));
    }
}

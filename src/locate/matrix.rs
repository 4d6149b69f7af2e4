//! Small matrices.

/// The inverse of a symmetric positive matrix, by Gauss and Jordan's elimination with pivots; `None` where there is none.
pub(super) fn inverse<const N: usize>(mut a: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut b = [[0.0; N]; N];
    for (i, row) in b.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    let scale: [f64; N] = std::array::from_fn(|i| a[i][i].abs());
    for i in 0..N {
        let pivot = (i..N).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs()))?;
        // What elimination leaves of a column that depends on the others.
        if a[pivot][i].is_nan() || a[pivot][i].abs() <= 1e-12 * scale[i] {
            return None;
        }
        a.swap(i, pivot);
        b.swap(i, pivot);
        let factor = 1.0 / a[i][i];
        for j in 0..N {
            a[i][j] *= factor;
            b[i][j] *= factor;
        }
        for k in (0..N).filter(|k| *k != i) {
            let factor = a[k][i];
            for j in 0..N {
                a[k][j] -= factor * a[i][j];
                b[k][j] -= factor * b[i][j];
            }
        }
    }
    Some(b)
}

pub(super) fn product<const N: usize>(a: &[[f64; N]; N], x: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| a[i].iter().zip(x).map(|(a, x)| a * x).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_undoes_its_matrix() {
        let a = [[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]];
        let b = inverse(a).unwrap();
        let x = [1.0, -2.0, 3.0];
        let back = product(&b, &product(&a, &x));
        assert!(back.iter().zip(x).all(|(b, x)| (b - x).abs() < 1e-12));
        assert!(inverse([[1.0, 2.0], [2.0, 4.0]]).is_none());
        assert!(inverse([[f64::NAN]]).is_none());
    }
}

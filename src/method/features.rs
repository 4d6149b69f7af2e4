//! What a seismologist would look at, in eight numbers of a window: the features of a logistic regression.

use std::ops::Range;

use crate::waveform::RATE_HZ;

/// What each feature is, in the order of [`features`].
pub const FEATURES: [&str; 8] = [
    "rise of the vertical",
    "rise of the horizontals",
    "rise of the second of three components",
    "vertical over horizontals",
    "rectilinearity",
    "frequency of the vertical",
    "kurtosis of the vertical",
    "later rise of the horizontals (S)",
];

/// The onset is where energy rises most from so long before to so long after, on the second of three components.
const BEFORE_S: f64 = 4.0;
const AFTER_S: f64 = 0.6;

/// After the onset: of P, and from then on until S must have come.
const P_S: f64 = 1.0;
const S_UNTIL_S: f64 = 8.0;

/// The features of a window `(3, n)` at [`RATE_HZ`] (east, north, up) whose onset lies in the span `core_s`, in seconds from its start.
///
/// The window is scaled by noise ([`crate::window::Normalisation::Noise`]), which compresses what is large: that is undone. All
/// but the frequency and the rectilinearity are logarithms.
pub fn features(window: &[f32], core_s: Range<f64>) -> [f64; 8] {
    let sample = |s: f64| (s * RATE_HZ).round() as usize;
    // What no onset in the core can reach is left out.
    let from = sample(core_s.start).saturating_sub(sample(BEFORE_S));
    let end = (sample(core_s.end) + sample(S_UNTIL_S)).min(window.len() / 3);
    let rows = window.chunks_exact(window.len() / 3);
    let mut rows = rows.map(|row| row[from..end].iter().map(|v| sinh(f64::from(*v))).collect());
    let rows: [Vec<f64>; 3] = std::array::from_fn(|_| rows.next().unwrap_or_default());
    let energy = rows.each_ref().map(|row| Energy::of(row));
    let n = end - from;
    let (before, after) = (sample(BEFORE_S), sample(AFTER_S));
    let rise = |i: usize, t: usize, after: usize| {
        energy[i].level(t..t + after) - energy[i].level(t.saturating_sub(before)..t)
    };
    let second = |of: [f64; 3]| {
        let [a, b, c] = of;
        a.min(b).max(a.max(b).min(c))
    };
    // Every second sample is near enough.
    let core = sample(core_s.start) - from..sample(core_s.end) - from;
    let onsets = (core.start..core.end.min(n - after)).step_by(2);
    // Where the ratio of energies is largest, so is its logarithm.
    let ratio = |i: usize, t: usize| {
        energy[i].mean(t..t + after) / energy[i].mean(t.saturating_sub(before)..t)
    };
    let onset = onsets
        .map(|t| (t, second([0, 1, 2].map(|i| ratio(i, t)))))
        .fold((0, f64::NEG_INFINITY), |best, one| {
            if one.1 > best.1 { one } else { best }
        })
        .0;
    let p = onset..(onset + sample(P_S)).min(n);
    let both = |span: Range<usize>| {
        let (east, north) = (energy[0].level(span.clone()), energy[1].level(span));
        east.max(north)
    };
    let later = (p.end..(onset + sample(S_UNTIL_S)).min(n).saturating_sub(p.len()))
        .step_by(5)
        .map(|t| both(t..t + p.len()))
        .fold(f64::NEG_INFINITY, f64::max);
    let of_p = both(p.clone());
    [
        rise(2, onset, p.len()),
        rise(0, onset, p.len()).max(rise(1, onset, p.len())),
        second([0, 1, 2].map(|i| rise(i, onset, after))),
        energy[2].level(p.clone()) - of_p,
        rectilinearity(rows.each_ref().map(|row| &row[p.clone()])),
        crossings_hz(&rows[2][p.start..(p.start + 2 * p.len()).min(n)]),
        kurtosis(&rows[2][onset.saturating_sub(before)..p.end]).ln(),
        // Where the window ends with P there is none.
        if later.is_finite() { later - of_p } else { 0.0 },
    ]
}

/// Sums of squares, so that the level of any span is one difference.
struct Energy(Vec<f64>);

/// A thousandth of the noise, where there is no sample or only zeros.
const FLOOR: f64 = 1e-6;

impl Energy {
    fn of(row: &[f64]) -> Self {
        let mut sum = 0.0;
        let sums = row.iter().map(|x| {
            sum += x * x;
            sum
        });
        Self(std::iter::once(0.0).chain(sums).collect())
    }

    /// The mean square of a span, as far as it reaches.
    fn mean(&self, span: Range<usize>) -> f64 {
        let last = self.0.len() - 1;
        let (start, end) = (span.start.min(last), span.end.min(last));
        let mean = (self.0[end] - self.0[start]) / (end - start).max(1) as f64;
        mean.max(FLOOR)
    }

    /// The logarithm of the root mean square of a span, as far as it reaches.
    fn level(&self, span: Range<usize>) -> f64 {
        0.5 * self.mean(span).ln()
    }
}

/// Of samples that are a few units at most, where it is as exact as the library's function and takes half its time.
fn sinh(x: f64) -> f64 {
    let e = x.exp();
    0.5 * (e - 1.0 / e)
}

/// 1 where three components move along a line, 0 where in all directions alike (Jurkevics 1988, *BSSA* 78, 1725-1743).
fn rectilinearity(rows: [&[f64]; 3]) -> f64 {
    let n = rows[0].len().max(1) as f64;
    let product = |i: usize, j: usize| -> f64 {
        let pairs = rows[i].iter().zip(rows[j]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / n
    };
    let trace = product(0, 0) + product(1, 1) + product(2, 2);
    if trace <= 3.0 * FLOOR {
        return 0.0;
    }
    // The largest eigenvalue of a symmetric matrix of three rows by trigonometry (Smith 1961, CACM 4, 168).
    let mean = trace / 3.0;
    let off = product(0, 1).powi(2) + product(0, 2).powi(2) + product(1, 2).powi(2);
    let spread: f64 = (0..3).map(|i| (product(i, i) - mean).powi(2)).sum::<f64>() + 2.0 * off;
    let p = (spread / 6.0).sqrt();
    if p <= 1e-12 * mean {
        return 0.0;
    }
    let b = |i: usize, j: usize| (product(i, j) - if i == j { mean } else { 0.0 }) / p;
    let determinant = b(0, 0) * (b(1, 1) * b(2, 2) - b(1, 2).powi(2))
        - b(0, 1) * (b(0, 1) * b(2, 2) - b(1, 2) * b(0, 2))
        + b(0, 2) * (b(0, 1) * b(1, 2) - b(1, 1) * b(0, 2));
    let largest = mean + 2.0 * p * ((determinant / 2.0).clamp(-1.0, 1.0).acos() / 3.0).cos();
    1.0 - (trace - largest) / (2.0 * largest)
}

/// Half the zero crossings a second.
fn crossings_hz(row: &[f64]) -> f64 {
    let pairs = row.array_windows::<2>();
    let n = pairs.filter(|[a, b]| (*a < 0.0) != (*b < 0.0)).count();
    n as f64 / 2.0 * RATE_HZ / row.len().max(1) as f64
}

/// The fourth moment over the square of the second: 3 of noise, more where something stands out (Saragiotis,
/// Hadjileontiadis & Panas 2002, *IEEE TGRS* 40, 1395-1404). 1 of nothing.
fn kurtosis(row: &[f64]) -> f64 {
    let n = row.len().max(1) as f64;
    let moment = |k: i32| row.iter().map(|x| x.powi(k)).sum::<f64>() / n;
    match moment(2) {
        second if second > FLOOR => moment(4) / second.powi(2),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of one count everywhere; from 9 s on a wave of 10 Hz, five times as large on the vertical as on the horizontals; from
    /// 11 s on a larger one on the horizontals.
    fn window() -> Vec<f32> {
        let n = 2000;
        let at = |i: usize| i as f64 / RATE_HZ;
        let noise = |i: usize, c: usize| ((i * i * (c + 3)) as f64 * 0.7).sin();
        let wave = |i: usize| (std::f64::consts::TAU * 10.0 * at(i) + 0.1).sin();
        let row = |c: usize| {
            (0..n).map(move |i| {
                let size = match (c, at(i)) {
                    (2, t) if (9.0..15.0).contains(&t) => 10.0,
                    (0 | 1, t) if (9.0..11.0).contains(&t) => 2.0,
                    (0 | 1, t) if (11.0..17.0).contains(&t) => 30.0,
                    _ => 0.0,
                };
                ((noise(i, c) + size * wave(i)).asinh()) as f32
            })
        };
        row(0).chain(row(1)).chain(row(2)).collect()
    }

    #[test]
    fn an_earthquake_has_the_features_of_one() {
        // S comes after the core.
        let found = features(&window(), 5.0..10.3);
        let of = |name: &str| found[FEATURES.iter().position(|f| *f == name).unwrap()];
        assert!(of("rise of the vertical") > 1.5, "{found:?}");
        assert!(of("vertical over horizontals") > 1.0, "{found:?}");
        assert!(of("later rise of the horizontals (S)") > 1.5, "{found:?}");
        assert!(of("rectilinearity") > 0.9, "{found:?}");
        assert!(
            (of("frequency of the vertical") - 10.0).abs() < 1.5,
            "{found:?}"
        );
        assert!(of("kurtosis of the vertical") > 3f64.ln(), "{found:?}");
    }

    #[test]
    fn waves_along_a_line_and_in_all_directions() {
        let wave: Vec<f64> = (0..100).map(|i| (f64::from(i) * 0.4).sin()).collect();
        let other: Vec<f64> = (0..100).map(|i| (f64::from(i) * 0.9).cos()).collect();
        let third: Vec<f64> = (0..100).map(|i| (f64::from(i) * 1.7).sin()).collect();
        assert!((rectilinearity([&wave, &wave, &wave]) - 1.0).abs() < 1e-9);
        assert!(rectilinearity([&wave, &other, &third]) < 0.3);
        assert_eq!(rectilinearity([&[0.0], &[0.0], &[0.0]]), 0.0);
    }

    #[test]
    fn a_window_of_zeros_has_features() {
        assert!(
            features(&[0.0; 6000], 5.0..13.0)
                .iter()
                .all(|f| f.is_finite())
        );
    }
}

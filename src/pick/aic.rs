//! The classical picker: where a record is best parted into noise and signal.

/// The sample at which a stretch of record is best parted into two of different power: where [`aic_curve`] is smallest. `None` of
/// fewer than eight samples, of samples that are not finite, or of a part that does not move.
///
/// It finds an onset in every stretch: give it one that holds an onset.
///
/// ```
/// let wave = |i: usize| if i < 300 { 1.0 } else { 20.0 } * (i as f32 * 1.3).sin();
/// let record: Vec<f32> = (0..500).map(wave).collect();
/// let onset = quakebook::pick::aic_onset(&record).unwrap();
/// assert!(onset.abs_diff(300) <= 2);
/// ```
pub fn aic_onset(samples: &[f32]) -> Option<usize> {
    let curve = aic_curve(samples).into_iter().enumerate();
    let told = curve.filter(|(_, aic)| !aic.is_nan());
    told.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k)
}

/// Akaike's information criterion of a stretch that is parted before each of its samples.
///
/// Of two stationary parts it is `k log var(x[..k]) + (n - k - 1) log var(x[k..])` (Maeda 1985, *Zisin* 38, 365-379; Zhang, Thurber &
/// Rowe 2003, doi:10.1785/0120020241). NaN where a part has fewer than four samples or does not move, and everywhere where a sample is
/// not finite.
pub fn aic_curve(samples: &[f32]) -> Vec<f64> {
    let n = samples.len();
    let mut curve = vec![f64::NAN; n];
    if n < 2 * LEAST || samples.iter().any(|x| !x.is_finite()) {
        return curve;
    }
    // A mean far from zero would swallow the variance.
    let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
    let centred: Vec<f64> = samples.iter().map(|x| f64::from(*x) - mean).collect();
    let before: Vec<f64> = variances(centred.iter()).collect();
    let mut after: Vec<f64> = variances(centred.iter().rev()).collect();
    after.reverse();
    for k in LEAST..=n - LEAST {
        let aic = k as f64 * before[k - 1].ln() + (n - k - 1) as f64 * after[k].ln();
        if aic.is_finite() {
            curve[k] = aic;
        }
    }
    curve
}

/// Samples of a part.
const LEAST: usize = 4;

/// The variances of the first sample, of the first two, ...
fn variances<'a>(samples: impl Iterator<Item = &'a f64>) -> impl Iterator<Item = f64> {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    samples.map(move |x| {
        n += 1.0;
        sum += x;
        squares += x * x;
        (squares / n - (sum / n) * (sum / n)).max(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::{aic_curve, aic_onset};

    #[test]
    fn the_onset_is_where_the_sum_by_hand_is_smallest() {
        let record: Vec<f32> = (0..60)
            .map(|i| if i < 37 { 1.0 } else { 9.0 } * (i as f32 * 2.1).sin() + 100.0)
            .collect();
        let variance = |part: &[f32]| {
            let mean = part.iter().map(|x| f64::from(*x)).sum::<f64>() / part.len() as f64;
            let squares = part.iter().map(|x| (f64::from(*x) - mean).powi(2));
            squares.sum::<f64>() / part.len() as f64
        };
        let aic = |k: usize| {
            k as f64 * variance(&record[..k]).ln() + (59 - k) as f64 * variance(&record[k..]).ln()
        };
        let expected = (4..=56).min_by(|a, b| aic(*a).total_cmp(&aic(*b)));
        assert_eq!(aic_onset(&record), expected);
        let curve = aic_curve(&record);
        assert!((4..=56).all(|k| (curve[k] - aic(k)).abs() < 1e-6));
        assert!(curve[3].is_nan() && curve[57].is_nan());
        assert!(expected.unwrap().abs_diff(37) <= 1);
    }

    #[test]
    fn nothing_is_found_where_nothing_can_be() {
        for record in [
            vec![],
            vec![1.0; 7],
            vec![1.0; 100],
            vec![f32::NAN; 100],
            vec![f32::INFINITY; 100],
        ] {
            assert_eq!(aic_onset(&record), None);
            assert!(aic_curve(&record).iter().all(|aic| aic.is_nan()));
        }
    }
}

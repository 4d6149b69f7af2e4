//! Scaling a window, and what that does to the components beside one another.

use super::Normalisation;
use crate::error::{Result, fail};
use crate::simd;

/// The window scaled; `samples` are `(3, n_samples)`, component after component.
///
/// # Errors
/// [`crate::Error::Window`] where the length is no multiple of three, a value is not finite, a component is
/// flat, so that its scale would be 0, or a fixed scale is 0.
pub fn normalise(samples: &[f32], normalisation: Normalisation) -> Result<Vec<f32>> {
    let mut scaled = samples.to_vec();
    normalise_in_place(&mut scaled, normalisation)?;
    Ok(scaled)
}

/// [`normalise`] without a copy.
///
/// # Errors
/// As [`normalise`]; the window is then as it was.
pub(crate) fn normalise_in_place(samples: &mut [f32], normalisation: Normalisation) -> Result<()> {
    let refuse = |what: String, remedy: &str| Err(fail!(Window, "normalise", what, remedy));
    normalisation.check()?;
    if samples.is_empty() || !samples.len().is_multiple_of(3) {
        return refuse(
            format!("{} values are not three components", samples.len()),
            "Pass all of component 0, then 1, then 2",
        );
    }
    if normalisation == Normalisation::Noise {
        return by_noise(samples);
    }
    // What is not finite stays so in a sum.
    if !simd::sum(samples).is_finite()
        && let Some(i) = samples.iter().position(|x| !x.is_finite())
    {
        return refuse(
            format!("value {i} is {}", samples[i]),
            "Leave out windows with gaps: the log of rejections counts them",
        );
    }
    let n = samples.len();
    let mut rows = samples.chunks_exact(n / 3);
    if let Some(i) = rows.position(|row| range(row).1 == 0.0) {
        return refuse(
            format!("component {i} is flat"),
            "Leave this window out: its sensor did not work",
        );
    }
    let rows = samples.chunks_exact_mut(n / 3);
    match normalisation {
        Normalisation::MinMaxPerComponent => rows.for_each(min_max),
        Normalisation::MinMaxJoint => min_max(samples),
        Normalisation::Fixed { counts } => by_counts(samples, counts),
        Normalisation::Noise => unreachable!("returned above"),
        Normalisation::Std | Normalisation::Peak => {
            let mut rows: Vec<(f64, &mut [f32])> = rows.map(|row| (simd::mean(row), row)).collect();
            let scale = if normalisation == Normalisation::Peak {
                let peaks = rows.iter().map(|(mean, row)| {
                    let (low, high) = simd::extremes(row);
                    (mean - f64::from(low)).max(f64::from(high) - mean)
                });
                peaks.fold(0.0, f64::max)
            } else {
                let of_row = |(mean, row): &(f64, &mut [f32])| simd::squares_about(*mean, row);
                (rows.iter().map(of_row).sum::<f64>() / n as f64).sqrt()
            };
            for (mean, row) in &mut rows {
                simd::scale(*mean, scale, row);
            }
        }
    }
    Ok(())
}

/// The same of a window that was scaled before, and has changed since.
pub(crate) fn normalise_again(samples: &mut [f32], normalisation: Normalisation) -> Result<()> {
    let again = match normalisation {
        // A fixed scale is not that of the window, and stays.
        Normalisation::Fixed { .. } => Normalisation::Fixed { counts: 1 },
        // Nor can noise be measured where it was compressed.
        Normalisation::Noise => return Ok(()),
        other => other,
    };
    normalise_in_place(samples, again)
}

/// Counts in units of so many, in place.
pub(crate) fn by_counts(values: &mut [f32], counts: u32) {
    values.iter_mut().for_each(|x| *x /= counts as f32);
}

/// See [`Normalisation::Noise`]. What is not finite is missing, and becomes 0: as quiet as can be.
fn by_noise(samples: &mut [f32]) -> Result<()> {
    let n = samples.len() / 3;
    let scales = [0, 1, 2].map(|i| noise_of(&samples[i * n..(i + 1) * n]));
    if let Some(i) = scales.iter().position(Option::is_none) {
        let what = format!("component {i} is flat, or more than half of it is missing");
        let remedy = "Leave this window out: its sensor did not work";
        return Err(fail!(Window, "normalise", what, remedy));
    }
    for (row, (mean, noise)) in samples
        .chunks_exact_mut(n)
        .zip(scales.into_iter().flatten())
    {
        simd::asinh(mean, noise, row);
    }
    Ok(())
}

/// Samples of a window's emptiest component that are missing, where they are too many for the scale to be measured.
pub(crate) fn n_missing_for(rows: [&[f32]; 3], normalisation: Normalisation) -> Option<usize> {
    if normalisation != Normalisation::Noise {
        return None;
    }
    let missing = |row: &[f32]| row.iter().filter(|x| !x.is_finite()).count();
    let most = rows.map(missing).into_iter().max()?;
    (2 * most > rows[0].len()).then_some(most)
}

/// Mean and noise of a component; `None` where more than half of it is missing, or it is flat.
fn noise_of(row: &[f32]) -> Option<(f32, f32)> {
    let finite: Vec<f32> = row.iter().copied().filter(|x| x.is_finite()).collect();
    if 2 * finite.len() < row.len() || range(&finite).1 == 0.0 {
        return None;
    }
    let mean = simd::mean(&finite);
    let spread = (simd::squares_about(mean, &finite) / finite.len() as f64).sqrt();
    let mean = mean as f32;
    let mut sizes: Vec<f32> = finite.iter().map(|x| (x - mean).abs()).collect();
    let quarter = sizes.len() / 4;
    let (_, size, _) = sizes.select_nth_unstable_by(quarter, f32::total_cmp);
    // Where a quarter of the samples are one value, such as with noise of less than a count, the
    // spread of all stands in.
    Some((mean, (*size / NOISE_QUARTILE).max(1e-4 * spread as f32)))
}

/// The first quartile of the absolute value of a standard normal number.
const NOISE_QUARTILE: f32 = 0.318_639_4;

/// The jump where component i meets i + 1, as a fraction of the whole window's range: what the
/// paper calls the guillotine. Scaled apart, components rest at different heights of their ranges;
/// scaled together by minimum and maximum, their recorded offsets remain between them; with
/// their means removed they meet.
pub fn seam_jumps(samples: &[f32]) -> [f64; 2] {
    let n = samples.len() / 3;
    let (_, range) = range(samples);
    [n, 2 * n].map(|i| (f64::from(samples[i]) - f64::from(samples[i - 1])).abs() / range)
}

/// Each component's range (largest less smallest value) as a fraction of the largest of the three:
/// a scale for all three together keeps it, one for each component makes it `[1, 1, 1]`.
pub fn relative_ranges(samples: &[f32]) -> [f64; 3] {
    let n = samples.len() / 3;
    let ranges = [0, 1, 2].map(|i| range(&samples[i * n..(i + 1) * n]).1);
    let largest = ranges.iter().fold(0.0, |a: f64, b| a.max(*b));
    ranges.map(|range| range / largest)
}

/// Smallest value, and how far above it the largest is.
fn range(values: &[f32]) -> (f64, f64) {
    let (min, max) = simd::extremes(values);
    (f64::from(min), f64::from(max) - f64::from(min))
}

fn min_max(values: &mut [f32]) {
    let (min, range) = range(values);
    simd::scale(min, range, values);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: values -4 to 4 without 0, mean 0; of the eight sizes 1 1 2 2 3 3 4 4 the third is 2, so one unit of
    /// noise is 2 / 0.31864 = 6.2767. A gain of a thousand and an offset change nothing.
    #[test]
    fn noise_is_one_and_large_values_are_compressed() {
        let row = [-4.0f32, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0];
        let other = row.map(|x| 1000.0 * x + 7.0);
        let window = [row, other, row].concat();
        let scaled = normalise(&window, Normalisation::Noise).unwrap();
        assert!(
            (scaled[7] - (4.0f32 / 6.2767).asinh()).abs() < 1e-4,
            "{}",
            scaled[7]
        );
        for (a, b) in scaled[..8].iter().zip(&scaled[8..16]) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
        // asinh(1000) is ln(2000).
        let mut spike = [1.0f32, -1.0].repeat(500);
        // Two, so that the mean stays 0.
        (spike[500], spike[501]) = (3138.0, -3138.0);
        let scaled = normalise(&spike.repeat(3), Normalisation::Noise).unwrap();
        assert!((scaled[500] - 7.6).abs() < 0.1, "{}", scaled[500]);
    }

    /// Half a component may be missing: the rest is scaled as if it were all, and what is missing is 0.
    #[test]
    fn what_is_missing_is_quiet() {
        let whole: Vec<f32> = (0..400).map(|i| ((i * 37) % 101) as f32).collect();
        let mut gappy = whole.clone();
        gappy[250..].fill(f32::NAN);
        gappy[3] = f32::INFINITY;
        let scaled = normalise(&gappy.repeat(3), Normalisation::Noise).unwrap();
        assert!(scaled[250..400].iter().all(|x| *x == 0.0) && scaled[3] == 0.0);
        let whole = normalise(&whole.repeat(3), Normalisation::Noise).unwrap();
        assert!((scaled[100] - whole[100]).abs() < 0.1);
        gappy[150..].fill(f32::NAN);
        assert!(normalise(&gappy.repeat(3), Normalisation::Noise).is_err());
        assert!(normalise(&[1.0; 9], Normalisation::Noise).is_err());
    }

    /// A component of whole counts of which three in four are 0 has no quartile: its spread stands in.
    #[test]
    fn a_quiet_component_of_few_counts_stays_finite() {
        let row: Vec<f32> = (0..400).map(|i| f32::from(u8::from(i % 10 == 0))).collect();
        let scaled = normalise(&row.repeat(3), Normalisation::Noise).unwrap();
        assert!(scaled.iter().all(|x| x.is_finite()));
    }
}

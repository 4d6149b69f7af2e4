//! Samples of any type as a row of numbers of four bytes.

use std::ops::Range;

use super::Samples;

/// Whole numbers up to this one are exact in four bytes.
pub(crate) const EXACT_COUNTS: f32 = 16_777_216.0;

/// Samples that fall on a row.
pub(super) struct Part<'a> {
    pub samples: &'a Samples,
    /// Which of them.
    pub range: Range<usize>,
    /// The place of the first on the row.
    pub first: usize,
}

/// A row of `n` samples; NaN where none falls.
///
/// Where the median is beyond [`EXACT_COUNTS`], the multiple of it that is nearest to the median is taken off in eight bytes: in
/// four the motion would be rounded, near 2^31 to 128 counts. Other rows are as they were recorded.
pub(super) fn row_of(parts: &[Part], n: usize) -> Vec<f32> {
    let mut row = vec![f32::NAN; n];
    let offset = offset_of(parts);
    for Part {
        samples,
        range,
        first,
    } in parts
    {
        let target = &mut row[*first..*first + range.len()];
        let range = range.clone();
        match samples {
            Samples::Int32(v) => copy(target, &v[range], |x| count(x, offset)),
            Samples::Float32(v) => copy(target, &v[range], number),
            Samples::Float64(v) => copy(target, &v[range], |x| number((x - offset) as f32)),
        }
    }
    row
}

/// What is taken off the samples of a row; 0 as a rule.
fn offset_of(parts: &[Part]) -> f64 {
    let exact = f64::from(EXACT_COUNTS);
    let is_far = |part: &Part| {
        let range = part.range.clone();
        match part.samples {
            Samples::Int32(v) => v[range]
                .iter()
                .any(|x| is_count(*x) && f64::from(*x).abs() > exact),
            Samples::Float64(v) => v[range].iter().any(|x| x.is_finite() && x.abs() > exact),
            // Its file has rounded it.
            Samples::Float32(_) => false,
        }
    };
    if !parts.iter().any(is_far) {
        return 0.0;
    }
    let mut all: Vec<f64> = Vec::new();
    for part in parts {
        let range = part.range.clone();
        match part.samples {
            Samples::Int32(v) => {
                let counts = v[range].iter().filter(|x| is_count(**x));
                all.extend(counts.map(|x| f64::from(*x)));
            }
            Samples::Float32(v) => all.extend(v[range].iter().map(|x| f64::from(*x))),
            Samples::Float64(v) => all.extend(&v[range]),
        }
    }
    // The one that is far is left.
    all.retain(|x| x.is_finite());
    let middle = all.len() / 2;
    let (_, median, _) = all.select_nth_unstable_by(middle, f64::total_cmp);
    match median.abs() > exact {
        true => (*median / exact).round() * exact,
        false => 0.0,
    }
}

/// The smallest number is no sample of any digitiser: programs write it where one is missing.
fn is_count(x: i32) -> bool {
    x != i32::MIN
}

fn count(x: i32, offset: f64) -> f32 {
    match is_count(x) {
        true => (f64::from(x) - offset) as f32,
        false => f32::NAN,
    }
}

/// What was recorded and is no number is infinite, so that it is told from what was not recorded.
fn number(x: f32) -> f32 {
    if x.is_finite() { x } else { f32::INFINITY }
}

fn copy<T: Copy>(target: &mut [f32], source: &[T], convert: impl Fn(T) -> f32) {
    for (to, from) in target.iter_mut().zip(source) {
        *to = convert(*from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &Samples) -> Vec<f32> {
        let part = Part {
            samples,
            range: 0..samples.len(),
            first: 1,
        };
        row_of(&[part], samples.len() + 1)
    }

    #[test]
    fn far_from_zero_motion_is_not_rounded() {
        let wave = |i: i32| (100.0 * (f64::from(i) * 0.3).sin()) as i32;
        for offset in [i32::MAX - 200, 200 - i32::MAX, 16_777_500, 1_000_000_000] {
            let counts = (0..3000).map(|i| offset + wave(i));
            for samples in [
                Samples::Int32(counts.clone().chain([i32::MIN]).collect()),
                Samples::Float64(counts.clone().map(f64::from).collect()),
            ] {
                let row = of(&samples);
                let moved = |i: i32| row[1 + i as usize] - row[1];
                assert!((0..3000).all(|i| moved(i) == wave(i) as f32), "{offset}");
                assert!(row[0].is_nan() && row[1].abs() < EXACT_COUNTS);
            }
        }
    }

    #[test]
    fn what_is_not_far_from_zero_stays_as_it_is() {
        // One side of zero as the other, and a few samples of any size.
        for offset in [0, 16_000_000, -16_000_000] {
            let mut counts: Vec<i32> = (0..300).map(|i| offset + i * 7919 % 1000).collect();
            counts[5] = 2_000_000_123;
            counts[6] = -33_554_433;
            let row = of(&Samples::Int32(counts.clone()));
            assert!(row[1..].iter().zip(&counts).all(|(y, x)| *y == *x as f32));
            let doubles = counts.iter().map(|x| f64::from(*x) + 0.1).collect();
            let row = of(&Samples::Float64(doubles));
            let same = |(y, x): (&f32, &i32)| *y == (f64::from(*x) + 0.1) as f32;
            assert!(row[1..].iter().zip(&counts).all(same));
        }
        // Of an hour on both sides of zero the median is small.
        let loud: Vec<i32> = (0..301).map(|i| 30_000_000 * (i % 3 - 1) + i).collect();
        let row = of(&Samples::Int32(loud.clone()));
        assert!(row[1..].iter().zip(&loud).all(|(y, x)| *y == *x as f32));
        assert!(
            of(&Samples::Int32(vec![i32::MIN; 3]))
                .iter()
                .all(|y| y.is_nan())
        );
    }
}

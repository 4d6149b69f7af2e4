//! Steps from one sample to the next that no motion makes: glitches, and other levels.

/// A step so many times as large as every other one within eight samples is none of the ground.
///
/// A recorder stops what is near its Nyquist frequency before it samples, so the motion that it hands on cannot change
/// within one sample alone: a wave that begins suddenly goes on with steps of like size. In the twelve hours of CX.PB01, of
/// three components and with some 160 earthquakes, the largest is 6 times the others; in 684 records of 38 s of the
/// network Z7, which some earthquakes clip, 6.4 times; in 255 of 90 s of northern California 17 times, and in three of one
/// station more than 200 times, where padding begins. A way back within eight samples is left out of that.
pub const JUMP: f32 = 20.0;

/// Samples on each side in which the other steps are looked at.
const BESIDE: usize = 8;

/// So many samples before and after some tell whether a step among them or into them is a jump.
pub(crate) const AROUND_STEP: [usize; 2] = [BESIDE + 1, BESIDE];

/// How many there are; the way back of a glitch of up to eight samples is not counted again.
///
/// A step with a sample that is missing around it is not judged: nor is the record's beginning and end.
pub(super) fn n_jumps(row: &[f32]) -> usize {
    let steps: Vec<f32> = row.array_windows().map(|[a, b]| (b - a).abs()).collect();
    let judged = BESIDE..steps.len().saturating_sub(BESIDE);
    judged.filter(|i| is_jump(&steps, *i)).count()
}

/// `i` has [`BESIDE`] steps on each side.
fn is_jump(steps: &[f32], i: usize) -> bool {
    let (before, after) = (&steps[i - BESIDE..i], &steps[i + 1..=i + BESIDE]);
    // A comparison with NaN is false.
    let is_small = |step: &&f32| steps[i] > JUMP * **step;
    let stands_out = before.iter().all(|step| is_small(&step));
    // Where nothing moves a first step is no jump.
    stands_out
        && before.iter().any(|step| *step > 0.0)
        && steps[i] < f32::INFINITY
        && after.iter().all(|step| step.is_finite())
        // One way back.
        && after.iter().filter(is_small).count() + 1 >= BESIDE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wave of 6 Hz at 100 Hz: its largest step is 38 counts.
    fn wave(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| (100.0 * (i as f32 * 0.377).sin()).round())
            .collect()
    }

    #[test]
    fn glitches_and_steps_are_counted_once() {
        let mut row = wave(3000);
        assert_eq!(n_jumps(&row), 0);
        row[700] += 900.0;
        row[900..908].iter_mut().for_each(|y| *y += 900.0);
        row[1500..].iter_mut().for_each(|y| *y -= 1000.0);
        row[2000] = f32::NAN;
        assert_eq!(n_jumps(&row), 3);
        // Wherever the blocks begin.
        for first in 0..600 {
            assert_eq!(n_jumps(&row[first..]), 3, "{first}");
        }
        // Beside a gap, and where nothing moved.
        row[1503] = f32::NAN;
        assert_eq!(n_jumps(&row), 2);
        let mut still = vec![5.0; 300];
        still[150..].fill(5000.0);
        assert_eq!(n_jumps(&still), 0);
        assert_eq!(n_jumps(&[1.0, 2.0]) + n_jumps(&[]), 0);
    }

    /// The sharpest of first motions: one that begins between two samples, ten thousand times the noise.
    #[test]
    fn a_sudden_wave_is_no_jump() {
        let quiet = |i: usize| (i * 7919 % 13) as f32;
        for hz in [2.0_f32, 5.0, 10.0, 20.0, 30.0] {
            let begins = |i: usize| 1e5 * (0.0628 * hz * (i as f32 - 999.5)).sin();
            let row = (0..2000).map(|i| quiet(i) + if i < 1000 { 0.0 } else { begins(i) });
            assert_eq!(n_jumps(&row.collect::<Vec<_>>()), 0, "{hz} Hz");
        }
    }
}

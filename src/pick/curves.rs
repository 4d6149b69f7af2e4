//! Probabilities of P and S at every sample, out of windows that overlap.

use std::ops::Range;

use super::picks::{Trigger, triggers};
use super::prepared::Prepared;
use super::{Pick, PickNormalisation, PickParams, PickedPhase, Stacking};
use crate::network::{PHASENET_CLASSES, PHASENET_SAMPLES, PhaseNet};
use crate::simd;
use crate::time::{self, Time};

/// Where windows begin. In both ways one more window ends where recording ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With each stretch of the record, as SeisBench has them.
    Record,
    /// At whole multiples of their distance since 1970, and one more where a stretch begins: what is picked does not depend on
    /// where a record is read from.
    Epoch,
}

/// Windows that a network gets together: 2 MB of them.
const N_AT_ONCE: usize = 64;

/// So that nothing is divided by zero (as in SeisBench).
const TINY: f64 = 1e-10;

/// For each sample of a record the probabilities of P and of S.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Network, station and location.
    pub station: String,
    /// The first letters of the channels.
    pub band: String,
    /// Time of sample 0.
    pub start: Time,
    pub sampling_rate_hz: f64,
    /// Of P and of S; NaN where no window lies.
    pub probabilities: [Vec<f32>; 2],
    /// Components that the network saw.
    pub n_components: Vec<u8>,
}

/// What the windows of a prepared record give.
pub(super) struct Stacked {
    pub probabilities: [Vec<f32>; 2],
    pub n_components: Vec<u8>,
}

impl Curves {
    /// The picks of both phases, in time order.
    pub fn picks(&self, params: &PickParams) -> Vec<Pick> {
        let all = 0..self.n_components.len();
        self.picks_within(params, None, &all)
    }

    /// Those whose largest probability lies in a range of samples; see [`triggers`] for `cut`.
    pub(super) fn picks_within(
        &self,
        params: &PickParams,
        cut: Option<(usize, i64)>,
        within: &Range<usize>,
    ) -> Vec<Pick> {
        let mut picks = Vec::new();
        for phase in PickedPhase::ALL {
            let curve = &self.probabilities[phase.index()];
            let found = triggers(curve, params.threshold(phase), cut).into_iter();
            let inside = found.filter(|trigger| within.contains(&trigger.peak));
            picks.extend(inside.map(|trigger| self.pick(phase, trigger)));
        }
        picks.sort_by_key(|pick| (pick.time, pick.phase));
        picks
    }

    fn pick(&self, phase: PickedPhase, trigger: Trigger) -> Pick {
        let at = |sample: usize| time::of_sample(self.start, sample, self.sampling_rate_hz);
        Pick {
            station: self.station.clone(),
            band: self.band.clone(),
            phase,
            time: at(trigger.peak),
            start: at(trigger.start),
            end: at(trigger.end),
            probability: self.probabilities[phase.index()][trigger.peak],
            n_components: self.n_components[trigger.peak].into(),
        }
    }
}

impl Stacked {
    /// The windows of a record that reach into `needed`. `number` is that of its first sample, counted since 1970, where windows
    /// lie on the grid.
    pub fn of(
        network: &PhaseNet,
        params: &PickParams,
        record: &Prepared,
        number: Option<i64>,
        needed: &Range<usize>,
    ) -> Self {
        let n = record.n();
        let mut sums = [vec![0.0_f32; n], vec![0.0_f32; n]];
        let mut n_windows = vec![0_u16; n];
        let mut n_components = vec![0_u8; n];
        let mut windows: Vec<(usize, u8)> = Vec::new();
        for (piece, present) in record.pieces() {
            let starts = starts(&piece, params.hop_samples, number);
            let reaches =
                |start: &usize| *start < needed.end && start + PHASENET_SAMPLES > needed.start;
            windows.extend(
                starts
                    .into_iter()
                    .filter(reaches)
                    .map(|start| (start, present)),
            );
            n_components[piece].fill(present.count_ones() as u8);
        }
        for some in windows.chunks(N_AT_ONCE) {
            let mut samples = vec![0.0_f32; some.len() * 3 * PHASENET_SAMPLES];
            for ((start, present), window) in some
                .iter()
                .zip(samples.chunks_exact_mut(3 * PHASENET_SAMPLES))
            {
                for (i, row) in window.chunks_exact_mut(PHASENET_SAMPLES).enumerate() {
                    if present >> i & 1 == 1 {
                        row.copy_from_slice(&record.rows[i][*start..][..PHASENET_SAMPLES]);
                        scale(row, params);
                    }
                }
            }
            let probabilities = network.probabilities(&samples);
            let answers = probabilities.chunks_exact(PHASENET_CLASSES * PHASENET_SAMPLES);
            for ((start, _), answer) in some.iter().zip(answers) {
                let [before, after] = params.blinded_samples;
                let kept = before..PHASENET_SAMPLES - after;
                let place = start + kept.start..start + kept.end;
                for (sum, class) in sums.iter_mut().zip(params.classes) {
                    let curve = &answer[class * PHASENET_SAMPLES..][kept.clone()];
                    let both = sum[place.clone()].iter_mut().zip(curve);
                    match params.stacking {
                        Stacking::Mean => both.for_each(|(sum, p)| *sum += p),
                        Stacking::Max => both.for_each(|(sum, p)| *sum = sum.max(*p)),
                    }
                }
                n_windows[place].iter_mut().for_each(|n| *n += 1);
            }
        }
        let finished = sums.map(|mut sum| {
            for (p, n) in sum.iter_mut().zip(&n_windows) {
                match (params.stacking, n) {
                    (_, 0) => *p = f32::NAN,
                    (Stacking::Mean, n) => *p /= f32::from(*n),
                    (Stacking::Max, _) => {}
                }
            }
            sum
        });
        Self {
            probabilities: finished,
            n_components,
        }
    }
}

/// Where windows begin in a stretch without a gap; none in one that is shorter than a window.
fn starts(piece: &Range<usize>, hop: usize, number: Option<i64>) -> Vec<usize> {
    let Some(last) = piece.len().checked_sub(PHASENET_SAMPLES) else {
        return Vec::new();
    };
    let last = piece.start + last;
    let first = match number {
        None => piece.start,
        Some(number) => {
            let after = (number + piece.start as i64).rem_euclid(hop as i64) as usize;
            piece.start + (hop - after) % hop
        }
    };
    let mut starts = vec![piece.start];
    starts.extend((first..=last).step_by(hop));
    starts.push(last);
    // In order already, but for doubles.
    starts.dedup();
    starts
}

/// A component of a window without its mean, and perhaps its line, over its deviation or its peak.
pub(crate) fn scale(row: &mut [f32], params: &PickParams) {
    if params.is_detrended {
        detrend(row);
    }
    let mean = simd::mean(row);
    let unit = match params.normalisation {
        PickNormalisation::Std => {
            let squares = simd::squares_about(mean, row);
            (squares / (row.len() - 1) as f64).sqrt()
        }
        PickNormalisation::Peak => {
            let (low, high) = simd::extremes(row);
            (f64::from(high) - mean).max(mean - f64::from(low))
        }
    };
    simd::scale(mean, unit + TINY, row);
}

/// Takes away the straight line that fits best in least squares.
fn detrend(row: &mut [f32]) {
    let middle = (row.len() - 1) as f64 / 2.0;
    let mean = simd::mean(row);
    let (mut products, mut squares) = (0.0, 0.0);
    for (i, y) in row.iter().enumerate() {
        let x = i as f64 - middle;
        products += x * (f64::from(*y) - mean);
        squares += x * x;
    }
    let slope = products / squares;
    for (i, y) in row.iter_mut().enumerate() {
        *y = (f64::from(*y) - mean - slope * (i as f64 - middle)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = PHASENET_SAMPLES;

    #[test]
    fn windows_fill_a_stretch_in_both_ways() {
        assert_eq!(starts(&(5..5 + N), 1501, None), [5]);
        assert_eq!(starts(&(5..4 + N), 1501, None), Vec::<usize>::new());
        // SeisBench: 0, 1501, 3002, and one more at the end.
        assert_eq!(starts(&(0..7000), 1501, None), [0, 1501, 3002, 3999]);
        assert_eq!(starts(&(0..3002 + N), 1501, None), [0, 1501, 3002]);
        // Sample 100 of the record is number 1501 since 1970.
        assert_eq!(
            starts(&(0..7000), 1501, Some(1401)),
            [0, 100, 1601, 3102, 3999]
        );
        assert_eq!(
            starts(&(100..7000), 1501, Some(1401)),
            [100, 1601, 3102, 3999]
        );
        assert_eq!(starts(&(0..7000), 1501, Some(-3002)), [0, 1501, 3002, 3999]);
    }

    #[test]
    fn a_scaled_component_has_no_mean_and_one_unit() {
        let row: Vec<f32> = (0..N)
            .map(|i| 1e5 + 0.3 * i as f32 + (i as f32 * 0.7).sin())
            .collect();
        let scaled = |params: &PickParams| {
            let mut row = row.clone();
            scale(&mut row, params);
            row
        };
        let mut params = PickParams::from_json("{}").unwrap();
        let by_std = scaled(&params);
        let squares: f64 = by_std.iter().map(|y| f64::from(y * y)).sum();
        assert!((squares / (N - 1) as f64 - 1.0).abs() < 1e-6);
        params.normalisation = PickNormalisation::Peak;
        params.is_detrended = true;
        let by_peak = scaled(&params);
        let (low, high) = simd::extremes(&by_peak);
        assert!((high.max(-low) - 1.0).abs() < 1e-6);
        // The wave is left: its line is gone.
        assert!(
            by_peak[10..100].iter().any(|y| *y > 0.8) && by_peak[2900..].iter().any(|y| *y < -0.8)
        );
        let mut still = vec![7.0; N];
        scale(&mut still, &params);
        assert_eq!(still, vec![0.0; N]);
    }
}

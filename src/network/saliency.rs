//! What a network's output depends on: its gradient by the input, and what hiding a segment does to it.
//!
//! Both ask how the output would change if the window were another. The gradient asks it at each sample,
//! for infinitely small changes; occlusion hides a segment and compares. Neither tells why the network
//! decides as it does. They agree on a linear network; where they differ on another one, that network is
//! not linear.
//!
//! | Map | Value at a sample | Source |
//! |---|---|---|
//! | [`gradients`] | derivative of the target's odds by the sample | Simonyan, Vedaldi & Zisserman 2014, arXiv:1312.6034 |
//! | [`occlusions`] | fall of the target's odds when a segment is set to zero | Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53 |
//!
//! ```
//! use quakebook::network::{Target, ConvNet, Segment, gradients, occlusions};
//! let (network, window) = (ConvNet::new(1000, 4, 2019), vec![0.1; 3 * 1000]);
//! let gradient = gradients(&network, &window, Target::Event)?;
//! assert_eq!(gradient.len(), 3 * 1000);
//! let half_second = Segment { n_samples: 50, hop_samples: 25 };
//! let falls = occlusions(&network, &window, Target::Event, half_second)?;
//! assert_eq!(falls.len(), half_second.starts(1000).len());
//! # Ok::<(), quakebook::Error>(())
//! ```

use tch::{Device, Kind, Tensor};

use super::{Classify, N_AT_ONCE, Network};
use crate::error::{Result, fail};

/// The classes whose logarithmic odds are explained.
///
/// Unlike a probability, odds still change where the network is sure. Odds of 0 mean a probability of one
/// half, odds of 7 a thousand to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An event of any cluster against noise, the last class.
    Event,
    /// A class against all others.
    Class(usize),
}

impl Target {
    /// From logits `(n_windows, n_classes)`, one number a window.
    fn of_logits(self, logits: &Tensor) -> Tensor {
        let n_classes = logits.size()[1];
        let (class, sign) = self.class(n_classes as usize);
        let class = class as i64;
        let others: Vec<i64> = (0..n_classes).filter(|i| *i != class).collect();
        let others = Tensor::from_slice(&others).to(logits.device());
        let others = logits.index_select(1, &others).logsumexp([1], false);
        (logits.select(1, class) - others) * sign
    }

    /// From the probabilities of one window.
    fn of_probabilities(self, row: &[f32]) -> f64 {
        let (class, sign) = self.class(row.len());
        // The smallest positive number stands for 0, whose logarithm is none.
        let ln = |p: f64| p.max(f64::from(f32::MIN_POSITIVE)).ln();
        let others = row.iter().enumerate().filter(|(i, _)| *i != class);
        let others: f64 = others.map(|(_, p)| f64::from(*p)).sum();
        sign * (ln(f64::from(row[class])) - ln(others))
    }

    /// The class whose odds are computed, and -1 where the odds against it are meant.
    fn class(self, n_classes: usize) -> (usize, f64) {
        match self {
            Self::Event => (n_classes - 1, -1.0),
            Self::Class(class) => (class, 1.0),
        }
    }
}

/// A segment of time, hidden in all three components, that slides over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub n_samples: usize,
    /// From one place of the segment to the next.
    pub hop_samples: usize,
}

impl Segment {
    /// First sample of each place of the segment in a window of `n_samples`.
    pub fn starts(&self, n_samples: usize) -> Vec<usize> {
        let last = n_samples.saturating_sub(self.n_samples);
        (0..=last).step_by(self.hop_samples.max(1)).collect()
    }
}

/// Derivatives of the target's odds by each sample, of shape `(n_windows, 3, n_samples)` as `windows` are,
/// per unit of the normalised window.
///
/// # Errors
/// [`crate::Error::Network`] where the length is no multiple of a window, there are fewer than two
/// classes, or the target is a class beyond them.
pub fn gradients(network: &dyn Network, windows: &[f32], target: Target) -> Result<Vec<f32>> {
    check(network, windows, target)?;
    let mut all = Vec::with_capacity(windows.len());
    for batch in windows.chunks(N_AT_ONCE * 3 * network.n_samples()) {
        let shape = [-1, 3, network.n_samples() as i64];
        let x = Tensor::from_slice(batch).view(shape).to(network.device());
        let x = x.set_requires_grad(true);
        // Windows do not see one another, so the sum's derivative is each window's own.
        let sum = target.of_logits(&network.forward(&x)).sum(Kind::Float);
        let gradient = Tensor::run_backward(&[sum], &[&x], false, false);
        let gradient = gradient[0].flatten(0, -1).to(Device::Cpu);
        let mut values = vec![0.0; batch.len()];
        gradient.copy_data(&mut values, batch.len());
        all.extend(values);
    }
    Ok(all)
}

/// By how much the target's odds fall where a segment is set to zero in all components: shape
/// `(n_windows, n_places)`, with the places of [`Segment::starts`]. Zero is what a window without
/// its means has where nothing happens.
///
/// # Errors
/// As [`gradients`], and where the segment is empty or longer than a window.
pub fn occlusions(
    network: &dyn Classify,
    windows: &[f32],
    target: Target,
    segment: Segment,
) -> Result<Vec<f32>> {
    check(network, windows, target)?;
    let n = network.n_samples();
    if segment.n_samples == 0 || segment.n_samples > n || segment.hop_samples == 0 {
        return Err(fail!(
            Network,
            "occlusion",
            format!("{segment:?} in a window of {n} samples"),
            "Hide 1 sample or more, at most a window, and move on by 1 or more"
        ));
    }
    let starts = segment.starts(n);
    let odds_of = |probabilities: &[f32]| -> Vec<f64> {
        let rows = probabilities.chunks_exact(network.n_classes());
        rows.map(|row| target.of_probabilities(row)).collect()
    };
    let mut falls = Vec::with_capacity(windows.len() / (3 * n) * starts.len());
    for window in windows.chunks_exact(3 * n) {
        let whole = odds_of(&network.probabilities(window)?)[0];
        let mut hidden = Vec::with_capacity(starts.len() * 3 * n);
        for start in &starts {
            let first = hidden.len();
            hidden.extend_from_slice(window);
            for component in 0..3 {
                let from = first + component * n + start;
                hidden[from..from + segment.n_samples].fill(0.0);
            }
        }
        let without = odds_of(&network.probabilities(&hidden)?);
        falls.extend(without.iter().map(|odds| (whole - odds) as f32));
    }
    Ok(falls)
}

fn check(network: &dyn Classify, windows: &[f32], target: Target) -> Result<()> {
    let (n_samples, n_classes) = (network.n_samples(), network.n_classes());
    let class = match target {
        Target::Event => 0,
        Target::Class(class) => class,
    };
    let what = if n_classes < 2 || class >= n_classes {
        format!("{target:?} of {n_classes} classes")
    } else if !windows.len().is_multiple_of(3 * n_samples) {
        format!("{} values, no multiple of 3 x {n_samples}", windows.len())
    } else {
        return Ok(());
    };
    Err(fail!(
        Network,
        "saliency",
        what,
        "Give whole windows, component after component, and a class that the network has"
    ))
}

/// What is drawn over time for a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Map {
    /// Absolute value of the gradient, summed over the components: where a small change would matter
    /// most.
    Gradient,
    /// Absolute value of gradient times sample, summed over the components: of a linear network
    /// what each instant adds to the odds.
    GradientTimesInput,
    /// The fall of the odds where a bin of the map is hidden.
    Occlusion,
    /// Absolute value of the samples themselves, summed over the components: no network at all, but
    /// what the others must be compared with.
    Amplitude,
}

/// Maps of windows over time, one a window: each value stands for `bin_samples` samples, and of
/// [`Map::Occlusion`] may be negative. Samples at the end that fill no bin are left out.
///
/// # Errors
/// As [`gradients`] and [`occlusions`].
pub fn maps(
    network: &dyn Network,
    windows: &[f32],
    target: Target,
    map: Map,
    bin_samples: usize,
) -> Result<Vec<Vec<f64>>> {
    let n = network.n_samples();
    let bins = Segment {
        n_samples: bin_samples,
        hop_samples: bin_samples,
    };
    let weights = match map {
        Map::Occlusion => {
            let falls = occlusions(network, windows, target, bins)?;
            let rows = falls.chunks_exact(bins.starts(n).len());
            return Ok(rows
                .map(|row| row.iter().map(|x| f64::from(*x)).collect())
                .collect());
        }
        Map::Amplitude => {
            check(network, windows, target)?;
            windows.to_vec()
        }
        Map::Gradient => gradients(network, windows, target)?,
        Map::GradientTimesInput => {
            let gradients = gradients(network, windows, target)?;
            gradients.iter().zip(windows).map(|(g, x)| g * x).collect()
        }
    };
    let binned = |map: &[f32]| {
        let sum = |start: usize| -> f64 {
            let of_component = |c| &map[c * n + start..c * n + start + bin_samples];
            [0, 1, 2]
                .into_iter()
                .flat_map(of_component)
                .map(|x| f64::from(x.abs()))
                .sum()
        };
        bins.starts(n).into_iter().map(sum).collect()
    };
    Ok(weights.chunks_exact(3 * n).map(binned).collect())
}

/// The share of a map near instants of interest, such as the arrivals of P and S.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concentration {
    /// The part of the map within `reach_s` of an instant, 0 to 1; NaN where the map is zero everywhere.
    pub share: f64,
    /// The share of the window's time that lies as near: what an even map would have there.
    pub chance: f64,
}

impl Concentration {
    /// Of a map over time: `weights[i]`, negative ones counted as none, stand for
    /// `[i * bin_s, (i + 1) * bin_s)` after the window's start, from which `instants_s` are counted.
    pub fn of(weights: &[f64], bin_s: f64, instants_s: &[f64], reach_s: f64) -> Self {
        let near = |i: usize| {
            let middle = (i as f64 + 0.5) * bin_s;
            instants_s.iter().any(|t| (middle - t).abs() <= reach_s)
        };
        let (mut all, mut within, mut n_near) = (0.0, 0.0, 0);
        for (i, weight) in weights.iter().enumerate() {
            all += weight.max(0.0);
            if near(i) {
                within += weight.max(0.0);
                n_near += 1;
            }
        }
        Self {
            share: within / all,
            chance: f64::from(n_near) / weights.len() as f64,
        }
    }
}

/// Mean of many maps around an instant that each window has elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Aligned {
    /// Middle of each bin after the instant, seconds.
    pub lag_s: Vec<f64>,
    /// Mean over windows; 1 is what an even map has.
    pub mean: Vec<f64>,
    /// Half of the 95 % interval of the mean (normal, over windows).
    pub half_width: Vec<f64>,
    /// Windows that reach so far from their instant.
    pub n_windows: Vec<usize>,
}

impl Aligned {
    /// Of maps over time as [`maps`] gives them, negative values counted as none, each in units of its own
    /// mean, from `from_s` to `to_s` around `instants_s[i]` of window i. Bins that fewer than two windows
    /// reach, and windows whose map is zero everywhere, are left out.
    pub fn of(maps: &[Vec<f64>], bin_s: f64, instants_s: &[f64], from_s: f64, to_s: f64) -> Self {
        let n_bins = ((to_s - from_s) / bin_s).round() as usize;
        let mut values = vec![Vec::new(); n_bins];
        for (map, instant_s) in maps.iter().zip(instants_s) {
            let mean = map.iter().map(|w| w.max(0.0)).sum::<f64>() / map.len() as f64;
            if mean.is_nan() || mean <= 0.0 {
                continue;
            }
            for (i, weight) in map.iter().enumerate() {
                let lag_s = (i as f64 + 0.5) * bin_s - instant_s;
                let bin = ((lag_s - from_s) / bin_s).floor();
                if (0.0..n_bins as f64).contains(&bin) {
                    values[bin as usize].push(weight.max(0.0) / mean);
                }
            }
        }
        let mut aligned = Self {
            lag_s: Vec::new(),
            mean: Vec::new(),
            half_width: Vec::new(),
            n_windows: Vec::new(),
        };
        for (bin, values) in values.iter().enumerate().filter(|(_, v)| v.len() > 1) {
            let (mean, half_width) = mean_and_half_width(values);
            aligned.lag_s.push(from_s + (bin as f64 + 0.5) * bin_s);
            aligned.mean.push(mean);
            aligned.half_width.push(half_width);
            aligned.n_windows.push(values.len());
        }
        aligned
    }
}

/// A mean, and half of its 95 % interval: 1.96 standard errors, which asks for some tens of values.
pub fn mean_and_half_width(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_of_event_and_noise_are_opposite() {
        let row = [0.1, 0.2, 0.3, 0.4];
        let event = Target::Event.of_probabilities(&row);
        assert!((event - (0.6_f64 / 0.4).ln()).abs() < 1e-6);
        assert!((event + Target::Class(3).of_probabilities(&row)).abs() < 1e-12);
        let logits = Tensor::from_slice(&row.map(f32::ln)).view([1, 4]);
        let from_logits = Target::Event.of_logits(&logits).double_value(&[0]);
        assert!((event - from_logits).abs() < 1e-6);
    }

    #[test]
    fn a_segment_stays_in_the_window() {
        let segment = Segment {
            n_samples: 4,
            hop_samples: 3,
        };
        assert_eq!(segment.starts(10), [0, 3, 6]);
        assert_eq!(segment.starts(4), [0]);
    }

    #[test]
    fn maps_are_aligned_at_their_instants() {
        // A peak 0.2 s after an instant that lies elsewhere in each window.
        let peaked = |at: usize| {
            (0..100)
                .map(|i| f64::from(u8::from(i == at)))
                .collect::<Vec<_>>()
        };
        let instants = [2.04, 3.04, 7.04];
        let maps = [22, 32, 72].map(peaked);
        let aligned = Aligned::of(&maps, 0.1, &instants, -1.0, 1.0);
        let best = (0..20)
            .max_by(|a, b| aligned.mean[*a].total_cmp(&aligned.mean[*b]))
            .unwrap();
        assert!(
            (aligned.lag_s[best] - 0.25).abs() < 1e-9,
            "{}",
            aligned.lag_s[best]
        );
        assert!((aligned.mean[best] - 100.0).abs() < 1e-9 && aligned.half_width[best] < 1e-9);
    }

    #[test]
    fn an_even_map_has_what_chance_gives() {
        let even = Concentration::of(&[1.0; 100], 0.1, &[2.0], 1.0);
        assert!((even.share - 0.2).abs() < 1e-12 && (even.chance - 0.2).abs() < 1e-12);
        let mut weights = [0.0; 100];
        (weights[20], weights[90], weights[50]) = (3.0, 1.0, -5.0);
        let peaked = Concentration::of(&weights, 0.1, &[2.0], 1.0);
        assert!((peaked.share - 0.75).abs() < 1e-12);
    }
}

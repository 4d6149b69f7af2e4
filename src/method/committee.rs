//! A detector classifies windows: its network, a network of the time around the core, and a regression, whose log-odds are
//! added.

use std::ops::Range;

use rayon::prelude::*;

use super::Detector;
use super::detector::Record;
use super::features::{FEATURES, features};
use crate::error::{Result, fail};
use crate::network::{Classify, ConvNet, LogisticRegression, Network};
use crate::study::{Normalisation, Study};
use crate::waveform::RATE_HZ;

/// The close-up network sees so much before the core and after it, in seconds.
const BESIDE_S: (f64, f64) = (2.0, 5.0);

impl Detector {
    /// The span that a window decides about, in seconds after its start.
    pub fn core_s(&self) -> Range<f64> {
        core_s(&self.study)
    }

    /// The logarithm of the odds of class 0 against noise, of windows `(n_windows, 3, n_samples)`, already normalised.
    ///
    /// Where there are a close-up network and a regression on [`features`], their log-odds are added to the network's: the product
    /// of experts (Hinton 2002, *Neural Computation* 14, 1771-1800), right where one errs independently of the others.
    /// The network sees the long time in which it decides what is a disturbance; the close-up network sees the onset in the scale of its
    /// own fifteen seconds, so that the waves of an earlier earthquake do not hide it; the features measure how far it stands
    /// out. Each has one vote: no weight is fitted.
    pub fn log_odds(&self, windows: &[f32]) -> Vec<f64> {
        let mut sum = of_logits(&self.network, windows);
        let core_s = self.core_s();
        let each = || windows.par_chunks_exact(3 * self.n_samples());
        if let Some(network) = &self.close_up {
            let near: Vec<Vec<f32>> = each().map(|window| close_up(window, &core_s)).collect();
            add(&mut sum, of_logits(network, &near.concat()));
        }
        if let Some(regression) = &self.regression {
            let odds = each().map(|window| regression.log_odds(&features(window, core_s.clone())));
            add(&mut sum, odds.collect());
        }
        sum
    }

    fn is_alone(&self) -> bool {
        self.close_up.is_none() && self.regression.is_none()
    }
}

fn add(sum: &mut [f64], others: Vec<f64>) {
    sum.iter_mut().zip(others).for_each(|(sum, x)| *sum += x);
}

fn of_logits(network: &ConvNet, windows: &[f32]) -> Vec<f64> {
    let logits = network.logits(windows);
    let rows = logits.chunks_exact(network.n_classes());
    rows.map(|row| f64::from(row[0]) - f64::from(row[row.len() - 1]))
        .collect()
}

fn core_s(study: &Study) -> Range<f64> {
    let from_s = study.method.lead_s;
    from_s..from_s + study.core_s()
}

/// A close-up network for a study's windows, with the weights of its seed.
pub(super) fn new_close_up(study: &Study) -> ConvNet {
    let (first, end) = near(&core_s(study));
    ConvNet::new(end - first, 2, study.seed)
}

fn near(core_s: &Range<f64>) -> (usize, usize) {
    let sample = |s: f64| (s * RATE_HZ).round() as usize;
    (
        sample((core_s.start - BESIDE_S.0).max(0.0)),
        sample(core_s.end + BESIDE_S.1),
    )
}

/// What the close-up network sees of a window `(3, n)` that was scaled by noise: the time around the core, as it was recorded, each
/// component without its mean, all three in units of their standard deviation. Where nothing moves it is 0.
pub(super) fn close_up(window: &[f32], core_s: &Range<f64>) -> Vec<f32> {
    let (first, end) = near(core_s);
    let rows = window.chunks_exact(window.len() / 3);
    let mut near: Vec<f64> = rows
        .flat_map(|row| &row[first..end])
        .map(|x| f64::from(*x).sinh())
        .collect();
    for row in near.chunks_exact_mut(end - first) {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|x| *x -= mean);
    }
    let squares: f64 = near.iter().map(|x| x * x).sum();
    let deviation = (squares / near.len() as f64).sqrt().max(f64::MIN_POSITIVE);
    near.into_iter().map(|x| (x / deviation) as f32).collect()
}

/// By the network alone, unless others have a say.
impl Classify for Detector {
    fn n_classes(&self) -> usize {
        self.network.n_classes()
    }

    fn n_samples(&self) -> usize {
        self.network.n_samples()
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        if self.is_alone() {
            return self.network.probabilities_unchecked(windows);
        }
        let share = |log_odds: f64| (1.0 / (1.0 + (-log_odds).exp())) as f32;
        let odds = self.log_odds(windows).into_iter();
        Ok(odds.flat_map(|odds| [share(odds), share(-odds)]).collect())
    }

    fn probabilities_along_unchecked(
        &self,
        components: [&[f32]; 3],
        hop: usize,
    ) -> Result<Vec<f32>> {
        // For windows of one fixed scale, which a network that is not alone never has: see `check`.
        self.network.probabilities_along_unchecked(components, hop)
    }
}

/// Refuses others beside the network that do not fit the windows of the study; `place` is what errors call the record.
///
/// # Errors
/// [`crate::Error::Train`] where the windows are not scaled by noise at the rate of comparable records, have no core with room beside
/// it, or have more than two classes; or where a regression has not one finite number for each feature.
pub(super) fn check(record: &Record, place: &str) -> Result<()> {
    let refuse = |what: String| {
        Err(fail!(
            Train,
            place,
            what,
            "Take detector.toml as it was made"
        ))
    };
    if record.close_up_sha256.is_none() && record.regression.is_none() {
        return Ok(());
    }
    let study = &record.study;
    let fits = study.method.normalisation == Normalisation::Noise
        && study.method.core_s.is_some()
        && study.cluster.k == 1
        && study.window.sampling_rate_hz == RATE_HZ
        && near(&core_s(study)).1 <= study.window.n_samples;
    if !fits {
        return refuse(format!(
            "a close-up network or a regression for windows that it cannot judge: expected two classes, {RATE_HZ} Hz, the scale of noise, and \
             a core with {} s after it",
            BESIDE_S.1
        ));
    }
    match record.regression.as_ref().is_none_or(is_whole) {
        true => Ok(()),
        false => refuse(format!(
            "a regression without {} finite means, deviations above 0 and weights",
            FEATURES.len()
        )),
    }
}

fn is_whole(regression: &LogisticRegression) -> bool {
    let lists = [&regression.mean, &regression.deviation, &regression.weights];
    let is_full = |list: &&Vec<f64>| {
        list.len() == FEATURES.len() && list.iter().all(|number| number.is_finite())
    };
    lists.iter().all(is_full)
        && regression
            .deviation
            .iter()
            .all(|deviation| *deviation > 0.0)
        && regression.constant.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::ConvNet;
    use crate::waveform::RATE_HZ;

    fn study() -> Study {
        let mut study = Study::oklahoma();
        study.cluster.k = 1;
        study.window.n_samples = 1200;
        study.window.sampling_rate_hz = RATE_HZ;
        study.method.normalisation = Normalisation::Noise;
        study.method.lead_s = 5.0;
        study.method.core_s = Some(8.0);
        study
    }

    /// Only the constant and the first feature count.
    fn regression() -> LogisticRegression {
        let mut weights = vec![0.0; FEATURES.len()];
        weights[0] = 2.0;
        LogisticRegression {
            mean: vec![0.5; FEATURES.len()],
            deviation: vec![4.0; FEATURES.len()],
            weights,
            constant: -1.0,
        }
    }

    fn detector(regression: Option<LogisticRegression>) -> Detector {
        let study = study();
        Detector {
            network: ConvNet::new(study.window.n_samples, 2, 3),
            study,
            regression,
            threshold: 0.5,
            curve: Vec::new(),
        }
    }

    fn windows() -> Vec<f32> {
        (0..2 * 3 * 1200)
            .map(|i: usize| {
                ((i * i % 977) as f32 * 0.013).sin() * if i % 1200 > 400 { 3.0 } else { 1.0 }
            })
            .collect()
    }

    #[test]
    fn both_have_one_vote() {
        let windows = windows();
        let (alone, both) = (detector(None), detector(Some(regression())));
        let of_network = alone.log_odds(&windows);
        let found = both.log_odds(&windows);
        let probabilities = both.probabilities(&windows).unwrap();
        for (i, window) in windows.chunks_exact(3 * 1200).enumerate() {
            // By hand: -1 + 2 (feature - 0.5) / 4.
            let rise = features(window, 5.0..13.0)[0];
            let expected = of_network[i] - 1.0 + (rise - 0.5) / 2.0;
            assert!((found[i] - expected).abs() < 1e-9, "{i}");
            let p = f64::from(probabilities[2 * i]);
            assert!(((p / (1.0 - p)).ln() - expected).abs() < 1e-4, "{i}");
        }
        let alone = alone.probabilities(&windows).unwrap();
        assert_eq!(alone, alone_by_network(&windows));
    }

    fn alone_by_network(windows: &[f32]) -> Vec<f32> {
        detector(None).network.probabilities(windows).unwrap()
    }

    #[test]
    fn a_regression_belongs_to_its_windows() {
        let refused = |change: &dyn Fn(&mut LogisticRegression, &mut Study)| {
            let (mut regression, mut study) = (regression(), study());
            change(&mut regression, &mut study);
            check(&regression, &study, "here").is_err()
        };
        assert!(!refused(&|_, _| {}));
        assert!(refused(&|r, _| r.weights.truncate(7)));
        assert!(refused(&|r, _| r.mean[2] = f64::NAN));
        assert!(refused(&|r, _| r.deviation[7] = 0.0));
        assert!(refused(&|r, _| r.constant = f64::INFINITY));
        assert!(refused(&|_, s| s.method.normalisation = Normalisation::Std));
        assert!(refused(&|_, s| s.method.core_s = None));
        assert!(refused(&|_, s| s.cluster.k = 3));
    }
}

//! A detector classifies windows: its network, its regression and its picker, whose log-odds are added.

use std::ops::Range;

use rayon::prelude::*;

use super::Detector;
use super::features::{FEATURES, features};
use crate::error::{Result, fail};
use crate::network::{Classify, LogisticRegression, Network};
use crate::study::{Normalisation, Study};
use crate::waveform::RATE_HZ;

impl Detector {
    /// The logarithm of the odds of class 0 against noise, of windows `(n_windows, 3, n_samples)`, already normalised.
    ///
    /// Where there is a regression on [`features`], or a picker, their log-odds are added to the network's: the product of experts
    /// (Hinton 2002, *Neural Computation* 14, 1771-1800), right where one errs independently of the others. The network has
    /// learnt what disturbs a station, which raises features too; the features measure how far an onset stands out, which the
    /// network knows only roughly; the picker knows what S is. Each has one vote: no weight is fitted.
    pub fn log_odds(&self, windows: &[f32]) -> Vec<f64> {
        let logits = self.network.logits(windows);
        let rows = logits.chunks_exact(self.n_classes());
        let of_network = rows.map(|row| f64::from(row[0]) - f64::from(row[row.len() - 1]));
        let mut sums: Vec<f64> = of_network.collect();
        let core_s = self.core_s();
        if let Some(regression) = &self.regression {
            let windows = windows.par_chunks_exact(3 * self.n_samples());
            let each = windows.zip(&mut sums);
            each.for_each(|(window, sum)| {
                *sum += regression.log_odds(&features(window, core_s.clone()))
            });
        }
        if let Some(picker) = &self.picker {
            let votes = picker.log_odds(windows, &sums, core_s);
            sums.iter_mut()
                .zip(votes)
                .for_each(|(sum, vote)| *sum += vote);
        }
        sums
    }

    /// The span that a window decides about, in seconds after its start.
    pub(super) fn core_s(&self) -> Range<f64> {
        let from_s = self.study.method.lead_s;
        from_s..from_s + self.study.core_s()
    }
}

/// By the network alone, unless others have a vote.
impl Classify for Detector {
    fn n_classes(&self) -> usize {
        self.network.n_classes()
    }

    fn n_samples(&self) -> usize {
        self.network.n_samples()
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        if self.regression.is_none() && self.picker.is_none() {
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
        // For windows of one fixed scale, which a detector with further votes never has: see `check`.
        self.network.probabilities_along_unchecked(components, hop)
    }
}

/// Refuses a regression that does not fit the windows of the study; `place` is what errors call its record.
///
/// # Errors
/// [`crate::Error::Train`] where the windows are not scaled by noise at the rate of comparable records, have no core, or have more than two
/// classes; or where there is not one finite number for each feature.
pub(super) fn check(regression: &LogisticRegression, study: &Study, place: &str) -> Result<()> {
    let refuse = |what: String| {
        Err(fail!(
            Train,
            place,
            what,
            "Take detector.toml as it was made"
        ))
    };
    if !can_be_judged(study) {
        return refuse(format!(
            "a regression for windows that it cannot judge: expected two classes, {RATE_HZ} Hz, the scale of noise, and a core"
        ));
    }
    match is_whole(regression) {
        true => Ok(()),
        false => refuse(format!(
            "a regression without {} finite means, deviations above 0 and weights",
            FEATURES.len()
        )),
    }
}

/// Whether the windows of a study are those that others than its network can judge: scaled by noise, at the rate of comparable records, with a
/// core, and of two classes.
pub(super) fn can_be_judged(study: &Study) -> bool {
    study.method.normalisation == Normalisation::Noise
        && study.method.core_s.is_some()
        && study.cluster.k == 1
        && study.window.sampling_rate_hz == RATE_HZ
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
    use crate::method::{PICKERS, PickerVote};
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
            picker: None,
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

    #[test]
    fn a_picker_has_one_vote_too() {
        let mut study = study();
        study.window.n_samples = 2000;
        let of = |picker| Detector {
            network: ConvNet::new(2000, 2, 3),
            study: study.clone(),
            regression: Some(regression()),
            picker,
            threshold: 0.5,
            curve: Vec::new(),
        };
        let windows: Vec<f32> = (0..2 * 3 * 2000)
            .map(|i: usize| ((i * i % 977) as f32 * 0.013).sin())
            .collect();
        let two = of(None).log_odds(&windows);
        let vote = PickerVote::of(&PICKERS[0]).unwrap();
        let expected = vote.log_odds(&windows, &two, 5.0..13.0);
        let three = of(Some(vote)).log_odds(&windows);
        for i in 0..2 {
            assert!((three[i] - two[i] - expected[i]).abs() < 1e-9, "{i}");
        }
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

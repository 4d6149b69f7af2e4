//! Logistic regression on a handful of features: the smallest classifier that weighs evidence.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fail};

/// Weights of standardised features, and the constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticRegression {
    /// Of each feature over the windows that it was fitted to.
    pub mean: Vec<f64>,
    pub deviation: Vec<f64>,
    /// How much the log-odds of an event grow with one deviation of each feature.
    pub weights: Vec<f64>,
    /// The log-odds where every feature is at its mean.
    pub constant: f64,
}

/// Steps of Newton's method: it has converged long before.
const N_STEPS: usize = 30;

/// A small penalty keeps weights finite where the classes do not overlap.
const RIDGE: f64 = 1e-3;

impl LogisticRegression {
    /// Fits by maximum likelihood: iteratively reweighted least squares (Hastie, Tibshirani & Friedman 2009, *The
    /// Elements of Statistical Learning*, 4.4.1). Each class counts as much as the other, however many windows it has.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where a class is empty, lengths differ, or a feature is not finite.
    pub fn fit(features: &[Vec<f64>], is_event: &[bool]) -> Result<Self> {
        let refuse = |what: String| {
            let remedy = "Give finite features of windows of both classes";
            Err(fail!(Network, "logistic regression", what, remedy))
        };
        let n_events = is_event.iter().filter(|is_event| **is_event).count();
        let n_noise = is_event.len() - n_events;
        if n_events == 0 || n_noise == 0 || features.len() != is_event.len() {
            let n = features.len();
            return refuse(format!(
                "{n} windows, {n_events} events, {n_noise} of noise"
            ));
        }
        let n_features = features[0].len();
        let whole = |x: &&Vec<f64>| x.len() == n_features && x.iter().all(|v| v.is_finite());
        if let Some(i) = features.iter().position(|x| !whole(&x)) {
            return refuse(format!("window {i}: {:?}", features[i]));
        }
        let n = features.len() as f64;
        let moment = |of: &dyn Fn(&Vec<f64>) -> f64| features.iter().map(of).sum::<f64>() / n;
        let mean: Vec<f64> = (0..n_features).map(|j| moment(&|x| x[j])).collect();
        let deviation = (0..n_features).map(|j| {
            let variance = moment(&|x| (x[j] - mean[j]).powi(2));
            // A feature that never changes says nothing.
            if variance > 0.0 { variance.sqrt() } else { 1.0 }
        });
        let deviation = deviation.collect();
        let mut fitted = Self {
            mean,
            deviation,
            weights: vec![0.0; n_features],
            constant: 0.0,
        };
        let shares = [n_noise, n_events].map(|of_class| n / (2.0 * of_class as f64));
        let rows: Vec<Vec<f64>> = features.iter().map(|x| fitted.standardised(x)).collect();
        for _ in 0..N_STEPS {
            let m = n_features + 1;
            let (mut gradient, mut curvature) = (vec![0.0; m], vec![vec![0.0; m]; m]);
            for (row, is_event) in rows.iter().zip(is_event) {
                let p = 1.0 / (1.0 + (-fitted.of_row(row)).exp());
                let share = shares[usize::from(*is_event)];
                let error = share * (f64::from(u8::from(*is_event)) - p);
                let bend = share * p * (1.0 - p);
                for (i, (slope, bends)) in gradient.iter_mut().zip(&mut curvature).enumerate() {
                    *slope += error * row[i];
                    for (of_pair, x) in bends.iter_mut().zip(&row[..=i]) {
                        *of_pair += bend * row[i] * x;
                    }
                }
            }
            for (i, weight) in fitted.weights.iter().enumerate() {
                gradient[i] -= RIDGE * n * weight;
                curvature[i][i] += RIDGE * n;
            }
            let step = solve(curvature, gradient);
            for (weight, step) in fitted.weights.iter_mut().zip(&step) {
                *weight += step;
            }
            fitted.constant += step[n_features];
        }
        Ok(fitted)
    }

    /// The logarithm of the odds of an event.
    ///
    /// # Panics
    /// Where there are other features than it was fitted to.
    pub fn log_odds(&self, features: &[f64]) -> f64 {
        assert_eq!(features.len(), self.weights.len(), "one weight a feature");
        self.of_row(&self.standardised(features))
    }

    /// In deviations from the mean, and a 1 for the constant.
    fn standardised(&self, features: &[f64]) -> Vec<f64> {
        let scaled = features.iter().zip(&self.mean).zip(&self.deviation);
        let scaled = scaled.map(|((x, mean), deviation)| (x - mean) / deviation);
        scaled.chain([1.0]).collect()
    }

    fn of_row(&self, row: &[f64]) -> f64 {
        let products = row.iter().zip(&self.weights).map(|(x, weight)| x * weight);
        products.sum::<f64>() + self.constant
    }
}

/// Solves a symmetric, positive system, of which the lower triangle is given, by Cholesky's factors.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - known;
            // Rounding leaves a little less than nothing where two features say the same.
            a[i][j] = match i == j {
                true => rest.max(1e-12).sqrt(),
                false => rest / a[j][j],
            };
        }
        let known: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one feature that is 0 or 1 the odds are those of the counts: here 3 to 1 and 1 to 3.
    #[test]
    fn one_feature_gives_the_odds_of_the_counts() {
        let x = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0].map(|x| vec![x]);
        let is_event = [true, false, false, false, true, true, true, false];
        let fitted = LogisticRegression::fit(&x, &is_event).unwrap();
        let odds = [0.0, 1.0].map(|x| fitted.log_odds(&[x]));
        assert!((odds[0] + 3f64.ln()).abs() < 0.02, "{odds:?}");
        assert!((odds[1] - 3f64.ln()).abs() < 0.02, "{odds:?}");
    }

    #[test]
    fn classes_count_alike_and_features_that_never_change_say_nothing() {
        let x: Vec<Vec<f64>> = (0..100).map(|i| vec![f64::from(i), 7.0]).collect();
        let is_event: Vec<bool> = (0..100).map(|i| i >= 90).collect();
        let fitted = LogisticRegression::fit(&x, &is_event).unwrap();
        assert!(fitted.weights[1].abs() < 1e-9);
        assert!(fitted.log_odds(&x[99]) > 0.0 && fitted.log_odds(&x[80]) < 0.0);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let x = vec![vec![1.0], vec![2.0]];
        assert!(LogisticRegression::fit(&x, &[true, true]).is_err());
        assert!(LogisticRegression::fit(&x, &[true]).is_err());
        let broken = vec![vec![1.0], vec![f64::NAN]];
        assert!(LogisticRegression::fit(&broken, &[true, false]).is_err());
    }

    #[test]
    fn cholesky_by_hand() {
        let x = solve(vec![vec![4.0, 0.0], vec![2.0, 3.0]], vec![2.0, 5.0]);
        // 4 x + 2 y = 2, 2 x + 3 y = 5.
        assert!(
            (x[0] + 0.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12,
            "{x:?}"
        );
    }
}

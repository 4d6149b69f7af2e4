//! Scaled conjugate gradient.

use super::descent::{Descent, named};
use crate::network::{Model, NamedTensors, Saved, Weights, Wide};

/// MATLAB's `trainscg` has these two for defaults; Møller asks for at most 1e-4 and 1e-6.
const SIGMA: f64 = 5e-5;
const LAMBDA: f64 = 5e-7;
/// Below this length of the gradient there is nothing to gain (`trainscg`'s `min_grad`).
const MIN_GRADIENT: f64 = 1e-6;

/// A function's value and gradient at a point.
type Objective<'a, V> = dyn FnMut(&V) -> (f64, V) + 'a;

/// Scaled conjugate gradient: Møller, *Neural Networks* 6(4), 525-533, 1993,
/// doi:10.1016/S0893-6080(05)80056-5; names as in his algorithm of section 4.
///
/// The step length comes from the curvature along the search direction, measured by a second
/// gradient nearby; `lambda` is raised until that curvature is positive and trusted.
#[derive(Debug, Clone, PartialEq)]
struct Scg<V> {
    /// The point, its value, and the negative gradient there.
    w: V,
    value: f64,
    r: V,
    /// Search direction.
    p: V,
    /// Curvature along `p`.
    delta: f64,
    lambda: f64,
    lambda_bar: f64,
    success: bool,
    n_steps: usize,
}

impl<V: Wide> Scg<V> {
    /// Begins at `w`.
    fn new(w: V, objective: &mut Objective<V>) -> Self {
        let (value, gradient) = objective(&w);
        Self {
            w,
            value,
            p: gradient.negative(),
            r: gradient.negative(),
            delta: 0.0,
            lambda: LAMBDA,
            lambda_bar: 0.0,
            success: true,
            n_steps: 0,
        }
    }

    /// Whether the gradient has vanished.
    fn converged(&self) -> bool {
        self.gradient() < MIN_GRADIENT
    }

    fn gradient(&self) -> f64 {
        self.r.dot(&self.r).sqrt()
    }

    /// One iteration, of two evaluations; where it would go up, it stays and raises `lambda`.
    fn step(&mut self, objective: &mut Objective<V>) {
        self.n_steps += 1;
        let p_squared = self.p.dot(&self.p);
        if self.success {
            // Second-order information: how the gradient changes along p.
            let sigma = SIGMA / p_squared.sqrt();
            let (_, nearby) = objective(&self.w.along(sigma, &self.p));
            let change = nearby.along(1.0, &self.r);
            self.delta = self.p.dot(&change) / sigma;
        }
        self.delta += (self.lambda - self.lambda_bar) * p_squared;
        if self.delta <= 0.0 {
            // Make the Hessian positive definite along p.
            self.lambda_bar = 2.0 * (self.lambda - self.delta / p_squared);
            self.delta = -self.delta + self.lambda * p_squared;
            self.lambda = self.lambda_bar;
        }
        let mu = self.p.dot(&self.r);
        let alpha = mu / self.delta;
        let candidate = self.w.along(alpha, &self.p);
        let (value, gradient) = objective(&candidate);
        // How well the quadratic predicted the gain: 1 is exactly.
        let comparison = 2.0 * self.delta * (self.value - value) / (mu * mu);
        self.success = comparison >= 0.0;
        if self.success {
            let r = gradient.negative();
            let beta = (r.dot(&r) - r.dot(&self.r)) / mu;
            let restart = self.n_steps.is_multiple_of(self.w.len());
            self.p = r.along(if restart { 0.0 } else { beta }, &self.p);
            (self.w, self.value, self.r) = (candidate, value, r);
            self.lambda_bar = 0.0;
            if comparison >= 0.75 {
                self.lambda /= 4.0;
            }
        } else {
            self.lambda_bar = self.lambda;
        }
        if comparison < 0.25 {
            self.lambda += self.delta * (1.0 - comparison) / p_squared;
        }
    }

    fn state(&self) -> NamedTensors {
        let scalars = vec![
            self.value,
            self.delta,
            self.lambda,
            self.lambda_bar,
            f64::from(u8::from(self.success)),
            self.n_steps as f64,
        ];
        vec![
            ("w".into(), self.w.to_saved()),
            ("r".into(), self.r.to_saved()),
            ("p".into(), self.p.to_saved()),
            ("scalars".into(), scalars.to_saved()),
        ]
    }

    /// Takes a saved state; `None` where a tensor is absent or has another length.
    fn restore(&mut self, state: &NamedTensors) -> Option<()> {
        let scalars = vec![0.0_f64; 6].restored(named(state, "scalars")?)?;
        let &[value, delta, lambda, lambda_bar, success, n_steps] = scalars.as_slice() else {
            return None;
        };
        *self = Self {
            w: self.w.restored(named(state, "w")?)?,
            value,
            r: self.r.restored(named(state, "r")?)?,
            p: self.p.restored(named(state, "p")?)?,
            delta,
            lambda,
            lambda_bar,
            success: success > 0.0,
            n_steps: n_steps as usize,
        };
        Some(())
    }
}

/// Scaled conjugate gradient on a network's weights: an epoch is one iteration over all windows.
pub(super) struct ConjugateGradient<M: Model> {
    model: M,
    scg: Scg<<M::Weights as Weights>::Wide>,
}

impl<M: Model> ConjugateGradient<M> {
    pub fn new(mut model: M) -> Self {
        let first = model.weights().to_wide();
        let scg = Scg::new(first, &mut |w| objective(&mut model, w));
        Self { model, scg }
    }
}

impl<M: Model> Descent for ConjugateGradient<M> {
    fn epoch(&mut self, _number: usize) -> f64 {
        let model = &mut self.model;
        self.scg.step(&mut |w| objective(model, w));
        // The last evaluation may have been elsewhere.
        model.place(&self.scg.w);
        self.scg.value
    }

    fn gradient(&self) -> f64 {
        self.scg.gradient()
    }

    fn converged(&self) -> bool {
        self.scg.converged()
    }

    fn store(&self) {
        self.model.store();
    }

    fn state(&self) -> NamedTensors {
        self.scg.state()
    }

    fn resume(&mut self, state: &NamedTensors) -> Option<()> {
        self.scg.restore(state)?;
        self.model.reload();
        Some(())
    }
}

/// Mean cross-entropy and its gradient where the weights are `w`.
fn objective<M: Model>(
    model: &mut M,
    w: &<M::Weights as Weights>::Wide,
) -> (f64, <M::Weights as Weights>::Wide) {
    model.place(w);
    let (loss, gradient) = model.gradient_of_all();
    (loss, gradient.to_wide())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum(
        start: &[f64],
        n_steps: usize,
        objective: &mut Objective<Vec<f64>>,
    ) -> Scg<Vec<f64>> {
        let mut scg = Scg::new(start.to_vec(), objective);
        for _ in 0..n_steps {
            if scg.converged() {
                break;
            }
            scg.step(objective);
        }
        scg
    }

    #[test]
    fn a_quadratic_takes_one_step_a_dimension() {
        // f = sum a (x - c)^2 / 2; conjugate directions reach the minimum in 4 steps.
        let (a, c) = ([1.0, 2.0, 5.0, 10.0], [3.0, -1.0, 0.5, 2.0]);
        let mut objective = |x: &Vec<f64>| {
            let gradient: Vec<f64> = (0..4).map(|i| a[i] * (x[i] - c[i])).collect();
            let value = (0..4).map(|i| 0.5 * gradient[i] * (x[i] - c[i])).sum();
            (value, gradient)
        };
        let scg = minimum(&[0.0; 4], 5, &mut objective);
        for (x, c) in scg.w.iter().zip(c) {
            assert!((x - c).abs() < 1e-5, "{:?}", scg.w);
        }
    }

    #[test]
    fn rosenbrocks_valley_ends_at_one_one() {
        let mut objective = |x: &Vec<f64>| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            let gradient = vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b];
            (a * a + 100.0 * b * b, gradient)
        };
        let scg = minimum(&[-1.2, 1.0], 500, &mut objective);
        assert!(scg.converged(), "{scg:?}");
        assert!((scg.w[0] - 1.0).abs() < 1e-5 && (scg.w[1] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn it_never_goes_up() {
        // Negative curvature at the start.
        let mut objective = |x: &Vec<f64>| (x[0].cos(), vec![-x[0].sin()]);
        let mut scg = Scg::new(vec![0.1], &mut objective);
        for _ in 0..50 {
            let before = scg.value;
            scg.step(&mut objective);
            assert!(scg.value <= before);
        }
        assert!((scg.value + 1.0).abs() < 1e-9);
    }
}

//! Scaled conjugate gradient.

use tch::Tensor;

use crate::network::NamedTensors;

/// MATLAB's `trainscg` has these two for defaults; Møller asks for at most 1e-4 and 1e-6.
const SIGMA: f64 = 5e-5;
const LAMBDA: f64 = 5e-7;
/// Below this length of the gradient there is nothing to gain (`trainscg`'s `min_grad`).
const MIN_GRADIENT: f64 = 1e-6;

/// A function's value and gradient at a point.
type Objective<'a> = dyn FnMut(&[f64]) -> (f64, Vec<f64>) + 'a;

/// Scaled conjugate gradient: Møller, *Neural Networks* 6(4), 525-533, 1993,
/// doi:10.1016/S0893-6080(05)80056-5; names as in his algorithm of section 4.
///
/// The step length comes from the curvature along the search direction, measured by a second
/// gradient nearby; `lambda` is raised until that curvature is positive and trusted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scg {
    /// The point, its value, and the negative gradient there.
    w: Vec<f64>,
    value: f64,
    r: Vec<f64>,
    /// Search direction.
    p: Vec<f64>,
    /// Curvature along `p`.
    delta: f64,
    lambda: f64,
    lambda_bar: f64,
    success: bool,
    n_steps: usize,
}

impl Scg {
    /// Begins at `w`.
    pub fn new(w: Vec<f64>, objective: &mut Objective) -> Self {
        let (value, gradient) = objective(&w);
        let r: Vec<f64> = gradient.iter().map(|g| -g).collect();
        Self {
            w,
            value,
            p: r.clone(),
            r,
            delta: 0.0,
            lambda: LAMBDA,
            lambda_bar: 0.0,
            success: true,
            n_steps: 0,
        }
    }

    /// Where it stands.
    pub fn point(&self) -> &[f64] {
        &self.w
    }

    /// The function's value there.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Whether the gradient has vanished.
    pub fn converged(&self) -> bool {
        dot(&self.r, &self.r).sqrt() < MIN_GRADIENT
    }

    /// One iteration, of two evaluations; where it would go up, it stays and raises `lambda`.
    pub fn step(&mut self, objective: &mut Objective) {
        self.n_steps += 1;
        let p_squared = dot(&self.p, &self.p);
        if self.success {
            // Second-order information: how the gradient changes along p.
            let sigma = SIGMA / p_squared.sqrt();
            let (_, nearby) = objective(&along(&self.w, sigma, &self.p));
            let change: Vec<f64> = nearby.iter().zip(&self.r).map(|(g, r)| g + r).collect();
            self.delta = dot(&self.p, &change) / sigma;
        }
        self.delta += (self.lambda - self.lambda_bar) * p_squared;
        if self.delta <= 0.0 {
            // Make the Hessian positive definite along p.
            self.lambda_bar = 2.0 * (self.lambda - self.delta / p_squared);
            self.delta = -self.delta + self.lambda * p_squared;
            self.lambda = self.lambda_bar;
        }
        let mu = dot(&self.p, &self.r);
        let alpha = mu / self.delta;
        let candidate = along(&self.w, alpha, &self.p);
        let (value, gradient) = objective(&candidate);
        // How well the quadratic predicted the gain: 1 is exactly.
        let comparison = 2.0 * self.delta * (self.value - value) / (mu * mu);
        self.success = comparison >= 0.0;
        if self.success {
            let r: Vec<f64> = gradient.iter().map(|g| -g).collect();
            let beta = (dot(&r, &r) - dot(&r, &self.r)) / mu;
            let restart = self.n_steps.is_multiple_of(self.w.len());
            self.p = along(&r, if restart { 0.0 } else { beta }, &self.p);
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

    pub fn state(&self) -> NamedTensors {
        let scalars = [
            self.value,
            self.delta,
            self.lambda,
            self.lambda_bar,
            f64::from(u8::from(self.success)),
            self.n_steps as f64,
        ];
        [
            ("w", &self.w[..]),
            ("r", &self.r),
            ("p", &self.p),
            ("scalars", &scalars),
        ]
        .map(|(name, values)| (name.to_string(), Tensor::from_slice(values)))
        .into()
    }

    /// Takes up a saved state; `None` where a tensor is absent or has another length.
    pub fn restore(find: &dyn Fn(&str) -> Option<Tensor>) -> Option<Self> {
        let read = |name| Vec::<f64>::try_from(find(name)?).ok();
        let scalars: [f64; 6] = read("scalars")?.try_into().ok()?;
        let [value, delta, lambda, lambda_bar, success, n_steps] = scalars;
        Some(Self {
            w: read("w")?,
            value,
            r: read("r")?,
            p: read("p")?,
            delta,
            lambda,
            lambda_bar,
            success: success > 0.0,
            n_steps: n_steps as usize,
        })
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `from + length * direction`.
fn along(from: &[f64], length: f64, direction: &[f64]) -> Vec<f64> {
    from.iter()
        .zip(direction)
        .map(|(x, d)| x + length * d)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum(start: &[f64], n_steps: usize, objective: &mut Objective) -> Scg {
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
        let mut objective = |x: &[f64]| {
            let gradient: Vec<f64> = (0..4).map(|i| a[i] * (x[i] - c[i])).collect();
            let value = (0..4).map(|i| 0.5 * gradient[i] * (x[i] - c[i])).sum();
            (value, gradient)
        };
        let scg = minimum(&[0.0; 4], 5, &mut objective);
        for (x, c) in scg.point().iter().zip(c) {
            assert!((x - c).abs() < 1e-5, "{:?}", scg.point());
        }
    }

    #[test]
    fn rosenbrocks_valley_ends_at_one_one() {
        let mut objective = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            let gradient = vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b];
            (a * a + 100.0 * b * b, gradient)
        };
        let scg = minimum(&[-1.2, 1.0], 500, &mut objective);
        assert!(scg.converged(), "{scg:?}");
        assert!((scg.point()[0] - 1.0).abs() < 1e-5 && (scg.point()[1] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn it_never_goes_up() {
        // Negative curvature at the start.
        let mut objective = |x: &[f64]| (x[0].cos(), vec![-x[0].sin()]);
        let mut scg = Scg::new(vec![0.1], &mut objective);
        for _ in 0..50 {
            let before = scg.value();
            scg.step(&mut objective);
            assert!(scg.value() <= before);
        }
        assert!((scg.value() + 1.0).abs() < 1e-9);
    }
}

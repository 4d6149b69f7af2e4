//! From a place near by to the place: damped least squares with robust weights.

use super::grid::Locator;
use super::hypocentre::{Ellipse, Hypocentre, Limit, PickResidual, gap_deg};
use super::matrix::{inverse, product};
use super::observed::{Observed, ObservedPick, Place};
use super::robust::{biweight, biweight_slope, huber, median, scale};
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::time;

/// What is known beforehand of the size of errors counts as so many picks (Jordan & Sverdrup 1981, *BSSA* 71, 1105-1130).
const PRIOR_PICKS: f64 = 8.0;

const MAX_STEPS: usize = 60;

/// Weights by Huber at first, which lead from farther away.
const N_HUBER_STEPS: usize = 8;

/// A step of a metre, and a millisecond at most, changes nothing.
const SMALL_KM: f64 = 1e-3;

/// Stations are on one line if they spread across it by less than this part of how they spread along it.
const LINE: f64 = 0.02;

/// The equations at one place: residuals in standard errors, and how each falls with place and origin time.
struct Equations {
    residuals: Vec<f64>,
    slopes: Vec<[f64; 4]>,
}

/// A place and an origin time after the first pick.
#[derive(Debug, Clone, Copy)]
struct State {
    place: Place,
    origin_s: f64,
}

impl Locator {
    /// The best of what several starts lead to.
    pub(super) fn refine(&self, observed: &Observed, starts: &[Place]) -> Result<Hypocentre> {
        let ends = starts.iter().map(|start| {
            let end = self.descend(observed, *start);
            let residuals = self.equations(observed, &end).residuals;
            // The sum that Huber's weights make least: it compares ends whose outliers differ.
            (
                residuals.iter().map(|u| huber(*u) * u * u).sum::<f64>(),
                end,
            )
        });
        let best = ends.min_by(|a, b| a.0.total_cmp(&b.0));
        let (_, end) =
            best.ok_or_else(|| fail!(Locate, "an event", "no place to begin at", "Give one"))?;
        self.describe(observed, &end)
    }

    fn descend(&self, observed: &Observed, start: Place) -> State {
        let mut state = State {
            place: start,
            origin_s: 0.0,
        };
        let equations = self.equations(observed, &state);
        let mut origins: Vec<f64> = equations
            .residuals
            .iter()
            .zip(&observed.picks)
            .map(|(u, pick)| u * pick.error_s)
            .collect();
        state.origin_s = median(&mut origins);
        let mut equations = self.equations(observed, &state);
        let mut damping = 1e-2;
        for step in 0..MAX_STEPS {
            let scale = scale(&equations.residuals, 4);
            let weight = |u: &f64| match step < N_HUBER_STEPS {
                true => huber(u / scale),
                false => biweight(u / scale),
            };
            let weights: Vec<f64> = equations.residuals.iter().map(weight).collect();
            let sum = |all: &[f64]| {
                all.iter()
                    .zip(&weights)
                    .map(|(u, w)| w * u * u)
                    .sum::<f64>()
            };
            let next = self.step(&state, &equations, &weights, damping);
            let after = self.equations(observed, &next);
            let moved_km = (0..3)
                .map(|i| (next.place.0[i] - state.place.0[i]).abs())
                .fold(0.0, f64::max);
            if sum(&after.residuals) <= sum(&equations.residuals) {
                (state, equations) = (next, after);
                damping = (damping / 5.0).max(1e-9);
                if moved_km < SMALL_KM && step >= N_HUBER_STEPS {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e6 {
                    break;
                }
            }
        }
        state
    }

    /// One step of Levenberg and Marquardt's, which ends at the grid's limits.
    fn step(&self, state: &State, equations: &Equations, weights: &[f64], damping: f64) -> State {
        let (mut normal, mut right) = ([[0.0; 4]; 4], [0.0; 4]);
        for ((u, slope), w) in equations
            .residuals
            .iter()
            .zip(&equations.slopes)
            .zip(weights)
        {
            for i in 0..4 {
                right[i] += w * slope[i] * u;
                (0..4).for_each(|j| normal[i][j] += w * slope[i] * slope[j]);
            }
        }
        // An axis along which the search stands at a limit, and would go on, stays where it is.
        for (axis, at) in state.place.0.into_iter().enumerate() {
            let is_low = at <= self.low[axis] && right[axis] < 0.0;
            let is_high = at >= self.high[axis] && right[axis] > 0.0;
            if is_low || is_high {
                fix(&mut normal, axis);
                right[axis] = 0.0;
            }
        }
        (0..4).for_each(|i| normal[i][i] = normal[i][i] * (1.0 + damping) + 1e-9);
        let change = inverse(normal).map_or([0.0; 4], |inverse| product(&inverse, &right));
        let place = std::array::from_fn(|axis| {
            let widest_km = (self.high[axis] - self.low[axis]) / 4.0;
            let at = state.place.0[axis] + change[axis].clamp(-widest_km, widest_km);
            at.clamp(self.low[axis], self.high[axis])
        });
        State {
            place: Place(place),
            origin_s: state.origin_s + change[3],
        }
    }

    fn equations(&self, observed: &Observed, state: &State) -> Equations {
        let [east, north, depth_km] = state.place.0;
        let epicentre = Point::from_local_km(east, north, self.centre);
        // A kilometre east on the map of the centre is not one at another latitude.
        let stretch =
            epicentre.latitude_deg.to_radians().cos() / self.centre.latitude_deg.to_radians().cos();
        let equation = |pick: &ObservedPick| {
            let site = self.sites.all()[pick.site].position;
            let time =
                self.travel_time(pick.site, pick.wave, depth_km, epicentre.distance_km(site));
            let (sin, cos) = epicentre.azimuth_deg(site).to_radians().sin_cos();
            let away = -time.per_distance_s_km;
            let slope = [away * sin * stretch, away * cos, time.per_depth_s_km, 1.0];
            let residual_s = pick.time_s - state.origin_s - time.time_s;
            (residual_s / pick.error_s, slope.map(|s| s / pick.error_s))
        };
        let (residuals, slopes) = observed.picks.iter().map(equation).unzip();
        Equations { residuals, slopes }
    }

    /// The place with its errors.
    fn describe(&self, observed: &Observed, end: &State) -> Result<Hypocentre> {
        let equations = self.equations(observed, end);
        let [east, north, depth_km] = end.place.0;
        let limit = self.limit(&end.place);
        let n_parameters = if limit.is_some() { 3 } else { 4 };
        let scale = scale(&equations.residuals, n_parameters);
        let weights: Vec<f64> = equations
            .residuals
            .iter()
            .map(|u| biweight(u / scale))
            .collect();
        let used = || {
            let all = equations.residuals.iter().zip(&weights);
            all.filter(|(_, w)| **w > 0.0).map(|(u, _)| *u)
        };
        let n_used = used().count();
        let place = || time::iso(observed.first);
        if n_used < 4 {
            let what = format!(
                "{n_used} of {} picks agree with one place",
                observed.picks.len()
            );
            return Err(fail!(
                Locate,
                place(),
                what,
                "Give more picks of this event"
            ));
        }
        let mut normal = [[0.0; 4]; 4];
        let slopes = self.slopes_inside(observed, end, limit);
        for (slope, _) in slopes.iter().zip(&weights).filter(|(_, w)| **w > 0.0) {
            (0..4).for_each(|i| (0..4).for_each(|j| normal[i][j] += slope[i] * slope[j]));
        }
        if matches!(limit, Some(Limit::Top | Limit::Bottom)) {
            // The grid bounds the depth, which no pick may do there.
            normal[2][2] += (self.high[2] - self.low[2]).powi(-2);
        }
        let ambiguous = |remedy: &str| {
            fail!(
                Locate,
                place(),
                "the picks allow more than one place",
                remedy
            )
        };
        if self.is_a_line(observed, &weights) {
            return Err(ambiguous(
                "Their stations stand on one line: give picks of a station beside it",
            ));
        }
        let inverse = inverse(normal).ok_or_else(|| ambiguous("Give picks of more stations"))?;
        // Huber (1981), section 7.6, with what is known beforehand as further picks.
        let slope = used().map(|u| biweight_slope(u / scale)).sum::<f64>() / n_used as f64;
        let squares = used()
            .map(|u| (u * biweight(u / scale)).powi(2))
            .sum::<f64>();
        let n_free = PRIOR_PICKS + (n_used as f64 - n_parameters as f64).max(0.0);
        let variance = (PRIOR_PICKS + squares / slope.max(0.3).powi(2)) / n_free;
        let error = |i: usize| (variance * inverse[i][i]).sqrt();
        let epicentre = Point::from_local_km(east, north, self.centre);
        let stretch =
            epicentre.latitude_deg.to_radians().cos() / self.centre.latitude_deg.to_radians().cos();
        let residuals = self.residuals(observed, &equations, &weights, epicentre);
        let counting = || residuals.iter().filter(|r| r.weight > 0.0);
        let weighted = |of: &dyn Fn(&PickResidual) -> f64| {
            residuals.iter().map(|r| r.weight * of(r)).sum::<f64>()
        };
        Ok(Hypocentre {
            origin_time: observed.first + time::seconds(end.origin_s),
            epicentre,
            depth_km,
            time_error_s: error(3),
            east_error_km: error(0) * stretch,
            north_error_km: error(1),
            depth_error_km: match limit {
                Some(Limit::Top | Limit::Bottom) => f64::NAN,
                _ => error(2),
            },
            ellipse: Ellipse::of(
                variance * inverse[0][0] * stretch * stretch,
                variance * inverse[1][1],
                variance * inverse[0][1] * stretch,
                n_free,
            ),
            rms_s: (weighted(&|r| r.residual_s.powi(2)) / weighted(&|_| 1.0)).sqrt(),
            misfit: scale,
            gap_deg: gap_deg(counting().map(|r| r.azimuth_deg).collect()),
            nearest_km: counting()
                .map(|r| r.distance_km)
                .fold(f64::INFINITY, f64::min),
            limit,
            residuals,
        })
    }

    fn residuals(
        &self,
        observed: &Observed,
        equations: &Equations,
        weights: &[f64],
        epicentre: Point,
    ) -> Vec<PickResidual> {
        let all = observed.picks.iter().zip(&equations.residuals).zip(weights);
        let residual = |((pick, u), weight): ((&ObservedPick, &f64), &f64)| {
            let site = self.sites.all()[pick.site].position;
            PickResidual {
                residual_s: u * pick.error_s,
                weight: *weight,
                distance_km: epicentre.distance_km(site),
                azimuth_deg: epicentre.azimuth_deg(site),
            }
        };
        all.map(residual).collect()
    }

    /// The slopes that the errors follow from. At the top of the grid the times hardly change with the depth, and those of a node
    /// below stand for what a deeper source would have.
    fn slopes_inside(
        &self,
        observed: &Observed,
        end: &State,
        limit: Option<Limit>,
    ) -> Vec<[f64; 4]> {
        let mut state = *end;
        if limit == Some(Limit::Top) {
            state.place.0[2] = (self.low[2] + self.params.step_km).min(self.high[2]);
        }
        self.equations(observed, &state).slopes
    }

    /// Whether the stations whose picks count stand on one line, from both sides of which all waves come alike.
    fn is_a_line(&self, observed: &Observed, weights: &[f64]) -> bool {
        let used = observed
            .picks
            .iter()
            .zip(weights)
            .filter(|(_, w)| **w > 0.0);
        let places: Vec<(f64, f64)> = used
            .map(|(pick, _)| self.sites.all()[pick.site].position.local_km(self.centre))
            .collect();
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| {
            places.iter().map(of).sum::<f64>() / places.len() as f64
        };
        let (east, north) = (mean(&|p| p.0), mean(&|p| p.1));
        let [ee, nn, en] = [
            mean(&|p| (p.0 - east).powi(2)),
            mean(&|p| (p.1 - north).powi(2)),
            mean(&|p| (p.0 - east) * (p.1 - north)),
        ];
        let (middle, half) = ((ee + nn) / 2.0, ((ee - nn) / 2.0).hypot(en));
        middle - half < LINE.powi(2) * (middle + half)
    }

    fn limit(&self, place: &Place) -> Option<Limit> {
        let is_at = |axis: usize, at: f64| (place.0[axis] - at).abs() < SMALL_KM;
        let is_side =
            (0..2).any(|axis| is_at(axis, self.low[axis]) || is_at(axis, self.high[axis]));
        if is_side {
            Some(Limit::Side)
        } else if is_at(2, self.low[2]) {
            Some(Limit::Top)
        } else if is_at(2, self.high[2]) {
            Some(Limit::Bottom)
        } else {
            None
        }
    }
}

/// Takes an unknown out of the equations.
fn fix(normal: &mut [[f64; 4]; 4], axis: usize) {
    normal[axis] = [0.0; 4];
    normal.iter_mut().for_each(|row| row[axis] = 0.0);
    normal[axis][axis] = 1.0;
}

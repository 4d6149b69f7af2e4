//! Windows from the segments of a world, and their classes.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::segment::{SETTLED_S, Segment};
use super::{Arrival, Day, Rate, Teaching};
use crate::error::Result;
use crate::hash::sha256;
use crate::time;
use crate::waveform::RATE_HZ;
use crate::window::{Normalisation, Origin, Window, normalise};

/// What a detector for any station looks at, and what it calls an earthquake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// The window's length, the part before the one that is decided about, and that part, in seconds.
    pub window_s: f64,
    pub lead_s: f64,
    pub core_s: f64,
    /// So much after that part must have been recorded. What is missing elsewhere in the window does no harm.
    pub after_s: f64,
    /// In a scan a window's log-odds are averaged over so many seconds before and after.
    pub smooth_s: f64,
    /// An earthquake counts where P and S stand out at least so far ([`Arrival::p_ratio`]). The largest of the thousand
    /// independent values that noise has in ten seconds of three components is 3.5 to 4 times its root mean square.
    pub p_ratio: f64,
    pub s_ratio: f64,
    /// No two analysts agree on what can be seen. For each window both ratios are multiplied by e to the power of a normal
    /// number of this standard deviation, so that the network's probability rises with how far an earthquake stands out.
    pub disagreement: f64,
    /// Segments of a world around earthquakes, around disturbances, and anywhere.
    pub n_segments: [usize; 3],
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            window_s: 40.0,
            lead_s: 5.0,
            core_s: 8.0,
            after_s: 8.0,
            smooth_s: 1.0,
            p_ratio: 4.0,
            s_ratio: 6.0,
            disagreement: 0.7,
            n_segments: [20, 12, 4],
        }
    }
}

/// Before the P wave there is room for a window, after it for a window of coda.
const BEFORE_S: f64 = 50.0;
const LENGTH_S: f64 = 140.0;

impl Recipe {
    /// Samples of a component of a window.
    pub fn n_samples(&self) -> usize {
        (self.window_s * RATE_HZ).round() as usize
    }

    /// A name for the recipe's numbers: two recipes with the same are the same.
    pub fn sha256(&self) -> String {
        sha256(format!("{self:?}"))
    }
}

/// The windows of a world in which earthquakes have this rate: class 0 is an earthquake, 1 is noise.
///
/// # Errors
/// As [`Day::segment`].
pub fn windows(world: Teaching, recipe: &Recipe, rate: Rate) -> Result<Vec<Window>> {
    let seed = world.seed();
    let day = Day::taught(seed, rate);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(8);
    let mut all = Vec::new();
    let [n_events, n_disturbances, n_anywhere] = recipe.n_segments;
    let n_sources = day.truth.sources.len();
    for _ in 0..n_events {
        let source = &day.truth.sources[rng.random_range(0..n_sources)];
        let start = source.origin_time - time::seconds(BEFORE_S);
        let segment = day.segment(start, LENGTH_S)?;
        let starts = around(&segment, recipe, &mut rng);
        take(&segment, &starts, recipe, (seed, &mut rng), &mut all);
    }
    let disturbances = day.ground.nuisances(day.span.start, day.span.end);
    let day_s = time::between_s(day.span.start, day.span.end);
    for i in 0..n_disturbances + n_anywhere {
        let anywhere = day.span.start + time::seconds(rng.random_range(0.0..day_s));
        let start = match i < n_disturbances && !disturbances.is_empty() {
            true => {
                let one = &disturbances[rng.random_range(0..disturbances.len())];
                one.start + time::seconds(rng.random_range(0.0..one.duration_s.max(1.0)))
            }
            false => anywhere,
        };
        let segment = day.segment(start - time::seconds(BEFORE_S), LENGTH_S)?;
        let onset = BEFORE_S - recipe.lead_s;
        let starts: Vec<f64> = (0..4)
            .map(|_| onset - rng.random_range(-0.3..1.3) * recipe.core_s)
            .collect();
        take(&segment, &starts, recipe, (seed, &mut rng), &mut all);
    }
    Ok(all)
}

/// Where windows begin in a segment with earthquakes: P within the core, P after it, S and coda within it, and anywhere.
fn around(segment: &Segment, recipe: &Recipe, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut starts = Vec::new();
    for arrival in &segment.arrivals {
        let into = |share: f64| arrival.p_s - recipe.lead_s - share * recipe.core_s;
        starts.push(into(rng.random_range(0.07..0.5)));
        starts.push(into(rng.random_range(0.4..0.93)));
        if prominence(arrival, recipe) >= 1.0 {
            starts.push(into(rng.random_range(0.1..0.7)));
            // P after the core, but still in the window.
            starts.push(into(1.0) - rng.random_range(0.5..3.0));
            starts.push(into(1.0) - rng.random_range(0.5..20.0));
            // S or coda in the core.
            let s_s = arrival.s_s - arrival.p_s;
            starts.push(into(-rng.random_range(0.05..1.0) * s_s / recipe.core_s));
            starts.push(arrival.s_s - recipe.lead_s - rng.random_range(0.0..1.0) * recipe.core_s);
            starts.push(arrival.s_s - recipe.lead_s + rng.random_range(0.0..30.0));
        }
    }
    starts.push(rng.random_range(SETTLED_S..LENGTH_S - recipe.window_s));
    starts
}

/// How far an earthquake stands out, beside what the recipe asks for: the weaker of P and S.
fn prominence(arrival: &Arrival, recipe: &Recipe) -> f64 {
    (arrival.p_ratio / recipe.p_ratio).min(arrival.s_ratio / recipe.s_ratio)
}

/// P this close to an edge of the core is in neither class.
const EDGE_S: f64 = 0.5;

/// The class of a window that begins so many seconds into its segment, as an analyst sees it who asks for so many times the
/// recipe's ratios; none where P lies on an edge of the core.
fn class(arrivals: &[Arrival], start_s: f64, recipe: &Recipe, strictness: f64) -> Option<usize> {
    let core = start_s + recipe.lead_s..start_s + recipe.lead_s + recipe.core_s;
    let mut class = Some(1);
    for arrival in arrivals {
        let p_s = arrival.p_s;
        let is_beside = p_s < core.start - EDGE_S || p_s > core.end + EDGE_S;
        if is_beside || prominence(arrival, recipe) < strictness {
            continue;
        }
        match p_s > core.start + EDGE_S && p_s < core.end - EDGE_S {
            true => return Some(0),
            false => class = None,
        }
    }
    class
}

/// Blanks what a record that ends, or begins, or has a gap beside the core would lack, in some windows.
fn end_early(cut: &mut [f32], recipe: &Recipe, rng: &mut ChaCha8Rng) {
    let samples = |seconds: f64| (seconds * RATE_HZ).round() as usize;
    let n = cut.len() / 3;
    let mut whole = 0..n;
    if rng.random_range(0.0..1.0) < ENDS {
        let least = samples(recipe.lead_s + recipe.core_s + recipe.after_s);
        whole.end = rng.random_range(least..n);
    }
    if rng.random_range(0.0..1.0) < BEGINS {
        whole.start = rng.random_range(0..samples(recipe.lead_s));
    }
    for row in cut.chunks_exact_mut(n) {
        row[..whole.start].fill(f32::NAN);
        row[whole.end..].fill(f32::NAN);
    }
}

/// Shares of the windows whose record ends early, or begins late.
const ENDS: f64 = 0.2;
const BEGINS: f64 = 0.1;

fn take(
    segment: &Segment,
    starts: &[f64],
    recipe: &Recipe,
    (seed, rng): (u64, &mut ChaCha8Rng),
    all: &mut Vec<Window>,
) {
    let n = recipe.n_samples();
    for start_s in starts.iter().filter(|s| **s >= SETTLED_S) {
        let first = (start_s * RATE_HZ).round() as usize;
        if first + n > segment.record.n_samples() {
            continue;
        }
        let z: f64 = StandardNormal.sample(rng);
        let strictness = (recipe.disagreement * z).exp();
        let Some(class) = class(&segment.arrivals, *start_s, recipe, strictness) else {
            continue;
        };
        let rows = segment.record.data.iter();
        let mut cut: Vec<f32> = rows
            .flat_map(|row| row[first..first + n].iter().copied())
            .collect();
        if cut.iter().any(|v| !v.is_finite()) {
            continue;
        }
        end_early(&mut cut, recipe, rng);
        let Ok(samples) = normalise(&cut, Normalisation::Noise) else {
            continue;
        };
        let id = format!("world {seed}");
        all.push(Window {
            start: time::of_sample(segment.record.start, first, RATE_HZ),
            samples,
            class,
            origin: match class {
                0 => Origin::Event { id },
                _ => Origin::Noise { after: id },
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the core of a window that begins at 20 s lasts from 25 to 33 s.
    #[test]
    fn what_counts_depends_on_who_looks() {
        let recipe = Recipe::default();
        let arrival = |p_s: f64, p_ratio: f64, s_ratio: f64| Arrival {
            p_s,
            s_s: p_s + 5.0,
            p_ratio,
            s_ratio,
        };
        let class = |arrival, strictness| class(&[arrival], 20.0, &recipe, strictness);
        // P 8 times the noise is twice what the recipe asks for, S 24 times is four times.
        let clear = arrival(29.0, 8.0, 24.0);
        assert_eq!(prominence(&clear, &recipe), 2.0);
        assert_eq!(class(clear, 1.9), Some(0));
        assert_eq!(class(clear, 2.1), Some(1));
        // The weaker of both decides.
        assert_eq!(class(arrival(29.0, 8.0, 3.0), 0.6), Some(1));
        // On the core's edges nobody can say; beside it there is no earthquake.
        assert_eq!(class(arrival(25.3, 8.0, 24.0), 1.0), None);
        assert_eq!(class(arrival(32.8, 8.0, 24.0), 1.0), None);
        assert_eq!(class(arrival(24.0, 8.0, 24.0), 1.0), Some(1));
        assert_eq!(class(arrival(34.0, 8.0, 24.0), 1.0), Some(1));
        // Who does not see it there sees noise.
        assert_eq!(class(arrival(25.3, 8.0, 24.0), 3.0), Some(1));
    }
}

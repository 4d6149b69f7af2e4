//! A detector on hours of continuous record of worlds, beside their truth.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::segment::SETTLED_S;
use super::{Choosing, Day, Recipe};
use crate::error::Result;
use crate::evaluate::{Claims, Known};
use crate::method::{Detector, smoothing};
use crate::time::{self, Time};
use crate::waveform::{RATE_HZ, Record3C};
use crate::window::normalise;

/// Windows are judged as if they were so long, as where other detectors are scored: P lies 1 to 6 s after their start.
const JUDGED_S: f64 = 10.0;

/// From one window to the next, in seconds.
const HOP_S: f64 = 1.0;

/// An earthquake that stands out less than this share of what counts, on P and on S, cannot have been seen by anybody.
pub(super) const UNSEEN: f64 = 0.35;

/// An hour of a world's record, and what can be seen in it.
#[derive(Debug, Clone)]
pub struct Hour {
    /// Comparable with all others.
    pub record: Record3C,
    pub known: Known,
}

impl Hour {
    /// An hour of a world, which hour the world's seed draws.
    ///
    /// Events are those that stand out as the recipe says; free time is without any that could have been seen.
    ///
    /// # Errors
    /// As [`Day::segment`].
    pub fn of(world: Choosing, recipe: &Recipe) -> Result<Self> {
        Self::of_seed(world.seed(), recipe)
    }

    pub(super) fn of_seed(seed: u64, recipe: &Recipe) -> Result<Self> {
        let day = Day::of(seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(9);
        let at_s = rng.random_range(0.0..86_400.0 - HOUR_S);
        let segment = day.segment(day.span.start + time::seconds(at_s), HOUR_S)?;
        let at = |s: f64| segment.record.start + time::seconds(s);
        let mut known = Known::default();
        for arrival in &segment.arrivals {
            let p = arrival.p_ratio / recipe.p_ratio;
            let s = arrival.s_ratio / recipe.s_ratio;
            if p >= 1.0 && s >= 1.0 {
                known.events.push(at(arrival.p_s));
            }
            if p >= UNSEEN && s >= UNSEEN {
                known.busy.extend([at(arrival.p_s), at(arrival.s_s)]);
            }
        }
        known.events.sort();
        known.busy.sort();
        Ok(Self {
            record: segment.record,
            known,
        })
    }

    /// The claims of a detector on this hour.
    ///
    /// # Errors
    /// As [`Claims::of`].
    pub fn claims(&self, detector: &Detector) -> Result<Claims> {
        let scores = scores(detector, &self.record);
        Claims::of(&scores, JUDGED_S, &self.known)
    }
}

/// An hour, and room for the filters and the last window.
const HOUR_S: f64 = 3640.0;

/// Start of the core and log-odds of each window of a record made comparable, one every second, averaged as in a scan.
pub fn scores(detector: &Detector, record: &Record3C) -> Vec<(Time, f64)> {
    let method = &detector.study.method;
    let samples = |seconds: f64| (seconds * RATE_HZ).round() as usize;
    let (n, hop, lead) = (
        detector.study.window.n_samples,
        samples(HOP_S),
        samples(method.lead_s),
    );
    let starts: Vec<usize> = (samples(SETTLED_S)..)
        .step_by(hop)
        .take_while(|first| first + n <= record.n_samples())
        .collect();
    let mut scores = Vec::with_capacity(starts.len());
    for some in starts.chunks(512) {
        let (mut kept, mut flat) = (Vec::new(), Vec::new());
        for first in some {
            let rows = record.data.iter();
            let cut: Vec<f32> = rows
                .flat_map(|row| &row[*first..first + n])
                .copied()
                .collect();
            if let Ok(window) = normalise(&cut, method.normalisation) {
                kept.push(time::of_sample(record.start, first + lead, RATE_HZ));
                flat.extend(window);
            }
        }
        if kept.is_empty() {
            continue;
        }
        scores.extend(kept.into_iter().zip(detector.log_odds(&flat)));
    }
    smoothing::of_log_odds(&scores, method.smooth_s)
}

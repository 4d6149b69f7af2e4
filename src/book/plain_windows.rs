//! Windows of a scan whose truth is plain: what calibration and base rates are measured on.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::days::ScannedDays;
use crate::time::between_s;

/// Waves of an event are gone so long after its P wave.
const CODA_S: f64 = 30.0;

/// A window shows less of an event's waves than this, and nobody could know it.
const LEAST_AFTER_P_S: f64 = 2.0;

/// Windows of a scan with their true classes.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainWindows {
    pub n_classes: usize,
    /// `(n_windows, n_classes)`, row by row.
    pub probabilities: Vec<f32>,
    pub classes: Vec<usize>,
    /// The event of each window, by its place among those of the scanned days.
    pub events: Vec<Option<usize>>,
    /// Share of event windows among all plain windows of the scan, before any were drawn.
    pub base_rate: f64,
}

impl PlainWindows {
    /// Whether each window is of an event.
    pub fn truth(&self) -> Vec<bool> {
        self.classes
            .iter()
            .map(|class| class + 1 < self.n_classes)
            .collect()
    }
}

impl ScannedDays {
    /// Windows of the scan whose truth is plain.
    ///
    /// An event's windows are those in which its P wave comes at least 2 s before the end. Windows of noise
    /// hold no wave, not even the coda of the 30 s after P. All others are left out. `n_noise` windows of noise
    /// are drawn by the study's seed for each window of an event, or all where there are fewer.
    pub fn plain_windows(&self, n_noise: usize) -> PlainWindows {
        let scan = &self.scan;
        let noise = scan.n_classes - 1;
        let mut order: Vec<usize> = (0..self.reference.arrivals.len()).collect();
        order.sort_by_key(|i| self.reference.arrivals[*i]);
        let (mut of_events, mut of_noise) = (Vec::new(), Vec::new());
        for (i, start) in scan.starts.iter().enumerate() {
            // The first event whose coda is not over when the window begins.
            let next =
                order.partition_point(|e| between_s(self.reference.arrivals[*e], *start) >= CODA_S);
            match order.get(next) {
                Some(e) => match between_s(*start, self.reference.arrivals[*e]) {
                    s if s > scan.window_s() => of_noise.push((i, noise, None)),
                    s if (0.0..=scan.window_s() - LEAST_AFTER_P_S).contains(&s) => {
                        of_events.push((i, self.clusters[*e], Some(*e)));
                    }
                    _ => {}
                },
                None => of_noise.push((i, noise, None)),
            }
        }
        let base_rate = of_events.len() as f64 / (of_events.len() + of_noise.len()).max(1) as f64;
        of_noise.shuffle(&mut ChaCha8Rng::seed_from_u64(self.study.seed));
        of_noise.truncate(n_noise * of_events.len());
        let chosen: Vec<(usize, usize, Option<usize>)> =
            of_events.into_iter().chain(of_noise).collect();
        let row = |i: usize| &scan.probabilities[i * scan.n_classes..(i + 1) * scan.n_classes];
        PlainWindows {
            n_classes: scan.n_classes,
            probabilities: chosen.iter().flat_map(|c| row(c.0)).copied().collect(),
            classes: chosen.iter().map(|c| c.1).collect(),
            events: chosen.iter().map(|c| c.2).collect(),
            base_rate,
        }
    }
}

//! A segment of ground motion, and a small store of such segments.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Ground velocity of one thing (an earthquake, a passing car) on the 100 Hz grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Motion {
    /// Sample since 1970 of the first value.
    pub first: i64,
    /// Towards north, east and up, in m/s, of one length.
    pub velocity_m_s: [Vec<f32>; 3],
}

impl Motion {
    pub fn n_samples(&self) -> usize {
        self.velocity_m_s[0].len()
    }

    /// Largest velocity of a component.
    pub fn peak_m_s(&self, component: usize) -> f64 {
        let largest = |peak: f32, v: &f32| peak.max(v.abs());
        f64::from(self.velocity_m_s[component].iter().fold(0.0, largest))
    }

    /// Adds a component to `out`, whose first element is sample `first` since 1970.
    pub(crate) fn add(&self, component: usize, first: i64, out: &mut [f64]) {
        let values = &self.velocity_m_s[component];
        let start = self.first.max(first);
        let end = (self.first + values.len() as i64).min(first + out.len() as i64);
        for t in start..end {
            out[(t - first) as usize] += f64::from(values[(t - self.first) as usize]);
        }
    }
}

/// The most recently used motions, up to a bound on their samples.
pub(crate) struct Cache<K> {
    most_samples: usize,
    motions: Mutex<VecDeque<(K, Arc<Motion>)>>,
}

impl<K: PartialEq> Cache<K> {
    pub(crate) fn new(most_samples: usize) -> Self {
        Self {
            most_samples,
            motions: Mutex::new(VecDeque::new()),
        }
    }

    /// The stored motion, or the one that `make` computes; two threads may both compute it, to the same bits.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> Motion) -> Arc<Motion> {
        {
            let mut motions = self.motions.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = motions.iter().position(|(k, _)| *k == key)
                && let Some(hit) = motions.remove(place)
            {
                let motion = hit.1.clone();
                motions.push_back(hit);
                return motion;
            }
        }
        let motion = Arc::new(make());
        let mut motions = self.motions.lock().unwrap_or_else(PoisonError::into_inner);
        motions.push_back((key, motion.clone()));
        while motions.len() > 1 && n_samples(&motions) > self.most_samples {
            motions.pop_front();
        }
        motion
    }

    pub(crate) fn n_samples(&self) -> usize {
        n_samples(&self.motions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn n_samples<K>(motions: &VecDeque<(K, Arc<Motion>)>) -> usize {
    motions.iter().map(|(_, m)| 3 * m.n_samples()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn motion(first: i64, n: usize) -> Motion {
        Motion {
            first,
            velocity_m_s: std::array::from_fn(|_| vec![1.0; n]),
        }
    }

    #[test]
    fn only_the_overlap_is_added() {
        let mut out = [0.0; 4];
        motion(2, 10).add(0, 0, &mut out);
        assert_eq!(out, [0.0, 0.0, 1.0, 1.0]);
        motion(-8, 9).add(0, 0, &mut out);
        motion(50, 9).add(0, 0, &mut out);
        assert_eq!(out, [1.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn the_oldest_make_room() {
        let cache = Cache::new(3 * 25);
        for key in [1, 2, 1, 3] {
            cache.get(key, || motion(0, 10));
        }
        assert_eq!(cache.n_samples(), 3 * 20);
        cache.get(1, || panic!("1 was used after 2 and must still be there"));
    }
}

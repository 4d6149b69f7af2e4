//! At most so many requests at once, and begun within a second.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::clock::Clock;
use super::provider::{Limits, Provider};
use crate::time::Time;

/// Lets requests pass as a data centre's limits allow.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    state: Mutex<State>,
    one_ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    n_under_way: usize,
    /// When the requests of the last second began.
    begun: VecDeque<Time>,
}

/// The permission for one request; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a>(&'a Limiter);

impl Limiter {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            one_ended: Condvar::new(),
        }
    }

    /// The limiter of that provider. All clients of this process share it: a data centre counts
    /// machines, not clients.
    pub fn of(provider: &Provider) -> Arc<Self> {
        type Key = (String, Option<String>, usize, usize);
        static ALL: Mutex<BTreeMap<Key, Arc<Limiter>>> = Mutex::new(BTreeMap::new());
        let limits = provider.limits;
        let base = provider.dataselect.clone().or(provider.event.clone());
        let key = (
            provider.name.clone(),
            base,
            limits.n_at_once,
            limits.n_per_s,
        );
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = all
            .entry(key)
            .or_insert_with(|| Arc::new(Self::new(limits)));
        limiter.clone()
    }

    /// Waits until a request may begin.
    pub fn pass(&self, clock: &dyn Clock) -> Permit<'_> {
        let mut state = self.lock();
        loop {
            while state.n_under_way >= self.limits.n_at_once {
                let waited = self.one_ended.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            let now = clock.now();
            let second_ago = now - TimeDelta::seconds(1);
            while state
                .begun
                .front()
                .is_some_and(|begun| *begun <= second_ago)
            {
                state.begun.pop_front();
            }
            if state.begun.len() < self.limits.n_per_s {
                state.n_under_way += 1;
                if self.limits.n_per_s < usize::MAX {
                    state.begun.push_back(now);
                }
                return Permit(self);
            }
            let wait = state.begun[0] - second_ago;
            drop(state);
            clock.sleep(wait.to_std().unwrap_or_default());
            state = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts are changed in one step: a panic elsewhere leaves them whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.lock().n_under_way -= 1;
        self.0.one_ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Passes time only by sleeping.
    #[derive(Debug, Default)]
    struct Still(Mutex<Duration>);

    impl Clock for Still {
        fn now(&self) -> Time {
            Time::UNIX_EPOCH + *self.0.lock().unwrap()
        }

        fn sleep(&self, wait: Duration) {
            *self.0.lock().unwrap() += wait;
        }

        fn chance(&self) -> f64 {
            0.0
        }
    }

    #[test]
    fn no_second_sees_more_than_its_requests() {
        let limits = Limits {
            n_per_s: 10,
            ..Limits::NONE
        };
        let (limiter, clock) = (Limiter::new(limits), Still::default());
        let mut begun = Vec::new();
        for i in 0..35 {
            drop(limiter.pass(&clock));
            begun.push(clock.now());
            clock.sleep(Duration::from_millis(i % 7 * 13));
        }
        for ten_later in begun.windows(11) {
            assert!(ten_later[10] - ten_later[0] >= TimeDelta::seconds(1));
        }
        assert!(begun[34] - begun[0] < TimeDelta::milliseconds(3600));
    }

    #[test]
    fn no_more_than_the_allowed_are_under_way() {
        let limiter = Limiter::new(Limits {
            n_at_once: 3,
            ..Limits::NONE
        });
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _permit = limiter.pass(&Still::default());
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_micros(200));
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }
}

//! Time as the client needs it: to wait, and to know what a wait until a date means.

use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::time::Time;

/// Tells the time, waits, and throws the dice of the waits. Tests give a clock of their own
/// ([`Client::with_clock`](crate::fdsn::Client::with_clock)), so that nothing really waits.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> Time;

    fn sleep(&self, wait: Duration);

    /// A number in `[0, 1)`, another one each time: clients that were turned away together must not
    /// come back together.
    fn chance(&self) -> f64;
}

/// The machine's clock, as it stood when it was first asked, and what has passed since: it never
/// goes back.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        static FIRST: LazyLock<(Time, Instant)> =
            LazyLock::new(|| (chrono::Utc::now(), Instant::now()));
        FIRST.0 + FIRST.1.elapsed()
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }

    fn chance(&self) -> f64 {
        // The standard library seeds its hash tables by chance: that is enough here, and no score
        // depends on it.
        let bits = RandomState::new().build_hasher().finish() >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}

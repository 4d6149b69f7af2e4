//! How often and how long a client tries again.

use std::time::Duration;

/// Bounds of one request and of the attempts at it.
///
/// Before attempt *n* + 1 the client waits `first_wait * 2^(n-1)`, at most `longest_wait`, of which a
/// half is left to chance ("equal jitter": Brooker 2015, *Exponential backoff and jitter*, AWS
/// Architecture Blog). Where the data centre itself says how long (`Retry-After`), it waits so long.
///
/// ```
/// use quakebook::fdsn::RetryPolicy;
/// let policy = RetryPolicy::default();
/// assert_eq!(policy.wait(1, 0.0).as_millis(), 500);
/// assert_eq!(policy.wait(3, 0.5).as_millis(), 3000);
/// assert_eq!(policy.wait(60, 1.0), policy.longest_wait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first one too.
    pub n_attempts: u32,
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// All waits of one request together; a data centre that asks for more is taken at its word,
    /// and the request fails.
    pub total_wait: Duration,
    /// A request is given up where no answer begins in so long.
    pub first_byte: Duration,
    /// An answer is given up from which nothing more comes for so long, or too little.
    pub stall: Duration,
    /// In each [`RetryPolicy::stall`] an answer must bring so much.
    pub least_bytes_per_s: u32,
    /// A request that stalls or is too slow is sent so often at most.
    pub n_stalls: u32,
    /// All attempts at one request together, without the waits between them.
    pub deadline: Duration,
    /// A request that takes longer says after each such time how far it is.
    pub report: Duration,
    /// Requests that one call may send: a span that is too much at once is asked for in halves, and halves of
    /// these.
    pub n_requests: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            n_attempts: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            total_wait: Duration::from_secs(600),
            // A data centre may take minutes before the first byte of a large answer.
            first_byte: Duration::from_secs(120),
            stall: Duration::from_secs(30),
            least_bytes_per_s: 100,
            n_stalls: 2,
            deadline: Duration::from_secs(1800),
            report: Duration::from_secs(15),
            n_requests: 500,
        }
    }
}

impl RetryPolicy {
    /// One attempt and no more.
    pub fn none() -> Self {
        Self {
            n_attempts: 1,
            ..Self::default()
        }
    }

    /// The wait after attempt `n_tried` (1, 2, ...); `chance` is in `[0, 1)`.
    pub fn wait(&self, n_tried: u32, chance: f64) -> Duration {
        let doubled = 1_u32
            .checked_shl(n_tried.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let full = self
            .first_wait
            .saturating_mul(doubled)
            .min(self.longest_wait);
        full.mul_f64(0.5 + 0.5 * chance)
    }
}

//! How often a request that failed is sent again, and when.

use std::time::Duration;

/// A request that failed is sent again so many times, and for so long at most.
pub const N_RETRIES: usize = 4;
pub const RETRIES_LAST: Duration = Duration::from_secs(60);

/// Between two tries, in seconds.
pub const SHORTEST_WAIT_S: f64 = 0.2;
pub const LONGEST_WAIT_S: f64 = 5.0;

/// The wait before a request is sent again for the first time (0), the second, ...
pub fn wait_before(n_tries: usize) -> Duration {
    let longer = (0..n_tries).fold(SHORTEST_WAIT_S, |wait_s, _| 2.0 * wait_s);
    Duration::from_secs_f64(longer.min(LONGEST_WAIT_S))
}

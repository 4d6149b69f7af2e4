//! How many threads the program starts: as many as its environment says, within bounds.

use std::thread::available_parallelism;

use crate::args;
use crate::output;

/// The variables in which the libraries that compute find a number of threads. Without one, or with 0, it is one for each
/// processor.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS"];

/// Threads for each processor at most: more of them take memory, and wait for one another.
const MOST_EACH: usize = 4;

/// Bounds what the environment asks for, and says so; ends the program where it asks for no number. To be called before
/// any thread is started.
pub fn bound() {
    let most = MOST_EACH * available_parallelism().map_or(1, usize::from);
    for name in VARIABLES {
        let given = std::env::var_os(name).unwrap_or_default();
        let given = given.to_string_lossy();
        if given.is_empty() {
            continue;
        }
        if !given.bytes().all(|byte| byte.is_ascii_digit()) {
            args::refuse(&format!("{name}={given}: expected a number of threads"));
        }
        // What is no number in spite of its digits is too large for one.
        if given.parse().is_ok_and(|n: usize| n <= most) {
            continue;
        }
        output::progress(format!(
            "{name}={given}: {most} threads are started, {MOST_EACH} for each processor"
        ));
        // SAFETY: no other thread is there yet that might read the environment.
        unsafe { std::env::set_var(name, most.to_string()) };
    }
}

//! What went wrong, for the person who runs the server.

use std::sync::{Mutex, PoisonError};

/// Faults that are kept; what comes later is not.
const N_KEPT: usize = 1000;

/// What was left out of answers or could not be answered, each thing once.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<String>>);

impl Faults {
    pub fn note(&self, what: impl ToString) {
        // A panic elsewhere leaves a whole list behind.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let what = what.to_string();
        if kept.len() < N_KEPT && !kept.contains(&what) {
            kept.push(what);
        }
    }

    pub fn list(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

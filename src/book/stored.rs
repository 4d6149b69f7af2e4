//! Scores on real records that the project keeps, for readers who have no such records.

use serde::de::DeserializeOwned;

use crate::error::{Result, fail};
use crate::study::Study;

/// The day of a run, `2026-01-31`.
pub(super) fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

/// Reads stored scores; `place` is what an error calls them.
///
/// # Errors
/// [`crate::Error::Evaluate`] where the text holds something else.
pub(super) fn read_scores<T: DeserializeOwned>(text: &str, place: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let remedy =
            "Take the file back from the repository, or make it anew by the example `real_records`";
        fail!(Evaluate, place, error.to_string().trim(), remedy)
    })
}

/// `Computed from the records on 2026-01-31.` or `STORED, not of this run: ...`, for notes of tables.
pub(super) fn provenance(stored: bool, made: &str, by: &str) -> String {
    match stored {
        true => format!("STORED, not of this run: computed on {made} by {by}."),
        false => format!("Computed from the records on {made}."),
    }
}

/// A study made small, to test the chapters, has no time for the long real records: it shows what is stored.
pub(super) fn is_small(study: &Study) -> bool {
    study.train.max_epochs < 20
}

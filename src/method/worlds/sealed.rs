//! What a world is for: to teach, to choose, or to judge. The last are sealed, and each opening is written down.
//!
//! Training takes [`Teaching`] worlds, thresholds and recipes are chosen on [`Choosing`] worlds, and there is no way to a
//! sealed one but [`open`], which adds a line to a file. Whoever opens them often is seen to have done so.
//!
//! ```compile_fail
//! use quakebook::method::worlds::{Rate, Recipe, Sealed, windows};
//! // No windows are cut from a sealed world: `windows` takes a `Teaching` one.
//! windows(Sealed(3), &Recipe::default(), Rate::SWARM);
//! ```

use std::fmt;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Hour, Recipe};
use crate::atomic_file::{read_regular, write_whole};
use crate::error::{Error, Result, fail};
use crate::evaluate::{Claims, Score};
use crate::method::Detector;
use crate::network::weights_sha256;

/// The seeds of sealed worlds lie apart from all others.
const SEALED: u64 = 1 << 34;

/// One opening of the sealed worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// Day, UTC.
    pub date: String,
    /// What was judged, in a few words.
    pub what: String,
    /// Of the recipe's numbers and of the weights.
    pub recipe: String,
    pub weights_sha256: String,
    /// The sealed worlds 0 to this number, an hour of each.
    pub n_worlds: u32,
    pub threshold: f64,
    pub n_found: usize,
    pub n_events: usize,
    pub n_false: usize,
    pub free_hours: f64,
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recall = Score::of(self.n_found, self.n_events);
        let (n_false, hours) = (self.n_false, self.free_hours);
        let per_hour = n_false as f64 / hours.max(f64::MIN_POSITIVE);
        write!(
            f,
            "recall {recall} events that stand out, {n_false} false alarms in {hours:.1} h ({per_hour:.2} an hour)"
        )
    }
}

/// Judges a detector on the sealed worlds at a threshold that was chosen before, and adds the opening to the file,
/// which is made where it is absent. Returns the opening and the claims on each world.
///
/// # Errors
/// As [`Hour::of`], and [`Error::Io`] or [`Error::Evaluate`] where the file cannot be read or written: then nothing
/// is judged.
pub fn open(
    file: &Path,
    what: &str,
    detector: &Detector,
    recipe: &Recipe,
    threshold: f64,
    n_worlds: u32,
) -> Result<(Opening, Vec<Claims>)> {
    let mut all = openings(file)?;
    let hour = |number: u32| Hour::of_seed(SEALED + u64::from(number), recipe);
    let hours: Vec<Hour> = (0..n_worlds)
        .into_par_iter()
        .map(hour)
        .collect::<Result<_>>()?;
    let claims = hours.iter().map(|hour| hour.claims(detector));
    let claims = claims.collect::<Result<Vec<_>>>()?;
    let counts = Claims::joined(claims.iter().cloned()).at(threshold).counts;
    let opening = Opening {
        date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        what: what.into(),
        recipe: recipe.sha256(),
        weights_sha256: weights_sha256(&detector.network),
        n_worlds,
        threshold,
        n_found: counts.n_found,
        n_events: counts.n_counted,
        n_false: counts.n_false,
        free_hours: counts.hours,
    };
    all.push(opening.clone());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let refuse = |error: &dyn std::fmt::Display| refuse(file, error);
    for one in &all {
        writer.serialize(one).map_err(|error| refuse(&error))?;
    }
    write_whole(file, writer.into_inner().map_err(|error| refuse(&error))?)?;
    Ok((opening, claims))
}

/// The openings that a file lists, oldest first; none where there is no file.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, [`Error::Evaluate`] naming the line that is no opening.
pub fn openings(file: &Path) -> Result<Vec<Opening>> {
    match read_regular(file)? {
        Some(bytes) => listed(&bytes, file),
        None => Ok(Vec::new()),
    }
}

/// The openings by which the program's models were judged, oldest first: `data/models/openings.csv`.
///
/// # Errors
/// [`Error::Evaluate`] naming the line that is no opening.
pub fn openings_of_models() -> Result<Vec<Opening>> {
    let list = include_bytes!("../../../data/models/openings.csv");
    listed(list, Path::new("data/models/openings.csv"))
}

fn listed(bytes: &[u8], file: &Path) -> Result<Vec<Opening>> {
    let rows = csv::Reader::from_reader(bytes).into_deserialize();
    rows.map(|row| row.map_err(|error| refuse(file, &error)))
        .collect()
}

fn refuse(file: &Path, what: &dyn std::fmt::Display) -> Error {
    let remedy = "Take the file back from the repository: openings are added, never taken away";
    fail!(Evaluate, file.display(), what, remedy)
}

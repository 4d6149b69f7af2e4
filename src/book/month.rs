//! How often the held-out month was looked at, and how independent what was found there is.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::days::ScannedDays;
use super::families::{families, true_families};
use crate::detect::{Detections, Matches};
use crate::error::{Result, fail};
use crate::evaluate::Score;
use crate::store::{catalog, leak_free_clusters, time_blocks};

/// One scoring of the paper's held-out month, by the detector that the method gave then.
///
/// A month that is scored again after the method has changed is held out a little less each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonthScore {
    /// Day, UTC.
    pub date: String,
    /// What was scored, in a few words.
    pub detector: String,
    pub threshold: f64,
    pub min_windows: usize,
    /// Detections at an earthquake, and at none.
    pub n_right: usize,
    pub n_false: usize,
    /// Visible earthquakes that were found, and all of them.
    pub n_found: usize,
    pub n_visible: usize,
    /// Found earthquakes whose cluster was right.
    pub n_cluster_right: usize,
}

impl MonthScore {
    pub fn precision(&self) -> Score {
        Score::of(self.n_right, self.n_right + self.n_false)
    }

    pub fn recall(&self) -> Score {
        Score::of(self.n_found, self.n_visible)
    }
}

/// Every scoring of the paper's held-out month that was written down, oldest first.
///
/// # Errors
/// [`crate::Error::Evaluate`] where a line of the project's list is none.
pub fn month_scores() -> Result<Vec<MonthScore>> {
    let list = include_str!("../../data/stored/held-out-month.csv");
    let rows = csv::Reader::from_reader(list.as_bytes()).into_deserialize();
    rows.map(|row| {
        row.map_err(|error: csv::Error| {
            let remedy = "Take the file back from the repository";
            fail!(
                Evaluate,
                "data/stored/held-out-month.csv",
                error.to_string(),
                remedy
            )
        })
    })
    .collect()
}

/// What is known of the independence of the scanned days' events.
#[derive(Debug, Clone, PartialEq)]
pub struct Independence {
    /// Family of each event; an event of unknown family is its own.
    pub families: Vec<usize>,
    /// Whether an earthquake of the same family is in the training time, for each event.
    pub has_trained_relative: Vec<bool>,
    /// The cluster that most events of the training time have, and their share.
    pub majority: (usize, Score),
}

impl ScannedDays {
    /// Families of the events, which of them were met in training, and the largest cluster of the training time.
    ///
    /// Families are known in the simulation only: of real data every event is a family of its own, and none was met.
    ///
    /// # Errors
    /// As [`catalog`] and [`leak_free_clusters`].
    pub fn independence(&self) -> Result<Independence> {
        let study = &self.study;
        let published = catalog(study)?;
        let trained = time_blocks(study)?.training_events(study, &published);
        let of_published = families(study);
        let of_source = true_families(study);
        let met: HashSet<usize> = trained
            .events()
            .iter()
            .filter_map(|event| of_published.get(&event.id).copied())
            .collect();
        let events = self.reference.events.events();
        let known: Vec<Option<usize>> = events
            .iter()
            .map(|event| of_source.get(&event.id).copied())
            .collect();
        // Numbers of families are those of sources, so that these are free.
        let own = |i: usize| usize::MAX - i;
        let classes = leak_free_clusters(study)?.assign_all(&trained);
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        for class in &classes {
            *sizes.entry(*class).or_default() += 1;
        }
        let largest = sizes.into_iter().max_by_key(|(_, n)| *n).unwrap_or((0, 0));
        Ok(Independence {
            families: (0..events.len())
                .map(|i| known[i].unwrap_or(own(i)))
                .collect(),
            has_trained_relative: known
                .iter()
                .map(|family| family.is_some_and(|family| met.contains(&family)))
                .collect(),
            majority: (largest.0, Score::of(largest.1, classes.len())),
        })
    }

    /// Detections of each day, true and false, in the order of the days.
    pub fn by_day(
        &self,
        detections: &Detections,
        matches: &Matches,
    ) -> Vec<(String, usize, usize)> {
        let day = |i: usize| detections.items[i].time.format("%Y-%m-%d").to_string();
        let mut days: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for start in &self.scan.starts {
            // Most windows are of a day that is there already.
            let day = start.date_naive();
            let last = days.keys().next_back();
            if last.is_none_or(|last| *last != day.to_string()) {
                days.entry(day.to_string()).or_default();
            }
        }
        for found in &matches.found {
            days.entry(day(found.detection)).or_default().0 += 1;
        }
        for alarm in &matches.false_alarms {
            days.entry(day(*alarm)).or_default().1 += 1;
        }
        let rows = days.into_iter();
        rows.map(|(day, (n_true, n_false))| (day, n_true, n_false))
            .collect()
    }
}

impl Independence {
    /// Each family once: of the families with an asked event, those of which every asked event was found.
    pub fn families_found(&self, matches: &Matches, is_asked: impl Fn(usize) -> bool) -> Score {
        let mut whole: HashMap<usize, bool> = HashMap::new();
        for (event, found) in matches.events() {
            if is_asked(event) {
                *whole.entry(self.families[event]).or_insert(true) &= found;
            }
        }
        let n_whole = whole.values().filter(|found| **found).count();
        Score::of(n_whole, whole.len())
    }
}

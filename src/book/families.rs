//! Families of earthquakes, where they are known.

use std::collections::HashMap;

use crate::classroom::{self, Truth};
use crate::data_centre;
use crate::study::Study;

/// The family of each simulated earthquake by its identifier in the truth; none where the data are real.
pub fn true_families(study: &Study) -> HashMap<String, usize> {
    if !data_centre::is_simulated(study) {
        return HashMap::new();
    }
    let truth = Truth::simulate(classroom::SEED);
    let ids = truth.sources.iter().map(|source| source.id.clone());
    ids.zip(truth.families()).collect()
}

/// The family of each published event by its identifier, where it is known: in the classroom an
/// earthquake, its aftershocks and theirs. Of a real region nobody knows them: then none.
pub fn families(study: &Study) -> HashMap<String, usize> {
    if !data_centre::is_simulated(study) {
        return HashMap::new();
    }
    let of_source = true_families(study);
    let truth = Truth::simulate(classroom::SEED);
    let links = truth.links().into_iter();
    links
        .filter_map(|link| Some((link.event_id, *of_source.get(&link.source_id)?)))
        .collect()
}

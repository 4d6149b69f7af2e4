//! The records of an archive's stations.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use crate::error::Result;
use crate::time::Time;
use crate::waveform::{Archive, Record3C, WaveformSource};

/// The archives of the stations, each opened once.
pub(super) struct Records<'a> {
    root: &'a Path,
    open: BTreeMap<String, Archive>,
    pub simulated: bool,
}

impl<'a> Records<'a> {
    pub fn new(root: &'a Path) -> Self {
        Self {
            root,
            open: BTreeMap::new(),
            simulated: false,
        }
    }

    /// Three components of a pick's station (`CX.PB01..HH`).
    pub fn between(&mut self, pick: &str, from: Time, to: Time) -> Result<Record3C> {
        let archive = match self.open.entry(pick.into()) {
            Entry::Occupied(archive) => archive.into_mut(),
            Entry::Vacant(place) => {
                let codes: Vec<&str> = pick.split('.').collect();
                let code = |i: usize| codes.get(i).copied().unwrap_or_default();
                let channels = format!("{}?", code(3));
                let (network, station, location) = (code(0), code(1), code(2));
                place.insert(Archive::open(
                    self.root, network, station, location, &channels,
                )?)
            }
        };
        let record = archive.between(from, to)?;
        self.simulated |= record.simulated;
        Ok(record)
    }
}

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

    /// Three components of a pick's station (`CX.PB01..HH`, or `CX.PB01..HHZ`, as analysts' picks name one component).
    pub fn between(&mut self, pick: &str, from: Time, to: Time) -> Result<Record3C> {
        let archive = match self.open.entry(pick.into()) {
            Entry::Occupied(archive) => archive.into_mut(),
            Entry::Vacant(place) => {
                let codes: Vec<&str> = pick.split('.').collect();
                let code = |i: usize| codes.get(i).copied().unwrap_or_default();
                let band: String = code(3).chars().take(2).collect();
                let channels = format!("{band}?");
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

//! The faults that a reader has met: each counts once, however often and in whatever pieces a day file is read.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::waveform::mseed::{Fault, FaultKind, Faults};

/// Faults that are told from one another at most; of more, one that is met again counts again.
const N_KNOWN: usize = 100_000;

/// All faults of one kind in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFaults {
    pub n: usize,
    /// The first of them in the file.
    pub first: Fault,
}

impl fmt::Display for FileFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.n {
            1 => self.first.fmt(f),
            n => write!(f, "{} (the first of {n} of its kind there)", self.first),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Met {
    faults: Faults,
    files: BTreeMap<(String, FaultKind), FileFaults>,
    /// By hash: a day that fell out of the few that are kept is read again, and its faults are known.
    known: HashSet<u64>,
}

impl Met {
    /// Counts the faults of records that were not met before.
    pub fn note(&mut self, new: &Faults) {
        for fault in new {
            if self.is_new(&(&fault.file, fault.byte, fault.kind, fault.time)) {
                self.add(fault.clone());
            }
        }
        // Those that are counted alone are of the file of the others.
        let Some(file) = new.first().map(|fault| &fault.file) else {
            return;
        };
        for kind in FaultKind::ALL {
            let n_kept = new.iter().filter(|fault| fault.kind == kind).count();
            let n_more = new.n_of(kind) - n_kept;
            if n_more > 0 && self.is_new(&(file, kind, n_more)) {
                self.faults.count(kind, n_more);
                if let Some(of_file) = self.files.get_mut(&(file.clone(), kind)) {
                    of_file.n += n_more;
                }
            }
        }
    }

    /// Counts a fault that is met anew in every piece that is read of a day: once a file, stream and day.
    pub fn note_of_day(&mut self, fault: Fault) {
        let day = fault.time.map(|time| time.date_naive());
        if self.is_new(&(&fault.file, &fault.stream, fault.kind, day)) {
            self.add(fault);
        }
    }

    /// All of them, in the order in which they were met.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The same by file and kind.
    pub fn by_file(&self) -> Vec<FileFaults> {
        self.files.values().cloned().collect()
    }

    fn is_new(&mut self, fault: &impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        fault.hash(&mut hasher);
        if self.known.len() == N_KNOWN {
            self.known.clear();
        }
        self.known.insert(hasher.finish())
    }

    fn add(&mut self, fault: Fault) {
        self.faults.push(fault.kind, || fault.clone());
        let key = (fault.file.clone(), fault.kind);
        let place = |fault: &Fault| (fault.byte, fault.time);
        let of_file = self.files.entry(key);
        of_file
            .and_modify(|known| {
                known.n += 1;
                if place(&fault) < place(&known.first) {
                    known.first = fault.clone();
                }
            })
            .or_insert(FileFaults { n: 1, first: fault });
    }
}

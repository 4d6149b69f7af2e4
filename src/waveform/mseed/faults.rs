//! The faults of a file: all of them counted, the first few kept.

use std::ops::Deref;

use super::fault::{Fault, FaultKind};

/// Faults that are kept at most: bytes can be made that have millions of them.
const N_KEPT: usize = 1000;

/// What is wrong with a file: the first faults, and how many there are in all.
///
/// It reads as a slice of the faults that are kept, at most a thousand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    kept: Vec<Fault>,
    n_by_kind: [usize; FaultKind::ALL.len()],
}

impl Faults {
    /// How many faults there are, those too that are not kept.
    pub fn n_all(&self) -> usize {
        self.n_by_kind.iter().sum()
    }

    /// How many faults there are of one kind.
    pub fn n_of(&self, kind: FaultKind) -> usize {
        self.n_by_kind[kind as usize]
    }

    /// How many faults are counted alone.
    pub fn n_not_kept(&self) -> usize {
        self.n_all() - self.kept.len()
    }

    /// Counts a fault, and keeps it where there is room.
    pub(crate) fn push(&mut self, kind: FaultKind, fault: impl FnOnce() -> Fault) {
        self.n_by_kind[kind as usize] += 1;
        if self.kept.len() < N_KEPT {
            self.kept.push(fault());
        }
    }

    /// Counts faults that are not kept.
    pub(crate) fn count(&mut self, kind: FaultKind, n: usize) {
        self.n_by_kind[kind as usize] += n;
    }

    /// Counts the faults of another list, and keeps them where there is room.
    pub(crate) fn append(&mut self, other: Self) {
        let room = N_KEPT - self.kept.len();
        self.kept.extend(other.kept.into_iter().take(room));
        for (n, more) in self.n_by_kind.iter_mut().zip(other.n_by_kind) {
            *n += more;
        }
    }

    /// Puts the faults that are kept in the order of the file.
    pub(crate) fn sort(&mut self) {
        self.kept.sort_by_key(|fault| fault.byte);
    }

    /// Of a part of a file that begins at `byte`, counts bytes from the file's start.
    pub(crate) fn shift(&mut self, byte: usize) {
        for fault in &mut self.kept {
            fault.byte += byte;
        }
    }

    /// The first of the faults that are kept.
    pub(crate) fn into_first(self) -> Option<Fault> {
        self.kept.into_iter().next()
    }
}

impl Deref for Faults {
    type Target = [Fault];

    fn deref(&self) -> &[Fault] {
        &self.kept
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_kept() {
        let fault = |byte| Fault {
            file: "file".into(),
            byte,
            n_bytes: 1,
            stream: None,
            time: None,
            kind: FaultKind::Header,
            what: "bad".into(),
        };
        let mut faults = Faults::default();
        for byte in (0..3 * N_KEPT).rev() {
            faults.push(FaultKind::Header, || fault(byte));
        }
        let mut both = faults.clone();
        both.append(faults);
        both.sort();
        assert_eq!((both.n_all(), both.len()), (6 * N_KEPT, N_KEPT));
        assert_eq!(both.n_of(FaultKind::Header), 6 * N_KEPT);
        assert_eq!(both.n_of(FaultKind::Samples), 0);
        assert_eq!(both[0].byte, 2 * N_KEPT);
        assert_eq!(both.n_not_kept(), 5 * N_KEPT);
    }
}

//! What an open world is for: to teach, or to choose.

/// A world from which windows are cut to train on, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Teaching(pub u32);

/// A world on which a threshold or a recipe is chosen, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choosing(pub u32);

/// The seeds of the kinds lie apart, whatever the numbers.
const CHOOSING: u64 = 1 << 33;

impl Teaching {
    pub(super) fn seed(self) -> u64 {
        u64::from(self.0)
    }
}

impl Choosing {
    pub(super) fn seed(self) -> u64 {
        CHOOSING + u64::from(self.0)
    }
}

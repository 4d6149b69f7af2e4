//! What a job costs at the least.

use std::fmt;

/// A bound that no program can be faster than, or a rate that is hard to beat.
#[derive(Clone, Copy)]
pub enum Floor {
    /// Bytes that must travel between memory and processor: read and written.
    Bytes(f64),
    /// Multiplications and additions in f32.
    Flop(f64),
    Seconds(f64),
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(n) => write!(f, "{n:e} bytes"),
            Self::Flop(n) => write!(f, "{n:e} flop"),
            Self::Seconds(n) => write!(f, "{n:e} seconds"),
        }
    }
}

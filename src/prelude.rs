//! (prelude)

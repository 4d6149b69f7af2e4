//! (evaluate)

//! (detect)

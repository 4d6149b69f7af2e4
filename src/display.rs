//! (display)

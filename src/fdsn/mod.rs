//! (fdsn)

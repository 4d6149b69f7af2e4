//! (geo)

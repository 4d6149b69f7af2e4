//! (classroom)

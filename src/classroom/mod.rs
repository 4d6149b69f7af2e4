//! (classroom)

pub mod seismicity;

pub use seismicity::{Source, Truth};

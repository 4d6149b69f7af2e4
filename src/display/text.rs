//! Sentences with computed numbers.

use super::emit;

/// Markdown that a cell has written, such as an abstract whose numbers were computed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markdown(pub String);

impl Markdown {
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Shows the text as a cell's result.
    pub fn evcxr_display(&self) {
        emit(&[("text/markdown", &self.0), ("text/plain", &self.0)]);
    }
}

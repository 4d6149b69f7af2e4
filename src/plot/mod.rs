//! Every figure, drawn by plotters. Knows nothing of notebooks.

/// A drawn figure: the same picture as vector and as pixels.
#[derive(Debug, Clone)]
pub struct Figure {
    /// `Figure 2.1`; empty until numbered.
    pub number: String,
    /// What is seen, with the source; says so where the data are simulated.
    pub caption: String,
    /// PNG at twice the nominal size.
    pub png: Vec<u8>,
    /// Nominal size in pixels.
    pub size: (u32, u32),
}

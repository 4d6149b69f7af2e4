//! Every figure, drawn by plotters. Knows nothing of notebooks.

mod axes;
mod confusion;
mod detection;
mod map;
mod spectrum;
mod style;
mod text;
mod time;
mod training;
mod waveform;

pub use confusion::confusion_matrices;
pub use detection::{precision_recall, probabilities, reliability};
pub use map::{clusters, epicentres};
pub use spectrum::{filter_responses, power_spectra, spectrogram};
pub(crate) use style::class_name;
pub use time::{frequency_magnitude, magnitudes_in_time, monthly_counts};
pub use training::{layers, training};
pub use waveform::{detections, record, vectors, window};

/// A drawn figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// `Figure 2.1`; empty until numbered.
    pub number: String,
    /// What is seen.
    pub caption: String,
    /// Where the data came from; says so where they are simulated.
    pub source: String,
    /// PNG at twice the nominal size.
    pub png: Vec<u8>,
    /// Nominal size in pixels.
    pub size: (u32, u32),
}

impl Figure {
    /// The same figure with a number, `Figure 2.1`.
    pub fn numbered(mut self, number: &str) -> Self {
        self.number = number.into();
        self
    }

    /// The same figure with another caption; the source stays.
    pub fn captioned(mut self, caption: &str) -> Self {
        self.caption = caption.into();
        self
    }

    /// The same figure, naming its source.
    pub fn sourced(mut self, source: &str, simulated: bool) -> Self {
        self.source = provenance(source, simulated);
        self
    }
}

/// What every figure and table says of its data.
pub(crate) fn provenance(source: &str, simulated: bool) -> String {
    match simulated {
        true => format!("Simulated data: {source}."),
        false => format!("Data: {source}."),
    }
}

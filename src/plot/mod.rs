//! Every figure, drawn by plotters. Knows nothing of notebooks.
//!
//! | Figure of the paper | Function |
//! |---|---|
//! | 1, 2: epicentres, clusters | [`epicentres`], [`clusters`] |
//! | 3, 8, 9: components end to end, noisy copies | [`vectors`] |
//! | 4: three windows of noise | [`windows_of_component`] |
//! | 5, 6: the network, its training | [`layers`], [`training()`] |
//! | 7, 10, 11: confusion matrices | [`confusion_matrices`] |
//! | 12: detections | [`records`], [`detections`] |
//!
//! and, to understand them: [`magnitudes_in_time`], [`monthly_counts`], [`frequency_magnitude`],
//! [`rounds()`], [`record`], [`arrivals()`], [`power_spectra`], [`spectrogram()`], [`filter_responses`],
//! [`probabilities`], [`precision_recall`], [`reliability`], [`sweep()`]; how good a detector is:
//! [`operating_curve`], [`recall_by`], [`reliabilities`], [`counts_by_hop`], [`windows_of_scans`];
//! for other detectors [`correlation`], [`fingerprint`], [`recall_and_false_alarms`], [`recall_and_alarms`],
//! [`hourly_counts`], [`record_and_scores`]; how a network learns: [`descent`], [`curves`], [`shares`], [`sliding_filter`], [`strides`]; a long
//! record: [`helicorder()`]; a picker: [`unet()`], [`record_and_curves`]; several numbers of each of some ways: [`dumbbells()`]; a catalog of one's own: [`located()`],
//! [`depth_section`], [`magnitudes_of`], [`frequency_magnitudes`], and by hand [`plan`].
//!
//! Each takes the library's own types by reference and returns a [`Figure`], an SVG and a PNG at twice its
//! nominal size; what cannot be drawn is an [`Error::Plot`](crate::Error::Plot). A figure of a
//! catalog or record names its source and says where that is simulated; for the others,
//! [`Figure::sourced`] does.
//!
//! ```
//! use quakebook::evaluate::ConfusionMatrix;
//! use quakebook::plot;
//! let matrix = ConfusionMatrix::new(2, &[0, 0, 1], &[0, 1, 1]).unwrap();
//! let figure = plot::confusion_matrices(&[("Test", &matrix)])?
//!     .numbered("Figure 4.2")
//!     .sourced("classroom", true);
//! assert_eq!(&figure.png[1..4], b"PNG");
//! assert!(figure.full_caption().ends_with("Simulated data: classroom."));
//! # Ok::<(), quakebook::Error>(())
//! ```

mod arrivals;
mod axes;
mod backend;
mod comparison;
mod confusion;
mod convolution;
mod curves;
mod detection;
mod dumbbells;
mod gallery;
mod helicorder;
mod hourly;
mod interactive;
mod judgement;
mod layers;
mod letters;
mod located;
mod map;
mod marks;
mod merging;
mod picking;
mod rounds;
mod saliency;
mod scores;
mod spectrum;
mod style;
mod surroundings;
mod sweep;
mod text;
mod time;
mod training;
mod unet;
mod vector;
mod waveform;
mod windows;

pub use arrivals::arrivals;
pub use comparison::{correlation, fingerprint, recall_and_alarms, recall_and_false_alarms};
pub use confusion::confusion_matrices;
pub use convolution::{sliding_filter, strides};
pub use curves::{Points, curves, descent, plan, shares};
pub use detection::{precision_recall, probabilities, reliability};
pub use dumbbells::{Row, dumbbells};
pub use gallery::{Shown, gallery, records};
pub use helicorder::helicorder;
pub use hourly::hourly_counts;
pub(crate) use interactive::MIME as INTERACTIVE_MIME;
pub use interactive::{Interactive, OperatingCurve, Round};
pub use judgement::{operating_curve, recall_by, reliabilities};
pub use layers::layers;
pub use located::{depth_section, located};
pub use map::{clusters, clusters_and_faults, epicentres};
pub use merging::{counts_by_hop, windows_of_scans};
pub use picking::record_and_curves;
pub use rounds::rounds;
pub use saliency::{first_filters, saliency, saliency_aligned};
pub use scores::record_and_scores;
pub use spectrum::{filter_responses, power_spectra, spectrogram, waveform_and_spectrogram};
pub(crate) use style::class_name;
pub use sweep::{Series, sweep};
pub use time::{
    frequency_magnitude, frequency_magnitudes, magnitudes_in_time, magnitudes_of, monthly_counts,
};
pub use training::training;
pub use unet::unet;
pub use waveform::{detections, record, record_on_own_scales, vectors, vectors_in};
pub use windows::{window, windows_of_component};

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
    /// The same as SVG, its letters as outlines, over a bitmap where lines would be many; None where it was kept as a PNG.
    pub svg: Option<String>,
    /// Nominal size in pixels.
    pub size: (u32, u32),
    /// For a page that answers to the reader.
    pub interactive: Option<Interactive>,
}

impl Figure {
    /// A figure that was drawn before and kept as a PNG.
    pub fn stored(png: &[u8]) -> Self {
        // Width and height stand in the first chunk, IHDR.
        let number = |from: usize| {
            let bytes = png
                .get(from..from + 4)
                .and_then(|bytes| bytes.try_into().ok());
            u32::from_be_bytes(bytes.unwrap_or_default()) / style::SCALE
        };
        Self {
            number: String::new(),
            caption: String::new(),
            source: String::new(),
            png: png.to_vec(),
            svg: None,
            size: (number(16), number(20)),
            interactive: None,
        }
    }

    /// The same figure with a number, `Figure 2.1`.
    pub fn numbered(&self, number: &str) -> Self {
        Self {
            number: number.into(),
            ..self.clone()
        }
    }

    /// The same figure with another caption; the source stays.
    pub fn captioned(&self, caption: &str) -> Self {
        Self {
            caption: caption.into(),
            ..self.clone()
        }
    }

    /// The same figure with data that answer to the reader.
    fn answering(self, interactive: Option<Interactive>) -> Self {
        Self {
            interactive,
            ..self
        }
    }

    /// The same figure, naming its source.
    pub fn sourced(&self, source: &str, simulated: bool) -> Self {
        Self {
            source: provenance(source, simulated),
            ..self.clone()
        }
    }
}

/// What every figure and table says of its data.
pub(crate) fn provenance(source: &str, simulated: bool) -> String {
    match simulated {
        true => format!("Simulated data: {source}."),
        false => format!("Data: {source}."),
    }
}

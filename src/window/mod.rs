//! Windows of equal length, cut from records: what a network looks at.
//!
//! A window is a start and a number of samples, half-open: a thousand samples at 100 Hz are ten
//! seconds, and a 1001st cannot occur.
//!
//! | Step | Function |
//! |---|---|
//! | one window out of a record | [`cut`] |
//! | a window for each event, from its origin or its P wave | [`event_windows`], [`StartRule`] |
//! | windows of noise between events, or at chosen instants | [`noise_windows`], [`NoiseRule`], [`noise_windows_at`] |
//! | both together, scaled, kept on disk | [`Windows::concat`], [`Windows::normalised`], [`Windows::write`] |
//! | what was rejected, and why | [`RejectionLog`], [`Reason`] |
//! | what a scale does to a window | [`normalise`], [`seam_jumps`], [`relative_ranges`] |
//!
//! ```
//! use quakebook::window::{Normalisation, normalise, relative_ranges, seam_jumps};
//! // Three components of four samples; the third moves ten times as far as the others.
//! let window = [0., 1., 0., -1., 0., 1., 0., -1., 0., 10., 0., -10.];
//! let alone = normalise(&window, Normalisation::MinMaxPerComponent)?;
//! let joint = normalise(&window, Normalisation::MinMaxJoint)?;
//! assert_eq!(relative_ranges(&alone), [1.0, 1.0, 1.0]);
//! assert!((relative_ranges(&joint)[0] - 0.1).abs() < 1e-6);
//! assert_eq!(seam_jumps(&alone), [0.5, 0.5]);
//! assert!(seam_jumps(&joint)[0] < 0.051);
//! # Ok::<(), quakebook::Error>(())
//! ```

mod cut;
mod noise;
mod normalise;
mod rejections;
mod store;

use crate::error::{Result, fail};
use crate::time::Time;

pub use crate::study::Normalisation;
pub use cut::{CutParams, StartRule, cut, event_windows, print_progress, silent};
pub use noise::{NoiseRule, noise_windows, noise_windows_at};
pub(crate) use normalise::{by_counts, n_missing_for, normalise_again, normalise_in_place};
pub use normalise::{normalise, relative_ranges, seam_jumps};
pub use rejections::{Reason, Rejection, RejectionLog};

impl Normalisation {
    /// # Errors
    /// [`crate::Error::Window`] where a fixed scale is 0.
    pub(crate) fn check(self) -> Result<()> {
        if self == (Self::Fixed { counts: 0 }) {
            let remedy = "Give the station's usual noise, or another level, in counts";
            return Err(fail!(
                Window,
                "normalisation",
                "a fixed scale of 0 counts",
                remedy
            ));
        }
        Ok(())
    }
}

/// What a window holds.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An event of the catalog, by its identifier.
    Event { id: String },
    /// Noise of the gap after the event `after`; the windows of one gap are one group.
    Noise { after: String },
}

/// One window: `(3, n_samples)` row by row, component after component.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Time of the first sample.
    pub start: Time,
    /// `3 * n_samples` values: all of component 0, then 1, then 2.
    pub samples: Vec<f32>,
    /// Cluster of the event, from 0; noise has the number of clusters.
    pub class: usize,
    pub origin: Origin,
}

/// Labelled windows of one station, and the log of those that were rejected.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// `GS.OK029.00`.
    pub station: String,
    pub channels: [String; 3],
    pub sampling_rate_hz: f64,
    /// Samples of one component of a window.
    pub n_samples: usize,
    /// Clusters and, last, noise.
    pub n_classes: usize,
    /// `None` for counts as they were recorded.
    pub normalisation: Option<Normalisation>,
    /// Simulated windows say so in every figure.
    pub simulated: bool,
    pub windows: Vec<Window>,
    pub rejections: RejectionLog,
}

impl Windows {
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Windows of each class, noise last.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for window in &self.windows {
            counts[window.class] += 1;
        }
        counts
    }

    /// Takes windows out; the log says which and why.
    pub(crate) fn leave_out(&mut self, reason: &Reason, is_out: impl Fn(&Window) -> bool) {
        let rejected = &mut self.rejections.items;
        self.windows.retain(|window| {
            let is_out = is_out(window);
            if is_out {
                rejected.push(Rejection {
                    what: rejections::name(&window.origin),
                    start: window.start,
                    reason: reason.clone(),
                });
            }
            !is_out
        });
    }

    /// The same windows, scaled. One that cannot be scaled goes to the log.
    ///
    /// # Errors
    /// [`crate::Error::Window`] where they are scaled already, or a fixed scale is 0.
    pub fn normalised(&self, normalisation: Normalisation) -> Result<Self> {
        normalisation.check()?;
        if let Some(done) = self.normalisation {
            return Err(fail!(
                Window,
                self.station,
                format!("the windows are already scaled by {done:?}"),
                "Start from the windows as they were cut"
            ));
        }
        let mut scaled = Self {
            station: self.station.clone(),
            channels: self.channels.clone(),
            normalisation: Some(normalisation),
            windows: Vec::with_capacity(self.len()),
            rejections: self.rejections.clone(),
            ..*self
        };
        for window in &self.windows {
            match normalise(&window.samples, normalisation) {
                Ok(samples) => scaled.windows.push(Window {
                    samples,
                    origin: window.origin.clone(),
                    ..*window
                }),
                Err(_) => scaled.rejections.items.push(Rejection {
                    what: rejections::name(&window.origin),
                    start: window.start,
                    reason: Reason::Dead,
                }),
            }
        }
        Ok(scaled)
    }

    /// These windows and then those of `other`, with both logs.
    ///
    /// # Errors
    /// [`crate::Error::Window`] where the two differ in station, channels, rate, length, classes or
    /// scale.
    pub fn concat(&self, other: &Self) -> Result<Self> {
        // A set without a window has met no record, and so knows no channels.
        if self.is_empty() || other.is_empty() {
            let (with_windows, without) = match self.is_empty() {
                true => (other, self),
                false => (self, other),
            };
            let mut both = with_windows.clone();
            both.rejections.extend(&without.rejections);
            return Ok(both);
        }
        let kind = |w: &Self| {
            format!(
                "{} {:?}, {} samples at {} Hz, {} classes, scale {:?}",
                w.station,
                w.channels,
                w.n_samples,
                w.sampling_rate_hz,
                w.n_classes,
                w.normalisation
            )
        };
        if kind(self) != kind(other) {
            return Err(fail!(
                Window,
                "concat",
                format!("windows of two kinds: {}; {}", kind(self), kind(other)),
                "Cut both from one station by one study"
            ));
        }
        let mut both = self.clone();
        both.simulated |= other.simulated;
        both.windows.extend(other.windows.iter().cloned());
        both.rejections.extend(&other.rejections);
        Ok(both)
    }
}

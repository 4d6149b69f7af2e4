//! Every window of a record, before a network.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fail};
use crate::evaluate::{event_probability, top_class};
use crate::network::{Classify, N_AT_ONCE};
use crate::study::TimeSpan;
use crate::time::{self, Time};
use crate::waveform::Record3C;
use crate::window::{Normalisation, normalise};

/// How a record is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanParams {
    /// Samples from one window to the next. The paper's windows do not overlap: `n_samples`.
    pub hop_samples: usize,
    /// As the network's training windows were scaled.
    pub normalisation: Normalisation,
}

/// What a network said of each window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// `GS.OK029.00`.
    pub station: String,
    /// True where the record was simulated.
    pub simulated: bool,
    pub sampling_rate_hz: f64,
    /// Samples of one component of a window.
    pub n_samples: usize,
    pub hop_samples: usize,
    /// Clusters and, last, noise.
    pub n_classes: usize,
    /// Start of each window that was classified, in order.
    pub starts: Vec<Time>,
    /// `(n_windows, n_classes)`, row by row.
    pub probabilities: Vec<f32>,
    /// Windows that touch a gap, and so were not classified.
    pub n_in_gaps: usize,
    /// Windows with a flat component, and so not classified.
    pub n_flat: usize,
    /// Samples at the end, too few for one more window.
    pub n_samples_left: usize,
}

/// Classifies the windows of `record`, one every `hop_samples`, from its first sample on. A window
/// that touches a gap or has a flat component is counted, not classified.
///
/// Windows go to the network 256 at once: on two processor cores that is 3 to 4 times faster per
/// window than thousands at once, and memory stays flat however long the record.
///
/// # Errors
/// [`crate::Error::Detect`] where the hop is 0 or the record is shorter than a window;
/// [`crate::Error::Network`] as [`Classify::probabilities`].
pub fn scan(network: &dyn Classify, record: &Record3C, params: &ScanParams) -> Result<Scan> {
    let n = network.n_samples();
    if params.hop_samples == 0 {
        return Err(fail!(
            Detect,
            "hop_samples",
            "0, expected 1 or more",
            "Take the window's length for windows that do not overlap"
        ));
    }
    if n == 0 || record.n_samples() < n {
        return Err(fail!(
            Detect,
            record.station,
            format!("{} samples, a window has {n}", record.n_samples()),
            "Scan a longer record"
        ));
    }
    let mut result = Scan {
        station: record.station.clone(),
        simulated: record.simulated,
        sampling_rate_hz: record.sampling_rate_hz,
        n_samples: n,
        hop_samples: params.hop_samples,
        n_classes: network.n_classes(),
        starts: Vec::new(),
        probabilities: Vec::new(),
        n_in_gaps: 0,
        n_flat: 0,
        n_samples_left: (record.n_samples() - n) % params.hop_samples,
    };
    let gaps = record.gaps();
    let mut batch = Vec::with_capacity(N_AT_ONCE * 3 * n);
    for first in (0..=record.n_samples() - n).step_by(params.hop_samples) {
        let next = gaps.partition_point(|gap| gap.end <= first);
        if gaps.get(next).is_some_and(|gap| gap.start < first + n) {
            result.n_in_gaps += 1;
            continue;
        }
        let rows = record.data.iter().map(|data| &data[first..first + n]);
        if rows.clone().any(|row| row.iter().all(|v| *v == row[0])) {
            result.n_flat += 1;
            continue;
        }
        let window: Vec<f32> = rows.flatten().copied().collect();
        batch.extend(normalise(&window, params.normalisation)?);
        let rate = record.sampling_rate_hz;
        result
            .starts
            .push(time::of_sample(record.start, first, rate));
        if batch.len() == N_AT_ONCE * 3 * n {
            result.probabilities.extend(network.probabilities(&batch)?);
            batch.clear();
        }
    }
    if !batch.is_empty() {
        result.probabilities.extend(network.probabilities(&batch)?);
    }
    Ok(result)
}

impl Scan {
    /// Windows classified.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Length of a window in seconds.
    pub fn window_s(&self) -> f64 {
        self.n_samples as f64 / self.sampling_rate_hz
    }

    /// Each window's most probable class, the first among equals.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where a probability is NaN.
    pub fn classes(&self) -> Result<Vec<usize>> {
        let top = top_class(self.n_classes, &self.probabilities)?;
        Ok(top.into_iter().map(|(class, _)| class).collect())
    }

    /// Windows of each most probable class, noise last: Table 1 of the paper.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for row in self.probabilities.chunks_exact(self.n_classes.max(1)) {
            let top = (0..row.len())
                .rev()
                .max_by(|a, b| row[*a].total_cmp(&row[*b]));
            counts[top.unwrap_or(0)] += 1;
        }
        counts
    }

    /// Each window's probability of an event of any cluster.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where the probabilities are no multiple of the classes.
    pub fn event_probabilities(&self) -> Result<Vec<f64>> {
        event_probability(self.n_classes, &self.probabilities)
    }

    /// The spans that windows cover, joined where they touch: between them lie gaps.
    pub fn covered(&self) -> Vec<TimeSpan> {
        let window = time::seconds(self.window_s());
        let mut spans: Vec<TimeSpan> = Vec::new();
        for start in &self.starts {
            let end = *start + window;
            match spans.last_mut() {
                Some(span) if *start <= span.end => span.end = span.end.max(end),
                _ => spans.push(TimeSpan { start: *start, end }),
            }
        }
        spans
    }
}

//! An earthquake that the edge of a window cut in two: chapter 8.

use super::ScannedDays;
use crate::detect::{Detections, Scan, ScanParams, scan};
use crate::error::Result;
use crate::fdsn::Client;
use crate::method;
use crate::plot::{Figure, windows_of_scans};
use crate::store;
use crate::study::Study;
use crate::time;
use crate::waveform::{Record3C, WaveformSource};

/// The probability from which on a window is called an event here.
const THRESHOLD: f64 = 0.5;

/// Windows of the record that lie end to end.
const N_WINDOWS: usize = 4;

/// An edge lies so long behind the P wave.
const EDGE_AFTER_P_S: f64 = 2.0;

/// A record that holds one earthquake, scanned as the paper did and with windows that overlap.
#[derive(Debug, Clone)]
pub struct CutInTwo {
    pub record: Record3C,
    /// Four windows end to end.
    pub apart: Scan,
    /// A window each tenth of a window's length.
    pub close: Scan,
    study: Study,
}

/// The first visible earthquake of the days that two windows end to end both call an event, by the detector's network.
///
/// The windows lie so that an edge is 2 s behind the P wave. `None` where no earthquake is cut so.
///
/// # Errors
/// As [`store::detector`] and [`scan()`]. Where the data centre has no record, the next earthquake is taken.
pub fn cut_in_two(study: &Study, days: &ScannedDays, client: &Client) -> Result<Option<CutInTwo>> {
    let network = store::detector(study)?.network;
    let n = study.window.n_samples;
    let window_s = n as f64 / study.window.sampling_rate_hz;
    let visible = (0..days.reference.events.len()).filter(|i| days.reference.counts(*i));
    for event in visible {
        let p = days.reference.arrivals[event];
        let start = p + time::seconds(EDGE_AFTER_P_S - 2.0 * window_s);
        let Ok(record) = client.record(start, N_WINDOWS * n) else {
            continue;
        };
        let scanned = |hop_samples| {
            let params = ScanParams {
                hop_samples,
                ..method::scan_params(study)
            };
            scan(&network, &record, &params)
        };
        let (apart, close) = (scanned(n)?, scanned(n / 10)?);
        let p_event = apart.event_probabilities()?;
        if p_event.len() == N_WINDOWS && p_event[1] >= THRESHOLD && p_event[2] >= THRESHOLD {
            return Ok(Some(CutInTwo {
                record,
                apart,
                close,
                study: study.clone(),
            }));
        }
    }
    Ok(None)
}

impl CutInTwo {
    /// Windows end to end that are called an event: the paper counted each as an earthquake.
    ///
    /// # Errors
    /// As [`Scan::event_probabilities`].
    pub fn n_called_end_to_end(&self) -> Result<usize> {
        let p_event = self.apart.event_probabilities()?;
        Ok(p_event.iter().filter(|p| **p >= THRESHOLD).count())
    }

    /// The events of the windows that overlap, merged.
    ///
    /// # Errors
    /// As [`Scan::merge`].
    pub fn merged(&self) -> Result<Detections> {
        self.close
            .merge(&method::merge_params(&self.study, THRESHOLD))
    }

    /// The vertical component under both scans.
    ///
    /// # Errors
    /// As [`Scan::event_probabilities`], [`Scan::merge`] and [`windows_of_scans`].
    pub fn figure(&self) -> Result<Figure> {
        let merged = self.merged()?;
        // The paper merged nothing.
        let none = Detections {
            items: Vec::new(),
            ..merged.clone()
        };
        let scans = [
            ("before", &self.apart, &none),
            ("after", &self.close, &merged),
        ];
        let hop_s = self.close.hop_samples as f64 / self.close.sampling_rate_hz;
        let caption = format!(
            "{} from {} under the windows of both scans. Before: windows end to end, {} of them called an event at a \
             probability of {THRESHOLD}, each counted. After: a window every {hop_s:.1} s; events after merging: {}.",
            self.record.channels[2],
            self.record.start.format("%Y-%m-%d %H:%M:%S"),
            self.n_called_end_to_end()?,
            merged.len()
        );
        Ok(windows_of_scans(&self.record, &scans, THRESHOLD)?.captioned(&caption))
    }
}

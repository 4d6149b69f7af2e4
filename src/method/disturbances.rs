//! What a classical detector triggers on far from every event: the noise that is hard to tell.

use std::ops::Range;

use crate::catalog::{Catalog, Event};
use crate::detect::{recursive_sta_lta, triggers};
use crate::error::Result;
use crate::study::Study;
use crate::time::{self, Time};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::quality::filter_counts;
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{Reason, Rejection};

/// So much record is searched at a time.
const SEARCHED_S: f64 = 3600.0;

/// Recursive STA/LTA: averages of 0.5 and 30 s of the band in which small earthquakes within tens of
/// kilometres stand out; a trigger ends below 1.5.
const BAND_HZ: (f64, f64) = (2.0, 15.0);
const STA_S: f64 = 0.5;
const LTA_S: f64 = 30.0;
const ENDS_AT: f32 = 1.5;

/// Starts of segments with a disturbance in their middle, each with the event before it; hours that
/// could not be searched go to `failed`.
///
/// Disturbances are rare, so quiet gaps alone would hardly show them; yet they are what a detector
/// mistakes for events. A few of them *are* events, which the catalog does not list.
pub(super) fn disturbances(
    source: &dyn WaveformSource,
    catalog: &Catalog,
    study: &Study,
    failed: &mut Vec<Rejection>,
) -> Result<Vec<(Time, String)>> {
    let rate_hz = study.window.sampling_rate_hz;
    let n_samples = (SEARCHED_S * rate_hz) as usize;
    let hours = quiet_hours(catalog, study);
    let span_s = time::between_s(study.catalog.start, study.catalog.end);
    let n_hours = (span_s / SEARCHED_S / study.method.one_hour_in)
        .ceil()
        .max(1.0) as usize;
    let step = hours.len().div_ceil(n_hours).max(1);
    let before = time::seconds(study.method.segment_s / 2.0);
    let mut starts = Vec::new();
    for (start, after) in hours.into_iter().step_by(step) {
        match source.record(start, n_samples) {
            Ok(record) => starts.extend(
                strongest_triggers(&record, study)?
                    .into_iter()
                    .map(|at| time::of_sample(record.start, at, record.sampling_rate_hz))
                    .map(|at| (at - before, after.clone())),
            ),
            Err(error) => failed.push(Rejection {
                what: format!("disturbances after {after}"),
                start,
                reason: Reason::of(&error),
            }),
        }
    }
    Ok(starts)
}

/// The middle hour of each gap that is long enough to keep the guard from both events.
fn quiet_hours(catalog: &Catalog, study: &Study) -> Vec<(Time, String)> {
    let method = &study.method;
    let middle = |pair: &[Event]| {
        let gap_s = time::between_s(pair[0].origin_time, pair[1].origin_time);
        let first_s = (gap_s - SEARCHED_S) / 2.0;
        let start = pair[0].origin_time + time::seconds(first_s);
        (first_s >= method.guard_s + method.segment_s).then(|| (start, pair[0].id.clone()))
    };
    catalog.events().windows(2).filter_map(middle).collect()
}

/// Samples of the strongest triggers of the largest ratio of the three components, at least half a
/// segment apart.
fn strongest_triggers(record: &Record3C, study: &Study) -> Result<Vec<usize>> {
    let rate_hz = record.sampling_rate_hz;
    let band = Filter::bandpass(4, BAND_HZ.0, BAND_HZ.1, rate_hz)?;
    let mut filtered = record.clone();
    filter_counts(&band, &mut filtered, Pass::Causal)?;
    let (n_sta, n_lta) = ((STA_S * rate_hz) as usize, (LTA_S * rate_hz) as usize);
    let mut ratios = vec![0.0_f32; record.n_samples()];
    for row in &filtered.data {
        for (most, ratio) in ratios.iter_mut().zip(recursive_sta_lta(row, n_sta, n_lta)?) {
            *most = most.max(ratio);
        }
    }
    let peak = |span: &Range<usize>| ratios[span.clone()].iter().copied().fold(0.0, f32::max);
    let mut spans = triggers(&ratios, study.method.disturbance_ratio as f32, ENDS_AT);
    spans.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
    let apart = (study.method.segment_s / 2.0 * rate_hz) as usize;
    let mut taken: Vec<usize> = Vec::new();
    for span in spans {
        let is_apart = taken.iter().all(|at| at.abs_diff(span.start) >= apart);
        if taken.len() < study.method.n_of_hour && is_apart {
            taken.push(span.start);
        }
    }
    Ok(taken)
}

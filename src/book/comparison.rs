//! What the chapter on the classical detectors needs: the hours to compare on, and the templates.

use super::{BEFORE_P_S, windows_at_arrivals};
use crate::catalog::Catalog;
use crate::detect::{Band, ReferenceEvents, StaLtaParams, TemplateParams, Templates, sta_lta};
use crate::error::{Error, Result, fail};
use crate::evaluate::recall_at_rate;
use crate::method::held_out;
use crate::store::{catalog, record, time_blocks};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Record3C, quality::coverage};
use crate::window::{Origin, Windows};

/// Hours of each record on which detectors are tuned or compared: a whole day, so that whatever the station does
/// once a day is in it. Of a small study, which must be quick, its time over 1000, and six at least.
pub fn comparison_hours(study: &Study) -> f64 {
    let hours = time::between_s(study.catalog.start, study.catalog.end) / 3600.0;
    (hours / 1000.0).floor().clamp(6.0, 24.0)
}

/// The record on which thresholds are chosen: of the validation time, the [`comparison_hours`] with most published
/// events.
///
/// # Errors
/// As [`time_blocks`], and [`Error::Waveform`] where the station sent next to nothing all the time.
pub fn validation_record(study: &Study) -> Result<Record3C> {
    let blocks = time_blocks(study)?;
    let times = TimeSpan {
        start: blocks.validation,
        end: blocks.test,
    };
    busiest(study, &times, comparison_hours(study))
}

/// The record on which detectors are compared: of the test time, the [`comparison_hours`] with most published events.
///
/// So many events in a day are not usual: recall is measured well there, and false alarms are as many as at other
/// times; but precision is better than on a usual day. The held-out month, which chapter 8 has scored more than once,
/// is not looked at.
///
/// # Errors
/// As [`validation_record`].
pub fn test_record(study: &Study) -> Result<Record3C> {
    let times = TimeSpan {
        start: time_blocks(study)?.test,
        end: study.catalog.end,
    };
    busiest(study, &times, comparison_hours(study))
}

/// The windows of the training time's events, in counts: what templates may be cut from.
///
/// # Errors
/// As [`windows_at_arrivals`].
pub fn training_events(study: &Study) -> Result<Windows> {
    let (end, held_out) = (time_blocks(study)?.validation, held_out(study));
    let mut windows = windows_at_arrivals(study)?;
    windows.windows.retain(|window| {
        let is_event = matches!(window.origin, Origin::Event { .. });
        is_event && window.start < end && !held_out.iter().any(|span| span.contains(window.start))
    });
    Ok(windows)
}

/// Templates, at most. Each costs the same time, and gives noise a chance more to resemble one.
pub const N_TEMPLATES: usize = 150;

/// Templates of events of the training part: of all, or where these are more than [`N_TEMPLATES`] of every n-th.
///
/// # Errors
/// As [`training_events`] and [`Templates::from_windows`].
pub fn templates(study: &Study, params: &TemplateParams) -> Result<Templates> {
    let mut events = training_events(study)?;
    let every = events.len().div_ceil(N_TEMPLATES).max(1);
    let mut place = 0..;
    events
        .windows
        .retain(|_| place.next().is_some_and(|i: usize| i.is_multiple_of(every)));
    Templates::from_windows(&events, BEFORE_P_S, params)
}

/// False alarms an hour at which detectors are compared: one a day, one in four hours, one and four an hour.
pub const RATES_PER_HOUR: [f64; 4] = [1.0 / 24.0, 0.25, 1.0, 4.0];

/// Probabilities that are tried as a network's threshold, evenly spread in their log-odds: as many as make its curve
/// as fine as those of detectors whose scores are all tried.
pub fn fine_thresholds() -> Vec<f64> {
    let odds = (-24..=48).map(|quarter| f64::from(quarter) / 4.0);
    odds.map(|odds| 1.0 / (1.0 + f64::exp(-odds))).collect()
}

/// One setting of STA/LTA that was tried, and its mean recall over [`RATES_PER_HOUR`].
#[derive(Debug, Clone, PartialEq)]
pub struct TriedSetting {
    pub params: StaLtaParams,
    pub recall: f64,
}

/// Bands, averages and numbers of components of STA/LTA, each tried on a record: the best first, of equals the
/// earlier in the grid, which begins with [`StaLtaParams::default`].
///
/// # Errors
/// As [`sta_lta`].
pub fn tried_sta_lta(record: &Record3C, reference: &ReferenceEvents) -> Result<Vec<TriedSetting>> {
    let usual = StaLtaParams::default();
    let mut tried = Vec::new();
    for (low_hz, high_hz) in [(2.0, 15.0), (1.0, 20.0), (5.0, 20.0)] {
        for (sta_s, lta_s) in [(0.5, 30.0), (0.5, 10.0), (1.0, 60.0)] {
            for n_components in [2, 3] {
                let params = StaLtaParams {
                    band: Band {
                        low_hz,
                        high_hz,
                        ..usual.band
                    },
                    sta_s,
                    lta_s,
                    n_components,
                    ..usual
                };
                let curve = reference.curve_of(&sta_lta(record, &params)?);
                let recalls = RATES_PER_HOUR.map(|rate| recall_at_rate(&curve, rate).value);
                let recall = recalls.iter().sum::<f64>() / recalls.len() as f64;
                tried.push(TriedSetting { params, recall });
            }
        }
    }
    tried.sort_by(|a, b| b.recall.total_cmp(&a.recall));
    Ok(tried)
}

/// Of a time the hours, from a full one on, that hold most published events, the earlier of equals;
/// others where the station sent less than nine tenths of them.
fn busiest(study: &Study, times: &TimeSpan, hours: f64) -> Result<Record3C> {
    for span in by_events(&catalog(study)?, times, hours) {
        match record(study, &span) {
            Ok(record) if coverage(&record) >= 0.9 => return Ok(record),
            Ok(_) | Err(Error::Waveform { .. } | Error::Unavailable { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(fail!(
        Waveform,
        "hours to compare detectors on",
        format!("no {hours} h in which the station sent nine tenths"),
        "Take other fractions for the split, or another month to hold out"
    ))
}

/// All spans of so many hours within a time, those with most events first.
fn by_events(published: &Catalog, times: &TimeSpan, hours: f64) -> Vec<TimeSpan> {
    let full_hour = times.start.timestamp().div_euclid(3600) * 3600;
    let starts = (full_hour..)
        .step_by(3600)
        .filter_map(|s| Time::from_timestamp(s, 0))
        .map(|start| TimeSpan {
            start,
            end: start + time::seconds(3600.0 * hours),
        })
        .skip_while(|span| span.start < times.start)
        .take_while(|span| span.end <= times.end);
    let mut spans: Vec<(usize, TimeSpan)> = starts
        .map(|span| (published.during(&span).len(), span))
        .collect();
    spans.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    spans.into_iter().map(|(_, span)| span).collect()
}

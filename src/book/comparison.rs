//! What the chapter on the classical detectors needs: the hours to compare on, and the templates.

use super::{BEFORE_P_S, windows_at_arrivals};
use crate::catalog::Catalog;
use crate::detect::{TemplateParams, Templates};
use crate::error::{Error, Result, fail};
use crate::method::held_out;
use crate::store::{catalog, record, time_blocks};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Record3C, quality::coverage};
use crate::window::{Origin, Windows};

/// Hours of the record on which detectors are compared: the study's time over 1500, so that a small
/// study is quick, and six at least. The full study has 16.
pub fn comparison_hours(study: &Study) -> f64 {
    let hours = time::between_s(study.catalog.start, study.catalog.end) / 3600.0;
    (hours / 1500.0).floor().max(6.0)
}

/// The record on which thresholds are chosen: of the validation time, the hours with most published
/// events, half as many as [`test_record`] has.
///
/// # Errors
/// As [`time_blocks`], and [`Error::Waveform`] where the station sent next to nothing all the time.
pub fn validation_record(study: &Study) -> Result<Record3C> {
    let blocks = time_blocks(study)?;
    let times = TimeSpan {
        start: blocks.validation,
        end: blocks.test,
    };
    busiest(study, &times, comparison_hours(study) / 2.0)
}

/// The record on which detectors are compared: of the held-out month, the [`comparison_hours`] with most
/// published events. So many events in a few hours are not usual: recall is measured well there, and
/// false alarms are as many as at other times; but precision is better than on a usual day.
///
/// # Errors
/// As [`validation_record`].
pub fn test_record(study: &Study) -> Result<Record3C> {
    busiest(study, &study.held_out, comparison_hours(study))
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

/// A template of every event of the training part.
///
/// # Errors
/// As [`training_events`] and [`Templates::from_windows`].
pub fn templates(study: &Study, params: &TemplateParams) -> Result<Templates> {
    Templates::from_windows(&training_events(study)?, BEFORE_P_S, params)
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

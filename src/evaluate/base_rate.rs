//! What scores and probabilities become where events are rarer than in the windows they come from.

use super::{Rate, Score};
use crate::error::{Result, fail};

/// The precision of a classifier of windows where a share `base_rate` of all windows are events, from
/// its recall (of event windows, those called so) and its false positives (of noise windows, those
/// called events), which do not depend on how common events are. This is Bayes' rule:
/// recall π / (recall π + false (1 - π)).
///
/// The interval takes both from their worse ends, then both from their better ends: it is wider than
/// 95 %. Its `n` is that of both scores together.
///
/// # Errors
/// [`crate::Error::Evaluate`] where the base rate is not between 0 and 1, ends excluded.
///
/// ```
/// use quakebook::evaluate::{Score, precision_at_base_rate};
/// let (recall, false_positives) = (Score::of(98, 100), Score::of(2, 300));
/// let among_windows = precision_at_base_rate(&recall, &false_positives, 0.25)?;
/// assert!((among_windows.value - 0.98).abs() < 1e-9);
/// // In a continuous record one window in a thousand is an event.
/// let in_a_record = precision_at_base_rate(&recall, &false_positives, 0.001)?;
/// assert!((in_a_record.value - 0.1283).abs() < 1e-4);
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn precision_at_base_rate(
    recall: &Score,
    false_positives: &Score,
    base_rate: f64,
) -> Result<Score> {
    check("base_rate", base_rate)?;
    let precision = |recall: f64, false_positives: f64| {
        let hits = recall * base_rate;
        let called = hits + false_positives * (1.0 - base_rate);
        // Where nothing is called an event there is no precision, and nothing is known of it.
        if called > 0.0 {
            hits / called
        } else {
            f64::NAN
        }
    };
    let or = |value: f64, unknown: f64| if value.is_nan() { unknown } else { value };
    Ok(Score {
        value: precision(recall.value, false_positives.value),
        lower: or(precision(recall.lower, false_positives.upper), 0.0),
        upper: or(precision(recall.upper, false_positives.lower), 1.0),
        n: recall.n + false_positives.n,
    })
}

/// The precision of detections where `events_per_hour` of those that must be found come: what is found of them,
/// beside false alarms that come whatever the earthquakes do.
///
/// The interval takes recall and false alarms from their worse ends, then both from their better ends: it is wider
/// than 95 %. Its `n` is the events and the false alarms that both were counted on.
///
/// # Errors
/// [`crate::Error::Evaluate`] where the rate is not a positive number.
///
/// ```
/// use quakebook::evaluate::{Rate, Score, precision_at_event_rate};
/// // All of 30 found, 10 false alarms in 240 hours: one a day.
/// let (recall, false_alarms) = (Score::of(30, 30), Rate::of(10, 240.0)?);
/// let daily = precision_at_event_rate(&recall, &false_alarms, 1.0 / 24.0)?;
/// assert!((daily.value - 0.5).abs() < 1e-9);
/// let monthly = precision_at_event_rate(&recall, &false_alarms, 1.0 / 720.0)?;
/// assert!((monthly.value - 1.0 / 31.0).abs() < 1e-9);
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn precision_at_event_rate(
    recall: &Score,
    false_alarms: &Rate,
    events_per_hour: f64,
) -> Result<Score> {
    if !(events_per_hour > 0.0 && events_per_hour.is_finite()) {
        return Err(fail!(
            Evaluate,
            "events_per_hour",
            format!("{events_per_hour}, expected a positive number"),
            "Give how many earthquakes come in an hour"
        ));
    }
    let precision = |recall: f64, alarms_per_hour: f64| {
        let hits = recall * events_per_hour;
        // Where nothing is detected there is no precision.
        match hits + alarms_per_hour > 0.0 {
            true => hits / (hits + alarms_per_hour),
            false => f64::NAN,
        }
    };
    let or = |value: f64, unknown: f64| if value.is_nan() { unknown } else { value };
    Ok(Score {
        value: precision(recall.value, false_alarms.per_hour),
        lower: or(precision(recall.lower, false_alarms.upper_per_hour), 0.0),
        upper: or(precision(recall.upper, false_alarms.lower_per_hour), 1.0),
        n: recall.n + false_alarms.n,
    })
}

/// A probability learnt where a share `from` were events, restated where a share `to` are: odds grow
/// by the ratio of the prior odds (Saerens, Latinne & Decaestecker 2002, *Neural Computation* 14, 21-41).
///
/// # Errors
/// [`crate::Error::Evaluate`] where `p` is not in 0 to 1, or a rate is not between 0 and 1, ends excluded.
///
/// ```
/// // 90 % where one window in four is an event is 0.3 % where it is one in ten thousand.
/// let p = quakebook::evaluate::at_base_rate(0.9, 0.25, 1e-4)?;
/// assert!((p - 0.0027).abs() < 1e-4);
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn at_base_rate(p: f64, from: f64, to: f64) -> Result<f64> {
    check("from", from)?;
    check("to", to)?;
    if !(0.0..=1.0).contains(&p) {
        return Err(fail!(
            Evaluate,
            "probability",
            format!("{p}, expected 0 to 1"),
            "Give a probability"
        ));
    }
    let event = p * to / from;
    let noise = (1.0 - p) * (1.0 - to) / (1.0 - from);
    Ok(event / (event + noise))
}

fn check(name: &str, rate: f64) -> Result<()> {
    if rate > 0.0 && rate < 1.0 {
        return Ok(());
    }
    Err(fail!(
        Evaluate,
        name,
        format!("{rate}, expected a share between 0 and 1"),
        "Give the share of event windows among all windows"
    ))
}

//! Instants and seconds: UTC with nanoseconds, and samples counted from a start.

use chrono::NaiveDateTime;
/// What [`Time`] and a difference of two are made of. A notebook's cell names the type of each of its
/// variables by a path through this crate.
pub use chrono::{DateTime, TimeDelta, Utc};

use crate::error::{Result, fail};

/// An instant in UTC.
pub type Time = DateTime<Utc>;

/// Reads `2014-02-16T01:28:31.32`, with or without `Z`, fraction or time of day.
///
/// # Errors
/// [`crate::Error::Study`] where the text is not a time.
///
/// ```
/// let t = quakebook::time::parse("2014-02-16T01:28:31.32").unwrap();
/// assert_eq!(quakebook::time::iso(t), "2014-02-16T01:28:31.320000Z");
/// assert_eq!(quakebook::time::parse("2014-02-16").unwrap().timestamp(), 1_392_508_800);
/// ```
pub fn parse(text: &str) -> Result<Time> {
    let bare = text.trim().trim_end_matches(['Z', 'z']);
    let day = bare.len() == "2014-02-16".len();
    let full = if day {
        format!("{bare}T00:00:00")
    } else {
        bare.replacen(' ', "T", 1)
    };
    NaiveDateTime::parse_from_str(&full, "%Y-%m-%dT%H:%M:%S%.f")
        .map(|t| t.and_utc())
        .map_err(|_| {
            fail!(
                Study,
                format!("time {text:?}"),
                "not a time",
                "Write it like 2014-02-16T01:28:31.32"
            )
        })
}

/// ISO 8601 with microseconds and `Z`.
pub fn iso(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// A span of `seconds`, rounded to the nanosecond.
pub fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::nanoseconds((seconds * 1e9).round() as i64)
}

/// `later - earlier` in seconds.
pub fn between_s(earlier: Time, later: Time) -> f64 {
    let span = later - earlier;
    span.num_seconds() as f64 + f64::from(span.subsec_nanos()) * 1e-9
}

/// The time of sample `index` of a record that begins at `start`: start + index / rate.
pub fn of_sample(start: Time, index: usize, sampling_rate_hz: f64) -> Time {
    start + seconds(index as f64 / sampling_rate_hz)
}

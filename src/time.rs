//! Instants and seconds: UTC with nanoseconds, and samples counted from a start.

/// What [`Time`] and a difference of two are made of. A notebook's cell names the type of each of its
/// variables by a path through this crate.
pub use chrono::{DateTime, TimeDelta, Utc};
use chrono::{NaiveDate, NaiveDateTime};

use crate::error::{Result, fail};

/// An instant in UTC.
pub type Time = DateTime<Utc>;

/// From `start` until just before `end`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpan {
    pub start: Time,
    pub end: Time,
}

impl TimeSpan {
    /// Whether the instant lies in the half-open span.
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}

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

/// Reads a time in the one form in which nearly all are written, `2014-02-16T01:28:31.32Z`, the fraction
/// of at most nine digits and the `Z` being optional; `None` for any other text.
pub(crate) fn plain(text: &str) -> Option<Time> {
    let (seconds, rest) = text
        .as_bytes()
        .split_at_checked("2014-02-16T01:28:31".len())?;
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| digit - b'0');
            digit.map(|digit| 10 * number + u32::from(digit))
        })
    };
    let marks = [
        seconds[4],
        seconds[7],
        seconds[10],
        seconds[13],
        seconds[16],
    ];
    if marks != *b"--T::" {
        return None;
    }
    let nanoseconds = match rest.strip_suffix(b"Z").unwrap_or(rest) {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_u32.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(
        number(&seconds[..4])? as i32,
        number(&seconds[5..7])?,
        number(&seconds[8..10])?,
    )?;
    let time = date.and_hms_nano_opt(
        number(&seconds[11..13])?,
        number(&seconds[14..16])?,
        number(&seconds[17..])?,
        nanoseconds,
    )?;
    Some(time.and_utc())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_form_is_what_the_general_reader_reads() {
        for text in [
            "2014-02-16T01:28:31",
            "2014-02-16T01:28:31Z",
            "2014-02-16T01:28:31.3Z",
            "2016-02-29T23:59:59.123456789",
            "1900-01-01T00:00:00.000001Z",
        ] {
            assert_eq!(plain(text), parse(text).ok(), "{text}");
            assert!(plain(text).is_some(), "{text}");
        }
        for text in [
            "",
            "2014-02-16",
            "2014-02-16 01:28:31",
            "2014-02-30T00:00:00",
            "2014-02-16T24:00:00",
            "2016-12-31T23:59:60Z",
            "2014-02-16T01:28:31.",
            "2014-02-16T01:28:31.1234567890",
            "2014-02-16T01:28:31+01:00",
            "2014-02-16T01:28:+1",
            "２０１４-02-16T01:28:31",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}

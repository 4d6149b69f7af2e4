//! Instants and seconds: UTC with nanoseconds, and samples counted from a start.

/// What [`Time`] and a difference of two are made of. A notebook's cell names the type of each of its
/// variables by a path through this crate.
pub use chrono::{DateTime, TimeDelta, Utc};
use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

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

/// Years that a time is read from: those that ISO 8601 writes with four digits, without the year 0.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// Reads `2014-02-16T01:28:31.32`, with or without `Z`, fraction or time of day, of the years 1 to 9999.
///
/// A second 60 is read only where the clocks of the world had one: it is the beginning of the next
/// second, as on a computer's clock.
///
/// # Errors
/// [`crate::Error::Study`] where the text is not a time.
///
/// ```
/// let t = quakebook::time::parse("2014-02-16T01:28:31.32").unwrap();
/// assert_eq!(quakebook::time::iso(t), "2014-02-16T01:28:31.320000Z");
/// assert_eq!(quakebook::time::parse("2014-02-16").unwrap().timestamp(), 1_392_508_800);
/// assert!(quakebook::time::parse("2014-02-16T01:28:60").is_err());
/// let leap = quakebook::time::parse("2016-12-31T23:59:60").unwrap();
/// assert_eq!(quakebook::time::iso(leap), "2017-01-01T00:00:00.000000Z");
/// ```
pub fn parse(text: &str) -> Result<Time> {
    let text = text.trim();
    let bare = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let day = bare.len() == "2014-02-16".len();
    let full = if day {
        format!("{bare}T00:00:00")
    } else {
        bare.replacen(' ', "T", 1)
    };
    NaiveDateTime::parse_from_str(&full, "%Y-%m-%dT%H:%M:%S%.f")
        .ok()
        .and_then(|t| possible(t.and_utc()))
        .ok_or_else(|| {
            fail!(
                Study,
                format!("time {text:?}"),
                "not a time of the years 1 to 9999",
                "Write it like 2014-02-16T01:28:31.32"
            )
        })
}

/// As [`parse`], with an offset from UTC too: a time as tables and XML of data centres have it.
pub(crate) fn read(text: &str) -> Option<Time> {
    let offset = || DateTime::parse_from_rfc3339(text.trim()).ok();
    plain(text)
        .or_else(|| possible(offset()?.to_utc()))
        .or_else(|| parse(text).ok())
}

/// The same instant without a second 60; `None` where it cannot be.
pub(crate) fn possible(time: Time) -> Option<Time> {
    let is_leap = time.nanosecond() >= NANOSECONDS;
    let allowed = !is_leap || had_leap_second(time);
    (allowed && YEARS.contains(&time.year())).then(|| without_leap_second(time))
}

const NANOSECONDS: u32 = 1_000_000_000;

/// The clock of chrono counts a leap second as more than a second's nanoseconds.
fn without_leap_second(time: Time) -> Time {
    match time.nanosecond().checked_sub(NANOSECONDS) {
        None => time,
        Some(rest) => {
            let next = DateTime::from_timestamp(time.timestamp() + 1, rest);
            next.unwrap_or(time)
        }
    }
}

/// Years whose June or December ended with a second 60 (IERS, `Leap_Second.dat`).
const JUNES: [i32; 11] = [
    1972, 1981, 1982, 1983, 1985, 1992, 1993, 1994, 1997, 2012, 2015,
];
const DECEMBERS: [i32; 16] = [
    1972, 1973, 1974, 1975, 1976, 1977, 1978, 1979, 1987, 1989, 1990, 1995, 1998, 2005, 2008, 2016,
];

/// From this year on one may yet be announced: the last Bulletin C at hand speaks of 2025.
const FIRST_UNKNOWN_YEAR: i32 = 2026;

/// Whether the last second of a minute was or may be followed by a second 60.
fn had_leap_second(time: Time) -> bool {
    let (year, is_last_minute) = (time.year(), (time.hour(), time.minute()) == (23, 59));
    let known: &[i32] = match (time.month(), time.day()) {
        (6, 30) => &JUNES,
        (12, 31) => &DECEMBERS,
        _ => return false,
    };
    is_last_minute && (known.contains(&year) || year >= FIRST_UNKNOWN_YEAR)
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
    YEARS.contains(&date.year()).then(|| time.and_utc())
}

/// ISO 8601 with microseconds and `Z`; never with a second 60.
pub fn iso(time: Time) -> String {
    let time = without_leap_second(time);
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
            "0000-02-16T01:28:31",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn a_second_60_is_read_where_there_was_one() {
        let next = |text: &str| parse(text).ok();
        for (text, after) in [
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00"),
            ("2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.25"),
            ("2016-12-31T18:59:60-05:00", "2017-01-01T00:00:00"),
            ("2015-06-30T23:59:60", "2015-07-01T00:00:00"),
        ] {
            let found = read(text);
            assert!(found.is_some(), "{text}");
            assert_eq!(found, next(after), "{text}");
            assert!(!iso(found.unwrap()).contains(":60"));
        }
        for text in [
            "2014-05-01T01:02:60.0Z",
            "2014-05-01T01:02:60",
            "2014-12-31T23:59:60",
            "2016-12-31T22:59:60",
            "2016-12-31T23:59:60+01:00",
            "1971-12-31T23:59:60",
            "2016-12-31T23:59:61",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        // However it came about, it is not written.
        let day = NaiveDate::from_ymd_opt(2014, 5, 1).unwrap();
        let leap = day.and_hms_nano_opt(1, 2, 59, 1_500_000_000).unwrap();
        assert_eq!(iso(leap.and_utc()), "2014-05-01T01:03:00.500000Z");
    }

    #[test]
    fn years_beyond_four_digits_are_refused() {
        for year in [
            "-262142",
            "-0001",
            "0000",
            "+10000",
            "10000",
            "262142",
            "999999999",
        ] {
            assert_eq!(read(&format!("{year}-01-01T00:00:00")), None, "{year}");
        }
        for year in ["0001", "1900", "2599", "9999"] {
            assert!(read(&format!("{year}-12-31T23:59:59.999999")).is_some());
        }
        assert_eq!(read("2014-02-16T00:00:00ZZ"), None);
    }
}

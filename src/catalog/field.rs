//! The fields of a catalog's row or element: times, numbers, places.

use std::fmt::Display;

use super::shortened;
use crate::error::{Result, fail};
use crate::time::{self, Time};

/// What a quantity can be.
pub(super) struct Bounds {
    least: f64,
    most: f64,
    /// From here on a number in nines stands for nothing, as it does below the least.
    nothing_from: f64,
    expected: &'static str,
}

/// Everest is 8.85 km high; the deepest earthquakes are some 750 km deep.
pub(super) const DEPTH_KM: Bounds = Bounds {
    least: -8.9,
    most: 900.0,
    nothing_from: 999.0,
    expected: "a depth from -8.9 to 900 km",
};

/// The largest earthquake known had 9.5.
pub(super) const MAGNITUDE: Bounds = Bounds {
    least: -8.9,
    most: 10.0,
    nothing_from: 9.9,
    expected: "a magnitude from -8.9 to 10",
};

const LONGITUDE_DEG: Bounds = Bounds {
    least: -180.0,
    most: 360.0,
    nothing_from: 999.0,
    expected: "degrees from -180 to 360",
};

const LATITUDE_DEG: Bounds = Bounds {
    least: -90.0,
    most: 90.0,
    nothing_from: 99.0,
    expected: "degrees from -90 to 90",
};

/// Without the space around it; there is seldom any.
pub(super) fn trimmed(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    match is_plain(bytes.first()) && is_plain(bytes.last()) {
        true => text,
        false => text.trim(),
    }
}

/// A time with or without `Z` or an offset. `place` is written where it cannot be read.
pub(super) fn read_time(place: impl Display, text: &str) -> Result<Time> {
    time::read(text)
        .ok_or_else(|| unreadable(place, text, "a time in UTC, as 2014-02-16T01:28:31.32,"))
}

/// A finite number, or nothing where the field is empty or says so.
fn read_number(place: impl Display, text: &str) -> Result<Option<f64>> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ if matches!(text, "" | "null" | "None" | "nan" | "NaN") => Ok(None),
        _ => Err(unreadable(place, text, "a number")),
    }
}

/// A possible value, or nothing where the field is empty, says so, or holds a number that stands for
/// nothing: an impossible one in nines, such as -999 or -9.99, or SAC's -12345.
pub(super) fn read_bounded(
    place: impl Display,
    text: &str,
    bounds: &Bounds,
) -> Result<Option<f64>> {
    let Some(number) = read_number(&place, text)? else {
        return Ok(None);
    };
    // Asked second, of the few numbers out of bounds: it writes the number out as text.
    if !(bounds.least..bounds.nothing_from).contains(&number) && is_placeholder(number) {
        return Ok(None);
    }
    match (bounds.least..=bounds.most).contains(&number) {
        true => Ok(Some(number)),
        false => Err(unreadable(place, text, bounds.expected)),
    }
}

/// A depth in metres, as QuakeML has it, in kilometres: see [`read_bounded`].
pub(super) fn read_depth_m(place: impl Display, text: &str) -> Result<Option<f64>> {
    let is_possible = |km| (DEPTH_KM.least..=DEPTH_KM.most).contains(&km);
    match read_number(&place, text)? {
        // Some programs convert their missing number, some do not.
        Some(metres) if metres <= -999.0 && is_placeholder(metres) => Ok(None),
        Some(metres) if is_possible(metres / 1000.0) => Ok(Some(metres / 1000.0)),
        Some(metres) if !is_placeholder(metres / 1000.0) => {
            Err(unreadable(place, text, "a depth from -8,900 to 900,000 m"))
        }
        _ => Ok(None),
    }
}

/// Whether a number stands for nothing in some programs.
fn is_placeholder(number: f64) -> bool {
    let digits = number.abs().to_string();
    let nines = |digits: &str| digits.bytes().all(|digit| b"9.".contains(&digit));
    nines(&digits) || digits == "12345"
}

/// Longitude and latitude in degrees; NaN where both are missing.
pub(super) fn read_point(
    place: impl Display,
    longitude: &str,
    latitude: &str,
) -> Result<(f64, f64)> {
    let read = |name: &str, text: &str, bounds: &Bounds| {
        read_bounded(format_args!("{place}, {name}"), text, bounds)
    };
    let (x, y) = (
        read("longitude", longitude, &LONGITUDE_DEG)?,
        read("latitude", latitude, &LATITUDE_DEG)?,
    );
    let absent = |name: &str, text: &str, bounds: &Bounds| {
        let place = format_args!("{place}, {name}");
        Err(unreadable(place, text, bounds.expected))
    };
    match (x, y) {
        (Some(x), Some(y)) => Ok((x, y)),
        (None, None) => Ok((f64::NAN, f64::NAN)),
        (None, Some(_)) => absent("longitude", longitude, &LONGITUDE_DEG),
        (Some(_), None) => absent("latitude", latitude, &LATITUDE_DEG),
    }
}

/// A number as text; nothing where it is not known.
pub(super) fn known(number: f64) -> String {
    match number.is_finite() {
        true => number.to_string(),
        false => String::new(),
    }
}

/// A field's text as one line of a table can hold it: what ends a line or parts the fields becomes a
/// space.
pub(super) fn one_line(text: &str, separator: Option<char>) -> String {
    let unfit = |c: char| c.is_control() || Some(c) == separator;
    text.chars()
        .map(|c| if unfit(c) { ' ' } else { c })
        .collect()
}

/// An identifier as every format can hold it. Two that a format could not tell apart are one from the beginning, so that
/// a catalog that is written has as many events as one that is read.
pub(super) fn identifier(text: &str) -> String {
    one_line(text, Some('|')).trim().into()
}

fn unreadable(place: impl Display, text: &str, expected: &str) -> crate::Error {
    fail!(
        Catalog,
        place,
        format!("{:?} where {expected} was expected", shortened(text)),
        "Correct this value; where it is not known, leave it empty"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_stand_for_nothing_are_none() {
        let read = |text, bounds| read_bounded("f", text, bounds).unwrap();
        for text in [
            "-999", "-999.0", "-99", "-9", "999", "9999.00", "-12345", "", "NaN",
        ] {
            assert_eq!(read(text, &DEPTH_KM), None, "{text}");
        }
        for text in [
            "-9.99", "-9.9", "-9", "-99", "-999.0", "9.99", "99.9", "null",
        ] {
            assert_eq!(read(text, &MAGNITUDE), None, "{text}");
        }
        for (text, bounds) in [
            ("9", &MAGNITUDE),
            ("9.0", &MAGNITUDE),
            ("-0.99", &MAGNITUDE),
            ("99", &DEPTH_KM),
            ("9.99", &DEPTH_KM),
            ("-0.999", &DEPTH_KM),
            ("0", &DEPTH_KM),
        ] {
            assert_eq!(read(text, bounds), text.parse().ok(), "{text}");
        }
        for text in ["-998", "1e30", "5000", "-1e-9999", "inf", "4,5"] {
            let found = read_bounded("f", text, &DEPTH_KM);
            assert!(found.is_err() || found.unwrap() == Some(0.0), "{text}");
        }
        for (metres, km) in [
            ("-999", None),
            ("-999000", None),
            ("-99999.0", None),
            ("35000", Some(35.0)),
            ("999", Some(0.999)),
            ("-9", Some(-0.009)),
            ("-1040", Some(-1.04)),
        ] {
            assert_eq!(read_depth_m("f", metres).unwrap(), km, "{metres}");
        }
        assert!(read_depth_m("f", "5e9").is_err());
    }
}

//! The parameters of a query, each read once into a bounded value.

use chrono::Datelike;

use super::refusal::Refusal;
use crate::code_pattern::{CodePattern, NslcPattern};
use crate::printable;
use crate::time::{self, Time};

/// What the text of a parameter stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Time,
    Number,
    Count,
    Flag,
    Word,
    Codes,
}

impl Kind {
    /// Its type in XML Schema.
    pub fn xml_type(self) -> &'static str {
        match self {
            Self::Time => "xs:dateTime",
            Self::Number => "xs:double",
            Self::Count => "xs:int",
            Self::Flag => "xs:boolean",
            Self::Word | Self::Codes => "xs:string",
        }
    }
}

/// One parameter that a service knows: its name, its short name and its kind.
pub(super) type Known = (&'static str, &'static str, Kind);

/// Parameters common to all services, beside times.
pub(super) const COMMON: [Known; 2] = [
    ("format", "format", Kind::Word),
    ("nodata", "nodata", Kind::Count),
];

pub(super) const TIMES: [Known; 2] = [
    ("starttime", "start", Kind::Time),
    ("endtime", "end", Kind::Time),
];

/// Parameters that choose a stream.
pub(super) const STREAM: [Known; 4] = [
    ("network", "net", Kind::Codes),
    ("station", "sta", Kind::Codes),
    ("location", "loc", Kind::Codes),
    ("channel", "cha", Kind::Codes),
];

/// Parameters that choose a box.
pub(super) const BOX: [Known; 4] = [
    ("minlatitude", "minlat", Kind::Number),
    ("maxlatitude", "maxlat", Kind::Number),
    ("minlongitude", "minlon", Kind::Number),
    ("maxlongitude", "maxlon", Kind::Number),
];

/// Bytes of a word at most: a list of some hundred event identifiers.
const MAX_WORD: usize = 8192;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Time(Time),
    Number(f64),
    Count(usize),
    Flag(bool),
    Word(String),
    Codes(CodePattern),
}

/// The parameters of one query, by their long names.
#[derive(Debug)]
pub(super) struct Query(Vec<(&'static str, Value)>);

impl Query {
    /// Reads the part of an address behind `?`.
    ///
    /// # Errors
    /// As [`Query::of`].
    pub fn parse(text: &str, known: impl Iterator<Item = Known> + Clone) -> Result<Self, Refusal> {
        Self::of(form_urlencoded::parse(text.as_bytes()), known)
    }

    /// The query of names and values; an empty value is none.
    ///
    /// # Errors
    /// [`Refusal::Bad`] for a parameter that the service does not know or that was given before, and for
    /// a value that is not of its kind.
    pub fn of(
        pairs: impl Iterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
        known: impl Iterator<Item = Known> + Clone,
    ) -> Result<Self, Refusal> {
        let mut query = Self(Vec::new());
        for (name, text) in pairs {
            let (name, text) = (name.as_ref(), text.as_ref().trim());
            let mut known = known.clone();
            let Some((long, _, kind)) = known.find(|(l, s, _)| name == *l || name == *s) else {
                return Err(Refusal::bad(format!("unknown parameter {}", shown(name))));
            };
            if text.is_empty() {
                continue;
            }
            if query.value(long).is_some() {
                return Err(Refusal::bad(format!("{long} is given twice")));
            }
            let value = read(kind, text)
                .map_err(|what| Refusal::bad(format!("{long}={}: not {what}", shown(text))))?;
            query.0.push((long, value));
        }
        match query.count("nodata") {
            None | Some(204 | 404) => Ok(query),
            Some(other) => Err(Refusal::bad(format!("nodata={other}: 204 or 404"))),
        }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    pub fn time(&self, name: &str) -> Option<Time> {
        match self.value(name)? {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub fn count(&self, name: &str) -> Option<usize> {
        match self.value(name)? {
            Value::Count(count) => Some(*count),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn word(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn codes(&self, name: &str) -> Option<&CodePattern> {
        match self.value(name)? {
            Value::Codes(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// Whether the code passes the parameter's list of patterns; `--` stands for an empty code.
    pub fn admits(&self, name: &str, code: &str) -> bool {
        self.codes(name).is_none_or(|pattern| pattern.admits(code))
    }

    /// The streams that are asked for.
    pub fn streams(&self) -> NslcPattern {
        let of = |name| self.codes(name).cloned().unwrap_or_else(CodePattern::any);
        NslcPattern {
            network: of("network"),
            station: of("station"),
            location: of("location"),
            channel: of("channel"),
        }
    }

    /// The answer where there is nothing: 204, or 404 with the reason where the query asks for it.
    pub fn nothing(&self, why: &str) -> Refusal {
        match self.count("nodata") {
            Some(404) => Refusal::NotFound(why.into()),
            _ => Refusal::NoContent,
        }
    }
}

fn read(kind: Kind, text: &str) -> Result<Value, &'static str> {
    let value = match kind {
        Kind::Time => return Ok(Value::Time(time(text)?)),
        Kind::Number => {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            Value::Number(number.ok_or("a number")?)
        }
        Kind::Count => Value::Count(text.parse().map_err(|_| "a count")?),
        Kind::Flag => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Value::Flag(true),
            "false" | "0" => Value::Flag(false),
            _ => return Err("true or false"),
        },
        Kind::Word if text.len() > MAX_WORD => return Err("a text of at most 8192 bytes"),
        Kind::Word => Value::Word(text.into()),
        Kind::Codes => Value::Codes(
            text.parse()
                .map_err(|bad: crate::code::BadCode| bad.expected)?,
        ),
    };
    Ok(value)
}

/// A time of the years 1 to 9999, which are all that ISO 8601 writes with four digits. Clients write 2599
/// for "until today". Nothing was recorded outside the calendar of nanoseconds (the years 1678 to 2261), so that
/// a time beyond it asks for the same as its end.
pub(super) fn time(text: &str) -> Result<Time, &'static str> {
    let expected = "a time such as 2014-02-16T01:28:31.32, of the years 1 to 9999";
    let time = time::parse(text).map_err(|_| expected)?;
    if !(1..=9999).contains(&time.year()) {
        return Err(expected);
    }
    let calendar = [i64::MIN, i64::MAX].map(Time::from_timestamp_nanos);
    Ok(time.clamp(calendar[0], calendar[1]))
}

/// The beginning of a text from outside.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", printable::line(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::HOSTILE;

    fn query(name: &str, value: &str) -> Result<Query, Refusal> {
        let known = COMMON.into_iter().chain(TIMES).chain(STREAM).chain(BOX);
        Query::of([(name, value)].into_iter(), known)
    }

    fn is_bad(name: &str, value: &str) -> bool {
        matches!(query(name, value), Err(Refusal::Bad(what)) if what.len() < 500)
    }

    #[test]
    fn hostile_patterns_are_bad_requests() {
        let stars = "*".repeat(60_000);
        let hostile = HOSTILE
            .into_iter()
            .filter(|text| !["A_B", "ABCDEFGHI"].contains(text));
        for value in hostile.chain([stars.as_str()]) {
            for name in ["net", "station", "loc", "channel"] {
                assert!(is_bad(name, value), "{name}={value:?}");
            }
        }
        let query = query("cha", "HH?").unwrap();
        assert!(query.admits("channel", "HHZ") && !query.admits("channel", "LHZ"));
        assert!(query.admits("station", "any"));
    }

    #[test]
    fn values_of_another_kind_are_bad_requests() {
        for (name, value) in [
            ("start", "yesterday"),
            ("start", "+262142-12-31T23:59:59"),
            ("end", "-262142-01-01T00:00:00"),
            ("end", "0000-01-01"),
            ("starttime", "10000-01-01T00:00:00"),
            ("minlat", "north"),
            ("maxlat", "inf"),
            ("minlon", "NaN"),
            ("nodata", "200"),
            ("nodata", "-1"),
            ("radius", "3"),
            ("\u{1b}[2J", "3"),
        ] {
            assert!(is_bad(name, value), "{name}={value}");
        }
        let long = "x".repeat(60_000);
        assert!(is_bad("format", &long) && is_bad(&long, "") && is_bad("end", &long));
    }

    #[test]
    fn a_time_lies_in_the_calendar_of_nanoseconds() {
        for text in [
            "0001-01-01",
            "2599-12-31T23:59:59",
            "9999-12-31T23:59:59.999999Z",
        ] {
            let time = query("end", text).unwrap().time("endtime").unwrap();
            assert!(time.timestamp_nanos_opt().is_some(), "{text}");
        }
        let usual = query("end", "2014-02-16T01:28:31.32")
            .unwrap()
            .time("endtime");
        assert_eq!(usual, time::parse("2014-02-16T01:28:31.32").ok());
    }

    #[test]
    fn a_parameter_is_given_once() {
        let known = || TIMES.into_iter().chain(STREAM);
        assert!(Query::parse("sta=A&station=B", known()).is_err());
        assert!(Query::parse("sta=&station=B&&start=2014-02-16", known()).is_ok());
        let escaped = Query::parse("start=2014-02-16T00%3A00%3A00&loc=%2D%2D", known()).unwrap();
        assert!(escaped.time("starttime").is_some() && escaped.admits("location", ""));
    }
}

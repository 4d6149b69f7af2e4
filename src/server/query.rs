//! The parameters of a query and the refusals of FDSN services.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::code_pattern::CodePattern;
use crate::time::{self, Time};
use crate::waveform::Nslc;

/// One parameter that a service knows: its name, its short name and its XML Schema type.
pub(super) type Known = (&'static str, &'static str, &'static str);

/// Parameters common to all services.
pub(super) const COMMON: [Known; 4] = [
    ("starttime", "start", "xs:dateTime"),
    ("endtime", "end", "xs:dateTime"),
    ("format", "format", "xs:string"),
    ("nodata", "nodata", "xs:int"),
];

/// Parameters that choose a stream.
pub(super) const STREAM: [Known; 4] = [
    ("network", "net", "xs:string"),
    ("station", "sta", "xs:string"),
    ("location", "loc", "xs:string"),
    ("channel", "cha", "xs:string"),
];

/// Parameters that choose a box.
pub(super) const BOX: [Known; 4] = [
    ("minlatitude", "minlat", "xs:double"),
    ("maxlatitude", "maxlat", "xs:double"),
    ("minlongitude", "minlon", "xs:double"),
    ("maxlongitude", "maxlon", "xs:double"),
];

/// The parameters of one query, by their long names.
pub(super) struct Query {
    values: Vec<(&'static str, String)>,
    /// Those that choose streams.
    patterns: Vec<(&'static str, CodePattern)>,
}

impl Query {
    /// # Errors
    /// 400 for a parameter that the service does not know, and for codes that are no patterns.
    pub fn new(
        pairs: &[(String, String)],
        known: impl Iterator<Item = Known> + Clone,
    ) -> Result<Self, QueryError> {
        let pairs = pairs.iter().map(|(name, value)| {
            let found = known
                .clone()
                .find(|(long, short, _)| name == long || name == short);
            match found {
                Some((long, ..)) => Ok((long, value.trim().to_string())),
                None => Err(QueryError::bad(format!("unknown parameter {name:?}"))),
            }
        });
        let values: Vec<(&'static str, String)> = pairs.collect::<Result<_, _>>()?;
        let chosen = values
            .iter()
            .filter(|(name, value)| STREAM.iter().any(|s| s.0 == *name) && !value.is_empty());
        let patterns = chosen.map(|(name, value)| match value.parse() {
            Ok(pattern) => Ok((*name, pattern)),
            Err(bad) => Err(QueryError::bad(format!("{name}: {bad}"))),
        });
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            values,
        })
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    pub fn number(&self, name: &str) -> Result<Option<f64>, QueryError> {
        let read = |text: &str| {
            let number = text.parse().ok().filter(|n: &f64| n.is_finite());
            number.ok_or_else(|| QueryError::bad(format!("{name}={text}: not a number")))
        };
        self.text(name).map(read).transpose()
    }

    pub fn count(&self, name: &str) -> Result<Option<usize>, QueryError> {
        let read = |text: &str| {
            let count = text.parse();
            count.map_err(|_| QueryError::bad(format!("{name}={text}: not a count")))
        };
        self.text(name).map(read).transpose()
    }

    pub fn time(&self, name: &str) -> Result<Option<Time>, QueryError> {
        let read = |text: &str| {
            time::parse(text).map_err(|_| QueryError::bad(format!("{name}={text}: not a time")))
        };
        self.text(name).map(read).transpose()
    }

    /// Whether the code passes the parameter's list of patterns; `--` stands for an empty code.
    pub fn admits(&self, name: &str, code: &str) -> bool {
        let pattern = self.patterns.iter().find(|(known, _)| *known == name);
        pattern.is_none_or(|(_, pattern)| pattern.admits(code))
    }

    /// Whether all four codes pass.
    pub fn admits_stream(&self, id: &Nslc) -> bool {
        self.admits("network", id.network())
            && self.admits("station", id.station())
            && self.admits("location", id.location())
            && self.admits("channel", id.channel())
    }

    /// The answer where there is nothing: 204, or 404 where the query asks for it.
    pub fn nothing(&self) -> QueryError {
        let status = match self.text("nodata") {
            Some("404") => StatusCode::NOT_FOUND,
            _ => StatusCode::NO_CONTENT,
        };
        QueryError {
            status,
            what: "nothing matches the query".into(),
        }
    }
}

/// Why a query is not answered with data.
#[derive(Debug)]
pub(super) struct QueryError {
    status: StatusCode,
    what: String,
}

impl QueryError {
    /// A query that is wrong: 400.
    pub fn bad(what: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            what: what.into(),
        }
    }

    /// A request that is not answered whatever it asks: 403.
    pub fn forbidden(what: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            what: what.into(),
        }
    }

    /// A fault of the data centre itself: 500.
    pub fn fault(error: &crate::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            what: error.to_string(),
        }
    }
}

impl IntoResponse for QueryError {
    fn into_response(self) -> Response {
        if self.status == StatusCode::NO_CONTENT {
            return self.status.into_response();
        }
        let reason = self.status.canonical_reason().unwrap_or("Refused");
        let body = format!(
            "Error {}: {reason}\n\n{}\n\nService version: {}\n",
            self.status.as_u16(),
            self.what,
            super::VERSION
        );
        (self.status, [(header::CONTENT_TYPE, "text/plain")], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::HOSTILE;

    fn query(name: &str, value: &str) -> Result<Query, QueryError> {
        let pairs = [(name.to_string(), value.to_string())];
        Query::new(&pairs, COMMON.into_iter().chain(STREAM))
    }

    #[test]
    fn hostile_patterns_are_bad_requests() {
        let stars = "*".repeat(60_000);
        let hostile = HOSTILE
            .into_iter()
            .filter(|text| !["A_B", "ABCDEFGHI"].contains(text));
        for value in hostile.chain([stars.as_str()]) {
            for name in ["net", "station", "loc", "channel"] {
                let refused = query(name, value).err().map(|refusal| refusal.status);
                assert_eq!(refused, Some(StatusCode::BAD_REQUEST), "{name}={value:?}");
            }
        }
        let query = query("cha", "HH?").ok().unwrap();
        assert!(query.admits("channel", "HHZ") && !query.admits("channel", "LHZ"));
        assert!(query.admits("station", "any"));
    }
}

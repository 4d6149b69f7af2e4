//! The parameters of a query and the refusals of FDSN services.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::code_pattern;
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
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// # Errors
    /// 400 for a parameter that the service does not know.
    pub fn new(
        pairs: &[(String, String)],
        known: impl Iterator<Item = Known> + Clone,
    ) -> Result<Self, Refusal> {
        let pairs = pairs.iter().map(|(name, value)| {
            let found = known
                .clone()
                .find(|(long, short, _)| name == long || name == short);
            match found {
                Some((long, ..)) => Ok((long, value.trim().to_string())),
                None => Err(Refusal::bad(format!("unknown parameter {name:?}"))),
            }
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    pub fn number(&self, name: &str) -> Result<Option<f64>, Refusal> {
        let read = |text: &str| {
            let number = text.parse().ok().filter(|n: &f64| n.is_finite());
            number.ok_or_else(|| Refusal::bad(format!("{name}={text}: not a number")))
        };
        self.text(name).map(read).transpose()
    }

    pub fn count(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let read = |text: &str| {
            let count = text.parse();
            count.map_err(|_| Refusal::bad(format!("{name}={text}: not a count")))
        };
        self.text(name).map(read).transpose()
    }

    pub fn time(&self, name: &str) -> Result<Option<Time>, Refusal> {
        let read = |text: &str| {
            time::parse(text).map_err(|_| Refusal::bad(format!("{name}={text}: not a time")))
        };
        self.text(name).map(read).transpose()
    }

    /// Whether the code passes the parameter's list of patterns; `--` stands for an empty code.
    pub fn admits(&self, name: &str, code: &str) -> bool {
        self.text(name)
            .is_none_or(|patterns| code_pattern::admits(patterns, code))
    }

    /// Whether all four codes pass.
    pub fn admits_stream(&self, id: &Nslc) -> bool {
        self.admits("network", &id.network)
            && self.admits("station", &id.station)
            && self.admits("location", &id.location)
            && self.admits("channel", &id.channel)
    }

    /// The answer where there is nothing: 204, or 404 where the query asks for it.
    pub fn nothing(&self) -> Refusal {
        let status = match self.text("nodata") {
            Some("404") => StatusCode::NOT_FOUND,
            _ => StatusCode::NO_CONTENT,
        };
        Refusal {
            status,
            what: "nothing matches the query".into(),
        }
    }
}

/// Why a query is not answered with data.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    what: String,
}

impl Refusal {
    /// A query that is wrong: 400.
    pub fn bad(what: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
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

impl IntoResponse for Refusal {
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

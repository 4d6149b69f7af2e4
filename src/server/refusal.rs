//! Why a request is not answered with data, in the form of FDSN services.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request is not answered with data.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing matches: 204.
    NoContent,
    /// Nothing matches, and why: 404.
    NotFound(String),
    /// A query that is wrong: 400.
    Bad(String),
    /// Not answered, whatever it asks: 403.
    Forbidden(&'static str),
    /// The rest of the request did not come in time: 408.
    Slow(&'static str),
    /// More than is read: 413.
    TooLarge(&'static str),
    /// A fault of the data centre: 500. Only the person who runs the server is told the cause: it may name files.
    Fault(String),
}

impl Refusal {
    pub fn bad(what: impl Into<String>) -> Self {
        Self::Bad(what.into())
    }

    /// What the data centre could not do.
    pub fn fault(cause: impl ToString) -> Self {
        Self::Fault(cause.to_string())
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoContent => StatusCode::NO_CONTENT,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Slow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The body of the answer.
    pub fn text(&self) -> String {
        let what = match self {
            Self::NoContent => return String::new(),
            Self::NotFound(what) | Self::Bad(what) => what.as_str(),
            Self::Forbidden(what) | Self::Slow(what) | Self::TooLarge(what) => *what,
            Self::Fault(_) => {
                "the data centre could not read or make this; the person who runs it is told why"
            }
        };
        let status = self.status();
        let reason = status.canonical_reason().unwrap_or("Refused");
        let code = status.as_u16();
        let version = super::VERSION;
        format!("Error {code}: {reason}\n\n{what}\n\nService version: {version}\n")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::NoContent = self {
            return self.status().into_response();
        }
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (self.status(), plain, self.text()).into_response()
    }
}

//! The waveform service: miniSEED 2, by address or by a list in the body.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::query::{COMMON, Known, Query, QueryError, STREAM};
use super::{Centre, DataCentre, Parameters, Portion, QueryResult};

/// An answer up to this size goes out whole, and with it the fault of any part is known before its
/// status; a longer one goes out portion by portion, so that memory stays flat.
const N_BYTES_WHOLE: usize = 1 << 20;

/// Beside the common ones. There is one quality, and no segment is left out for its length.
const OWN: [Known; 3] = [
    ("quality", "quality", "xs:string"),
    ("minimumlength", "minimumlength", "xs:double"),
    ("longestonly", "longestonly", "xs:boolean"),
];

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(STREAM).chain(OWN)
}

pub(super) async fn query(State(centre): State<Centre>, parameters: Parameters) -> QueryResult {
    let query = Query::new(&parameters.0, known())?;
    let portions = portions(&query, &*centre)?;
    answer(&query, portions)
}

/// A body of lines `name=value` and of lines `network station location channel start end`.
pub(super) async fn bulk(State(centre): State<Centre>, body: String) -> QueryResult {
    let (mut options, mut portions_asked) = (Vec::new(), Vec::new());
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once('=') {
            options.push((name.trim().to_string(), value.to_string()));
            continue;
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let names = [
            "network",
            "station",
            "location",
            "channel",
            "starttime",
            "endtime",
        ];
        if fields.len() != names.len() {
            return Err(QueryError::bad(format!(
                "{line:?}: network, station, location, channel, start and end were expected"
            )));
        }
        let pairs = names.iter().zip(fields);
        let pairs: Vec<_> = pairs.map(|(n, f)| (n.to_string(), f.to_string())).collect();
        portions_asked.extend(portions(&Query::new(&pairs, known())?, &*centre)?);
    }
    answer(&Query::new(&options, known())?, portions_asked)
}

/// What the data centre has of the query's streams and span, stream after stream.
fn portions(query: &Query, centre: &dyn DataCentre) -> Result<Vec<Portion>, QueryError> {
    let needed = |name: &str| {
        query
            .time(name)?
            .ok_or_else(|| QueryError::bad(format!("{name} is needed")))
    };
    let (start, end) = (needed("starttime")?, needed("endtime")?);
    if end < start {
        return Err(QueryError::bad("endtime is before starttime"));
    }
    let portions = centre.portions(&|id| query.admits_stream(id), start, end);
    portions.map_err(|error| QueryError::fault(&error))
}

fn answer(query: &Query, portions: Vec<Portion>) -> QueryResult {
    match query.text("format").unwrap_or("miniseed") {
        "miniseed" | "miniseed2" => {}
        other => {
            return Err(QueryError::bad(format!(
                "format={other}: miniseed is served"
            )));
        }
    }
    for (name, only) in [("minimumlength", "0.0"), ("longestonly", "false")] {
        let value = query.text(name).unwrap_or(only);
        if value.to_lowercase() != only && value != "0" {
            return Err(QueryError::bad(format!("{name}={value}: not served")));
        }
    }
    let (mut portions, mut first) = (portions.into_iter(), Vec::new());
    for portion in portions.by_ref() {
        first.extend(portion().map_err(|error| QueryError::fault(&error))?);
        if first.len() >= N_BYTES_WHOLE {
            break;
        }
    }
    if first.is_empty() {
        return Err(query.nothing());
    }
    let body = if portions.len() == 0 {
        Body::from(first)
    } else {
        let rest = portions.map(|portion| portion());
        Body::from_stream(futures_util::stream::iter(
            std::iter::once(Ok(first)).chain(rest),
        ))
    };
    Ok(([(header::CONTENT_TYPE, "application/vnd.fdsn.mseed")], body).into_response())
}

//! The waveform service: miniSEED 2, Steim2, by address or by a list in the body.

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::channels::{CHANNELS, Channel, LOCATION, NETWORK, STATION};
use super::query::{COMMON, Known, Query, Refusal, STREAM};
use super::{Answer, Asked, Served};
use crate::classroom::Ground;
use crate::waveform::{Samples, Segment, StreamId, Trace, mseed};

/// Samples at the recorder's rate that are computed, encoded and sent at a time (an hour), so
/// that memory stays flat however long the span.
const N_AT_A_TIME: i64 = 360_000;

/// Beside the common ones. There is one quality, and no segment is left out for its length.
const OWN: [Known; 3] = [
    ("quality", "quality", "xs:string"),
    ("minimumlength", "minimumlength", "xs:double"),
    ("longestonly", "longestonly", "xs:boolean"),
];

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(STREAM).chain(OWN)
}

/// Samples of one channel without a gap.
type Piece = (Channel, Range<i64>);

pub(super) async fn query(State(served): State<Served>, asked: Asked) -> Answer {
    let query = Query::new(&asked.0, known())?;
    let pieces = pieces(&query, &*served.ground)?;
    answer(&query, pieces, served)
}

/// A body of lines `name=value` and of lines `network station location channel start end`.
pub(super) async fn bulk(State(served): State<Served>, body: String) -> Answer {
    let (mut options, mut pieces_asked) = (Vec::new(), Vec::new());
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
            return Err(Refusal::bad(format!(
                "{line:?}: network, station, location, channel, start and end were expected"
            )));
        }
        let pairs = names.iter().zip(fields);
        let pairs: Vec<_> = pairs.map(|(n, f)| (n.to_string(), f.to_string())).collect();
        pieces_asked.extend(pieces(&Query::new(&pairs, known())?, &*served.ground)?);
    }
    answer(&Query::new(&options, known())?, pieces_asked, served)
}

/// What was recorded of the query's streams and span, channel after channel.
fn pieces(query: &Query, ground: &dyn Ground) -> Result<Vec<Piece>, Refusal> {
    let needed = |name: &str| {
        query
            .time(name)?
            .ok_or_else(|| Refusal::bad(format!("{name} is needed")))
    };
    let (start, end) = (needed("starttime")?, needed("endtime")?);
    if end < start {
        return Err(Refusal::bad("endtime is before starttime"));
    }
    let mut pieces = Vec::new();
    for channel in CHANNELS
        .into_iter()
        .filter(|channel| channel.admitted(query))
    {
        let span = channel.span(start, end);
        for part in channel.recorded(ground, span) {
            pieces.push((channel, part));
        }
    }
    Ok(pieces)
}

fn answer(query: &Query, pieces: Vec<Piece>, served: Served) -> Answer {
    match query.text("format").unwrap_or("miniseed") {
        "miniseed" | "miniseed2" => {}
        other => return Err(Refusal::bad(format!("format={other}: miniseed is served"))),
    }
    for (name, only) in [("minimumlength", "0.0"), ("longestonly", "false")] {
        let value = query.text(name).unwrap_or(only);
        if value.to_lowercase() != only && value != "0" {
            return Err(Refusal::bad(format!("{name}={value}: not served")));
        }
    }
    if pieces.is_empty() {
        return Err(query.nothing());
    }
    let parts: Vec<Piece> = pieces.into_iter().flat_map(portions).collect();
    let n_samples: i64 = parts
        .iter()
        .map(|(c, s)| (s.end - s.start) * c.decimation)
        .sum();
    let body = if n_samples <= N_AT_A_TIME {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend(encode(part, &*served.ground).map_err(|e| Refusal::fault(&e))?);
        }
        Body::from(bytes)
    } else {
        let encoded = parts
            .into_iter()
            .map(move |part| encode(part, &*served.ground));
        Body::from_stream(futures_util::stream::iter(encoded))
    };
    Ok(([(header::CONTENT_TYPE, "application/vnd.fdsn.mseed")], body).into_response())
}

/// A piece in portions of at most [`N_AT_A_TIME`] samples at the recorder's rate.
fn portions((channel, span): Piece) -> impl Iterator<Item = Piece> {
    let n = N_AT_A_TIME / channel.decimation;
    let starts = (span.start..span.end).step_by(n as usize);
    starts.map(move |start| (channel, start..span.end.min(start + n)))
}

fn encode((channel, span): Piece, ground: &dyn Ground) -> crate::Result<Vec<u8>> {
    mseed::write(&[Trace {
        id: StreamId {
            network: NETWORK.into(),
            station: STATION.into(),
            location: LOCATION.into(),
            channel: channel.code.into(),
        },
        sampling_rate_hz: channel.sampling_rate_hz(),
        segments: vec![Segment {
            start: channel.time(span.start),
            samples: Samples::Int32(channel.samples(ground, span)),
        }],
    }])
}

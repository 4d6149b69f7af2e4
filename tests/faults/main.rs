//! Every fault of a data centre and of the line to it: what comes back, how often the data centre
//! was asked, and how long was waited. The waits take no time: the clock is the test's own.

#[path = "../fault_server/mod.rs"]
mod fault_server;

mod hostile;
mod invalid;
mod kept;
mod ledger;
mod line;
mod status;
mod too_much;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fault_server::{
    Act, FaultServer, Rig, Seen, TestClock, chunked, ok, request_error, response, response_with,
    status, unmeasured,
};
use quakebook::catalog::Catalog;
use quakebook::fdsn::{Client, Limits, Provider, Reporter, RetryPolicy, StationFormat};
use quakebook::geo::Region;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Nslc, Samples, Segment, Trace, mseed};

const BOX: Region = Region {
    min_latitude_deg: -22.0,
    max_latitude_deg: -20.0,
    min_longitude_deg: -71.0,
    max_longitude_deg: -69.0,
};

/// The waits before attempts 2 to 5 where chance gives nothing: half of 1, 2, 4 and 8 s.
const BACKOFF_S: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

fn at(second: i64) -> Time {
    time::parse("2014-05-01").unwrap() + time::seconds(second as f64)
}

fn span(from_s: i64, to_s: i64) -> TimeSpan {
    TimeSpan {
        start: at(from_s),
        end: at(to_s),
    }
}

fn stream(channel: &str) -> Nslc {
    Nslc::new("CX", "PB01", "", channel).unwrap()
}

/// One sample a second; it counts the seconds of the day.
fn trace(channel: &str, from_s: i64, to_s: i64) -> Trace {
    Trace {
        id: stream(channel),
        sampling_rate_hz: 1.0,
        segments: vec![Segment {
            start: at(from_s),
            samples: Samples::Int32((from_s as i32..to_s as i32).collect()),
        }],
    }
}

fn recorded(channel: &str, from_s: i64, to_s: i64) -> Vec<u8> {
    mseed::write(&[trace(channel, from_s, to_s)]).unwrap()
}

/// The rows of an event service: one event every ten minutes.
fn rows(from_s: i64, to_s: i64) -> String {
    let row = |second: i64| {
        let time = time::iso(at(second));
        format!("e{second}|{time}|-21.0|-70.0|40.2|a|c|n|i|Mw|4.25|a|Iquique\n")
    };
    let times = (from_s..to_s).filter(|second| second % 600 == 0);
    let header = "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor|EventLocationName\n";
    header.to_string() + &times.map(row).collect::<String>()
}

fn ids(catalog: &Catalog) -> Vec<&str> {
    catalog.events().iter().map(|e| e.id.as_str()).collect()
}

/// Seconds of the day between which a request asks, the first included and the last not.
fn asked_s(seen: &Seen) -> (i64, i64) {
    let second = |name| {
        let micros = (seen.time(name) - at(0)).num_microseconds().unwrap();
        (micros + 999_999).div_euclid(1_000_000)
    };
    (second("starttime"), second("endtime"))
}

fn fetch_hhz(client: &Client) -> quakebook::Result<Option<Vec<u8>>> {
    client.fetch_mseed(&stream("HHZ"), &span(0, 1000))
}

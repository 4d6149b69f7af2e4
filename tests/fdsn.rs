//! The client of a station, against small servers of its own; faults have their own file.

mod fault_server;

use fault_server::{FaultServer, Rig, ok, request_error, status};
use quakebook::fdsn::{Client, Provider, Station};
use quakebook::study::Study;
use quakebook::time;
use quakebook::waveform::{Nslc, Samples, Segment, Trace, WaveformSource, mseed};
use quakebook::{Error, Unavailable, data_centre};

/// A client of the paper's station, without a cache.
fn client(server: &FaultServer) -> Client {
    let client = data_centre::connect_to(&server.address, &Study::oklahoma()).unwrap();
    client.with_clock(Rig::new(server).clock).without_cache()
}

const EVENTS: &str = "#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude\n\
                      e1|2014-02-16T01:28:31.32|35.8|-97.4|5.0|ML|2.2\n";

#[test]
fn nothing_is_an_answer() {
    let server = FaultServer::always(status("204 No Content", ""));
    let client = client(&server);
    let study = Study::oklahoma();
    assert!(
        client
            .fetch_events(&study.region, &study.catalog)
            .unwrap()
            .is_empty()
    );
    let (start, end) = (study.scan.start, study.scan.end);
    assert!(client.fetch_waveforms(start, end).unwrap().is_empty());
    let error = client.record(start, 1000).unwrap_err();
    let reason = Unavailable::NoSample;
    assert!(matches!(error, Error::Unavailable { reason: r, .. } if r == reason));
    let (_, status, what, _) = request_error(client.fetch_station(&study.station, &study.catalog));
    assert!(what.contains("no such station"), "{what}");
    assert_eq!((status, server.n_requests()), (Some(204), 4));
}

#[test]
fn an_answer_is_kept_and_a_bad_one_is_not() {
    let study = Study::oklahoma();
    let good = FaultServer::always(ok(EVENTS.as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let keeping = client(&good).with_cache(folder.path());
    let first = keeping.fetch_events(&study.region, &study.catalog).unwrap();
    assert_eq!((first.len(), first.simulated), (1, false));
    assert_eq!(
        keeping.fetch_events(&study.region, &study.catalog).unwrap(),
        first
    );
    assert_eq!(good.n_requests(), 1);
    keeping
        .without_cache()
        .fetch_events(&study.region, &study.catalog)
        .unwrap();
    assert_eq!(good.n_requests(), 2);

    let bad = FaultServer::always(ok(b"<html>later</html>"));
    let keeping = client(&bad).with_cache(folder.path());
    for _ in 0..2 {
        assert!(keeping.fetch_events(&study.region, &study.catalog).is_err());
    }
    assert_eq!(bad.n_requests(), 4);
}

#[test]
fn a_client_without_station_reads_no_records() {
    let server = FaultServer::always(status("204 No Content", ""));
    let client = Client::at(&server.address).unwrap();
    let start = Study::oklahoma().scan.start;
    for error in [
        client.record(start, 10).unwrap_err(),
        client.fetch_waveforms(start, start).unwrap_err(),
    ] {
        assert!(error.to_string().contains("no station"), "{error}");
    }
    assert_eq!(server.n_requests(), 0);
}

#[test]
fn a_gap_between_segments_is_nan_and_the_extra_end_sample_is_left_out() {
    let start = time::parse("2014-02-16T01:00:00").unwrap();
    let trace = |channel: &str, segments: &[(usize, usize)]| Trace {
        id: Nslc::new("GS", "OK029", "00", channel).unwrap(),
        sampling_rate_hz: 100.0,
        segments: segments
            .iter()
            .map(|&(from, to)| Segment {
                start: time::of_sample(start, from, 100.0),
                samples: Samples::Int32((from as i32..to as i32).collect()),
            })
            .collect(),
    };
    let traces = [
        trace("HH1", &[(0, 1001)]),
        trace("HH2", &[(0, 400), (500, 1001)]),
        trace("HHZ", &[(0, 1001)]),
    ];
    let server = FaultServer::always(ok(&mseed::write(&traces).unwrap()));
    let record = client(&server).record(start, 1000).unwrap();
    assert_eq!(record.n_samples(), 1000);
    assert_eq!(record.gaps(), std::slice::from_ref(&(400..500)));
    assert_eq!(record.data[0][999], 999.0);
    assert!(!record.simulated);
}

#[test]
fn a_provider_without_the_service_says_so() {
    let study = Study::oklahoma();
    let provider = Provider {
        event: None,
        ..Provider::by_name("http://127.0.0.1:1").unwrap()
    };
    let error = Client::new(provider)
        .unwrap()
        .fetch_events(&study.region, &study.catalog)
        .unwrap_err();
    assert!(error.to_string().contains("no event service"), "{error}");
    let error = Provider::by_name("atlantis").unwrap_err().to_string();
    assert!(
        error.contains("earthscope") && error.contains("atlantis"),
        "{error}"
    );
}

const HEADER: &str = "#Network | Station | Location | Channel | Latitude | Longitude | Elevation | Depth | Azimuth | Dip | SensorDescription | Scale | ScaleFreq | ScaleUnits | SampleRate | StartTime | EndTime";

#[test]
fn stations_are_read_by_their_header_and_the_last_epoch_holds() {
    let row = |code: &str, azimuth: u32, start: u32| {
        format!(
            "AK|BWN|  |{code}|64.17|-149.30|356.0|1.5|{azimuth}|0.0|T120|4.98E8|0.03|M/S|100.0|{start}-01-01T00:00:00|\n"
        )
    };
    let text = format!(
        "{HEADER}\n{}{}{}",
        row("HHZ", 0, 2014),
        row("HH1", 20, 2014),
        row("HH1", 10, 2010)
    );
    let station = Station::from_fdsn_text(&text, "test").unwrap();
    assert_eq!(
        (station.location.as_str(), station.elevation_m),
        ("", 356.0)
    );
    let found: Vec<_> = station
        .channels
        .iter()
        .map(|c| (c.code.as_str(), c.azimuth_deg, c.sensitivity_counts_per_m_s))
        .collect();
    assert_eq!(found, [("HH1", 20.0, 4.98e8), ("HHZ", 0.0, 4.98e8)]);

    for (broken, word) in [
        (String::new(), "no channel"),
        (format!("{HEADER}\nAK|BWN\n"), "2 fields"),
        (text.replace("64.17", "north"), "latitude"),
        (text.replacen("AK|BWN", "AK|BAGL", 1), "one station"),
        (text.replace("Azimuth", "Way"), "no column \"azimuth\""),
    ] {
        let error = Station::from_fdsn_text(&broken, "test").unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn the_address_of_an_event_request_can_be_shown() {
    let study = Study::oklahoma();
    let url = Provider::by_name("usgs")
        .unwrap()
        .events_url(&study.region, &study.catalog);
    assert_eq!(
        url.unwrap(),
        "https://earthquake.usgs.gov/fdsnws/event/1/query\
         ?starttime=2014-02-15T00%3A00%3A00.000000&endtime=2016-11-16T00%3A00%3A00.000000\
         &minlatitude=35.7&maxlatitude=36&minlongitude=-97.6&maxlongitude=-97.2&format=text"
    );
    let at = Provider::by_name("http://localhost:1").unwrap();
    assert!(
        at.events_url(&study.region, &study.catalog)
            .unwrap()
            .starts_with("http://localhost:1/fdsnws/event/1/query?")
    );
}

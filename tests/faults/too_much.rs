//! More than a data centre gives at once, or takes in an address.

use quakebook::station::NslcPattern;

use crate::*;

fn streams(channels: &str) -> NslcPattern {
    NslcPattern::new("CX", "PB01", "", channels).unwrap()
}

/// A data centre that gives no more than so many seconds of a channel at once.
fn at_most_s(n_most: i64) -> FaultServer {
    FaultServer::new(move |_, seen| {
        let (from, to) = asked_s(seen);
        match to - from {
            n if n > n_most => status(
                "413 Payload Too Large",
                "maximum number of samples exceeded",
            ),
            _ => ok(&recorded("HHZ", from, to)),
        }
    })
}

#[test]
fn status_413_for_waveforms_gives_the_span_in_halves() {
    let server = at_most_s(1000);
    let rig = Rig::new(&server);
    let bytes = rig
        .client
        .fetch_mseed(&stream("HHZ"), &span(0, 3600))
        .unwrap();
    let traces = mseed::read(&bytes.unwrap(), "the halves").unwrap();
    assert_eq!(traces, [trace("HHZ", 0, 3600)]);
    // One hour, two halves, four quarters; none shares a sample with the next.
    assert_eq!(server.n_requests(), 7);
    let mut quarters: Vec<_> = server.seen().iter().map(asked_s).collect();
    quarters.retain(|(from, to)| to - from <= 1000);
    assert_eq!(
        quarters,
        [(0, 900), (900, 1800), (1800, 2700), (2700, 3600)]
    );
    let line = format!(
        "{} dataselect: too much at once; asking in halves",
        server.address
    );
    assert_eq!(rig.lines(), [line.clone(), line.clone(), line]);
    assert!(rig.clock.slept_s().is_empty());
}

#[test]
fn a_data_centre_for_which_everything_is_too_much_is_an_error() {
    let server = FaultServer::always(status("413 Payload Too Large", "no"));
    let rig = Rig::new(&server);
    let (_, status, what, remedy) =
        request_error(rig.client.fetch_mseed(&stream("HHZ"), &span(0, 3600)));
    assert_eq!((status, what.as_str()), (Some(413), "no"));
    assert!(remedy.contains("shorter"), "{remedy}");
    // 3600 s, halved until less than 2 s are left: 3600 / 2^11 = 1.8.
    assert_eq!(server.n_requests(), 12);
}

#[test]
fn too_many_events_are_asked_for_in_halves_in_whatever_words() {
    let usgs = "Error 400: Bad Request\n\n20160 matching events exceeds search limit of 20000. Modify the search to match fewer events.\n";
    for (line, body) in [
        ("413 Request Entity Too Large", "too many"),
        ("400 Bad Request", usgs),
    ] {
        let server = FaultServer::new(move |_, seen| match asked_s(seen) {
            (from, to) if to - from > 7200 => status(line, body),
            (from, to) => ok(rows(from, to).as_bytes()),
        });
        let rig = Rig::new(&server);
        let catalog = rig.client.fetch_events(&BOX, &span(0, 14_400)).unwrap();
        assert_eq!(server.n_requests(), 3, "{line}");
        let whole = Catalog::from_text(&rows(0, 14_400), "rows").unwrap();
        assert_eq!(catalog.events(), whole.events());
        assert_eq!(ids(&catalog).len(), 24);
    }
}

#[test]
fn an_answer_as_long_as_the_data_centre_gives_at_most_may_lack_events() {
    // It silently stops at 20.
    let server = FaultServer::new(|_, seen| {
        let (from, to) = asked_s(seen);
        let text = rows(from, to);
        let cut: Vec<&str> = text.lines().take(1 + 20).collect();
        ok((cut.join("\n") + "\n").as_bytes())
    });
    let mut provider = Provider::by_name(&server.address).unwrap();
    provider.limits.n_events = Some(20);
    let client = Client::new(provider).unwrap().without_cache();
    let client = client.reporting(Reporter::Silent);
    let catalog = client.fetch_events(&BOX, &span(0, 36_000)).unwrap();
    assert_eq!(catalog.len(), 60);
    // 60, then 30 and 30, then 15 four times.
    assert_eq!(server.n_requests(), 7);
}

#[test]
fn a_long_address_becomes_a_post() {
    let server = FaultServer::new(|_, seen| match seen.method.as_str() {
        "GET" => status("414 URI Too Long", "too long"),
        _ => ok(&recorded("HHZ", 0, 100)),
    });
    let rig = Rig::new(&server);
    let wanted = streams("HHE,HHN,HHZ");
    let bytes = rig.client.fetch_mseed(&wanted, &span(0, 100)).unwrap();
    assert_eq!(bytes, Some(recorded("HHZ", 0, 100)));
    let seen = server.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[1].method.as_str()),
        ("GET", "POST")
    );
    assert_eq!(seen[1].target, "/fdsnws/dataselect/1/query");
    let times = "2014-05-01T00:00:00.000000 2014-05-01T00:01:39.999999";
    let lines = ["HHE", "HHN", "HHZ"].map(|c| format!("CX PB01 -- {c} {times}\n"));
    assert_eq!(seen[1].body, lines.concat());
    assert_eq!(server.n_requests(), 2);

    // Stations can be asked so too, events cannot.
    let stations = rig
        .client
        .fetch_stations(&wanted, &span(0, 100), StationFormat::Text);
    assert!(stations.is_err());
    assert!(
        server.seen()[3]
            .body
            .starts_with("level=channel\nformat=text\nCX PB01 -- HHE ")
    );
    let n_before = server.n_requests();
    let (_, status, ..) = request_error(rig.client.fetch_events(&BOX, &span(0, 100)));
    assert_eq!((status, server.n_requests() - n_before), (Some(414), 1));
}

#[test]
fn too_many_stations_are_an_error_that_is_not_kept() {
    let server = FaultServer::always(status("413 Payload Too Large", "too many"));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    for n in 1..=2 {
        let stations = client.fetch_stations(streams("*"), &span(0, 1), StationFormat::Xml);
        let (_, status, ..) = request_error(stations);
        assert_eq!((status, server.n_requests()), (Some(413), n));
    }
}

#[test]
fn stations_come_in_the_data_centres_own_words_and_are_kept() {
    let text = "#Network|Station|Latitude\nCX|PB01|-21.04\n";
    let xml = "<?xml version=\"1.0\"?>\n<FDSNStationXML></FDSNStationXML>\n";
    let server = FaultServer::new(
        move |_, seen| match seen.parameter("level").unwrap().as_str() {
            "channel" => ok(text.as_bytes()),
            _ => ok(xml.as_bytes()),
        },
    );
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    for _ in 0..2 {
        for (format, words) in [(StationFormat::Text, text), (StationFormat::Xml, xml)] {
            let fetched = client.fetch_stations(streams("HH?"), &span(0, 100), format);
            assert_eq!(fetched.unwrap().as_deref(), Some(words));
        }
    }
    assert_eq!(server.n_requests(), 2);
    let seen = &server.seen()[1];
    let asked =
        ["location", "channel", "level", "format"].map(|name| seen.parameter(name).unwrap());
    assert_eq!(asked, ["--", "HH%3F", "response", "xml"]);
}

#[test]
fn many_streams_go_by_post_and_too_many_in_halves() {
    // Two lines at most.
    let server = FaultServer::new(|_, seen| {
        let lines: Vec<&str> = match seen.method.as_str() {
            "POST" => seen.body.lines().collect(),
            _ => vec![&seen.target],
        };
        if lines.len() > 2 {
            return status("413 Payload Too Large", "two lines at most");
        }
        let bytes = ["HHE", "HHN", "HHZ"]
            .into_iter()
            .filter(|channel| lines.iter().any(|line| line.contains(channel)))
            .flat_map(|channel| recorded(channel, 0, 100));
        ok(&bytes.collect::<Vec<u8>>())
    });
    let rig = Rig::new(&server);
    let wanted = ["HHE", "HHN", "HHZ"].map(|channel| (streams(channel), span(0, 100)));
    let bytes = rig.client.fetch_mseed_bulk(&wanted).unwrap().unwrap();
    let traces = mseed::read(&bytes, "the parts").unwrap();
    assert_eq!(traces, ["HHE", "HHN", "HHZ"].map(|c| trace(c, 0, 100)));
    let methods: Vec<String> = server.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["POST", "GET", "POST"]);
    assert_eq!(rig.client.fetch_mseed_bulk(&[]).unwrap(), None);
}

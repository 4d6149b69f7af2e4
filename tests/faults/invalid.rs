//! Bodies with status 200 that are not what was asked for.

use crate::*;

#[test]
fn a_body_is_looked_at_before_it_is_believed() {
    let html = b"\n<!DOCTYPE HTML><html><body>Please log in</body></html>".to_vec();
    let text = b"Error: the database is down\n".to_vec();
    let cut_rows = rows(0, 3600)
        .replace("|Iquique\ne600", "\ne600")
        .into_bytes();
    let bytes = b"\xff\xfe\x00".to_vec();
    let sound = recorded("HHZ", 0, 1000);
    let mut flipped = sound.clone();
    flipped[200] ^= 4;
    let broken_off = [
        sound.as_slice(),
        b"000000##ERROR#######ERROR##STREAMERROR##STREAMERROR#STREAMERROR\n",
        b"This data stream was interrupted and is likely incomplete.     \n",
        &b"#STREAMERROR##STREAMERROR##STREAMERROR##STREAMERROR#STREAMERROR\n".repeat(2),
    ]
    .concat();
    let mut strange_station = trace("HHZ", 0, 1000);
    strange_station.id = Nslc::new("CX", "PB02", "", "HHZ").unwrap();
    let strange_station = mseed::write(&[strange_station]).unwrap();
    let mut strange_location = trace("HHZ", 0, 1000);
    strange_location.id = Nslc::new("CX", "PB01", "10", "HHZ").unwrap();
    let strange_location = mseed::write(&[strange_location]).unwrap();
    let other_channel = recorded("HHN", 0, 10);
    let later = recorded("HHZ", 2000, 2010);
    type Fetch = fn(&Client) -> quakebook::Result<()>;
    let events: Fetch = |client| client.fetch_events(&BOX, &span(0, 3600)).map(drop);
    let waveforms: Fetch = |client| fetch_hhz(client).map(drop);
    let stations: Fetch = |client| {
        let format = StationFormat::Text;
        client
            .fetch_stations(&stream("HHZ"), &span(0, 1), format)
            .map(drop)
    };
    let inventory: Fetch = |client| {
        let format = StationFormat::Xml;
        client
            .fetch_stations(&stream("HHZ"), &span(0, 1), format)
            .map(drop)
    };
    for (fetch, body, word) in [
        (events, html.clone(), "HTML"),
        (waveforms, html.clone(), "HTML"),
        (stations, html.clone(), "HTML"),
        (events, text.clone(), "begins no catalog"),
        (waveforms, text.clone(), "no miniSEED record"),
        (stations, text.clone(), "begins no list of stations"),
        (inventory, text, "StationXML was expected"),
        (events, Vec::new(), "no byte"),
        (waveforms, Vec::new(), "no byte"),
        (events, cut_rows, "12 fields where the header has 13"),
        (
            stations,
            b"#Network|Station\nCX|PB01\nCX\n".to_vec(),
            "2 fields of the header",
        ),
        (
            inventory,
            b"<FDSNStationXML><Network>".to_vec(),
            "cut short",
        ),
        (events, bytes.clone(), "bytes where text was expected"),
        (stations, bytes, "bytes where text was expected"),
        (waveforms, flipped, "Xn"),
        (waveforms, sound[..700].to_vec(), "truncated"),
        (waveforms, broken_off, "broke off and says so"),
        (
            waveforms,
            strange_station,
            "CX.PB02..HHZ: a record of a stream that was not asked for",
        ),
        (
            waveforms,
            strange_location,
            "CX.PB01.10.HHZ: a record of a stream",
        ),
        (
            waveforms,
            other_channel,
            "CX.PB01..HHN: a record of a stream",
        ),
        (waveforms, later, "a time that was not asked for"),
    ] {
        let server = FaultServer::always(ok(&body));
        let folder = tempfile::tempdir().unwrap();
        let rig = Rig::new(&server);
        let client = rig.client.with_cache(folder.path());
        for n_fetched in 1..=2 {
            let (_, status, what, remedy) = request_error(fetch(&client));
            assert_eq!(status, Some(200), "{what}");
            assert!(what.contains(word), "{word:?} in {what:?}");
            assert!(what.ends_with("(asked 2 times)"), "{what}");
            assert!(remedy.contains("run this again later"), "{remedy}");
            assert_eq!(
                server.n_requests(),
                2 * n_fetched,
                "{word}: a lie is not kept"
            );
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_lie_may_pass() {
    let sound = recorded("HHZ", 0, 1000);
    let mut flipped = sound.clone();
    flipped[200] ^= 4;
    let server = FaultServer::script(vec![ok(&flipped), ok(&sound)]);
    let rig = Rig::new(&server);
    assert_eq!(fetch_hhz(&rig.client).unwrap(), Some(sound));
    assert_eq!((server.n_requests(), rig.clock.slept_s()), (2, vec![0.5]));
}

#[test]
fn events_that_were_not_asked_for_are_left_out() {
    let rows = rows(0, 1800)
        + "far|2014-05-01T00:01:00|35.8|-97.4|5.0|a|c|n|i|Mw|4.0|a|Oklahoma\n"
        + "late|2014-05-03T00:01:00|-21.0|-70.0|5.0|a|c|n|i|Mw|4.0|a|Iquique\n"
        + "turned|2014-05-01T00:01:00|-21.0|290.0|5.0|a|c|n|i|Mw|4.0|a|Iquique\n";
    let server = FaultServer::always(ok(rows.as_bytes()));
    let rig = Rig::new(&server);
    let catalog = rig.client.fetch_events(&BOX, &span(0, 3600)).unwrap();
    assert_eq!(ids(&catalog), ["e0", "turned", "e600", "e1200"]);
    let lines = rig.lines();
    assert!(
        lines[0].contains("2 events that were not asked for"),
        "{lines:?}"
    );
    assert_eq!(server.n_requests(), 1);
}

//! One test for each status, and for the waits.

use quakebook::Error;

use crate::*;

/// Asks each of the three services once, and gives what came of it.
fn ask_all(client: &Client) -> [Result<bool, Error>; 3] {
    [
        client
            .fetch_events(&BOX, &span(0, 3600))
            .map(|catalog| catalog.is_empty()),
        client
            .fetch_stations(&stream("HHZ"), &span(0, 3600), StationFormat::Text)
            .map(|text| text.is_none()),
        client
            .fetch_mseed(&stream("HHZ"), &span(0, 3600))
            .map(|bytes| bytes.is_none()),
    ]
}

#[test]
fn status_204_is_nothing_and_is_kept() {
    let server = FaultServer::always(status("204 No Content", ""));
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(folder.path());
    for _ in 0..3 {
        for nothing in ask_all(&client) {
            assert!(nothing.unwrap());
        }
    }
    // Events and stations are kept; waveforms are an archive's.
    assert_eq!(server.n_requests(), 1 + 1 + 3);
    assert!(rig.clock.slept_s().is_empty() && rig.lines().is_empty());
}

#[test]
fn status_404_is_nothing_only_in_the_words_of_a_data_centre() {
    for (body, is_nothing) in [
        (
            "Error 404: Not Found\n\nNo data matched the request\n",
            true,
        ),
        ("no data available", true),
        ("", false),
        ("404 page not found", false),
        ("<html><body>Error 404: no data</body></html>", false),
    ] {
        let server = FaultServer::always(status("404 Not Found", body));
        let folder = tempfile::tempdir().unwrap();
        let client = Rig::new(&server).client.with_cache(folder.path());
        for result in ask_all(&client).into_iter().chain(ask_all(&client)) {
            if is_nothing {
                assert!(result.unwrap(), "{body:?}");
            } else {
                let (_, status, what, remedy) = request_error(result);
                assert_eq!(
                    (status, what.as_str()),
                    (Some(404), "no FDSN service at this address")
                );
                assert!(remedy.contains("provider's address"), "{remedy}");
            }
        }
        assert_eq!(server.n_requests(), 6, "neither is kept: {body:?}");
    }
}

#[test]
fn a_refusal_is_final_and_names_address_status_first_words_and_remedy() {
    for (line, code, body, what, hint) in [
        (
            "400 Bad Request",
            400,
            "Error 400: Bad Request\n\nunknown parameter \"beauty\"\n",
            "Error 400: Bad Request: unknown parameter \"beauty\"",
            "check the study",
        ),
        (
            "401 Unauthorized",
            401,
            "",
            "an answer without a word",
            "restricted",
        ),
        (
            "403 Forbidden",
            403,
            "\n\n Not yours \n",
            "Not yours",
            "restricted",
        ),
        (
            "422 Unprocessable Content",
            422,
            "bad span",
            "bad span",
            "check the study",
        ),
        ("405 Method Not Allowed", 405, "no", "no", "documentation"),
        ("501 Not Implemented", 501, "never", "never", "fault"),
    ] {
        let server = FaultServer::always(status(line, body));
        let rig = Rig::new(&server);
        for (result, service) in
            ask_all(&rig.client)
                .into_iter()
                .zip(["event", "station", "dataselect"])
        {
            let (url, found, said, remedy) = request_error(result);
            let address = format!("{}/fdsnws/{service}/1/query?", server.address);
            assert!(url.starts_with(&address), "{url}");
            assert_eq!((found, said.as_str()), (Some(code), what));
            assert!(remedy.contains(hint), "{remedy}");
        }
        assert_eq!(server.n_requests(), 3, "{line}");
        assert!(rig.clock.slept_s().is_empty() && rig.lines().is_empty());
    }
}

#[test]
fn a_passing_fault_is_asked_again_until_it_has_passed() {
    for line in [
        "408 Request Timeout",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ] {
        let fault = status(line, "not now");
        let server = FaultServer::script(vec![fault.clone(), fault, ok(rows(0, 3600).as_bytes())]);
        let rig = Rig::new(&server);
        let catalog = rig.client.fetch_events(&BOX, &span(0, 3600)).unwrap();
        assert_eq!(catalog.len(), 6);
        assert_eq!(server.n_requests(), 3, "{line}");
        assert_eq!(rig.clock.slept_s(), BACKOFF_S[..2], "{line}");
        let code = &line[..3];
        let name = &server.address;
        assert_eq!(
            rig.lines(),
            [
                format!("{name} event: status {code}: not now; again in 0.5 s, attempt 2 of 5"),
                format!("{name} event: status {code}: not now; again in 1.0 s, attempt 3 of 5"),
            ]
        );
    }
}

#[test]
fn a_lasting_fault_is_asked_five_times_and_no_more() {
    for (line, code, hint) in [
        ("500 Internal Server Error", 500, "has a fault"),
        ("502 Bad Gateway", 502, "has a fault"),
        ("503 Service Unavailable", 503, "busy"),
        ("429 Too Many Requests", 429, "busy"),
    ] {
        let server = FaultServer::always(status(line, "oops"));
        let rig = Rig::new(&server);
        let result = rig.client.fetch_mseed(&stream("HHZ"), &span(0, 3600));
        let (_, found, what, remedy) = request_error(result);
        assert_eq!((found, what.as_str()), (Some(code), "oops (asked 5 times)"));
        assert!(remedy.contains(hint), "{remedy}");
        assert_eq!(server.n_requests(), 5);
        assert_eq!(rig.clock.slept_s(), BACKOFF_S);
    }
}

#[test]
fn retry_after_is_obeyed_in_seconds_and_by_date() {
    let busy = |line: &str, after: &str| {
        let header = format!("Retry-After: {after}\r\n");
        Act::Send(response_with(line, &header, b"busy"))
    };
    let server = FaultServer::script(vec![
        busy("429 Too Many Requests", "7"),
        // The clock of the test begins on 1 January 2026 and has slept 7 s by then.
        busy("503 Service Unavailable", "Thu, 01 Jan 2026 00:01:00 GMT"),
        busy("503 Service Unavailable", "Wed, 31 Dec 2025 00:00:00 GMT"),
        busy("503 Service Unavailable", "later"),
        ok(&recorded("HHZ", 0, 100)),
    ]);
    let rig = Rig::new(&server);
    let bytes = rig
        .client
        .fetch_mseed(&stream("HHZ"), &span(0, 100))
        .unwrap();
    assert_eq!(bytes, Some(recorded("HHZ", 0, 100)));
    assert_eq!(rig.clock.slept_s(), [7.0, 53.0, 0.0, BACKOFF_S[3]]);
    assert_eq!(server.n_requests(), 5);
}

#[test]
fn a_wait_beyond_the_policy_is_not_begun() {
    let busy = response_with("503 Service Unavailable", "Retry-After: 400\r\n", b"closed");
    let server = FaultServer::always(Act::Send(busy));
    let rig = Rig::new(&server);
    let (_, status, ..) = request_error(rig.client.fetch_events(&BOX, &span(0, 3600)));
    assert_eq!(status, Some(503));
    // 400 s of the 600 s that all waits may take; twice would be too long.
    assert_eq!((server.n_requests(), rig.clock.slept_s()), (2, vec![400.0]));

    let busy = "Retry-After: 18446744073709551615\r\n";
    let server_for_ever = FaultServer::always(Act::Send(response_with("429 No", busy, b"")));
    let for_ever = Rig::new(&server_for_ever);
    assert!(fetch_hhz(&for_ever.client).is_err());
    assert_eq!(server_for_ever.n_requests(), 1);

    let hasty = rig.client.with_retry_policy(RetryPolicy::none());
    assert!(hasty.fetch_events(&BOX, &span(0, 3600)).is_err());
    assert_eq!((server.n_requests(), rig.clock.slept_s().len()), (3, 1));
}

#[test]
fn a_data_centre_sees_no_more_requests_than_it_allows() {
    let server = FaultServer::new(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        ok(rows(0, 3600).as_bytes())
    });
    let mut provider = Provider::by_name(&server.address).unwrap();
    provider.limits = Limits {
        n_at_once: 2,
        n_per_s: 5,
        n_events: None,
    };
    let clock = TestClock::at("2026-01-01");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Clients of their own: the limits are those of the machine.
            let client = Client::new(provider.clone()).unwrap().without_cache();
            let client = client.with_clock(clock.clone());
            scope.spawn(move || {
                for _ in 0..3 {
                    client.fetch_events(&BOX, &span(0, 3600)).unwrap();
                }
            });
        }
    });
    assert_eq!((server.n_requests(), server.n_most_at_once()), (12, 2));
    // Five in the first second, five in the next, two in the third.
    assert!(
        clock.slept_s().iter().sum::<f64>() >= 2.0,
        "{:?}",
        clock.slept_s()
    );
}

#[test]
fn redirects_are_followed_on_the_same_host_alone() {
    let elsewhere = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    for (target, is_followed) in [
        ("/fdsnws/event/1/moved".to_string(), true),
        (format!("{}/fdsnws/event/1/query", elsewhere.address), false),
        ("file:///etc/passwd".to_string(), false),
    ] {
        let to = target.clone();
        let server = FaultServer::new(move |_, seen| match seen.target.ends_with("/moved") {
            true => ok(rows(0, 3600).as_bytes()),
            false => Act::Send(response_with(
                "307 Temporary Redirect",
                &format!("Location: {to}\r\n"),
                b"",
            )),
        });
        let fetched = Rig::new(&server).client.fetch_events(&BOX, &span(0, 3600));
        match is_followed {
            true => assert_eq!(fetched.unwrap().len(), 6),
            false => {
                let (_, status, what, _) = request_error(fetched);
                let is_file = target.starts_with("file:");
                assert_eq!(status, is_file.then_some(307));
                assert!(what.contains(&target), "{what}");
                assert_eq!(what.contains("http or https was expected"), is_file);
            }
        }
    }
    assert_eq!(elsewhere.n_requests(), 0);
}

#[test]
fn no_control_character_reaches_a_message() {
    let body = format!("\u{1b}[2J\u{7}gone\u{202e}\r{}", "x".repeat(5000));
    let server = FaultServer::always(status("400 Bad Request", &body));
    let (_, _, what, _) = request_error(Rig::new(&server).client.fetch_events(&BOX, &span(0, 1)));
    assert!(
        what.contains("gone") && what.chars().count() < 400,
        "{what}"
    );
    assert!(
        !what.contains(|c: char| c.is_control() || c == '\u{202e}'),
        "{what:?}"
    );
}

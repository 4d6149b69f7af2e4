//! What is kept: the cache, offline, damaged files, many processes, a full disk.

use crate::*;

#[test]
fn what_arrived_before_an_interruption_is_not_asked_for_again() {
    // The second half is down at first.
    let down = Arc::new(AtomicBool::new(true));
    let is_down = down.clone();
    let server = FaultServer::new(move |_, seen| match asked_s(seen) {
        (from, to) if to - from > 7200 => status("413 Payload Too Large", "too many"),
        (7200, _) if is_down.load(Ordering::SeqCst) => status("500 Internal Server Error", "down"),
        (from, to) => ok(rows(from, to).as_bytes()),
    });
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(folder.path());
    let (_, status, ..) = request_error(client.fetch_events(&BOX, &span(0, 14_400)));
    assert_eq!((status, server.n_requests()), (Some(500), 1 + 1 + 5));

    let (url, status, what, _) =
        request_error(client.offline().fetch_events(&BOX, &span(0, 14_400)));
    assert!(
        url.contains("starttime=2014-05-01T02%3A00%3A00.000000"),
        "the missing half: {url}"
    );
    assert!(status.is_none() && what.contains("offline"), "{what}");

    down.store(false, Ordering::SeqCst);
    let catalog = client.fetch_events(&BOX, &span(0, 14_400)).unwrap();
    assert_eq!((catalog.len(), server.n_requests()), (24, 7 + 1));
    let again = client
        .offline()
        .fetch_events(&BOX, &span(0, 14_400))
        .unwrap();
    assert_eq!((again, server.n_requests()), (catalog, 8));
}

#[test]
fn offline_answers_from_the_cache_alone_and_says_what_is_missing() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    let (url, status, what, remedy) =
        request_error(client.offline().fetch_events(&BOX, &span(0, 3600)));
    assert!(
        url.contains("/fdsnws/event/1/query?starttime=2014-05-01"),
        "{url}"
    );
    assert_eq!(status, None);
    assert!(
        what.contains(&folder.path().display().to_string()),
        "{what}"
    );
    assert!(remedy.contains("once with the network"), "{remedy}");
    let (.., what, _) = request_error(client.offline().fetch_mseed(&stream("HHZ"), &span(0, 1)));
    assert!(what.contains("not kept"), "{what}");
    assert_eq!(server.n_requests(), 0);

    let catalog = client.fetch_events(&BOX, &span(0, 3600)).unwrap();
    let offline = client.offline().fetch_events(&BOX, &span(0, 3600)).unwrap();
    assert_eq!((offline, server.n_requests()), (catalog, 1));
}

#[test]
fn an_answer_that_came_too_soon_is_asked_for_again() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    let at_time = |now: &str| client.with_clock(TestClock::at(now));
    for (now, n_requests) in [
        ("2014-05-01T02:00:00", 1),
        ("2014-05-08T00:59:59", 2),
        // Seven days after the end of the span it is kept for good.
        ("2014-05-08T01:00:00", 3),
        ("2014-05-08T01:00:01", 3),
        ("2030-01-01", 3),
    ] {
        let client = at_time(now);
        assert_eq!(client.fetch_events(&BOX, &span(0, 3600)).unwrap().len(), 6);
        assert_eq!(server.n_requests(), n_requests, "{now}");
        let offline = client.offline().fetch_events(&BOX, &span(0, 3600));
        assert_eq!(offline.unwrap().len(), 6, "offline any answer will do");
    }
}

#[test]
fn an_answer_without_a_length_is_not_kept() {
    let server = FaultServer::always(Act::Send(unmeasured(rows(0, 3600).as_bytes())));
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(folder.path());
    for n in 1..=2 {
        assert_eq!(client.fetch_events(&BOX, &span(0, 3600)).unwrap().len(), 6);
        assert_eq!(server.n_requests(), n);
    }
    assert!(
        rig.lines()[0].contains("how long it is"),
        "{:?}",
        rig.lines()
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_damaged_file_of_the_cache_is_asked_for_again() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    client.fetch_events(&BOX, &span(0, 3600)).unwrap();
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = std::fs::read(&file).unwrap();
    let head = String::from_utf8_lossy(&whole);
    assert!(
        head.starts_with("quakebook answer 2\nprovider: http://127.0.0.1:"),
        "{head}"
    );
    assert!(
        head.contains("\nfetched: 2026-01-01T00:00:00.000000Z\nrequest: http://127"),
        "{head}"
    );
    for (n, damaged) in [
        whole[..whole.len() - 3].to_vec(),
        whole[..40].to_vec(),
        Vec::new(),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(&file, damaged).unwrap();
        assert!(client.offline().fetch_events(&BOX, &span(0, 3600)).is_err());
        assert_eq!(client.fetch_events(&BOX, &span(0, 3600)).unwrap().len(), 6);
        assert_eq!(server.n_requests(), 2 + n);
        assert_eq!(std::fs::read(&file).unwrap(), whole);
    }
}

/// What a process of its own does for the tests below: it asks the server for events and prints how
/// many came.
#[test]
fn a_process_of_its_own() {
    let Ok(address) = std::env::var("FAULTS_ADDRESS") else {
        return;
    };
    let folder = std::env::var("FAULTS_CACHE").unwrap();
    let client = Client::at(&address).unwrap().with_cache(folder);
    let catalog = client.fetch_events(&BOX, &span(0, 360_000)).unwrap();
    println!("{} events", catalog.len());
}

fn process(server: &FaultServer, folder: &std::path::Path, before: &str) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    let run = format!("{before} exec \"$0\" --exact kept::a_process_of_its_own --nocapture");
    command
        .args(["-c", &run])
        .arg(std::env::current_exe().unwrap())
        .env("FAULTS_ADDRESS", &server.address)
        .env("FAULTS_CACHE", folder);
    command
}

#[test]
fn processes_at_once_leave_one_whole_answer() {
    let server = FaultServer::always(ok(rows(0, 360_000).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = process(&server, folder.path(), "");
            command
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("600 events"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let n_requests = server.n_requests();
    let client = Rig::new(&server).client.with_cache(folder.path());
    let catalog = client.fetch_events(&BOX, &span(0, 360_000)).unwrap();
    assert_eq!((catalog.len(), server.n_requests()), (600, n_requests));
}

#[test]
fn a_full_disk_costs_no_answer_and_leaves_no_half_of_one() {
    let server = FaultServer::always(ok(rows(0, 360_000).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    // No file may grow beyond 16 blocks, and writing more is an error, as on a full disk.
    let output = process(&server, folder.path(), "trap '' XFSZ; ulimit -f 16;")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("600 events"),
        "{said}"
    );
    assert!(said.contains("event: the answer is not kept: "), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_cache_that_cannot_be_made_costs_no_answer() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "no folder").unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(in_the_way.join("cache"));
    for n in 1..=2 {
        assert_eq!(client.fetch_events(&BOX, &span(0, 3600)).unwrap().len(), 6);
        assert_eq!((server.n_requests(), rig.lines().len()), (n, n));
    }
    assert!(
        rig.lines()[0].contains("the answer is not kept: "),
        "{:?}",
        rig.lines()
    );
}

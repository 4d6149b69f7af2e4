//! An archive in object storage: the same detections as from a folder, with few bytes read, and every fault told.
//!
//! Faults come from a scripted server. The same is tried on an S3 server that others wrote, moto, where
//! `QUAKEBOOK_S3_PYTHON` names a Python that has it, as `cargo xtask test` sets it up.

mod common;
mod fault_server;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use common::plans::{HH, archive, at, detector, files, text, write};
use common::{Server, program, quakebook};
use fault_server::{Act, FaultServer, Seen, response};
use quakebook::waveform::{Archive, Layout, Nslc, Place};
use tempfile::TempDir;

/// The model of the tests, as a folder.
fn model() -> &'static Path {
    static MODEL: OnceLock<TempDir> = OnceLock::new();
    let dir = MODEL.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        detector().write(&dir.path().join("model"), None).unwrap();
        dir
    });
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| dir.path().join("model"))
}

/// A small part of S3: objects by key, listed and read by ranges.
#[derive(Clone)]
struct Objects(Arc<Vec<(String, Vec<u8>)>>);

impl Objects {
    /// The files of a folder, below a prefix.
    fn of(root: &Path, prefix: &str) -> Self {
        let object = |path: PathBuf| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            (format!("{prefix}{name}"), std::fs::read(&path).unwrap())
        };
        let files = files(root).into_iter();
        let mut objects: Vec<_> = files.filter(|path| path.is_file()).map(object).collect();
        objects.sort();
        Self(Arc::new(objects))
    }

    fn answer(&self, seen: &Seen) -> Act {
        match seen.parameter("list-type") {
            Some(_) => self.list(seen),
            None => self.get(seen),
        }
    }

    fn list(&self, seen: &Seen) -> Act {
        let given = |name: &str| unescaped(&seen.parameter(name).unwrap_or_default());
        let after = given("continuation-token").max(given("start-after"));
        let most = given("max-keys").parse().unwrap_or(1000);
        let is_flat = seen.parameter("delimiter").is_none();
        let (names, next) = self.names(&given("prefix"), is_flat, &after, most);
        let shown = |(name, n_bytes): &(String, Option<usize>)| match n_bytes {
            Some(n_bytes) => entry(name, *n_bytes, "v1"),
            None => format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"),
        };
        page(
            &names.iter().map(shown).collect::<String>(),
            next.as_deref(),
        )
    }

    /// At most so many names after one, in the order of keys: objects with their sizes, and folders unless `is_flat`; and the
    /// last of them, where there are more.
    fn names(
        &self,
        prefix: &str,
        is_flat: bool,
        after: &str,
        most: usize,
    ) -> (Vec<(String, Option<usize>)>, Option<String>) {
        let mut names = Vec::new();
        for (key, bytes) in self.0.iter().filter(|(key, _)| key.starts_with(prefix)) {
            let below = key[prefix.len()..].split_once('/').filter(|_| !is_flat);
            let name = match below {
                Some((folder, _)) => (format!("{prefix}{folder}/"), None),
                None => (key.clone(), Some(bytes.len())),
            };
            if key.as_str() > after && names.last() != Some(&name) {
                names.push(name);
            }
        }
        let next = (names.len() > most).then(|| names[most - 1].0.clone());
        names.truncate(most);
        // What lies in a folder comes after its name: the next page begins behind it.
        let next = next.map(|name| match name.ends_with('/') {
            true => format!("{name}\u{10ffff}"),
            false => name,
        });
        (names, next)
    }

    fn find(&self, seen: &Seen) -> Option<&Vec<u8>> {
        // A web server has no buckets.
        let key = seen
            .target
            .trim_start_matches("/bucket")
            .trim_start_matches('/');
        let found = self.0.iter().find(|(name, _)| *name == unescaped(key));
        found.map(|(_, bytes)| bytes)
    }

    fn get(&self, seen: &Seen) -> Act {
        match (self.find(seen), seen.range) {
            (Some(bytes), Some((first, last))) => part(bytes, first, last, "v1"),
            _ => fault("404 Not Found", "NoSuchKey"),
        }
    }
}

/// A text without the escapes of an address.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

fn entry(key: &str, n_bytes: usize, tag: &str) -> String {
    format!(
        "<Contents><Key>{key}</Key><LastModified>2024-01-02T03:04:05.000Z</LastModified>\
         <ETag>&quot;{tag}&quot;</ETag><Size>{n_bytes}</Size></Contents>"
    )
}

fn page(entries: &str, next: Option<&str>) -> Act {
    let next = next.map(|token| {
        format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
        )
    });
    let next = next.unwrap_or_default();
    let text =
        format!("<?xml version=\"1.0\"?><ListBucketResult>{entries}{next}</ListBucketResult>");
    Act::Send(response("200 OK", text.as_bytes()))
}

fn head(first: usize, last: usize, n_all: usize, tag: &str, length: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{n_all}\r\n\
         ETag: \"{tag}\"\r\nLast-Modified: Tue, 02 Jan 2024 03:04:05 GMT\r\n{length}\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

fn part(bytes: &[u8], first: usize, last: usize, tag: &str) -> Act {
    let last = last.min(bytes.len() - 1);
    let length = format!("Content-Length: {}", last + 1 - first);
    let head = head(first, last, bytes.len(), tag, &length);
    Act::Send([head, bytes[first..=last].to_vec()].concat())
}

fn fault(status: &str, code: &str) -> Act {
    let text = format!("<Error><Code>{code}</Code><Message>so it is</Message></Error>");
    Act::Send(response(status, text.as_bytes()))
}

/// The program, which finds the server where the bucket's service would be.
fn with_server(dir: &Path, server: &str, args: &[&str]) -> Command {
    let mut command = program(dir, args);
    command
        .env("AWS_ENDPOINT_URL", server)
        .env("AWS_ALLOW_HTTP", "true")
        .env("NO_PROXY", "127.0.0.1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

fn run(dir: &Path, server: &str, args: &[&str]) -> (i32, String) {
    let output = with_server(dir, server, args).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), text)
}

const SPAN: [&str; 4] = [
    "--from",
    "2014-05-31T23:20:00",
    "--to",
    "2014-06-01T00:40:00",
];

/// A scan of station A into `found.csv`.
fn scan<'a>(archive: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let stream = ["--stream", "XX.A..HH?", "--out", "found.csv"];
    let fixed = ["scan", "--model", text(model()), "--archive", archive];
    [&fixed, &stream[..], &SPAN, more].concat()
}

fn scanned_from_folder(dir: &Path, root: &Path, more: &[&str]) -> Vec<u8> {
    let (code, _, said) = quakebook(dir, &scan(text(root), more));
    assert_eq!(code, 0, "{said}");
    std::fs::read(dir.join("found.csv")).unwrap()
}

#[test]
fn bucket_gives_what_its_folder_gives() {
    let dir = tempfile::tempdir().unwrap();
    let from_folder = scanned_from_folder(dir.path(), archive(), &[]);
    assert!(from_folder.split(|b| *b == b'\n').count() > 10);
    let objects = Objects::of(archive(), "sds/");
    let server = FaultServer::new(move |_, seen| objects.answer(seen));
    let args = scan("s3://bucket/sds/", &["--anonymous"]);
    let (code, said) = run(dir.path(), &server.address, &args);
    assert_eq!(code, 0, "{said}");
    let line = format!("{} requests to the bucket", server.n_requests());
    assert!(said.contains(&line), "{said}");
    assert_eq!(
        std::fs::read(dir.path().join("found.csv")).unwrap(),
        from_folder
    );
}

#[test]
fn layouts_of_data_centres_give_what_sds_gives() {
    let dir = tempfile::tempdir().unwrap();
    let from_sds = scanned_from_folder(dir.path(), archive(), &[]);
    for layout in [Layout::Scedc, Layout::Ncedc] {
        let root = dir.path().join(layout.to_string());
        relaid(archive(), &root, layout);
        let name = layout.to_string();
        let found = scanned_from_folder(dir.path(), &root, &["--layout", &name]);
        assert_eq!(found, from_sds, "{layout}");
        let table = |root: &Path, layout: &str| planned_table(dir.path(), root, layout);
        assert_eq!(table(&root, &name), table(archive(), "sds"), "{layout}");
    }
}

/// The table of a plan that was worked in shards of days.
fn planned_table(dir: &Path, root: &Path, layout: &str) -> Vec<u8> {
    let plan = dir.join(format!("plan-{layout}"));
    let (plan, out) = (text(&plan), text(&dir.join("table.csv")).to_string());
    for args in [
        vec![
            "plan",
            "--archive",
            text(root),
            "--layout",
            layout,
            "--model",
            text(model()),
        ],
        vec!["work", "--plan", plan, "--all"],
        vec!["collect", "--plan", plan, "--out", &out],
    ] {
        let of_plan = ["--shard", "station-day", "--out", plan];
        let args = match args[0] {
            "plan" => [&args, &of_plan[..]].concat(),
            _ => args,
        };
        let (code, _, said) = quakebook(dir, &args);
        assert_eq!(code, 0, "{args:?}: {said}");
    }
    std::fs::read(&out).unwrap()
}

/// Copies an SDS archive into another layout.
fn relaid(from: &Path, to: &Path, layout: Layout) {
    for path in files(from) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let [net, sta, loc, cha, "D", year, day] = name.split('.').collect::<Vec<_>>()[..] else {
            continue;
        };
        let name = match layout {
            Layout::Sds => text(path.strip_prefix(from).unwrap()).into(),
            Layout::Scedc => {
                format!("{year}/{year}_{day}/{net}{sta:_<5}{cha}{loc:_<2}_{year}{day}.ms")
            }
            Layout::Ncedc => {
                format!("{net}/{year}/{year}.{day}/{sta}.{net}.{cha}.{loc}.D.{year}.{day}")
            }
        };
        let path_to = to.join(name);
        std::fs::create_dir_all(path_to.parent().unwrap()).unwrap();
        std::fs::copy(&path, path_to).unwrap();
    }
}

/// A scan of the bucket whose server answers so; it fails, and says `expected`.
#[track_caller]
fn fails(
    answer: impl Fn(&Objects, &Seen) -> Act + Send + Sync + 'static,
    expected: &[&str],
) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::of(archive(), "sds/");
    let server = FaultServer::new(move |_, seen| answer(&objects, seen));
    let args = scan("s3://bucket/sds", &["--anonymous"]);
    let (code, said) = run(dir.path(), &server.address, &args);
    assert_eq!(code, 1, "{said}");
    for part in expected {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!dir.path().join("found.csv").exists());
    server.n_requests()
}

fn is_listing(seen: &Seen) -> bool {
    seen.parameter("list-type").is_some()
}

/// The object that is read first.
const FIRST: &str = "s3://bucket/sds/2014/XX/A/HHE.D/XX.A..HHE.D.2014.151";

#[test]
fn refusals_of_a_bucket_are_told() {
    let forbidden = |_: &Objects, _: &Seen| fault("403 Forbidden", "AccessDenied");
    let told = ["s3://bucket/sds", "403", "AccessDenied", "--anonymous"];
    assert_eq!(fails(forbidden, &told), 1);
    let missing = |_: &Objects, _: &Seen| fault("404 Not Found", "NoSuchBucket");
    assert_eq!(fails(missing, &["404", "NoSuchBucket", "prefix"]), 1);
    let elsewhere = |_: &Objects, _: &Seen| fault("301 Moved Permanently", "PermanentRedirect");
    fails(elsewhere, &["the bucket is elsewhere", "AWS_REGION"]);
    let busy = |_: &Objects, _: &Seen| fault("503 Slow Down", "SlowDown");
    assert_eq!(fails(busy, &["too busy (503)", "SlowDown"]), 5);
    let no_xml = |_: &Objects, _: &Seen| Act::Send(response("200 OK", b"<html>Hello"));
    fails(no_xml, &["s3://bucket/sds"]);
}

#[test]
fn objects_that_are_not_as_listed_are_told() {
    let gone = |objects: &Objects, seen: &Seen| match is_listing(seen) {
        true => objects.answer(seen),
        false => fault("404 Not Found", "NoSuchKey"),
    };
    fails(gone, &[FIRST, "not there (404)", "removed meanwhile"]);
    let replaced = |objects: &Objects, seen: &Seen| match (is_listing(seen), seen.range) {
        (false, Some((first, last))) => part(&vec![0; last + 1], first, last, "v2"),
        _ => objects.answer(seen),
    };
    fails(replaced, &[FIRST, "version v2", "version v1", "replaced"]);
    let forbidden = |objects: &Objects, seen: &Seen| match is_listing(seen) {
        true => objects.answer(seen),
        false => fault("403 Forbidden", "AccessDenied"),
    };
    fails(forbidden, &[FIRST, "403"]);
}

#[test]
fn bodies_of_other_lengths_are_told() {
    let short = |objects: &Objects, seen: &Seen| match (objects.answer(seen), seen.range) {
        (Act::Send(bytes), Some(_)) => Act::Send(bytes[..bytes.len() - 100].to_vec()),
        (act, _) => act,
    };
    // It is asked for once more, from where it was cut.
    assert!(fails(short, &[FIRST]) > 5);
    let long = |objects: &Objects, seen: &Seen| match (is_listing(seen), seen.range) {
        (false, Some((first, last))) => {
            let length = format!("Content-Length: {}", last + 1 - first + 1_000);
            let head = head(
                first,
                last,
                objects.find(seen).unwrap().len(),
                "v1",
                &length,
            );
            Act::Send([head, vec![0; last + 1 - first + 1_000]].concat())
        }
        _ => objects.answer(seen),
    };
    fails(long, &[FIRST, "bytes or more came"]);
    let endless = |objects: &Objects, seen: &Seen| match (is_listing(seen), seen.range) {
        (false, Some((first, last))) => {
            let head = head(first, last, last + 1, "v1", "Transfer-Encoding: chunked");
            let chunk = [b"10000\r\n".to_vec(), vec![0; 0x10000], b"\r\n".to_vec()].concat();
            Act::Drip(head, chunk, std::time::Duration::ZERO)
        }
        _ => objects.answer(seen),
    };
    fails(endless, &[FIRST, "Content-Length"]);
    let whole = |objects: &Objects, seen: &Seen| match is_listing(seen) {
        true => objects.answer(seen),
        false => Act::Send(response("200 OK", &[0; 1000])),
    };
    fails(whole, &[FIRST]);
}

#[test]
fn listings_without_end_are_told() {
    let same = |_: &Objects, _: &Seen| page(&entry("sds/2014/a", 1, "v1"), Some("again"));
    fails(same, &["s3://bucket/sds", "in circles"]);
    let empty = |_: &Objects, _: &Seen| page("", Some("again"));
    fails(empty, &["the same again"]);
    let endless = |_: &Objects, _: &Seen| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<ListBucketResult>";
        let piece = entry("sds/2014/a", 1, "v1").repeat(20_000);
        Act::Drip(head.to_vec(), piece.into_bytes(), std::time::Duration::ZERO)
    };
    fails(endless, &["s3://bucket/sds"]);
}

/// Plans what a bucket holds, with other objects beside the archive's.
fn plan_beside(names: &[&str]) -> (TempDir, i32, String, usize) {
    let dir = tempfile::tempdir().unwrap();
    let mut objects = Objects::of(archive(), "sds/").0.to_vec();
    objects.extend(names.iter().map(|name| (name.to_string(), vec![0; 10])));
    objects.sort();
    let objects = Objects(Arc::new(objects));
    let server = FaultServer::new(move |_, seen| objects.answer(seen));
    let fixed = ["plan", "--anonymous", "--archive", "s3://bucket/sds"];
    let args = [&fixed[..], &["--out", "plan", "--model", text(model())]].concat();
    let (code, said) = run(dir.path(), &server.address, &args);
    (dir, code, said, server.n_requests())
}

#[test]
fn keys_that_are_no_paths_are_passed_over() {
    let (dir, code, said, _) = plan_beside(&[]);
    assert_eq!(code, 0, "{said}");
    let expected = std::fs::read(dir.path().join("plan/shards.jsonl")).unwrap();
    let names = [
        "sds/../../../etc/passwd",
        "sds/2014//XX.A..HHE.D.2014.151",
        "sds/2014/XX/A/HHN.D/./x",
        "sds/2014/XX/B/HHZ.D//",
    ];
    let (dir, code, said, n_requests) = plan_beside(&names);
    assert_eq!(code, 0, "{said}");
    let told = "s3://bucket/sds: 4 keys that nobody can ask for (sds/../, sds/2014//, sds/2014/XX/A/HHN.D/./, ...)";
    assert!(said.contains(told), "{said}");
    let found = std::fs::read(dir.path().join("plan/shards.jsonl")).unwrap();
    assert!(found == expected && n_requests < 150, "{n_requests}");
    // All that lies in a folder without a name is passed over at once.
    let many: Vec<String> = (0..150).map(|n| format!("sds/2014/XX//{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (_dir, code, said, n_requests) = plan_beside(&many);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("1 key that nobody can ask for (sds/2014/XX//)"),
        "{said}"
    );
    assert!(n_requests < 50, "{n_requests}");
    // More of them than are looked for one by one.
    let many: Vec<String> = (0..150).map(|n| format!("sds/2014/XX/{n:03}//x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (_dir, code, said, _) = plan_beside(&many);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("more than a hundred keys that are no paths"),
        "{said}"
    );
    // A server that gives the same page whatever is asked.
    let evil = |objects: &Objects, seen: &Seen| match is_listing(seen) {
        true => page(&entry("sds/../../../etc/passwd", 1, "v1"), None),
        false => objects.answer(seen),
    };
    fails(evil, &["s3://bucket/sds", "in circles"]);
}

#[test]
fn odd_names_are_no_day_files() {
    let names = [
        "a b",
        "\u{e9}\u{4e00}",
        "XX.A..HHE.D.2014.1%2F2",
        "XX.B..HHE.D.2014.151",
    ];
    let names = names.map(|name| format!("sds/2014/XX/A/HHE.D/{name}"));
    let (_dir, code, said, _) = plan_beside(&names.each_ref().map(String::as_str));
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("3 that are no day files (XX.A..HHE.D.2014.1%2F2, a b, "),
        "{said}"
    );
    assert!(
        said.contains("a day file of XX.B..HHE in another folder"),
        "{said}"
    );
}

/// What a plan of an archive leaves out, with `ROOT` for where it lies.
fn left_out(dir: &Path, server: &str, address: &str, more: &[&str]) -> String {
    let out = dir.join(format!("plan-{}", std::fs::read_dir(dir).unwrap().count()));
    let fixed = ["plan", "--model", text(model()), "--archive", address];
    let args = [&fixed[..], &["--out", text(&out)], more].concat();
    let (code, said) = run(dir, server, &args);
    assert_eq!(code, 0, "{said}");
    let told = std::fs::read_to_string(out.join("left_out.txt")).unwrap();
    told.replace(address, "ROOT")
}

#[test]
fn the_odd_of_a_bucket_is_that_of_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("sds");
    relaid(archive(), &root, Layout::Sds);
    for name in [
        "2014/XX/A/HHZ.D/notes.txt",
        "2014/XX/A/HHZ.D/a b",
        "2014/XX/A/HHZ.D/100%.x",
        "2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.47",
        "2014/XX/A/HHZ.D/below/one",
        "2014/XX/A/HHZ.D/below/two",
        "2014/XX/A/HHZ.D/XX.B..HHZ.D.2014.151",
        "2014/XX/A/HHZ/XX.A..HHZ.D.2014.151",
        "2014/XX/A/HHZ.X/one",
        "2014/XX/A/HHZ.X/two",
        "2014/XX/A/LOG.L/log",
        "2014/XX/a long name/HHZ.D/one",
        "2014/XX/XX.A..HHZ.D.2014.151",
        "2014/README.txt",
        "14/XX/A/HHZ.D/one",
        "index/one",
        ".hidden/one",
    ] {
        std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        std::fs::write(root.join(name), "odd").unwrap();
    }
    let expected = left_out(dir.path(), "", text(&root), &[]);
    let told =
        "ROOT/2014/XX/A/HHZ.D: 5 that are no day files (100%.x, XX.A..HHZ.D.2014.47, a b, ...)";
    assert!(expected.contains(told), "{expected}");
    assert_eq!(expected.lines().count(), 6, "{expected}");
    let objects = Objects::of(&root, "sds/");
    let server = FaultServer::new(move |_, seen| match seen.method.as_str() {
        "PROPFIND" => objects.list_as_webdav(seen),
        _ => objects.answer(seen),
    });
    let web = format!("{}/sds", server.address);
    for address in ["s3://bucket/sds", &web] {
        let found = left_out(dir.path(), &server.address, address, &[]);
        assert_eq!(found, expected, "{address}");
        // As far as a listing goes of what is sought.
        let sought = ["--stations", "XX.A", "--from", "2014-01-01"];
        let found = left_out(dir.path(), &server.address, address, &sought);
        assert_eq!(found, expected, "{address}");
    }
}

#[test]
fn odd_names_of_a_web_server_cost_themselves_alone() {
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::of(archive(), "sds/");
    let odd = [
        "sds/2014/XX/A/HHE.D/latin%E9",
        "sds/2014/XX/A/HHE.D/line%0Aend",
        "sds/2014/XX/A//HHE.D",
        "sds/../../etc/passwd",
    ];
    let server = FaultServer::new(move |_, seen| match seen.method.as_str() {
        "PROPFIND" => match objects.list_as_webdav(seen) {
            Act::Send(answer) if answer.starts_with(b"HTTP/1.1 207") => {
                let text = String::from_utf8(answer).unwrap();
                let (_, body) = text.split_once("\r\n\r\n").unwrap();
                let more = odd.map(|name| of_webdav(name, Some(10)));
                let body = body.replace("</D:multistatus>", &(more.concat() + "</D:multistatus>"));
                Act::Send(response("207 Multi-Status", body.as_bytes()))
            }
            act => act,
        },
        _ => objects.get(seen),
    });
    let address = format!("{}/sds", server.address);
    let found = left_out(dir.path(), &server.address, &address, &[]);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(
        found.contains("ROOT: 4 keys that nobody can ask for (sds/../../etc/passwd, "),
        "{found}"
    );
    let (code, said) = run(dir.path(), &server.address, &scan(&address, &[]));
    assert_eq!(code, 0, "{said}");
    let far = std::fs::read(dir.path().join("found.csv")).unwrap();
    assert_eq!(far, scanned_from_folder(dir.path(), archive(), &[]));
}

#[test]
fn a_busy_web_server_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::of(archive(), "sds/");
    let server = FaultServer::new(move |n, seen| match seen.method.as_str() {
        "PROPFIND" if n < 2 => fault("503 Slow Down", "SlowDown"),
        "PROPFIND" => objects.list_as_webdav(seen),
        _ => objects.get(seen),
    });
    let address = format!("{}/sds", server.address);
    assert_eq!(left_out(dir.path(), &server.address, &address, &[]), "");
    let server = FaultServer::always(fault("503 Slow Down", "SlowDown"));
    let address = format!("{}/sds", server.address);
    let (code, said) = run(dir.path(), &server.address, &scan(&address, &[]));
    assert_eq!((code, server.n_requests()), (1, 5), "{said}");
    assert!(said.contains("too busy (503)"), "{said}");
}

#[test]
fn addresses_are_checked_and_buckets_only_read() {
    let dir = tempfile::tempdir().unwrap();
    for address in [
        "ftp://host/sds",
        "s3://",
        "s3://bucket/../sds",
        "s3://bucket//sds",
        "https://me:secret@host/sds",
        "s3://bucket/sds?versionId=3",
        "s3://buck et/sds",
    ] {
        let (code, _, said) = quakebook(dir.path(), &scan(address, &[]));
        assert_eq!(code, 1, "{address}: {said}");
        assert!(said.contains("storage, "), "{said}");
    }
    let args = [
        "waveforms",
        "--provider",
        "classroom",
        "--archive",
        "s3://bucket/sds",
    ];
    let span = ["--from", "2014-02-16", "--to", "2014-02-17"];
    let (code, _, said) = quakebook(dir.path(), &[&args[..], &span].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("only read"), "{said}");
    let created = Archive::create("s3://bucket/sds", "XX", "A", "", "HH?", false);
    assert!(created.unwrap_err().to_string().contains("only read"));
    let place = Place::of(archive(), Layout::Ncedc, false).unwrap();
    let choice = quakebook::station::StationChoice::new("XX", "A", "", "HH?").unwrap();
    let read_only = Archive::open_for(place, &choice).unwrap();
    let stream = Nslc::new("XX", "A", "", "HHZ").unwrap();
    assert!(read_only.add(&stream, b"", "nothing").is_err());
}

/// The dates of all objects, as web servers write them.
const CHANGED: &str = "Tue, 02 Jan 2024 03:04:05 GMT";

impl Objects {
    /// A listing as Azure's service gives it.
    fn list_as_azure(&self, seen: &Seen) -> Act {
        let given = |name: &str| unescaped(&seen.parameter(name).unwrap_or_default());
        let is_flat = seen.parameter("delimiter").is_none();
        // Pages of 7 names, so that there are some.
        let (names, next) = self.names(&given("prefix"), is_flat, &given("marker"), 7);
        let shown = |(name, n_bytes): &(String, Option<usize>)| match n_bytes {
            Some(n_bytes) => format!(
                "<Blob><Name>{name}</Name><Properties><Last-Modified>{CHANGED}</Last-Modified><Etag>v1</Etag>\
                 <Content-Length>{n_bytes}</Content-Length><Content-Type>x</Content-Type></Properties></Blob>"
            ),
            None => format!("<BlobPrefix><Name>{name}</Name></BlobPrefix>"),
        };
        let blobs: String = names.iter().map(shown).collect();
        let next = next.unwrap_or_default();
        let text = format!(
            "<?xml version=\"1.0\"?><EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
        );
        Act::Send(response("200 OK", text.as_bytes()))
    }

    /// A folder as a server with WebDAV lists it: itself, and what lies in it.
    fn list_as_webdav(&self, seen: &Seen) -> Act {
        let folder = unescaped(seen.target.trim_matches('/'));
        let prefix = format!("{folder}/");
        let (names, _) = self.names(&prefix, false, "", usize::MAX);
        let shown = |(name, n_bytes): &(String, Option<usize>)| {
            of_webdav(&name.replace('%', "%25").replace(' ', "%20"), *n_bytes)
        };
        let all = std::iter::once(&(prefix.clone(), None))
            .chain(&names)
            .map(shown)
            .collect::<String>();
        let text =
            format!("<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">{all}</D:multistatus>");
        match names.is_empty() {
            true => fault("404 Not Found", "NoSuchKey"),
            false => Act::Send(response("207 Multi-Status", text.as_bytes())),
        }
    }
}

/// What WebDAV says of an object, or of a folder.
fn of_webdav(name: &str, n_bytes: Option<usize>) -> String {
    let (kind, size) = match n_bytes {
        Some(n) => ("", format!("<D:getcontentlength>{n}</D:getcontentlength>")),
        None => ("<D:collection/>", String::new()),
    };
    format!(
        "<D:response><D:href>/{name}</D:href><D:propstat><D:prop><D:getlastmodified>{CHANGED}</D:getlastmodified>{size}\
         <D:resourcetype>{kind}</D:resourcetype><D:getetag>\"v1\"</D:getetag></D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
}

/// A scan and a plan of an archive that a service holds give what its folder gives.
fn gives_what_its_folder_gives(
    address: &str,
    variables: &[(&str, &str)],
    answer: fn(&Objects, &Seen) -> Act,
) {
    let dir = tempfile::tempdir().unwrap();
    let from_folder = scanned_from_folder(dir.path(), archive(), &[]);
    let objects = Objects::of(archive(), "sds/");
    let server = FaultServer::new(move |_, seen| answer(&objects, seen));
    let filled = |text: &str| text.replace("SERVER", &server.address);
    let address = filled(address);
    let run = |args: &[&str]| {
        let mut command = program(dir.path(), args);
        command.env("NO_PROXY", "127.0.0.1");
        command.envs(variables.iter().map(|(name, value)| (name, filled(value))));
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, said) = run(&scan(&address, &["--anonymous"]));
    assert_eq!(code, Some(0), "{said}");
    let found = std::fs::read(dir.path().join("found.csv")).unwrap();
    assert_eq!(found, from_folder);
    let fixed = [
        "plan",
        "--anonymous",
        "--archive",
        &address,
        "--model",
        text(model()),
    ];
    let (code, said) = run(&[&fixed[..], &["--out", "plan"]].concat());
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["work", "--plan", "plan", "--all"]);
    assert_eq!(code, Some(0), "{said}");
    run(&["collect", "--plan", "plan", "--out", "far.csv"]);
    let table = std::fs::read(dir.path().join("far.csv")).unwrap();
    assert_eq!(table, planned_table(dir.path(), archive(), "sds"));
}

#[test]
fn google_gives_what_its_folder_gives() {
    let variables = [("GOOGLE_BASE_URL", "SERVER"), ("GOOGLE_ALLOW_HTTP", "true")];
    gives_what_its_folder_gives("gs://bucket/sds", &variables, Objects::answer);
}

#[test]
fn azure_gives_what_its_folder_gives() {
    let variables = [
        ("AZURE_STORAGE_ENDPOINT", "SERVER"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "test"),
        ("AZURE_ALLOW_HTTP", "true"),
    ];
    gives_what_its_folder_gives("az://bucket/sds", &variables, |objects, seen| {
        match seen.parameter("comp") {
            Some(_) => objects.list_as_azure(seen),
            None => objects.get(seen),
        }
    });
}

#[test]
fn webdav_gives_what_its_folder_gives() {
    gives_what_its_folder_gives("SERVER/sds", &[], |objects, seen| {
        match seen.method.as_str() {
            "PROPFIND" => objects.list_as_webdav(seen),
            _ => objects.get(seen),
        }
    });
}

#[test]
fn web_servers_without_lists_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let server = FaultServer::always(fault("405 Method Not Allowed", "no"));
    let address = format!("{}/sds", server.address);
    let (code, said) = run(
        dir.path(),
        &server.address,
        &scan(&address, &["--anonymous"]),
    );
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("it answers no PROPFIND"), "{said}");
}

#[test]
#[ignore = "takes a minute and a half: `cargo xtask test` runs it"]
fn s3_server_that_is_silent_is_given_up() {
    let began = std::time::Instant::now();
    let silent = |_: &Objects, _: &Seen| Act::Stall(Vec::new());
    let n_requests = fails(silent, &["s3://bucket/sds", "run this again"]);
    let seconds = began.elapsed().as_secs_f64();
    println!("{n_requests} requests, given up after {seconds:.0} s");
    assert!((25.0..150.0).contains(&seconds), "{seconds}");
}

/// An S3 server that others wrote, with a folder in its bucket.
struct S3 {
    server: Server,
    input: std::process::ChildStdin,
}

impl S3 {
    fn of(folder: &Path) -> Self {
        let python = std::env::var_os("QUAKEBOOK_S3_PYTHON");
        let python = python.expect("QUAKEBOOK_S3_PYTHON names a Python with moto and boto3");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/s3_server.py");
        let mut command = Command::new(python);
        command.arg(script).arg(folder).stdin(Stdio::piped());
        let mut server = Server::start(&mut command);
        let input = server.0.stdin.take().unwrap();
        Self { server, input }
    }

    fn run(&self, dir: &Path, args: &[&str]) -> (i32, String) {
        run(dir, &self.server.1, args)
    }

    /// Moves a file to the place of an object, and waits until it is there.
    fn put(&mut self, key: &str, path: &Path) {
        writeln!(self.input, "{key}\t{}", text(path)).unwrap();
        self.input.flush().unwrap();
        while path.exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// Requests and megabytes that the program told of.
fn traffic(said: &str) -> (usize, f64) {
    let line = said.lines().find(|line| line.contains("to the bucket, "));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<f64> = line
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    (numbers[0] as usize, numbers[1])
}

#[test]
#[ignore = "needs QUAKEBOOK_S3_PYTHON"]
fn s3_plan_gives_the_table_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let from_folder = scanned_from_folder(dir.path(), archive(), &[]);
    let mut s3 = S3::of(archive());
    let (code, said) = s3.run(dir.path(), &scan("s3://bucket/sds", &[]));
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        std::fs::read(dir.path().join("found.csv")).unwrap(),
        from_folder
    );

    let expected = planned_table(dir.path(), archive(), "sds");
    let plan = [
        "plan",
        "--archive",
        "s3://bucket/sds",
        "--model",
        text(model()),
        "--out",
        "far",
    ];
    let days = ["--shard", "station-day"];
    let (code, said) = s3.run(dir.path(), &[&plan[..], &days].concat());
    assert_eq!(code, 0, "{said}");
    // Planned again, it is the same plan.
    assert_eq!(s3.run(dir.path(), &[&plan[..], &days].concat()).0, 0);
    // Two workers on parts of it, one after the other.
    for indices in ["0-1", "0-4"] {
        let work = ["work", "--plan", "far", "--index", indices];
        let (code, said) = s3.run(dir.path(), &work);
        assert_eq!(code, 0, "{said}");
    }
    let collect = ["collect", "--plan", "far", "--out", "far.csv"];
    assert_eq!(s3.run(dir.path(), &collect).0, 0);
    assert_eq!(std::fs::read(dir.path().join("far.csv")).unwrap(), expected);

    // An object of the same size is another one.
    let key = "2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.152";
    let mut bytes = std::fs::read(archive().join(key)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let changed = dir.path().join("changed");
    std::fs::write(&changed, bytes).unwrap();
    s3.put(&format!("sds/{key}"), &changed);
    let (code, said) = s3.run(dir.path(), &["work", "--plan", "far", "--all", "--again"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("other versions of the objects than were planned"),
        "{said}"
    );
}

/// Noise gives picks enough where nearly everything is one.
const PICKER: [&str; 6] = [
    "--model",
    "onsets",
    "--p-threshold",
    "0.02",
    "--s-threshold",
    "0.02",
];

fn picks<'a>(archive: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["pick", "--archive", archive, "--out", "picks.csv"];
    [&base[..], &PICKER, more].concat()
}

#[test]
#[ignore = "needs QUAKEBOOK_S3_PYTHON"]
fn s3_plan_of_picks_gives_what_pick_gives_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let (code, _, said) = quakebook(dir.path(), &picks(text(archive()), &[]));
    assert_eq!(code, 0, "{said}");
    let expected = read("picks.csv");
    assert!(expected.split(|b| *b == b'\n').count() > 20);
    let s3 = S3::of(archive());
    let (code, said) = s3.run(dir.path(), &picks("s3://bucket/sds", &[]));
    assert_eq!(code, 0, "{said}");
    assert_eq!(read("picks.csv"), expected);
    let plan = ["plan", "--archive", "s3://bucket/sds", "--out", "far"];
    let plan = [&plan[..], &PICKER, &["--shard", "station-day"]].concat();
    let all = ["work", "--plan", "far", "--all"];
    let some = ["work", "--plan", "far", "--index", "1-2"];
    let collect = ["collect", "--plan", "far", "--out", "far.csv"];
    for args in [&plan[..], &some, &all, &collect] {
        let (code, said) = s3.run(dir.path(), args);
        assert_eq!(code, 0, "{args:?}: {said}");
    }
    assert_eq!(read("far.csv"), expected);
}

/// Records that cannot be read now may be read another time: no shard is done without them.
#[test]
fn where_a_bucket_fails_for_a_while_no_shard_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::of(archive(), "sds/");
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    let server = FaultServer::new(move |_, seen| {
        let is_there = is_listing(seen) || !seen.target.contains("2014.152");
        match is_there || !is_broken.load(Ordering::Relaxed) {
            true => objects.answer(seen),
            false => fault("403 Forbidden", "AccessDenied"),
        }
    });
    let run = |args: &[&str]| run(dir.path(), &server.address, args);
    let bucket = "s3://bucket/sds";
    for (name, finder) in [
        ("picks", &PICKER[..]),
        ("found", &["--model", text(model())]),
    ] {
        let (table, out) = (format!("{name}.csv"), format!("{name}-near.csv"));
        let near = format!("{name}-near");
        broken.store(true, Ordering::Relaxed);
        let plan = ["plan", "--anonymous", "--archive", bucket, "--out", name];
        assert_eq!(run(&[&plan[..], finder].concat()).0, 0);
        let work = ["work", "--plan", name, "--all"];
        let (code, said) = run(&work);
        assert!(code == 1 && said.contains("403"), "{code}: {said}");
        // Once it answers, work on the same plan gives the table of the folder.
        broken.store(false, Ordering::Relaxed);
        let (code, said) = run(&work);
        assert_eq!(code, 0, "{said}");
        let near_plan = ["plan", "--archive", text(archive()), "--out", &near];
        for args in [
            &["collect", "--plan", name, "--out", &table][..],
            &[&near_plan[..], finder].concat(),
            &["work", "--plan", &near, "--all"],
            &["collect", "--plan", &near, "--out", &out],
        ] {
            let (code, said) = run(args);
            assert_eq!(code, 0, "{args:?}: {said}");
        }
        let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
        assert!(read(&table) == read(&out), "{name}");
    }
    // What scans or picks at once says so: a scan without one window is an error, picks of a station that are missing are missing.
    broken.store(true, Ordering::Relaxed);
    let anonymous = ["--anonymous"];
    for (args, expected) in [
        (scan(bucket, &anonymous), 1),
        (picks(bucket, &anonymous), 4),
    ] {
        let (code, said) = run(&args);
        assert!(code == expected && said.contains("403"), "{code}: {said}");
    }
}

#[test]
#[ignore = "needs QUAKEBOOK_S3_PYTHON"]
fn s3_ten_minutes_read_a_part_of_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("sds");
    let days = ("2014-05-31T00:00:00", "2014-06-03T00:00:00");
    write(&root, "A", &HH, days, 50.0);
    let n_bytes: u64 = files(&root)
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    let day_bytes = n_bytes as f64 / 3.0;
    let scan = |archive: &str| {
        let fixed = ["scan", "--model", text(model()), "--archive", archive];
        let span = [
            "--from",
            "2014-06-01T12:00:00",
            "--to",
            "2014-06-01T12:10:00",
        ];
        let args = [
            &fixed[..],
            &["--stream", "XX.A..HH?", "--out", "found.csv"],
            &span,
        ]
        .concat();
        args.into_iter().map(String::from).collect::<Vec<_>>()
    };
    let found = || std::fs::read(dir.path().join("found.csv")).unwrap();
    let ran = |s3: &S3| {
        let args = scan("s3://bucket/sds");
        let (_, said) = s3.run(
            dir.path(),
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        traffic(&said)
    };
    // Whether its index lies beside the days or not.
    std::fs::remove_dir_all(root.join("index")).unwrap();
    let bare = ran(&S3::of(&root));
    let without_index = found();
    std::fs::create_dir(root.join("index")).unwrap();
    for path in files(&root).iter().filter(|path| path.is_file()) {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(at("2014-06-05T00:00:00").into()).unwrap();
    }
    let folder = scan(text(&root));
    quakebook(
        dir.path(),
        &folder.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let expected = found();
    assert!(expected.split(|b| *b == b'\n').count() > 3);
    assert_eq!(without_index, expected);
    assert!(root.join("index").read_dir().unwrap().count() >= 3);
    let indexed = ran(&S3::of(&root));
    assert_eq!(found(), expected);
    println!(
        "{:.2} MB a day: without an index {bare:?}, with one {indexed:?}",
        day_bytes / 1e6
    );
    for (n_requests, megabytes) in [bare, indexed] {
        assert!(n_requests < 200, "{n_requests} requests");
        assert!(
            megabytes * 1e6 < 0.35 * day_bytes,
            "{megabytes} MB of {day_bytes}"
        );
    }
}

//! Tests that guard the order of the house: which room may import which, and how long a file may be.
//!
//! The list of rooms stands once, in `ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The most lines that a source file may have.
const MOST_LINES: usize = 400;

/// Files at the top of `src` that are no rooms: they may import every room.
const DOORS: [&str; 3] = ["bin", "lib", "prelude"];

/// Crates that one room alone may use. Doors hand some of them on.
const CRATES: [(&str, &str); 3] = [
    ("tch", "network"),
    ("reqwest", "fdsn"),
    ("plotters", "plot"),
];

/// A source file.
struct Source {
    /// From the clone.
    path: String,
    /// `["waveform", "mseed", "steim"]`.
    module: Vec<String>,
    n_lines: usize,
    /// The text without comments and unit tests.
    code: String,
    /// The paths that the code names, from the crate's root.
    named: BTreeSet<Vec<String>>,
}

impl Source {
    fn new(path: String, inside: &Path, text: &str) -> Self {
        let inside = inside.with_extension("");
        let parts = inside
            .iter()
            .map(|part| part.to_string_lossy().into_owned());
        let module: Vec<String> = parts.filter(|part| part != "mod").collect();
        let code = code(text);
        Self {
            path,
            n_lines: text.lines().count(),
            named: named(&code, &module),
            module,
            code,
        }
    }
}

/// The sources of a crate, whose folder `src` is named from the clone.
fn sources(src: &str) -> Vec<Source> {
    let folder = root().join(src);
    let (mut found, mut folders) = (Vec::new(), vec![folder.clone()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("the folder is part of the clone") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&folder).expect("it lies in the folder");
                let text = fs::read_to_string(&path).expect("a source is UTF-8");
                let name = format!("{src}/{}", inside.display());
                found.push(Source::new(name, inside, &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the clone").into()
}

/// The text without comments and without unit tests, which may name what they like.
fn code(text: &str) -> String {
    let lines = text
        .lines()
        .take_while(|line| !line.starts_with("mod tests"));
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// The paths behind each `crate::` and `super::`.
fn named(code: &str, module: &[String]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (at, word) in code.match_indices("crate::") {
        expand(&[], &code[at + word.len()..], &mut found);
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let (mut rest, mut above) = (&code[at..], module);
        while let Some(next) = rest.strip_prefix("super::") {
            above = above.split_last().map_or(above, |(_, above)| above);
            rest = next;
        }
        expand(above, rest, &mut found);
    }
    found
}

/// Adds the paths of a tree such as `a::{b, c::D}`. Returns the text behind it.
fn expand<'a>(prefix: &[String], tree: &'a str, found: &mut BTreeSet<Vec<String>>) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut rest) = tree.strip_prefix('{') {
        loop {
            rest = expand(prefix, rest, found).trim_start();
            // Behind a branch: ` as name`, a comma, or the end.
            let end = rest.find([',', '}']).unwrap_or(rest.len());
            match rest[end..].strip_prefix(',') {
                Some(next) if !next.trim_start().starts_with('}') => rest = next,
                _ => return rest[end..].split_once('}').map_or("", |(_, behind)| behind),
            }
        }
    }
    let end = tree.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (name, rest) = tree.split_at(end.unwrap_or(tree.len()));
    if name.is_empty() {
        found.insert(prefix.to_vec());
        return rest;
    }
    let path = [prefix, &[name.to_string()]].concat();
    match rest.strip_prefix("::") {
        Some(rest) => expand(&path, rest, found),
        None => {
            found.insert(path);
            rest
        }
    }
}

/// The floor of each room: the line of the list in `ARCHITECTURE.md` where it stands.
fn floors() -> BTreeMap<String, usize> {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page is there");
    let (_, list) = page
        .split_once("```rooms\n")
        .expect("the page has the list");
    let (list, _) = list.split_once("```").expect("the list has an end");
    let mut floors = BTreeMap::new();
    for (floor, line) in list.lines().enumerate() {
        let (rooms, _) = line.split_once("  ").expect("two spaces end the names");
        for room in rooms.split_whitespace() {
            let before = floors.insert(room.to_string(), floor);
            assert_eq!(before, None, "{room} stands on the list twice");
        }
    }
    floors
}

fn assert_none(found: impl IntoIterator<Item = String>) {
    let found: BTreeSet<String> = found.into_iter().collect();
    assert!(found.is_empty(), "not in order: {found:#?}");
}

#[test]
fn no_source_file_is_too_long() {
    let all = ["src", "xtask/src"].map(sources).into_iter().flatten();
    let too_long = all.filter(|source| source.n_lines > MOST_LINES);
    assert_none(too_long.map(|source| source.path));
}

#[test]
fn rooms_and_their_list_agree() {
    let floors = floors();
    let sources = sources("src");
    let rooms: BTreeSet<&String> = sources.iter().map(|source| &source.module[0]).collect();
    let missing = floors.keys().filter(|room| !rooms.contains(room));
    assert_none(missing.cloned());
    let is_unlisted =
        |room: &&&String| !DOORS.contains(&room.as_str()) && !floors.contains_key(**room);
    let unlisted = rooms.iter().filter(is_unlisted);
    assert_none(unlisted.map(|room| room.to_string()));
}

#[test]
fn imports_go_down_the_list() {
    let floors = floors();
    let mut upward = BTreeSet::new();
    for source in sources("src") {
        let room = &source.module[0];
        let Some(floor) = floors.get(room) else {
            continue;
        };
        let others = source.named.iter().filter_map(|path| path.first());
        for other in others.filter(|other| *other != room) {
            if floors.get(other).is_some_and(|its| its >= floor) || DOORS.contains(&other.as_str())
            {
                upward.insert(format!("{room} -> {other}"));
            }
        }
    }
    assert_none(upward);
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut stray = BTreeSet::new();
    for source in sources("src") {
        let room = source.module[0].as_str();
        for (name, its_room) in CRATES {
            let is_used = source
                .code
                .match_indices(&format!("{name}::"))
                .any(|(at, _)| {
                    !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                });
            if is_used && room != its_room && !DOORS.contains(&room) {
                stray.insert(format!("{room}: {name}"));
            }
        }
    }
    assert_none(stray);
}

#[test]
fn no_two_files_import_each_other() {
    let circles = ["src", "xtask/src"].map(|src| circles(&sources(src)));
    assert_none(circles.concat());
}

/// Pairs of files that name each other. A module and its parent may: they are one thing in parts.
fn circles(sources: &[Source]) -> Vec<String> {
    let by_module: BTreeMap<&[String], &Source> = sources
        .iter()
        .map(|source| (&source.module[..], source))
        .collect();
    // The file that a path leads into.
    let file = |path: &[String]| {
        let mut lengths = (1..=path.len()).rev();
        lengths.find_map(|n| by_module.get(&path[..n]).copied())
    };
    let imports = |a: &Source, b: &Source| {
        let mut files = a.named.iter().filter_map(|path| file(path));
        files.any(|found| found.path == b.path)
    };
    let mut found = Vec::new();
    for (i, a) in sources.iter().enumerate() {
        for b in &sources[i + 1..] {
            let is_family = a.module.starts_with(&b.module) || b.module.starts_with(&a.module);
            if !is_family && imports(a, b) && imports(b, a) {
                found.push(format!("{} <-> {}", a.path, b.path));
            }
        }
    }
    found
}

#[test]
fn the_page_names_files_that_are_there() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page is there");
    let named = page
        .split('`')
        .filter(|text| text.starts_with("src/") || text.starts_with("xtask/"));
    let missing: Vec<_> = named.filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_crate_has_a_checksum_and_one_source() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is there");
    let mut origins = BTreeSet::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let mut lines = package.lines();
            lines.find_map(|line| line.strip_prefix(&format!("{key} = ")))
        };
        // Without a source it is one of our own.
        if let Some(source) = value("source") {
            assert!(value("checksum").is_some(), "no checksum: {package}");
            origins.insert(source);
        }
    }
    assert_eq!(origins.len(), 1, "{origins:?}");
}

#[test]
fn trees_of_imports_are_read() {
    let text = "use crate::a::{self, b::C, d::{E, f as g}};\nuse super::{h, i::*,};\n// use crate::no;\n\
                fn x() -> super::super::j::K { crate::l::<u8>() }\n#[cfg(test)]\nmod tests {\n    use crate::no;\n}\n";
    let module = ["room", "part", "file"].map(String::from);
    let found: Vec<String> = named(&code(text), &module)
        .iter()
        .map(|path| path.join("::"))
        .collect();
    let expected = [
        "a::b::C",
        "a::d::E",
        "a::d::f",
        "a::self",
        "l",
        "room::j::K",
        "room::part::h",
        "room::part::i",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_circle_of_two_files_is_found() {
    let source = |inside: &str, text: &str| Source::new(inside.into(), Path::new(inside), text);
    let files = [
        source("room/mod.rs", "mod a;\nuse self::a::A;"),
        source("room/a.rs", "use super::Root;\nuse super::b::B;"),
        source("room/b.rs", "fn b(_: crate::room::a::A) {}"),
        source("room/c.rs", "use super::a::A;"),
    ];
    assert_eq!(circles(&files), ["room/a.rs <-> room/b.rs"]);
}

//! Plans of odd archives, of records that are bad, and of folders that somebody has changed.

mod common;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use common::plans::*;
use quakebook::Error;
use quakebook::network::ConvNet;
use quakebook::plan::{Plan, ShardSize, Status, Wanted, Worked, Worker, collect};
use quakebook::station::NslcPattern;
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace};
use serde_json::Value;

/// The SHA-256 of a file, by the system's program.
fn sha256_of(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    line.split(' ').next().unwrap().to_string()
}

#[test]
fn a_shard_that_fails_is_told_and_the_rest_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:20:00");
    write(root.path(), "BAD", &HH, span, 50.0);
    write(root.path(), "GOOD", &HH, span, 50.0);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    planned(&folder, root.path(), ShardSize::StationMonth);
    let gone = root.path().join("2014/XX/BAD/HHE.D/XX.BAD..HHE.D.2014.121");
    let kept = Kept::of(&gone);
    std::fs::remove_file(&gone).unwrap();
    let plan = text(&folder);
    let (code, out, errors) = quakebook(&["work", "--plan", plan, "--all"]);
    assert_eq!(code, 1, "{out}{errors}");
    assert_eq!(out, "1 shard scanned, 0 done before, 1 failed\n");
    assert!(errors.contains("XX.BAD..HH.2014-05: failed"), "{errors}");
    let (code, out, _) = quakebook(&["status", "--plan", plan, "--json"]);
    assert_eq!(code, 4);
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&status["n_done"], &status["n_missing"]),
        (&1.into(), &0.into())
    );
    assert_eq!(status["failed"][0]["id"], "XX.BAD..HH.2014-05");
    let table = dir.path().join("found.csv");
    let (code, _, errors) = quakebook(&["collect", "--plan", plan, "--out", text(&table)]);
    assert_eq!(code, 4, "{errors}");
    let missing = "1 shard is not in the table: 0 (XX.BAD..HH.2014-05)";
    assert!(errors.contains(missing), "{errors}");
    let manifest = std::fs::read_to_string(dir.path().join("found.csv.manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["missing"], serde_json::json!([0]));
    assert!(
        std::fs::read_to_string(&table)
            .unwrap()
            .contains("XX,GOOD,,HH?,")
    );
    kept.restore();
    assert_eq!(quakebook(&["work", "--plan", plan, "--all"]).0, 0);
    assert_eq!(quakebook(&["status", "--plan", plan]).0, 0);
}

#[test]
fn what_is_in_the_records_makes_no_shard_fail() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:20:00");
    write(root.path(), "DAMAG", &HH, span, 50.0);
    write(root.path(), "DEAD", &HH, span, 50.0);
    // A model for any station takes 40 samples a second or more.
    write(root.path(), "SLOW", &["BHE", "BHN", "BHZ"], span, 20.0);
    for component in HH {
        let dead = Trace {
            id: Nslc::new("XX", "DEAD", "", component).unwrap(),
            sampling_rate_hz: 50.0,
            segments: vec![Segment {
                start: at(span.0),
                samples: Samples::Int32(vec![7; 60_000]),
            }],
        };
        let channel = root.path().join(format!("2014/XX/DEAD/{component}.D"));
        std::fs::remove_dir_all(channel).unwrap();
        let archive = Archive::create(root.path(), "XX", "DEAD", "", "*", false).unwrap();
        archive.write(&[dead]).unwrap();
    }
    let damaged = root
        .path()
        .join("2014/XX/DAMAG/HHZ.D/XX.DAMAG..HHZ.D.2014.121");
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2000].fill(0xff);
    std::fs::write(&damaged, bytes).unwrap();
    let dir = tempfile::tempdir().unwrap();
    planned(dir.path(), root.path(), ShardSize::StationMonth);
    let plan = text(dir.path());
    for _ in 0..2 {
        let (code, out, errors) = quakebook(&["work", "--plan", plan, "--all"]);
        assert_eq!(code, 3, "{out}{errors}");
    }
    let (code, out, _) = quakebook(&["status", "--plan", plan]);
    assert_eq!(code, 3);
    assert!(out.contains("3 of 3 shards done"), "{out}");
    assert!(out.contains("2 shards done without one window"), "{out}");
    assert!(out.contains("XX.DEAD..HH.2014-05"), "{out}");
    let table = dir.path().join("found.csv");
    let (code, ..) = quakebook(&["collect", "--plan", plan, "--out", text(&table)]);
    assert_eq!(code, 3);
    let manifests = files(&dir.path().join("manifests"));
    let of = |i: usize| std::fs::read_to_string(&manifests[i]).unwrap();
    assert!(of(0).contains("XX.DAMAG..HHZ.D.2014.121"), "{}", of(0));
    assert!(of(1).contains("no component moves"), "{}", of(1));
    assert!(of(2).contains("20"), "{}", of(2));
    // The twenty minutes lie in the reach of four blocks of ten: that they cannot be used is told once.
    for i in [1, 2] {
        assert_eq!(of(i).matches("are left out").count(), 1, "{}", of(i));
        assert!(
            of(i).contains("40 minutes between 2014-04-30T23:50"),
            "{}",
            of(i)
        );
    }
}

#[test]
fn damage_of_a_day_is_told_once_a_file() {
    let root = tempfile::tempdir().unwrap();
    let hour = ("2014-05-01T00:00:00", "2014-05-01T01:00:00");
    write(root.path(), "A", &HH, hour, 50.0);
    write(root.path(), "B", &HH, hour, 50.0);
    let file = |station: &str, component: &str, day: u32| {
        let name = format!("XX.{station}..{component}.D.2014.{day}");
        root.path()
            .join(format!("2014/XX/{station}/{component}.D/{name}"))
    };
    // Other samples of the same hour lie in the file of the next day.
    for component in HH {
        let other = tempfile::tempdir().unwrap();
        let later = ("2014-05-01T00:10:00", "2014-05-01T01:00:00");
        write(other.path(), "A", &[component], later, 50.0);
        let from = Archive::open(other.path(), "XX", "A", "", "HH?").unwrap();
        let id = Nslc::new("XX", "A", "", component).unwrap();
        std::fs::copy(
            from.day_file(&id, at(hour.0).date_naive()),
            file("A", component, 122),
        )
        .unwrap();
    }
    // Every tenth record is damaged, and the file ends with an hour of another station.
    let mut bytes = std::fs::read(file("B", "HHZ", 121)).unwrap();
    let n_damaged = bytes
        .chunks_mut(4096)
        .step_by(10)
        .map(|record| record[300] ^= 4)
        .count();
    bytes.extend(std::fs::read(file("A", "HHZ", 121)).unwrap());
    std::fs::write(file("B", "HHZ", 121), bytes).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationMonth);
    assert_eq!(work(&plan), 2);
    let manifests = plan.manifests().unwrap();
    let [a, b] = &manifests[..] else {
        panic!("{manifests:?}")
    };
    assert_eq!((a.n_damaged, a.damaged.len()), (3, 3), "{:?}", a.damaged);
    assert!(
        a.damaged[0].contains("are there twice, and differ"),
        "{:?}",
        a.damaged
    );
    assert_eq!(b.damaged.len(), 2, "{:?}", b.damaged);
    assert!(
        n_damaged > 3 && b.n_damaged == n_damaged + 1,
        "{n_damaged}, {b:?}"
    );
    let told = format!("(the first of {n_damaged} of its kind there)");
    assert!(b.damaged[0].contains(&told), "{:?}", b.damaged);
    // All of it stands beside the table too.
    let all: Vec<&String> = a.damaged.iter().chain(&b.damaged).collect();
    let summary = collect(&plan).unwrap().summary;
    assert!(all.iter().all(|told| summary.damaged.contains(*told)));
    assert_eq!(summary.damaged.len(), 5);
    assert!(
        b.damaged[1].contains("records of XX.A..HHZ"),
        "{:?}",
        b.damaged
    );
}

/// A copy of the archive that a test may change.
fn copied_archive() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files(archive()) {
        let copy = root.path().join(file.strip_prefix(archive()).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(file, copy).unwrap();
    }
    root
}

#[test]
fn an_archive_that_is_not_as_planned_is_not_scanned() {
    let root = copied_archive();
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationYear);
    let day = root.path().join("2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.151");
    let (whole, kept) = (std::fs::read(&day).unwrap(), Kept::of(&day));
    let away = root.path().join("2014.away");
    let changes: [&dyn Fn(); 3] = [
        &|| std::fs::rename(root.path().join("2014"), &away).unwrap(),
        &|| std::fs::write(&day, &whole[..whole.len() / 2]).unwrap(),
        &|| std::fs::remove_file(&day).unwrap(),
    ];
    for (number, change) in changes.iter().enumerate() {
        change();
        let mut worker = Worker::new(&plan, None).unwrap();
        let worked = worker.work(&plan.shard(0).unwrap(), &|| false);
        match worked {
            Err(Error::Plan { what, .. }) => assert!(what.contains("were planned"), "{what}"),
            other => panic!("{number}: {other:?}"),
        }
        assert!(files(&dir.path().join("manifests")).is_empty());
        assert_eq!(Status::of(&plan).unwrap().failed.len(), 1);
        if away.exists() {
            std::fs::rename(&away, root.path().join("2014")).unwrap();
        }
        kept.restore();
    }
    assert_eq!(work(&plan), 2);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
}

#[test]
fn a_day_file_of_the_same_size_is_another_one() {
    let root = copied_archive();
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationYear);
    let day = root.path().join("2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.151");
    let bytes = std::fs::read(&day).unwrap();
    std::fs::write(&day, &bytes).unwrap();
    let work = |archive: Option<&Path>| {
        let mut worker = Worker::new(&plan, archive).unwrap();
        worker.work(&plan.shard(0).unwrap(), &|| false)
    };
    match work(None) {
        Err(Error::Plan { what, remedy, .. }) => {
            assert!(what.contains("changed since"), "{what}");
            assert!(remedy.contains("--archive"), "{remedy}");
        }
        other => panic!("{other:?}"),
    }
    // Whoever says where the archive lies says that it is the one that was planned.
    assert!(matches!(work(Some(root.path())), Ok(Worked::Done(_))));
}

#[test]
fn what_lies_beside_a_shard_is_as_planned_too() {
    let root = copied_archive();
    let day = root.path().join("2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.152");
    // 1 June is not there yet when 31 May is planned: once it is, the plan is of another archive.
    let june = |present: bool| {
        for component in HH {
            let name = format!("2014/XX/A/{component}.D/XX.A..{component}.D.2014.152");
            let to = root.path().join(&name);
            match present {
                true => drop(std::fs::copy(archive().join(&name), to).unwrap()),
                false => std::fs::remove_file(to).unwrap(),
            }
        }
    };
    let fails = |plan: &Plan, index: usize| {
        let mut worker = Worker::new(plan, None).unwrap();
        match worker.work(&plan.shard(index).unwrap(), &|| false) {
            Err(Error::Plan { what, .. }) => assert!(what.contains("beside"), "{what}"),
            other => panic!("{other:?}"),
        }
    };
    june(false);
    let dir = tempfile::tempdir().unwrap();
    let early = planned(dir.path(), root.path(), ShardSize::StationMonth);
    june(true);
    fails(&early, 0);
    // A shard reads the end of the day before: it must be there.
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationDay);
    let kept = Kept::of(&day);
    std::fs::remove_file(&day).unwrap();
    fails(&plan, 0);
    kept.restore();
    assert_eq!(work(&plan), 5);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
}

#[test]
fn what_is_done_is_counted_as_it_is_collected() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationYear);
    assert_eq!(work(&plan), 2);
    let manifests = files(&dir.path().join("manifests"));
    let results = files(&dir.path().join("results"));
    let (first, result) = (
        std::fs::read_to_string(&manifests[0]).unwrap(),
        std::fs::read(&results[1]).unwrap(),
    );
    let other_plan = first.replace(&first[17..33], "0123456789abcdef");
    assert_ne!(other_plan, first);
    let spoil: [&dyn Fn(&Path); 6] = [
        // A shard's manifest in the place of another's.
        &|path| std::fs::write(path, &first).unwrap(),
        &|path| std::fs::write(path, other_plan.replace("\"index\":0", "\"index\":1")).unwrap(),
        &|path| std::os::unix::fs::symlink(&manifests[0], path).unwrap(),
        &|path| std::fs::create_dir(path).unwrap(),
        &|path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
        &|_| std::fs::remove_file(&results[1]).unwrap(),
    ];
    for (number, spoil) in spoil.iter().enumerate() {
        let manifest = &manifests[1];
        let whole = std::fs::read(manifest).unwrap();
        if number < 5 {
            std::fs::remove_file(manifest).unwrap();
        }
        spoil(manifest);
        let status = Status::of(&plan).unwrap();
        let collected = collect(&plan).unwrap();
        assert_eq!((status.n_done, status.spoilt.len()), (1, 1), "{number}");
        assert_eq!(collected.summary.missing, [1], "{number}");
        assert_eq!(collected.summary.spoilt.len(), 1, "{number}");
        if manifest.is_dir() {
            std::fs::remove_dir(manifest).unwrap();
            std::fs::write(manifest, &whole).unwrap();
        } else {
            // What cannot be used is made anew.
            assert_eq!(work(&plan), 1, "{number}");
        }
        assert_eq!(std::fs::read(&results[1]).unwrap(), result);
        assert_eq!(collect(&plan).unwrap().to_csv(), table());
    }
    let mut worker = Worker::new(&plan, None).unwrap().again();
    let again = worker.work(&plan.shard(1).unwrap(), &|| false);
    assert!(matches!(again, Ok(Worked::Done(_))));
}

#[test]
fn a_forged_plan_is_refused_and_no_link_of_it_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationMonth);
    let (header, lines) = (
        dir.path().join("plan.toml"),
        dir.path().join("shards.jsonl"),
    );
    let told = std::fs::read_to_string(&header).unwrap();
    let shards = std::fs::read_to_string(&lines).unwrap();
    let old = sha256_of(&lines);
    assert!(told.contains(&old));
    let forgeries = [
        ("2014-06-01T00:00:00Z", "2200-06-01T00:00:00Z"),
        ("XX.A..HH.2014-05", "XX.A..HH.2014-05\\u001b[2J"),
        (
            "\"first_day\":\"2014-05-01\"",
            "\"first_day\":\"2014-05-02\"",
        ),
        ("\"n_days\":1", "\"n_days\":1000000000000"),
        ("\"index\":1", "\"index\":0"),
    ];
    for (from, to) in forgeries {
        let forged = shards.replacen(from, to, 1);
        assert_ne!(forged, shards, "{from}");
        std::fs::write(&lines, &forged).unwrap();
        std::fs::write(&header, told.replace(&old, &sha256_of(&lines))).unwrap();
        let plan = Plan::open(dir.path()).unwrap();
        assert!(matches!(plan.shards(), Err(Error::Plan { .. })), "{to}");
        // With the sum that was planned even one shard alone is not taken.
        std::fs::write(&header, &told).unwrap();
        assert!(Plan::open(dir.path()).unwrap().shard(0).is_err(), "{to}");
        let (code, _, errors) = quakebook(&["work", "--plan", text(dir.path()), "--all"]);
        assert_eq!(code, 1, "{to}");
        assert!(!errors.contains('\u{1b}'), "{errors}");
    }
    // A line too many, or a number of shards that is none.
    std::fs::write(&lines, shards.clone() + &shards).unwrap();
    std::fs::write(&header, told.replace(&old, &sha256_of(&lines))).unwrap();
    assert!(Plan::open(dir.path()).unwrap().shards().is_err());
    std::fs::write(&lines, &shards).unwrap();
    let many = told.replace("n_shards = 4", "n_shards = 4000000000000");
    assert_ne!(many, told);
    std::fs::write(&header, many).unwrap();
    let forged = Plan::open(dir.path()).unwrap();
    assert!(Status::of(&forged).is_err() && collect(&forged).is_err());
    std::fs::write(&header, &told).unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("results")).unwrap();
    assert_eq!(work(&plan), 0);
    assert!(files(elsewhere.path()).is_empty());
}

#[test]
fn an_odd_archive_is_planned_for_what_is_there_and_the_odd_is_named() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:10:00");
    write(root.path(), "GOOD", &HH, span, 50.0);
    write(root.path(), "ONE", &["HHZ"], span, 50.0);
    write(root.path(), "LONG", &["LHE", "LHN", "LHZ"], span, 1.0);
    let next = ("2014-05-02T00:00:00", "2014-05-02T00:10:00");
    write(root.path(), "GOOD", &["HHE", "HHZ"], next, 50.0);
    let channel = root.path().join("2014/XX/GOOD/HHZ.D");
    let day = channel.join("XX.GOOD..HHZ.D.2014.121");
    // A day file in another channel's folder, one with dashes for no location, and damaged ones.
    std::fs::copy(&day, channel.join("XX.GOOD..HHE.D.2014.121")).unwrap();
    std::fs::rename(&day, channel.join("XX.GOOD.--.HHZ.D.2014.121")).unwrap();
    for component in HH {
        let name = format!("2014/XX/GOOD/{component}.D/XX.GOOD..{component}.D.2014.300");
        std::fs::write(root.path().join(name), "no record").unwrap();
    }
    // Names that no reader finds, and a link that leads out of the archive.
    std::fs::write(channel.join("XX.GOOD..HHZ.D.2014.130.gz"), "").unwrap();
    std::fs::write(channel.join("XX.GOOD..HHZ.D.2014.13"), "").unwrap();
    std::os::unix::fs::symlink("/", root.path().join("2014/XX/ROOT")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    let sought = [
        NslcPattern::new("XX", "*", "*", "*").unwrap(),
        NslcPattern::new("xx", "good", "*", "*").unwrap(),
    ];
    let plan = plan_of(&folder, root.path(), ShardSize::StationMonth, &sought).unwrap();
    let ids: Vec<String> = plan.shards().unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(ids, ["XX.GOOD..HH.2014-05", "XX.GOOD..HH.2014-10"]);
    let left_out = std::fs::read_to_string(folder.join("left_out.txt")).unwrap();
    for odd in [
        "XX.ONE..HH?: 1 of three",
        "XX.LONG..LH?: of fewer than 10",
        "XX.GOOD..HH? of 2014-05-02: 2 of three components",
        "in another folder",
        "2 that are no day files (XX.GOOD..HHZ.D.2014.13, XX.GOOD..HHZ.D.2014.130.gz):",
        "xx.good.*.*: sought, and the archive holds no day file of it",
    ] {
        assert!(left_out.contains(odd), "{odd}: {left_out}");
    }
    assert!(left_out.lines().count() < 20, "{left_out}");
    let mut worker = Worker::new(&plan, None).unwrap();
    let shards = plan.shards().unwrap();
    let Worked::Done(may) = worker.work(&shards[0], &|| false).unwrap() else {
        panic!("not done")
    };
    assert!(may.hours > 0.15 && may.inputs.n_files >= 3, "{may:?}");
    let sought = [NslcPattern::new("XX", "NONE", "*", "*").unwrap()];
    let other = dir.path().join("other");
    let none = plan_of(&other, root.path(), ShardSize::StationDay, &sought);
    // First of all that it is not there.
    let told = "nothing that can be scanned: XX.NONE.*.*: sought";
    assert!(matches!(none, Err(Error::Plan { what, .. }) if what.starts_with(told)));
    let year = root.path().join("2014");
    let below = plan_of(&other, &year, ShardSize::StationDay, &[]);
    let told = format!("Give {} as the archive", root.path().display());
    assert!(matches!(below, Err(Error::Plan { remedy, .. }) if remedy == told));
    assert!(!other.exists());
}

#[test]
fn records_far_from_the_day_of_their_file_are_named_and_not_read() {
    let root = copied_archive();
    // The day of 1 June holds what was recorded on 10 June.
    for component in HH {
        let id = Nslc::new("XX", "A", "", component).unwrap();
        let other = tempfile::tempdir().unwrap();
        let span = ("2014-06-10T00:00:00", "2014-06-10T00:30:00");
        write(other.path(), "A", &[component], span, 50.0);
        let from = Archive::open(other.path(), "XX", "A", "", "HH?").unwrap();
        let to = Archive::open(root.path(), "XX", "A", "", "HH?").unwrap();
        let day = |archive: &Archive, day| archive.day_file(&id, at(day).date_naive());
        std::fs::copy(day(&from, "2014-06-10"), day(&to, "2014-06-05")).unwrap();
    }
    let mut tables = Vec::new();
    for size in [ShardSize::StationDay, ShardSize::StationMonth] {
        let dir = tempfile::tempdir().unwrap();
        let plan = planned(dir.path(), root.path(), size);
        work(&plan);
        let collected = collect(&plan).unwrap();
        assert_eq!(collected.summary.n_damaged, 3, "{size}");
        tables.push(collected.to_csv());
        let told: String = files(&dir.path().join("manifests"))
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let words = "records of 2014-06-10, in the day file of 2014-06-05: not read";
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(tables[0], table());
    assert_eq!(tables[1], table());
}

#[test]
fn a_file_called_after_the_next_day_is_read() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:10:00");
    write(root.path(), "A", &HH, span, 50.0);
    for component in HH {
        let channel = root.path().join(format!("2014/XX/A/{component}.D"));
        let named = |day: u32| channel.join(format!("XX.A..{component}.D.2014.{day}"));
        std::fs::rename(named(121), named(122)).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationDay);
    assert_eq!(work(&plan), 1);
    let manifest = plan.manifests().unwrap().remove(0);
    assert!(manifest.hours > 0.15, "{manifest:?}");
    assert_eq!(manifest.damaged, [""; 0]);
}

#[test]
fn what_is_no_plan_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |result: quakebook::Result<Plan>, what: &str| match result {
        Err(error @ Error::Plan { .. }) => assert!(error.to_string().contains(what), "{error}"),
        other => panic!("{other:?}"),
    };
    refused(Plan::open(dir.path()), "no plan is in this folder");
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let size = ShardSize::StationYear;
    refused(plan_of(dir.path(), archive(), size, &[]), "not empty");
    let folder = dir.path().join("plan");
    let plan = planned(&folder, archive(), size);
    // What an earlier try has left is no hindrance.
    std::fs::remove_file(folder.join("plan.toml")).unwrap();
    assert_eq!(planned(&folder, archive(), size), plan);
    let odd = dir
        .path()
        .join(std::ffi::OsStr::from_bytes(b"not \xff UTF-8"));
    std::fs::create_dir_all(odd.join("2014")).unwrap();
    let other = dir.path().join("other");
    refused(plan_of(&other, &odd, size, &[]), "not UTF-8");
    assert!(!other.exists());
    // The same plan is the same plan; another one needs another folder.
    assert_eq!(planned(&folder, archive(), size), plan);
    refused(
        plan_of(&folder, archive(), ShardSize::StationDay, &[]),
        "another plan",
    );
    assert!(matches!(plan.shard(2), Err(Error::Plan { .. })));
    assert!(matches!(plan.shard_of("XX.C"), Err(Error::Plan { .. })));

    let header = folder.join("plan.toml");
    let whole = std::fs::read_to_string(&header).unwrap();
    let version = format!("quakebook {}", env!("CARGO_PKG_VERSION"));
    std::fs::write(&header, whole.replace(&version, "quakebook 0.0.1")).unwrap();
    refused(Plan::open(&folder), "the plan is of quakebook 0.0.1");
    std::fs::write(&header, "n_shards = 1\n").unwrap();
    refused(Plan::open(&folder), "missing field");
    std::fs::write(&header, &whole).unwrap();

    let lines = folder.join("shards.jsonl");
    let all = std::fs::read_to_string(&lines).unwrap();
    std::fs::write(&lines, all.replace("XX.A", "XX.Z")).unwrap();
    assert!(matches!(plan.shards(), Err(Error::Plan { .. })));
    std::fs::write(&lines, all).unwrap();
    let weights = folder.join("model/weights.safetensors");
    let other = ConvNet::new(300, 2, 6);
    quakebook::network::write_weights(&other, &weights).unwrap();
    assert!(matches!(Worker::new(&plan, None), Err(Error::Plan { .. })));
}

#[test]
fn what_lies_at_no_place_of_an_archive_is_named() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:10:00");
    write(root.path(), "GOOD", &HH, span, 50.0);
    let network = root.path().join("2014/XX");
    let not_utf8 = std::ffi::OsStr::from_bytes(b"PB\xfe3");
    for folder in [
        network.join("PB 1/HHZ.D"),
        network.join(not_utf8).join("HHZ.D"),
        network.join("PB\u{1b}[2J"),
        network.join("QUAL/HHZ.Q"),
        network.join("QUAL/LOG.L"),
        network.join("FLAT"),
        root.path().join("14/XX/GOOD/HHZ.D"),
        root.path().join("notes"),
    ] {
        std::fs::create_dir_all(folder).unwrap();
    }
    for component in HH {
        let name = format!("FLAT/XX.FLAT..{component}.D.2014.121");
        std::fs::write(network.join(name), "").unwrap();
    }
    std::fs::write(network.join("FLAT/readme.txt"), "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    planned(&folder, root.path(), ShardSize::StationMonth);
    let left_out = std::fs::read_to_string(folder.join("left_out.txt")).unwrap();
    for odd in [
        "2014/XX: 3 that do not belong there (PB\u{20}",
        "2014/XX/QUAL: 1 that does not belong there (HHZ.Q):",
        "2014/XX/FLAT: 3 that do not belong there (XX.FLAT..HHE.D.2014.121, ",
        ": 1 that does not belong there (14): not read, for day files lie at YEAR/",
    ] {
        assert!(left_out.contains(odd), "{odd}: {left_out}");
    }
    assert_eq!(left_out.lines().count(), 4, "{left_out}");
    assert!(!left_out.contains('\u{1b}'));
}

#[test]
fn of_two_that_plan_into_one_folder_at_once_one_is_refused() {
    for _ in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("plan");
        let make = |size| plan_of(&folder, archive(), size, &[]);
        let (day, year) = std::thread::scope(|scope| {
            let day = scope.spawn(|| make(ShardSize::StationDay));
            let year = make(ShardSize::StationYear);
            (day.join(), year)
        });
        let (plan, error) = match (day.unwrap(), year) {
            (Ok(plan), Err(error)) | (Err(error), Ok(plan)) => (plan, error),
            both => panic!("{both:?}"),
        };
        assert!(error.to_string().contains("another plan"), "{error}");
        assert_eq!(Plan::open(&folder).unwrap(), plan);
        assert_eq!(plan.shards().unwrap().len(), plan.n_shards());
        plan.detector().unwrap();
    }
}

#[test]
fn work_on_a_plan_that_is_gone_fails_and_makes_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    let plan = planned(&folder, archive(), ShardSize::StationYear);
    let mut worker = Worker::new(&plan, None).unwrap();
    let shard = plan.shard(0).unwrap();
    // While the shard is scanned, and before the next one is.
    let remove = || {
        let _ = std::fs::remove_dir_all(&folder);
        false
    };
    for is_ended in [&remove as &(dyn Fn() -> bool + Sync), &|| false] {
        match worker.work(&shard, is_ended) {
            Err(Error::Plan { what, .. }) => assert!(what.contains("no longer"), "{what}"),
            other => panic!("{other:?}"),
        }
        assert!(!folder.exists());
    }
}

#[test]
fn work_itself_says_why_a_shard_failed() {
    let dir = tempfile::tempdir().unwrap();
    planned(dir.path(), archive(), ShardSize::StationYear);
    // Nothing can be kept of the work, not even why it failed.
    for kind in ["running", "failed"] {
        std::fs::write(dir.path().join(kind), "").unwrap();
    }
    let plan = text(dir.path());
    let (code, out, errors) = quakebook(&["work", "--plan", plan, "--all"]);
    assert_eq!(code, 1, "{out}{errors}");
    let last = errors.lines().last().unwrap();
    let why = format!("2 shards failed, first XX.A..HH.2014: {plan}/running");
    assert!(last.contains(&why), "{errors}");
}

#[test]
fn a_location_of_two_blanks_is_no_location() {
    let root = copied_archive();
    for file in files(root.path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.contains("..HHZ.D.") {
            let blanks = file.with_file_name(name.replace("..HHZ", ".  .HHZ"));
            std::fs::rename(&file, blanks).unwrap();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationYear);
    assert_eq!(work(&plan), 2);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
}

#[test]
fn a_day_file_of_more_than_4_gib_is_named_and_not_read() {
    let root = copied_archive();
    let day = root.path().join("2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.152");
    // All of it is a hole: it takes no room.
    let file = std::fs::File::create(&day).unwrap();
    file.set_len(9 << 29).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationMonth);
    let left_out = std::fs::read_to_string(dir.path().join("left_out.txt")).unwrap();
    let told = "HHZ.D.2014.152: a day file of 4831838208 bytes: not read";
    assert!(left_out.contains(told), "{left_out}");
    assert_eq!(work(&plan), plan.n_shards());
    let manifests = files(&dir.path().join("manifests"));
    let may = std::fs::read_to_string(&manifests[0]).unwrap();
    assert!(
        may.contains("a day file of 4831838208 bytes: not read"),
        "{may}"
    );
    let strict = Archive::open(root.path(), "XX", "A", "", "HH?").unwrap();
    let read = strict.traces(at("2014-06-01T00:00:00"), at("2014-06-01T00:10:00"));
    assert!(matches!(read, Err(Error::Waveform { .. })), "{read:?}");
}

#[test]
fn where_nothing_is_at_the_times_that_are_sought_it_is_said_what_is() {
    let root = copied_archive();
    let channel = root.path().join("2014/XX/A/HHZ.D");
    let day = channel.join("XX.A..HHZ.D.2014.151");
    std::fs::copy(&day, channel.join("XX.A..HHE.D.2014.151")).unwrap();
    let wanted = Wanted {
        archive: &root.path().into(),
        finder: &finder(),
        stations: &[],
        from: Some(at("2020-01-01T00:00:00")),
        to: None,
        size: ShardSize::StationMonth,
    };
    let dir = tempfile::tempdir().unwrap();
    let error = Plan::create(&dir.path().join("plan"), &wanted).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("the archive has 2014-05-31 to 2014-06-04"),
        "{error}"
    );
    assert!(!error.contains("another folder"), "{error}");
}

#[test]
fn a_folder_that_may_not_be_read_is_told_by_the_exit_code() {
    use std::os::unix::fs::PermissionsExt;
    let root = copied_archive();
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model");
    detector().write(&model, None).unwrap();
    let closed = root.path().join("2014/XX/B/BHZ.D");
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o000)).unwrap();
    let out = dir.path().join("plan");
    let (archive, out) = (text(root.path()), text(&out));
    let args = [
        &["plan", "--archive", archive][..],
        &["--out", out, "--model", text(&model)],
    ];
    let plain = program(&args.concat());
    let mut command = match std::fs::read_dir(&closed) {
        Err(_) => plain,
        // The superuser reads everything, unless this right is taken away.
        Ok(_) => {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set", "-dac_override,-dac_read_search"]);
            command.arg(plain.get_program()).args(plain.get_args());
            command
        }
    };
    let output = command.output().unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o755)).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{errors}");
    assert!(errors.contains("BHZ.D: "), "{errors}");
    assert!(
        errors.contains("XX.B..BH?: 2 of three components"),
        "{errors}"
    );
}

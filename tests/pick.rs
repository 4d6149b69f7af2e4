//! Picks of real records, beside SeisBench's own (tests/reference/pick.py). What needs the records and SeisBench's weights is
//! ignored where they are absent.

mod common;

use std::path::Path;

use common::quakebook;
use quakebook::method::worlds::{Choosing, Day, PickRecipe, Rate, Segment};
use quakebook::method::{PICKERS, PickerModel};
use quakebook::pick::{Origin, Pick, PickedPhase, Picker};
use quakebook::time::{self, Time, TimeSpan, between_s, seconds};
use quakebook::waveform::{self, Archive, Nslc, Record3C, Samples, Trace, WaveformSource};

const PICKS: &str = include_str!("reference/pick_picks.csv");
const CURVES: &str = include_str!("reference/pick_curves.csv");

fn weights() -> std::path::PathBuf {
    common::real_data().join("seisbench/phasenetlight/ethz.pt.v2")
}

fn picker() -> Picker {
    Picker::read(weights()).unwrap()
}

fn archive() -> Archive {
    let root = common::real_data().join("iquique/sds");
    Archive::open(root, "CX", "PB01", "", "HH?").unwrap()
}

fn half_a_day() -> Record3C {
    let span = archive().held_span().unwrap();
    archive().between(span.start, span.end).unwrap()
}

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

fn span(start: Time, end: Time) -> TimeSpan {
    TimeSpan { start, end }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn curves_and_picks_are_those_of_seisbench() {
    let (picker, record) = (picker(), half_a_day());
    let curves = picker.curves(&record, Origin::Record).unwrap();
    let mut largest = 0.0_f32;
    for row in CURVES.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let i: usize = fields[0].parse().unwrap();
        for (curve, field) in curves.probabilities.iter().zip(&fields[1..]) {
            let expected: f32 = field.parse().unwrap();
            largest = largest.max((curve[i] - expected).abs());
        }
    }
    println!("largest difference of 1730 probabilities: {largest:e}");
    assert!(largest < 1e-5, "{largest}");
    let picks = curves.picks(picker.params());
    let mut expected: Vec<Vec<&str>> = PICKS
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    expected.sort_by_key(|row| (at(row[1]), row[0]));
    assert_eq!(picks.len(), expected.len());
    for (pick, row) in picks.iter().zip(&expected) {
        assert_eq!(pick.phase.to_string(), row[0]);
        for (found, text) in [
            (pick.time, row[1]),
            (pick.start, row[2]),
            (pick.end, row[3]),
        ] {
            // ObsPy's times have microseconds.
            assert!(between_s(found, at(text)).abs() < 2e-6, "{found} {text}");
        }
        let p: f32 = row[4].parse().unwrap();
        assert!((pick.probability - p).abs() < 1e-5);
    }
}

/// The same words as those of a scan.
#[test]
fn what_is_odd_is_told() {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) as f32 / 2f32.powi(30) - 1.0) * 100.0
    };
    let mut record = Record3C {
        station: "XX.ABC".into(),
        channels: ["HH1", "HH2", "HH3"].map(String::from),
        start: at("2014-02-16"),
        sampling_rate_hz: 100.0,
        data: [0, 1, 2].map(|_| (0..12_000).map(|_| next().round()).collect()),
        simulated: true,
    };
    record.data[0][5000..].iter_mut().for_each(|y| *y += 1e5);
    record.data[2][9000] = f32::INFINITY;
    record.data[1]
        .iter_mut()
        .for_each(|y| *y = (*y % 3.0).trunc());
    let picker = PICKERS[0].picker().unwrap();
    let told = picker.pick_record(&record, Origin::Epoch).unwrap();
    let lines = told.conditions();
    // A smaller flat top in another block of ten minutes, as a scan counts them.
    let mut clipped = record.clone();
    clipped.start = at("2014-02-16T00:09:00");
    clipped.data = [0, 1, 2].map(|_| (0..12_000).map(|_| (10.0 * next()).round()).collect());
    clipped.data[1][2000..2020].fill(5000.0);
    clipped.data[1][9000..9020].fill(4000.0);
    let both = picker.pick_record(&clipped, Origin::Epoch).unwrap();
    assert_eq!(both.n_clipped().into_values().sum::<usize>(), 40);
    clipped.data[1].iter_mut().for_each(|y| *y *= 1e-9);
    let in_metres = picker.pick_record(&clipped, Origin::Epoch).unwrap();
    assert_eq!(in_metres.n_clipped(), both.n_clipped());
    for (line, start) in lines.iter().zip([
        "HH3 is NaN or infinite in 1 sample: a gap",
        "HH1 jumps once",
        "HH2 moves by 4 counts or less in 120.0 s",
        "HH3 is taken for the vertical",
    ]) {
        assert!(line.starts_with(start), "{lines:?}");
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
}

fn picks(picker: &Picker, span: &TimeSpan) -> Vec<Pick> {
    picker
        .pick(&archive(), span, &mut |_| Ok(()))
        .unwrap()
        .picks
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn an_archive_in_pieces_gives_the_picks_of_the_whole() {
    let picker = picker();
    let (start, end) = (at("2014-05-01T02:00:00"), at("2014-05-01T05:00:00"));
    let whole = picks(&picker, &span(start, end));
    assert!(whole.len() > 30);
    let mut parts = Vec::new();
    let mut from = start;
    while from < end {
        let to = end.min(from + seconds(1234.567));
        parts.extend(picks(&picker, &span(from, to)));
        from = to;
    }
    assert_eq!(parts, whole);
}

/// The same onset in two lists: of one phase, within half a second.
fn n_shared(a: &[Pick], b: &[Pick], late_s: f64) -> usize {
    let is_same = |a: &Pick, b: &&Pick| {
        a.phase == b.phase && (between_s(a.time, b.time) - late_s).abs() <= 0.5
    };
    a.iter()
        .filter(|pick| b.iter().any(|other| is_same(pick, &other)))
        .count()
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn a_shift_of_windows_leaves_nearly_all_picks() {
    let (mut picker, record) = (picker(), half_a_day());
    picker.params_mut().set_hop_s(5.0).unwrap();
    let of = |record: &Record3C| picker.pick_record(record, Origin::Epoch).unwrap().picks;
    let plain = of(&record);
    let shifted = Record3C {
        start: record.start + seconds(0.3),
        ..record.clone()
    };
    let shifted = of(&shifted);
    let (there, back) = (
        n_shared(&plain, &shifted, 0.3),
        n_shared(&shifted, &plain, -0.3),
    );
    println!(
        "{there} of {} picks are there where all windows lie 0.3 s earlier in the record; {back} of {} the other way",
        plain.len(),
        shifted.len()
    );
    assert!(there as f64 > 0.9 * plain.len() as f64);
    assert!(back as f64 > 0.9 * shifted.len() as f64);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_program_picks_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, sds) = (weights(), common::real_data().join("iquique/sds"));
    let (weights, sds) = (weights.to_str().unwrap(), sds.to_str().unwrap());
    let span = [
        "--from",
        "2014-05-01T00:30:00",
        "--to",
        "2014-05-01T01:00:00",
    ];
    let run = |more: &[&str]| {
        let base = ["pick", "--weights", weights, "--archive", sds];
        quakebook(folder.path(), &[&base, &span[..], more].concat())
    };
    let (code, out, err) = run(&["--out", "a.csv"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("at 1 station in 0.50 hours"), "{out}");
    let text = std::fs::read_to_string(folder.path().join("a.csv")).unwrap();
    assert!(
        text.starts_with("id,timestamp,prob,type\nCX.PB01..HH,2014-05-01T00:3"),
        "{text}"
    );
    let n = text.lines().count() - 1;
    // As SeisBench's windows lie, and its columns.
    let like = [
        "--like-seisbench",
        "--columns",
        "seisbench",
        "--out",
        "b.csv",
    ];
    assert_eq!(run(&like).0, 0);
    for (name, more) in [
        ("c.parquet", &["--columns", "phasenet"][..]),
        ("d.xml", &[]),
    ] {
        let (code, _, err) = run(&[more, &["--out", name]].concat());
        assert_eq!(code, 0, "{err}");
    }
    let xml = std::fs::read_to_string(folder.path().join("d.xml")).unwrap();
    assert_eq!(xml.matches("<pick ").count(), n);
    // A higher threshold, and stations that are not there.
    let (_, strict, _) = run(&[
        "--p-threshold",
        "0.9",
        "--s-threshold",
        "0.9",
        "--json",
        "--out",
        "e.csv",
    ]);
    let strict: serde_json::Value = serde_json::from_str(&strict).unwrap();
    assert!(strict["n_picks"].as_u64().unwrap() < n as u64);
    let (code, _, err) = run(&[
        "--stations",
        "CX.PB01",
        "--stations",
        "CX.PB99",
        "--out",
        "f.csv",
    ]);
    assert_eq!(code, 4);
    assert!(
        err.contains("CX.PB99") && err.contains("no day file"),
        "{err}"
    );
    let (code, _, err) = run(&["--stations", "CX.PB99", "--out", "g.csv"]);
    assert_eq!(code, 1, "{err}");
    // An hour before the first record.
    let early = [
        "--from",
        "2014-04-30T22:00:00",
        "--to",
        "2014-05-01T00:10:00",
    ];
    let base = [
        "pick",
        "--weights",
        weights,
        "--archive",
        sds,
        "--out",
        "h.csv",
    ];
    let (code, _, err) = quakebook(folder.path(), &[&base[..], &early].concat());
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("7200.0 s not picked: nothing was recorded"),
        "{err}"
    );
}

#[test]
fn what_is_no_weights_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    std::fs::create_dir(folder.path().join("sds")).unwrap();
    write("good.pt.v2", include_bytes!("reference/torch_weights.pt"));
    write("good.json.v2", b"{}");
    write("text.pt", b"no weights");
    write("text.json", b"{}");
    let refused = |weights: &str, more: &[&str]| {
        let base = [
            "pick",
            "--archive",
            "sds",
            "--out",
            "p.csv",
            "--weights",
            weights,
        ];
        let (code, out, err) = quakebook(folder.path(), &[&base, more].concat());
        assert!(out.is_empty() && !folder.path().join("p.csv").exists());
        (code, err)
    };
    for (weights, expected) in [
        ("absent.pt.v2", "absent.pt.v2"),
        ("good.json.v2", "NAME.pt"),
        ("text.pt", "no zip archive"),
        ("good.pt.v2", "neither the layers of PhaseNet"),
    ] {
        let (code, err) = refused(weights, &[]);
        assert_eq!(code, 1);
        assert!(err.contains(expected), "{weights}: {err}");
    }
    for more in [
        &["--p-threshold", "1"][..],
        &["--columns", "sac"],
        &["--hop", "0"],
        &["--out", "p.sac"],
        &["--from", "2014-05-02", "--to", "2014-05-01"],
    ] {
        assert_eq!(refused("good.pt.v2", more).0, 2, "{more:?}");
    }
}

/// Twenty-five minutes of a simulated station amid aftershocks, as an archive.
fn simulated(root: &Path) -> Segment {
    let day = Day::choosing(Choosing(0), Rate::AFTERSHOCKS);
    let segment = day.segment(day.span.start, 1500.0).unwrap();
    let counts = &segment.counts;
    let rows = counts.channels.iter().zip(&counts.data);
    let traces = rows.map(|(channel, row)| Trace {
        id: Nslc::new("XX", "SIM", "", channel).unwrap(),
        sampling_rate_hz: counts.sampling_rate_hz,
        segments: vec![waveform::Segment {
            start: counts.start,
            samples: Samples::Int32(row.iter().map(|y| *y as i32).collect()),
        }],
    });
    let archive = Archive::create(root, "XX", "SIM", "", "*", false).unwrap();
    archive.write(&traces.collect::<Vec<_>>()).unwrap();
    segment
}

/// The picker that comes with the program on a record whose onsets are known.
#[test]
fn the_programs_own_picker_finds_clear_onsets_in_pieces_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let segment = simulated(&folder.path().join("sds"));
    let pick = |out: &str, span: &[&str]| -> Vec<String> {
        let base = [
            "pick",
            "--model",
            "onsets",
            "--archive",
            "sds",
            "--out",
            out,
        ];
        let (code, _, errors) = quakebook(folder.path(), &[&base[..], span].concat());
        assert_eq!(code, 0, "{errors}");
        let text = std::fs::read_to_string(folder.path().join(out)).unwrap();
        text.lines().skip(1).map(String::from).collect()
    };
    let whole = pick("whole.csv", &[]);
    let middle = time::iso(segment.counts.start + seconds(1234.567));
    let parts = [
        pick("first.csv", &["--to", &middle]),
        pick("second.csv", &["--from", &middle]),
    ];
    assert_eq!(parts.concat(), whole);
    let recipe = PickRecipe::default();
    let (mut n_clear, mut n_found) = (0, 0);
    for onset in segment
        .onsets
        .iter()
        .filter(|onset| recipe.prominence(onset) > 4.0)
    {
        let is_it = |row: &String| {
            let cells: Vec<&str> = row.split(',').collect();
            let at_s = between_s(segment.counts.start, at(cells[1]));
            cells[3] == onset.phase.to_string().to_lowercase() && (at_s - onset.at_s).abs() < 0.5
        };
        n_clear += 1;
        n_found += usize::from(whole.iter().any(is_it));
    }
    println!("{n_found} of {n_clear} clear onsets");
    assert!(
        n_clear >= 5 && n_found * 10 > n_clear * 7,
        "{n_found} of {n_clear}"
    );
    for wrong in [
        &["--model", "regional"][..],
        &[],
        &["--model", "onsets", "--weights", "a.pt"],
    ] {
        let base = ["pick", "--archive", "sds", "--out", "x.csv"];
        assert_eq!(
            quakebook(folder.path(), &[&base[..], wrong].concat()).0,
            2,
            "{wrong:?}"
        );
    }
}

#[test]
fn every_picker_is_whole_and_says_what_it_is() {
    for model in &PICKERS {
        let (picker, told) = (model.picker().unwrap(), model.description().unwrap());
        assert_eq!(picker.params(), &told.params);
        assert!(model.card.starts_with(&format!("# {}\n", model.name)));
        for phase in PickedPhase::ALL {
            let threshold = format!("{:.2}", told.params.threshold(phase));
            assert!(model.card.contains(&threshold), "{threshold}");
        }
        assert!(model.card.contains(&told.weights_sha256[..12]));
    }
    assert!(PickerModel::find("regional").is_none());
    let folder = tempfile::tempdir().unwrap();
    let (_, text, _) = quakebook(folder.path(), &["models", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    let last = told.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["name"], &last["sampling_rate_hz"]),
        (&"onsets".into(), &100.0.into())
    );
    let (_, card, _) = quakebook(folder.path(), &["models", "onsets", "--card"]);
    assert_eq!(card, PICKERS[0].card);
}

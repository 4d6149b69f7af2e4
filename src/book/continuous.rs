//! Four detectors on twelve hours of a continuous real record, beside the picks of another program.
//!
//! Nothing here is chosen by what the record shows, but the thresholds at which detectors are compared at equal rates.

use std::path::Path;

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::continuous_scores::{
    BLOCK_S, Continuous, HOURLY_RATE, NOBODY, OnRecord, RECORD, Sampled, Span,
};
use super::picks::{known_of, read_phase_picks};
use super::real::iquique_dir;
use super::rivals::{JUDGED_S, Rival, Scorer};
use super::stored::{is_small, today};
use super::transfer::pretrained;
use super::triggers::{TRAINED_UNTIL_H, iquique_record, networks_of_triggers};
use super::tuned::{RATES, rivals};
use crate::atomic_file::open_input;
use crate::error::{Result, fail};
use crate::evaluate::{Blocks, Claims, Known};
use crate::plot::{self, Figure};
use crate::store::Store;
use crate::study::Study;
use crate::time::{self, Time, between_s};
use crate::waveform::{RATE_HZ, Record3C};

const PICKS: &str = "picks_phasenet_PB01.csv";
const PICKS_PER_HOUR: &str = "picks_per_hour_PB01.csv";

/// Claims that follow one another so closely are one.
const ONE_CLAIM_S: f64 = 10.0;

/// In a window that finds an earthquake P lies 1 to 6 s after its start; here is the middle.
const MIDDLE_S: f64 = 3.5;

/// Alarms are drawn for the page at this rate of alarms an hour: so many of each detector, and so many pieces
/// that nobody claims.
const PAGE_RATE: f64 = 5.0;
const N_OF_EACH: usize = 5;
const N_UNCLAIMED: usize = 4;

/// The page: what is shown before the place where P should lie, and in all.
const PAGE_BEFORE_S: f64 = 10.0;
const PAGE_LENGTH_S: f64 = 30.0;
const N_COLUMNS: usize = 3;

type Scores = Vec<(Time, f64)>;

/// The reader's folder with the record and both lists of picks.
fn dir_of(study: &Study) -> Option<std::path::PathBuf> {
    let dir = iquique_dir().filter(|_| !is_small(study))?;
    let is_whole = [PICKS, PICKS_PER_HOUR]
        .iter()
        .all(|f| dir.join(f).is_file());
    is_whole.then_some(dir)
}

/// The four detectors of chapter 11 on CX.PB01; without that record [`Continuous::stored`].
///
/// # Errors
/// As [`rivals`], [`iquique_record`] and [`read_phase_picks`].
pub fn continuous(study: &Study) -> Result<Continuous> {
    match dir_of(study) {
        Some(dir) => Store::of(study).table("continuous", || compute(study, &dir)),
        None => Continuous::stored(),
    }
}

fn compute(study: &Study, dir: &Path) -> Result<Continuous> {
    let known = known_of(&read_phase_picks(&dir.join(PICKS))?);
    let (first_hour, picks) = picks_per_hour(&dir.join(PICKS_PER_HOUR))?;
    let record = iquique_record(dir)?;
    let rivals = rivals(study)?;
    let scored = rivals.iter().map(|rival| rival.scorer.scores(&record));
    let scores = common(scored.collect::<Result<_>>()?);
    let hours = Hours {
        first: first_hour,
        n: picks.len(),
    };
    let names: Vec<(&str, f64)> = rivals.iter().map(own).collect();
    let whole = judged(&names, &scores, &known, &hours, study.seed)?;

    // The network, and two that have learnt from the first hours, on what is left.
    let classroom = pretrained(study)?;
    let [alone, tuned] = networks_of_triggers(study, &record, dir, &classroom)?;
    // The last window that it learnt from has ended.
    let last = record.start + time::seconds(3600.0 * TRAINED_UNTIL_H + JUDGED_S);
    let own_of_network = own(&rivals[1]).1;
    let mut learnt = vec![
        (own(&rivals[0]), after(&scores[0], last)),
        (own(&rivals[1]), after(&scores[1], last)),
    ];
    for (name, network) in [
        ("network of the first eight hours", alone),
        ("network, then the first eight hours", tuned),
    ] {
        let scores = Scorer::Network(network).scores(&record)?;
        learnt.push(((name, own_of_network), after(&scores, last)));
    }
    learnt.push((own(&rivals[2]), after(&scores[2], last)));
    let (names, of_last): (Vec<_>, Vec<_>) = learnt.into_iter().unzip();
    let of_last = common(of_last);
    let last = judged(&names, &of_last, &known, &hours, study.seed)?;

    Ok(Continuous {
        made: today(),
        by: format!(
            "cargo run --example real_records, study {}, seed {}",
            study.name, study.seed
        ),
        picks,
        sampled: sampled(&rivals, &scores, &known, study.seed)?,
        whole,
        last,
        stored: false,
    })
}

/// A detector's name and the threshold that it brings along.
fn own(rival: &Rival) -> (&str, f64) {
    (&rival.name, rival.threshold)
}

fn after(scores: &Scores, from: Time) -> Scores {
    let late = scores.iter().filter(|(at, _)| *at >= from);
    late.copied().collect()
}

/// The windows of the time that all detectors have scored: then all are judged on the same seconds.
fn common(mut all: Vec<Scores>) -> Vec<Scores> {
    let ends = |of: &Scores| Some((of.first()?.0, of.last()?.0));
    let ends: Vec<(Time, Time)> = all.iter().filter_map(ends).collect();
    let first = ends.iter().map(|e| e.0).max();
    let last = ends.iter().map(|e| e.1).min();
    if let (Some(first), Some(last)) = (first, last) {
        for of in &mut all {
            of.retain(|(at, _)| (first..=last).contains(at));
        }
    }
    all
}

/// Whole hours of another program's list.
struct Hours {
    first: Time,
    n: usize,
}

fn judged(
    names: &[(&str, f64)],
    scores: &[Scores],
    known: &Known,
    hours: &Hours,
    seed: u64,
) -> Result<Span> {
    let most = RATES[RATES.len() - 1];
    let claims = scores.iter().map(|of| Claims::of(of, JUDGED_S, known));
    let claims: Vec<Claims> = claims.collect::<Result<_>>()?;
    let blocks: Vec<Blocks> = claims
        .iter()
        .map(|claims| Blocks::of(claims, BLOCK_S, most))
        .collect();
    let mut detectors = Vec::new();
    for (i, (name, threshold)) in names.iter().enumerate() {
        let at_rates = RATES.map(|rate| blocks[i].within(rate, seed));
        let behind = RATES.map(|rate| blocks[0].difference(&blocks[i], rate, seed));
        let curve = blocks[i].curve(most);
        let at = claims[i].within(HOURLY_RATE).threshold;
        let mut per_hour = vec![0; hours.n];
        for at in claimed(&scores[i], at) {
            let hour = between_s(hours.first, at + time::seconds(MIDDLE_S)) / 3600.0;
            if let Some(n) = per_hour.get_mut(hour as usize) {
                *n += 1;
            }
        }
        detectors.push(OnRecord {
            name: name.to_string(),
            curve: curve
                .iter()
                .map(|point| [point.counts.n_false, point.counts.n_found])
                .collect(),
            per_hour,
            own: blocks[i].at(*threshold, seed)?,
            at_rates: at_rates.into_iter().collect::<Result<_>>()?,
            behind: behind.into_iter().collect::<Result<_>>()?,
        });
    }
    Ok(Span {
        n_events: claims[0].best.len(),
        free_hours: claims[0].free_hours,
        n_blocks: blocks[0].len(),
        detectors,
    })
}

/// The start of each claim: windows at a threshold or above it, those that follow one another as one.
fn claimed(scores: &Scores, threshold: f64) -> Vec<Time> {
    let mut claims: Vec<Time> = Vec::new();
    let mut before: Option<Time> = None;
    for (at, _) in scores.iter().filter(|(_, score)| *score >= threshold) {
        if before.is_none_or(|before| between_s(before, *at) > ONE_CLAIM_S) {
            claims.push(*at);
        }
        before = Some(*at);
    }
    claims
}

/// Alarms drawn by chance, and pieces of free time that no detector claims, in an order drawn by chance.
fn sampled(rivals: &[Rival], scores: &[Scores], known: &Known, seed: u64) -> Result<Vec<Sampled>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = scores[0][0].0;
    let mut sampled = Vec::new();
    let mut free: Vec<f64> = Vec::new();
    let mut alarms_of_all: Vec<f64> = Vec::new();
    let mut push = |at_s: &f64, by: &str| {
        let time = time::iso(start + time::seconds(*at_s));
        sampled.push(Sampled {
            time: time[..19].into(),
            by: by.into(),
        });
    };
    for (rival, scores) in rivals.iter().zip(scores) {
        let claims = Claims::of(scores, JUDGED_S, known)?;
        let threshold = claims.within(PAGE_RATE).threshold;
        let alarms: Vec<f64> = claims.alarms(threshold).collect();
        for at in alarms.sample(&mut rng, N_OF_EACH) {
            push(at, &rival.name);
        }
        free = claims.free.iter().map(|(at, _)| *at).collect();
        let claimed = claims.free.iter().filter(|(_, score)| *score >= threshold);
        alarms_of_all.extend(claimed.map(|(at, _)| *at));
    }
    free.retain(|at| alarms_of_all.iter().all(|t| (t - at).abs() > ONE_CLAIM_S));
    for _ in 0..N_UNCLAIMED {
        if !free.is_empty() {
            push(&free[rng.random_range(0..free.len())], NOBODY);
        }
    }
    sampled.shuffle(&mut rng);
    Ok(sampled)
}

/// The drawn pieces of [`Continuous::sampled`] on a page, with numbers for names.
///
/// Without the record it is the page that the project keeps.
///
/// # Errors
/// As [`continuous`].
pub fn alarms_page(study: &Study) -> Result<Figure> {
    let drawn = continuous(study)?;
    let n_of_each = format!(
        "{N_OF_EACH} alarms of each detector, drawn by chance at {PAGE_RATE} alarms an hour, and {N_UNCLAIMED} pieces that none claims"
    );
    let caption = format!(
        "{n_of_each}, in an order drawn by chance: the vertical component from 1 to 20 Hz, each piece at its own scale; dashed: where P \
         should lie. In the last ten seconds a listed earthquake may begin."
    );
    let Some(dir) = dir_of(study) else {
        let png = include_bytes!("../../data/stored/alarms.png");
        let figure = Figure::stored(png);
        return Ok(figure
            .captioned(&format!("{caption} STORED, not of this run."))
            .sourced(RECORD, false));
    };
    let record = iquique_record(&dir)?;
    let pieces = drawn.sampled.iter().enumerate();
    let pieces: Vec<(String, Vec<f32>)> = pieces
        .map(|(i, one)| Ok(((i + 1).to_string(), piece(&record, &one.time)?)))
        .collect::<Result<_>>()?;
    let page = plot::gallery(&pieces, RATE_HZ, PAGE_BEFORE_S, N_COLUMNS)?;
    Ok(page.captioned(&caption).sourced(RECORD, false))
}

fn piece(record: &Record3C, time: &str) -> Result<Vec<f32>> {
    let from = time::parse(time)? + time::seconds(MIDDLE_S - PAGE_BEFORE_S);
    let window = record.window(from, (PAGE_LENGTH_S * RATE_HZ) as usize)?;
    Ok(window.data[2].clone())
}

/// A row of the other program's list.
#[derive(Deserialize)]
struct Row {
    window_start: String,
    p_picks: usize,
}

/// When the first hour begins, and the P picks of each.
fn picks_per_hour(path: &Path) -> Result<(Time, Vec<usize>)> {
    let refuse = |what: String| {
        let remedy = "Give each row window_start and p_picks, an hour after the row before";
        fail!(Evaluate, path.display(), what, remedy)
    };
    let (mut first, mut picks) = (None, Vec::new());
    for row in csv::Reader::from_reader(open_input(path)?).deserialize() {
        let row: Row = row.map_err(|error| refuse(error.to_string()))?;
        let start = time::parse(&row.window_start)?;
        let hours = between_s(*first.get_or_insert(start), start) / 3600.0;
        if (hours - picks.len() as f64).abs() > 0.01 {
            return Err(refuse(format!("an hour begins at {}", row.window_start)));
        }
        picks.push(row.p_picks);
    }
    let first = first.ok_or_else(|| refuse("no row".into()))?;
    Ok((first, picks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Time {
        Time::UNIX_EPOCH + time::seconds(seconds)
    }

    fn scores(of: &[(f64, f64)]) -> Scores {
        of.iter().map(|(s, score)| (at(*s), *score)).collect()
    }

    #[test]
    fn claims_that_follow_one_another_are_one() {
        let scores = scores(&[
            (0.0, 1.0),
            (8.0, 2.0),
            (17.0, 1.0),
            (28.0, 1.0),
            (40.0, 0.5),
        ]);
        assert_eq!(claimed(&scores, 1.0), [at(0.0), at(28.0)]);
        assert_eq!(claimed(&scores, 2.0), [at(8.0)]);
    }

    #[test]
    fn detectors_are_judged_on_the_same_seconds() {
        let early = scores(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)]);
        let late = scores(&[(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)]);
        let [early, late] = common(vec![early, late]).try_into().unwrap();
        let times = |of: &Scores| of.iter().map(|(at, _)| *at).collect::<Vec<_>>();
        assert_eq!(times(&early), [at(1.0), at(2.0)]);
        assert_eq!(times(&early), times(&late));
    }

    #[test]
    fn hours_follow_one_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hours.csv");
        let read = |rows: &str| {
            std::fs::write(&path, format!("station,window_start,p_picks\n{rows}")).unwrap();
            picks_per_hour(&path)
        };
        let first = "A,1970-01-01T00:00:00Z,3\n";
        let good = read(&format!("{first}A,1970-01-01T01:00:00Z,5\n")).unwrap();
        assert_eq!(good, (at(0.0), vec![3, 5]));
        assert!(read(&format!("{first}A,1970-01-01T02:00:00Z,5\n")).is_err());
        assert!(read("").is_err());
    }
}

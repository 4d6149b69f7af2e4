//! How near a picker's onsets lie to those of others, on real records.
//!
//! | Records | Reference |
//! |---|---|
//! | 86 windows of California | the P and S published with PhaseNet: an analyst's |
//! | 19 cuts of the dike intrusion at Bardarbunga, 12 stations | QuakeMigrate's picks, a program's |
//! | 12 hours of CX.PB01 | PhaseNet's picks with the weights of its makers, a program's |
//!
//! Beside it stand PhaseNet's published picks, where there are some, and a classical picker: STA/LTA finds, and Akaike's
//! information criterion tells the onset.
//!
//! ```text
//! cargo run --example pick_residuals -- ../shared/data ../shared/data/seisbench/phasenetlight/ethz.pt.v2
//! ```

use std::path::{Path, PathBuf};

use quakebook::book::read_phase_picks;
use quakebook::detect::{recursive_sta_lta, triggers};
use quakebook::pick::{Origin, PickedPhase, Picker, aic_onset};
use quakebook::time::{self, Time, between_s, seconds};
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::{Archive, Record3C, WaveformSource, mseed};
use quakebook::{Error, Result};

/// An onset is found if a pick of its phase lies so near.
const NEAR_S: f64 = 0.5;

/// Picks of PhaseNet are believed from its own threshold on, and onsets of CX.PB01 are asked for from a higher one on.
const BELIEVED: f64 = 0.3;
const CERTAIN: f64 = 0.5;

type Onset = (PickedPhase, Time);

fn main() -> Result<()> {
    let folder = |n, default: PathBuf| std::env::args().nth(n).map_or(default, PathBuf::from);
    let data = folder(
        1,
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
    );
    let picker = Picker::read(folder(2, data.join("seisbench/phasenetlight/ethz.pt.v2")))?;
    println!(
        "{:<52} {:>5} {:>8} {:>9} {:>8} {:>8} {:>7}",
        "", "phase", "onsets", "found", "median", "|median|", "others"
    );
    california(&data.join("ncedc"), &picker)?;
    dike(&data.join("dike"), &picker)?;
    chile(&data.join("iquique"), &picker)
}

/// Onsets found, and how far from the reference.
#[derive(Default)]
struct Residuals {
    all: [Vec<f64>; 2],
    n_onsets: [usize; 2],
    /// Picks that are near no onset of the reference.
    n_others: [usize; 2],
}

impl Residuals {
    fn add(&mut self, reference: &[Onset], picks: &[Onset]) {
        for (i, phase) in PickedPhase::ALL.into_iter().enumerate() {
            let of = |all: &[Onset]| -> Vec<Time> {
                all.iter()
                    .filter(|(of, _)| *of == phase)
                    .map(|(_, time)| *time)
                    .collect()
            };
            let (reference, picks) = (of(reference), of(picks));
            let nearest = |time: &Time, all: &[Time]| {
                let away = all.iter().map(|other| between_s(*time, *other));
                away.min_by(|a, b| a.abs().total_cmp(&b.abs()))
                    .filter(|s| s.abs() <= NEAR_S)
            };
            self.n_onsets[i] += reference.len();
            self.all[i].extend(reference.iter().filter_map(|time| nearest(time, &picks)));
            self.n_others[i] += picks
                .iter()
                .filter(|time| nearest(time, &reference).is_none())
                .count();
        }
    }

    fn print(&mut self, what: &str) {
        for (i, phase) in PickedPhase::ALL.into_iter().enumerate() {
            let median = |values: &mut Vec<f64>| {
                values.sort_by(f64::total_cmp);
                values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
            };
            let mut sizes = self.all[i].iter().map(|s| s.abs()).collect();
            println!(
                "{what:<52} {phase:>5} {:>8} {:>5} {:>2.0}% {:>6.0}ms {:>6.0}ms {:>7}",
                self.n_onsets[i],
                self.all[i].len(),
                100.0 * self.all[i].len() as f64 / self.n_onsets[i].max(1) as f64,
                1e3 * median(&mut self.all[i]),
                1e3 * median(&mut sizes),
                self.n_others[i]
            );
        }
    }
}

fn picks_of(picker: &Picker, record: &Record3C) -> Result<Vec<Onset>> {
    let picks = picker.pick_record(record, Origin::Record)?.picks;
    Ok(picks
        .into_iter()
        .map(|pick| (pick.phase, pick.time))
        .collect())
}

/// A P where the vertical component rises four times above what was before, and an S before the largest horizontal motion of the
/// next ten seconds.
fn classical(record: &Record3C) -> Result<Vec<Onset>> {
    let rate_hz = record.sampling_rate_hz;
    let n = |s: f64| (s * rate_hz).round() as usize;
    let mut filtered = record.remove_mean();
    Filter::bandpass(4, 1.0, 20.0, rate_hz)?.in_place(&mut filtered, Pass::Causal)?;
    let [east, north, vertical] = &filtered.data;
    let at = |sample: usize| time::of_sample(record.start, sample, rate_hz);
    let mut onsets = Vec::new();
    for trigger in triggers(&recursive_sta_lta(vertical, n(0.5), n(5.0))?, 4.0, 1.5) {
        let stretch =
            trigger.start.saturating_sub(n(2.0))..(trigger.start + n(0.5)).min(vertical.len());
        let Some(onset) = aic_onset(&vertical[stretch.clone()]) else {
            continue;
        };
        let p = stretch.start + onset;
        onsets.push((PickedPhase::P, at(p)));
        let after = p + n(0.3)..(p + n(10.0)).min(vertical.len());
        let power = |i: usize| east[i] * east[i] + north[i] * north[i];
        let Some(largest) = after.clone().max_by(|a, b| power(*a).total_cmp(&power(*b))) else {
            continue;
        };
        let louder = if east[largest].abs() > north[largest].abs() {
            east
        } else {
            north
        };
        if let Some(onset) = aic_onset(&louder[after.start..(largest + n(0.2)).min(after.end)]) {
            onsets.push((PickedPhase::S, at(after.start + onset)));
        }
    }
    Ok(onsets)
}

/// The rows of a CSV file, as cells.
fn rows(path: &Path) -> Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.into(),
        source,
    })?;
    let cells = |row: &str| row.split(',').map(String::from).collect();
    Ok(text.lines().skip(1).map(cells).collect())
}

fn california(dir: &Path, picker: &Picker) -> Result<()> {
    let (mut ours, mut others) = (Residuals::default(), Residuals::default());
    for row in rows(&dir.join("picks.csv"))? {
        let traces = mseed::read_file(dir.join(&row[0]))?;
        let start = traces.iter().filter_map(|trace| trace.start()).min();
        let record = Record3C::from_traces(&traces, start.unwrap_or_default(), 9000)?;
        let reference = [
            (PickedPhase::P, time::parse(&row[5])?),
            (PickedPhase::S, time::parse(&row[6])?),
        ];
        ours.add(&reference, &picks_of(picker, &record)?);
        others.add(&reference, &classical(&record)?);
    }
    ours.print("California, an analyst's: this network");
    others.print("California, an analyst's: STA/LTA and AIC");
    Ok(())
}

fn dike(dir: &Path, picker: &Picker) -> Result<()> {
    let published = read_phase_picks(&dir.join("picks_phasenet.csv"))?;
    let [mut ours, mut theirs, mut others] = [(); 3].map(|()| Residuals::default());
    let mut beside = Residuals::default();
    let mut names: Vec<PathBuf> = std::fs::read_dir(dir)
        .map_err(|source| Error::Io {
            path: dir.into(),
            source,
        })?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "picks"))
        .collect();
    names.sort();
    for name in names {
        let traces = mseed::read_file(name.with_extension("mseed"))?;
        let rows = rows(&name)?;
        let mut stations: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        stations.dedup();
        for station in stations {
            let own: Vec<_> = traces
                .iter()
                .filter(|trace| *trace.id.station() == station)
                .cloned()
                .collect();
            let start = own
                .iter()
                .filter_map(|trace| trace.start())
                .min()
                .unwrap_or_default();
            let end = own
                .iter()
                .filter_map(|trace| trace.last())
                .max()
                .unwrap_or_default();
            let n = (between_s(start, end) * 100.0).round() as usize + 1;
            let Ok(record) = Record3C::from_traces(&own, start, n) else {
                println!("{} at {station}: not three components", name.display());
                continue;
            };
            let mut reference = Vec::new();
            for row in rows
                .iter()
                .filter(|row| row[0] == station && row[3] != "-1")
            {
                let phase = if row[1] == "P" {
                    PickedPhase::P
                } else {
                    PickedPhase::S
                };
                reference.push((phase, time::parse(&row[3])?));
            }
            let is_here = |time: Time| start <= time && time <= end;
            let of_station = published
                .iter()
                .filter(|pick| pick.station.split('.').nth(1) == Some(station));
            let near = of_station.filter(|pick| is_here(pick.time) && pick.score >= BELIEVED);
            let near: Vec<Onset> = near.map(|pick| (phase_of(pick.is_p), pick.time)).collect();
            let picks = picks_of(picker, &record)?;
            ours.add(&reference, &picks);
            theirs.add(&reference, &near);
            others.add(&reference, &classical(&record)?);
            beside.add(&near, &picks);
        }
    }
    ours.print("dike, QuakeMigrate's: this network");
    theirs.print("dike, QuakeMigrate's: PhaseNet, published");
    others.print("dike, QuakeMigrate's: STA/LTA and AIC");
    beside.print("dike, PhaseNet's published: this network");
    Ok(())
}

fn phase_of(is_p: bool) -> PickedPhase {
    if is_p { PickedPhase::P } else { PickedPhase::S }
}

fn chile(dir: &Path, picker: &Picker) -> Result<()> {
    let archive = Archive::open(dir.join("sds"), "CX", "PB01", "", "HH?")?;
    let span = archive.held_span()?;
    let record = archive.between(span.start, span.end + seconds(0.01))?;
    let published = read_phase_picks(&dir.join("picks_phasenet_PB01.csv"))?;
    let from = |least: f64| -> Vec<Onset> {
        let picks = published.iter().filter(|pick| pick.score >= least);
        picks.map(|pick| (phase_of(pick.is_p), pick.time)).collect()
    };
    let ours = picks_of(picker, &record)?;
    let others = classical(&record)?;
    for (what, picks) in [("this network", &ours), ("STA/LTA and AIC", &others)] {
        let mut residuals = Residuals::default();
        residuals.add(&from(CERTAIN), picks);
        residuals.print(&format!("Chile, PhaseNet's of {CERTAIN} or more: {what}"));
        let mut back = Residuals::default();
        back.add(picks, &from(0.05));
        back.print(&format!("Chile, {what}: PhaseNet's of 0.05 or more"));
    }
    Ok(())
}

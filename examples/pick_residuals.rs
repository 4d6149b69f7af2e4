//! How near a picker's onsets lie to those of others, on real records.
//!
//! | Records | Reference |
//! |---|---|
//! | 86 windows of California | the P and S published with PhaseNet: an analyst's |
//! | 19 cuts of the dike intrusion at Bardarbunga, 12 stations | QuakeMigrate's picks, a program's |
//! | 12 hours of CX.PB01 | PhaseNet's picks with the weights of its makers, a program's |
//!
//! Beside it stand PhaseNet's published picks, where there are some, and a classical picker: STA/LTA finds, and Akaike's
//! information criterion tells the onset. Brackets are 95 % intervals, which count each onset as a case of its own.
//!
//! A picker is one that comes with the program, by its name, or a file of SeisBench's weights.
//!
//! ```text
//! cargo run --example pick_residuals -- ../shared/data onsets ../shared/data/seisbench/phasenetlight/ethz.pt.v2
//! ```

use std::path::{Path, PathBuf};

use quakebook::book::read_phase_picks;
use quakebook::evaluate::Score;
use quakebook::method::PickerModel;
use quakebook::pick::{Origin, PickedPhase, Picker, classical_onsets};
use quakebook::time::{self, Time, between_s, seconds};
use quakebook::waveform::{Archive, Record3C, WaveformSource, mseed};
use quakebook::{Error, Result};

/// An onset is found if a pick of its phase lies so near.
const NEAR_S: f64 = 0.5;

/// Picks of PhaseNet are believed from its own threshold on, and onsets of CX.PB01 are asked for from a higher one on.
const BELIEVED: f64 = 0.3;
const CERTAIN: f64 = 0.5;

type Onset = (PickedPhase, Time);

/// A picker and what it is called.
struct Named {
    name: String,
    picker: Picker,
}

impl Named {
    fn read(text: &str) -> Result<Self> {
        let picker = match PickerModel::find(text) {
            Some(model) => model.picker()?,
            None => Picker::read(text)?,
        };
        let name = Path::new(text)
            .file_name()
            .map(|name| name.to_string_lossy().into());
        Ok(Self {
            name: name.unwrap_or_default(),
            picker,
        })
    }
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = args
        .next()
        .map_or(here.join("../shared/data"), PathBuf::from);
    let mut names: Vec<String> = args.collect();
    if names.is_empty() {
        let published = data.join("seisbench/phasenetlight/ethz.pt.v2");
        names = vec!["onsets".into(), published.display().to_string()];
    }
    let pickers = names.iter().map(|name| Named::read(name));
    let pickers = pickers.collect::<Result<Vec<Named>>>()?;
    println!(
        "{:<52} {:>5} {:>9} {:>31} {:>23} {:>9} {:>7}",
        "", "phase", "found", "", "|median|, ms", "median", "others"
    );
    california(&data.join("ncedc"), &pickers)?;
    dike(&data.join("dike"), &pickers)?;
    chile(&data.join("iquique"), &pickers)
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
            let sizes: Vec<f64> = self.all[i].iter().map(|s| s.abs()).collect();
            let found = Score::of(self.all[i].len(), self.n_onsets[i]).to_string();
            let [low, size, high] = median(&sizes);
            println!(
                "{what:<52} {phase:>5} {:>9} {found:>31} {size:>8.0} [{low:>4.0}, {high:>4.0}] {:>6.0} ms {:>7}",
                self.all[i].len(),
                median(&self.all[i])[1],
                self.n_others[i]
            );
        }
    }
}

/// The median in milliseconds between the ends of its 95 % interval: ranks, which need no distribution.
fn median(values_s: &[f64]) -> [f64; 3] {
    let mut sorted = values_s.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (middle, half) = (
        sorted.len() as f64 / 2.0,
        0.98 * (sorted.len() as f64).sqrt(),
    );
    let ranks = [middle - half, middle, middle + half];
    let at = |rank: f64| sorted.get((rank.max(0.0) as usize).min(sorted.len().saturating_sub(1)));
    ranks.map(|rank| 1e3 * at(rank).copied().unwrap_or(f64::NAN))
}

fn picks_of(picker: &Picker, record: &Record3C) -> Result<Vec<Onset>> {
    let picks = picker.pick_record(record, Origin::Record)?.picks;
    Ok(picks
        .into_iter()
        .map(|pick| (pick.phase, pick.time))
        .collect())
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

fn california(dir: &Path, pickers: &[Named]) -> Result<()> {
    let mut ours: Vec<Residuals> = pickers.iter().map(|_| Residuals::default()).collect();
    let mut others = Residuals::default();
    for row in rows(&dir.join("picks.csv"))? {
        let traces = mseed::read_file(dir.join(&row[0]))?;
        let start = traces.iter().filter_map(|trace| trace.start()).min();
        let record = Record3C::from_traces(&traces, start.unwrap_or_default(), 9000)?;
        let reference = [
            (PickedPhase::P, time::parse(&row[5])?),
            (PickedPhase::S, time::parse(&row[6])?),
        ];
        for (ours, of) in ours.iter_mut().zip(pickers) {
            ours.add(&reference, &picks_of(&of.picker, &record)?);
        }
        others.add(&reference, &classical_onsets(&record)?);
    }
    for (ours, of) in ours.iter_mut().zip(pickers) {
        ours.print(&format!("California, an analyst's: {}", of.name));
    }
    others.print("California, an analyst's: STA/LTA and AIC");
    Ok(())
}

fn dike(dir: &Path, pickers: &[Named]) -> Result<()> {
    let published = read_phase_picks(&dir.join("picks_phasenet.csv"))?;
    let [mut theirs, mut others] = [(); 2].map(|()| Residuals::default());
    // Beside QuakeMigrate, and beside PhaseNet.
    let both = || [(); 2].map(|()| Residuals::default());
    let mut ours: Vec<[Residuals; 2]> = pickers.iter().map(|_| both()).collect();
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
            for ([ours, beside], of) in ours.iter_mut().zip(pickers) {
                let picks = picks_of(&of.picker, &record)?;
                ours.add(&reference, &picks);
                beside.add(&near, &picks);
            }
            theirs.add(&reference, &near);
            others.add(&reference, &classical_onsets(&record)?);
        }
    }
    for ([ours, beside], of) in ours.iter_mut().zip(pickers) {
        ours.print(&format!("dike, QuakeMigrate's: {}", of.name));
        beside.print(&format!("dike, PhaseNet's published: {}", of.name));
    }
    theirs.print("dike, QuakeMigrate's: PhaseNet, published");
    others.print("dike, QuakeMigrate's: STA/LTA and AIC");
    Ok(())
}

fn phase_of(is_p: bool) -> PickedPhase {
    if is_p { PickedPhase::P } else { PickedPhase::S }
}

fn chile(dir: &Path, pickers: &[Named]) -> Result<()> {
    let archive = Archive::open(dir.join("sds"), "CX", "PB01", "", "HH?")?;
    let span = archive.held_span()?;
    let record = archive.between(span.start, span.end + seconds(0.01))?;
    let published = read_phase_picks(&dir.join("picks_phasenet_PB01.csv"))?;
    let from = |least: f64| -> Vec<Onset> {
        let picks = published.iter().filter(|pick| pick.score >= least);
        picks.map(|pick| (phase_of(pick.is_p), pick.time)).collect()
    };
    let mut all = Vec::new();
    for of in pickers {
        all.push((of.name.as_str(), picks_of(&of.picker, &record)?));
    }
    all.push(("STA/LTA and AIC", classical_onsets(&record)?));
    for (what, picks) in all {
        let mut residuals = Residuals::default();
        residuals.add(&from(CERTAIN), &picks);
        residuals.print(&format!("Chile, PhaseNet's of {CERTAIN} or more: {what}"));
        let mut back = Residuals::default();
        back.add(&picks, &from(0.05));
        back.print(&format!("Chile, {what}: PhaseNet's of 0.05 or more"));
    }
    Ok(())
}

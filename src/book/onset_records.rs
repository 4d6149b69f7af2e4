//! Real records whose onsets an analyst or another program has picked.
//!
//! | Records | Onsets of |
//! |---|---|
//! | 86 windows of California | an analyst, published with PhaseNet |
//! | 19 cuts of the dike intrusion at Bardarbunga, 12 stations | QuakeMigrate; PhaseNet, with the weights of its makers |
//! | 12 hours of CX.PB01 in Chile | PhaseNet, with the weights of its makers |

use std::path::{Path, PathBuf};

use super::picks::read_phase_picks;
use super::residuals::Onset;
use crate::atomic_file::open_input;
use crate::error::{Error, Result, fail};
use crate::pick::PickedPhase;
use crate::time::{self, Time, between_s, seconds};
use crate::waveform::{Archive, Record3C, WaveformSource, mseed};

/// A record with onsets of one or two others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OnsetRecord {
    pub record: Record3C,
    /// Those that are sought.
    pub onsets: Vec<Onset>,
    /// Those that PhaseNet published, where there are some.
    pub published: Vec<Onset>,
    /// Picks near these are not counted as others: what the reference holds for possible.
    pub unjudged: Vec<Onset>,
}

/// PhaseNet's picks are believed from its own threshold on; on CX.PB01, where there is nothing else, from a higher one on.
const BELIEVED: f64 = 0.3;
const CERTAIN: f64 = 0.5;

/// The rows of a CSV file, as cells.
fn rows(path: &Path) -> Result<Vec<csv::StringRecord>> {
    let broken = |error: csv::Error| fail!(Evaluate, path.display(), error, "Fetch the file again");
    let mut reader = csv::Reader::from_reader(open_input(path)?);
    reader.records().map(|row| row.map_err(broken)).collect()
}

/// The cell of a row, and an error where there is none.
fn cell<'a>(row: &'a csv::StringRecord, i: usize, path: &Path) -> Result<&'a str> {
    row.get(i).ok_or_else(|| {
        let what = format!("a row of {} columns, expected more than {i}", row.len());
        fail!(Evaluate, path.display(), what, "Fetch the file again")
    })
}

fn phase_of(is_p: bool) -> PickedPhase {
    match is_p {
        true => PickedPhase::P,
        false => PickedPhase::S,
    }
}

/// The 86 windows of `ncedc/picks.csv`.
pub(super) fn california(dir: &Path) -> Result<Vec<OnsetRecord>> {
    let list = dir.join("picks.csv");
    let mut records = Vec::new();
    for row in rows(&list)? {
        let traces = mseed::read_file(dir.join(cell(&row, 0, &list)?))?;
        let start = traces.iter().filter_map(|trace| trace.start()).min();
        let onset =
            |phase, i| -> Result<Onset> { Ok((phase, time::parse(cell(&row, i, &list)?)?)) };
        records.push(OnsetRecord {
            record: Record3C::from_traces(&traces, start.unwrap_or_default(), 9000)?,
            onsets: vec![onset(PickedPhase::P, 5)?, onset(PickedPhase::S, 6)?],
            published: Vec::new(),
            unjudged: Vec::new(),
        });
    }
    Ok(records)
}

/// The cuts of the dike, a record for each station with three components.
pub(super) fn dike(dir: &Path) -> Result<Vec<OnsetRecord>> {
    let published = read_phase_picks(&dir.join("picks_phasenet.csv"))?;
    let entries = std::fs::read_dir(dir).map_err(Error::io(dir))?;
    let mut lists: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    lists.retain(|path| path.extension().is_some_and(|ending| ending == "picks"));
    lists.sort();
    let mut records = Vec::new();
    for list in lists {
        let traces = mseed::read_file(list.with_extension("mseed"))?;
        let rows = rows(&list)?;
        let mut stations: Vec<&str> = rows.iter().filter_map(|row| row.get(0)).collect();
        stations.dedup();
        for station in stations {
            let own = traces.iter().filter(|trace| *trace.id.station() == station);
            let own: Vec<_> = own.cloned().collect();
            let start = own.iter().filter_map(|trace| trace.start()).min();
            let last = own.iter().filter_map(|trace| trace.last()).max();
            let (Some(start), Some(last)) = (start, last) else {
                continue;
            };
            let n = (between_s(start, last) * 100.0).round() as usize + 1;
            let Ok(record) = Record3C::from_traces(&own, start, n) else {
                // A station without three components.
                continue;
            };
            let mut onsets = Vec::new();
            for row in rows.iter().filter(|row| row.get(0) == Some(station)) {
                let picked = cell(row, 3, &list)?;
                if picked != "-1" {
                    let phase = phase_of(cell(row, 1, &list)? == "P");
                    onsets.push((phase, time::parse(picked)?));
                }
            }
            let of_station = published.iter().filter(|pick| {
                let is_here = start <= pick.time && pick.time <= last;
                pick.station.split('.').nth(1) == Some(station) && is_here && pick.score >= BELIEVED
            });
            let of_station = of_station.map(|pick| (phase_of(pick.is_p), pick.time));
            records.push(OnsetRecord {
                record,
                onsets,
                published: of_station.collect(),
                unjudged: Vec::new(),
            });
        }
    }
    Ok(records)
}

/// The twelve hours of CX.PB01 as one record.
pub(super) fn chile(dir: &Path) -> Result<Vec<OnsetRecord>> {
    let archive = Archive::open(dir.join("sds"), "CX", "PB01", "", "HH?")?;
    let span = archive.held_span()?;
    let picks = read_phase_picks(&dir.join("picks_phasenet_PB01.csv"))?;
    let from = |least: f64| -> Vec<(PickedPhase, Time)> {
        let picks = picks.iter().filter(|pick| pick.score >= least);
        picks.map(|pick| (phase_of(pick.is_p), pick.time)).collect()
    };
    Ok(vec![OnsetRecord {
        record: archive.between(span.start, span.end + seconds(0.01))?,
        onsets: from(CERTAIN),
        published: Vec::new(),
        // All that PhaseNet holds for possible: the file has picks from 0.05 on.
        unjudged: from(0.0),
    }])
}

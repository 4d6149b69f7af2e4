//! Real records, and the classroom's beside them: does what was learnt on one hold on the other?
//!
//! The common currency is a [`Picked`] record: an earthquake with its P wave and enough of the noise before it,
//! made comparable ([`crate::waveform::harmonise()`]), wherever it came from. [`read_picked`] reads a
//! folder, [`fetch_picked`] asks a study's data centre, and [`windows_of`] cuts both alike.

use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use crate::atomic_file::open_input;
use crate::catalog::Event;
use crate::data_centre;
use crate::error::{Result, fail};
use crate::store::catalog;
use crate::study::{Study, real_data_dir};
use crate::time::{self, Time};
use crate::travel::Phase;
use crate::waveform::{Defect, RATE_HZ, Record3C, Trace, WaveformSource, harmonise, mseed};
use crate::window::{Normalisation, Origin, Window, normalise};

/// The reader's folder with real earthquakes in `ncedc/picks.csv` and miniSEED; `None` without.
pub fn picked_dir() -> Option<PathBuf> {
    real_data_dir().filter(|dir| dir.join("ncedc/picks.csv").is_file())
}

/// The reader's folder with a continuous record of Iquique in `sds`; `None` without.
pub fn iquique_dir() -> Option<PathBuf> {
    let dir = real_data_dir()?.join("iquique");
    dir.join("sds").is_dir().then_some(dir)
}

/// A record with an earthquake in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// Its file, or the event and the station.
    pub name: String,
    /// `NC.GDXB`
    pub station: String,
    /// Harmonised to all others.
    pub record: Record3C,
    /// Arrivals of the P and the S wave.
    pub p: Time,
    pub s: Time,
    pub faults: Vec<Defect>,
}

/// Samples of a window: ten seconds at [`RATE_HZ`].
pub const REAL_WINDOW_SAMPLES: usize = 500;

/// Noise before the P wave and earthquake after it that [`fetch_picked`] asks for, seconds.
const NOISE_S: f64 = 30.0;
const EVENT_S: f64 = 20.0;

/// The filter needs so long to settle after a record's first sample.
pub(super) const SETTLE_S: f64 = 1.5;

/// A noise window ends so long before the P wave: picks may be late.
pub(super) const GUARD_S: f64 = 0.5;

/// An event's window begins so long before its P wave.
const BEFORE_P_S: std::ops::Range<f64> = 1.0..6.0;

/// A row of `picks.csv`.
#[derive(Deserialize)]
struct Pick {
    file: String,
    network: String,
    station: String,
    window_start: String,
    p_time: String,
    s_time: String,
}

/// The records that `picks.csv` in `dir` lists, comparable: columns `file`, `network`, `station`, `window_start`,
/// `p_time` and `s_time`.
///
/// # Errors
/// [`crate::Error::Io`] where a file cannot be read, [`crate::Error::Window`] where the list lacks a column or a row is
/// broken, [`crate::Error::Waveform`] where a record is damaged or lacks a component.
pub fn read_picked(dir: &Path) -> Result<Vec<Picked>> {
    let path = dir.join("picks.csv");
    let list = open_input(&path)?;
    let refuse = |what: String| {
        let remedy = "Give each row file, network, station, window_start, p_time and s_time";
        fail!(Window, path.display(), what, remedy)
    };
    let mut all = Vec::new();
    for pick in csv::Reader::from_reader(list).deserialize() {
        let pick: Pick = pick.map_err(|error| refuse(error.to_string()))?;
        let file = &pick.file;
        let (start, p, s) = (
            time::parse(&pick.window_start)?,
            time::parse(&pick.p_time)?,
            time::parse(&pick.s_time)?,
        );
        let traces = mseed::read_file(dir.join(file))?;
        let of_vertical = |trace: &&Trace| trace.id.channel().ends_with('Z');
        let longest = traces
            .iter()
            .filter(of_vertical)
            .max_by_key(|trace| trace.n_samples());
        let Some(longest) = longest else {
            return Err(refuse(format!("{file} has no vertical component")));
        };
        // The list may be rounded to the second; the record says itself when it began.
        let start = longest.start().unwrap_or(start);
        let record = Record3C::from_traces(&traces, start, longest.n_samples())?;
        let made = harmonise(&record)?;
        all.push(Picked {
            name: file.into(),
            station: format!("{}.{}", pick.network, pick.station),
            record: made.record,
            p,
            s,
            faults: made.defects,
        });
    }
    if all.is_empty() {
        return Err(refuse("no row".into()));
    }
    Ok(all)
}

/// Records of a study's events from its data centre, and how many are missing.
///
/// At most `n_most` events are taken, evenly out of all. The P wave is where catalog and layered model put
/// it. An event is left out where the noise before it holds another event of the catalog.
///
/// # Errors
/// As [`catalog`], and [`crate::Error::Window`] where no record could be fetched.
pub fn fetch_picked(study: &Study, n_most: usize) -> Result<(Vec<Picked>, usize)> {
    let all_events = catalog(study)?;
    let client = data_centre::connect(study)?;
    let station = data_centre::station(study)?.position();
    let model = &study.velocity_model;
    let arrival = |event: &Event, phase| {
        event.origin_time + time::seconds(event.travel_time_s(model, phase, station))
    };
    let both = |event| (arrival(event, Phase::P), arrival(event, Phase::S));
    let arrivals: Vec<(Time, Time)> = all_events.events().iter().map(both).collect();
    let step = all_events.len().div_ceil(n_most.max(1)).max(1);
    let mut all = Vec::new();
    let mut n_missing = 0;
    let n_samples = ((NOISE_S + EVENT_S) * study.window.sampling_rate_hz) as usize;
    for (event, (p, s)) in all_events.events().iter().zip(&arrivals).step_by(step) {
        let start = *p - time::seconds(NOISE_S);
        // The coda of an earlier event is no noise.
        let near =
            |other: &(Time, Time)| (-2.0 * NOISE_S..-1.0).contains(&time::between_s(*p, other.0));
        if arrivals.iter().any(near) {
            n_missing += 1;
            continue;
        }
        let whole = |record: &Record3C| record.gaps().is_empty();
        match client.record(start, n_samples) {
            Ok(record) if whole(&record) => {
                let made = harmonise(&record)?;
                all.push(Picked {
                    name: event.id.clone(),
                    station: record.station.clone(),
                    record: made.record,
                    p: *p,
                    s: *s,
                    faults: made.defects,
                });
            }
            _ => n_missing += 1,
        }
    }
    match all.is_empty() {
        false => Ok((all, n_missing)),
        true => Err(fail!(
            Window,
            study.name,
            "not one event has a whole record",
            "Choose another station or time span"
        )),
    }
}

/// Windows of one record, all of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// The record's place in its list.
    pub record: usize,
    pub windows: Vec<Window>,
}

/// Windows of each record: `n_each` with the P wave, `n_each` of noise, scaled.
///
/// Class 0 is an earthquake, 1 is noise. Event windows begin 1 to 6 s before P. With a seed each begins
/// anywhere in its share of that; without one in the middle of it, for tests.
pub fn windows_of(picked: &[Picked], n_each: usize, seed: Option<u64>) -> Vec<Cut> {
    let length_s = REAL_WINDOW_SAMPLES as f64 / RATE_HZ;
    let mut cuts = Vec::new();
    for (record, one) in picked.iter().enumerate() {
        let mut rng = seed.map(|seed| ChaCha8Rng::seed_from_u64(seed.wrapping_add(record as u64)));
        let p_s = time::between_s(one.record.start, one.p);
        let event = p_s - BEFORE_P_S.end..p_s - BEFORE_P_S.start;
        // A record that was triggered is padded before it begins: a gap.
        let before_p = |gap: &&std::ops::Range<usize>| (gap.start as f64) < p_s * RATE_HZ;
        let gaps = one.record.gaps();
        let whole_from_s = gaps
            .iter()
            .rfind(before_p)
            .map_or(0.0, |gap| gap.end as f64 / RATE_HZ);
        let noise = whole_from_s + SETTLE_S..p_s - GUARD_S - length_s;
        for (class, starts) in [event, noise].into_iter().enumerate() {
            let mut windows = Vec::new();
            // Of a record that begins too late there is no noise.
            let n_each = if starts.is_empty() { 0 } else { n_each };
            for i in 0..n_each {
                let share = rng.as_mut().map_or(0.5, |rng| rng.random_range(0.0..1.0));
                let at = (i as f64 + share) / n_each as f64;
                let start_s = starts.start + at * (starts.end - starts.start);
                let start = one.record.start + time::seconds(start_s);
                let cut = crate::window::cut(&one.record, start, REAL_WINDOW_SAMPLES);
                let Ok(samples) = cut.and_then(|cut| normalise(&cut, Normalisation::Std)) else {
                    continue;
                };
                let id = format!("{} {}", one.station, one.name);
                windows.push(Window {
                    start,
                    samples,
                    class,
                    origin: match class {
                        0 => Origin::Event { id },
                        _ => Origin::Noise { after: id },
                    },
                });
            }
            cuts.push(Cut { record, windows });
        }
    }
    cuts
}

//! Real records, and the classroom's beside them: does what was learnt on one hold on the other?
//!
//! The common currency is a [`Picked`] record: an earthquake with its P wave and enough of the noise before it,
//! made comparable ([`crate::waveform::harmonise()`]), wherever it came from. [`read_picked`] reads a
//! folder, [`fetch_picked`] asks a study's data centre, and [`windows_of`] cuts both alike.

use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::catalog::Event;
use crate::data_centre;
use crate::error::{Error, Result, fail};
use crate::products::{LEAK_FREE_NORMALISATION, catalog};
use crate::study::Study;
use crate::time::{self, Time};
use crate::travel::{LayeredModel, Phase};
use crate::waveform::{
    Fault, RATE_HZ, Record3C, Trace, WaveformSource, harmonise, mseed, spectrum,
};
use crate::window::{Origin, Window, normalise};

/// A folder with real earthquakes: [`crate::study::real_data_dir`], else `shared/data` beside the project
/// unless `QUAKEBOOK_REAL_DATA` names another. It holds `ncedc/picks.csv` with its miniSEED, and may hold
/// `iquique/sds` with the list of triggers.
pub fn real_data_dir() -> Option<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let beside = here.ancestors().map(|dir| dir.join("shared/data"));
    let is_named = std::env::var_os("QUAKEBOOK_REAL_DATA").is_some();
    crate::study::real_data_dir()
        .into_iter()
        .chain(beside.filter(|_| !is_named))
        .find(|dir| dir.join("ncedc/picks.csv").is_file())
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
    pub faults: Vec<Fault>,
}

/// Samples of a window: ten seconds at [`RATE_HZ`].
pub const REAL_WINDOW_SAMPLES: usize = 500;

/// Noise before the P wave and earthquake after it that [`fetch_picked`] asks for, seconds.
const NOISE_S: f64 = 30.0;
const EVENT_S: f64 = 20.0;

/// Where a catalog gives no depth, as in [`crate::detect`].
const USUAL_DEPTH_KM: f64 = 5.0;

/// The filter needs so long to settle after a record's first sample.
const SETTLE_S: f64 = 1.5;

/// A noise window ends so long before the P wave: picks may be late.
const GUARD_S: f64 = 0.5;

/// An event's window begins so long before its P wave.
const BEFORE_P_S: std::ops::Range<f64> = 1.0..6.0;

/// The records that `picks.csv` in `dir` lists, comparable: columns `file`, `network`, `station`, `window_start`,
/// `p_time` and `s_time`.
///
/// # Errors
/// [`Error::Io`] where a file cannot be read, [`Error::Window`] where the list lacks a column or a row is
/// broken, [`Error::Waveform`] where a record is damaged or lacks a component.
pub fn read_picked(dir: &Path) -> Result<Vec<Picked>> {
    let path = dir.join("picks.csv");
    let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let refuse = |line: usize, what: String| {
        let place = format!("{}, line {line}", path.display());
        let remedy = "Give each row file, network, station, window_start, p_time and s_time";
        fail!(Window, place, what, remedy)
    };
    let mut columns = Vec::new();
    for name in [
        "file",
        "network",
        "station",
        "window_start",
        "p_time",
        "s_time",
    ] {
        let place = header.iter().position(|column| *column == name);
        columns.push(place.ok_or_else(|| refuse(1, format!("no column {name}")))?);
    }
    let mut all = Vec::new();
    for (i, row) in lines.enumerate().filter(|(_, row)| row.len() > 1) {
        let cell = |n: usize| {
            let cell = row.get(columns[n]).copied();
            cell.ok_or_else(|| refuse(i + 2, format!("{} cells", row.len())))
        };
        let file = cell(0)?;
        let (start, p, s) = (
            time::parse(cell(3)?)?,
            time::parse(cell(4)?)?,
            time::parse(cell(5)?)?,
        );
        let traces = mseed::read_file(dir.join(file))?;
        let of_vertical = |trace: &&Trace| trace.id.channel().ends_with('Z');
        let longest = traces
            .iter()
            .filter(of_vertical)
            .max_by_key(|trace| trace.n_samples());
        let Some(longest) = longest else {
            return Err(refuse(i + 2, format!("{file} has no vertical component")));
        };
        // The list may be rounded to the second; the record says itself when it began.
        let start = longest.start().unwrap_or(start);
        let record = Record3C::from_traces(&traces, start, longest.n_samples())?;
        let made = harmonise(&record)?;
        all.push(Picked {
            name: file.into(),
            station: format!("{}.{}", cell(1)?, cell(2)?),
            record: made.record,
            p,
            s,
            faults: made.faults,
        });
    }
    Ok(all)
}

/// At most `n_most` events of a study's catalog, evenly out of all, as its data centre recorded them, with the P wave where catalog and
/// layered model put it, and in the second place how many could not be had. A noise part in which the catalog has another
/// event is not asked for.
///
/// # Errors
/// As [`catalog`], and [`Error::Window`] where not one record could be had.
pub fn fetch_picked(study: &Study, n_most: usize) -> Result<(Vec<Picked>, usize)> {
    let all_events = catalog(study)?;
    let client = data_centre::connect(study)?;
    let station = data_centre::station(study)?.position();
    let model = LayeredModel::central_us();
    let arrival = |event: &Event, phase| {
        let depth_km = event.depth_km.unwrap_or(USUAL_DEPTH_KM).max(0.0);
        let distance_km = event.epicentre().distance_km(station);
        event.origin_time + time::seconds(model.travel_time_s(phase, depth_km, distance_km))
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
                    faults: made.faults,
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

/// `n_each` windows with the P wave and `n_each` of the noise before it out of each record, scaled; class 0 is
/// an earthquake, 1 is noise. Event windows begin 1 to 6 s before P. With a seed each begins anywhere in its share of that,
/// without one in the middle: for tests.
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
                let Ok(samples) = cut.and_then(|cut| normalise(&cut, LEAK_FREE_NORMALISATION))
                else {
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

/// Bands of [`slice_spectra`], Hz.
const SLICE_BANDS_HZ: [(f64, f64); 5] = [
    (1.0, 3.0),
    (3.0, 6.0),
    (6.0, 10.0),
    (10.0, 15.0),
    (15.0, 20.0),
];

/// Logarithmic power of a scaled window in five bands from 1 to 20 Hz, for each of `n_slices` equal parts of
/// its time and each component: what a nearest neighbour compares. With one slice it is a spectrum, with
/// many a coarse spectrogram.
///
/// # Errors
/// [`Error::Waveform`] where a slice has fewer than two samples.
pub fn slice_spectra(window: &[f32], n_slices: usize) -> Result<Vec<f64>> {
    let n = window.len() / 3;
    let mut features = Vec::with_capacity(3 * n_slices * SLICE_BANDS_HZ.len());
    for row in window.chunks_exact(n) {
        for slice in row.chunks_exact((n / n_slices.max(1)).max(1)) {
            let psd = spectrum::psd(slice, RATE_HZ, slice.len().min(RATE_HZ as usize))?;
            let power = |(low, high): (f64, f64)| -> f64 {
                let lines = psd.frequency_hz.iter().zip(&psd.power);
                lines
                    .filter(|(f, _)| (low..high).contains(*f))
                    .map(|(_, p)| p)
                    .sum()
            };
            // A floor far below any noise, for a component that is silent in a slice.
            features.extend(SLICE_BANDS_HZ.map(|band| power(band).max(1e-12).log10()));
        }
    }
    Ok(features)
}

/// What earthquakes look like on a record, for comparing one source of records with another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Character {
    /// Five seconds from P over the noise before, decibels.
    pub signal_to_noise_db: f64,
    /// From P to S.
    pub s_minus_p_s: f64,
    /// Half a second from P over one second from S, both as amplitudes.
    pub p_over_s: f64,
    /// From P until the amplitude of a second has fallen to a quarter of the largest second's.
    pub duration_s: f64,
    /// Mean frequency of the five seconds from P, weighted by power.
    pub event_hz: f64,
    /// The same of the noise.
    pub noise_hz: f64,
}

impl Character {
    /// Of one record; none where a gap or the record's end is in the way.
    pub fn of(picked: &Picked) -> Option<Self> {
        let record = &picked.record;
        let (p_s, s_s) = (
            time::between_s(record.start, picked.p),
            time::between_s(record.start, picked.s),
        );
        let part = |from_s: f64, to_s: f64| -> Option<[&[f32]; 3]> {
            let range = (from_s.max(0.0) * RATE_HZ) as usize..(to_s * RATE_HZ) as usize;
            let rows = [0, 1, 2].map(|i| record.data[i].get(range.clone()));
            let [Some(a), Some(b), Some(c)] = rows else {
                return None;
            };
            let whole = [a, b, c].iter().all(|row| row.iter().all(|x| !x.is_nan()));
            (whole && !a.is_empty()).then_some([a, b, c])
        };
        let amplitude = |rows: [&[f32]; 3]| {
            let squares: f64 = rows
                .iter()
                .flat_map(|row| row.iter())
                .map(|x| f64::from(x * x))
                .sum();
            (squares / (3 * rows[0].len()) as f64).sqrt()
        };
        let mean_hz = |rows: [&[f32]; 3]| -> Option<f64> {
            let (mut moment, mut power) = (0.0, 0.0);
            for row in rows {
                let psd = spectrum::psd(row, RATE_HZ, RATE_HZ as usize).ok()?;
                moment += psd
                    .frequency_hz
                    .iter()
                    .zip(&psd.power)
                    .map(|(f, p)| f * p)
                    .sum::<f64>();
                power += psd.power.iter().sum::<f64>();
            }
            Some(moment / power)
        };
        let (noise, event) = (part(p_s - 9.0, p_s - 1.0)?, part(p_s, p_s + 5.0)?);
        let seconds: Vec<f64> = (0..15)
            .map_while(|i| Some(amplitude(part(p_s + f64::from(i), p_s + f64::from(i + 1))?)))
            .collect();
        let largest = (0..seconds.len()).max_by(|a, b| seconds[*a].total_cmp(&seconds[*b]))?;
        let fallen = (largest..seconds.len()).find(|i| seconds[*i] < seconds[largest] / 4.0);
        Some(Self {
            signal_to_noise_db: 20.0 * (amplitude(event) / amplitude(noise)).log10(),
            s_minus_p_s: s_s - p_s,
            p_over_s: amplitude(part(p_s, p_s + 0.5)?) / amplitude(part(s_s, s_s + 1.0)?),
            duration_s: fallen.unwrap_or(seconds.len()) as f64,
            event_hz: mean_hz(event)?,
            noise_hz: mean_hz(noise)?,
        })
    }
}

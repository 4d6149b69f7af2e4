//! Jobs on phases: the picks of a record, and the events of picks.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use quakebook::associate::{AssociateParams, associate};
use quakebook::locate::{LocateParams, Locator, PhasePick, Sites, Sorted, VelocityModel};
use quakebook::method::PickerModel;
use quakebook::pick::Origin;
use quakebook::time;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::Result;
use crate::floor::Floor;
use crate::inputs::start;
use crate::job::{Job, timed, wide};
use crate::waveforms::record;

pub fn job(name: &str, folder: &Path) -> Result<Box<dyn Job>> {
    match name {
        "pick" => pick(folder),
        _ => association(folder),
    }
}

/// Samples of a window, and its channels, at each depth of PhaseNet's network.
const DEPTHS: [(usize, usize); 5] = [(3001, 8), (751, 16), (188, 32), (47, 64), (12, 128)];

/// Multiplications and additions of a window: kernels of 7 samples, on the way down and up.
fn window_flop() -> f64 {
    let layer = |n: usize, from: usize, to: usize| 2 * 7 * n * from * to;
    let mut flop = layer(3001, 3, 8) + 2 * 3001 * 8 * 3;
    let mut above = 8;
    for (i, (n, channels)) in DEPTHS.into_iter().enumerate() {
        flop += layer(n, above, channels);
        if let Some((shorter, _)) = DEPTHS.get(i + 1) {
            // Down by a stride of 4; back by a transposed one, and once more with what was kept.
            flop += layer(*shorter, channels, channels);
            flop += layer(*shorter, 2 * channels, channels) + layer(n, 2 * channels, channels);
        }
        above = channels;
    }
    flop as f64
}

/// The model that comes with the program, on ten hours.
fn pick(folder: &Path) -> Result<Box<dyn Job>> {
    let model = PickerModel::find("onsets").ok_or("no model is called onsets")?;
    let (picker, record) = (model.picker()?, record(folder)?);
    // A window of 3001 samples begins every 501: 3001 less the overlap of 2500.
    let n_windows = record.n_samples() as f64 / 501.0;
    Ok(timed(
        Floor::Flop(window_flop() * n_windows),
        move || picker.curves(&record, Origin::Record),
        |curves| {
            let [p, s] = &curves.probabilities;
            [wide(p), wide(s)].concat()
        },
    ))
}

/// Picks of `tests/reference/associate.py`, "12 stations": of a day, in a square of 80 km and a half-space.
const N_STATIONS: usize = 12;
const N_EVENTS: usize = 250;
const N_NOISE: usize = 4000;
const HALF_KM: f64 = 40.0;
const SPEEDS_KM_S: [f64; 2] = [6.0, 3.5];
/// Standard errors of picks, and how likely a wave has one.
const ERRORS_S: [f64; 2] = [0.1, 0.2];
const CHANCES: [f64; 2] = [0.9, 0.8];
const CENTRE: (f64, f64) = (35.8, -97.4);
const KM_PER_DEG: f64 = 111.195;

/// Writes `places.csv` (station, east and north in km) and `picks.csv` (seconds, station, phase), oldest first.
pub fn make(folder: &Path) -> Result {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut place = |half: f64| [rng.random_range(-half..half), rng.random_range(-half..half)];
    let places: Vec<[f64; 2]> = (0..N_STATIONS).map(|_| place(HALF_KM)).collect();
    let mut picks: Vec<(f64, usize, char)> = Vec::new();
    for _ in 0..N_EVENTS {
        let epicentre = [0; 2].map(|_| rng.random_range(-HALF_KM..HALF_KM));
        let (depth_km, origin_s) = (rng.random_range(3.0..15.0), rng.random_range(0.0..86_400.0));
        let reach_km = HALF_KM * rng.random_range(0.4..2.5);
        for (station, place) in places.iter().enumerate() {
            let along_km = (epicentre[0] - place[0]).hypot(epicentre[1] - place[1]);
            let path_km = along_km.hypot(depth_km);
            for (wave, phase) in ['P', 'S'].into_iter().enumerate() {
                if path_km > reach_km || !rng.random_bool(CHANCES[wave]) {
                    continue;
                }
                let error_s = Normal::new(0.0, ERRORS_S[wave])?.sample(&mut rng);
                let mut at_s = origin_s + path_km / SPEEDS_KM_S[wave] + error_s;
                if rng.random_bool(0.03) {
                    let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                    at_s += sign * rng.random_range(1.0..5.0);
                }
                picks.push((at_s, station, phase));
                if rng.random_bool(0.05) {
                    picks.push((at_s + 0.3, station, phase));
                }
            }
        }
    }
    for _ in 0..N_NOISE {
        let phase = if rng.random_bool(0.5) { 'P' } else { 'S' };
        let station = rng.random_range(0..N_STATIONS);
        picks.push((rng.random_range(0.0..86_400.0), station, phase));
    }
    picks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut text = String::from("station,x_km,y_km\n");
    for (station, [x, y]) in places.iter().enumerate() {
        writeln!(text, "XX.S{station:03},{x},{y}")?;
    }
    fs::write(folder.join("places.csv"), text)?;
    let mut text = String::from("time_s,station,phase\n");
    for (at_s, station, phase) in picks {
        writeln!(text, "{at_s:.6},XX.S{station:03},{phase}")?;
    }
    fs::write(folder.join("picks.csv"), text)?;
    Ok(())
}

/// Events of a day's picks. Reading is not timed.
fn association(folder: &Path) -> Result<Box<dyn Job>> {
    let places = fs::read_to_string(folder.join("places.csv"))?;
    let mut sites = String::from("id,latitude,longitude\n");
    let stretch = CENTRE.0.to_radians().cos();
    for row in places.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let (x, y): (f64, f64) = (cells[1].parse()?, cells[2].parse()?);
        let (latitude, longitude) = (
            CENTRE.0 + y / KM_PER_DEG,
            CENTRE.1 + x / KM_PER_DEG / stretch,
        );
        writeln!(sites, "{},{latitude:.8},{longitude:.8}", cells[0])?;
    }
    let rows = fs::read_to_string(folder.join("picks.csv"))?;
    let mut picks = String::from("id,timestamp,prob,type\n");
    for row in rows.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let micros = (1e6 * cells[0].parse::<f64>()?).round() as i64;
        let at = time::iso(start() + TimeDelta::microseconds(micros));
        writeln!(picks, "{}..HH,{at},0.9,{}", cells[1], cells[2])?;
    }
    let [vp, vs] = SPEEDS_KM_S;
    let velocity = VelocityModel::from_csv(&format!("depth,vp,vs\n0,{vp},{vs}\n"), "half", false)?;
    let sites = Sites::from_csv(&sites, "places")?;
    let locator = Locator::new(sites, &velocity, LocateParams::default())?;
    let sorted = Sorted::new(PhasePick::from_csv(&picks, "picks")?, locator.sites())?;
    let n_picks = sorted.picks.len();
    Ok(timed(
        // Each pick is read once at the least.
        Floor::Bytes(16.0 * n_picks as f64),
        move || associate(&locator, &sorted, &AssociateParams::default()),
        move |found| {
            let mut is_used = vec![0.0; n_picks];
            for event in &found.events {
                for pick in &event.picks {
                    is_used[*pick] = 1.0;
                }
            }
            is_used
        },
    ))
}

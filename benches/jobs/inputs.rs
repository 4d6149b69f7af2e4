//! The inputs of all jobs, made from the classroom: the same bytes on every machine.
//!
//! | File | What it is |
//! |---|---|
//! | `record.mseed` | 10 h of three components at 100 Hz, Steim 2 in records of 512 bytes |
//! | `motion.f32` | its vertical component less the mean, 3.6 million samples |
//! | `archive/` | 30 days of the station, an SDS archive of 90 such day files |
//! | `foreign/` | the same without an index, as an archive from elsewhere: links |
//! | `asked.csv`, `events.csv` | what windows to cut from it: first sample and length; the events |
//! | `catalog.xml` | the published catalog of the study as QuakeML |
//! | `comcat.csv` | a million rows in ComCat's 22 columns |
//! | `points-1e5.f64`, `points-1e6.f64` | epicentres, longitude and latitude |
//! | `weights.safetensors` | a convolutional network that was not trained |
//! | `places.csv`, `picks.csv` | twelve stations, and the picks of a day |
//! | `windows.f32`, `classes.u8`, `order.u32` | windows for an epoch of training, and their order in it |

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use quakebook::catalog::{Catalog, Event};
use quakebook::classroom::{SEED, Synthesis, Truth};
use quakebook::geo::Point;
use quakebook::network::{ConvNet, write_weights};
use quakebook::study::Study;
use quakebook::time::{self, Time};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace, WaveformSource, mseed};
use quakebook::window::{Normalisation, normalise};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::{Result, phases};

pub const RATE_HZ: f64 = 100.0;
pub const N_SAMPLES: usize = 1000;
pub const N_CLASSES: usize = 4;
/// Windows of an epoch of training.
pub const N_TRAIN: usize = 3600;
pub const SEED_OF_ORDER: u64 = 1;
/// Gaps with windows of noise, and events but one.
const N_EVENTS: usize = 650;
const N_ROWS: usize = 1_000_000;
pub const N_DAYS: i64 = 30;
const CHANNELS: [&str; 3] = ["HH1", "HH2", "HHZ"];
const HOUR: usize = 360_000;

/// The first instant of all records: the day of the paper's scan.
pub fn start() -> Time {
    time::parse("2014-02-16").expect("a constant time")
}

/// The days, with an index on disk once one has looked.
pub const INDEXED: &str = "archive";
/// The same days, looked at for the first time whoever opens them.
pub const FOREIGN: &str = "foreign";

/// One of the folder's archives.
pub fn archive(folder: &Path, name: &str) -> quakebook::Result<Archive> {
    Archive::open(folder.join(name), "GS", "OK029", "00", "HH*")
}

pub fn make(folder: &Path) -> Result {
    fs::create_dir_all(folder)?;
    let truth = Arc::new(Truth::simulate(SEED));
    let ground = Synthesis::new(SEED, truth.clone());
    record(folder, &ground)?;
    days(folder, &ground)?;
    asked(folder)?;
    let published = truth.published();
    let study = Study::oklahoma();
    let of_study = published.within(&study.region).during(&study.catalog);
    fs::write(folder.join("catalog.xml"), of_study.to_quakeml())?;
    comcat(folder, &published)?;
    for (name, n) in [("points-1e5.f64", 100_000), ("points-1e6.f64", 1_000_000)] {
        let points = points(&truth.catalog(), n);
        fs::write(
            folder.join(name),
            bytes_of(points.as_flattened(), f64::to_le_bytes),
        )?;
    }
    phases::make(folder)?;
    training(folder)
}

/// The points of `n` epicentres: those of a catalog, each many times and scattered by a kilometre.
pub fn points(catalog: &Catalog, n: usize) -> Vec<[f64; 2]> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let scatter_deg = Normal::new(0.0, 0.01).expect("a deviation above 0");
    let epicentres = catalog.events().iter().map(Event::epicentre).cycle();
    let mut near = |x: f64| x + scatter_deg.sample(&mut rng);
    let points = epicentres.map(|p| [near(p.longitude_deg), near(p.latitude_deg)]);
    points.take(n).collect()
}

fn bytes_of<T: Copy, const N: usize>(values: &[T], to_le_bytes: fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().copied().flat_map(to_le_bytes).collect()
}

fn stream(channel: &str) -> Nslc {
    Nslc::new("GS", "OK029", "00", channel).expect("constant codes")
}

/// `n` samples of a component from `hour` on, without the outages that the classroom has.
fn trace(ground: &Synthesis, component: usize, start: Time, n: usize) -> Trace {
    let first = start.timestamp() * RATE_HZ as i64;
    Trace {
        id: stream(CHANNELS[component]),
        sampling_rate_hz: RATE_HZ,
        segments: vec![Segment {
            start,
            samples: Samples::Int32(ground.samples(component, first, n)),
        }],
    }
}

fn record(folder: &Path, ground: &Synthesis) -> Result {
    let traces = [0, 1, 2].map(|component| trace(ground, component, start(), 10 * HOUR));
    fs::write(
        folder.join("record.mseed"),
        mseed::write_records(&traces, 512)?,
    )?;
    let Samples::Int32(counts) = &traces[2].segments[0].samples else {
        return Err("the classroom counts in whole numbers".into());
    };
    let mean = counts.iter().copied().map(f64::from).sum::<f64>() / counts.len() as f64;
    let motion: Vec<f32> = counts
        .iter()
        .map(|c| (f64::from(*c) - mean) as f32)
        .collect();
    fs::write(
        folder.join("motion.f32"),
        bytes_of(&motion, f32::to_le_bytes),
    )?;
    Ok(())
}

fn days(folder: &Path, ground: &Synthesis) -> Result {
    let archive = Archive::create(folder.join(INDEXED), "GS", "OK029", "00", "HH*", true)?;
    for number in 0..N_DAYS {
        let midnight = start() + TimeDelta::days(number);
        for (component, channel) in CHANNELS.iter().enumerate() {
            let file = archive.day_file(&stream(channel), midnight.date_naive());
            let parent = file.parent().map_or(PathBuf::new(), Path::to_path_buf);
            fs::create_dir_all(parent)?;
            let day = trace(ground, component, midnight, 24 * HOUR);
            fs::write(file, mseed::write_records(&[day], 512)?)?;
        }
    }
    let foreign = folder.join(FOREIGN);
    fs::create_dir_all(&foreign)?;
    let year = start().format("%Y").to_string();
    // That of an earlier time, if there is one.
    let _ = fs::remove_file(foreign.join(&year));
    std::os::unix::fs::symlink(folder.join(INDEXED).join(&year), foreign.join(&year))?;
    Ok(())
}

/// Events all over the days, with the windows of noise halfway to the next.
fn asked(folder: &Path) -> Result {
    // Whole seconds, hence samples that exist, and none across midnight.
    let step = N_DAYS * 86_400 / (N_EVENTS as i64 + 1);
    let at = |i: usize| {
        let second = i as i64 * step + 300 + (i * 7919 % 600) as i64;
        let near_midnight = (second % 86_400 + 60) % 86_400 < 120;
        start() + TimeDelta::seconds(second + if near_midnight { 120 } else { 0 })
    };
    let mut rows = String::from("start,n_samples\n");
    let mut row = |time: Time, n: usize| writeln!(rows, "{},{n}", time::iso(time));
    let times: Vec<Time> = (0..=N_EVENTS).map(at).collect();
    for time in &times {
        row(*time, N_SAMPLES)?;
    }
    for pair in times.windows(2) {
        row(pair[0] + (pair[1] - pair[0]) / 2, 3 * N_SAMPLES)?;
    }
    fs::write(folder.join("asked.csv"), rows)?;
    let event = |(i, origin_time): (usize, &Time)| event(i, *origin_time, Point::new(-97.4, 35.8));
    let events = times.iter().enumerate().map(event).collect();
    fs::write(
        folder.join("events.csv"),
        Catalog::new("", true, events).to_comcat_csv(),
    )?;
    Ok(())
}

fn event(i: usize, origin_time: Time, epicentre: Point) -> Event {
    Event {
        id: format!("us{i:08}"),
        origin_time,
        longitude_deg: epicentre.longitude_deg,
        latitude_deg: epicentre.latitude_deg,
        depth_km: Some(5.0),
        magnitude: 2.5,
        magnitude_type: "ml".into(),
        event_type: "earthquake".into(),
    }
}

/// The published events over and over, a minute apart, with all that ComCat tells of one.
fn comcat(folder: &Path, published: &Catalog) -> Result {
    let mut text = String::from(
        "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,horizontalError,depthError,magError,magNst,status,locationSource,magSource\n",
    );
    let events = published.events().iter().cycle().take(N_ROWS);
    for (i, event) in events.enumerate() {
        let origin = start() + TimeDelta::milliseconds(60_017 * i as i64);
        writeln!(
            text,
            "{},{:.4},{:.4},{:.2},{:.1},ml,{},{}.5,0.0{},0.{:02},us,us{i:08},{},\"{} km NNE of Langston, Oklahoma\",earthquake,0.{},1.{},0.{:03},{},reviewed,us,us",
            origin.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
            event.latitude_deg,
            event.longitude_deg,
            event.depth_km.unwrap_or(5.0),
            event.magnitude,
            10 + i % 50,
            30 + i % 200,
            100 + i % 800,
            i % 100,
            (origin + TimeDelta::days(60)).format("%Y-%m-%dT%H:%M:%S%.3fZ"),
            i % 30,
            i % 10,
            i % 10,
            i % 300,
            i % 20,
        )?;
    }
    fs::write(folder.join("comcat.csv"), text)?;
    Ok(())
}

fn training(folder: &Path) -> Result {
    let network = ConvNet::new(N_SAMPLES, N_CLASSES, SEED);
    write_weights(&network, &folder.join("weights.safetensors"))?;
    let archive = archive(folder, INDEXED)?;
    let (mut windows, mut classes) = (Vec::new(), Vec::new());
    for i in 0..N_TRAIN as i64 {
        let at = start() + TimeDelta::seconds(137 * i);
        let record = archive.record(at, N_SAMPLES)?;
        windows.extend(normalise(&record.data.concat(), Normalisation::Std)?);
        classes.push((i % N_CLASSES as i64) as u8);
    }
    fs::write(
        folder.join("windows.f32"),
        bytes_of(&windows, f32::to_le_bytes),
    )?;
    fs::write(folder.join("classes.u8"), classes)?;
    // As the training loop orders its first epoch: another order would give another loss.
    let mut order: Vec<u32> = (0..N_TRAIN as u32).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED_OF_ORDER);
    rng.set_stream(1);
    order.shuffle(&mut rng);
    fs::write(folder.join("order.u32"), bytes_of(&order, u32::to_le_bytes))?;
    Ok(())
}

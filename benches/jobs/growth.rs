//! Time and memory against the size of the work, each size in a process of its own.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use chrono::TimeDelta;
use quakebook::catalog::Catalog;
use quakebook::classroom::{SEED, Truth};
use quakebook::cluster::ClusterParams;
use quakebook::detect::{MergeParams, ScanParams, Scanner};
use quakebook::time::TimeSpan;
use quakebook::waveform::WaveformSource;
use quakebook::window::Normalisation;

use crate::Result;
use crate::inputs::{self, N_DAYS, RATE_HZ};
use crate::{network, waveforms};

/// Sizes: hours of record, points, windows.
const WORK: [(&str, &str, &[usize]); 5] = [
    ("decode", "hours", &[1, 10, 24, 24 * N_DAYS as usize]),
    ("windows", "hours", &[1, 10, 24, 24 * N_DAYS as usize]),
    ("scan", "hours", &[1, 10, 24, 24 * N_DAYS as usize]),
    ("cluster", "thousand points", &[1, 10, 100, 1000]),
    ("train", "thousand windows", &[1, 3, 10, 30]),
];

/// Prints a table of all work and sizes.
pub fn report(folder: &Path) -> Result {
    println!("| Work | Size | Seconds | Milliseconds a unit | Peak memory, MB |");
    println!("|---|--:|--:|--:|--:|");
    for (kind, unit, sizes) in WORK {
        for size in sizes {
            let answer = Command::new(std::env::current_exe()?)
                .arg("growth")
                .arg(folder)
                .args([kind, &size.to_string()])
                .output()?;
            let text = String::from_utf8_lossy(&answer.stdout);
            let words: Vec<f64> = text.split_whitespace().flat_map(str::parse).collect();
            let [seconds, mb] = words[..] else {
                let why = String::from_utf8_lossy(&answer.stderr);
                return Err(format!("{kind}, {size}: {why}").into());
            };
            let each = 1e3 * seconds / *size as f64;
            println!("| {kind} | {size} {unit} | {seconds:.3} | {each:.3} | {mb:.0} |");
        }
    }
    Ok(())
}

/// Does one piece of work and prints its seconds and the process's peak memory in megabytes.
pub fn measure(folder: &Path, kind: &str, size: &str) -> Result {
    let size: usize = size.parse()?;
    let seconds = match kind {
        "decode" => decode(folder, size)?,
        "windows" => windows(folder, size)?,
        "scan" => scan(folder, size)?,
        "cluster" => cluster(size)?,
        "train" => network::epoch(folder, &network::split(folder, 1000 * size)?)?.1,
        _ => return Err(format!("no work is called {kind}").into()),
    };
    println!("{seconds} {}", peak_mb()?);
    Ok(())
}

/// The record hour by hour, as one reads months.
fn decode(folder: &Path, n_hours: usize) -> Result<f64> {
    let archive = inputs::archive(folder, inputs::INDEXED)?;
    let start = Instant::now();
    for hour in 0..n_hours {
        let from = inputs::start() + TimeDelta::hours(hour as i64);
        archive.record(from, 3600 * RATE_HZ as usize)?;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// The windows of the events of these hours.
fn windows(folder: &Path, n_hours: usize) -> Result<f64> {
    let events = Catalog::read_comcat_csv(folder.join("events.csv"))?;
    let end = inputs::start() + TimeDelta::hours(n_hours.max(3) as i64);
    let of_span = events.filter(|event| event.origin_time < end);
    let start = Instant::now();
    waveforms::cut(&inputs::archive(folder, inputs::INDEXED)?, &of_span)?;
    Ok(start.elapsed().as_secs_f64())
}

fn scan(folder: &Path, n_hours: usize) -> Result<f64> {
    let (network, archive) = (
        network::network(folder)?,
        inputs::archive(folder, inputs::INDEXED)?,
    );
    let span = TimeSpan {
        start: inputs::start(),
        end: inputs::start() + TimeDelta::hours(n_hours as i64),
    };
    let params = ScanParams {
        hop_samples: 1000,
        normalisation: Normalisation::Std,
    };
    let start = Instant::now();
    Scanner::new(&network, &archive, &span, RATE_HZ, &params)?.merge(&MergeParams::default())?;
    Ok(start.elapsed().as_secs_f64())
}

fn cluster(n_thousand: usize) -> Result<f64> {
    let points = inputs::points(&Truth::simulate(SEED).catalog(), 1000 * n_thousand);
    let start = Instant::now();
    ClusterParams::new(3).n_replicates(5).fit_points(&points)?;
    Ok(start.elapsed().as_secs_f64())
}

/// The most memory that this process has had.
fn peak_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kb
        .ok_or("the system does not tell a process's memory")?
        .trim()
        .parse::<f64>()?
        / 1e3)
}

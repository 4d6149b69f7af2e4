//! Jobs on samples.

use std::path::{Path, PathBuf};

use quakebook::catalog::Catalog;
use quakebook::detect::{classic_sta_lta, correlate, recursive_sta_lta};
use quakebook::study::Study;
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::{Archive, Record3C, Samples, Trace, mseed};
use quakebook::window::{
    CutParams, NoiseRule, Normalisation, StartRule, Windows, event_windows, noise_windows, silent,
};

use crate::Result;
use crate::floor::Floor;
use crate::inputs::{self, RATE_HZ};
use crate::job::{Job, timed, timed_on, wide};

/// Seconds of the two averages, as samples.
const N_STA: usize = 100;
const N_LTA: usize = 1000;

/// Where the template of the correlation begins; it has 1000 samples.
const TEMPLATE_FROM: usize = 1_000_000;
const N_TEMPLATE: usize = 1000;

pub fn job(name: &str, folder: &Path) -> Result<Box<dyn Job>> {
    Ok(match name {
        "decode" => decode(folder.join("record.mseed"))?,
        "filter" => filter(folder)?,
        "correlation" => correlation(folder)?,
        "windows" => windows(folder, inputs::INDEXED)?,
        "windows-first" => windows(folder, inputs::FOREIGN)?,
        "sta-lta-classic" => averages(folder, classic_sta_lta)?,
        _ => averages(folder, recursive_sta_lta)?,
    })
}

/// The record of three components.
pub fn record(folder: &Path) -> Result<Record3C> {
    let traces = mseed::read_file(folder.join("record.mseed"))?;
    let n_samples = traces.first().map_or(0, Trace::n_samples);
    Ok(Record3C::from_traces(&traces, inputs::start(), n_samples)?)
}

fn motion(folder: &Path) -> Result<Vec<f32>> {
    let bytes = std::fs::read(folder.join("motion.f32"))?;
    let (words, _) = bytes.as_chunks::<4>();
    Ok(words.iter().copied().map(f32::from_le_bytes).collect())
}

/// Reading and writing as many samples.
fn once_through(n_samples: usize) -> Floor {
    Floor::Bytes(8.0 * n_samples as f64)
}

fn decode(file: PathBuf) -> Result<Box<dyn Job>> {
    let traces = mseed::read_file(&file)?;
    let n_samples: usize = traces.iter().map(Trace::n_samples).sum();
    let n_bytes = std::fs::metadata(&file)?.len() as f64 + 4.0 * n_samples as f64;
    Ok(timed(
        Floor::Bytes(n_bytes),
        move || mseed::read_file(&file),
        |traces| {
            let segments = traces.iter().flat_map(|trace| &trace.segments);
            segments.flat_map(|s| numbers(&s.samples)).collect()
        },
    ))
}

fn numbers(samples: &Samples) -> Vec<f64> {
    match samples {
        Samples::Int32(v) => v.iter().copied().map(f64::from).collect(),
        Samples::Float32(v) => wide(v),
        Samples::Float64(v) => v.clone(),
    }
}

fn averages(
    folder: &Path,
    ratio: fn(&[f32], usize, usize) -> quakebook::Result<Vec<f32>>,
) -> Result<Box<dyn Job>> {
    let samples = motion(folder)?;
    let floor = once_through(samples.len());
    Ok(timed(
        floor,
        move || ratio(&samples, N_STA, N_LTA),
        |ratios| wide(ratios),
    ))
}

fn filter(folder: &Path) -> Result<Box<dyn Job>> {
    let record = record(folder)?;
    let filter = Filter::bandpass(4, 1.0, 12.0, RATE_HZ)?;
    Ok(timed_on(
        once_through(3 * record.n_samples()),
        // Both steps change the record in place, as the other side's do: each run has its own.
        move || record.clone(),
        move |mut record| {
            record.remove_mean_in_place();
            filter.in_place(&mut record, Pass::Causal)?;
            Ok(record)
        },
        |filtered| wide(&filtered.data.concat()),
    ))
}

fn correlation(folder: &Path) -> Result<Box<dyn Job>> {
    let samples = motion(folder)?;
    let template = samples[TEMPLATE_FROM..TEMPLATE_FROM + N_TEMPLATE].to_vec();
    // Two real transforms a block, of 2.5 n log2 n operations each (Frigo & Johnson 2005, *Proc.
    // IEEE* 93, 216-231, count so), at the length that makes them least.
    let flop = (11..20).map(|power| {
        let n = f64::from(1 << power);
        let n_blocks = samples.len() as f64 / (n - N_TEMPLATE as f64 + 1.0);
        n_blocks * 2.0 * 2.5 * n * f64::from(power)
    });
    Ok(timed(
        Floor::Flop(flop.fold(f64::INFINITY, f64::min)),
        move || correlate(&samples, &template),
        |coefficients| wide(coefficients),
    ))
}

/// Windows of the events and of the noise between them, cut and normalised.
pub fn cut(archive: &Archive, events: &Catalog) -> quakebook::Result<Windows> {
    let params = CutParams::of(&Study::oklahoma());
    let (labels, rule) = (vec![0; events.len()], StartRule::Origin);
    let of_events = event_windows(archive, events, &labels, &rule, &params, &mut silent)?;
    let noise = noise_windows(archive, events, &params, NoiseRule::Midpoints, &mut silent)?;
    of_events.concat(&noise)?.normalised(Normalisation::Std)
}

fn windows(folder: &Path, archive: &'static str) -> Result<Box<dyn Job>> {
    let events = Catalog::read_comcat_csv(folder.join("events.csv"))?;
    let folder = folder.to_path_buf();
    // The records that hold the windows, about 2 bytes a sample, are decoded and normalised.
    let n_samples = 3 * (4 * events.len() - 3) * inputs::N_SAMPLES;
    Ok(timed(
        Floor::Bytes((2 + 4 + 8) as f64 * n_samples as f64),
        move || cut(&inputs::archive(&folder, archive)?, &events),
        |windows| {
            let windows = windows.windows.iter();
            windows.flat_map(|window| wide(&window.samples)).collect()
        },
    ))
}

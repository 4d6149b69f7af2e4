//! A real record through the library: twelve hours of CX.PB01 after the M8.1 Iquique earthquake.
//!
//! The list of triggers stands in for a catalog (machine labels, not truth). A network learns
//! triggers from noise on the first eight hours and is tested on the last four.
//!
//! ```text
//! cargo run --example iquique -- ../shared/data/iquique
//! ```

use std::path::{Path, PathBuf};

use quakebook::catalog::{Catalog, Event};
use quakebook::dataset::Dataset;
use quakebook::evaluate::{ConfusionMatrix, top_class};
use quakebook::network::{Classify, ConvNet};
use quakebook::study::{Study, TimeSpan};
use quakebook::train::{TrainParams, train};
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::{Archive, WaveformSource};
use quakebook::window::{
    NoiseRule, Normalisation, StartRule, event_windows, noise_windows, seam_jumps, silent,
};
use quakebook::{Error, Result, time};

/// Windows begin this long before their trigger.
const BEFORE_S: f64 = 2.0;

fn main() -> Result<()> {
    let dir = std::env::args().nth(1).map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/iquique"),
        PathBuf::from,
    );
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    let window_s = study.window.n_samples as f64 / study.window.sampling_rate_hz;

    let archive = Archive::open(dir.join("sds"), "CX", "PB01", "", "HH*")?;
    let start = time::parse("2014-05-01")?;
    let record = archive.record(start, 4_320_001)?;
    println!(
        "{} {:?}: {} samples from {}, {} gaps",
        record.station,
        record.channels,
        record.n_samples(),
        time::iso(record.start),
        record.gaps().len()
    );
    // Below 1 Hz the ocean's noise hides small earthquakes.
    let band = Filter::bandpass(4, 1.0, 20.0, record.sampling_rate_hz)?;
    let record = band.record(&record, Pass::Causal)?;

    let triggers = read_triggers(&dir.join("triggers_recursive_stalta_PB01.csv"), window_s)?;
    let labels = vec![0; triggers.len()];
    let rule = StartRule::Origin;
    let events = event_windows(&record, &triggers, &labels, &rule, &study, &mut silent)?;
    println!("events: {}", events.ledger);
    let rule = NoiseRule::Guarded { guard_s: window_s };
    let noise = noise_windows(&record, &triggers, &study, rule, &mut silent)?;
    println!("noise: {}", noise.ledger);
    let windows = events.concat(&noise)?;

    for normalisation in [
        Normalisation::MinMaxPerComponent,
        Normalisation::MinMaxJoint,
        Normalisation::Deviation,
    ] {
        let scaled = events.normalised(normalisation)?;
        let jumps = scaled.windows.iter().flat_map(|w| seam_jumps(&w.samples));
        let mean = jumps.sum::<f64>() / (2 * scaled.len()) as f64;
        println!("{normalisation:?}: mean jump where components meet {mean:.3} of the range");
    }

    let scaled = windows.normalised(Normalisation::Deviation)?;
    let last_four_hours = TimeSpan {
        start: start + time::seconds(8.0 * 3600.0),
        end: start + time::seconds(12.0 * 3600.0),
    };
    let split = Dataset::from_windows(&scaled.windows, scaled.n_samples, scaled.n_classes)?
        .split_held_out(&last_four_hours, &study.split)?;
    let mut network = ConvNet::new(scaled.n_samples, scaled.n_classes, study.seed);
    let params = TrainParams::adam(&study.train, study.seed);
    let run = train(&mut network, &split.train, &split.validation, &params, None)?;
    println!("{}", run.summary());

    let probabilities = network.probabilities(split.test.samples())?;
    let predicted: Vec<usize> = top_class(scaled.n_classes, &probabilities)?
        .into_iter()
        .map(|(class, _)| class)
        .collect();
    let matrix = ConfusionMatrix::new(scaled.n_classes, split.test.classes(), &predicted)?;
    println!("last four hours: {} windows", matrix.n());
    println!("accuracy  {}", matrix.accuracy());
    println!("precision {}", matrix.precision(0));
    println!("recall    {}", matrix.recall(0));
    Ok(())
}

/// Triggers as events; one that follows another within a window is part of it.
fn read_triggers(path: &Path, window_s: f64) -> Result<Catalog> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        source,
    })?;
    let mut events: Vec<Event> = Vec::new();
    let mut n_close = 0;
    for (i, line) in text.lines().skip(1).enumerate() {
        let trigger = time::parse(line.split(',').next().unwrap_or_default())?;
        let origin_time = trigger - time::seconds(BEFORE_S);
        if let Some(last) = events.last()
            && time::between_s(last.origin_time, origin_time) < window_s
        {
            n_close += 1;
            continue;
        }
        events.push(Event {
            id: format!("trigger {}", i + 1),
            origin_time,
            longitude_deg: f64::NAN,
            latitude_deg: f64::NAN,
            depth_km: None,
            magnitude: f64::NAN,
            magnitude_type: String::new(),
            event_type: "trigger".into(),
        });
    }
    println!(
        "{} triggers, {n_close} more within a window of another",
        events.len()
    );
    Ok(Catalog::new("STA/LTA triggers", false, events))
}

//! A real record through the method: twelve hours of CX.PB01 after the M8.1 Iquique earthquake.
//!
//! The list of triggers stands in for a catalog: machine labels, not truth. The detector learns
//! triggers from noise on the first eight hours and scans the last four.
//!
//! ```text
//! cargo run --example iquique -- ../shared/data/iquique data/derived/iquique
//! ```
//!
//! The second folder receives the run, the table of detections and the figure.

use std::path::{Path, PathBuf};

use quakebook::catalog::{Catalog, Event};
use quakebook::method::{self, Inputs};
use quakebook::station::StationChoice;
use quakebook::study::{MethodChoice, Onset, Study};
use quakebook::time::TimeSpan;
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::{Archive, WaveformSource};
use quakebook::{Result, atomic_file, plot, time};

/// The ocean's noise lies below 1 Hz, what small earthquakes radiate above it.
const BAND_HZ: [f64; 2] = [1.0, 20.0];

/// A trigger may come so long before or after a detection.
const TOLERANCE_S: f64 = 2.0;

fn main() -> Result<()> {
    let folder = |n, default: &str| {
        let given = std::env::args().nth(n);
        given.map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join(default),
            PathBuf::from,
        )
    };
    let dir = folder(1, "../shared/data/iquique");
    let out = folder(2, "data/derived/iquique");
    let study = study()?;
    let archive = Archive::open_for(dir.join("sds"), &study.station)?;
    let triggers = read_triggers(
        &dir.join("triggers_recursive_stalta_PB01.csv"),
        study.window_s(),
    )?;

    let inputs = Inputs {
        source: &archive,
        catalog: &triggers,
        station: None,
        known_events: None,
    };
    let segments = method::segments(&study, &inputs)?;
    println!("segments: {}", segments.rejections);
    let fitted = method::fit(&study, &inputs, &segments, &out.join("run"))?;
    println!("{}", fitted.run.summary());
    let of_events = fitted.test.detection();
    println!("test windows: {}", fitted.test.n());
    println!("  precision {}", of_events.precision(0));
    println!("  recall    {}", of_events.recall(0));

    let detector = fitted.detector;
    let last_hours = study.scanned();
    let found = detector.scan(&archive, &last_hours)?.detections;
    let matches = found.match_(&triggers, |_| 0.0, TOLERANCE_S)?;
    println!(
        "scan at threshold {}: {} detections",
        detector.threshold,
        found.len()
    );
    println!("  precision   {}", matches.precision());
    println!("  recall      {}", matches.recall());
    println!("  not among the triggers: {}", matches.false_alarm_rate()?);

    found.write(out.join("detections.csv"))?;
    let n_samples = (4.0 * 3600.0 * study.window.sampling_rate_hz) as usize;
    let record = archive.record(last_hours.start, n_samples)?;
    let band = Filter::bandpass(4, BAND_HZ[0], BAND_HZ[1], record.sampling_rate_hz)?;
    let figure = plot::detections(&band.record(&record, Pass::Causal)?, &found, &triggers)?;
    atomic_file::write_result(out.join("detections.png"), &figure.png)?;
    println!("{}: {}", out.display(), figure.caption);
    Ok(())
}

/// The paper's windows of another station; triggers come by the minute, so segments are short.
fn study() -> Result<Study> {
    let at = |text| time::parse(text);
    let mut study = Study::oklahoma();
    study.name = "iquique".into();
    study.station = StationChoice::new("CX", "PB01", "", "HH*")?;
    study.cluster.k = 1;
    study.catalog = TimeSpan {
        start: at("2014-05-01")?,
        end: at("2014-05-01T12:00:00")?,
    };
    study.scan.start = at("2014-05-01T08:00:00")?;
    study.scan.end = at("2014-05-01T12:00:00")?;
    study.method = MethodChoice {
        onset: Onset::CatalogTime,
        guard_s: 10.0,
        segment_s: 30.0,
        band_hz: Some(BAND_HZ),
        ..MethodChoice::default()
    };
    study.checked()
}

/// Triggers as events; one that follows another within a window is part of it.
fn read_triggers(path: &Path, window_s: f64) -> Result<Catalog> {
    let mut events: Vec<Event> = Vec::new();
    for trigger in quakebook::book::read_triggers(path)? {
        let is_close = |last: &Event| time::between_s(last.origin_time, trigger.time) < window_s;
        if events.last().is_some_and(is_close) {
            continue;
        }
        let id = format!("trigger at {}", time::iso(trigger.time));
        events.push(Event::at_time(id, trigger.time, "trigger"));
    }
    println!("{} triggers, at least {window_s} s apart", events.len());
    Ok(Catalog::new("triggers", false, events))
}

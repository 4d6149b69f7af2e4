//! Jobs on catalogs and points.

use std::path::Path;

use quakebook::catalog::{Catalog, Event};
use quakebook::cluster::ClusterParams;

use crate::Result;
use crate::floor::Floor;
use crate::job::{Job, timed};

/// What reading a megabyte of text takes at 200 MB/s.
const TEXT_BYTES_PER_S: f64 = 200e6;

/// The times that each of the five replicates must look at each point, about.
const N_PASSES: f64 = 10.0;

pub fn job(name: &str, folder: &Path) -> Result<Box<dyn Job>> {
    match name {
        "quakeml" => quakeml(folder),
        "comcat" => comcat(folder),
        _ => medians(folder, name),
    }
}

fn quakeml(folder: &Path) -> Result<Box<dyn Job>> {
    let file = folder.join("catalog.xml");
    let seconds = std::fs::metadata(&file)?.len() as f64 / TEXT_BYTES_PER_S;
    let work = move || Catalog::read(&file);
    Ok(timed(Floor::Seconds(seconds), work, numbers))
}

fn comcat(folder: &Path) -> Result<Box<dyn Job>> {
    let file = folder.join("comcat.csv");
    let n_text = std::fs::metadata(&file)?.len() as f64;
    let n_rows = Catalog::read_comcat_csv(&file)?.len();
    let bytes = n_text + (n_rows * size_of::<Event>()) as f64;
    let work = move || Catalog::read_comcat_csv(&file);
    Ok(timed(Floor::Bytes(bytes), work, numbers))
}

/// Time in seconds, longitude, latitude, depth and magnitude of each event.
fn numbers(catalog: &Catalog) -> Vec<f64> {
    let of = |event: &Event| {
        [
            event.origin_time.timestamp_micros() as f64 / 1e6,
            event.longitude_deg,
            event.latitude_deg,
            event.depth_km.unwrap_or(f64::NAN),
            event.magnitude,
        ]
    };
    catalog.events().iter().flat_map(of).collect()
}

/// The points of a file.
pub fn points(file: &Path) -> Result<Vec<[f64; 2]>> {
    let bytes = std::fs::read(file)?;
    let (words, _) = bytes.as_chunks::<8>();
    let values: Vec<f64> = words.iter().copied().map(f64::from_le_bytes).collect();
    Ok(values.as_chunks::<2>().0.to_vec())
}

/// The result is the sum of cityblock distances.
fn medians(folder: &Path, name: &str) -> Result<Box<dyn Job>> {
    let points = points(&folder.join(name.replace("k-medians", "points") + ".f64"))?;
    let params = ClusterParams::new(3).n_replicates(5);
    let n_bytes = 5.0 * N_PASSES * 16.0 * points.len() as f64;
    Ok(timed(
        Floor::Bytes(n_bytes),
        move || params.fit_points(&points),
        |clusters| vec![clusters.sum],
    ))
}

//! Whether a run folder can take a training, asked before anything is cut.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::detector::{FILE, Record, new_network};
use super::train_params;
use crate::atomic_file::{check_room, read_regular, write_whole};
use crate::catalog::Catalog;
use crate::error::{Error, Result, fail, shown};
use crate::study::Study;
use crate::{hash, time, train};

/// Refuses a folder that holds the run of another study, before hours are spent on segments.
///
/// What only chooses the threshold (the alarm budget, the validation days, the hop) may differ. The catalog is
/// checked by [`check_catalog`]; that the records are the same by [`super::fit`], when they are known.
///
/// # Errors
/// [`crate::Error::Train`] naming the first key of the study that differs, or of the training's configuration,
/// or where `dir` is no folder; [`crate::Error::Io`] where nothing can be written there.
pub fn check_folder(study: &Study, dir: &Path) -> Result<()> {
    if dir.exists() && !dir.is_dir() {
        return Err(fail!(
            Train,
            dir.display(),
            "a file, a pipe or a device, where a folder was expected",
            "Give this run a folder of its own; it need not be there yet"
        ));
    }
    if let Some(other) = other_things(dir)? {
        return Err(fail!(
            Train,
            dir.display(),
            format!(
                "a folder with other things in it, such as {}",
                shown(&other)
            ),
            "Give this run a folder of its own; it need not be there yet"
        ));
    }
    // Where the record is absent or damaged the threshold is chosen anew.
    let kept = Record::read(dir).ok();
    if kept.is_none() {
        check_room(dir)?;
    }
    if let Some(what) = kept.and_then(|kept| difference(&kept.study, study)) {
        return Err(fail!(
            Train,
            dir.join(FILE).display(),
            format!("the folder holds a run of another study: {what}"),
            "Give this run a folder of its own, or the study that it had then"
        ));
    }
    train::check_folder(dir, &new_network(study), &train_params(study))
}

/// A name in a folder that no training began, whose files would be written over.
fn other_things(dir: &Path) -> Result<Option<String>> {
    let is_run = [CATALOG, FILE].iter().any(|name| dir.join(name).exists());
    if !dir.exists() || is_run || train::has_begun(dir) {
        return Ok(None);
    }
    let entries = std::fs::read_dir(dir).map_err(Error::io(dir))?;
    let names =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    Ok(names.filter(|name| !name.starts_with('.')).min())
}

/// The file of a run's catalog.
const CATALOG: &str = "catalog.toml";

/// Which catalog a run was made with.
#[derive(Serialize, Deserialize)]
struct CatalogRecord {
    source: String,
    n_events: usize,
    /// Of what a training takes from it: times, places and depths.
    sha256: String,
}

impl CatalogRecord {
    fn of(catalog: &Catalog) -> Self {
        let mut bytes = Vec::new();
        for event in catalog.events() {
            bytes.extend(time::iso(event.origin_time).into_bytes());
            let depth_km = event.depth_km.unwrap_or(f64::NAN);
            for number in [event.longitude_deg, event.latitude_deg, depth_km] {
                bytes.extend(number.to_le_bytes());
            }
        }
        Self {
            source: catalog.source.clone(),
            n_events: catalog.len(),
            sha256: hash::sha256(&bytes),
        }
    }

    /// `None` where there is no such file, or one that cannot be read: then it is the windows that tell.
    fn read(dir: &Path) -> Option<Self> {
        let bytes = read_regular(&dir.join(CATALOG)).ok()??;
        toml::from_str(&String::from_utf8(bytes).ok()?).ok()
    }
}

/// Refuses a folder in which a training with another catalog has begun, before anything is cut.
///
/// # Errors
/// [`crate::Error::Train`] naming both catalogs.
pub fn check_catalog(catalog: &Catalog, dir: &Path) -> Result<()> {
    let (kept, now) = (CatalogRecord::read(dir), CatalogRecord::of(catalog));
    match kept.filter(|kept| train::has_begun(dir) && kept.sha256 != now.sha256) {
        None => Ok(()),
        Some(then) => Err(fail!(
            Train,
            dir.join(CATALOG).display(),
            format!(
                "the folder holds a run with {} events of {}, this run's are {} of {}",
                then.n_events, then.source, now.n_events, now.source
            ),
            "Give this run a folder of its own, or the catalog that it had then"
        )),
    }
}

/// Refuses a list of picks of another station than the study's: its times are not those of the waves there.
///
/// # Errors
/// [`crate::Error::Train`] naming both stations.
pub fn check_station(catalog: &Catalog, study: &Study) -> Result<()> {
    let (network, station) = (&study.station.network, &study.station.station);
    let ours = format!("{}.{}", network.as_str(), station.as_str());
    match catalog.picked_at().filter(|codes| *codes != ours) {
        None => Ok(()),
        Some(other) => Err(fail!(
            Train,
            catalog.source,
            format!(
                "picks of {}, where the records are of {ours}",
                shown(&other)
            ),
            "Give the picks of that station"
        )),
    }
}

/// Keeps which catalog a training is to have that has not begun.
///
/// # Errors
/// [`crate::Error::Io`] where it cannot be written.
pub(super) fn keep_catalog(catalog: &Catalog, dir: &Path) -> Result<()> {
    match train::has_begun(dir) {
        true => Ok(()),
        false => {
            let text = toml::to_string(&CatalogRecord::of(catalog));
            write_whole(
                dir.join(CATALOG),
                text.expect("a catalog's record is plain TOML"),
            )
        }
    }
}

/// The first key, of those that change what a network is or learns, whose values differ.
fn difference(kept: &Study, wanted: &Study) -> Option<String> {
    let (kept, wanted) = (keys(kept), keys(wanted));
    let value = |keys: &toml::Table, key: &str| match keys.get(key) {
        Some(value) => value.to_string(),
        None => "none".to_string(),
    };
    let all = kept.keys().chain(wanted.keys());
    let mut differing = all.filter(|key| kept.get(*key) != wanted.get(*key));
    differing.next().map(|key| {
        let (then, now) = (value(&kept, key), value(&wanted, key));
        format!("its {key} is {then}, this run's is {now}")
    })
}

/// The study's keys of one line each, such as `window.n_samples`, but those that only choose the threshold.
fn keys(study: &Study) -> toml::Table {
    let tables: toml::Table = study.to_toml().parse().expect("a study is TOML");
    let mut keys = toml::Table::new();
    for name in ["station", "window", "cluster", "split", "train", "method"] {
        let table = tables.get(name).and_then(toml::Value::as_table);
        for (key, value) in table.into_iter().flatten() {
            keys.insert(format!("{name}.{key}"), value.clone());
        }
    }
    keys.extend(tables.get("seed").map(|seed| ("seed".into(), seed.clone())));
    for free in [
        "cluster.n_replicates",
        "method.n_validation_days",
        "method.max_false_alarms_per_day",
    ] {
        keys.remove(free);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_differs_is_named() {
        let study = Study::oklahoma();
        assert_eq!(difference(&study, &study), None);
        let mut other = study.clone();
        other.method.max_false_alarms_per_day = 3.0;
        other.scan.hop_samples = 100;
        other.name = "again".into();
        assert_eq!(difference(&study, &other), None);
        other.method.band_hz = Some([1.0, 20.0]);
        let what = difference(&study, &other).unwrap();
        assert_eq!(
            what,
            "its method.band_hz is none, this run's is [1.0, 20.0]"
        );
    }
}

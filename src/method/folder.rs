//! Whether a run folder can take a training, asked before anything is cut.

use std::path::Path;

use super::detector::{FILE, Record, new_network};
use super::train_params;
use crate::error::{Result, fail};
use crate::study::Study;
use crate::train;

/// Refuses a folder that holds the run of another study, before hours are spent on segments.
///
/// What only chooses the threshold (the alarm budget, the validation days, the hop) may differ. That the
/// records and the catalog are the same is checked by [`super::fit`], when they are known.
///
/// # Errors
/// [`crate::Error::Train`] naming the first key of the study that differs, or of the training's configuration.
pub fn check_folder(study: &Study, dir: &Path) -> Result<()> {
    // Where the record is absent or damaged the threshold is chosen anew.
    let kept = Record::read(dir).ok();
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

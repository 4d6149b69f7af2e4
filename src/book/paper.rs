//! The paper's own recipe: its windows, its copies, its division, its network.

use crate::catalog::Catalog;
use crate::data_centre;
use crate::dataset::{Dataset, Split};
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::network::{Network, Perceptron};
use crate::store::{self, Store};
use crate::study::{Stage, Study};
use crate::train::{Run, TrainParams, train};
use crate::window::{self, CutParams, NoiseRule, Normalisation, StartRule, Windows};

/// The paper's scale: each window to `[0, 1]`, its three components together.
pub const PAPER_NORMALISATION: Normalisation = Normalisation::MinMaxJoint;

/// An event's window begins so long before its P wave in [`windows_at_arrivals`].
pub const BEFORE_P_S: f64 = 2.0;

/// Event and noise windows as the paper cut them, in counts: from the origin time on, and from the
/// midpoints between events.
///
/// # Errors
/// As [`store::clusters`], and [`crate::Error::Window`] where no window could be cut.
pub fn windows_as_the_paper(study: &Study) -> Result<Windows> {
    let study = &study.up_to(Stage::Segments);
    Store::of(study).get_or_make("windows-paper", || {
        let labels = store::clusters(study)?.labels;
        let rule = |_| StartRule::Origin;
        cut(
            study,
            &store::catalog(study)?,
            &labels,
            rule,
            NoiseRule::Midpoints,
        )
    })
}

/// Event and noise windows at a place that is always the same, in counts: [`BEFORE_P_S`] before the
/// P wave's arrival, and the method's guard away from every event. Labels are those of
/// [`store::leak_free_clusters`].
///
/// # Errors
/// As [`windows_as_the_paper`].
pub fn windows_at_arrivals(study: &Study) -> Result<Windows> {
    let study = &study.up_to(Stage::Segments);
    Store::of(study).get_or_make("windows-arrival", || {
        let catalog = store::catalog(study)?;
        let labels = store::leak_free_clusters(study)?.assign_all(&catalog);
        let rule = |station| StartRule::PArrival {
            station,
            model: study.velocity_model.clone(),
            before_s: BEFORE_P_S,
        };
        let guard = NoiseRule::Guarded {
            guard_s: study.method.guard_s,
        };
        cut(study, &catalog, &labels, rule, guard)
    })
}

/// A window for each event of the catalog, of these classes, and windows of noise.
fn cut(
    study: &Study,
    catalog: &Catalog,
    labels: &[usize],
    rule: impl Fn(Point) -> StartRule,
    noise: NoiseRule,
) -> Result<Windows> {
    let client = data_centre::connect(study)?;
    let rule = rule(data_centre::station(study)?.position());
    let (params, silent) = (CutParams::of(study), &mut window::silent);
    let events = window::event_windows(&client, catalog, labels, &rule, &params, silent)?;
    events.concat(&window::noise_windows(
        &client, catalog, &params, noise, silent,
    )?)
}

/// The paper's windows, copied and then divided at random.
///
/// `n_sets` sets are the originals and a noisy copy for each of the study's first `n_sets - 1` levels. The
/// paper divides AFTER copying, which leaks.
///
/// # Errors
/// As [`windows_as_the_paper`], and [`crate::Error::Dataset`] where there are too few windows, or too few
/// noise levels for so many sets.
pub fn paper_split(study: &Study, n_sets: usize) -> Result<Split> {
    let levels = &study.augment.noise_levels;
    if n_sets == 0 || n_sets > levels.len() + 1 {
        return Err(fail!(
            Dataset,
            "n_sets",
            format!("{n_sets}, expected 1 to {}", levels.len() + 1),
            "Add a level to the study's augment.noise_levels, or ask for fewer sets"
        ));
    }
    let scaled = windows_as_the_paper(study)?.normalised(PAPER_NORMALISATION)?;
    Dataset::from_windows(&scaled.windows, scaled.n_samples, scaled.n_classes)?
        .copies_before_split_as_the_paper(&levels[..n_sets - 1], study.seed)?
        .split_random(&study.split, study.seed)
}

/// The paper's perceptron with its three sets: the network with which it scanned. Its run is
/// `perceptron-paper-3`; windows go to it scaled by [`PAPER_NORMALISATION`].
///
/// # Errors
/// As [`paper_split`] and [`train()`].
pub fn paper_network(study: &Study) -> Result<Perceptron> {
    let n_sets = study.augment.noise_levels.len() + 1;
    let mut network = Perceptron::new(study.window.n_samples, study.cluster.k + 1, study.seed);
    let run = format!("perceptron-paper-{n_sets}");
    trained(study, &run, &mut network, &paper_split(study, n_sets)?)?;
    Ok(network)
}

/// Trains `network` quietly in the run folder `name`, by the optimiser that suits it; a finished
/// run is read, an interrupted one goes on.
///
/// # Errors
/// As [`train()`].
pub fn trained(study: &Study, name: &str, network: &mut dyn Network, split: &Split) -> Result<Run> {
    let params = TrainParams {
        report_every: 0,
        ..TrainParams::suited(network, study)
    };
    let dir = Store::of(&study.up_to(Stage::Copies)).run_dir(name);
    train(
        network,
        &split.train,
        &split.validation,
        &params,
        Some(&dir),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn sets_are_originals_and_copies() {
        let study = Study::oklahoma();
        for n_sets in [0, study.augment.noise_levels.len() + 2] {
            let refused = paper_split(&study, n_sets).unwrap_err();
            assert!(matches!(refused, Error::Dataset { ref place, .. } if place == "n_sets"));
        }
    }
}

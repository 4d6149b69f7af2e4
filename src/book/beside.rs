//! Our numbers beside the paper's, and the book's abstract: chapter 6.

use super::faults::{Faults, end_to_end};
use super::hours::Hours;
use super::ladder::{Rung, Way};
use super::paper::{paper_split, trained, windows_as_the_paper};
use super::{FourMatrices, detections, paper_network};
use crate::classroom::SEED;
use crate::data_centre;
use crate::dataset::Dataset;
use crate::display::{Markdown, Table};
use crate::error::Result;
use crate::evaluate::Spread;
use crate::network::{Network, Perceptron};
use crate::provenance;
use crate::store;
use crate::study::Study;

/// What the paper reports, and what this study gives for the same quantity.
///
/// # Errors
/// As what it counts: catalog, clusters, windows, networks and scan of the study.
pub fn beside_the_paper(study: &Study) -> Result<Table> {
    let catalog = store::catalog(study)?;
    let clusters = store::clusters(study)?;
    let n_windows = windows_as_the_paper(study)?.len();
    let n_sets = study.augment.noise_levels.len() + 1;
    let one = one_set(study)?.test;
    let scan = end_to_end(study)?;
    let hours = Hours::of(study)?;
    let found = detections(study)?;
    let in_catalog = hours.beside(&hours.published, &found).found.len();
    let list = |of: &[usize]| {
        let texts: Vec<String> = of.iter().map(usize::to_string).collect();
        texts.join(" / ")
    };
    let n_scanned = scan.len() + scan.n_in_gaps + scan.n_stuck;
    let recall = |class: usize| one.recall(class).to_string();
    let why_one_set = match one.n_output(one.n_classes() - 1) == one.n() {
        true => "here it calls every window noise",
        false => "few windows: see the interval",
    };
    let rows = [
        (
            "events in the catalog",
            "703",
            catalog.len().to_string(),
            "another region, made to be as large",
        ),
        ("clusters", "3", clusters.k().to_string(), "chosen in both"),
        (
            "events of each cluster",
            "not given",
            list(&clusters.sizes),
            "other fault zones",
        ),
        (
            "windows, events and noise",
            "2595",
            n_windows.to_string(),
            "other gaps, other events",
        ),
        (
            "windows with all copies",
            "7585",
            (n_sets * n_windows).to_string(),
            "three times 2595 is 7785",
        ),
        (
            "class 1 known, test, one set",
            "40 %",
            recall(0),
            why_one_set,
        ),
        (
            "class 2 known, test, one set",
            "18.4 %",
            recall(1),
            why_one_set,
        ),
        (
            "windows scanned",
            "3600",
            n_scanned.to_string(),
            "the same ten hours",
        ),
        (
            "called class 1 / 2 / 3 / noise",
            "2 / 7 / 0 / 3591",
            list(&scan.counts()),
            "other ground, other network",
        ),
        (
            "events of the catalog in these hours",
            "4",
            hours.during(&hours.published).len().to_string(),
            "made so",
        ),
        (
            "events detected, with care",
            "not done",
            found.len().to_string(),
            "the paper counts windows",
        ),
        (
            "of these in the catalog",
            "not given",
            in_catalog.to_string(),
            "the paper does not match",
        ),
    ];
    let headers = ["Quantity", "The paper", "Here", "Why they differ"];
    let table = Table::new("Ours beside the paper's", &headers);
    let table = rows
        .into_iter()
        .fold(table, |table, (what, paper, here, why)| {
            table.row([what.to_string(), paper.into(), here, why.into()])
        });
    Ok(match catalog.simulated {
        true => table.noted("Simulated data in the column Here."),
        false => table,
    })
}

/// The paper's perceptron on one set.
fn one_set(study: &Study) -> Result<FourMatrices> {
    let split = paper_split(study, 1)?;
    let (n, k) = (study.window.n_samples, study.cluster.k + 1);
    let mut network = Perceptron::new(n, k, study.seed);
    trained(study, "perceptron-paper-1", &mut network, &split)?;
    FourMatrices::of(&network, &split)
}

/// The abstract of the book, with the numbers of the study.
///
/// # Errors
/// As [`beside_the_paper`].
pub fn abstract_text(study: &Study, faults: &Faults, rungs: &[Rung]) -> Result<Markdown> {
    let n_sets = study.augment.noise_levels.len() + 1;
    let all = FourMatrices::of(&paper_network(study)?, &paper_split(study, n_sets)?)?.test;
    let one = one_set(study)?.test;
    let hours = Hours::of(study)?;
    let found = detections(study)?;
    let [published, truth] = [&hours.published, &hours.truth];
    let [beside, of_truth] = [published, truth].map(|catalog| hours.beside(catalog, &found));
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let in_hours: Vec<f64> = rungs
        .iter()
        .filter(|rung| rung.network == "perceptron" && rung.way == Way::Paper)
        .filter(|rung| rung.n_scanned > 0)
        .map(|rung| rung.n_scanned_called as f64 / rung.n_scanned as f64)
        .collect();
    let data = match data_centre::is_simulated(study) {
        true => {
            "simulated by a data centre in the box, so that the truth is known and no number is a finding about \
             Oklahoma"
        }
        false => "real",
    };
    Ok(Markdown(format!(
        "A term paper of 2019 asked whether a small neural network can detect induced earthquakes in Oklahoma, after \
         ConvNetQuake (Perol, Gharbi and Denolle 2018). Here it is redone step by step, first as it was done, then with \
         care. The data are {data}.\n\n\
         The catalog has {} events (the paper: 703), in {} clusters; from them come {} windows (the paper: 2595). Trained \
         on one set of windows, the paper's perceptron names the class of {} of the test windows; always saying noise \
         would name {}. With noisy copies made before a random division it seems to name {}, but {} of the tested windows \
         then have a twin in training. That test finds {} of the noise called an earthquake; the ten scanned hours find \
         {}. On windows with P anywhere, divided by time, the perceptron finds {} of the earthquakes, ConvNetQuake's \
         network {}.\n\n\
         In ten hours with {} published events the paper's way calls {} windows events. With overlapping windows, a \
         threshold from validation data, and merging, the convolutional network detects {} events: {} of the published \
         ones, {} of the {} simulated ones, and {} that are no earthquake.",
        hours.published.len(),
        study.cluster.k,
        windows_as_the_paper(study)?.len(),
        percent(one.accuracy().value),
        percent(faults.always_noise[0].value),
        percent(all.accuracy().value),
        percent(faults.twins[0]),
        percent(all.noise_called().value),
        percent(Spread::of(&in_hours).mean),
        percent(faults.found[0].mean),
        percent(faults.found[1].mean),
        hours.during(published).len(),
        faults.n_called,
        found.len(),
        beside.found.len(),
        of_truth.found.len(),
        hours.during(truth).len(),
        of_truth.false_alarms.len(),
    )))
}

/// Versions, seeds, hashes: what a run of the study was made with.
///
/// # Errors
/// As [`windows_as_the_paper`], [`store::windows`] and [`store::detector`].
pub fn made_with(study: &Study) -> Result<Table> {
    let mut table = Table::new("What this run was made with", &["What", "Which"]);
    for (name, version) in provenance::versions() {
        table = table.row([name, version]);
    }
    let windows = windows_as_the_paper(study)?;
    let data = Dataset::from_windows(&windows.windows, windows.n_samples, windows.n_classes)?;
    table = table
        .row(["seed of the study", &study.seed.to_string()])
        .row(["seed of the classroom", &SEED.to_string()])
        .row(["SHA-256 of the study", &study.hash()])
        .row([
            "SHA-256 of the windows, as the paper cut them",
            &data.sha256(),
        ])
        .row([
            "SHA-256 of the careful training windows",
            &store::windows(study)?.train.sha256(),
        ]);
    let (paper, careful) = (paper_network(study)?, store::detector(study)?.network);
    let networks: [(&str, &dyn Network); 2] = [
        ("the perceptron", &paper),
        ("the careful network", &careful),
    ];
    for (name, network) in networks {
        for row in provenance::of_network(name, network) {
            table = table.row(row);
        }
    }
    Ok(table)
}

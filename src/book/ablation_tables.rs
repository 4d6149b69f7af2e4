//! What the small trainings of chapter 7 say: tables and a figure of [`super::AblationRun`]s.

use super::ablations::{AblationRun, N_SEEDS, PLACE_RULES, by_seed, spread, sweep_points};
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::{PairedDifference, Score, holm};
use crate::plot::{Figure, sweep};

/// Places of the P wave, in s after the window's start, at which a window holds it and some seconds after it.
const PLACES_S: [i32; 7] = [1, 2, 3, 4, 5, 6, 7];

/// A number of a run that chapter 7 compares, with its name.
type Number = (&'static str, fn(&AblationRun) -> f64);

const NUMBERS: [Number; 3] = [
    ("events found", |run| run.found.value),
    ("cluster right", |run| run.right.value),
    ("average precision", |run| run.average_precision),
];

/// One row a setting: means over the seeds, with intervals. `what` names the first column.
pub fn ablation_table(runs: &[AblationRun], what: &str) -> Table {
    let headers = [
        what,
        "Training windows",
        "Events found",
        "of those, cluster right",
        "Average precision",
    ];
    let mut table = Table::new("", &headers);
    for of in runs.chunk_by(|a, b| a.setting == b.setting) {
        let setting = &of[0].setting;
        let [found, right, precision] =
            NUMBERS.map(|(_, number)| spread(of, setting, number).to_string());
        let n_train = of[0].n_train.to_string();
        table = table.row([setting.clone(), n_train, found, right, precision]);
    }
    let (n_events, n_quiet) = runs
        .first()
        .map_or((0, 0), |run| (run.found.n, run.n_quiet));
    table.noted(&format!(
        "Simulated data. Means of {N_SEEDS} seeds with 95 % intervals by Student's t, cut off at 0 and 100 %; on \
         {n_events} validation segments with an event and {n_quiet} without."
    ))
}

/// The three numbers of [`ablation_table`] over the value that was varied.
///
/// # Errors
/// As [`sweep`].
pub fn ablation_figure(runs: &[AblationRun], x_name: &str) -> Result<Figure> {
    let points = NUMBERS.map(|(name, number)| (name, sweep_points(runs, None, number)));
    let series = points.each_ref().map(|(name, of)| (*name, of.as_slice()));
    sweep(x_name, "%", &series)
}

/// Average precision of each setting less that of the setting `with`, seed by seed.
pub fn compared_table(runs: &[AblationRun], with: &str) -> Table {
    let of = |setting: &str| by_seed(runs, setting, |run| run.average_precision);
    let mut settings = settings(runs);
    settings.retain(|setting| setting != with);
    let differences: Vec<PairedDifference> = settings
        .iter()
        .map(|setting| PairedDifference::of(&of(setting), &of(with)))
        .collect();
    judged(
        &format!("Average precision compared with {with}, seed by seed"),
        "Setting",
        &settings,
        &differences,
    )
}

/// What the last doubling of a learning curve's events brings, seed by seed.
///
/// Empty where there are fewer than two settings.
pub fn last_doubling_table(runs: &[AblationRun]) -> Table {
    let settings = settings(runs);
    let [.., half, whole] = settings.as_slice() else {
        return Table::default();
    };
    let names = NUMBERS.map(|(name, _)| name.to_string());
    let differences = NUMBERS.map(|(_, number)| {
        PairedDifference::of(&by_seed(runs, whole, number), &by_seed(runs, half, number))
    });
    let caption = format!("From {half} to {whole}, seed by seed");
    judged(&caption, "Number", &names, &differences)
}

/// What was tried, in the order of the runs.
fn settings(runs: &[AblationRun]) -> Vec<String> {
    let mut settings: Vec<String> = runs.iter().map(|run| run.setting.clone()).collect();
    settings.dedup();
    settings
}

/// Differences with their probabilities of chance, corrected for so many comparisons.
fn judged(caption: &str, what: &str, names: &[String], differences: &[PairedDifference]) -> Table {
    let headers = [
        what,
        "Difference",
        "By chance",
        "By chance, of so many comparisons",
        "Judgement",
    ];
    let corrected = holm(&differences.iter().map(|d| d.p).collect::<Vec<_>>());
    let mut table = Table::new(caption, &headers);
    for ((name, difference), p) in names.iter().zip(differences).zip(corrected) {
        let judgement = match (p < 0.05, difference.mean > 0.0) {
            (false, _) => "not shown",
            (true, true) => "better",
            (true, false) => "worse",
        };
        table = table.row([
            name.clone(),
            difference.to_string(),
            format!("{:.3}", difference.p),
            format!("{p:.3}"),
            judgement.to_string(),
        ]);
    }
    table.noted(&format!(
        "Simulated data. {N_SEEDS} seeds; intervals by Student's t of each difference alone."
    ))
}

/// How each of [`PLACE_RULES`] does with the P wave at 1 to 7 s, and at 2 s; all seeds together.
pub fn place_table(places: &[AblationRun]) -> Table {
    let headers = [
        "Training windows",
        "Called",
        "Called at the worst place",
        "Of those called, cluster right",
        "At 2 s: called",
        "cluster right",
    ];
    let mut table = Table::new("Windows with their P wave at 1 to 7 s", &headers);
    for rule in PLACE_RULES {
        let at = |places_s: &[i32]| {
            let is_there = |run: &&AblationRun| {
                run.setting == rule && places_s.iter().any(|s| run.value == f64::from(*s))
            };
            called_and_right(places.iter().filter(is_there))
        };
        let worst = PLACES_S.map(|place| at(&[place]).0.value);
        let ((called, right), (called_2, right_2)) = (at(&PLACES_S), at(&[2]));
        let shares = [
            called.value,
            worst.into_iter().fold(1.0, f64::min),
            right.value,
            called_2.value,
            right_2.value,
        ];
        let shares = shares.map(|share| format!("{:.1} %", 100.0 * share));
        table = table.row(std::iter::once(rule.to_string()).chain(shares));
    }
    table.noted(&format!(
        "Simulated data. {N_SEEDS} seeds together; one event is counted once for each seed and place, so these are \
         means without an interval."
    ))
}

/// The events that were called, of all; and of those the ones whose cluster was right.
fn called_and_right<'a>(runs: impl Iterator<Item = &'a AblationRun>) -> (Score, Score) {
    let (mut n_found, mut n_events, mut n_right) = (0, 0, 0.0);
    for run in runs {
        n_found += run.right.n;
        n_events += run.found.n;
        if run.right.n > 0 {
            n_right += run.right.value * run.right.n as f64;
        }
    }
    let n_right = f64::round(n_right) as usize;
    (Score::of(n_found, n_events), Score::of(n_right, n_found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(setting: &str, value: f64, seed: u64, n_found: usize) -> AblationRun {
        AblationRun {
            setting: setting.into(),
            value,
            seed,
            n_train: 774,
            found: Score::of(n_found, 100),
            right: Score::of(n_found / 2, n_found),
            n_quiet: 169,
            average_precision: n_found as f64 / 100.0,
        }
    }

    #[test]
    fn settings_are_compared_seed_by_seed() {
        let mut runs = Vec::new();
        for (setting, value, gain) in [("10 s", 10.0, 0), ("5 s", 5.0, 10), ("20 s", 20.0, 1)] {
            for (seed, n_found) in [60, 70, 80].into_iter().enumerate() {
                // The last setting's gain changes its sign from seed to seed.
                let sign = if setting == "20 s" && seed == 1 {
                    -1
                } else {
                    1
                };
                let n_found = (n_found + sign * gain) as usize;
                runs.push(run(setting, value, seed as u64, n_found));
            }
        }
        runs[3].average_precision += 0.001;
        let table = compared_table(&runs, "10 s");
        let judged: Vec<&str> = table.rows.iter().map(|row| row[4].as_str()).collect();
        assert_eq!(judged, ["better", "not shown"], "{table}");
        let means = ablation_table(&runs, "Window");
        assert!(means.rows[1][2].starts_with("80.0 %"), "{means}");
        assert!(
            means
                .note
                .contains("100 validation segments with an event and 169 without")
        );
        let last = last_doubling_table(&runs);
        assert_eq!(last.caption, "From 5 s to 20 s, seed by seed");
        assert!(last.rows[0][1].starts_with("-9.7"), "{last}");
        assert!(last_doubling_table(&runs[..3]).rows.is_empty());
    }

    #[test]
    fn the_worst_place_is_the_lowest_of_seven() {
        let rule = PLACE_RULES[2];
        let at = |place: i32| run(rule, f64::from(place), 1, if place == 7 { 20 } else { 80 });
        let places: Vec<AblationRun> = (-2..10).map(at).collect();
        let table = place_table(&places);
        // Six places with 80 and one with 20 of 100; half of the clusters are right.
        assert_eq!(
            table.rows[2][1..],
            ["71.4 %", "20.0 %", "50.0 %", "80.0 %", "50.0 %"]
        );
    }
}

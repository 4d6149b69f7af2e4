//! Tables that compare detectors on one record: chapter 9.

use super::comparison::{RATES_PER_HOUR, TriedSetting};
use crate::classroom::Nuisance;
use crate::detect::{Comparison, Detections, ReferenceEvents, StaLtaParams};
use crate::display::{Markdown, Table};
use crate::evaluate::{OperatingPoint, Score, recall_at_rate, smallest_threshold_within};
use crate::time;

/// [`RATES_PER_HOUR`] in words.
const RATES: [&str; 4] = [
    "one a day",
    "one in four hours",
    "one an hour",
    "four an hour",
];

/// What the ground did where no nuisance was.
const NOISE: &str = "nothing but noise";

/// The events by their signal-to-noise ratio, from each edge to the next; the last has no upper end.
pub fn ratios_table(reference: &ReferenceEvents, edges: &[f64]) -> Table {
    let headers = ["Signal-to-noise ratio", "Earthquakes", "Magnitudes"];
    let mut table = Table::new("", &headers);
    for (i, low) in edges.iter().enumerate() {
        let high = edges.get(i + 1).copied().unwrap_or(f64::INFINITY);
        let events = reference.events.events().iter().zip(&reference.ratios);
        let within = events.filter(|(_, ratio)| ratio.is_some_and(|r| (*low..high).contains(&r)));
        let mut magnitudes: Vec<f64> = within.map(|(event, _)| event.magnitude).collect();
        magnitudes.sort_by(f64::total_cmp);
        table = table.row([
            match high.is_finite() {
                true => format!("{low} to {high}"),
                false => format!("{low} or more"),
            },
            magnitudes.len().to_string(),
            match magnitudes.as_slice() {
                [] => "-".to_string(),
                [first, ..] => format!("{first:.1} to {:.1}", magnitudes[magnitudes.len() - 1]),
            },
        ]);
    }
    let n = reference.n_counted();
    table.noted(&format!("Simulated data. {n} earthquakes must be found."))
}

/// The best settings of STA/LTA, and the usual one where it is not among them. `tried` begins with the best.
pub fn tried_table(tried: &[TriedSetting], n_best: usize) -> Table {
    let headers = [
        "Band (Hz)",
        "Averages (s)",
        "Components",
        "Mean recall over four rates",
    ];
    let caption =
        format!("Settings of STA/LTA on the validation day, the best {n_best} and the usual one");
    let usual = StaLtaParams::default();
    let is_usual = |setting: &&TriedSetting| setting.params == usual;
    let (best, rest) = tried.split_at(n_best.min(tried.len()));
    let rows = best
        .iter()
        .chain(rest.iter().filter(is_usual))
        .map(|tried| {
            let params = &tried.params;
            let name = if is_usual(&tried) { " (usual)" } else { "" };
            [
                format!("{} to {}{name}", params.band.low_hz, params.band.high_hz),
                format!("{} and {}", params.sta_s, params.lta_s),
                params.n_components.to_string(),
                format!("{:.1} %", 100.0 * tried.recall),
            ]
        });
    let table = rows.fold(Table::new(&caption, &headers), Table::row);
    table.noted(&format!(
        "Simulated data. {} settings were tried; of equals the first of the grid is taken.",
        tried.len()
    ))
}

/// The smallest threshold with at most so many false alarms an hour; infinite where none has so few.
///
/// A day that lacks a minute has a day's budget: the nearest whole number of alarms, and half of one for the rounding.
pub fn threshold_on(curve: &[OperatingPoint], budget_per_hour: f64) -> f64 {
    let hours = curve.first().map_or(0.0, |point| point.counts.hours);
    let rate = ((budget_per_hour * hours).round() + 0.5) / hours;
    smallest_threshold_within(curve, rate).map_or(f64::INFINITY, |point| point.threshold)
}

/// The recall of each detector's curve at [`RATES_PER_HOUR`].
pub fn equal_rates_table(comparison: &Comparison) -> Table {
    let headers: Vec<&str> = std::iter::once("Detector").chain(RATES).collect();
    let rows = comparison.results.iter().map(|result| {
        let recalls = RATES_PER_HOUR.map(|rate| {
            let recall = recall_at_rate(&result.curve, rate);
            let [value, lower, upper] =
                [recall.value, recall.lower, recall.upper].map(|share| 100.0 * share);
            format!("{value:.0} % [{lower:.0}, {upper:.0}]")
        });
        std::iter::once(result.name.clone()).chain(recalls)
    });
    rows.fold(Table::new("", &headers), Table::row)
}

/// What the counts and the brackets say: each detector, then the last one beside each other one at equal rates.
pub fn comparison_text(comparison: &Comparison) -> Markdown {
    let mut words = String::new();
    for result in &comparison.results {
        let counts = &result.counts;
        words += &format!(
            "- **{}** finds {} of {} earthquakes that an analyst would see; detections at no earthquake at all: {}.\n",
            result.name, counts.n_found, counts.n_counted, counts.n_false
        );
    }
    let Some((network, others)) = comparison.results.split_last() else {
        return Markdown(words);
    };
    words += "\nAt equal rates:\n\n";
    let at = |curve: &[OperatingPoint], rate: &f64| -> Score { recall_at_rate(curve, *rate) };
    for other in others {
        let is_apart = |rate: &&f64| {
            let (a, b) = (at(&network.curve, rate), at(&other.curve, rate));
            a.lower > b.upper || b.lower > a.upper
        };
        words += &format!(
            "- the brackets of the {} and of {} are apart at {} of {} rates.\n",
            network.name,
            other.name,
            RATES_PER_HOUR.iter().filter(is_apart).count(),
            RATES_PER_HOUR.len()
        );
    }
    words += "\nWhere brackets overlap, this day cannot tell who is better. Simulated data.";
    Markdown(words)
}

/// The false alarms of each named detector by the nuisance that they fell into.
pub fn causes_table(
    reference: &ReferenceEvents,
    nuisances: &[Nuisance],
    found: &[(String, Detections)],
) -> Table {
    let mut kinds: Vec<String> = nuisances.iter().map(|n| n.kind.to_string()).collect();
    kinds.sort();
    kinds.dedup();
    kinds.push(NOISE.to_string());
    let causes: Vec<Vec<String>> = found
        .iter()
        .map(|(_, detections)| causes(reference, nuisances, detections))
        .collect();
    let names = found.iter().map(|(name, _)| name.as_str());
    let headers: Vec<&str> = std::iter::once("During").chain(names).collect();
    let mut table = Table::new("False alarms by what the ground did", &headers);
    for kind in kinds {
        let counts = causes
            .iter()
            .map(|causes| causes.iter().filter(|cause| **cause == kind).count());
        let counts: Vec<String> = counts.map(|n| n.to_string()).collect();
        table = table.row(std::iter::once(kind).chain(counts));
    }
    table
}

/// The kind of the first nuisance that each false alarm overlaps.
fn causes(
    reference: &ReferenceEvents,
    nuisances: &[Nuisance],
    detections: &Detections,
) -> Vec<String> {
    let false_alarms = reference.match_(detections).false_alarms;
    let cause = |i: usize| {
        let alarm = &detections.items[i];
        let overlaps = |n: &&Nuisance| {
            alarm.start < n.start + time::seconds(n.duration_s) && alarm.end > n.start
        };
        let nuisance = nuisances.iter().find(overlaps);
        nuisance.map_or(NOISE.to_string(), |n| n.kind.to_string())
    };
    false_alarms.into_iter().map(cause).collect()
}

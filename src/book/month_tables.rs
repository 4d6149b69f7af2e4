//! Tables of the scanned days: chapter 8.

use super::days::{ScannedDays, VISIBLE_RATIO};
use super::month::{Independence, MonthScore};
use crate::detect::{Detections, Matches, Scan};
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::{
    OperatingPoint, Rate, Score, bootstrap, precision_at_base_rate, precision_at_event_rate,
};
use crate::method::worlds::{Recipe, openings_of_models};

/// Draws of whole days for the interval of the precision.
const N_RESAMPLES: usize = 1000;

/// One row a scoring of the held-out month, oldest first.
pub fn month_scores_table(scores: &[MonthScore]) -> Table {
    let headers = [
        "Day",
        "Detector",
        "Threshold",
        "Precision",
        "Recall of visible earthquakes",
    ];
    let caption = "Scores of the held-out month that were seen before this run";
    let rows = scores.iter().map(|look| {
        [
            look.date.clone(),
            look.detector.clone(),
            look.threshold.to_string(),
            look.precision().to_string(),
            look.recall().to_string(),
        ]
    });
    rows.fold(Table::new(caption, &headers), Table::row).noted(
        "Simulated data. STORED, not of this run: `data/stored/held-out-month.csv`, written down from the outputs of \
         this chapter. In the first three rows an event needed 4, 3 and 3 windows.",
    )
}

/// Windows that could not be scanned, by reason, and the stretches that they lie in.
pub fn unscanned_table(scan: &Scan) -> Table {
    let caption = "Windows of the month that could not be scanned";
    let rows = scan
        .unscanned_counts()
        .into_iter()
        .map(|(reason, n_windows)| {
            let of_reason = scan
                .unscanned
                .iter()
                .filter(|unscanned| unscanned.reason.kind() == reason);
            let n_stretches = of_reason.count();
            [
                reason.clone(),
                n_windows.to_string(),
                n_stretches.to_string(),
            ]
        });
    let headers = ["Reason", "Windows", "Stretches"];
    rows.fold(Table::new(caption, &headers), Table::row)
}

/// One row a threshold: what it finds and costs.
///
/// # Errors
/// As [`OperatingPoint::false_alarms`].
pub fn operating_table(points: &[OperatingPoint]) -> Result<Table> {
    let mut table = Table::new("", &POINT);
    for point in points {
        table = table.row(cells(point)?);
    }
    Ok(table.noted("Simulated data. Brackets: 95 % intervals."))
}

/// As [`operating_table`], each row with a name; `what` names the names.
///
/// # Errors
/// As [`OperatingPoint::false_alarms`].
pub fn named_points_table(what: &str, points: &[(&str, OperatingPoint)]) -> Result<Table> {
    let headers: Vec<&str> = std::iter::once(what).chain(POINT).collect();
    let mut table = Table::new("", &headers);
    for (name, point) in points {
        table = table.row(std::iter::once(name.to_string()).chain(cells(point)?));
    }
    Ok(table.noted("Simulated data. Brackets: 95 % intervals."))
}

const POINT: [&str; 4] = [
    "Threshold",
    "Precision",
    "Recall of visible earthquakes",
    "False alarms",
];

fn cells(point: &OperatingPoint) -> Result<[String; 4]> {
    Ok([
        point.threshold.to_string(),
        point.precision().to_string(),
        point.recall().to_string(),
        point.false_alarms()?.to_string(),
    ])
}

impl ScannedDays {
    /// How far the cases behind a precision and a recall depend on one another.
    pub fn independence_table(
        &self,
        detections: &Detections,
        matches: &Matches,
        known: &Independence,
    ) -> Table {
        let by_day = self.by_day(detections, matches);
        let of_days = |drawn: &[usize]| {
            let right: usize = drawn.iter().map(|i| by_day[*i].1).sum();
            let all: usize = drawn.iter().map(|i| by_day[*i].1 + by_day[*i].2).sum();
            right as f64 / all as f64
        };
        let mut table = Table::new("How independent the cases are", &["What", "Score"]);
        let n_of = |day: &(String, usize, usize)| day.1 + day.2;
        // Of days with as many detections the last is taken.
        if let Some(busiest) = by_day.iter().max_by_key(|day| n_of(day)) {
            let n_detections = by_day.iter().map(n_of).sum();
            let share = Score::of(n_of(busiest), n_detections);
            let what = format!("detections on the busiest day, {}", busiest.0);
            table = table.row([what, share.to_string()]);
        }
        // Without a detection on most days there is no precision to draw.
        if let Ok(precision) = bootstrap(by_day.len(), N_RESAMPLES, self.study.seed, of_days) {
            let [value, lower, upper] =
                [precision.value, precision.lower, precision.upper].map(|share| 100.0 * share);
            let n_days = precision.n;
            table = table.row([
                "precision, whole days drawn with replacement".to_string(),
                format!("{value:.1} % [{lower:.1}, {upper:.1}] of {n_days} days"),
            ]);
        }
        let is_visible = |i: usize| self.reference.counts(i);
        let is_known = |i: usize| known.has_trained_relative[i];
        let near = VISIBLE_RATIO / 2.0..2.0 * VISIBLE_RATIO;
        let is_near =
            |i: usize| self.reference.ratios[i].is_some_and(|ratio| near.contains(&ratio));
        let rows = [
            (
                "families of visible earthquakes, every one of them found",
                known.families_found(matches, is_visible),
            ),
            (
                "recall of visible earthquakes with a relative in the training time",
                matches.recall_among(|i| is_visible(i) && is_known(i)),
            ),
            (
                "recall of visible earthquakes without one",
                matches.recall_among(|i| is_visible(i) && !is_known(i)),
            ),
            (
                "recall of earthquakes between half and twice the line of the visible",
                matches.recall_among(is_near),
            ),
        ];
        let rows = rows.map(|(what, score)| [what.to_string(), score.to_string()]);
        rows.into_iter().fold(table, Table::row)
    }
}

/// The precision of a window and of a detection where earthquakes come as often as on these days, and more rarely.
///
/// `recall` and `false_positives` are the shares of the plain windows with an event and of those without that are
/// called one.
///
/// # Errors
/// As [`precision_at_base_rate`], [`precision_at_event_rate`] and [`Matches::false_alarm_rate`].
pub fn rare_events_table(
    month: &ScannedDays,
    matches: &Matches,
    [recall, false_positives]: &[Score; 2],
) -> Result<Table> {
    let n_events = month.reference.events.len() as f64;
    let false_alarms = matches.false_alarm_rate()?;
    let windows_of_event = recall.n as f64 / n_events;
    let windows_per_day = 86_400.0 * month.scan.sampling_rate_hz / month.scan.hop_samples as f64;
    let rates = [
        ("as on these days", 24.0 * n_events / false_alarms.hours),
        ("once a day", 1.0),
        ("once a week", 1.0 / 7.0),
        ("once a month", 1.0 / 30.0),
        ("once a year", 1.0 / 365.0),
    ];
    let headers = [
        "Earthquakes come",
        "Of all windows are events",
        "Precision of a window called an event",
        "Precision of a detection",
    ];
    let caption = "The same detector where earthquakes are rarer";
    let mut table = Table::new(caption, &headers);
    for (name, per_day) in rates {
        let share = per_day * windows_of_event / windows_per_day;
        let of_window = precision_at_base_rate(recall, false_positives, share)?;
        let of_detection =
            precision_at_event_rate(&matches.recall(), &false_alarms, per_day / 24.0)?;
        table = table.row([
            format!("{name} ({per_day:.3} a day)"),
            format!("{:.5} %", 100.0 * share),
            percent(&of_window),
            percent(&of_detection),
        ]);
    }
    Ok(table.noted(&format!(
        "Simulated data. From {} event windows and {} of noise, {} earthquakes and {} false alarms. Intervals: both \
         ends at their worst, then at their best.",
        recall.n,
        false_positives.n,
        matches.recall().n,
        false_alarms.n
    )))
}

/// A share with its interval, without the number of cases; a dash where there is no share.
fn percent(score: &Score) -> String {
    if score.value.is_nan() {
        return "-".to_string();
    }
    let [value, lower, upper] = [score.value, score.lower, score.upper].map(|share| 100.0 * share);
    format!("{value:.1} % [{lower:.1}, {upper:.1}]")
}

/// One row an opening of the sealed worlds, oldest first. It reads the list and opens nothing.
///
/// # Errors
/// As [`openings_of_models`].
pub fn openings_table() -> Result<Table> {
    let headers = [
        "Day",
        "What was judged",
        "Worlds",
        "Threshold",
        "Recall of earthquakes that stand out",
        "False alarms",
    ];
    let mut table = Table::new("Each opening of the sealed worlds", &headers);
    for opening in openings_of_models()? {
        table = table.row([
            opening.date.clone(),
            opening.what.clone(),
            opening.n_worlds.to_string(),
            format!("{:.3}", opening.threshold),
            Score::of(opening.n_found, opening.n_events).to_string(),
            Rate::of(opening.n_false, opening.free_hours)?.to_string(),
        ]);
    }
    let standing_out = Recipe::default();
    Ok(table.noted(&format!(
        "Simulated data, an hour of each world. STORED, not of this run: `data/models/openings.csv`. Standing out: P \
         at least {} times, S at least {} times the noise around them. The brackets count each earthquake as a case of \
         its own; those of one world have their noise and their faults in common.",
        standing_out.p_ratio, standing_out.s_ratio
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Counts;

    #[test]
    fn a_named_point_has_one_cell_more() {
        let counts = Counts {
            n_found: 20,
            n_counted: 24,
            n_right: 20,
            n_false: 3,
            hours: 288.0,
        };
        let point = OperatingPoint {
            threshold: 0.9,
            counts,
        };
        let plain = operating_table(&[point]).unwrap();
        let named = named_points_table("Who decides", &[("one network", point)]).unwrap();
        assert_eq!(named.rows[0][1..], plain.rows[0]);
        assert_eq!(named.rows[0].len(), named.headers.len());
        assert!(plain.rows[0][1].starts_with("87.0 %"), "{plain}");
        let nowhere = OperatingPoint {
            counts: Counts {
                hours: 0.0,
                ..counts
            },
            ..point
        };
        assert!(operating_table(&[nowhere]).is_err(), "no hours, no rate");
    }

    #[test]
    fn a_share_of_nothing_is_a_dash() {
        assert_eq!(percent(&Score::of(0, 0)), "-");
        assert!(percent(&Score::of(1, 4)).starts_with("25.0 % ["));
    }

    #[test]
    fn every_opening_and_every_look_is_told() {
        let openings = openings_table().unwrap();
        assert_eq!(openings.rows.len(), openings_of_models().unwrap().len());
        let scores = super::super::month_scores().unwrap();
        let table = month_scores_table(&scores);
        assert_eq!(table.rows.len(), scores.len());
        assert!(table.note.contains("STORED"));
    }
}

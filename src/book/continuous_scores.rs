//! What detectors do on twelve hours of a real record: counts, tables and figures.

use serde::{Deserialize, Serialize};

use super::stored::{provenance, read_scores};
use super::tuned::RATES;
use crate::detect::{Comparison, DetectorResult};
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::{Counts, Interval, OperatingPoint, RecallAtRate, Score};
use crate::plot::{self, Figure};

/// One detector on the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnRecord {
    pub name: String,
    /// `[false alarms, events found]` as the threshold falls, up to the largest rate.
    pub curve: Vec<[usize; 2]>,
    /// Claims in each hour of the record, at the threshold of [`HOURLY_RATE`].
    pub per_hour: Vec<usize>,
    /// At the threshold that was chosen on simulated worlds.
    pub own: RecallAtRate,
    /// At each of [`RATES`].
    pub at_rates: Vec<RecallAtRate>,
    /// Recall of the first detector less this one's, at each of [`RATES`].
    pub behind: Vec<Interval>,
}

/// Detectors on one span of record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub n_events: usize,
    pub free_hours: f64,
    pub n_blocks: usize,
    pub detectors: Vec<OnRecord>,
}

/// An instant of the record that is shown to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// Start of the window that claims.
    pub time: String,
    /// The detector, or [`NOBODY`].
    pub by: String,
}

/// A piece of record that no detector claims.
pub const NOBODY: &str = "no detector";

/// All scores on the continuous record, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuous {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    /// P picks of another program in each hour.
    pub picks: Vec<usize>,
    /// In the order in which they are shown.
    pub sampled: Vec<Sampled>,
    pub whole: Span,
    /// The hours that were not fine-tuned on.
    pub last: Span,
    /// True where they were not computed in this run.
    #[serde(skip)]
    pub stored: bool,
}

/// Claims are counted by the hour at this rate of alarms an hour.
pub const HOURLY_RATE: f64 = 1.0;

/// Blocks of record that intervals draw, seconds.
pub(super) const BLOCK_S: f64 = 900.0;

impl Span {
    /// Recall at equal rates of alarms: a row for each detector.
    pub fn table(&self) -> Table {
        let headers = rate_headers("");
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let caption = format!(
            "Recall of {} reference events at equal rates of alarms an hour",
            self.n_events
        );
        let mut table = Table::new(&caption, &headers);
        for one in &self.detectors {
            let recalls = one.at_rates.iter().map(|at| percent(&at.recall()));
            table = table.row(std::iter::once(one.name.clone()).chain(recalls));
        }
        table.noted(&format!(
            "Brackets: 95 % intervals by bootstrap, which draws {} blocks of {:.0} min and chooses the threshold anew in each draw. {:.1} h \
             are free of picks; alarms are counted there alone.",
            self.n_blocks,
            BLOCK_S / 60.0,
            self.free_hours
        ))
    }

    /// By how much the first detector is in front of each other one, at equal rates.
    pub fn paired_table(&self) -> Table {
        let headers = rate_headers("Against");
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let first = self.detectors.first().map_or("", |one| one.name.as_str());
        let caption = format!("Recall of {first} less that of another detector, percent points");
        let mut table = Table::new(&caption, &headers);
        for one in self.detectors.iter().skip(1) {
            let points = one.behind.iter().map(|behind| {
                let [value, lower, upper] =
                    [behind.value, behind.lower, behind.upper].map(|x| 100.0 * x);
                format!("{value:+.0} [{lower:+.0}, {upper:+.0}]")
            });
            table = table.row(std::iter::once(one.name.clone()).chain(points));
        }
        table.noted("Both detectors get the same drawn blocks. Where a bracket holds 0, this record does not tell them apart.")
    }

    /// Each detector at the threshold that it brought along.
    pub fn own_table(&self) -> Table {
        let headers = ["Detector", "Recall", "Alarms an hour"];
        let caption = "At thresholds that allow one false alarm an hour on simulated worlds";
        let mut table = Table::new(caption, &headers);
        for one in &self.detectors {
            let rate = one.own.point.false_alarms();
            table = table.row([
                one.name.clone(),
                percent(&one.own.recall()),
                rate.map_or("-".into(), |rate| {
                    format!(
                        "{:.1} [{:.1}, {:.1}]",
                        rate.per_hour, rate.lower_per_hour, rate.upper_per_hour
                    )
                }),
            ]);
        }
        table.noted("Recall: 95 % intervals by blocks of time. Alarms: Garwood's interval, as if they were independent.")
    }

    /// Recall over alarms an hour; large marks: the thresholds of the simulated worlds.
    ///
    /// # Errors
    /// As [`plot::recall_and_alarms`].
    pub fn figure(&self) -> Result<Figure> {
        let counts = |n_false, n_found| Counts {
            n_found,
            n_counted: self.n_events,
            n_right: n_found,
            n_false,
            hours: self.free_hours,
        };
        let result = |one: &OnRecord| DetectorResult {
            name: one.name.clone(),
            needs: String::new(),
            threshold: one.own.point.threshold,
            counts: one.own.point.counts,
            curve: one
                .curve
                .iter()
                .map(|[n_false, n_found]| OperatingPoint {
                    threshold: f64::NAN,
                    counts: counts(*n_false, *n_found),
                })
                .collect(),
            seconds: 0.0,
        };
        let comparison = Comparison {
            station: RECORD.into(),
            simulated: false,
            min_ratio: 0.0,
            results: self.detectors.iter().map(result).collect(),
        };
        Ok(plot::recall_and_alarms(&comparison)?.captioned(
            "Recall of the reference events over alarms an hour, as each detector's threshold moves; large marks, with 95 % intervals of single \
             cases: the threshold of the simulated worlds. On the left edge there is no alarm.",
        ))
    }
}

/// What the record is called in figures.
pub(super) const RECORD: &str = "CX.PB01, 1 May 2014";

impl Continuous {
    /// The scores that the project keeps for readers who have no real records.
    ///
    /// # Errors
    /// As [`Continuous::from_toml`].
    pub fn stored() -> Result<Self> {
        let text = include_str!("../../data/stored/continuous.toml");
        Ok(Self {
            stored: true,
            ..Self::from_toml(text)?
        })
    }

    /// Reads what [`Continuous::to_toml`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where it is something else.
    pub fn from_toml(text: &str) -> Result<Self> {
        read_scores(text, "data/stored/continuous.toml")
    }

    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("scores are plain TOML")
    }

    /// Where the numbers are from, for notes of tables.
    pub fn provenance(&self) -> String {
        provenance(self.stored, &self.made, &self.by)
    }

    /// Picks and claims in each hour.
    ///
    /// # Errors
    /// As [`plot::hourly_counts`].
    pub fn hourly_figure(&self) -> Result<Figure> {
        let mut series = vec![("P picks (DeepPhasePick)", self.picks.as_slice())];
        let claims = self.whole.detectors.iter();
        series.extend(claims.map(|one| (one.name.as_str(), one.per_hour.as_slice())));
        let caption = format!(
            "P picks of DeepPhasePick in each hour of the record, and claims of the detectors at a threshold of {HOURLY_RATE} alarm an hour."
        );
        Ok(plot::hourly_counts(&series)?
            .captioned(&caption)
            .sourced(RECORD, false))
    }

    /// Who claimed each piece of the page.
    pub fn key(&self) -> Table {
        let headers = ["Piece", "Claimed by", "Window begins (UTC)"];
        let mut table = Table::new("Who claimed what", &headers);
        for (i, one) in self.sampled.iter().enumerate() {
            table = table.row([(i + 1).to_string(), one.by.clone(), one.time.clone()]);
        }
        table.noted(&self.provenance())
    }
}

fn rate_headers(first: &str) -> Vec<String> {
    let first = if first.is_empty() { "Detector" } else { first };
    let rates = RATES.iter().map(|rate| format!("{rate} an hour"));
    std::iter::once(first.to_string()).chain(rates).collect()
}

/// `66 % [21, 94]`
fn percent(score: &Score) -> String {
    let [value, lower, upper] = [score.value, score.lower, score.upper].map(|x| 100.0 * x);
    format!("{value:.0} % [{lower:.0}, {upper:.0}]")
}

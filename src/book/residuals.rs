//! How near picks lie to onsets that are known.

use serde::{Deserialize, Serialize};

use crate::display::Table;
use crate::evaluate::Score;
use crate::pick::PickedPhase;
use crate::time::{Time, between_s};

/// A wave and when it arrives.
pub type Onset = (PickedPhase, Time);

/// An onset is found if a pick of its phase lies so near.
pub const NEAR_S: f64 = 0.5;

/// What became of the onsets of P and of S in some records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Residuals {
    /// For each onset that was found how much later its pick is, in seconds.
    pub late_s: [Vec<f64>; 2],
    pub n_onsets: [usize; 2],
    /// Picks that are near no onset.
    pub n_others: [usize; 2],
}

/// A row of a table of residuals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResidualsRow {
    /// The records, and whose onsets they are.
    pub reference: String,
    pub picker: String,
    pub phase: String,
    pub found: Score,
    /// Medians of the residuals and of their sizes, and the size that 95 % of them do not exceed; NaN of none.
    pub median_s: f64,
    pub median_size_s: f64,
    pub size_95_s: f64,
    /// Picks that are near no onset.
    pub n_others: usize,
}

impl Residuals {
    /// Adds a record: each onset looks for the nearest pick of its phase. A pick near an onset of `unjudged` is none of the others.
    pub fn add(&mut self, onsets: &[Onset], unjudged: &[Onset], picks: &[Onset]) {
        for (i, phase) in PickedPhase::ALL.into_iter().enumerate() {
            let of = |all: &[Onset]| -> Vec<Time> {
                let own = all.iter().filter(|(of, _)| *of == phase);
                own.map(|(_, time)| *time).collect()
            };
            let (onsets, unjudged, picks) = (of(onsets), of(unjudged), of(picks));
            self.n_onsets[i] += onsets.len();
            let found = onsets.iter().filter_map(|onset| late_s(*onset, &picks));
            self.late_s[i].extend(found);
            let is_other = |pick: &&Time| {
                let near = |all: &[Time]| late_s(**pick, all).is_some();
                !near(&onsets) && !near(&unjudged)
            };
            self.n_others[i] += picks.iter().filter(is_other).count();
        }
    }

    /// The share of all onsets that have a pick within each of these seconds.
    pub fn shares_within(&self, phase: PickedPhase, seconds: &[f64]) -> Vec<(f64, f64)> {
        let i = phase as usize;
        let n = self.n_onsets[i].max(1) as f64;
        let share = |s: &f64| {
            let within = self.late_s[i].iter().filter(|late| late.abs() <= *s);
            (*s, within.count() as f64 / n)
        };
        seconds.iter().map(share).collect()
    }

    /// A row for P and one for S.
    pub fn rows(&self, reference: &str, picker: &str) -> [ResidualsRow; 2] {
        PickedPhase::ALL.map(|phase| {
            let late_s = &self.late_s[phase as usize];
            let sizes: Vec<f64> = late_s.iter().map(|s| s.abs()).collect();
            ResidualsRow {
                reference: reference.into(),
                picker: picker.into(),
                phase: phase.to_string(),
                found: Score::of(late_s.len(), self.n_onsets[phase as usize]),
                median_s: quantile(late_s, 0.5),
                median_size_s: quantile(&sizes, 0.5),
                size_95_s: quantile(&sizes, 0.95),
                n_others: self.n_others[phase as usize],
            }
        })
    }
}

/// How much later the nearest of some times is, if it is near.
fn late_s(time: Time, all: &[Time]) -> Option<f64> {
    let away = all.iter().map(|other| between_s(time, *other));
    let nearest = away.min_by(|a, b| a.abs().total_cmp(&b.abs()));
    nearest.filter(|s| s.abs() <= NEAR_S)
}

/// The value that this share of all lies below; NaN of none.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// A row for each picker, reference and phase.
pub fn residuals_table(caption: &str, rows: &[ResidualsRow]) -> Table {
    let headers = [
        "Onsets of",
        "Picker",
        "Phase",
        "Found",
        "Median (ms)",
        "Median size (ms)",
        "95 % within (ms)",
        "Other picks",
    ];
    let mut table = Table::new(caption, &headers);
    for row in rows {
        let ms = |s: f64| match s.is_nan() {
            true => "-".to_string(),
            false => format!("{:.0}", 1e3 * s),
        };
        table = table.row([
            row.reference.clone(),
            row.picker.clone(),
            row.phase.clone(),
            row.found.to_string(),
            ms(row.median_s),
            ms(row.median_size_s),
            ms(row.size_95_s),
            row.n_others.to_string(),
        ]);
    }
    table.noted(&format!(
        "Found: a pick of the phase within {NEAR_S} s; brackets: 95 % interval by Wilson. Positive medians are late picks. Other picks are \
         near no onset of their phase."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::seconds;

    #[test]
    fn each_onset_takes_the_nearest_pick() {
        let at = |s: f64| Time::UNIX_EPOCH + seconds(s);
        let (p, s) = (PickedPhase::P, PickedPhase::S);
        let mut residuals = Residuals::default();
        let onsets = [(p, at(10.0)), (p, at(20.0)), (s, at(12.0))];
        let picks = [
            (p, at(10.1)),
            (p, at(9.7)),
            (p, at(12.0)),
            (p, at(30.2)),
            (s, at(11.9)),
        ];
        residuals.add(&onsets, &[(p, at(30.0))], &picks);
        let [of_p, of_s] = residuals.rows("hand", "hand");
        assert_eq!((of_p.found, of_s.found), (Score::of(1, 2), Score::of(1, 1)));
        assert!((of_p.median_s - 0.1).abs() < 1e-9 && (of_s.median_s + 0.1).abs() < 1e-9);
        assert_eq!((of_p.n_others, of_s.n_others), (1, 0));
        let shares = residuals.shares_within(p, &[0.05, 0.2]);
        assert_eq!(shares, [(0.05, 0.0), (0.2, 0.5)]);
    }

    #[test]
    fn no_pick_has_no_median() {
        let mut residuals = Residuals::default();
        residuals.add(&[(PickedPhase::P, Time::UNIX_EPOCH)], &[], &[]);
        let rows = residuals.rows("hand", "hand");
        assert!(rows[0].median_s.is_nan() && rows[1].found.n == 0);
        let text = residuals_table("t", &rows).to_string();
        assert!(
            text.contains("0.0 %") && text.contains("undefined"),
            "{text}"
        );
    }
}

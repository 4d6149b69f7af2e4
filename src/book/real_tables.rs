//! What chapter 11 says of its scores in sentences and small tables.

use super::continuous_scores::{Continuous, HOURLY_RATE, OnRecord, Span};
use super::real::{Picked, windows_of};
use super::spectra::Character;
use super::tuned::{RATES, Tuned};
use crate::display::{Markdown, Table};
use crate::error::Result;
use crate::evaluate::{Score, rank_correlation};
use crate::network::Classify;

impl Span {
    /// A line of a list for each detector: its recall at one alarm an hour, and at how many rates its difference to the
    /// first one is more than chance.
    pub fn sentences(&self) -> String {
        let at = RATES.iter().position(|rate| *rate == HOURLY_RATE);
        let at = at.expect("the rate is one of those compared");
        let mut lines = String::new();
        for (i, one) in self.detectors.iter().enumerate() {
            let recall = one.at_rates[at].recall();
            let [value, lower, upper] =
                [recall.value, recall.lower, recall.upper].map(|x| 100.0 * x);
            lines += &format!(
                "- **{}** finds {value:.0} % [{lower:.0}, {upper:.0}] of {} reference events at one alarm an hour",
                one.name, recall.n
            );
            if i > 0 {
                let is_apart = |d: &&crate::evaluate::Interval| d.lower > 0.0 || d.upper < 0.0;
                lines += &format!(
                    "; its difference to {} is more than chance at {} of {} rates",
                    self.detectors[0].name,
                    one.behind.iter().filter(is_apart).count(),
                    RATES.len()
                );
            }
            lines += ".\n";
        }
        lines
    }

    /// The smallest compared rate of alarms an hour at which a detector reaches a recall (0 to 1); `None` where it does
    /// not within the largest of [`RATES`].
    pub fn alarms_for(&self, detector: &OnRecord, recall: f64) -> Option<f64> {
        let wanted = recall * self.n_events as f64;
        let enough = |[_, n_found]: &&[usize; 2]| *n_found as f64 >= wanted;
        let [n_false, _] = detector.curve.iter().find(enough)?;
        Some(*n_false as f64 / self.free_hours)
    }
}

impl Continuous {
    /// What the front of the book says of real records.
    pub fn abstract_text(&self, tuned: &Tuned) -> Markdown {
        let at = RATES.iter().position(|rate| *rate == HOURLY_RATE);
        let at = at.expect("the rate is one of those compared");
        let found = self.whole.detectors.iter().map(|one| {
            let recall = one.at_rates[at].recall();
            let [value, lower, upper] =
                [recall.value, recall.lower, recall.upper].map(|x| 100.0 * x);
            format!("{} {value:.0} % [{lower:.0}, {upper:.0}]", one.name)
        });
        let in_worlds = tuned
            .recalls
            .map(|recall| format!("{:.0} %", 100.0 * recall));
        Markdown(format!(
            "What holds on real records comes first (chapter 11). Four detectors learnt from simulated records alone, and were \
             taken to twelve hours of aftershocks at station CX.PB01 in Chile. At one alarm an hour they find, of {} earthquakes that \
             PhaseNet picks: {}. An alarm is a claim where PhaseNet sees nothing, so the rate is an upper bound. In simulated \
             worlds the same four find {}, in this order, at one false alarm an hour: a ranking in a simulation is no ranking on the \
             Earth. The makers of the first one had looked at its score on these hours before, so it is somewhat too good.",
            self.whole.n_events,
            found.collect::<Vec<_>>().join(", "),
            in_worlds.join(", ")
        ))
    }

    /// Rank correlation of a detector's claims in each hour with the picks of the other program.
    pub fn correlation_with_picks(&self, detector: &OnRecord) -> f64 {
        let pairs = detector.per_hour.iter().zip(&self.picks);
        let pairs = pairs.map(|(claims, picks)| (*claims as f64, *picks as f64));
        rank_correlation(&pairs.collect::<Vec<_>>())
    }
}

/// Of three windows of each record with its P wave the share that is called an earthquake, and of three of its noise
/// the share that is not.
///
/// # Errors
/// As [`Classify::probabilities`].
pub fn window_scores(network: &dyn Classify, records: &[Picked]) -> Result<[Score; 2]> {
    let (mut n_right, mut n) = ([0; 2], [0; 2]);
    let cuts = windows_of(records, 3, None);
    for window in cuts.into_iter().flat_map(|cut| cut.windows) {
        let is_called = network.probabilities(&window.samples)?[0] >= 0.5;
        n[window.class] += 1;
        n_right[window.class] += usize::from(is_called == (window.class == 0));
    }
    Ok([0, 1].map(|class| Score::of(n_right[class], n[class])))
}

/// A quantity of [`Character`], as a table names it.
type Quantity = (&'static str, fn(&Character) -> f64);

const QUANTITIES: [Quantity; 7] = [
    ("signal over noise (dB)", |c| c.signal_to_noise_db),
    ("S after P (s)", |c| c.s_minus_p_s),
    ("P over S, amplitude", |c| c.p_over_s),
    ("S over what comes before it, amplitude", |c| c.s_rise),
    ("down to a quarter after (s)", |c| c.duration_s),
    ("mean frequency, earthquake (Hz)", |c| c.event_hz),
    ("mean frequency, noise (Hz)", |c| c.noise_hz),
];

/// Seven numbers of simulated and of real earthquakes: the median of each, and the middle half.
pub fn characters_table(simulated: &[Picked], real: &[Picked]) -> Table {
    let of = |records: &[Picked]| -> Vec<Character> {
        records.iter().filter_map(Character::of).collect()
    };
    let (ours, theirs) = (of(simulated), of(real));
    let headers = ["Quantity", "Classroom (simulated)", "Real records"];
    let mut table = Table::new("Earthquakes of the classroom and real ones", &headers);
    for (name, value) in QUANTITIES {
        let middle = |of: &[Character]| middle_half(of.iter().map(value).collect());
        table = table.row([name.to_string(), middle(&ours), middle(&theirs)]);
    }
    table.noted(&format!(
        "Median, and in brackets the middle half, of {} simulated and {} real records from 1 to 20 Hz.",
        ours.len(),
        theirs.len()
    ))
}

/// `1.4 (0.9 to 2.3)`: median and quartiles; `-` of no value.
fn middle_half(mut values: Vec<f64>) -> String {
    if values.is_empty() {
        return "-".into();
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
    format!("{:.1} ({:.1} to {:.1})", at(0.5), at(0.25), at(0.75))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_detector() {
        let scores = Continuous::stored().unwrap();
        let text = scores.whole.sentences();
        assert_eq!(text.lines().count(), scores.whole.detectors.len());
        let table = scores.whole.table();
        for (line, row) in text.lines().zip(&table.rows) {
            let at = table.headers.iter().position(|h| h == "1 an hour").unwrap();
            assert!(
                line.contains(&format!("**{}** finds {}", row[0], row[at])),
                "{line}"
            );
        }
        assert!(
            !text.lines().next().unwrap().contains("difference"),
            "{text}"
        );
    }

    #[test]
    fn more_recall_costs_more_alarms() {
        let scores = Continuous::stored().unwrap();
        let (span, first) = (&scores.whole, &scores.whole.detectors[0]);
        let half = span.alarms_for(first, 0.5).unwrap();
        assert!(span.alarms_for(first, 0.9).is_none_or(|rate| rate >= half));
        assert_eq!(span.alarms_for(first, 1.1), None);
        let claims = OnRecord {
            per_hour: scores.picks.iter().map(|n| 2 * n).collect(),
            ..first.clone()
        };
        assert!((scores.correlation_with_picks(&claims) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_middle_half_by_hand() {
        assert_eq!(
            middle_half(vec![5.0, 1.0, 3.0, 2.0, 4.0]),
            "3.0 (2.0 to 4.0)"
        );
        assert_eq!(middle_half(Vec::new()), "-");
        let table = characters_table(&[], &[]);
        assert_eq!(table.rows.len(), QUANTITIES.len());
    }
}

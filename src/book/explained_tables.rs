//! Tables of chapter 10: what several networks have in common, and with a trigger; what a changed window does.

use super::blackbox::{Arrivals, Change, Changed};
use super::explained::{Hidden, N_EXPLAINED, TwoScores};
use super::map_tables::near;
use crate::display::Table;
use crate::evaluate::{Score, Spread, rank_correlation, separation};
use crate::network::{ConvNet, FirstFilters, mean_and_half_width};
use crate::study::Study;

/// Whether the odds of a network fall near the arrivals by more than the energy there explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnsetExcess {
    /// Share of the fall less share of the energy within a second of P or S: mean over windows, -1 to 1.
    pub excess: f64,
    /// Half of its 95 % interval.
    pub half: f64,
    /// How closely the fall follows the energy from bin to bin: mean rank correlation over windows.
    pub follows_energy: f64,
}

impl OnsetExcess {
    /// Of windows with a bin of `bin_s` seconds hidden at a time.
    pub fn of(hidden: &Hidden, arrivals: &[Arrivals], bin_s: f64) -> Self {
        let pairs = || hidden.falls.iter().zip(&hidden.energies);
        let excess = pairs().zip(arrivals).map(|((falls, energies), a)| {
            near(falls, a, bin_s).share - near(energies, a, bin_s).share
        });
        let excess: Vec<f64> = excess.filter(|x| x.is_finite()).collect();
        let correlations = pairs().map(|(falls, energies)| {
            let both = falls.iter().copied().zip(energies.iter().copied());
            rank_correlation(&both.collect::<Vec<_>>())
        });
        let correlations: Vec<f64> = correlations.filter(|x| x.is_finite()).collect();
        let (excess, half) = mean_and_half_width(&excess);
        Self {
            excess,
            half,
            follows_energy: mean_and_half_width(&correlations).0,
        }
    }

    /// The excess with its interval, as a sentence.
    pub fn sentence(&self) -> String {
        let [mean, lower, upper] = [
            self.excess,
            self.excess - self.half,
            self.excess + self.half,
        ]
        .map(|x| 100.0 * x);
        format!(
            "within 1 s of P or S: the fall's share less the energy's {mean:+.1} points [{lower:+.1}, {upper:+.1}] over the detector's windows"
        )
    }

    /// What the interval of the excess says.
    pub fn verdict(&self) -> &'static str {
        if self.excess - self.half > 0.0 {
            "more than the energy explains: the onsets matter beyond their energy"
        } else if self.excess + self.half < 0.0 {
            "less than the energy explains: that the map is high at the onsets says nothing for the onsets themselves"
        } else {
            "no more than the energy explains: not shown that the onsets themselves matter"
        }
    }
}

/// A row for each kind of network: means over its networks, and the smallest and the largest.
pub fn onset_table(kinds: &[(&str, Vec<OnsetExcess>)]) -> Table {
    let headers = [
        "Networks",
        "Number",
        "Share of the fall less share of the energy, within 1 s of P or S",
        "Fall follows energy (rank correlation)",
    ];
    let caption =
        "Several networks: is the fall of the odds at the onsets more than the energy there?";
    let mut table = Table::new(caption, &headers);
    for (name, networks) in kinds {
        let points: Vec<f64> = networks.iter().map(|one| 100.0 * one.excess).collect();
        let correlations: Vec<f64> = networks.iter().map(|one| one.follows_energy).collect();
        let (points, rho) = (Spread::of(&points), Spread::of(&correlations));
        table = table.row([
            name.to_string(),
            networks.len().to_string(),
            format!(
                "{:+.1} points ({:+.1} to {:+.1})",
                points.mean, points.min, points.max
            ),
            format!("{:.2} ({:.2} to {:.2})", rho.mean, rho.min, rho.max),
        ]);
    }
    table.noted(
        "Simulated data. Hidden by noise. Means over the networks, in brackets the smallest and the largest.",
    )
}

/// Networks with random weights that learnt nothing, by their seeds.
pub fn untrained_networks(study: &Study) -> Vec<ConvNet> {
    let seeds = study.seed..study.seed + N_EXPLAINED;
    let n_classes = study.cluster.k + 1;
    let network = |seed| ConvNet::new(study.window.n_samples, n_classes, seed);
    seeds.map(network).collect()
}

/// A name, and which windows belong to the group.
type Group = (&'static str, fn(&TwoScores) -> bool);

/// Groups of windows in which a network and a trigger are compared.
const GROUPS: [Group; 3] = [
    ("all windows", |_| true),
    ("windows with a P wave", |pair| pair.is_event),
    ("windows of noise", |pair| !pair.is_event),
];

/// Of the windows of a group their number, and the rank correlation of the two scores.
fn agreement(pairs: &[TwoScores], is_asked: fn(&TwoScores) -> bool) -> (usize, f64) {
    let asked = pairs.iter().filter(|pair| is_asked(pair));
    let scores: Vec<(f64, f64)> = asked.map(|pair| (pair.network, pair.trigger)).collect();
    (scores.len(), rank_correlation(&scores))
}

/// How alike a network and a trigger order windows.
pub fn two_scores_table(pairs: &[TwoScores]) -> Table {
    let headers = ["Windows", "Number", "Rank correlation of the two scores"];
    let mut table = Table::new("The network's score beside a trigger's", &headers);
    for (name, is_asked) in GROUPS {
        let (n, rho) = agreement(pairs, is_asked);
        table = table.row([name.to_string(), n.to_string(), format!("{rho:.2}")]);
    }
    let area = |score: fn(&TwoScores) -> f64| {
        let of = pairs.iter().map(|pair| (pair.is_event, score(pair)));
        separation(&of.collect::<Vec<_>>())
    };
    table.noted(&format!(
        "Simulated data: the test's stretches, a window every two seconds. An earthquake's window has the larger score than one of noise \
         with a probability of {:.3} by the network, {:.3} by the trigger. Half of the noise stretches were chosen because a trigger \
         goes off there, which is hard on the trigger.",
        area(|pair| pair.network),
        area(|pair| pair.trigger)
    ))
}

/// What the rank correlations within earthquakes and within noise say.
pub fn two_scores_verdict(pairs: &[TwoScores]) -> &'static str {
    let within = GROUPS[1..]
        .iter()
        .map(|(_, is_asked)| agreement(pairs, *is_asked).1);
    let least = within.fold(f64::INFINITY, f64::min);
    if least > 0.7 {
        "within earthquakes and within noise the orders are nearly the same: this network is little more than a trigger"
    } else if least > 0.3 {
        "the orders are alike in part: what a trigger measures is much of the score, and not all of it"
    } else {
        "within earthquakes, within noise or in both the orders have little in common: it is more than this trigger, or another thing"
    }
}

/// By how much training has moved a tap of the first filters: root mean square over all taps.
pub fn moved_taps(before: &FirstFilters, after: &FirstFilters) -> f64 {
    let taps = |of: &FirstFilters| -> Vec<f64> {
        let rows = (0..of.len()).flat_map(|filter| [0, 1, 2].map(|c| of.taps(filter, c)));
        rows.flatten().copied().collect()
    };
    let (before, after) = (taps(before), taps(after));
    let squares = before.iter().zip(&after).map(|(a, b)| (a - b).powi(2));
    (squares.sum::<f64>() / after.len() as f64).sqrt()
}

/// Mean gain of the first filters at some frequencies, before and after the training.
pub fn gains_table(
    before: &FirstFilters,
    after: &FirstFilters,
    frequencies_hz: &[f64],
    rate_hz: f64,
) -> Table {
    let mean = |of: &FirstFilters, f: f64| {
        let gains = (0..of.len()).map(|i| of.joint_gain(i, f, rate_hz));
        format!("{:.3}", gains.sum::<f64>() / of.len() as f64)
    };
    let caption = "Mean gain of the first filters, three components together";
    let mut table = Table::new(caption, &["Frequency (Hz)", "Untrained", "Trained"]);
    for f in frequencies_hz {
        table = table.row([format!("{f:.0}"), mean(before, *f), mean(after, *f)]);
    }
    let nyquist_hz = rate_hz / 2.0;
    let is_high =
        |i: &usize| after.joint_gain(*i, nyquist_hz, rate_hz) > after.joint_gain(*i, 0.0, rate_hz);
    table.noted(&format!(
        "{} of {} trained filters pass {nyquist_hz:.0} Hz better than 0 Hz. Trained on simulated data.",
        (0..after.len()).filter(is_high).count(),
        after.len()
    ))
}

/// A row for each change: decisions that change with the window.
pub fn changes_table(changed: &[Changed], channels: &[String; 3]) -> Table {
    let headers = [
        "The window",
        "Earthquakes lost",
        "Cluster changed",
        "Noise called earthquake",
    ];
    let mut table = Table::new("Decisions that change with the window", &headers);
    for row in changed {
        let scores = [row.lost, row.moved, row.raised].map(|score| score.to_string());
        table = table.row(std::iter::once(row.change.name(channels)).chain(scores));
    }
    table.noted(
        "Simulated data. Of the windows decided rightly before the change; the cluster where it is an earthquake before and after. Wilson \
         intervals; `of` says of how many windows.",
    )
}

/// Earthquakes that one change loses.
///
/// # Panics
/// Where the change was not tried.
pub fn lost(changed: &[Changed], change: Change) -> Score {
    let row = changed.iter().find(|row| row.change == change);
    row.expect("the change was tried").lost
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P at 2 s, S at 4 s of a window of 10 s.
    fn arrivals() -> Arrivals {
        Arrivals {
            index: 0,
            p_s: 2.0,
            s_s: 4.0,
            magnitude: 1.0,
        }
    }

    /// One value for each second, 1 where it is named.
    fn map(seconds: &[usize]) -> Vec<f64> {
        (0..10)
            .map(|i| f64::from(u8::from(seconds.contains(&i))))
            .collect()
    }

    #[test]
    fn a_fall_beyond_the_energy_is_seen() {
        let of = |falls: Vec<f64>| {
            let hidden = Hidden {
                falls: vec![falls.clone(), falls],
                energies: vec![map(&[2, 8]), map(&[2, 8])],
            };
            OnsetExcess::of(&hidden, &[arrivals(); 2], 1.0)
        };
        let (onset, late) = (of(map(&[2])), of(map(&[8])));
        assert_eq!((onset.excess, onset.half, late.excess), (0.5, 0.0, -0.5));
        assert!(onset.verdict().starts_with("more") && late.verdict().starts_with("less"));
        assert!(of(map(&[2, 8])).verdict().starts_with("no more"));
        assert!((of(map(&[2, 8])).follows_energy - 1.0).abs() < 1e-12);
        assert!(
            onset.sentence().contains("+50.0 points [+50.0, +50.0]"),
            "{}",
            onset.sentence()
        );
        let table = onset_table(&[("both", vec![onset, late])]);
        assert_eq!(
            table.rows[0][..3],
            ["both", "2", "+0.0 points (-50.0 to +50.0)"]
        );
    }

    #[test]
    fn two_orders_are_compared_within_groups() {
        let pair = |i: usize, trigger: f64| TwoScores {
            is_event: i >= 5,
            network: i as f64,
            trigger,
        };
        let alike: Vec<TwoScores> = (0..10).map(|i| pair(i, (i * i) as f64)).collect();
        let table = two_scores_table(&alike);
        assert_eq!(table.rows[1], ["windows with a P wave", "5", "1.00"]);
        assert!(two_scores_verdict(&alike).contains("nearly the same"));
        // Over all windows the orders agree in part, within each group they are opposite.
        let opposite = |i: usize| pair(i, if i < 5 { -(i as f64) } else { 20.0 - i as f64 });
        let opposite: Vec<TwoScores> = (0..10).map(opposite).collect();
        assert_eq!(two_scores_table(&opposite).rows[2][2], "-1.00");
        assert!(two_scores_verdict(&opposite).contains("little in common"));
    }

    #[test]
    fn filters_that_stay_have_not_moved() {
        let filters = |seed| FirstFilters::of(&ConvNet::new(1000, 4, seed)).unwrap();
        assert_eq!(moved_taps(&filters(1), &filters(1)), 0.0);
        assert!(moved_taps(&filters(1), &filters(2)) > 0.01);
        let table = gains_table(&filters(1), &filters(1), &[0.0, 50.0], 100.0);
        assert_eq!(
            (table.rows.len(), table.rows[0][1] == table.rows[0][2]),
            (2, true)
        );
    }

    #[test]
    fn the_lost_of_a_change_are_found_again() {
        let changed = |change, n| Changed {
            change,
            lost: Score::of(n, 10),
            moved: Score::of(0, 10),
            raised: Score::of(0, 10),
        };
        let all = [changed(Change::Reversed, 1), changed(Change::Backward, 4)];
        assert_eq!(lost(&all, Change::Backward).value, 0.4);
        let table = changes_table(&all, &["1", "2", "Z"].map(String::from));
        assert_eq!(table.rows[0][0], "polarity reversed");
        assert!(table.rows[1][1].starts_with("40.0 %"));
    }
}

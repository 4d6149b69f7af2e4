//! Tables of chapter 10: how much of a map lies near the arrivals, and in each part of a window.

use super::blackbox::Arrivals;
use super::explained::Hidden;
use crate::display::Table;
use crate::network::{Concentration, mean_and_half_width};

/// An arrival is near for so many seconds before and after it.
const NEAR_S: f64 = 1.0;

/// Of the windows that are called an earthquake, one of middling magnitude; of all, where none is.
///
/// `p_event` has the probability of an event for each of `arrivals`.
///
/// # Panics
/// Without any arrival.
pub fn middling(arrivals: &[Arrivals], p_event: &[f64]) -> Arrivals {
    let pairs = arrivals.iter().zip(p_event);
    let mut found: Vec<Arrivals> = pairs.filter(|(_, p)| **p >= 0.5).map(|(a, _)| *a).collect();
    if found.is_empty() {
        found = arrivals.to_vec();
    }
    found.sort_by(|a, b| a.magnitude.total_cmp(&b.magnitude));
    found[found.len() / 2]
}

/// How much of each map of several windows lies within a second of P or S.
#[derive(Debug, Clone, PartialEq)]
pub struct NearArrivals {
    /// The map, and what it is of.
    pub map: String,
    pub of: String,
    /// Of each window the share of its map, 0 to 1. Windows whose map is zero everywhere are left out.
    pub shares: Vec<f64>,
    /// Of the same windows the share of their time that lies as near.
    pub chances: Vec<f64>,
}

impl NearArrivals {
    /// Of `maps`, one for each of `arrivals`, whose values stand for `bin_s` seconds each.
    pub fn of(map: &str, of: &str, maps: &[Vec<f64>], arrivals: &[Arrivals], bin_s: f64) -> Self {
        let near = maps
            .iter()
            .zip(arrivals)
            .map(|(map, a)| near(map, a, bin_s));
        let told = near.filter(|near| near.share.is_finite());
        let (shares, chances) = told.map(|near| (near.share, near.chance)).unzip();
        Self {
            map: map.into(),
            of: of.into(),
            shares,
            chances,
        }
    }
}

/// Of one map, whose values stand for `bin_s` seconds each.
pub(super) fn near(map: &[f64], arrivals: &Arrivals, bin_s: f64) -> Concentration {
    Concentration::of(map, bin_s, &[arrivals.p_s, arrivals.s_s], NEAR_S)
}

/// A row for each kind of map: mean share near the arrivals, and the share that chance would give.
pub fn near_arrivals_table(rows: &[NearArrivals]) -> Table {
    let headers = [
        "Map",
        "Of",
        "Windows",
        "Share (95 % interval)",
        "Chance",
        "Times chance",
    ];
    let mut table = Table::new("Share of a map within 1 s of P or S", &headers);
    for row in rows {
        let (share, half) = mean_and_half_width(&row.shares);
        let (chance, _) = mean_and_half_width(&row.chances);
        let [mean, lower, upper] = [share, share - half, share + half].map(|x| 100.0 * x);
        table = table.row([
            row.map.clone(),
            row.of.clone(),
            row.shares.len().to_string(),
            format!("{mean:.1} % [{lower:.1}, {upper:.1}]"),
            format!("{:.1} %", 100.0 * chance),
            format!("{:.2}", share / chance),
        ]);
    }
    table.noted(
        "Simulated data. Of occlusion only falls of the odds count. Windows whose map is zero everywhere are left out.",
    )
}

/// How many times more of a map lies within `reach_s` of an instant than chance would give.
///
/// Mean over the windows, half of its 95 % interval, and the number of windows. Each map has its own instant, in seconds
/// after the window's start.
pub fn times_chance(
    maps: &[Vec<f64>],
    instants_s: &[f64],
    bin_s: f64,
    reach_s: f64,
) -> (f64, f64, usize) {
    let pairs = maps.iter().zip(instants_s);
    let near = pairs.map(|(map, at_s)| Concentration::of(map, bin_s, &[*at_s], reach_s));
    let told = near.filter(|near| near.share.is_finite() && near.chance > 0.0);
    let times: Vec<f64> = told.map(|near| near.share / near.chance).collect();
    let (mean, half) = mean_and_half_width(&times);
    (mean, half, times.len())
}

/// The parts of a window with an earthquake, and where each ends.
const STRETCHES: [&str; 5] = [
    "before P",
    "from P to S",
    "S, one second",
    "one to three seconds after S",
    "later",
];

/// Mean share of the maps in each of [`STRETCHES`]; negative values count as none.
fn by_stretch(maps: &[Vec<f64>], arrivals: &[Arrivals], bin_s: f64) -> [f64; 5] {
    let mut mean = [0.0; 5];
    for (map, a) in maps.iter().zip(arrivals) {
        let all: f64 = map.iter().map(|x| x.max(0.0)).sum();
        for (i, value) in map.iter().enumerate() {
            let at_s = (i as f64 + 0.5) * bin_s;
            let ends_s = [a.p_s, a.s_s, a.s_s + 1.0, a.s_s + 3.0];
            let stretch = ends_s.iter().filter(|end_s| at_s >= **end_s).count();
            let share = value.max(0.0) / all.max(f64::MIN_POSITIVE);
            mean[stretch] += share / maps.len() as f64;
        }
    }
    mean
}

/// Where the odds fall and where the energy is: a row for each part of a window.
pub fn stretches_table(
    by_zero: &Hidden,
    by_noise: &Hidden,
    arrivals: &[Arrivals],
    bin_s: f64,
) -> Table {
    let headers = [
        "Stretch",
        "Time",
        "Energy",
        "Fall, hidden by silence",
        "Fall, hidden by noise",
        "Fall by noise, per energy",
    ];
    let even: Vec<Vec<f64>> = by_zero
        .energies
        .iter()
        .map(|row| vec![1.0; row.len()])
        .collect();
    let columns = [&even, &by_zero.energies, &by_zero.falls, &by_noise.falls];
    let columns = columns.map(|maps| by_stretch(maps, arrivals, bin_s));
    let mut table = Table::new("Where the odds fall, and where the energy is", &headers);
    for (i, name) in STRETCHES.iter().enumerate() {
        let percent = columns.map(|column| format!("{:.1} %", 100.0 * column[i]));
        let per_energy = format!("{:.2}", columns[3][i] / columns[1][i]);
        let cells = std::iter::once(name.to_string()).chain(percent);
        table = table.row(cells.chain([per_energy]));
    }
    table.noted(
        "Simulated data. Means over the windows; of each window all stretches add up to 100 %. Only falls of the odds count. The last \
         column is 1 where the fall is as large as the energy that was hidden.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P at 2 s, S at 4 s of a window of 10 s.
    fn arrivals(magnitude: f64) -> Arrivals {
        Arrivals {
            index: 0,
            p_s: 2.0,
            s_s: 4.0,
            magnitude,
        }
    }

    /// One value for each second, 1 where it is named.
    fn map(seconds: &[usize]) -> Vec<f64> {
        (0..10)
            .map(|i| f64::from(u8::from(seconds.contains(&i))))
            .collect()
    }

    #[test]
    fn the_middle_one_of_those_found() {
        let all = [1.0, 5.0, 2.0, 3.0].map(arrivals);
        assert_eq!(middling(&all, &[0.9, 0.1, 0.9, 0.9]).magnitude, 2.0);
        assert_eq!(middling(&all, &[0.1; 4]).magnitude, 3.0);
    }

    #[test]
    fn shares_near_the_arrivals_by_hand() {
        // Middles of the bins at 1.5, 2.5, 3.5 and 4.5 s are near: four of ten. A map of zeros is left out.
        let maps = [map(&[1, 2]), map(&[2, 9]), map(&[])];
        let near = NearArrivals::of("occlusion", "trained", &maps, &[arrivals(1.0); 3], 1.0);
        assert_eq!(
            (near.shares.clone(), near.chances.clone()),
            (vec![1.0, 0.5], vec![0.4; 2])
        );
        let row = &near_arrivals_table(&[near]).rows[0];
        assert_eq!(row[..3], ["occlusion", "trained", "2"]);
        assert_eq!(row[4..], ["40.0 %", "1.88"]);
        let (times, half, n) = times_chance(&maps[..2], &[2.0, 2.0], 1.0, 1.0);
        assert!((times - 3.75).abs() < 1e-12 && half > 0.0 && n == 2);
    }

    #[test]
    fn parts_of_a_window_add_up() {
        let hidden = |seconds: &[usize]| Hidden {
            falls: vec![map(seconds)],
            energies: vec![map(&[3, 4])],
        };
        let table = stretches_table(&hidden(&[4]), &hidden(&[0, 3]), &[arrivals(1.0)], 1.0);
        let column = |i: usize| {
            table
                .rows
                .iter()
                .map(|row| row[i].as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            column(1),
            ["20.0 %", "20.0 %", "10.0 %", "20.0 %", "30.0 %"]
        );
        assert_eq!(column(2), ["0.0 %", "50.0 %", "50.0 %", "0.0 %", "0.0 %"]);
        assert_eq!(column(3), ["0.0 %", "0.0 %", "100.0 %", "0.0 %", "0.0 %"]);
        assert_eq!(column(4), ["50.0 %", "50.0 %", "0.0 %", "0.0 %", "0.0 %"]);
        assert_eq!(column(5)[1..3], ["1.00", "0.00"]);
    }
}

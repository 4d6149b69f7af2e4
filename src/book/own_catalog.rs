//! What an own catalog is worth against the truth: chapter 15.

use super::swarm::Swarm;
use crate::bulletin::{Account, Bulletin, BulletinEvent};
use crate::catalog::{Catalog, Event};
use crate::display::Table;
use crate::error::{Result, fail};
use crate::evaluate::Score;
use crate::time::between_s;

/// A found event and a true one are one earthquake if they are no farther apart than this.
pub const WITHIN_S: f64 = 2.0;
pub const WITHIN_KM: f64 = 15.0;

/// A bulletin beside the truth.
#[derive(Debug, Clone)]
pub struct OwnScore {
    bulletin: Bulletin,
    truth: Catalog,
    /// Indices of the found event and of the true one.
    pairs: Vec<(usize, usize)>,
}

/// How far a found event is from the true one.
#[derive(Debug, Clone, Copy)]
struct Offset {
    across_km: f64,
    /// Below the true depth.
    down_km: f64,
    late_s: f64,
    is_in_ellipse: bool,
    /// Against the stated standard error; NaN where there is none.
    down_errors: f64,
    major_km: f64,
}

impl OwnScore {
    pub fn of(bulletin: &Bulletin, truth: &Catalog) -> Self {
        let pairs = bulletin.to_catalog().pairs(truth, WITHIN_S, WITHIN_KM);
        Self {
            bulletin: bulletin.clone(),
            truth: truth.clone(),
            pairs,
        }
    }

    /// True earthquakes that were found.
    pub fn recall(&self) -> Score {
        Score::of(self.pairs.len(), self.truth.len())
    }

    /// Found events that are earthquakes.
    pub fn precision(&self) -> Score {
        Score::of(self.pairs.len(), self.bulletin.events.len())
    }

    /// Found events that are no earthquake, by time.
    pub fn invented(&self) -> Vec<BulletinEvent> {
        let all = self.bulletin.events.iter().enumerate();
        let is_paired = |i: &usize| self.pairs.iter().any(|(found, _)| found == i);
        all.filter(|(i, _)| !is_paired(i))
            .map(|(_, event)| event.clone())
            .collect()
    }

    /// Half of the found earthquakes are nearer to their true epicentres than this, in km.
    pub fn median_km(&self) -> f64 {
        median(
            self.offsets()
                .iter()
                .map(|offset| offset.across_km)
                .collect(),
        )
    }

    /// True epicentres that lie in their 68 % ellipses.
    pub fn in_ellipse(&self) -> Score {
        let offsets = self.offsets();
        let n = offsets.iter().filter(|offset| offset.is_in_ellipse).count();
        Score::of(n, offsets.len())
    }

    fn offsets(&self) -> Vec<Offset> {
        let placed = self.pairs.iter().filter_map(|(found, of)| {
            let h = &self.bulletin.events[*found].hypocentre;
            let truth: &Event = &self.truth.events()[*of];
            let (east_km, north_km) = truth.epicentre().local_km(h.epicentre);
            let down_km = h.depth_km - truth.depth_km?;
            (!h.is_outside()).then(|| Offset {
                across_km: east_km.hypot(north_km),
                down_km,
                late_s: between_s(truth.origin_time, h.origin_time),
                is_in_ellipse: h.ellipse.holds(east_km, north_km),
                down_errors: down_km.abs() / h.depth_error_km,
                major_km: h.ellipse.major_km,
            })
        });
        placed.collect()
    }

    /// True earthquakes in bins of their magnitude: how many there were, were found, and were published.
    pub fn by_magnitude(&self, published: &Catalog) -> Table {
        let of_published = published.pairs(&self.truth, WITHIN_S, WITHIN_KM);
        let headers = ["True magnitude (Mw)", "Earthquakes", "Found", "Published"];
        let mut table = Table::new("Earthquakes that were found, by true magnitude", &headers);
        for (low, high) in [(0.7, 1.0), (1.0, 1.5), (1.5, 2.0), (2.0, 4.5)] {
            let is_in = |index: &usize| {
                let magnitude = self.truth.events()[*index].magnitude;
                (low..high).contains(&magnitude)
            };
            let n = (0..self.truth.len()).filter(is_in).count();
            let count = |pairs: &[(usize, usize)]| pairs.iter().filter(|(_, t)| is_in(t)).count();
            table = table.row([
                format!("{low:.1} to {high:.1}"),
                n.to_string(),
                Score::of(count(&self.pairs), n).to_string(),
                Score::of(count(&of_published), n).to_string(),
            ]);
        }
        table.noted("Simulated data. Brackets are 95 % intervals.")
    }

    /// Errors of the found earthquakes' places beside those that were stated.
    pub fn errors(&self) -> Table {
        let offsets = self.offsets();
        let of = |what: fn(&Offset) -> f64| median(offsets.iter().map(what).collect());
        let known: Vec<&Offset> = offsets
            .iter()
            .filter(|o| o.down_errors.is_finite())
            .collect();
        let n_within = known.iter().filter(|o| o.down_errors <= 1.0).count();
        let headers = ["", "Median error", "Within what was stated"];
        let km = |value: f64| format!("{value:.2} km");
        Table::new("Errors of the places that were found", &headers)
            .row(["Epicentre".into(), km(of(|o| o.across_km)), self.in_ellipse().to_string()])
            .row([
                "Depth".into(),
                km(of(|o| o.down_km.abs())),
                Score::of(n_within, known.len()).to_string(),
            ])
            .row(["Origin time".into(), format!("{:.3} s", of(|o| o.late_s.abs())), String::new()])
            .noted(&format!(
                "Simulated data. Stated is a 68 % ellipse of the epicentre (its major half axis is {:.2} km in the median), and a \
                 standard error of the depth: both should hold 68 %. Brackets are 95 % intervals.",
                of(|o| o.major_km)
            ))
    }
}

/// What became of the picks, a row each.
pub fn account_table(account: &Account, n_events: usize) -> Table {
    let rows = [
        ("Picks", account.n_picks),
        ("... of an event", account.n_associated),
        ("... a second of one wave at one station", account.n_doubles),
        ("... of no event", account.n_unused),
        ("Events", n_events),
        ("Events without a place, left out", account.n_not_located),
        (
            "Events with too few picks in the end, left out",
            account.n_too_few,
        ),
    ];
    let table = Table::new("What became of the picks", &["", "Number"]);
    let row = |table: Table, (name, n): (&str, usize)| table.row([name.to_string(), n.to_string()]);
    rows.into_iter().fold(table, row).noted("Simulated data.")
}

/// How late clocks seem to be, and how late they are.
pub fn clocks_table(bulletin: &Bulletin, swarm: &Swarm) -> Table {
    let headers = ["Station", "Late by its picks (s)", "Truly late (s)"];
    let mut table = Table::new("Clocks that seem to be wrong", &headers);
    for (station, late_s) in &bulletin.clocks {
        let truly = swarm
            .late_s(station)
            .map_or_else(String::new, |s| format!("{s:+.2}"));
        table = table.row([station.clone(), format!("{late_s:+.2}"), truly]);
    }
    table.noted("Simulated data.")
}

/// A line from one kind of magnitude to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MagnitudeLine {
    pub slope: f64,
    pub offset: f64,
    /// Standard deviation around the line.
    pub spread: f64,
    pub n_events: usize,
}

impl MagnitudeLine {
    /// By least squares from events that both catalogs have.
    ///
    /// # Errors
    /// [`crate::Error::Magnitude`] where these are fewer than three, or all of one magnitude.
    pub fn fit(own: &Catalog, known: &Catalog) -> Result<Self> {
        let both: Vec<(f64, f64)> = own
            .pairs(known, WITHIN_S, WITHIN_KM)
            .into_iter()
            .map(|(i, j)| (own.events()[i].magnitude, known.events()[j].magnitude))
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect();
        let n = both.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        let width: f64 = both.iter().map(|p| (p.0 - x).powi(2)).sum();
        if both.len() < 3 || width < 1e-6 {
            let what = format!("{} events have both magnitudes", both.len());
            let remedy = "Give three or more, of different magnitudes";
            return Err(fail!(Magnitude, "a line of magnitudes", what, remedy));
        }
        let slope = both.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / width;
        let offset = y - slope * x;
        let squares: f64 = both
            .iter()
            .map(|p| (p.1 - slope * p.0 - offset).powi(2))
            .sum();
        Ok(Self {
            slope,
            offset,
            spread: (squares / (n - 2.0)).sqrt(),
            n_events: both.len(),
        })
    }

    /// The catalog with its magnitudes on the line.
    pub fn convert(&self, own: &Catalog) -> Catalog {
        let event = |event: &Event| Event {
            magnitude: self.slope * event.magnitude + self.offset,
            ..event.clone()
        };
        let events = own.events().iter().map(event).collect();
        Catalog::new(&*own.source, own.simulated, events)
    }
}

/// Magnitude of completeness and b-value of catalogs, a row each.
///
/// # Errors
/// As [`Catalog::completeness`] and [`Catalog::b_value`].
pub fn b_values_table(catalogs: &[(&str, &Catalog)]) -> Result<Table> {
    let headers = [
        "Catalog",
        "Events with a magnitude",
        "Complete from",
        "Events from there",
        "b-value",
    ];
    let mut table = Table::new("b-values", &headers);
    for (name, catalog) in catalogs {
        let completeness = catalog.completeness()?;
        let b = catalog.b_value(completeness)?;
        let sized = catalog
            .events()
            .iter()
            .filter(|event| event.magnitude.is_finite());
        table = table.row([
            (*name).to_string(),
            sized.count().to_string(),
            format!("{completeness:.1}"),
            b.n_events.to_string(),
            format!("{:.2} ± {:.2}", b.b, b.error),
        ]);
    }
    Ok(table.noted("Simulated data. ± is a standard error."))
}

/// How far the magnitudes of catalogs are from the true ones, a row each.
pub fn magnitude_errors_table(catalogs: &[(&str, &Catalog)], truth: &Catalog) -> Table {
    let headers = [
        "Magnitude",
        "Earthquakes",
        "Median difference",
        "68 % lie between",
    ];
    let mut table = Table::new("Magnitudes against the true ones", &headers);
    for (name, catalog) in catalogs {
        let mut off: Vec<f64> = catalog
            .pairs(truth, WITHIN_S, WITHIN_KM)
            .into_iter()
            .map(|(i, j)| catalog.events()[i].magnitude - truth.events()[j].magnitude)
            .filter(|off| off.is_finite())
            .collect();
        off.sort_by(f64::total_cmp);
        let at = |share: f64| off.get((share * off.len() as f64) as usize);
        // What rounds to 0 has no minus.
        let rounded = |off: &f64| (100.0 * off).round() / 100.0 + 0.0;
        let told =
            |share| at(share).map_or_else(String::new, |off| format!("{:+.2}", rounded(off)));
        table = table.row([
            (*name).to_string(),
            off.len().to_string(),
            told(0.5),
            format!("{} and {}", told(0.16), told(0.84)),
        ]);
    }
    table.noted("Simulated data. A difference is what was found, less the true moment magnitude.")
}

/// The upper of the two in the middle, where there is no middle; NaN of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(magnitudes: &[f64]) -> Catalog {
        let rows = magnitudes.iter().enumerate();
        let rows = rows.map(|(i, m)| format!("2014-02-16T01:{i:02}:00,35.8,-97.4,5,{m}\n"));
        let text = format!(
            "time,latitude,longitude,depth,mag\n{}",
            rows.collect::<String>()
        );
        Catalog::from_text(&text, "made up").unwrap()
    }

    #[test]
    fn differences_of_magnitudes_are_told() {
        let truth = catalog(&[1.0, 2.0, 3.0, 4.0]);
        let own = catalog(&[1.5, 2.1, 3.2]);
        let text = magnitude_errors_table(&[("own", &own)], &truth).to_string();
        // Of 0.1, 0.2 and 0.5 the one in the middle, and those at 0.16 and 0.84 of three.
        let row = text.lines().find(|line| line.starts_with("own")).unwrap();
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(cells, ["own", "3", "+0.20", "+0.10", "and", "+0.50"]);
    }

    #[test]
    fn a_line_is_found_again_and_used() {
        let own = catalog(&[0.0, 1.0, 2.0, 3.0, 4.0]);
        let line = MagnitudeLine::fit(&own, &catalog(&[1.0, 1.5, 2.0, 2.5])).unwrap();
        assert!((line.slope - 0.5).abs() < 1e-9 && (line.offset - 1.0).abs() < 1e-9);
        assert!(line.spread < 1e-9 && line.n_events == 4);
        let converted = line.convert(&own);
        assert!((converted.events()[4].magnitude - 3.0).abs() < 1e-9);
        assert!(MagnitudeLine::fit(&own, &catalog(&[1.0])).is_err());
    }

    #[test]
    fn the_median_by_hand() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert!(median(Vec::new()).is_nan());
    }
}

//! Which events of two catalogs are one earthquake.

use super::Catalog;
use crate::time::{self, between_s};

impl Catalog {
    /// Pairs of indices, here and in `other`, of events whose origin times differ by at most `within_s`, and whose epicentres by at most
    /// `within_km`. Each event has one partner at most: the pair nearest in time is made first. An event without a place is paired
    /// by its time alone. In the order of this catalog.
    ///
    /// ```
    /// use quakebook::catalog::Catalog;
    /// let head = "time,latitude,longitude,depth,mag\n";
    /// let read = |rows: &str| Catalog::from_text(&format!("{head}{rows}"), "made up");
    /// let found = read("2014-02-16T01:00:00,35.8,-97.4,5,2\n2014-02-16T01:00:02,35.8,-97.4,5,2\n")?;
    /// let known = read("2014-02-16T01:00:01.9,35.81,-97.4,5,2\n2014-02-16T03:00:00,35.8,-97.4,5,2\n")?;
    /// assert_eq!(found.pairs(&known, 3.0, 10.0), [(1, 0)]);
    /// assert_eq!(found.pairs(&known, 3.0, 1.0), []);
    /// # Ok::<(), quakebook::Error>(())
    /// ```
    pub fn pairs(&self, other: &Self, within_s: f64, within_km: f64) -> Vec<(usize, usize)> {
        let others = other.events();
        let mut near = Vec::new();
        for (i, event) in self.events().iter().enumerate() {
            let earliest = event.origin_time - time::seconds(within_s);
            let first = others.partition_point(|o| o.origin_time < earliest);
            for (j, candidate) in others.iter().enumerate().skip(first) {
                let apart_s = between_s(event.origin_time, candidate.origin_time);
                if apart_s > within_s {
                    break;
                }
                let apart_km = event.epicentre().distance_km(candidate.epicentre());
                // NaN where a place is not known.
                if apart_km.is_nan() || apart_km <= within_km {
                    near.push((apart_s.abs(), i, j));
                }
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut taken, mut taken_there) = (vec![false; self.len()], vec![false; other.len()]);
        let mut pairs = Vec::new();
        for (_, i, j) in near {
            if !taken[i] && !taken_there[j] {
                (taken[i], taken_there[j]) = (true, true);
                pairs.push((i, j));
            }
        }
        pairs.sort_unstable();
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(rows: &[(f64, f64)]) -> Catalog {
        let row = |(s, latitude): &(f64, f64)| {
            format!("2014-02-16T01:00:{s:06.3},{latitude},-97.4,5,2\n")
        };
        let rows: String = rows.iter().map(row).collect();
        let text = format!("time,latitude,longitude,depth,mag\n{rows}");
        Catalog::from_text(&text, "made up").unwrap()
    }

    #[test]
    fn an_event_has_one_partner() {
        let (a, b) = (
            catalog(&[(1.0, 35.8), (2.0, 35.8), (3.0, 35.8)]),
            catalog(&[(2.1, 35.8), (2.6, 35.8)]),
        );
        // 2.0 and 2.1 are nearest, then 3.0 and 2.6; nobody is left for 1.0.
        assert_eq!(a.pairs(&b, 2.0, 5.0), [(1, 0), (2, 1)]);
        assert_eq!(b.pairs(&a, 2.0, 5.0), [(0, 1), (1, 2)]);
    }

    #[test]
    fn far_events_are_two() {
        let (a, b) = (catalog(&[(1.0, 35.8)]), catalog(&[(1.0, 36.0)]));
        assert_eq!(a.pairs(&b, 1.0, 20.0), []);
        assert_eq!(a.pairs(&b, 1.0, 30.0), [(0, 0)]);
    }
}

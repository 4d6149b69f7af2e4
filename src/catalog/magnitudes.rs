//! How many earthquakes of each size: completeness and b-value.
//!
//! Gutenberg & Richter (1944, *BSSA* 34, 185-188): of `N` events at least as large as `M`,
//! `log10 N = a - b M`. Below the magnitude of completeness a catalog has fewer.

use super::Catalog;
use crate::error::{Result, fail};

/// Catalogs round magnitudes to tenths.
const STEP: f64 = 0.1;

/// What [`Catalog::completeness`] adds to the most frequent magnitude.
const CURVATURE_CORRECTION: f64 = 0.2;

/// The slope of the law of Gutenberg and Richter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BValue {
    pub b: f64,
    /// Standard error of `b`.
    pub error: f64,
    /// Events at or above the magnitude of completeness.
    pub n_events: usize,
}

impl Catalog {
    /// The magnitude of completeness by maximum curvature: the most frequent tenth of magnitude
    /// (Wiemer & Wyss 2000, *BSSA* 90, 859-869), which is known to be too low, and 0.2 (Woessner &
    /// Wiemer 2005, *BSSA* 95, 684-698). Of equally frequent ones the largest. Events without a
    /// magnitude do not count.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] where no event has a magnitude.
    pub fn completeness(&self) -> Result<f64> {
        let mut counts = std::collections::BTreeMap::new();
        for tenth in self.tenths() {
            *counts.entry(tenth).or_insert(0) += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n);
        let (tenth, _) = most.ok_or_else(|| self.too_few("no event has a magnitude"))?;
        Ok((tenth as f64 + (CURVATURE_CORRECTION / STEP).round()) / 10.0)
    }

    /// The b-value of the events at or above `completeness`, by maximum likelihood:
    /// `b = log10(e) / (mean M - (completeness - 0.05))` with standard error `b / sqrt(n)` (Aki
    /// 1965, *Bull. Earthq. Res. Inst.* 43, 237-239). The 0.05 is half a step of magnitude: what is
    /// written as 2.0 was 1.95 or more (Utsu 1966).
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] where fewer than two events are so large.
    pub fn b_value(&self, completeness: f64) -> Result<BValue> {
        let least = (completeness / STEP).round() as i64;
        let large: Vec<i64> = self.tenths().into_iter().filter(|t| *t >= least).collect();
        let n_events = large.len();
        if n_events < 2 {
            let what = format!("{n_events} events of magnitude {completeness} or more");
            return Err(self.too_few(&what));
        }
        let mean = large.iter().sum::<i64>() as f64 * STEP / n_events as f64;
        let b = std::f64::consts::LOG10_E / (mean - (least as f64 - 0.5) * STEP);
        Ok(BValue {
            b,
            error: b / (n_events as f64).sqrt(),
            n_events,
        })
    }

    /// Known magnitudes in tenths.
    fn tenths(&self) -> Vec<i64> {
        let magnitudes = self.events().iter().map(|event| event.magnitude);
        magnitudes
            .filter(|magnitude| magnitude.is_finite())
            .map(|magnitude| (magnitude / STEP).round() as i64)
            .collect()
    }

    fn too_few(&self, what: &str) -> crate::Error {
        fail!(
            Catalog,
            format!("{}, magnitudes", self.source),
            what,
            "Take a larger catalog or a smaller magnitude"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Event;

    fn catalog(magnitudes: &[f64]) -> Catalog {
        let event = |(i, magnitude): (usize, &f64)| Event {
            id: i.to_string(),
            origin_time: crate::time::Time::from_timestamp(i as i64, 0).unwrap(),
            longitude_deg: -97.4,
            latitude_deg: 35.8,
            depth_km: None,
            magnitude: *magnitude,
            magnitude_type: "ML".into(),
            event_type: String::new(),
        };
        let events = magnitudes.iter().enumerate().map(event).collect();
        Catalog::new("a test", true, events)
    }

    #[test]
    fn the_b_value_of_five_events_by_hand() {
        // Mean 2.32, so b = 0.434294 / (2.32 - 1.95); 1.9 and the unknown one are left out.
        let catalog = catalog(&[1.9, 2.0, 2.0, 2.1, 2.4, 3.1, f64::NAN]);
        let found = catalog.b_value(2.0).unwrap();
        assert_eq!(found.n_events, 5);
        assert!((found.b - 1.173_769).abs() < 1e-6, "{}", found.b);
        assert!((found.error - 0.524_925).abs() < 1e-6, "{}", found.error);
    }

    #[test]
    fn a_b_value_of_one_is_found_again() {
        // 10,000 magnitudes at equal steps of probability of the law with b = 1 from 1.95 on.
        let magnitudes: Vec<f64> = (0..10_000)
            .map(|i| 1.95 - ((f64::from(i) + 0.5) / 10_000.0).log10())
            .map(|m| (m * 10.0).round() / 10.0)
            .collect();
        let found = catalog(&magnitudes).b_value(2.0).unwrap();
        // Rounding alone makes the estimate 0.4 % too small.
        assert!((found.b - 1.0).abs() < 0.01, "{}", found.b);
    }

    #[test]
    fn completeness_is_above_the_most_frequent_magnitude() {
        let found = catalog(&[1.4, 1.5, 1.5, 1.6, 1.6, 1.7]).completeness();
        assert_eq!(found.unwrap(), 1.8);
    }

    #[test]
    fn too_few_events_are_an_error() {
        assert!(catalog(&[]).completeness().is_err());
        assert!(catalog(&[f64::NAN]).completeness().is_err());
        let error = catalog(&[2.0, 2.5]).b_value(2.5).unwrap_err();
        assert!(error.to_string().contains("1 events of magnitude 2.5"));
    }
}

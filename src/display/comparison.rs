//! How detectors beside one another, and what they could not use, look in a notebook.

use super::Table;
use crate::detect::{Comparison, DataQuality, DetectorResult};
use crate::plot::provenance;

impl Comparison {
    /// One row a detector, at the threshold chosen beforehand.
    pub fn table(&self) -> Table {
        let caption = format!(
            "Detectors on the same record; counted are earthquakes at least {} times above the noise",
            self.min_ratio
        );
        let headers = [
            "Detector",
            "Threshold",
            "Recall, % [95 %]",
            "Precision, % [95 %]",
            "False alarms an hour [95 %]",
            "Computing (s)",
            "Needs to know",
        ];
        let hours = self.results.iter().map(|c| c.counts.hours);
        let hours = hours.fold(0.0, f64::max);
        let rows = self.results.iter().map(row);
        rows.fold(Table::new(&caption, &headers), Table::row)
            .noted(&format!("{hours:.1} h scanned."))
            .noted(&provenance(&self.station, self.simulated))
    }
}

fn row(result: &DetectorResult) -> Vec<String> {
    let alarms = match result.counts.false_alarms() {
        Ok(rate) => format!(
            "{:.2} [{:.2}, {:.2}]",
            rate.per_hour, rate.lower_per_hour, rate.upper_per_hour
        ),
        Err(_) => "-".into(),
    };
    let percent = |score: crate::evaluate::Score| match score.is_defined() {
        true => format!(
            "{:.0} [{:.0}, {:.0}] of {}",
            100.0 * score.value,
            100.0 * score.lower,
            100.0 * score.upper,
            score.n
        ),
        false => "-".into(),
    };
    vec![
        result.name.clone(),
        format!("{:.3}", result.threshold),
        percent(result.counts.recall()),
        percent(result.counts.precision()),
        alarms,
        one_digit(result.seconds),
        result.needs.clone(),
    ]
}

/// Seconds to one digit: a second run does not take exactly as long.
fn one_digit(seconds: f64) -> String {
    if seconds < 1.0 {
        return "<1".into();
    }
    let decade = 10f64.powf(seconds.log10().floor());
    format!("{:.0}", (seconds / decade).round() * decade)
}

impl DataQuality {
    /// One row a component: what of it a detector could not use.
    pub fn table(&self) -> Table {
        let headers = ["Channel", "Samples", "Missing", "Stuck", "Clipped", "Moved"];
        let table = Table::new("What of the record can be used", &headers);
        let table = (0..3).fold(table, |table, i| {
            table.row([
                self.channels[i].clone(),
                self.n_samples.to_string(),
                self.n_missing[i].to_string(),
                self.n_stuck[i].to_string(),
                self.n_clipped[i].to_string(),
                if self.dead[i] { "never" } else { "yes" }.to_string(),
            ])
        });
        match self.n_too_short {
            0 => table,
            n => table.noted(&format!(
                "{n} samples lie in segments between gaps that are too short to be scanned."
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::one_digit;

    #[test]
    fn seconds_have_one_digit() {
        let texts = [0.3, 1.4, 9.7, 23.9, 140.0].map(one_digit);
        assert_eq!(texts, ["<1", "1", "10", "20", "100"]);
    }
}

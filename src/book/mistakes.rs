//! What went wrong on scanned days: the events that were missed, and what the false alarms were.

use super::days::ScannedDays;
use crate::data_centre;
use crate::detect::{Detections, Matches};
use crate::display::Table;
use crate::time::{Time, TimeSpan, between_s};

impl ScannedDays {
    /// Visible events that were missed, and what the false alarms were.
    ///
    /// At most `n_rows` of each are listed.
    pub fn mistakes(&self, detections: &Detections, matches: &Matches, n_rows: usize) -> Table {
        let headers = [
            "Mistake",
            "Time (UTC)",
            "Magnitude",
            "Distance (km)",
            "Signal to noise",
            "Probability",
            "What it was",
        ];
        let mut table = Table::new(
            "Visible events that were missed, and false alarms",
            &headers,
        );
        let missed: Vec<usize> = matches
            .missed
            .iter()
            .copied()
            .filter(|e| self.reference.counts(*e))
            .collect();
        for &i in missed.iter().take(n_rows) {
            let event = &self.reference.events.events()[i];
            let before = i
                .checked_sub(1)
                .map(|j| between_s(self.reference.arrivals[j], self.reference.arrivals[i]));
            table = table.row([
                "missed".to_string(),
                clock(self.reference.arrivals[i]),
                format!("{:.1}", event.magnitude),
                format!("{:.1}", event.epicentre().distance_km(self.station)),
                self.reference.ratios[i].map_or("-".into(), |ratio| format!("{ratio:.0}")),
                format!("{:.4}", self.largest_near(self.reference.arrivals[i])),
                match before {
                    Some(s) if s < 60.0 => format!("earthquake, {s:.0} s after another"),
                    _ => "earthquake".into(),
                },
            ]);
        }
        for &i in matches.false_alarms.iter().take(n_rows) {
            let alarm = &detections.items[i];
            let span = TimeSpan {
                start: alarm.start,
                end: alarm.end,
            };
            let kinds: Vec<String> = data_centre::nuisances(&self.study, &span)
                .iter()
                .map(|n| n.kind.to_string())
                .collect();
            table = table.row([
                "false alarm".to_string(),
                clock(alarm.time),
                "-".into(),
                "-".into(),
                "-".into(),
                format!("{:.4}", alarm.probability),
                match kinds.is_empty() {
                    true => "nothing but noise".into(),
                    false => kinds.join(", "),
                },
            ]);
        }
        table.noted(&format!(
            "{} visible events missed, {} false alarms.",
            missed.len(),
            matches.false_alarms.len()
        ))
    }

    /// The largest probability of an event among the windows that hold an instant.
    pub fn largest_near(&self, at: Time) -> f64 {
        let (scan, noise) = (&self.scan, self.scan.n_classes - 1);
        let holds = |i: &usize| (0.0..scan.window_s()).contains(&between_s(scan.starts[*i], at));
        let p_event = |i: usize| 1.0 - f64::from(scan.probabilities[i * scan.n_classes + noise]);
        (0..scan.len())
            .filter(holds)
            .map(p_event)
            .fold(0.0, f64::max)
    }
}

fn clock(time: Time) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

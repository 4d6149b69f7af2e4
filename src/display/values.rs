//! Tables of what goes in: study, catalog, station, record, windows.

use super::Table;
use super::table::first_rows;
use crate::catalog::Catalog;
use crate::fdsn::Station;
use crate::plot::{class_name, provenance};
use crate::study::Study;
use crate::time;
use crate::waveform::Record3C;
use crate::window::{RejectionLog, Windows};

/// Rows of a long list that a notebook shows.
pub(super) const N_ROWS: usize = 12;

impl Catalog {
    /// The first events, with the number of all and the source.
    pub fn table(&self) -> Table {
        let headers = [
            "Origin time (UTC)",
            "Latitude (deg)",
            "Longitude (deg)",
            "Depth (km)",
            "Magnitude",
            "Type",
        ];
        let mut table = Table::new(&format!("{} events", self.len()), &headers);
        for event in self.events().iter().take(N_ROWS) {
            table = table.row([
                event
                    .origin_time
                    .format("%Y-%m-%d %H:%M:%S%.3f")
                    .to_string(),
                known(event.latitude_deg, 4),
                known(event.longitude_deg, 4),
                event
                    .depth_km
                    .map_or("-".into(), |depth| format!("{depth:.1}")),
                known(event.magnitude, 1),
                event.magnitude_type.clone(),
            ]);
        }
        if self.left_out().n_events > 0 {
            table = table.noted(&self.left_out().to_string());
        }
        table
            .noted(&first_rows(N_ROWS, self.len()))
            .noted(&provenance(&self.source, self.simulated))
    }
}

/// A number, or a dash where it is not known.
fn known(number: f64, digits: usize) -> String {
    match number.is_finite() {
        true => format!("{number:.digits$}"),
        false => "-".into(),
    }
}

impl Record3C {
    /// One row a channel: samples, missing ones, and the range of what was recorded.
    pub fn table(&self) -> Table {
        let caption = format!(
            "{} from {} to {}, {} Hz",
            self.station,
            time::iso(self.start),
            time::iso(self.end()),
            self.sampling_rate_hz
        );
        let headers = [
            "Channel", "Samples", "Missing", "Minimum", "Mean", "Maximum",
        ];
        let mut table = Table::new(&caption, &headers);
        for (channel, data) in self.channels.iter().zip(&self.data) {
            let present = || data.iter().copied().filter(|v| !v.is_nan()).map(f64::from);
            let n_present = present().count();
            let value = |v: f64| match n_present {
                0 => "-".to_string(),
                _ => format!("{v:.1}"),
            };
            table = table.row([
                channel.clone(),
                data.len().to_string(),
                (data.len() - n_present).to_string(),
                value(present().fold(f64::INFINITY, f64::min)),
                value(present().sum::<f64>() / n_present as f64),
                value(present().fold(f64::NEG_INFINITY, f64::max)),
            ]);
        }
        table.noted(&provenance(&self.station, self.simulated))
    }
}

impl Study {
    /// Every number of the study, by its key in the TOML.
    pub fn table(&self) -> Table {
        let caption = format!("Study {}", self.name);
        let mut table = Table::new(&caption, &["Key", "Value"]);
        let mut section = String::new();
        for line in self.to_toml().lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = format!("{name}.");
            } else if let Some((key, value)) = line.split_once(" = ") {
                table = table.row([format!("{section}{key}"), value.replace('"', "")]);
            }
        }
        table.noted(&format!("SHA-256 begins with {}.", &self.hash()[..8]))
    }
}

impl Station {
    /// The station's place and one row a channel.
    pub fn table(&self) -> Table {
        let caption = format!(
            "{}.{}.{} at {:.5} N, {:.5} E, {} m",
            self.network,
            self.station,
            self.location,
            self.latitude_deg,
            self.longitude_deg,
            self.elevation_m
        );
        let headers = [
            "Channel",
            "Azimuth (deg)",
            "Dip (deg)",
            "Rate (Hz)",
            "Sensitivity (counts per m/s)",
        ];
        let mut table = Table::new(&caption, &headers);
        for channel in &self.channels {
            table = table.row([
                channel.code.to_string(),
                channel.azimuth_deg.to_string(),
                channel.dip_deg.to_string(),
                channel.sampling_rate_hz.to_string(),
                format!("{:.4e}", channel.sensitivity_counts_per_m_s),
            ]);
        }
        let source = format!("{}.{}", self.network, self.station);
        table.noted(&provenance(&source, self.simulated))
    }
}

impl Windows {
    /// Windows of each class, and in the note what could not be had.
    pub fn table(&self) -> Table {
        let caption = format!(
            "{} windows of 3 x {} samples at {} Hz",
            self.len(),
            self.n_samples,
            self.sampling_rate_hz
        );
        let mut table = Table::new(&caption, &["Class", "Windows"]);
        for (class, n) in self.class_counts().iter().enumerate() {
            table = table.row([class_name(class, self.n_classes), n.to_string()]);
        }
        table
            .noted(&format!("{}.", self.rejections))
            .noted(&provenance(&self.station, self.simulated))
    }
}

impl RejectionLog {
    /// Rejected windows by reason.
    pub fn table(&self) -> Table {
        let caption = format!("What became of {} windows", self.n_requested);
        let mut table = Table::new(&caption, &["Outcome", "Windows"]);
        table = table.row(["had".to_string(), self.n_cut().to_string()]);
        for (reason, n) in self.counts() {
            table = table.row([format!("missing: {reason}"), n.to_string()]);
        }
        table
    }
}

//! The tables by which the library's own values show themselves.

use super::Table;
use super::table::first_rows;
use crate::catalog::Catalog;
use crate::plot::provenance;
use crate::time;
use crate::waveform::Record3C;

/// Rows of a long list that a notebook shows.
const N_ROWS: usize = 12;

/// `evcxr_display` by way of `table`.
macro_rules! shows_its_table {
    ($($type:ty),*) => { $(
        impl $type {
            /// Shows the table as a cell's result.
            pub fn evcxr_display(&self) {
                self.table().evcxr_display();
            }
        }
    )* };
}

shows_its_table!(Catalog, Record3C);

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
                format!("{:.4}", event.latitude_deg),
                format!("{:.4}", event.longitude_deg),
                event
                    .depth_km
                    .map_or("-".into(), |depth| format!("{depth:.1}")),
                format!("{:.1}", event.magnitude),
                event.magnitude_type.clone(),
            ]);
        }
        table
            .noted(&first_rows(N_ROWS, self.len()))
            .noted(&provenance(&self.source, self.simulated))
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

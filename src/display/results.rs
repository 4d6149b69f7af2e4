//! Tables of what comes out: clusters, networks, runs, scores, detections.

use super::Table;
use super::table::first_rows;
use super::values::N_ROWS;
use crate::cluster::{Clusters, KChoice};
use crate::dataset::Leak;
use crate::detect::{Detections, MatchedDetections, Matches, Scan};
use crate::error::Result;
use crate::evaluate::ConfusionMatrix;
use crate::network::{ConvNet, Layer, Network, Perceptron};
use crate::plot::{class_name, provenance};
use crate::train::Run;

impl Clusters {
    /// Centroid, size and sum of distances of each cluster; the note has the whole sum and how
    /// often the replicates reached it.
    pub fn table(&self) -> Table {
        let sum = format!("Sum of distances ({})", self.sum_unit());
        let headers = [
            "Cluster",
            "Events",
            "Longitude (deg)",
            "Latitude (deg)",
            &sum,
        ];
        let mut table = Table::new(&format!("{} clusters of epicentres", self.k()), &headers);
        for (i, centroid) in self.centroids.iter().enumerate() {
            table = table.row([
                (i + 1).to_string(),
                self.sizes[i].to_string(),
                format!("{:.4}", centroid.longitude_deg),
                format!("{:.4}", centroid.latitude_deg),
                format!("{:.4}", self.within[i]),
            ]);
        }
        let minima = self.minima();
        let n_best = minima.first().map_or(0, |minimum| minimum.n_replicates);
        table
            .noted(&format!(
                "Sum {:.4} {}, reached by {n_best} of {} replicates.",
                self.sum,
                self.sum_unit(),
                self.replicate_sums.len()
            ))
            .noted(&provenance(&self.source, self.simulated))
    }

    /// Cells that compare with another clustering of the same events: metric, space, sizes, sum, its unit, and
    /// the agreement of the labels.
    ///
    /// # Errors
    /// As [`Clusters::agreement`].
    pub fn comparison_row(&self, other: &Self) -> Result<[String; 6]> {
        Ok([
            format!("{:?}", self.params.metric),
            format!("{:?}", self.params.space),
            format!("{:?}", self.sizes),
            format!("{:.3}", self.sum),
            self.sum_unit().to_string(),
            format!("{:.2}", self.agreement(other)?),
        ])
    }
}

impl KChoice {
    /// The criteria for each number of clusters.
    pub fn table(&self) -> Table {
        let headers = [
            "k",
            "Sum of distances",
            "Mean silhouette",
            "Gap",
            "Gap's error",
        ];
        let mut table = Table::new("How many clusters", &headers);
        for row in &self.rows {
            table = table.row([
                row.k.to_string(),
                format!("{:.3}", row.sum),
                row.silhouette.map_or("-".into(), |s| format!("{s:.3}")),
                format!("{:.3}", row.gap),
                format!("{:.3}", row.gap_error),
            ]);
        }
        let named = |k: Option<usize>| k.map_or("none".into(), |k| k.to_string());
        table.noted(&format!(
            "Best k by silhouette: {}; by the gap statistic: {}.",
            named(self.by_silhouette()),
            named(self.by_gap())
        ))
    }
}

impl Leak {
    /// How many tested windows the training part knows.
    pub fn table(&self) -> Table {
        let share = |share: f64| match share.is_finite() {
            true => format!("{:.1} %", 100.0 * share),
            false => "-".into(),
        };
        Table::new(
            "What the test knows of the training",
            &["Test windows", "Number", "Share"],
        )
        .row(["all", &self.n_test.to_string(), ""])
        .row([
            "with a copy in training",
            &self.n_with_twin.to_string(),
            &share(self.twin_share()),
        ])
        .row([
            "with a window of the same event or its gap in training",
            &self.n_with_group.to_string(),
            &share(self.group_share()),
        ])
    }
}

fn layers_table(layers: &[Layer]) -> Table {
    let headers = ["Layer", "Shape", "Parameters", "Operations a window"];
    let n_parameters: usize = layers.iter().map(|layer| layer.n_parameters).sum();
    let mut table = Table::new(&format!("{n_parameters} parameters"), &headers);
    for layer in layers {
        let shape: Vec<String> = layer.shape.iter().map(usize::to_string).collect();
        table = table.row([
            layer.name.clone(),
            shape.join(" x "),
            layer.n_parameters.to_string(),
            layer.n_flop.to_string(),
        ]);
    }
    table
}

impl ConvNet {
    /// Shape, parameters and cost of each layer.
    pub fn table(&self) -> Table {
        layers_table(&self.layers())
    }
}

impl Perceptron {
    /// Shape, parameters and cost of each layer.
    pub fn table(&self) -> Table {
        layers_table(&self.layers())
    }
}

impl Run {
    /// The first, the best and the last epoch, and why it ended.
    pub fn table(&self) -> Table {
        let headers = [
            "Epoch",
            "Training loss",
            "Validation loss",
            "Validation accuracy",
        ];
        let mut table = Table::new(&format!("Training of the {}", self.network), &headers);
        for (i, epoch) in self.epochs.iter().enumerate() {
            let shown = [1, self.best_epoch, self.epochs.len()];
            if shown.contains(&(i + 1)) {
                table = table.row([
                    epoch.epoch.to_string(),
                    format!("{:.4}", epoch.train_loss),
                    format!("{:.4}", epoch.validation_loss),
                    format!("{:.1} %", 100.0 * epoch.validation_accuracy),
                ]);
            }
        }
        // The summary's times differ from run to run; a notebook keeps what does not.
        let why = match self.stopped_early() {
            true => "stopped early",
            false => "ran to its end",
        };
        table.noted(&format!(
            "{} epochs, {why}; weights of epoch {}.",
            self.epochs.len(),
            self.best_epoch
        ))
    }
}

impl ConfusionMatrix {
    /// Counts, outputs in rows and targets in columns, with precision and recall as margins.
    pub fn table(&self) -> Table {
        let n = self.n_classes();
        let mut headers = vec!["Output".to_string()];
        headers.extend((0..n).map(|class| format!("target {}", class_name(class, n))));
        headers.push("Precision".into());
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let mut table = Table::new(&format!("Confusion of {} windows", self.n()), &headers);
        for output in 0..n {
            let counts = (0..n).map(|target| self.count(output, target).to_string());
            let precision = self.precision(output).to_string();
            let cells = std::iter::once(class_name(output, n)).chain(counts);
            table = table.row(cells.chain([precision]));
        }
        let recalls = (0..n).map(|target| self.recall(target).to_string());
        let cells = std::iter::once("Recall".to_string()).chain(recalls);
        table
            .row(cells.chain([self.accuracy().to_string()]))
            .noted("Corner: accuracy. Brackets: 95 % interval, and the windows it rests on.")
    }
}

impl Scan {
    /// Windows of each class: Table 1 of the paper.
    pub fn table(&self) -> Table {
        let mut table = Table::new("Windows of each class in the scan", &["Class", "Windows"]);
        for (class, n) in self.counts().iter().enumerate() {
            table = table.row([class_name(class, self.n_classes), n.to_string()]);
        }
        table
            .noted(&format!(
                "{} windows of {} s, one every {} s; {} touch a gap, {} are stuck, {} samples are left \
                 over.",
                self.len(),
                self.window_s(),
                self.hop_samples as f64 / self.sampling_rate_hz,
                self.n_in_gaps,
                self.n_stuck,
                self.n_samples_left
            ))
            .noted(&provenance(&self.station, self.simulated))
    }
}

impl MatchedDetections {
    /// The first detections and the events that they are taken for.
    pub fn table(&self) -> Table {
        let mut table = self.detections.table();
        table.headers.push("Event".into());
        for (row, event) in table.rows.iter_mut().zip(&self.events) {
            row.push(event.clone().unwrap_or_else(|| "-".into()));
        }
        table
    }
}

impl Detections {
    /// The first detections, with the number of all.
    pub fn table(&self) -> Table {
        let headers = [
            "Time (UTC)",
            "Lasts (s)",
            "Cluster",
            "Probability",
            "Windows",
        ];
        let caption = format!("{} detections in {:.1} h", self.len(), self.hours());
        let mut table = Table::new(&caption, &headers);
        for d in self.items.iter().take(N_ROWS) {
            table = table.row([
                d.time.format("%Y-%m-%d %H:%M:%S%.3f").to_string(),
                format!("{:.1}", crate::time::between_s(d.start, d.end)),
                (d.class + 1).to_string(),
                format!("{:.3}", d.probability),
                d.n_windows.to_string(),
            ]);
        }
        table
            .noted(&first_rows(N_ROWS, self.len()))
            .noted(&provenance(&self.station, self.simulated))
    }
}

impl Matches {
    /// Found, missed and false alarms, with precision and recall.
    pub fn table(&self) -> Table {
        let rate = match self.false_alarm_rate() {
            Ok(rate) => rate.to_string(),
            Err(_) => "-".into(),
        };
        let data = if self.simulated {
            "Simulated data."
        } else {
            ""
        };
        Table::new("Detections beside the catalog", &["Quantity", "Value"])
            .row(["events found", &self.found.len().to_string()])
            .row(["events missed", &self.missed.len().to_string()])
            .row(["false alarms", &self.false_alarms.len().to_string()])
            .row(["events not scanned", &self.n_not_scanned.to_string()])
            .row(["recall", &self.recall().to_string()])
            .row(["precision", &self.precision().to_string()])
            .row(["false alarms an hour", &rate])
            .noted("Brackets: 95 % interval.")
            .noted(data)
    }
}

//! What a figure holds beside its picture, for a page that answers to the reader.
//!
//! `display/interactive.js` draws it: in JupyterLab from the HTML of the cell's output, on the site from its output of
//! the type [`MIME`]. The PDF has the picture alone.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::detect::Comparison;
use crate::time::{self, Time};
use crate::waveform::Record3C;

/// The type of the output that holds an [`Interactive`] as JSON.
pub(crate) const MIME: &str = "application/vnd.quakebook.interactive+json";

/// Records of more samples stay pictures.
const MAX_SAMPLES: usize = 6000;

/// What is sped up thirty times lasts a third of a second at least: less is a click.
const MIN_S: f64 = 10.0;
/// The largest sample as it is written: finer than a pixel, and short.
const LARGEST: f64 = 5000.0;
/// Alarms an hour beyond which no curve is drawn.
const MAX_ALARMS_PER_HOUR: f64 = 30.0;

/// The data of a piece that answers to the reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Interactive {
    /// Recall against alarms: the reader moves the rate of alarms.
    Operating {
        hours: f64,
        n_events: usize,
        detectors: Vec<OperatingCurve>,
    },
    /// k-means: the reader goes from step to step.
    Rounds {
        points: Vec<[f64; 2]>,
        rounds: Vec<Round>,
    },
    /// One component: the reader moves the corners of a filter, and hears it.
    Wave {
        channel: String,
        sampling_rate_hz: f64,
        /// In units of `scale_counts`.
        samples: Vec<i32>,
        scale_counts: f64,
        /// Seconds after the first sample, and a name.
        marks: Vec<(f64, String)>,
    },
}

/// A detector's counts as its threshold moves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatingCurve {
    pub name: String,
    /// False alarms and events found, from few to many.
    pub points: Vec<[usize; 2]>,
}

/// One round of k-means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    pub centroids: Vec<[f64; 2]>,
    pub labels: Vec<usize>,
}

impl Interactive {
    /// Heading of the piece.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Operating { .. } => "Try it: how many alarms can you bear?",
            Self::Rounds { .. } => "Try it: k-means, one step at a time",
            Self::Wave { .. } => "Try it: filter the wave, and hear it",
        }
    }

    /// The curves of detectors that were counted on the same hours and events; None without such.
    pub(super) fn operating(comparison: &Comparison) -> Option<Self> {
        let first = comparison.results.first()?.counts;
        let (hours, n_events) = (first.hours, first.n_counted);
        let max = (MAX_ALARMS_PER_HOUR * hours) as usize;
        let curve = |one: &crate::detect::DetectorResult| {
            let mut best = BTreeMap::new();
            for counts in one.curve.iter().map(|point| &point.counts) {
                let most = best.entry(counts.n_false).or_insert(0);
                *most = counts.n_found.max(*most);
            }
            let inside = best.into_iter().filter(|(n_false, _)| *n_false <= max);
            OperatingCurve {
                name: one.name.clone(),
                points: inside.map(|(n_false, found)| [n_false, found]).collect(),
            }
        };
        (hours > 0.0 && n_events > 0).then(|| Self::Operating {
            hours,
            n_events,
            detectors: comparison.results.iter().map(curve).collect(),
        })
    }

    pub(super) fn rounds(points: &[[f64; 2]], rounds: &[(Vec<[f64; 2]>, Vec<usize>)]) -> Self {
        let round = |(centroids, labels): &(Vec<[f64; 2]>, Vec<usize>)| Round {
            centroids: centroids.clone(),
            labels: labels.clone(),
        };
        Self::Rounds {
            points: points.to_vec(),
            rounds: rounds.iter().map(round).collect(),
        }
    }

    /// The vertical component; None where it is long or short, has a gap, or does not move.
    pub(super) fn wave(record: &Record3C, marks: &[(Time, &str)]) -> Option<Self> {
        let samples = &record.data[2];
        let peak = samples.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        let whole = samples.iter().all(|v| v.is_finite()) && peak > 0.0;
        let scale_counts = f64::from(peak) / LARGEST;
        let long = samples.len() as f64 >= MIN_S * record.sampling_rate_hz;
        (whole && long && samples.len() <= MAX_SAMPLES).then(|| Self::Wave {
            channel: record.channels[2].clone(),
            sampling_rate_hz: record.sampling_rate_hz,
            samples: samples
                .iter()
                .map(|v| (f64::from(*v) / scale_counts).round() as i32)
                .collect(),
            scale_counts,
            marks: marks
                .iter()
                .map(|(t, name)| (time::between_s(record.start, *t), name.to_string()))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::DetectorResult;
    use crate::evaluate::{Counts, OperatingPoint};

    fn record(samples: Vec<f32>) -> Record3C {
        Record3C {
            station: "XX.A.".into(),
            channels: ["E", "N", "Z"].map(String::from),
            start: time::parse("2014-02-16").unwrap(),
            sampling_rate_hz: 2.0,
            data: [vec![], vec![], samples],
            simulated: true,
        }
    }

    #[test]
    fn a_wave_keeps_its_shape_and_marks() {
        let rest = [0.0; 2000];
        let record = record([&[0.0, -50.0, 25.0, 0.002][..], &rest].concat());
        let p = record.start + time::seconds(1.5);
        let wave = Interactive::wave(&record, &[(p, "P")]).unwrap();
        let json = serde_json::to_value(&wave).unwrap();
        assert_eq!(json["kind"], "wave");
        let samples = json["samples"].as_array().unwrap();
        assert_eq!(samples[..4], [0, -5000, 2500, 0]);
        assert_eq!(json["scale_counts"], 0.01);
        assert_eq!(json["marks"], serde_json::json!([[1.5, "P"]]));
    }

    #[test]
    fn gaps_silence_and_long_or_short_records_stay_pictures() {
        let moves = |n: usize| -> Vec<f32> { (0..n).map(|i| (i % 7) as f32).collect() };
        assert!(Interactive::wave(&record(moves(2000)), &[]).is_some());
        for samples in [
            [&moves(2000)[..], &[f32::NAN]].concat(),
            vec![0.0; 2000],
            moves(19),
            vec![1.0; MAX_SAMPLES + 1],
        ] {
            assert_eq!(Interactive::wave(&record(samples), &[]), None);
        }
    }

    #[test]
    fn a_curve_has_the_best_at_each_number_of_alarms() {
        let counts = |n_false, n_found| Counts {
            n_found,
            n_counted: 9,
            n_right: n_found,
            n_false,
            hours: 0.1,
        };
        // At 30 alarms an hour there are 3 in these hours: what lies beyond is left out.
        let curve = [(4, 9), (2, 5), (2, 7), (0, 1)].map(|(n_false, n_found)| OperatingPoint {
            threshold: f64::NAN,
            counts: counts(n_false, n_found),
        });
        let comparison = Comparison {
            station: String::new(),
            simulated: false,
            min_ratio: 0.0,
            results: vec![DetectorResult {
                name: "A".into(),
                needs: String::new(),
                threshold: 1.0,
                counts: counts(0, 1),
                curve: curve.to_vec(),
                seconds: 0.0,
            }],
        };
        let json = serde_json::to_value(Interactive::operating(&comparison)).unwrap();
        let points = &json["detectors"][0]["points"];
        assert_eq!(*points, serde_json::json!([[0, 1], [2, 7]]));
        assert_eq!(json["n_events"], 9);
    }
}

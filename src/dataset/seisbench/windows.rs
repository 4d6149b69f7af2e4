//! Traces of windows and of records.

use std::collections::HashMap;

use super::trace::{LabelledTrace, Labels, Part};
use crate::dataset::{Labelled, Split};
use crate::error::{Result, fail};
use crate::waveform::Record3C;
use crate::window::{Origin, Windows};

impl LabelledTrace {
    /// The windows of one station as traces, with the part of each where a division is given. The copies that a
    /// division may hold are left out.
    ///
    /// | Column | What it holds |
    /// |---|---|
    /// | `station_network_code`, `station_code`, `station_location_code`, `trace_channel` | the stream |
    /// | `trace_category` | `earthquake` or `noise` |
    /// | `source_id` | the event of an earthquake |
    /// | `trace_group` | the event of the group to which a window belongs, which is an earthquake and the noise after it |
    /// | `trace_class` | [`crate::window::Window::class`] |
    /// | `trace_normalisation` | the scale, where there is one |
    /// | `trace_simulated` | `True` or `False` |
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where the division is not of these windows.
    pub fn of_windows(windows: &Windows, split: Option<&Split>) -> Result<Vec<Self>> {
        let mut parts = HashMap::new();
        if let Some(split) = split {
            let all: [(Part, &Labelled); 3] = [
                (Part::Train, &split.train),
                (Part::Dev, &split.validation),
                (Part::Test, &split.test),
            ];
            for (part, labelled) in all {
                for &original in labelled.originals() {
                    if parts
                        .insert(original, part)
                        .is_some_and(|other| other != part)
                        || original >= windows.len()
                    {
                        return Err(fail!(
                            Dataset,
                            "split",
                            format!("window {original} of {} is not of one part", windows.len()),
                            "Divide the dataset of these windows, each into one part"
                        ));
                    }
                }
            }
        }
        let (of_stream, components) = stream(&windows.station, &windows.channels);
        let traces = windows.windows.iter().enumerate().map(|(index, window)| {
            let mut labels = Labels::new(&components, windows.sampling_rate_hz);
            labels.start = Some(window.start);
            labels.part = parts.get(&index).copied();
            let (category, event, id) = match &window.origin {
                Origin::Event { id } => ("earthquake", Some(id), id),
                Origin::Noise { after } => ("noise", None, after),
            };
            labels.columns = of_stream.iter().cloned().collect();
            let mut set = |column: &str, value: String| labels.columns.insert(column.into(), value);
            set("trace_category", category.into());
            set("trace_group", id.clone());
            set("trace_class", window.class.to_string());
            set("trace_simulated", python(windows.simulated));
            if let Some(id) = event {
                set("source_id", id.clone());
            }
            if let Some(scale) = windows.normalisation {
                set("trace_normalisation", format!("{scale:?}"));
            }
            Self {
                labels,
                samples: window.samples.clone(),
            }
        });
        Ok(traces.collect())
    }

    /// A record as a trace, with the columns of its stream and `trace_simulated`.
    pub fn of_record(record: &Record3C) -> Self {
        let (of_stream, components) = stream(&record.station, &record.channels);
        let mut labels = Labels::new(&components, record.sampling_rate_hz);
        labels.start = Some(record.start);
        labels.columns = of_stream.into_iter().collect();
        let simulated = python(record.simulated);
        labels.columns.insert("trace_simulated".into(), simulated);
        Self {
            labels,
            samples: record.data.concat(),
        }
    }
}

fn python(yes: bool) -> String {
    if yes { "True" } else { "False" }.into()
}

/// The columns of a stream such as `GS.OK029.00`, and the letters of its components.
fn stream(station: &str, channels: &[String; 3]) -> (Vec<(String, String)>, String) {
    let mut codes = station.split('.');
    let mut columns = Vec::new();
    let mut set = |column: &str, value: &str| {
        if !value.is_empty() {
            columns.push((column.to_string(), value.to_string()));
        }
    };
    let first = codes.next().unwrap_or_default();
    match codes.next() {
        Some(code) => {
            set("station_network_code", first);
            set("station_code", code);
        }
        None => set("station_code", first),
    }
    set("station_location_code", codes.next().unwrap_or_default());
    let components = channels.iter().filter_map(|c| c.chars().last()).collect();
    let mut kind = channels[2].chars();
    kind.next_back();
    set("trace_channel", kind.as_str());
    (columns, components)
}

//! Traces become a dataset that SeisBench opens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hdf5_pure::FileBuilder;

use super::metadata::{COMPONENTS, SAMPLING_RATE, SPLIT, START, TRACE_NAME};
use super::trace::{DataFormat, LabelledTrace};
use crate::atomic_file::write_folder;
use crate::error::{Result, fail};
use crate::tables::rows_as_csv;
use crate::time::iso;

/// Traces of one block, as many as SeisBench's writer takes.
const OF_A_BLOCK: usize = 1024;

/// Writes traces into a new folder, whole: `metadata.csv` and `waveforms.hdf5`. Returns the line of Python with which SeisBench
/// gives all their components, the vertical one first.
///
/// A trace gets a name that says where its samples lie; times are written to the microsecond. Without an order of components
/// SeisBench (0.12) takes Z, N and E, and gives zeros for what is called otherwise, such as 1 and 2. Where the azimuths of
/// these are known, turn the records first, by [`Record3C::rotated`](crate::waveform::Record3C::rotated).
///
/// # Errors
/// [`crate::Error::Dataset`] where there is no trace, or one has no letter for each component, no positive
/// sampling rate, or a sample that is not finite; [`crate::Error::Io`] where the folder cannot be made, or
/// is there and not empty.
pub fn write(
    folder: impl AsRef<Path>,
    format: &DataFormat,
    traces: &[LabelledTrace],
) -> Result<String> {
    let folder = folder.as_ref();
    for (index, trace) in traces.iter().enumerate() {
        check(trace).map_err(|what| {
            let remedy = "Give whole traces, the samples of one component after those of another";
            fail!(Dataset, format!("trace {index}"), what, remedy)
        })?;
    }
    let mut builder = FileBuilder::new();
    let mut data = builder.create_group("data");
    let mut names = vec![String::new(); traces.len()];
    for (number, block) in blocks(traces).into_iter().enumerate() {
        let (n_components, n_samples) = shape(&traces[block[0]]);
        let block_name = format!("bucket{number}");
        let samples: Vec<f32> = block
            .iter()
            .flat_map(|&i| &traces[i].samples)
            .copied()
            .collect();
        data.create_dataset(&block_name)
            .with_f32_data(&samples)
            .with_shape(&[block.len() as u64, n_components as u64, n_samples as u64]);
        for (row, &index) in block.iter().enumerate() {
            names[index] = format!("{block_name}${row},:{n_components},:{n_samples}");
        }
    }
    builder.add_group(data.finish());

    let Some(first) = traces.first() else {
        let remedy = "Give the traces that the dataset shall have";
        return Err(fail!(Dataset, folder.display(), "no trace", remedy));
    };
    let components = &first.labels.components;
    let is_common = traces.iter().all(|t| &t.labels.components == components);
    let mut about = builder.create_group("data_format");
    for (name, value) in [
        ("dimension_order", Some("CW")),
        ("component_order", is_common.then_some(components.as_str())),
        ("measurement", format.measurement.as_deref()),
        ("unit", format.unit.as_deref()),
        ("instrument_response", format.instrument_response.as_deref()),
    ] {
        if let Some(value) = value {
            about
                .create_dataset(name)
                .with_vlen_strings(&[value])
                .with_shape(&[]);
        }
    }
    builder.add_group(about.finish());
    let samples = builder.finish().map_err(|error| {
        let remedy = "Write fewer traces into one dataset";
        fail!(Dataset, folder.display(), error.to_string(), remedy)
    })?;
    let files = [
        (
            PathBuf::from("metadata.csv"),
            table(traces, names).into_bytes(),
        ),
        (PathBuf::from("waveforms.hdf5"), samples),
    ];
    write_folder(folder, &files)?;
    Ok(format!(
        "seisbench.data.WaveformDataset({:?}, component_order={:?})",
        folder.display().to_string(),
        order_of_all(traces)
    ))
}

/// The order in which networks take components; others come behind them.
const USUAL: &str = "ZNE";

/// All letters of components, those that networks take first.
fn order_of_all(traces: &[LabelledTrace]) -> String {
    let letters = traces.iter().flat_map(|t| t.labels.components.chars());
    let mut letters: Vec<char> = letters.collect::<BTreeSet<_>>().into_iter().collect();
    letters.sort_by_key(|letter| USUAL.find(*letter).unwrap_or(USUAL.len()));
    letters.into_iter().collect()
}

/// Components and samples.
fn shape(trace: &LabelledTrace) -> (usize, usize) {
    let n_components = trace.labels.components.chars().count();
    (n_components, trace.samples.len() / n_components.max(1))
}

fn check(trace: &LabelledTrace) -> std::result::Result<(), String> {
    let labels = &trace.labels;
    let (n_components, n_samples) = shape(trace);
    if n_samples == 0 || n_components * n_samples != trace.samples.len() {
        let n = trace.samples.len();
        return Err(format!(
            "{n} values of the components {:?}",
            labels.components
        ));
    }
    let letters: BTreeSet<char> = labels.components.chars().collect();
    if letters.len() < n_components || !letters.iter().all(char::is_ascii_alphanumeric) {
        return Err(format!(
            "components {:?}, expected a letter or digit for each",
            labels.components
        ));
    }
    let rate = labels.sampling_rate_hz;
    if !(rate.is_finite() && rate > 0.0) {
        return Err(format!("a sampling rate of {rate} Hz"));
    }
    match trace.samples.iter().find(|x| !x.is_finite()) {
        Some(value) => Err(format!("a sample is {value}")),
        None => Ok(()),
    }
}

/// Traces of equal shape together, in their order.
fn blocks(traces: &[LabelledTrace]) -> Vec<Vec<usize>> {
    let mut of_shape: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (index, trace) in traces.iter().enumerate() {
        of_shape.entry(shape(trace)).or_default().push(index);
    }
    let blocks = of_shape.values().flat_map(|all| all.chunks(OF_A_BLOCK));
    blocks.map(<[usize]>::to_vec).collect()
}

fn table(traces: &[LabelledTrace], names: Vec<String>) -> String {
    const OWN: [&str; 5] = [TRACE_NAME, START, SAMPLING_RATE, COMPONENTS, SPLIT];
    let others = traces.iter().flat_map(|trace| trace.labels.columns.keys());
    let others: BTreeSet<&str> = others
        .map(String::as_str)
        .filter(|column| !OWN.contains(column))
        .collect();
    let header = OWN.iter().chain(&others).map(ToString::to_string).collect();
    let rows = traces.iter().zip(names).map(|(trace, name)| {
        let labels = &trace.labels;
        let own = [
            name,
            labels.start.map(iso).unwrap_or_default(),
            labels.sampling_rate_hz.to_string(),
            labels.components.clone(),
            labels.part.map_or("", |part| part.name()).to_string(),
        ];
        let value = |column: &&str| labels.columns.get(*column).cloned().unwrap_or_default();
        own.into_iter().chain(others.iter().map(value)).collect()
    });
    rows_as_csv(std::iter::once(header).chain(rows))
}

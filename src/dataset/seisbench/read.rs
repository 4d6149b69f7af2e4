//! A dataset is opened, and its traces are read one by one.

use std::path::Path;

use super::hdf5::Hdf5;
use super::metadata::{Common, Metadata, Row};
use super::trace::{DataFormat, LabelledTrace, Labels};
use crate::atomic_file::read_input;
use crate::error::{Result, fail};
use crate::tables::{lines, text_of};

/// An open dataset in SeisBench's form. Its labels are in memory, its samples are read when they are asked for.
pub struct WaveformDataset {
    format: DataFormat,
    chunks: Vec<Chunk>,
    /// For each trace its chunk, and its row there.
    traces: Vec<(usize, usize)>,
}

/// A table and its samples; small datasets are one chunk.
struct Chunk {
    metadata: Metadata,
    rows: Vec<Row>,
    samples: Hdf5,
    order: DimensionOrder,
}

/// How a trace lies in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DimensionOrder {
    /// Component after component, `CW`.
    Components,
    /// Sample after sample, `WC`.
    Samples,
}

const FORMAT: &str = "data_format";

impl WaveformDataset {
    /// Opens the dataset of a folder: `metadata.csv` and `waveforms.hdf5`, or the chunks that a file `chunks`
    /// names.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file is missing, [`crate::Error::Dataset`] where one is damaged, or a
    /// row lacks its place, sampling rate or order of components.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let (mut format, mut chunks) = (DataFormat::default(), Vec::new());
        for name in chunk_names(folder)? {
            let (chunk, of_chunk) = Chunk::open(folder, &name)?;
            if chunks.is_empty() {
                format = of_chunk;
            } else if format != of_chunk {
                return Err(fail!(
                    Dataset,
                    folder.join(format!("waveforms{name}.hdf5")).display(),
                    format!("{of_chunk:?}, and {format:?} in an earlier chunk"),
                    "Put only chunks of one data format into a dataset"
                ));
            }
            chunks.push(chunk);
        }
        let traces = chunks.iter().enumerate();
        let traces = traces.flat_map(|(c, chunk)| (0..chunk.rows.len()).map(move |row| (c, row)));
        Ok(Self {
            format,
            traces: traces.collect(),
            chunks,
        })
    }

    /// Traces.
    pub fn len(&self) -> usize {
        self.traces.len()
    }

    pub fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    /// What the samples are.
    pub fn format(&self) -> &DataFormat {
        &self.format
    }

    /// The labels of a trace, without its samples.
    ///
    /// # Panics
    /// Where `index` is not below [`WaveformDataset::len`], as a slice does.
    pub fn labels(&self, index: usize) -> Labels {
        let (chunk, row) = self.traces[index];
        let chunk = &self.chunks[chunk];
        chunk.metadata.labels(row, &chunk.rows[row].labels)
    }

    /// A trace with its samples.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where the file of samples is damaged, or has no such trace, or one of more
    /// than 33 million values, or of another number of components than its labels say.
    ///
    /// # Panics
    /// As [`WaveformDataset::labels`].
    pub fn trace(&self, index: usize) -> Result<LabelledTrace> {
        let (chunk, row) = self.traces[index];
        let chunk = &self.chunks[chunk];
        Ok(LabelledTrace {
            samples: chunk.samples(&chunk.rows[row])?,
            labels: self.labels(index),
        })
    }
}

/// What stands in the names of a dataset's files; nothing for one chunk.
fn chunk_names(folder: &Path) -> Result<Vec<String>> {
    let list = folder.join("chunks");
    if !list.exists() {
        return Ok(vec![String::new()]);
    }
    let refuse = |what: String| {
        let remedy = "Name a chunk in each line, as in waveforms_2020.hdf5 the chunk _2020";
        fail!(Dataset, list.display(), what, remedy)
    };
    let text = text_of(read_input(&list)?).map_err(refuse)?;
    let names = lines(&text).map(|(_, line)| line.trim());
    let names: Vec<String> = names
        .filter(|name| !name.is_empty())
        .map(String::from)
        .collect();
    match names.iter().find(|name| name.contains(['/', '\\'])) {
        Some(name) => Err(refuse(format!("chunk {name:?} names a folder"))),
        None if names.is_empty() => Ok(vec![String::new()]),
        None => Ok(names),
    }
}

impl Chunk {
    fn open(folder: &Path, name: &str) -> Result<(Self, DataFormat)> {
        let table = folder.join(format!("metadata{name}.csv"));
        let path = folder.join(format!("waveforms{name}.hdf5"));
        let metadata = Metadata::read(&table)?;
        let samples = Hdf5::open(&path)?;
        let names = samples.names(FORMAT)?;
        let is_there = |name: &str| names.iter().any(|n| n == name);
        let word = |name: &str| match is_there(name) {
            true => samples.block(&format!("{FORMAT}/{name}"))?.word().map(Some),
            false => Ok(None),
        };
        let order = match word("dimension_order")?.as_deref() {
            // SeisBench assumes so too.
            None | Some("CW") => DimensionOrder::Components,
            Some("WC") => DimensionOrder::Samples,
            Some(other) => {
                return Err(fail!(
                    Dataset,
                    path.display(),
                    format!("dimension_order {other:?}, expected CW or WC"),
                    "Write traces with two dimensions: components C and samples W"
                ));
            }
        };
        let rate = format!("{FORMAT}/sampling_rate");
        let common = Common {
            components: word("component_order")?,
            sampling_rate_hz: match is_there("sampling_rate") {
                true => Some(samples.block(&rate)?.number()?).filter(|rate| *rate > 0.0),
                false => None,
            },
        };
        let format = DataFormat {
            measurement: word("measurement")?,
            unit: word("unit")?,
            instrument_response: word("instrument_response")?,
        };
        let chunk = Self {
            rows: metadata.parse(&table, &common)?,
            metadata,
            samples,
            order,
        };
        Ok((chunk, format))
    }

    /// Samples of a trace, component after component.
    fn samples(&self, row: &Row) -> Result<Vec<f32>> {
        let place = &row.place;
        let name = format!("data/{}", place.block);
        let block = self.samples.block(&name)?;
        let dimensions = match place.index {
            Some(_) => block.shape.get(1..).unwrap_or_default(),
            None => &block.shape,
        };
        let &[outer, inner] = dimensions else {
            return Err(fail!(
                Dataset,
                name,
                format!("a trace of shape {dimensions:?}, expected components and samples"),
                "Write traces with two dimensions"
            ));
        };
        let values = match place.index {
            Some(index) => block.rows(index, 1)?,
            None => block.rows(0, outer)?,
        };
        // The values have been read, so their numbers fit.
        let (outer, inner) = (outer as usize, inner as usize);
        let cuts = [place.cuts[0].within(outer), place.cuts[1].within(inner)];
        let at = |o: usize, i: usize| values[o * inner + i];
        let [rows, columns] = cuts;
        let (n_components, samples) = match self.order {
            DimensionOrder::Components => (
                rows.len(),
                rows.flat_map(|c| columns.clone().map(move |w| (c, w)))
                    .map(|(c, w)| at(c, w))
                    .collect(),
            ),
            DimensionOrder::Samples => (
                columns.len(),
                columns
                    .flat_map(|c| rows.clone().map(move |w| (w, c)))
                    .map(|(w, c)| at(w, c))
                    .collect(),
            ),
        };
        if n_components != row.labels.components.chars().count() {
            return Err(fail!(
                Dataset,
                name,
                format!(
                    "{n_components} components, and their order is {:?}",
                    row.labels.components
                ),
                "Name each component once in trace_component_order or component_order"
            ));
        }
        Ok(samples)
    }
}

//! SeisBench's datasets: traces with their labels, as `metadata.csv` and `waveforms.hdf5`.
//!
//! | Step | Function |
//! |---|---|
//! | a dataset is opened, its labels are read | [`WaveformDataset::open`], [`WaveformDataset::labels`] |
//! | the samples of one trace | [`WaveformDataset::trace`] |
//! | traces of windows or of a record | [`LabelledTrace::of_windows`], [`LabelledTrace::of_record`] |
//! | traces become a dataset that SeisBench opens | [`write`](fn@write) |
//!
//! The form is that of Woollam et al. (2022), *Seismological Research Letters* 93, 1695-1709,
//! doi:10.1785/0220210324, and of <https://seisbench.readthedocs.io/en/stable/pages/data_format.html>: a trace is a row
//! of `metadata.csv`, and its `trace_name`, such as `bucket0$3,:3,:1200`, says which part of which block
//! of `waveforms.hdf5` it is. Names of columns are SeisBench's.
//!
//! ```
//! use quakebook::dataset::seisbench::{DataFormat, Labels, LabelledTrace, Part, WaveformDataset, write};
//! let mut labels = Labels::new("ZNE", 100.0);
//! labels.part = Some(Part::Train);
//! labels.set_arrival("P", 250.0);
//! let samples = vec![0.5; 3 * 1000];
//! let folder = tempfile::tempdir().unwrap().path().join("mine");
//! let python = write(&folder, &DataFormat::default(), &[LabelledTrace { labels, samples }])?;
//! assert!(python.ends_with("component_order=\"ZNE\")")); // the line that opens it in SeisBench
//!
//! let dataset = WaveformDataset::open(&folder)?;
//! assert_eq!(dataset.labels(0).arrivals(), [("P", 250.0)]);
//! assert_eq!(dataset.trace(0)?.samples.len(), 3000);
//! # Ok::<(), quakebook::Error>(())
//! ```

mod hdf5;
mod metadata;
mod place;
mod read;
mod trace;
mod windows;
mod write;

pub use read::WaveformDataset;
pub use trace::{DataFormat, LabelledTrace, Labels, Part};
pub use write::write;

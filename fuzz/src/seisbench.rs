//! Datasets of SeisBench without the windows and records that become one.

#[path = "../../src/dataset/seisbench/hdf5.rs"]
mod hdf5;
#[path = "../../src/dataset/seisbench/metadata.rs"]
mod metadata;
#[path = "../../src/dataset/seisbench/place.rs"]
mod place;
#[path = "../../src/dataset/seisbench/read.rs"]
mod read;
#[path = "../../src/dataset/seisbench/trace.rs"]
mod trace;
#[path = "../../src/dataset/seisbench/write.rs"]
mod write;

pub use read::WaveformDataset;
pub use trace::{DataFormat, LabelledTrace, Labels};
pub use write::write;

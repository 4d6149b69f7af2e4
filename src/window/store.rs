//! Windows on disk: samples in NumPy's format, all else in JSON beside them.
//!
//! `windows.npy` holds `(n_windows, 3, n_samples)` little-endian f32 (NEP 1, version 1.0), so that
//! Python opens it too; `windows.json` holds the rest, the rejections and the SHA-256 of the samples'
//! file. It is written last: what was interrupted is not taken for whole.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Normalisation, Origin, RejectionLog, Window, Windows};
use crate::atomic_file::write_whole;
use crate::error::{Error, Result, fail};
use crate::hash::sha256;
use crate::time::Time;

const SAMPLES: &str = "windows.npy";
const INDEX: &str = "windows.json";

/// All but the samples.
#[derive(Serialize, Deserialize)]
struct Index {
    station: String,
    channels: [String; 3],
    sampling_rate_hz: f64,
    n_samples: usize,
    n_classes: usize,
    normalisation: Option<Normalisation>,
    simulated: bool,
    samples_sha256: String,
    #[serde(alias = "ledger")]
    rejections: RejectionLog,
    windows: Vec<Label>,
}

#[derive(Serialize, Deserialize)]
struct Label {
    start: Time,
    class: usize,
    origin: Origin,
}

impl Windows {
    /// Writes the windows into a folder, which is made where it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be written.
    pub fn write(&self, dir: impl AsRef<Path>) -> Result<()> {
        let dir = dir.as_ref();
        let mut bytes = npy_header(self.len(), self.n_samples);
        for window in &self.windows {
            bytes.extend(window.samples.iter().flat_map(|x| x.to_le_bytes()));
        }
        let index = Index {
            station: self.station.clone(),
            channels: self.channels.clone(),
            sampling_rate_hz: self.sampling_rate_hz,
            n_samples: self.n_samples,
            n_classes: self.n_classes,
            normalisation: self.normalisation,
            simulated: self.simulated,
            samples_sha256: sha256(&bytes),
            rejections: self.rejections.clone(),
            windows: self
                .windows
                .iter()
                .map(|w| Label {
                    start: w.start,
                    class: w.class,
                    origin: w.origin.clone(),
                })
                .collect(),
        };
        write_whole(dir.join(SAMPLES), &bytes)?;
        let json = serde_json::to_vec_pretty(&index).expect("an index is plain JSON");
        write_whole(dir.join(INDEX), &json)
    }

    /// Reads what [`Windows::write`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be read, [`Error::Window`] where the files are damaged or
    /// do not belong together.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let load = |name| std::fs::read(dir.join(name)).map_err(Error::io(dir.join(name)));
        let refuse = |name: &str, what: String| {
            let remedy = "Cut the windows again";
            fail!(Window, dir.join(name).display(), what, remedy)
        };
        let index: Index = serde_json::from_slice(&load(INDEX)?)
            .map_err(|error| refuse(INDEX, error.to_string()))?;
        let bytes = load(SAMPLES)?;
        let header = npy_header(index.windows.len(), index.n_samples);
        let n_bytes = header.len() + index.windows.len() * 3 * index.n_samples * 4;
        if sha256(&bytes) != index.samples_sha256 || bytes.len() != n_bytes {
            return Err(refuse(
                SAMPLES,
                format!("not the samples that {INDEX} describes"),
            ));
        }
        if index
            .windows
            .iter()
            .any(|label| label.class >= index.n_classes)
        {
            return Err(refuse(INDEX, format!("a class beyond {}", index.n_classes)));
        }
        let (words, _) = bytes[header.len()..].as_chunks::<4>();
        let samples: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        let windows = index
            .windows
            .into_iter()
            .zip(samples.chunks_exact((3 * index.n_samples).max(1)))
            .map(|(label, samples)| Window {
                start: label.start,
                samples: samples.to_vec(),
                class: label.class,
                origin: label.origin,
            })
            .collect();
        Ok(Self {
            station: index.station,
            channels: index.channels,
            sampling_rate_hz: index.sampling_rate_hz,
            n_samples: index.n_samples,
            n_classes: index.n_classes,
            normalisation: index.normalisation,
            simulated: index.simulated,
            windows,
            rejections: index.rejections,
        })
    }
}

fn npy_header(n_windows: usize, n_samples: usize) -> Vec<u8> {
    let mut text = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_windows}, 3, {n_samples}), }}"
    );
    // Magic, version and length take ten bytes; the whole is a multiple of 64 and ends with a
    // newline.
    let padding = 63 - (10 + text.len()) % 64;
    text.push_str(&" ".repeat(padding));
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}

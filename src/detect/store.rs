//! A scan on disk: what is large as plain little-endian numbers, the rest as JSON beside it.

use std::path::Path;

use super::Scan;
use crate::atomic_file::write_whole;
use crate::error::{Error, Result, fail};
use crate::time::Time;

const HEAD: &str = "scan.json";
/// Nanoseconds since 1970 of each window's start, i64.
const STARTS: &str = "starts.i64";
/// `(n_windows, n_classes)`, f32.
const PROBABILITIES: &str = "probabilities.f32";

impl Scan {
    /// Writes the scan into a folder, which is made where it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be written.
    pub fn write(&self, dir: impl AsRef<Path>) -> Result<()> {
        let dir = dir.as_ref();
        let starts = self.starts.iter().map(|t| t.timestamp_nanos_opt());
        // i64 holds nanoseconds until the year 2262.
        let starts = starts.flat_map(|ns| ns.unwrap_or(i64::MAX).to_le_bytes());
        write_whole(dir.join(STARTS), starts.collect::<Vec<u8>>())?;
        let p = self.probabilities.iter().flat_map(|p| p.to_le_bytes());
        write_whole(dir.join(PROBABILITIES), p.collect::<Vec<u8>>())?;
        let head = Self {
            starts: Vec::new(),
            probabilities: Vec::new(),
            unscanned: self.unscanned.clone(),
            station: self.station.clone(),
            ..*self
        };
        let json = serde_json::to_vec_pretty(&head).expect("a scan is plain JSON");
        // Last: what was interrupted is not taken for whole.
        write_whole(dir.join(HEAD), json)
    }

    /// Reads what [`Scan::write`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be read, [`Error::Detect`] where one is damaged.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let load = |name: &str| std::fs::read(dir.join(name)).map_err(Error::io(dir.join(name)));
        let damaged = |name: &str, what: &str| {
            let place = dir.join(name).display().to_string();
            fail!(Detect, place, what, "Delete the folder and scan again")
        };
        let head: Self = serde_json::from_slice(&load(HEAD)?)
            .map_err(|error| damaged(HEAD, &error.to_string()))?;
        let (starts, probabilities) = (load(STARTS)?, load(PROBABILITIES)?);
        let (starts, rest) = starts.as_chunks::<8>();
        let (probabilities, more) = probabilities.as_chunks::<4>();
        if !(rest.is_empty() && more.is_empty())
            || starts.len() * head.n_classes != probabilities.len()
        {
            return Err(damaged(
                PROBABILITIES,
                &format!(
                    "{} values for {} windows of {} classes",
                    probabilities.len(),
                    starts.len(),
                    head.n_classes
                ),
            ));
        }
        let time = |ns: &[u8; 8]| Time::from_timestamp_nanos(i64::from_le_bytes(*ns));
        Ok(Self {
            starts: starts.iter().map(time).collect(),
            probabilities: probabilities
                .iter()
                .map(|p| f32::from_le_bytes(*p))
                .collect(),
            ..head
        })
    }
}

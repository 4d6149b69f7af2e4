//! A day file that is about to be changed: what is whole in it, and what is not.

use std::path::{Path, PathBuf};

use super::Archive;
use super::contradictions::contradictions;
use super::records::{Record, in_order, together};
use crate::atomic_file::write_below;
use crate::error::Result;
use crate::hash::sha256;
use crate::waveform::mseed::{self, FaultKind, Faults};
use crate::waveform::{Nslc, Trace};

/// What a day file holds of its stream.
#[derive(Default)]
pub(super) struct Existing<'a> {
    /// Whole records that do not contradict one another.
    pub records: Vec<Record<'a>>,
    /// What these read as.
    pub traces: Vec<Trace>,
    /// Whole records that contradict those before them.
    pub contradicting: Vec<Record<'a>>,
    /// Damaged records, those of other streams, and contradictions.
    pub faults: Faults,
}

impl<'a> Existing<'a> {
    /// Reads the bytes of a day file; there may be none.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where whole records that do not contradict one another cannot be
    /// joined, because the station's clock went wrong.
    pub fn read(stream: &Nslc, path: &Path, bytes: &'a [u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let name = path.display().to_string();
        if let Ok((traces, records)) = mseed::read_records(bytes, &name)
            && records.iter().all(|record| record.stream == *stream)
        {
            let records = records.iter().map(|record| Record::new(record, bytes));
            return Ok(Self {
                records: records.collect(),
                traces,
                ..Self::default()
            });
        }
        let (records, mut faults) = mseed::whole_records(bytes, &name);
        let (mut ours, others): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|r| r.stream == *stream);
        for other in others {
            let kind = FaultKind::OtherStream;
            faults.push(kind, || {
                let what = format!("a record of {} in a day file of {stream}", other.stream);
                other.fault(&name, kind, what)
            });
        }
        ours.sort_by_key(|record| record.start);
        let pieces: Vec<_> = ours.iter().map(|record| record.piece(bytes)).collect();
        let (mut records, mut contradicting) = (Vec::new(), Vec::new());
        for (record, contradicts) in ours.iter().zip(contradictions(&[], &pieces)) {
            if !contradicts {
                records.push(Record::new(record, bytes));
                continue;
            }
            contradicting.push(Record::new(record, bytes));
            let kind = FaultKind::Overlap;
            faults.push(kind, || {
                let what = "it gives other samples than a record before it";
                record.fault(&name, kind, what)
            });
        }
        faults.sort();
        in_order(&mut records);
        let traces = match records.is_empty() {
            true => Vec::new(),
            false => mseed::read(&together(&records), &name)?,
        };
        Ok(Self {
            records,
            traces,
            contradicting,
            faults,
        })
    }
}

impl Archive {
    /// Keeps a damaged day file as it is beside the day files, before it is replaced.
    pub(super) fn keep_damaged(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        write_below(&self.root, &damaged_name(path, bytes), bytes)
    }
}

/// The day file's name with `.damaged-` and the first letters of its hash: no later one takes its place.
fn damaged_name(path: &Path, bytes: &[u8]) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".damaged-{}", &sha256(bytes)[..8]));
    name.into()
}

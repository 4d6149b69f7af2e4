//! Records into day files, as they came.
//!
//! A record keeps its bytes: its time to the microsecond, its quality, its encoding. A day file
//! holds distinct records by time, and always reads without a fault: what contradicts it is put
//! beside it.

use chrono::NaiveDate;

use super::Archive;
use super::log::micros;
use crate::atomic_file::{read_regular, write_below};
use crate::error::Result;
use crate::time::{Time, TimeSpan};
use crate::waveform::merge::merge_layers;
use crate::waveform::mseed::{self, Fault, FaultKind, WholeRecord};
use crate::waveform::{Nslc, Trace};

/// What became of records that were added to an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// All that the touched day files hold now.
    pub traces: Vec<Trace>,
    /// What was kept out: damaged records, records of other streams, and records that give other
    /// samples than the archive has ([`FaultKind::Overlap`]); these lie in files of type `O` beside
    /// the day files.
    pub faults: Vec<Fault>,
    /// The spans of the records that give other samples than the archive has, in time order.
    pub contradicted: Vec<TimeSpan>,
    /// Samples that the archive did not have.
    pub n_new: usize,
}

/// A record of the stream, in the answer or in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Record<'a> {
    start: Time,
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    fn new(record: &WholeRecord, bytes: &'a [u8]) -> Self {
        Self {
            start: record.start,
            bytes: &bytes[record.bytes.clone()],
        }
    }

    /// All but the sequence number of version 2, which counts the records of a file.
    fn content(&self) -> &'a [u8] {
        let n_number = if self.bytes.starts_with(b"MS") { 0 } else { 6 };
        &self.bytes[n_number..]
    }
}

impl Archive {
    /// Adds the whole records of a stream that are in `bytes` to its day files, each file replaced
    /// whole. A record that the archive has is left out; so are, and are listed, damaged ones and
    /// those of other streams. `name` names the bytes in faults.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file cannot be read or written; [`crate::Error::Waveform`] where a day file
    /// is itself damaged.
    pub fn add(&self, stream: &Nslc, bytes: &[u8], name: &str) -> Result<Added> {
        let _locked = self.lock_folder()?;
        let (records, mut faults) = mseed::whole_records(bytes, name);
        let (ours, others): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|record| record.stream == *stream);
        faults.extend(others.into_iter().map(|record| Fault {
            file: name.into(),
            byte: record.bytes.start,
            n_bytes: record.bytes.len(),
            kind: FaultKind::OtherStream,
            what: format!("{} came where {stream} was asked for", record.stream),
            stream: Some(record.stream),
            time: Some(record.start),
        }));
        let mut added = Added {
            traces: Vec::new(),
            faults,
            contradicted: Vec::new(),
            n_new: 0,
        };
        let day = |record: &WholeRecord| record.start.date_naive();
        let mut ours = ours;
        ours.sort_by_key(|record| record.start);
        for of_day in ours.chunk_by(|a, b| day(a) == day(b)) {
            let new: Vec<Record> = of_day.iter().map(|r| Record::new(r, bytes)).collect();
            let contradicting = self.add_to_day(stream, day(&of_day[0]), new, &mut added)?;
            let new = of_day
                .iter()
                .map(|record| (record, Record::new(record, bytes)));
            for (record, _) in new.filter(|(_, new)| contradicting.contains(new)) {
                added.contradicted.push(TimeSpan {
                    start: micros(record.start),
                    end: micros(record.end),
                });
                added.faults.push(Fault {
                    file: name.into(),
                    byte: record.bytes.start,
                    n_bytes: record.bytes.len(),
                    kind: FaultKind::Overlap,
                    what: "it gives other samples than the archive has for this time".into(),
                    stream: Some(stream.clone()),
                    time: Some(record.start),
                });
            }
        }
        added.faults.sort_by_key(|fault| fault.byte);
        // Days may contradict one another at midnight; each by itself does not.
        added.traces = merge_layers(std::mem::take(&mut added.traces)).0;
        Ok(added)
    }

    /// Returns the records that contradict the day.
    fn add_to_day<'a>(
        &self,
        stream: &Nslc,
        day: NaiveDate,
        new: Vec<Record<'a>>,
        added: &mut Added,
    ) -> Result<Vec<Record<'a>>> {
        let path = self.day_file(stream, day);
        let old_bytes = read_regular(&path)?.unwrap_or_default();
        let (before, old) = match old_bytes.is_empty() {
            true => Default::default(),
            false => mseed::read_records(&old_bytes, &path.display().to_string())?,
        };
        let old: Vec<Record> = old.iter().map(|r| Record::new(r, &old_bytes)).collect();

        let mut day_records = old.clone();
        let mut contradicting = Vec::new();
        let after = fit(&mut day_records, &new, &mut contradicting);
        match after {
            Some(after) if after != before => {
                added.n_new += n_samples(&after).saturating_sub(n_samples(&before));
                write_below(&self.root, &path, &together(&day_records))?;
                added.traces.extend(after);
                self.days.forget(&path);
            }
            // Other records that hold the same samples do not make the file grow.
            _ => added.traces.extend(before),
        }
        if !contradicting.is_empty() {
            self.put_beside(stream, day, &contradicting)?;
        }
        let contradicts = |record: &Record| contradicting.contains(record);
        Ok(new.iter().copied().filter(contradicts).collect())
    }

    /// Keeps records that contradict the day file, in a file of type `O` (SDS: opaque).
    fn put_beside(&self, stream: &Nslc, day: NaiveDate, records: &[Record]) -> Result<()> {
        let path = self.file(stream, 'O', day);
        let old_bytes = read_regular(&path)?.unwrap_or_default();
        let (old, _) = mseed::whole_records(&old_bytes, "");
        let old = old.iter().map(|r| Record::new(r, &old_bytes));
        let mut all: Vec<Record> = old.chain(records.iter().copied()).collect();
        in_order(&mut all);
        let bytes = together(&all);
        if bytes == old_bytes {
            return Ok(());
        }
        write_below(&self.root, &path, &bytes)
    }
}

fn n_samples(traces: &[Trace]) -> usize {
    traces.iter().map(Trace::n_samples).sum()
}

/// Adds records to a day, and returns what the day then reads as; where they contradict it, or one
/// another, by halves, until those are found that do. `None` where nothing fitted.
fn fit<'a>(
    day: &mut Vec<Record<'a>>,
    new: &[Record<'a>],
    contradicting: &mut Vec<Record<'a>>,
) -> Option<Vec<Trace>> {
    let mut both = day.clone();
    both.extend_from_slice(new);
    in_order(&mut both);
    match mseed::read(&together(&both), "") {
        Ok(traces) => {
            *day = both;
            Some(traces)
        }
        Err(_) if new.len() <= 1 => {
            contradicting.extend_from_slice(new);
            None
        }
        Err(_) => {
            let (left, right) = new.split_at(new.len() / 2);
            let first = fit(day, left, contradicting);
            fit(day, right, contradicting).or(first)
        }
    }
}

/// By time, each once.
fn in_order(records: &mut Vec<Record>) {
    records.sort_by(|a, b| (a.start, a.content(), a.bytes).cmp(&(b.start, b.content(), b.bytes)));
    records.dedup_by(|a, b| a.content() == b.content());
}

fn together(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.iter().map(|r| r.bytes.len()).sum());
    for record in records {
        bytes.extend_from_slice(record.bytes);
    }
    bytes
}

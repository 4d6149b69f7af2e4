//! Records as bytes, as a day file holds them.

use crate::time::Time;
use crate::waveform::mseed::WholeRecord;

/// A record of the stream, in the answer or in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    start: Time,
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    pub fn new(record: &WholeRecord, bytes: &'a [u8]) -> Self {
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

/// By time, each once.
pub(super) fn in_order(records: &mut Vec<Record>) {
    records.sort_by(|a, b| (a.start, a.content(), a.bytes).cmp(&(b.start, b.content(), b.bytes)));
    records.dedup_by(|a, b| a.content() == b.content());
}

pub(super) fn together(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.iter().map(|r| r.bytes.len()).sum());
    for record in records {
        bytes.extend_from_slice(record.bytes);
    }
    bytes
}

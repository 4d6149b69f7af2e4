//! The records of a file one by one, by their headers alone.

use chrono::TimeDelta;

use super::header::{self, Kind};
use super::next_record;
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::StreamId;

/// Whose a record is, and when.
#[derive(Debug)]
pub(crate) struct RecordHead {
    /// Where it begins in the file.
    pub first_byte: usize,
    pub id: StreamId,
    /// Times of its first and last sample, and from one to the next; `None` where it has no samples.
    pub times: Option<(Time, Time, TimeDelta)>,
}

/// The heads of all records of `bytes`. [`super::read`] verifies what they hold.
///
/// # Errors
/// [`crate::Error::Waveform`] at bytes that begin no record.
pub(crate) fn records(bytes: &[u8], name: &str) -> Result<Vec<RecordHead>> {
    let mut heads = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(header::kind(&bytes[at..]), Kind::Control) {
            at = next_record(bytes, at);
            continue;
        }
        let header = header::parse(&bytes[at..]).map_err(|what| {
            fail!(
                Waveform,
                format!("{name}, byte {at}"),
                what,
                "Fetch this piece again"
            )
        })?;
        let rate = header.sampling_rate_hz;
        let is_sampled = header.n_samples > 0 && rate > 0.0 && rate.is_finite();
        heads.push(RecordHead {
            first_byte: at,
            id: header.id,
            times: is_sampled.then(|| {
                let last = time::of_sample(header.start, header.n_samples - 1, rate);
                (header.start, last, time::seconds(1.0 / rate))
            }),
        });
        at += header.n_bytes;
    }
    Ok(heads)
}

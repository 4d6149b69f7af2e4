//! Records into day files, as they came.
//!
//! A record keeps its bytes: its time to the microsecond, its quality, its encoding. A day file
//! holds distinct records by time, and always reads without a fault: what contradicts it is put
//! beside it, and a day file that was damaged before is kept beside it as it was.

use chrono::NaiveDate;

use super::Archive;
use super::contradictions::contradictions;
use super::cover::micros;
use super::existing::Existing;
use super::records::{Record, in_order, together};
use crate::atomic_file::{read_regular, write_below};
use crate::error::Result;
use crate::time::{self, TimeSpan};
use crate::waveform::merge::merge_layers;
use crate::waveform::mseed::{self, FaultKind, Faults, WholeRecord};
use crate::waveform::{Nslc, Trace};

/// What became of records that were added to an archive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Added {
    /// All that the touched day files hold now.
    pub traces: Vec<Trace>,
    /// What was kept out: damaged records, records of other streams or times, and records that give other
    /// samples than the archive has ([`FaultKind::Overlap`]); these lie in files of type `O` beside
    /// the day files.
    pub faults: Faults,
    /// The spans of the records that give other samples than the archive has, in time order; those that
    /// touch are joined.
    pub contradicted: Vec<TimeSpan>,
    /// Samples that the archive did not have.
    pub n_new: usize,
    /// What was damaged in the day files before. Its bytes are kept in a file beside each, and its times
    /// count as never asked for.
    pub found_damaged: Faults,
}

impl Archive {
    /// Adds the whole records of a stream that are in `bytes` to its day files, each file replaced
    /// whole. A record that the archive has is left out; so are, and are listed, damaged ones and
    /// those of other streams. `name` names the bytes in faults.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file cannot be read or written.
    pub fn add(&self, stream: &Nslc, bytes: &[u8], name: &str) -> Result<Added> {
        self.add_within(stream, None, bytes, name)
    }

    /// As [`Archive::add`]; records that do not reach into a span are left out and listed too.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn add_within(
        &self,
        stream: &Nslc,
        span: Option<TimeSpan>,
        bytes: &[u8],
        name: &str,
    ) -> Result<Added> {
        let (records, mut faults) = mseed::whole_records(bytes, name);
        let mut ours = Vec::new();
        for record in records {
            match unasked(&record, stream, span) {
                None => ours.push(record),
                Some((kind, what)) => faults.push(kind, || record.fault(name, kind, what)),
            }
        }
        ours.sort_by_key(|record| record.start);
        let mut added = Added {
            faults,
            ..Added::default()
        };
        let day = |record: &WholeRecord| record.start.date_naive();
        // All that can be done before is done: others wait for the lock.
        let _locked = self.lock_folder()?;
        for of_day in ours.chunk_by(|a, b| day(a) == day(b)) {
            let contradicting =
                self.add_to_day(stream, day(&of_day[0]), of_day, bytes, &mut added)?;
            for (record, _) in of_day.iter().zip(contradicting).filter(|(_, is)| *is) {
                push_span(&mut added.contradicted, record);
                let kind = FaultKind::Overlap;
                added.faults.push(kind, || {
                    let what = "it gives other samples than the archive has for this time";
                    record.fault(name, kind, what)
                });
            }
        }
        added.faults.sort();
        // Days may contradict one another at midnight; each by itself does not.
        added.traces = merge_layers(std::mem::take(&mut added.traces)).0;
        Ok(added)
    }

    /// Whether each record contradicts the day, or one before it that does not.
    fn add_to_day(
        &self,
        stream: &Nslc,
        day: NaiveDate,
        new: &[WholeRecord],
        bytes: &[u8],
        added: &mut Added,
    ) -> Result<Vec<bool>> {
        let path = self.day_file(stream, day);
        let old_bytes = read_regular(&path)?.unwrap_or_default();
        let old = Existing::read(stream, &path, &old_bytes)?;
        let is_damaged = !old.faults.is_empty();

        let pieces: Vec<_> = new.iter().map(|record| record.piece(bytes)).collect();
        let mut contradicting = contradictions(&old.traces, &pieces);
        let fitting: Vec<_> = (0..new.len()).filter(|&i| !contradicting[i]).collect();
        let record = |i: &usize| Record::new(&new[*i], bytes);
        let mut day_records = old.records.clone();
        let mut n_readings = MOST_READINGS;
        let after = fit(
            &mut day_records,
            &fitting,
            &record,
            &mut n_readings,
            &mut contradicting,
        );

        if let Some(after) = after.filter(|after| *after != old.traces) {
            if is_damaged {
                self.keep_damaged(&path, &old_bytes)?;
            }
            added.n_new += n_samples(&after).saturating_sub(n_samples(&old.traces));
            write_below(&self.root, &path, &together(&day_records))?;
            self.days.forget(&path);
            if is_damaged {
                self.forget_damaged(stream, day, &after)?;
            }
            added.traces.extend(after);
        } else {
            // Other records that hold the same samples do not make the file grow.
            added.traces.extend(old.traces);
        }
        added.found_damaged.append(old.faults);
        let new_beside = (0..new.len()).filter(|&i| contradicting[i]);
        let mut beside: Vec<_> = new_beside.map(|i| record(&i)).collect();
        beside.extend(old.contradicting);
        if !beside.is_empty() {
            self.put_beside(stream, day, &beside)?;
        }
        Ok(contradicting)
    }

    /// Keeps records that contradict the day file, in a file of type `O` (SDS: opaque).
    fn put_beside(&self, stream: &Nslc, day: NaiveDate, records: &[Record]) -> Result<()> {
        let path = self.file(stream, 'O', day);
        let old_bytes = read_regular(&path)?.unwrap_or_default();
        let (old, faults) = mseed::whole_records(&old_bytes, "");
        if !faults.is_empty() {
            self.keep_damaged(&path, &old_bytes)?;
        }
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

/// Why a record was not asked for, if it was not.
fn unasked(
    record: &WholeRecord,
    stream: &Nslc,
    span: Option<TimeSpan>,
) -> Option<(FaultKind, String)> {
    if record.stream != *stream {
        let what = format!("{} came where {stream} was asked for", record.stream);
        return Some((FaultKind::OtherStream, what));
    }
    let is_within = span.is_none_or(|span| record.reaches(span.start, span.end));
    (!is_within).then(|| {
        let (first, last) = (time::iso(record.start), time::iso(record.end));
        let what = format!("a record from {first} to {last}, a time that was not asked for");
        (FaultKind::OtherTime, what)
    })
}

/// Appends the span of a record, to the last one where they touch.
fn push_span(spans: &mut Vec<TimeSpan>, record: &WholeRecord) {
    let (start, end) = (micros(record.start), micros(record.end));
    match spans.last_mut() {
        Some(last) if start <= last.end => last.end = last.end.max(end),
        _ => spans.push(TimeSpan { start, end }),
    }
}

fn n_samples(traces: &[Trace]) -> usize {
    traces.iter().map(Trace::n_samples).sum()
}

/// A day is read so many times at most to find the records that do not fit.
const MOST_READINGS: usize = 64;

/// Adds records to a day, and returns what the day then reads as. Pieces that agree one by one may still not
/// join where a clock has drifted: then by halves, until those are found that do not, and are marked as
/// contradicting. `None` where nothing fitted.
fn fit<'a>(
    day: &mut Vec<Record<'a>>,
    new: &[usize],
    record: &impl Fn(&usize) -> Record<'a>,
    n_readings: &mut usize,
    contradicting: &mut [bool],
) -> Option<Vec<Trace>> {
    if new.is_empty() {
        return None;
    }
    let mut both = day.clone();
    both.extend(new.iter().map(record));
    in_order(&mut both);
    let read = match *n_readings {
        0 => None,
        _ => mseed::read(&together(&both), "").ok(),
    };
    *n_readings = n_readings.saturating_sub(1);
    if let Some(traces) = read {
        *day = both;
        return Some(traces);
    }
    if new.len() <= 1 || *n_readings == 0 {
        new.iter().for_each(|&i| contradicting[i] = true);
        return None;
    }
    let (left, right) = new.split_at(new.len() / 2);
    let first = fit(day, left, record, n_readings, contradicting);
    fit(day, right, record, n_readings, contradicting).or(first)
}

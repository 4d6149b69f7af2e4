//! Traces into day files.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, TimeDelta};

use super::Archive;
use super::existing::Existing;
use crate::atomic_file::{self, write_below};
use crate::error::{Result, fail};
use crate::time;
use crate::waveform::{Nslc, Segment, Trace, merge, mseed};

impl Archive {
    /// Adds traces to their day files and returns the files that were written. A file is replaced
    /// whole, by renaming, so that whatever interrupts it leaves the old or the new one. One that was
    /// damaged is kept beside the new one as it was, and [`Archive::faults`] lists the damage.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file cannot be written; [`crate::Error::Waveform`] where an
    /// existing file holds other samples for the same time, or a trace lacks a code.
    pub fn write(&self, traces: &[Trace]) -> Result<Vec<PathBuf>> {
        if let Some(trace) = traces.iter().find(|trace| !trace.id.is_complete()) {
            return Err(fail!(
                Waveform,
                &trace.id,
                "a network, a station or a channel without a code",
                "Give the trace all codes; only the location may be empty"
            ));
        }
        let _locked = self.lock_folder()?;
        let mut days: Vec<(PathBuf, Trace)> = traces
            .iter()
            .flat_map(by_day)
            .map(|(day, trace)| (self.day_file(&trace.id, day), trace))
            .collect();
        days.sort_by(|a, b| a.0.cmp(&b.0));
        let mut written = Vec::new();
        for of_file in days.chunk_by(|a, b| a.0 == b.0) {
            let path = &of_file[0].0;
            let mut pieces = match atomic_file::read_regular(path)? {
                Some(bytes) => self.whole_pieces(&of_file[0].1.id, path, &bytes)?,
                None => Vec::new(),
            };
            pieces.extend(of_file.iter().map(|(_, trace)| trace.clone()));
            write_below(&self.root, path, &mseed::write(&merge(pieces)?)?)?;
            self.days.forget(path);
            written.push(path.clone());
        }
        Ok(written)
    }

    /// What is whole in a day file that is about to be replaced.
    fn whole_pieces(&self, stream: &Nslc, path: &Path, bytes: &[u8]) -> Result<Vec<Trace>> {
        let old = Existing::read(stream, path, bytes)?;
        if !old.faults.is_empty() {
            self.keep_damaged(path, bytes)?;
            self.days.note(&old.faults);
        }
        Ok(old.traces)
    }
}

/// The pieces of a trace by the day of their samples' times.
fn by_day(trace: &Trace) -> Vec<(NaiveDate, Trace)> {
    let rate = trace.sampling_rate_hz;
    let mut pieces = Vec::new();
    for segment in &trace.segments {
        let n = segment.samples.len();
        let mut from = 0;
        while from < n {
            let start = time::of_sample(segment.start, from, rate);
            let day = start.date_naive();
            let midnight = (day + TimeDelta::days(1))
                .and_time(chrono::NaiveTime::MIN)
                .and_utc();
            let to = (time::between_s(segment.start, midnight) * rate - 1e-6).ceil() as usize;
            let to = to.clamp(from + 1, n);
            let samples = segment.samples.slice(from..to);
            let piece = Trace {
                id: trace.id.clone(),
                sampling_rate_hz: rate,
                segments: vec![Segment { start, samples }],
            };
            pieces.push((day, piece));
            from = to;
        }
    }
    pieces
}

//! The one reader of day files: by index where there is one, else a whole day at a time.
//!
//! A record lies in the file of the day on which it begins, or nearby: which files reach into a span is
//! known from their records, not from their names. What a day file holds of other streams is a fault.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use super::cut::{Last, cut};
use super::extents::Extents;
use super::index::Indices;
use super::layout::Layout;
use super::lock;
use super::met::{FileFaults, Met};
use super::storage::{Part, Storage, Version};
use crate::error::Result;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::merge::{merge_layers, without_contradictions};
use crate::waveform::mseed::{self, Fault, FaultKind, Faults, Index};
use crate::waveform::{Nslc, Trace, merge};

/// The traces of one day file, or of a part of it.
pub(crate) type Day = Arc<Vec<Trace>>;

/// Bytes after a part, in which the header of the next record lies.
const N_NEXT: usize = 512;

/// Of a day file in a bucket less than this is read by parts: up to ten requests a piece, where the whole takes one.
const SHORT: TimeDelta = TimeDelta::hours(4);

/// Three components of two days: a record across midnight, or windows on either side of it.
const N_DECODED: usize = 6;

/// Reads day files, and keeps the last few that were decoded.
#[derive(Debug)]
pub(crate) struct Days {
    storage: Arc<dyn Storage>,
    indices: Indices,
    /// What will be read, if it is known.
    expected: Option<(Layout, TimeSpan)>,
    extents: Extents,
    lenient: bool,
    decoded: Mutex<Vec<Decoded>>,
    met: Mutex<Met>,
}

/// A day file's traces, as they were when it was last written.
#[derive(Debug)]
struct Decoded {
    path: PathBuf,
    version: Version,
    day: Day,
}

impl Days {
    pub fn of(storage: Arc<dyn Storage>) -> Self {
        Self {
            indices: Indices::of(storage.clone()),
            storage,
            expected: None,
            extents: Extents::default(),
            lenient: false,
            decoded: Mutex::default(),
            met: Mutex::default(),
        }
    }

    /// The same, passing over what is damaged.
    pub fn lenient(self) -> Self {
        Self {
            lenient: true,
            ..self
        }
    }

    /// The same, which will be asked for times within a span.
    pub fn expecting(self, layout: Layout, span: TimeSpan) -> Self {
        Self {
            expected: Some((layout, span)),
            ..self
        }
    }

    /// How much of a day file will be read.
    fn expected(&self, path: &Path) -> Part {
        let part = self.expected.and_then(|(layout, span)| {
            let day = layout.day_file(path.into())?.day;
            let start = day.and_time(chrono::NaiveTime::MIN).and_utc();
            let end = start + TimeDelta::days(1);
            Some(span.end.min(end) - span.start.max(start))
        });
        match part.is_some_and(|part| part < SHORT) {
            true => Part::Piece,
            false => Part::Whole,
        }
    }

    /// What was wrong in all that a lenient reader has met.
    pub fn faults(&self) -> Faults {
        lock(&self.met).faults()
    }

    /// The same by file and kind.
    pub fn faults_by_file(&self) -> Vec<FileFaults> {
        lock(&self.met).by_file()
    }

    /// Of these files of a stream, the traces of all records that reach into a span, and of some
    /// around them: sorted and joined.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be read; unless it is lenient, [`Error::Waveform`] where a
    /// record is damaged or of another stream, or where two files contradict each other.
    pub fn span(&self, stream: &Nslc, files: &[PathBuf], start: Time, end: Time) -> Result<Day> {
        let mut days = Vec::new();
        for file in files {
            let day = self.part(stream, file, start, end)?;
            if day.iter().any(|trace| reaches(trace, start, end)) {
                days.push(day);
            }
        }
        if days.len() < 2 {
            return Ok(days.pop().unwrap_or_default());
        }
        let pieces = days.iter().flat_map(|day| day.iter());
        let pieces = pieces.map(|trace| {
            let (start, end) = widened(trace, start, end);
            cut(trace, start, end, Last::Included)
        });
        self.joined(stream, pieces.collect()).map(Arc::new)
    }

    /// As [`Days::span`], but of whole day files.
    ///
    /// # Errors
    /// As there.
    pub fn whole(
        &self,
        stream: &Nslc,
        files: &[PathBuf],
        start: Time,
        end: Time,
    ) -> Result<Vec<Trace>> {
        let mut pieces = Vec::new();
        for file in files {
            let day = self.decode(stream, file)?;
            if day.iter().any(|trace| reaches(trace, start, end)) {
                pieces.extend(day.iter().cloned());
            }
        }
        self.joined(stream, pieces)
    }

    /// The smallest sampling rate of a day file; `None` where there is none.
    ///
    /// # Errors
    /// As [`Days::span`].
    pub fn rate_hz(&self, stream: &Nslc, path: &Path, time: Time) -> Result<Option<f64>> {
        if let Some(version) = self.storage.version(path)
            && let Some(Some(index)) = self.indices.known(path, version)
        {
            return Ok(Some(index.sampling_rate_hz));
        }
        if self.is_too_large(stream, path)? {
            return Ok(None);
        }
        let part = self.expected(path);
        let Some((mut file, version)) = self.storage.open(path, part)? else {
            return Ok(None);
        };
        let around = (part, (time, time));
        if let Some(index) = self.indices.get(path, &mut *file, version, around)? {
            return Ok(Some(index.sampling_rate_hz));
        }
        let day = self.decode(stream, path)?;
        let rates = day.iter().map(|trace| trace.sampling_rate_hz);
        Ok(rates.reduce(f64::min))
    }

    /// From when until when a day file reaches, where it was read and has a sample.
    pub fn extent(&self, path: &Path) -> Option<(Time, Time)> {
        self.extents.of(path)
    }

    /// A day file that was replaced is read anew.
    pub fn forget(&self, path: &Path) {
        lock(&self.decoded).retain(|decoded| decoded.path != path);
    }

    /// The traces of the records of a day file that reach into a span, and of some around them; all
    /// of them where its records are out of order, and none where there is no file.
    fn part(&self, stream: &Nslc, path: &Path, start: Time, end: Time) -> Result<Day> {
        let version = || self.storage.version(path);
        if self.extents.is_beside(path, (start, end), version) {
            return Ok(Day::default());
        }
        if self.is_too_large(stream, path)? {
            return Ok(Day::default());
        }
        let part = self.expected(path);
        let Some((mut file, version)) = self.storage.open(path, part)? else {
            return Ok(Day::default());
        };
        let around = (part, (start, end));
        let Some(index) = self.indices.get(path, &mut *file, version, around)? else {
            return self.decode(stream, path);
        };
        self.extents.keep(path, version, index.span());
        if !index.reaches(start, end) {
            return Ok(Day::default());
        }
        let range = index.bytes(start, end);
        let mut bytes = Vec::with_capacity(range.len() + N_NEXT);
        file.read_at(range.start, range.len() + N_NEXT, &mut bytes)?;
        // The marks at both ends must be true: else records between them would be passed over.
        let next = bytes.get(range.len()..).unwrap_or_default();
        let is_true = bytes.len() >= range.len()
            && (range.is_empty() || index.fits(range.start, &bytes))
            && (range.end == index.n_bytes() || index.fits(range.end, next));
        bytes.truncate(range.len());
        // Of records between marks of some places nothing is known yet.
        let is_in_order = || -> Result<bool> {
            let all = bytes.len();
            Ok(index.is_whole() || all == 0 || Index::of(&mut bytes.as_slice(), all)?.is_some())
        };
        if !is_true || !is_in_order()? {
            self.indices.forget(path);
            return self.decode(stream, path);
        }
        let needed = mseed::within(&bytes, start, end);
        let from = range.start + needed.start;
        match &bytes[needed] {
            [] => Ok(Day::default()),
            needed => self.read(stream, path, needed, from).map(Arc::new),
        }
    }

    /// A day file, empty where there is none.
    fn decode(&self, stream: &Nslc, path: &Path) -> Result<Day> {
        let Some(version) = self.storage.version(path) else {
            return Ok(Day::default());
        };
        if self.is_too_large(stream, path)? {
            return Ok(Day::default());
        }
        let mut decoded = lock(&self.decoded);
        // The one asked for last stands last.
        let known = decoded.iter().position(|decoded| decoded.path == path);
        let known = known.map(|i| decoded.remove(i));
        let day = match known.filter(|known| known.version == version) {
            Some(known) => known.day,
            None => match self.storage.read(path)? {
                Some(bytes) => Arc::new(self.read(stream, path, &bytes, 0)?),
                None => return Ok(Day::default()),
            },
        };
        self.extents.keep(path, version, span_of(&day));
        if decoded.len() == N_DECODED {
            decoded.remove(0);
        }
        decoded.push(Decoded {
            path: path.into(),
            version,
            day: day.clone(),
        });
        Ok(day)
    }

    /// Whether a day file is passed over unread, for its size: a fault of the file.
    fn is_too_large(&self, stream: &Nslc, path: &Path) -> Result<bool> {
        let version = self.storage.version(path);
        let Some(what) = version.and_then(|version| version.why_too_large()) else {
            return Ok(false);
        };
        let fault = Fault {
            file: path.display().to_string(),
            byte: 0,
            n_bytes: 0,
            stream: Some(stream.clone()),
            time: None,
            kind: FaultKind::NotARecord,
            what,
        };
        if !self.lenient {
            return Err(fault.into_error());
        }
        self.note_of_day(fault);
        Ok(true)
    }

    /// The traces of bytes of a day file that begin at `from` in it.
    fn read(&self, stream: &Nslc, path: &Path, bytes: &[u8], from: usize) -> Result<Vec<Trace>> {
        let file = path.display().to_string();
        if !self.lenient {
            let name = match from {
                0 => file.clone(),
                first => format!("{file} (from byte {first} on)"),
            };
            let traces = mseed::read(bytes, &name)?;
            return match traces.iter().find(|trace| trace.id != *stream) {
                Some(other) => Err(misfiled(stream, other, file).into_error()),
                None => Ok(traces),
            };
        }
        let mut inspected = mseed::read_lenient(bytes, &file);
        inspected.faults.shift(from);
        let (ours, others): (Vec<_>, Vec<_>) = inspected
            .traces
            .into_iter()
            .partition(|trace| trace.id == *stream);
        self.note(&inspected.faults);
        for other in &others {
            self.note_of_day(misfiled(stream, other, file.clone()));
        }
        Ok(without_contradictions(ours))
    }

    /// Pieces of several files, joined.
    fn joined(&self, stream: &Nslc, pieces: Vec<Trace>) -> Result<Vec<Trace>> {
        if !self.lenient {
            return merge(pieces);
        }
        let (traces, overlaps) = merge_layers(pieces);
        for overlap in overlaps {
            self.note_of_day(Fault {
                file: format!("day files of {stream}"),
                byte: 0,
                n_bytes: 0,
                what: "samples are there twice, and differ: none of them is used".into(),
                stream: Some(overlap.id),
                time: Some(overlap.time),
                kind: FaultKind::Overlap,
            });
        }
        Ok(without_contradictions(traces))
    }

    /// Counts a fault that is met in every piece of a day, once.
    pub fn note_of_day(&self, fault: Fault) {
        lock(&self.met).note_of_day(fault);
    }

    /// Counts the faults of what was written that were not met before.
    pub fn note(&self, new: &Faults) {
        lock(&self.met).note(new);
    }
}

fn misfiled(stream: &Nslc, other: &Trace, file: String) -> Fault {
    Fault {
        file,
        byte: 0,
        n_bytes: 0,
        stream: Some(other.id.clone()),
        time: other.start(),
        kind: FaultKind::OtherStream,
        what: format!("records of {} in a day file of {stream}", other.id),
    }
}

/// From when until when traces have samples, to within one interval.
fn span_of(traces: &[Trace]) -> Option<(Time, Time)> {
    let spans = traces.iter().filter_map(|trace| {
        let (first, last) = (trace.start()?, trace.last()?);
        Some(widened(trace, first, last))
    });
    spans.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
}

/// The span and one interval of the trace at both ends.
fn widened(trace: &Trace, start: Time, end: Time) -> (Time, Time) {
    let interval = time::seconds(1.0 / trace.sampling_rate_hz);
    let start = start.checked_sub_signed(interval).unwrap_or(start);
    (start, end.checked_add_signed(interval).unwrap_or(end))
}

/// Whether a trace may have a sample in a span, to within one interval.
fn reaches(trace: &Trace, start: Time, end: Time) -> bool {
    let (start, end) = widened(trace, start, end);
    let (first, last) = (trace.start(), trace.last());
    first.is_some_and(|first| first <= end) && last.is_some_and(|last| start <= last)
}

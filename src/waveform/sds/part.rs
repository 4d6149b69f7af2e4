//! The part of a day file that a record needs.

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use super::{Archive, Day};
use crate::atomic_file::open_regular;
use crate::error::{Error, Result};
use crate::time::Time;
use crate::waveform::mseed;

/// Bytes after a part, in which the header of the next record lies.
const N_NEXT: usize = 512;

impl Archive {
    /// The traces of the records of a day file that reach into a span, and of some around them; all of
    /// them where its records are out of order or the archive is lenient, and none where there is no file.
    pub(super) fn part(&self, path: PathBuf, start: Time, end: Time) -> Result<Day> {
        if self.lenient {
            return self.decode(path);
        }
        let Some(mut file) = open_regular(&path)? else {
            return Ok(Day::default());
        };
        let Some(index) = self.indices.get(&path, &mut file)? else {
            return self.decode(path);
        };
        let range = index.bytes(start, end);
        let mut bytes = Vec::with_capacity(range.len() + N_NEXT);
        file.seek(SeekFrom::Start(range.start as u64))
            .and_then(|_| {
                let n = (range.len() + N_NEXT) as u64;
                file.by_ref().take(n).read_to_end(&mut bytes)
            })
            .map_err(Error::io(&path))?;
        // The marks at both ends must be true: else records between them would be passed over.
        let next = bytes.get(range.len()..).unwrap_or_default();
        let is_true = bytes.len() >= range.len()
            && (range.is_empty() || index.fits(range.start, &bytes))
            && (range.end == index.n_bytes() || index.fits(range.end, next));
        if !is_true {
            self.indices.forget(&path);
            return self.decode(path);
        }
        if range.is_empty() {
            return Ok(Day::default());
        }
        bytes.truncate(range.len());
        let needed = mseed::within(&bytes, start, end);
        let name = match range.start + needed.start {
            0 => path.display().to_string(),
            first => format!("{} (from byte {first} on)", path.display()),
        };
        match &bytes[needed] {
            [] => Ok(Day::default()),
            needed => Ok(Arc::new(mseed::read(needed, &name)?)),
        }
    }

    /// The smallest sampling rate of a day's files; `None` where one of them has no index, there is no file,
    /// or the archive is lenient.
    pub(super) fn indexed_rate(&self, day: NaiveDate) -> Result<Option<f64>> {
        if self.lenient {
            return Ok(None);
        }
        let mut smallest: Option<f64> = None;
        for stream in self.channels_of(day.year())? {
            let path = self.day_file(&stream, day);
            let Ok(data) = path.metadata() else {
                continue;
            };
            let index = match self.indices.known(&path, &data) {
                Some(index) => index,
                None => match open_regular(&path)? {
                    Some(mut file) => self.indices.get(&path, &mut file)?,
                    None => continue,
                },
            };
            let Some(index) = index else {
                return Ok(None);
            };
            let rate = index.sampling_rate_hz;
            smallest = Some(smallest.map_or(rate, |smallest| smallest.min(rate)));
        }
        Ok(smallest)
    }
}

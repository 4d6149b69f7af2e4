//! An index on disk: its bytes, and the checks when it is read.

use crc32c::crc32c;

use super::{Index, N_AHEAD, N_MOST, ReadAt, after};
use crate::waveform::mseed::{header, parse};

/// The first bytes of an index on disk: its kind and version.
const MAGIC: [u8; 8] = *b"qbindex1";

impl Index {
    /// The index in little-endian words of eight bytes, with a checksum at the end.
    ///
    /// In order: magic letters, the file's length, the bits of the sampling rate, start and first byte of each
    /// mark, CRC-32C of all words before.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut words = vec![
            u64::from_le_bytes(MAGIC),
            self.n_bytes as u64,
            self.sampling_rate_hz.to_bits(),
        ];
        let marks = self.marks.iter();
        words.extend(marks.flat_map(|(start, byte)| [start.cast_unsigned(), *byte as u64]));
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        let checksum = u64::from(crc32c(&bytes));
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// Reads what [`Index::to_bytes`] gave for a file of that length.
    ///
    /// `None` where the checksum or the length differs, where marks do not rise or lie beyond the file, and
    /// where the sampling rate is not valid.
    pub fn from_bytes(bytes: &[u8], file_n_bytes: u64) -> Option<Self> {
        let (rest, checksum) = bytes.split_last_chunk()?;
        if u64::from(crc32c(rest)) != u64::from_le_bytes(*checksum) {
            return None;
        }
        let (words, []) = rest.as_chunks() else {
            return None;
        };
        let mut words = words.iter().copied().map(u64::from_le_bytes);
        if words.next()?.to_le_bytes() != MAGIC {
            return None;
        }
        let (n_bytes, sampling_rate_hz) = (words.next()?, f64::from_bits(words.next()?));
        let words: Vec<u64> = words.collect();
        let (marks, []) = words.as_chunks() else {
            return None;
        };
        let marks: Vec<(i64, usize)> = marks
            .iter()
            .map(|[start, byte]| (start.cast_signed(), *byte as usize))
            .collect();
        let rises = |pair: &[(i64, usize)]| pair[0].0 <= pair[1].0 && pair[0].1 < pair[1].1;
        let is_sound = n_bytes == file_n_bytes
            && header::is_rate(sampling_rate_hz)
            && marks.first().is_some_and(|(_, byte)| *byte == 0)
            && marks
                .last()
                .is_some_and(|(_, byte)| (*byte as u64) < n_bytes)
            && marks.windows(2).all(rises);
        is_sound.then(|| Self {
            end_ns: marks[marks.len() - 1].0,
            marks,
            n_bytes: n_bytes as usize,
            interval_ns: 1e9 / sampling_rate_hz,
            sampling_rate_hz,
            around_ns: None,
        })
    }

    /// Compares the first and last marks of an index from disk with the file.
    ///
    /// `None` where the file has no such record there.
    pub fn completed(mut self, file: &mut dyn ReadAt) -> Option<Self> {
        let (_, last) = *self.marks.last()?;
        let mut at = |byte: usize, n: usize| {
            let mut bytes = Vec::with_capacity(n);
            file.read_at(byte, n, &mut bytes).ok().map(|()| bytes)
        };
        let first = at(0, N_AHEAD.min(self.n_bytes))?;
        // As many records as lie between two marks, unless they are of the longest kind.
        let records = at(last, (self.n_bytes - last).min(N_MOST))?;
        if !self.fits(0, &first)
            || !self.fits(last, &records)
            || last + records.len() < self.n_bytes
        {
            return None;
        }
        let mut rest = records.as_slice();
        while !rest.is_empty() {
            let header = parse::header(rest).ok()?;
            if header.sampling_rate_hz != self.sampling_rate_hz {
                return None;
            }
            let duration_ns = header.n_samples as f64 * self.interval_ns;
            self.end_ns = after(header.start_ns, duration_ns);
            rest = rest.get(header.n_bytes..)?;
        }
        Some(self)
    }

    /// Whether a record that begins at `byte`, a mark's, begins when the mark says.
    pub fn fits(&self, byte: usize, record: &[u8]) -> bool {
        let mark = self.marks.binary_search_by_key(&byte, |(_, byte)| *byte);
        mark.is_ok_and(|mark| {
            parse::header(record).is_ok_and(|header| header.start_ns == self.marks[mark].0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bytes, index, trace};
    use super::*;

    #[test]
    fn an_index_comes_back_from_sound_bytes_alone() {
        let whole = bytes(&[trace("HHZ", 0.0, 30_000)]);
        let made = index(&whole).unwrap();
        let stored = made.to_bytes();
        let n_bytes = whole.len() as u64;
        let read = Index::from_bytes(&stored, n_bytes).unwrap();
        let read = read.completed(&mut whole.as_slice()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{made:?}"));
        for n in 0..stored.len() {
            assert!(Index::from_bytes(&stored[..n], n_bytes).is_none());
            let mut damaged = stored.clone();
            damaged[n] ^= 0x10;
            assert!(Index::from_bytes(&damaged, n_bytes).is_none(), "byte {n}");
        }
        let (_, byte) = made.marks[2];
        assert!(read.fits(byte, &whole[byte..]));
        assert!(!read.fits(byte, &whole[byte + 256..]));
        assert!(!read.fits(byte + 256, &whole[byte + 256..]));
        assert!(!read.fits(byte, &whole[byte..byte + 20]));
    }

    #[test]
    fn a_crafted_index_is_no_index() {
        let whole = bytes(&[trace("HHZ", 0.0, 30_000)]);
        let n_bytes = whole.len() as u64;
        let crafted = |change: fn(&mut Index)| {
            let mut index = index(&whole).unwrap();
            change(&mut index);
            Index::from_bytes(&index.to_bytes(), n_bytes)
        };
        assert!(crafted(|_| ()).is_some());
        let changes: [fn(&mut Index); 9] = [
            |index| index.n_bytes += 256,
            |index| index.marks.clear(),
            |index| index.marks.swap(1, 2),
            |index| index.marks[0].1 = 256,
            |index| index.marks.last_mut().unwrap().1 = usize::MAX,
            |index| index.sampling_rate_hz = 0.0,
            |index| index.sampling_rate_hz = f64::NAN,
            |index| index.sampling_rate_hz = -100.0,
            |index| index.sampling_rate_hz = f64::INFINITY,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert!(crafted(change).is_none(), "{number}");
        }
    }
}

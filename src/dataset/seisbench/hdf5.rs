//! What is read of an HDF5 file: words, and rows of numbers, of bounded size.
//!
//! A damaged file may declare any size, so sizes are compared before memory is asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use hdf5_pure::{DType, Dataset, File, ReadSeekSource, VlenStringReadOptions};

use crate::atomic_file::open_large_input;
use crate::error::{Error, Result, fail};

/// The most values of one trace: three components at 100 Hz for a day are 26 million.
const MAX_VALUES: u64 = 1 << 25;
/// The largest piece in which samples may be compressed.
const MAX_CHUNK_BYTES: u64 = 1 << 28;
/// The longest word, in bytes.
const MAX_WORD: usize = 4096;

const REMEDY: &str = "Give a whole file, as SeisBench's writer makes it";

/// An open file, of which pieces are read.
pub(super) struct Hdf5 {
    path: PathBuf,
    file: File,
}

/// An array of the file.
pub(super) struct Block<'a> {
    file: &'a Hdf5,
    name: &'a str,
    data: Dataset,
    /// Its dimensions.
    pub shape: Vec<u64>,
}

/// Runs what reads bytes of others; damaged ones may break what the reader takes for granted.
fn guarded<T>(
    path: &Path,
    name: &str,
    read: impl FnOnce() -> std::result::Result<T, hdf5_pure::Error>,
) -> Result<T> {
    let place = format!("{}, {name}", path.display());
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(fail!(Dataset, place, error.to_string(), REMEDY)),
        Err(_) => Err(fail!(Dataset, place, "damaged HDF5", REMEDY)),
    }
}

impl Hdf5 {
    /// # Errors
    /// [`Error::Io`] where it is no regular file that can be read, [`Error::Dataset`] where it is no HDF5.
    pub fn open(path: &Path) -> Result<Self> {
        // Traces are read one by one: a dataset has any size.
        let input = open_large_input(path)?;
        let file = guarded(path, "as a whole", || {
            File::from_source(ReadSeekSource::new(input)?)
        })?;
        Ok(Self {
            path: path.into(),
            file,
        })
    }

    fn refuse(&self, name: &str, what: impl Into<String>) -> Error {
        let place = format!("{}, {name}", self.path.display());
        fail!(Dataset, place, what.into(), REMEDY)
    }

    /// The names of the arrays of a group; none where there is no such group.
    pub fn names(&self, group: &str) -> Result<Vec<String>> {
        guarded(&self.path, group, || {
            match self.file.root().groups()?.iter().any(|name| name == group) {
                true => self.file.group(group)?.datasets(),
                false => Ok(Vec::new()),
            }
        })
    }

    pub fn block<'a>(&'a self, name: &'a str) -> Result<Block<'a>> {
        let (data, shape, chunk, width) = guarded(&self.path, name, || {
            let data = self.file.dataset(name)?;
            let (shape, chunk) = (data.shape()?, data.chunk_shape()?);
            let width = data.element_size()?;
            Ok((data, shape, chunk, width))
        })?;
        let chunk_bytes = product(chunk.iter().flatten().copied().chain([width]));
        if chunk.is_some() && chunk_bytes > MAX_CHUNK_BYTES {
            let what = format!("pieces of {chunk_bytes} bytes, expected at most {MAX_CHUNK_BYTES}");
            return Err(self.refuse(name, what));
        }
        Ok(Block {
            file: self,
            name,
            data,
            shape,
        })
    }
}

/// The largest number where it is larger.
fn product(factors: impl IntoIterator<Item = u64>) -> u64 {
    factors.into_iter().fold(1, u64::saturating_mul)
}

impl Block<'_> {
    fn refuse(&self, what: impl Into<String>) -> Error {
        self.file.refuse(self.name, what)
    }

    fn dtype(&self) -> Result<DType> {
        guarded(&self.file.path, self.name, || self.data.dtype())
    }

    /// Rows along the first dimension.
    pub fn rows(&self, start: u64, n: u64) -> Result<Vec<f32>> {
        use DType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let dtype = self.dtype()?;
        if !matches!(
            dtype,
            F32 | F64 | I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64
        ) {
            return Err(self.refuse(format!("{dtype} where numbers are expected")));
        }
        let n0 = self.shape.first().copied().unwrap_or(1);
        let of_a_row = product(self.shape.iter().skip(1).copied());
        let expected = n.saturating_mul(of_a_row);
        if start.saturating_add(n) > n0 {
            return Err(self.refuse(format!("row {} of {n0}", start.saturating_add(n) - 1)));
        }
        if expected > MAX_VALUES {
            let what = format!("a trace of {expected} values, expected at most {MAX_VALUES}");
            return Err(self.refuse(what));
        }
        let read = || self.data.read_f32_rows(start, n);
        let values = guarded(&self.file.path, self.name, read)?;
        match values.len() as u64 == expected {
            true => Ok(values),
            false => Err(self.refuse(format!("{} values, expected {expected}", values.len()))),
        }
    }

    /// A number that stands alone.
    pub fn number(&self) -> Result<f64> {
        if product(self.shape.iter().copied()) != 1 {
            return Err(self.refuse(format!("shape {:?}, expected one number", self.shape)));
        }
        guarded(&self.file.path, self.name, || self.data.read_f64())?
            .first()
            .copied()
            .ok_or_else(|| self.refuse("no number"))
    }

    /// Text that stands alone, or as letters one after another.
    pub fn word(&self) -> Result<String> {
        let n = product(self.shape.iter().copied());
        let read = || match self.data.dtype()? {
            DType::VariableLengthString => {
                let limits = VlenStringReadOptions::new()
                    .with_max_elements(MAX_WORD)
                    .with_max_payload_bytes(MAX_WORD);
                self.data.read_vlen_strings(limits).map(Some)
            }
            DType::String => self.data.read_string().map(Some),
            _ => Ok(None),
        };
        let width = guarded(&self.file.path, self.name, || self.data.element_size())?;
        if n.saturating_mul(width) > 16 * MAX_WORD as u64 {
            return Err(self.refuse(format!("{n} texts of {width} bytes, expected a word")));
        }
        match guarded(&self.file.path, self.name, read)? {
            Some(words) => Ok(words.concat()),
            None => Err(self.refuse("no text, where a word is expected")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_files_of_any_size_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large.hdf5");
        let sparse = std::fs::File::create(&large).unwrap();
        sparse.set_len((4 << 30) + 1).unwrap();
        // It is read as far as it is seen to be no HDF5.
        assert!(matches!(Hdf5::open(&large), Err(Error::Dataset { .. })));
        #[cfg(unix)]
        for path in [folder.path(), Path::new("/dev/zero")] {
            assert!(matches!(Hdf5::open(path), Err(Error::Io { .. })));
        }
    }
}

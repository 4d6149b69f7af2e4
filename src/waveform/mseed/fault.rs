//! What can be wrong with a record, and where.

use std::fmt;

use crate::error::{Error, fail};
use crate::printable;
use crate::time::{self, Time};
use crate::waveform::Nslc;

/// Characters of what a fault says at most.
const N_CHARACTERS_MOST: usize = 300;

/// The sort of a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// Bytes at which no record begins.
    NotARecord,
    /// A header that contradicts itself.
    Header,
    /// The file ends within the record.
    Truncated,
    /// Bytes that contradict the CRC-32C of a record of version 3.
    Checksum,
    /// Samples that contradict the record's count or Steim's end value Xn.
    Samples,
    /// An encoding that is not decoded here.
    Encoding,
    /// Two records that give different samples for one time.
    Overlap,
    /// A record of another stream than was asked for.
    OtherStream,
    /// A record of another time than was asked for.
    OtherTime,
}

impl FaultKind {
    pub const ALL: [Self; 9] = [
        Self::NotARecord,
        Self::Header,
        Self::Truncated,
        Self::Checksum,
        Self::Samples,
        Self::Encoding,
        Self::Overlap,
        Self::OtherStream,
        Self::OtherTime,
    ];

    /// A word for tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotARecord => "not-a-record",
            Self::Header => "header",
            Self::Truncated => "truncated",
            Self::Checksum => "checksum",
            Self::Samples => "samples",
            Self::Encoding => "encoding",
            Self::Overlap => "overlap",
            Self::OtherStream => "other-stream",
            Self::OtherTime => "other-time",
        }
    }
}

/// One thing that is wrong with a file of miniSEED.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub file: String,
    /// Where it begins, counted from the start of the file.
    pub byte: usize,
    /// How many bytes were passed over for it.
    pub n_bytes: usize,
    /// Stream and time of the first sample, where the header could be read.
    pub stream: Option<Nslc>,
    pub time: Option<Time>,
    pub kind: FaultKind,
    /// What was found and expected.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.what)
    }
}

impl Fault {
    /// File, byte, stream and time.
    fn place(&self) -> String {
        let mut place = format!("{}, byte {}", self.file, self.byte);
        if let Some(stream) = &self.stream {
            place += &format!(", {stream}");
        }
        if let Some(time) = self.time {
            place += &format!(" {}", time::iso(time));
        }
        place
    }

    pub(crate) fn into_error(self) -> Error {
        let remedy = match self.kind {
            FaultKind::Overlap => "Find out which of the two is right and remove the other",
            FaultKind::OtherStream | FaultKind::OtherTime => {
                "Keep each stream and day in a file of its own"
            }
            FaultKind::Encoding => "Ask the data centre for another encoding, such as Steim 2",
            _ => "Fetch this piece again, or cut it out of the file",
        };
        fail!(Waveform, self.place(), self.what, remedy)
    }
}

/// What a check of a record finds wrong; the reader adds file, byte, stream and time.
#[derive(Debug)]
pub(super) struct Flaw {
    pub kind: FaultKind,
    pub what: String,
}

pub(super) type Checked<T> = Result<T, Flaw>;

impl FaultKind {
    /// `what` may hold text of the file.
    pub(super) fn flaw(self, what: impl AsRef<str>) -> Flaw {
        Flaw {
            kind: self,
            what: printable::line(what.as_ref(), N_CHARACTERS_MOST),
        }
    }
}

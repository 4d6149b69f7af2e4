//! The zip archive around a saved state dict: entries that are stored as they are.

use std::collections::BTreeMap;
use std::ops::Range;

/// Entries of an archive; PyTorch writes some hundred.
const MAX_ENTRIES: usize = 10_000;

/// Signatures of the parts of an archive (PKWARE's APPNOTE 6.3.10, section 4.3).
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;

/// Bytes of the end record and of the 64-bit locator before it, without a comment.
const END_BYTES: usize = 22;
const LOCATOR_BYTES: usize = 20;

/// The longest comment at the end of an archive.
const MAX_COMMENT: usize = 65_535;

/// A field of 32 bits whose value stands in the 64-bit part.
const ELSEWHERE: u64 = 0xffff_ffff;

/// The entries of a zip archive in memory, by name. Nothing is unpacked: a packed entry is refused, so no entry is
/// larger than the file.
#[derive(Debug)]
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    data: Range<usize>,
    crc: u32,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// What is wrong with the archive.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let (mut at, n_entries) = central_directory(bytes)?;
        if n_entries > MAX_ENTRIES {
            return Err(format!(
                "{n_entries} entries, expected at most {MAX_ENTRIES}"
            ));
        }
        let mut entries = BTreeMap::new();
        for _ in 0..n_entries {
            let (name, entry, next) = entry(bytes, at)?;
            at = next;
            if entries.insert(name.clone(), entry).is_some() {
                return Err(format!("two entries {name:?}"));
            }
        }
        Ok(Self { bytes, entries })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of an entry, checked against their CRC-32.
    pub fn entry(&self, name: &str) -> Result<&'a [u8], String> {
        let entry = self.entries.get(name);
        let entry = entry.ok_or_else(|| format!("no entry {name:?}"))?;
        let data = &self.bytes[entry.data.clone()];
        let mut crc = flate2::Crc::new();
        crc.update(data);
        match crc.sum() == entry.crc {
            true => Ok(data),
            false => Err(format!("the entry {name:?} is damaged: its CRC-32 differs")),
        }
    }
}

/// Where the central directory begins, and how many entries it has.
fn central_directory(bytes: &[u8]) -> Result<(usize, usize), String> {
    let least = bytes.len().saturating_sub(END_BYTES + MAX_COMMENT);
    let last = bytes.len().checked_sub(END_BYTES);
    let mut places = (least..=last.ok_or("too short for a zip archive")?).rev();
    let end = places.find(|at| number(bytes, *at, 4) == Ok(u64::from(END)));
    let end = end.ok_or("no end of a zip archive: the file is cut off, or is none")?;
    let locator = end.checked_sub(LOCATOR_BYTES);
    let locator = locator.filter(|at| number(bytes, *at, 4) == Ok(u64::from(LOCATOR_64)));
    let (n_entries, start) = match locator {
        None => (number(bytes, end + 10, 2)?, number(bytes, end + 16, 4)?),
        Some(locator) => {
            let end = place(number(bytes, locator + 8, 8)?)?;
            if number(bytes, end, 4)? != u64::from(END_64) {
                return Err("no 64-bit end record where the locator says".into());
            }
            (
                number(bytes, offset(end, 32)?, 8)?,
                number(bytes, offset(end, 48)?, 8)?,
            )
        }
    };
    Ok((place(start)?, place(n_entries)?))
}

/// An entry of the central directory, with its name, and where the next one begins.
fn entry(bytes: &[u8], at: usize) -> Result<(String, Entry, usize), String> {
    if number(bytes, at, 4)? != u64::from(CENTRAL) {
        return Err(format!("no entry of the central directory at byte {at}"));
    }
    let field = |from: usize, n: usize| number(bytes, offset(at, from)?, n);
    let (flags, method) = (field(8, 2)?, field(10, 2)?);
    let (n_name, n_extra, n_comment) = (field(28, 2)?, field(30, 2)?, field(32, 2)?);
    let name = slice(bytes, offset(at, 46)?, n_name)?;
    let name = std::str::from_utf8(name).map_err(|_| "a name that is no UTF-8")?;
    if method != 0 || flags & 1 != 0 {
        return Err(format!(
            "the entry {name:?} is packed or encrypted (method {method}); PyTorch stores entries as they are"
        ));
    }
    let extra = offset(at, 46 + n_name as usize)?;
    let [mut n_packed, mut n_bytes, mut local] = [field(20, 4)?, field(24, 4)?, field(42, 4)?];
    // The 64-bit values stand in this order, each only where its 32-bit field has no room.
    let mut wide = wide_fields(slice(bytes, extra, n_extra)?);
    for value in [&mut n_bytes, &mut n_packed, &mut local] {
        if *value == ELSEWHERE {
            *value = wide.next().ok_or("a 64-bit size is missing")?;
        }
    }
    if n_packed != n_bytes {
        return Err(format!("the entry {name:?} has two sizes"));
    }
    let local = place(local)?;
    if number(bytes, local, 4)? != u64::from(LOCAL) {
        return Err(format!("the entry {name:?} is not where the archive says"));
    }
    let before = number(bytes, offset(local, 26)?, 2)? + number(bytes, offset(local, 28)?, 2)?;
    let first = offset(local, 30 + before as usize)?;
    slice(bytes, first, n_bytes)?;
    let entry = Entry {
        data: first..first + n_bytes as usize,
        crc: field(16, 4)? as u32,
    };
    let next = offset(extra, (n_extra + n_comment) as usize)?;
    Ok((name.to_string(), entry, next))
}

/// The values of the 64-bit extra field; none where there is no such field.
fn wide_fields(extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = extra;
    let mut found: &[u8] = &[];
    while let Some(([a, b, c, d], data)) = rest.split_first_chunk() {
        let n = usize::from(u16::from_le_bytes([*c, *d])).min(data.len());
        let (field, after) = data.split_at(n);
        if u16::from_le_bytes([*a, *b]) == 1 {
            found = field;
        }
        rest = after;
    }
    let (eights, _) = found.as_chunks::<8>();
    eights.iter().map(|eight| u64::from_le_bytes(*eight))
}

/// A little-endian number of `n` bytes.
fn number(bytes: &[u8], at: usize, n: usize) -> Result<u64, String> {
    let bytes = slice(bytes, at, n as u64)?.iter().rev();
    Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn slice(bytes: &[u8], at: usize, n: u64) -> Result<&[u8], String> {
    let end = usize::try_from(n).ok().and_then(|n| at.checked_add(n));
    let slice = end.and_then(|end| bytes.get(at..end));
    slice.ok_or_else(|| {
        format!(
            "{n} bytes from byte {at} on reach beyond the file's {}",
            bytes.len()
        )
    })
}

fn offset(at: usize, n: usize) -> Result<usize, String> {
    at.checked_add(n).ok_or_else(|| "a size beyond all".into())
}

fn place(n: u64) -> Result<usize, String> {
    usize::try_from(n).map_err(|_| "a size beyond all".into())
}

//! From bytes to the header of a record, of version 2 or 3.
//!
//! Version 2: SEED Reference Manual 2.4 (FDSN 2012), chapter 8 (fixed section of the data header;
//! blockettes 100, 1000 and 1001). Version 3: FDSN miniSEED 3 specification (2023).

use std::ops::RangeInclusive;

use super::encoding;
use super::fault::{Checked, FaultKind};
use super::header::{Codes, Header, bad};

/// A kind of record.
pub(super) enum Kind {
    Version2,
    Version3,
    /// A control header of a full SEED volume, or a blank record: it holds no samples.
    Control,
    Unknown,
}

/// What begins at the front of `bytes`.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    let Some(front) = bytes.get(..8) else {
        return Kind::Unknown;
    };
    if front.starts_with(b"MS\x03") {
        return Kind::Version3;
    }
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | 0);
    if !front[..6].iter().all(number) {
        return Kind::Unknown;
    }
    match (front[6], front[7]) {
        (b'D' | b'R' | b'Q' | b'M', b' ' | 0) => Kind::Version2,
        (b'V' | b'A' | b'S' | b'T', b' ' | b'*') if !has_year(bytes) => Kind::Control,
        _ if is_blank(bytes) => Kind::Control,
        _ => Kind::Unknown,
    }
}

/// Whether a record of spaces begins here, perhaps with a number.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.len() >= 48 && bytes[6..48].iter().all(|b| *b == b' ')
}

/// Whether a data header's year stands here. A control header is text, without such a year. `D` and `T`
/// differ in one bit, so a header with a year is that of a damaged data record.
fn has_year(bytes: &[u8]) -> bool {
    let year = bytes.get(20..22).map_or([0; 2], |year| [year[0], year[1]]);
    YEARS.contains(&u16::from_be_bytes(year)) || YEARS.contains(&u16::from_le_bytes(year))
}

const YEARS: RangeInclusive<u16> = 1900..=2100;

/// Reads and checks the header at the front of `bytes`, which reach to the end of the file.
///
/// # Errors
/// A flaw where the specification does not allow a number, or the samples cannot be placed in time.
pub(super) fn header(bytes: &[u8]) -> Checked<Header<'_>> {
    let header = unchecked(bytes)?;
    header.check()?;
    Ok(header)
}

/// As [`header()`], with any sampling rate and duration.
pub(super) fn unchecked(bytes: &[u8]) -> Checked<Header<'_>> {
    match kind(bytes) {
        Kind::Version2 => version2(bytes),
        Kind::Version3 => version3(bytes),
        _ => Err(FaultKind::NotARecord.flaw("no miniSEED record begins here")),
    }
}

/// Numbers in `N` bytes of a header, in its byte order.
struct Fields<'a, const N: usize> {
    bytes: &'a [u8; N],
    big_endian: bool,
}

impl<'a, const N: usize> Fields<'a, N> {
    fn new(bytes: &'a [u8], at: usize, big_endian: bool) -> Checked<Self> {
        let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
        let bytes = field.ok_or_else(|| {
            FaultKind::Truncated.flaw(format!("truncated: its header needs byte {}", at + N))
        })?;
        Ok(Self { bytes, big_endian })
    }

    fn take<const M: usize>(&self, at: usize) -> [u8; M] {
        std::array::from_fn(|i| self.bytes[at + i])
    }

    fn u8(&self, at: usize) -> u8 {
        self.bytes[at]
    }

    fn u16(&self, at: usize) -> u16 {
        let big = u16::from_be_bytes(self.take(at));
        self.in_order(big, big.swap_bytes())
    }

    fn u32(&self, at: usize) -> u32 {
        let big = u32::from_be_bytes(self.take(at));
        self.in_order(big, big.swap_bytes())
    }

    fn f64(&self, at: usize) -> f64 {
        let big = u64::from_be_bytes(self.take(at));
        f64::from_bits(self.in_order(big, big.swap_bytes()))
    }

    fn in_order<T>(&self, big: T, little: T) -> T {
        if self.big_endian { big } else { little }
    }
}

/// In ten thousandths of a second. Some writers round up to a whole second.
const MOST_FRACTION: u16 = 10_000;

fn version2(bytes: &[u8]) -> Checked<Header<'_>> {
    // The year tells the byte order: no year of 1900 to 2100 is one when its bytes are swapped.
    let mut fields = Fields::<48>::new(bytes, 0, true)?;
    fields.big_endian = YEARS.contains(&fields.u16(20));
    let codes = Codes::Version2(&bytes[8..20]);
    // After the second that the header names; the field counts ten thousandths.
    let fraction = fields.u16(28);
    if fraction > MOST_FRACTION {
        return Err(bad(format!(
            "a fraction of {fraction} ten thousandths of a second"
        )));
    }
    let mut microseconds = 100 * i64::from(fraction);
    let n_samples = usize::from(fields.u16(30));
    let mut sampling_rate_hz = rate_of(fields.u16(32) as i16, fields.u16(34) as i16);
    // Bit 1 of the activity flags says that the time already holds the correction.
    if fields.u8(36) & 0b10 == 0 {
        let correction = i64::from(fields.u32(40) as i32);
        microseconds += correction * 100;
    }
    let data_start = usize::from(fields.u16(44));

    let mut packing = None;
    let mut at = usize::from(fields.u16(46));
    while at != 0 {
        let blockette = Fields::<8>::new(bytes, at, fields.big_endian)?;
        match blockette.u16(0) {
            100 => sampling_rate_hz = f64::from(f32::from_bits(blockette.u32(4))),
            1000 => packing = Some((blockette.u8(4), blockette.u8(5) != 0, blockette.u8(6))),
            1001 => microseconds += i64::from(blockette.u8(5) as i8),
            _ => {}
        }
        let next = usize::from(blockette.u16(2));
        if next != 0 && next <= at {
            return Err(bad(format!(
                "its blockettes run in a circle, from {at} to {next}"
            )));
        }
        at = next;
    }

    let (encoding, big_endian, n_bytes) = match packing {
        Some((encoding, order, power @ 7..=20)) => (encoding, order, 1 << power),
        Some((.., power)) => return Err(bad(format!("a record of 2^{power} bytes"))),
        // Older files have no blockette 1000: Steim 1, up to the next record.
        None => (
            encoding::STEIM1,
            fields.big_endian,
            length_by_next_record(bytes)?,
        ),
    };
    let data_start = if n_samples == 0 { n_bytes } else { data_start };
    if n_samples > 0 && !(48..n_bytes).contains(&data_start) {
        return Err(bad(format!(
            "its samples begin at {data_start} of {n_bytes} bytes"
        )));
    }
    let start_ns = time_of(
        fields.u16(20),
        fields.u16(22),
        [fields.u8(24), fields.u8(25), fields.u8(26)],
        1000 * microseconds,
    )?;
    Ok(Header {
        codes,
        start_ns,
        sampling_rate_hz,
        n_samples,
        encoding,
        big_endian,
        data: data_start..n_bytes,
        n_bytes,
        says_n_bytes: packing.is_some(),
    })
}

fn length_by_next_record(bytes: &[u8]) -> Checked<usize> {
    (7..=20)
        .map(|power| 1_usize << power)
        .find(|&n| {
            n == bytes.len() || (n < bytes.len() && !matches!(kind(&bytes[n..]), Kind::Unknown))
        })
        .ok_or_else(|| bad("no blockette 1000, and no record follows that would give its length"))
}

fn version3(bytes: &[u8]) -> Checked<Header<'_>> {
    let fields = Fields::<40>::new(bytes, 0, false)?;
    let source_end = 40 + usize::from(fields.u8(33));
    let data_start = source_end + usize::from(fields.u16(34));
    let n_bytes = data_start + fields.u32(36) as usize;
    let source = bytes.get(40..source_end);
    let source = source.ok_or_else(|| FaultKind::Truncated.flaw("truncated in its header"))?;
    let nanoseconds = i64::from(fields.u32(4));
    if nanoseconds >= NANOSECONDS {
        return Err(bad(format!("{nanoseconds} nanoseconds after its second")));
    }
    let start_ns = time_of(
        fields.u16(8),
        fields.u16(10),
        [fields.u8(12), fields.u8(13), fields.u8(14)],
        nanoseconds,
    )?;
    let rate = fields.f64(16);
    let encoding = fields.u8(15);
    Ok(Header {
        codes: Codes::Version3(source),
        start_ns,
        // Negative: the period in seconds.
        sampling_rate_hz: if rate < 0.0 { -1.0 / rate } else { rate },
        n_samples: fields.u32(24) as usize,
        encoding,
        // Steim's frames are big-endian everywhere, all else in version 3 is little-endian.
        big_endian: matches!(encoding, encoding::STEIM1 | encoding::STEIM2),
        data: data_start..n_bytes,
        n_bytes,
        says_n_bytes: true,
    })
}

/// Days from the first of January of year 1 to that of 1970.
const DAYS_TO_1970: i64 = 719_162;

/// In a second.
const NANOSECONDS: i64 = 1_000_000_000;

/// The time `nanoseconds` after a second, in nanoseconds since 1970. The calendar here has no leap
/// seconds: second 60 counts as the first second of the next minute.
fn time_of(year: u16, day: u16, [hour, minute, second]: [u8; 3], nanoseconds: i64) -> Checked<i64> {
    let is_century = year.is_multiple_of(100);
    let is_leap = year.is_multiple_of(if is_century { 400 } else { 4 });
    let days_in_year = if is_leap { 366 } else { 365 };
    let exists = YEARS.contains(&year)
        && (1..=days_in_year).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    // The days of all years before this one, leap days included.
    let before = i64::from(year) - 1;
    let days = 365 * before + before / 4 - before / 100 + before / 400 + i64::from(day) - 1;
    let of_day = 3600 * i64::from(hour) + 60 * i64::from(minute) + i64::from(second);
    let whole = 86_400 * (days - DAYS_TO_1970) + of_day;
    exists
        .then(|| NANOSECONDS * whole + nanoseconds)
        .ok_or_else(|| {
            bad(format!(
                "its time {year}-{day:03} {hour:02}:{minute:02}:{second:02} does not exist"
            ))
        })
}

/// Rate from factor and multiplier; a negative one divides (SEED manual, chapter 8, fields 10, 11).
fn rate_of(factor: i16, multiplier: i16) -> f64 {
    let power = |x: i16| match f64::from(x) {
        x if x < 0.0 => -1.0 / x,
        x => x,
    };
    power(factor) * power(multiplier)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::time::{self, Time};

    #[test]
    fn every_day_of_the_calendar_is_read() {
        for year in [1900, 1904, 1969, 1970, 1999, 2000, 2014, 2016, 2100] {
            for day in 1..=366 {
                let date = NaiveDate::from_yo_opt(i32::from(year), u32::from(day));
                let wanted = date.and_then(|date| date.and_hms_opt(1, 2, 3));
                let read = time_of(year, day, [1, 2, 3], 0).ok();
                let wanted = wanted.and_then(|time| time.and_utc().timestamp_nanos_opt());
                assert_eq!(read, wanted, "{year} {day}");
            }
        }
        for (year, day, clock) in [
            (65_535, 1, [0; 3]),
            (0, 1, [0; 3]),
            (2014, 0, [0; 3]),
            (1899, 1, [0; 3]),
            (2014, 1, [24, 0, 0]),
            (2014, 1, [0, 60, 0]),
            (2014, 1, [0, 0, 61]),
        ] {
            assert!(time_of(year, day, clock, 0).is_err());
        }
        for (nanoseconds, wanted) in [
            (0, "2017-01-01T00:00:00.000000Z"),
            (1_234_567_000, "2017-01-01T00:00:01.234567Z"),
            (-1000, "2016-12-31T23:59:59.999999Z"),
        ] {
            let leap = time_of(2016, 366, [23, 59, 60], nanoseconds).unwrap();
            assert_eq!(time::iso(Time::from_timestamp_nanos(leap)), wanted);
        }
    }
}

//! The header of one record: its stream, start, sampling rate and encoding, and where its samples lie.

use std::ops::{Range, RangeInclusive};

use chrono::TimeDelta;

use super::encoding::{self, Encoding};
use super::fault::{Checked, FaultKind, Flaw};
use crate::time::{self, Time};
use crate::waveform::Nslc;

/// What a record says about its samples.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub codes: Codes<'a>,
    /// Time of the first sample, in nanoseconds since 1970. Its year is 1900 to 2100.
    pub start_ns: i64,
    pub sampling_rate_hz: f64,
    pub n_samples: usize,
    pub encoding: Encoding,
    /// Byte order of the samples.
    pub big_endian: bool,
    /// Where the samples lie, counted from the start of the record.
    pub data: Range<usize>,
    /// Length of the whole record in bytes.
    pub n_bytes: usize,
    /// Whether the header gives the length; else it was found by looking for the next record.
    pub says_n_bytes: bool,
}

impl Header<'_> {
    pub fn start(&self) -> Time {
        Time::from_timestamp_nanos(self.start_ns)
    }

    /// Whether the record holds no ground motion: text, or a header alone.
    pub fn is_without_samples(&self) -> bool {
        self.n_samples == 0 || self.encoding == encoding::TEXT
    }

    /// Checks sampling rate and duration.
    ///
    /// # Errors
    /// A flaw where the samples cannot be placed in time.
    pub fn check(&self) -> Checked<()> {
        let rate = self.sampling_rate_hz;
        if self.is_without_samples() {
            return Ok(());
        }
        if !is_rate(rate) {
            return Err(bad(format!("a sampling rate of {rate:e} Hz")));
        }
        let duration_ns = self.n_samples as f64 / rate * 1e9;
        if self.start_ns as f64 + duration_ns > LATEST_NS {
            let years = duration_ns / (365.25 * 86_400e9);
            return Err(bad(format!("its samples last {years:.0} years")));
        }
        Ok(())
    }

    /// Where the next sample would be.
    pub fn end(&self) -> Time {
        self.start() + self.interval_times(self.n_samples)
    }

    /// From one sample to the next; zero where there is no rate, as in a record of text.
    pub fn interval(&self) -> TimeDelta {
        self.interval_times(1)
    }

    /// The time that `n` samples take.
    fn interval_times(&self, n: usize) -> TimeDelta {
        let seconds = n as f64 / self.sampling_rate_hz;
        let seconds = if seconds.is_finite() { seconds } else { 0.0 };
        // A damaged rate must not lead out of the calendar.
        time::seconds(seconds.clamp(0.0, 1e9))
    }
}

/// The codes of a record's stream as they stand in it. Records with equal codes are of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codes<'a> {
    /// Station, location, channel and network, in fields of 5, 2, 3 and 2 letters.
    Version2(&'a [u8]),
    /// `FDSN:NET_STA_LOC_BAND_SOURCE_SUBSOURCE`.
    Version3(&'a [u8]),
}

impl<'a> Codes<'a> {
    /// The version of the record, and the letters in their field.
    pub fn parts(&self) -> (u8, &'a [u8]) {
        match *self {
            Self::Version2(codes) => (2, codes),
            Self::Version3(source) => (3, source),
        }
    }

    pub fn stream(&self) -> Checked<Nslc> {
        match self {
            Self::Version2(codes) => {
                let station = text(&codes[..5])?;
                let location = text(&codes[5..7])?;
                let channel = text(&codes[7..10])?;
                let network = text(&codes[10..])?;
                Nslc::new(network, station, location, channel).map_err(|what| bad(what.to_string()))
            }
            Self::Version3(source) => {
                let source = text(source)?;
                let parts: Vec<&str> = source.trim_start_matches("FDSN:").split('_').collect();
                // With longer parts `B_HH_Z` and `BH_H_Z` would be the same channel.
                let is_letter = |part: &&str| part.len() == 1;
                let [network, station, location, channel @ ..] = &parts[..] else {
                    return Err(bad(format!("its source identifier is {source:?}")));
                };
                if channel.len() != 3 || !channel.iter().all(is_letter) {
                    return Err(bad(format!("its source identifier is {source:?}")));
                }
                Nslc::new(network, station, location, &channel.concat())
                    .map_err(|what| bad(what.to_string()))
            }
        }
    }
}

fn text(field: &[u8]) -> Checked<&str> {
    let text = std::str::from_utf8(field).ok().filter(|t| t.is_ascii());
    let text = text.ok_or_else(|| bad("a code of its stream is not ASCII"))?;
    Ok(text.trim_matches([' ', '\0']))
}

pub(super) fn bad(what: impl AsRef<str>) -> Flaw {
    FaultKind::Header.flaw(what)
}

/// Valid sampling rates: those that factor and multiplier of version 2 can express.
const RATES_HZ: RangeInclusive<f64> = 1e-10..=2e9;

/// The first of January 2200. A record with later samples is damaged.
const LATEST_NS: f64 = 7.258_118_4e18;

/// Whether samples of this rate can be placed in time.
pub(super) fn is_rate(rate_hz: f64) -> bool {
    RATES_HZ.contains(&rate_hz)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::HOSTILE;

    #[test]
    fn hostile_codes_are_refused() {
        for text in HOSTILE {
            let source = format!("FDSN:XX_A_00_H_H_{text}");
            assert!(Codes::Version3(source.as_bytes()).stream().is_err());
            let source = format!("FDSN:{text}_A_00_H_H_Z");
            assert!(Codes::Version3(source.as_bytes()).stream().is_err());
        }
        for codes in [
            b"OK029  HHZ..",
            b"../..00HHZGS",
            b"OK02900H/ZGS",
            b"OK\x0029  HHZGS",
            b"OK\n29 00HHZG",
        ] {
            assert!(Codes::Version2(codes).stream().is_err(), "{codes:?}");
        }
        let blank = Codes::Version2(b"OK029--HHZGS").stream().unwrap();
        assert_eq!(blank, Codes::Version2(b"OK029  HHZGS").stream().unwrap());
        // Old records leave codes blank.
        assert!(Codes::Version2(b"GRA1   BHZ  ").stream().is_ok());
    }
}

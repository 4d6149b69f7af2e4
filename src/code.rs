//! Codes of networks, stations, locations and channels.
//!
//! FDSN Source Identifiers 1.0 (2022) and SEED Reference Manual 2.4: letters, digits and `-`, at most
//! eight. A path is built from such codes alone, so that no data centre, study or record can name a
//! file outside an archive.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::error::{Error, fail};

/// Letters of a code at most.
const MAX_LETTERS: usize = 8;

/// One code: at most eight letters, digits and `-`; empty for a location without a code.
///
/// ```
/// use quakebook::waveform::Code;
/// let code: Code = "OK029".parse()?;
/// assert_eq!(code, "OK029");
/// // A blank location and `--` are the same.
/// assert!("--".parse::<Code>()?.is_empty());
/// assert!("  ".parse::<Code>()?.is_empty());
/// assert!("../../d".parse::<Code>().is_err());
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{expected} was expected; found {found:?}")]
pub struct BadCode {
    pub(crate) expected: &'static str,
    /// The beginning of the text.
    pub(crate) found: String,
}

impl BadCode {
    pub(crate) fn new(expected: &'static str, found: &str) -> Self {
        Self {
            expected,
            found: found.chars().take(40).collect(),
        }
    }
}

impl From<BadCode> for Error {
    fn from(bad: BadCode) -> Self {
        fail!(
            Waveform,
            "codes",
            bad,
            "Write codes as in GS.OK029.00.HHZ; an empty location is empty or --"
        )
    }
}

impl Code {
    /// A code that must not be empty.
    ///
    /// # Errors
    /// [`BadCode`] for anything but one to eight letters, digits and `-`.
    pub fn needed(text: &str) -> Result<Self, BadCode> {
        match text.parse::<Self>() {
            Ok(code) if !code.is_empty() => Ok(code),
            _ => Err(BadCode::new(
                "a code of 1 to 8 letters, digits or '-'",
                text,
            )),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = BadCode;

    fn from_str(text: &str) -> Result<Self, BadCode> {
        let code = match text.trim_matches(' ') {
            "--" => "",
            code => code,
        };
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if code.len() <= MAX_LETTERS && code.bytes().all(is_letter) {
            return Ok(Self(code.into()));
        }
        Err(BadCode::new(
            "a code of at most 8 letters, digits or '-'",
            text,
        ))
    }
}

impl TryFrom<String> for Code {
    type Error = BadCode;

    fn try_from(text: String) -> Result<Self, BadCode> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl Deref for Code {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Network, station, location and channel codes: `GS.OK029.00.HHZ`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nslc {
    network: Code,
    station: Code,
    location: Code,
    channel: Code,
}

impl Nslc {
    /// The stream of four codes. Any may be empty: old records leave codes blank.
    ///
    /// # Errors
    /// [`BadCode`] naming the text that is no code.
    ///
    /// ```
    /// use quakebook::waveform::Nslc;
    /// assert_eq!(Nslc::new("GS", "OK029", "00", "HHZ")?.to_string(), "GS.OK029.00.HHZ");
    /// assert_eq!(Nslc::new("CX", "PB01", "--", "HHZ")?.to_string(), "CX.PB01..HHZ");
    /// assert!(Nslc::new("../../d", "OK029", "00", "HHZ").is_err());
    /// # Ok::<(), quakebook::Error>(())
    /// ```
    pub fn new(
        network: &str,
        station: &str,
        location: &str,
        channel: &str,
    ) -> Result<Self, BadCode> {
        Ok(Self {
            network: network.parse()?,
            station: station.parse()?,
            location: location.parse()?,
            channel: channel.parse()?,
        })
    }

    /// Whether only the location is empty, as an archive and a request need it.
    pub fn is_complete(&self) -> bool {
        let needed = [&self.network, &self.station, &self.channel];
        needed.iter().all(|code| !code.is_empty())
    }

    pub fn network(&self) -> &Code {
        &self.network
    }

    pub fn station(&self) -> &Code {
        &self.station
    }

    pub fn location(&self) -> &Code {
        &self.location
    }

    pub fn channel(&self) -> &Code {
        &self.channel
    }

    /// The channel's band and instrument, and its component: `HH` and `Z` of `HHZ`. `None` without a channel code.
    pub fn band_and_component(&self) -> Option<(&str, char)> {
        let channel = self.channel.as_str();
        let component = channel.chars().next_back()?;
        Some((channel.strip_suffix(component)?, component))
    }
}

impl fmt::Display for Nslc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            network,
            station,
            location,
            channel,
        } = self;
        write!(f, "{network}.{station}.{location}.{channel}")
    }
}

/// Texts that must pass no door for codes.
#[cfg(test)]
pub(crate) const HOSTILE: [&str; 14] = [
    "../../../d",
    "HH/../../evil/Z",
    "..",
    ".",
    "/",
    "\\",
    "A\0B",
    "A\nB",
    "\u{1b}[31mA",
    "A B",
    "Ä",
    "A_B",
    "ABCDEFGHI",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_are_no_codes() {
        for text in HOSTILE {
            assert!(text.parse::<Code>().is_err(), "{text:?}");
            for at in 0..4 {
                let mut codes = ["GS", "OK029", "00", "HHZ"];
                codes[at] = text;
                let [network, station, location, channel] = codes;
                assert!(Nslc::new(network, station, location, channel).is_err());
            }
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<Code>(&json).is_err(), "{text:?}");
        }
        let long = "A".repeat(300);
        let error = long.parse::<Code>().unwrap_err();
        assert!(error.to_string().len() < 120, "{error}");
    }

    #[test]
    fn only_a_complete_stream_names_files() {
        for empty in ["", "--", "  "] {
            assert!(Code::needed(empty).is_err());
            let codes = [
                ("XX", "A", empty),
                ("XX", empty, "HHZ"),
                (empty, "A", "HHZ"),
            ];
            for (network, station, channel) in codes {
                let stream = Nslc::new(network, station, "", channel).unwrap();
                assert!(!stream.is_complete());
            }
            let stream = Nslc::new("XX", "A", empty, "HHZ").unwrap();
            assert_eq!(stream.to_string(), "XX.A..HHZ");
            assert!(stream.is_complete());
        }
    }

    #[test]
    fn a_channel_is_a_band_and_a_component() {
        let of = |channel: &str| Nslc::new("XX", "A", "", channel).unwrap();
        assert_eq!(of("HHZ").band_and_component(), Some(("HH", 'Z')));
        assert_eq!(of("Z").band_and_component(), Some(("", 'Z')));
        assert_eq!(of("HZZ").band_and_component(), Some(("HZ", 'Z')));
        assert_eq!(of("").band_and_component(), None);
    }

    #[test]
    fn an_error_escapes_control_characters() {
        let error = "\u{1b}[31mA\n".parse::<Code>().unwrap_err().to_string();
        assert!(!error.contains(['\u{1b}', '\n']), "{error}");
    }
}

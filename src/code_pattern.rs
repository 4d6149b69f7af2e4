//! Which codes are sought: patterns with wildcards, and a study's choice of a station.

use std::fmt;
use std::str::FromStr;

use crate::code::{BadCode, Code, Nslc};

/// One three-component station, by its codes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationChoice {
    #[serde(deserialize_with = "needed")]
    pub network: Code,
    #[serde(deserialize_with = "needed")]
    pub station: Code,
    pub location: Code,
    /// Channel codes, wildcards allowed: `HH*`.
    pub channels: CodePattern,
}

impl StationChoice {
    /// The station of these codes; `channels` is a pattern such as `HH*`.
    ///
    /// # Errors
    /// [`BadCode`] naming the text that is no code or no pattern.
    pub fn new(
        network: &str,
        station: &str,
        location: &str,
        channels: &str,
    ) -> Result<Self, BadCode> {
        Ok(Self {
            network: Code::needed(network)?,
            station: Code::needed(station)?,
            location: location.parse()?,
            channels: channels.parse()?,
        })
    }
}

fn needed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    Code::needed(&text).map_err(serde::de::Error::custom)
}

/// Letters of one pattern at most.
const MAX_LETTERS: usize = 32;

/// Letters of a list of patterns at most: some thousand stations.
const MAX_LIST: usize = 8192;

/// One pattern or several, separated by commas: `HH*`, `HHE,HHN,HHZ`.
///
/// `?` stands for one letter and `*` for any number. An empty pattern, also written `--`, fits the
/// empty code alone.
///
/// ```
/// use quakebook::station::CodePattern;
/// let pattern: CodePattern = "HH?,LHZ".parse()?;
/// assert!(pattern.admits("HH1") && pattern.admits("LHZ") && !pattern.admits("LH1"));
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodePattern(String);

impl CodePattern {
    /// Fits every code, the empty one too.
    pub(crate) fn any() -> Self {
        Self("*".into())
    }

    /// Whether a code fits one of the patterns.
    pub fn admits(&self, code: &str) -> bool {
        self.patterns().any(|pattern| matches(pattern, code))
    }

    /// The patterns of the list, one after another.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.0.split(',')
    }

    /// Whether it names codes one by one, without a wildcard.
    pub fn is_list(&self) -> bool {
        !self.0.contains(['*', '?'])
    }
}

impl FromStr for CodePattern {
    type Err = BadCode;

    fn from_str(text: &str) -> Result<Self, BadCode> {
        let bad = || {
            let expected =
                "patterns of letters, digits, '-', '_', '?' and '*', separated by commas";
            Err(BadCode::new(expected, text))
        };
        if text.len() > MAX_LIST {
            return bad();
        }
        // The underscore begins the names of virtual networks, such as _GSN.
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || b"-_?*".contains(&b);
        let mut patterns = Vec::new();
        for pattern in text.split(',') {
            let pattern = match pattern.trim_matches(' ') {
                "--" => "",
                pattern => pattern,
            };
            if pattern.len() > MAX_LETTERS || !pattern.bytes().all(is_letter) {
                return bad();
            }
            patterns.push(pattern);
        }
        Ok(Self(patterns.join(",")))
    }
}

impl TryFrom<String> for CodePattern {
    type Error = BadCode;

    fn try_from(text: String) -> Result<Self, BadCode> {
        text.parse()
    }
}

impl From<CodePattern> for String {
    fn from(pattern: CodePattern) -> Self {
        pattern.0
    }
}

impl From<&Code> for CodePattern {
    fn from(code: &Code) -> Self {
        Self(code.to_string())
    }
}

impl fmt::Display for CodePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CodePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The streams whose four codes fit four patterns: `CX.PB0?..HH*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NslcPattern {
    pub network: CodePattern,
    pub station: CodePattern,
    pub location: CodePattern,
    pub channel: CodePattern,
}

impl NslcPattern {
    /// # Errors
    /// [`BadCode`] naming the text that is no pattern.
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

    /// Whether all four codes of a stream fit.
    pub fn admits(&self, stream: &Nslc) -> bool {
        self.network.admits(stream.network())
            && self.station.admits(stream.station())
            && self.location.admits(stream.location())
            && self.channel.admits(stream.channel())
    }
}

impl From<&Self> for NslcPattern {
    fn from(pattern: &Self) -> Self {
        pattern.clone()
    }
}

impl From<&Nslc> for NslcPattern {
    fn from(stream: &Nslc) -> Self {
        Self {
            network: stream.network().into(),
            station: stream.station().into(),
            location: stream.location().into(),
            channel: stream.channel().into(),
        }
    }
}

impl From<&StationChoice> for NslcPattern {
    fn from(choice: &StationChoice) -> Self {
        Self {
            network: (&choice.network).into(),
            station: (&choice.station).into(),
            location: (&choice.location).into(),
            channel: choice.channels.clone(),
        }
    }
}

impl fmt::Display for NslcPattern {
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

/// Whether `text` fits a pattern of letters, `?` (one) and `*` (any number). Each `*` need only be
/// tried where the one before it has been passed, so that no pattern takes long.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // The last `*`, and from where in the text what follows it was tried.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, tried)) => {
                    star = Some((at, tried + 1));
                    (p, t) = (at + 1, tried + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::{CodePattern, NslcPattern, StationChoice, matches};
    use crate::code::HOSTILE;

    #[test]
    fn wildcards() {
        for (pattern, fits) in [
            ("HH*", true),
            ("HH?", true),
            ("*", true),
            ("HHZ", true),
            ("HH", false),
            ("BH*", false),
            ("??", false),
            ("?H*Z*", true),
            ("*H*H", false),
            ("", false),
        ] {
            assert_eq!(matches(pattern, "HHZ"), fits, "{pattern}");
        }
    }

    #[test]
    fn patterns_as_fdsn_has_them() {
        for (patterns, code, admitted) in [
            ("HH*", "HHZ", true),
            ("HH?", "HHZ", true),
            ("HH?", "HH", false),
            ("*", "", true),
            ("--", "", true),
            ("--", "00", false),
            ("LH*,HHZ", "HHZ", true),
            ("LH*,HHZ", "HH1", false),
            ("*Z", "HHZ", true),
            ("**Z*", "HHZ", true),
        ] {
            let list: CodePattern = patterns.parse().unwrap();
            assert_eq!(list.admits(code), admitted, "{patterns} {code}");
        }
    }

    #[test]
    fn hostile_patterns_are_refused() {
        // The underscore is of virtual networks, and the eight letters are a code's.
        let hostile = HOSTILE
            .into_iter()
            .filter(|text| !["A_B", "ABCDEFGHI"].contains(text));
        for text in hostile {
            assert!(text.parse::<CodePattern>().is_err(), "{text:?}");
            assert!(NslcPattern::new("XX", text, "", "*").is_err());
            assert!(StationChoice::new("XX", "A", "", text).is_err());
        }
        for text in HOSTILE {
            assert!(StationChoice::new(text, "A", "", "*").is_err());
            assert!(StationChoice::new("XX", "A", text, "*").is_err());
        }
        assert!("*".repeat(60_000).parse::<CodePattern>().is_err());
        assert!("HHZ,".repeat(60_000).parse::<CodePattern>().is_err());
    }

    #[test]
    fn blanks_around_codes_do_not_count() {
        let list: CodePattern = "HHE, HHZ".parse().unwrap();
        assert!(list.admits("HHZ") && list.is_list());
        let list: CodePattern = "--,00".parse().unwrap();
        assert!(list.admits("") && list.admits("00") && !list.admits("10"));
    }
}

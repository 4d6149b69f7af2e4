//! Codes of stations and channels, and the wildcards that choose among them.

/// One three-component station, by its codes.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationChoice {
    pub network: String,
    pub station: String,
    pub location: String,
    /// Channel codes, wildcards allowed: `HH*`.
    pub channels: String,
}

/// Whether a code fits one of the patterns, which commas separate; `--` and nothing stand for an empty
/// code.
pub(crate) fn admits(patterns: &str, code: &str) -> bool {
    patterns.split(',').any(|pattern| match pattern.trim() {
        "--" => code.is_empty(),
        pattern => matches(pattern, code),
    })
}

/// Whether `text` fits a pattern of letters, `?` (one) and `*` (any number). Each `*` need only be
/// tried where the one before it has been passed, so that no pattern takes long.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
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
    use super::{admits, matches};

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
            assert_eq!(admits(patterns, code), admitted, "{patterns} {code}");
        }
    }
}

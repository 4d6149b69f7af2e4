//! The languages of the book.

use crate::Result;

/// A language of the notebooks' texts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Language {
    /// What the notebooks themselves are written in.
    #[default]
    English,
    /// Joined to the notebooks from `notebooks/zh`.
    Chinese,
}

impl Language {
    const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// As it is given to `--lang`.
    fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// Reads what stands behind `--lang`.
    pub fn parse(code: Option<&String>) -> Result<Self> {
        let found = code.and_then(|code| Self::ALL.into_iter().find(|one| one.code() == code));
        found.ok_or_else(|| {
            format!(
                "--lang: expected one of {}, found {}",
                Self::ALL.map(Self::code).join(", "),
                code.map_or("nothing".into(), |code| format!("`{code}`"))
            )
        })
    }

    /// The code of a language that is joined to the notebooks; none for theirs.
    pub fn joined(self) -> Option<&'static str> {
        (self != Self::English).then_some(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_language_is_refused_with_the_known() {
        assert_eq!(Language::parse(Some(&"zh".into())), Ok(Language::Chinese));
        assert_eq!(Language::parse(Some(&"en".into())), Ok(Language::English));
        let unknown = Language::parse(Some(&"fr".into())).unwrap_err();
        assert!(unknown.contains("en, zh") && unknown.contains("`fr`"));
        assert!(Language::parse(None).unwrap_err().contains("nothing"));
    }

    #[test]
    fn english_is_not_joined() {
        assert_eq!(Language::English.joined(), None);
        assert_eq!(Language::Chinese.joined(), Some("zh"));
    }
}

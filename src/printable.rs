//! Text from outside, made safe for a message or a terminal.

/// One line of at most `n_most` characters: control characters become spaces, a cut is marked by `…`.
pub fn line(text: &str, n_most: usize) -> String {
    cut(text.chars().map(|c| shown(c, &[])), n_most)
}

/// As [`line()`], but tabs and ends of lines stay.
pub fn lines(text: &str, n_most: usize) -> String {
    cut(text.chars().map(|c| shown(c, &['\n', '\t'])), n_most)
}

/// Digits in a row that are shown; a hash has letters between them.
const N_DIGITS: usize = 40;

/// A text in which no number is longer than one can read: of more than 40 digits in a row the first twelve are
/// shown, and how many there are.
pub fn with_short_numbers(text: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut short = String::new();
    let mut rest = text;
    while let Some(first) = rest.find(is_digit) {
        let (before, from) = rest.split_at(first);
        let n = from.find(|c| !is_digit(c)).unwrap_or(from.len());
        let (digits, after) = from.split_at(n);
        short += before;
        match n > N_DIGITS {
            true => short += &format!("{}… ({n} digits)", &digits[..12]),
            false => short += digits,
        }
        rest = after;
    }
    short + rest
}

/// A terminal obeys control characters; marks of the writing direction (Unicode, annex 9) show text in
/// another order than it has.
fn shown(c: char, kept: &[char]) -> char {
    let turns_text =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match (c.is_control() || turns_text) && !kept.contains(&c) {
        true => ' ',
        false => c,
    }
}

fn cut(mut characters: impl Iterator<Item = char>, n_most: usize) -> String {
    let mut text: String = characters.by_ref().take(n_most).collect();
    if characters.next().is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(line("a\u{1b}[2Jb\r\nc\u{202e}d", 99), "a [2Jb  c d");
        assert_eq!(lines("a\u{1b}[2J\n\tb", 99), "a [2J\n\tb");
    }

    #[test]
    fn long_numbers_are_shortened() {
        let number = f64::MAX.to_string();
        assert_eq!(
            with_short_numbers(&format!("found {number} s, 0.25 é {}", "7".repeat(40))),
            format!(
                "found 179769313486… (309 digits) s, 0.25 é {}",
                "7".repeat(40)
            )
        );
        let small = with_short_numbers(&f64::MIN_POSITIVE.to_string());
        assert_eq!(small, "0.000000000000… (324 digits)");
        assert_eq!(with_short_numbers(""), "");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(line("São Miguel", 3), "São…");
        assert_eq!(line("São", 3), "São");
    }
}

//! Text from outside, made safe for a message or a terminal.

/// One line of at most `n_most` characters: control characters become spaces, a cut is marked by `…`.
pub fn line(text: &str, n_most: usize) -> String {
    cut(text.chars().map(|c| shown(c, &[])), n_most)
}

/// As [`line`], but tabs and ends of lines stay.
pub fn lines(text: &str, n_most: usize) -> String {
    cut(text.chars().map(|c| shown(c, &['\n', '\t'])), n_most)
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
    fn a_long_text_is_cut() {
        assert_eq!(line("São Miguel", 3), "São…");
        assert_eq!(line("São", 3), "São");
    }
}

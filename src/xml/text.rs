//! Text in and out of XML: encodings and what must be escaped.

use std::io::{BufRead, Read};

/// Whether the XML declaration names an encoding of one byte a character. Its bytes are read as
/// Latin-1, whose characters are the first 256 of Unicode.
pub(super) fn is_latin1(beginning: &[u8]) -> bool {
    let first: Vec<u8> = beginning.iter().copied().take(200).collect();
    let first = String::from_utf8_lossy(&first).to_lowercase();
    let declaration = first.split("?>").next().unwrap_or("");
    ["iso-8859-1", "latin1", "windows-1252", "us-ascii"]
        .iter()
        .any(|name| declaration.contains(name))
}

/// Latin-1 as UTF-8.
pub(super) struct Latin1<R> {
    inner: R,
    /// The second byte of a character whose first was the last to find room.
    half: Option<u8>,
}

impl<R> Latin1<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, half: None }
    }
}

impl<R: BufRead> Read for Latin1<R> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let mut n = 0;
        while n < target.len() {
            if let Some(byte) = self.half.take() {
                target[n] = byte;
                n += 1;
                continue;
            }
            let available = self.inner.fill_buf()?;
            let Some(&byte) = available.first() else {
                break;
            };
            self.inner.consume(1);
            if byte.is_ascii() {
                target[n] = byte;
            } else {
                target[n] = 0xC0 | byte >> 6;
                self.half = Some(0x80 | byte & 0x3F);
            }
            n += 1;
        }
        Ok(n)
    }
}

/// Text as it may stand in XML, in an attribute too; characters that no XML can hold become
/// spaces.
pub(crate) fn escaped(text: &str) -> String {
    let holdable = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        c => c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}',
    };
    let plain: String = text
        .chars()
        .map(|c| if holdable(c) { c } else { ' ' })
        .collect();
    quick_xml::escape::escape(&plain).into_owned()
}

/// `<name>text</name>`, or nothing for an empty text.
pub(crate) fn optional(name: &str, text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("<{name}>{}</{name}>", escaped(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_cannot_hold_becomes_a_space() {
        assert_eq!(escaped("a\u{0}<&\"\u{ffff}"), "a &lt;&amp;&quot; ");
    }
}

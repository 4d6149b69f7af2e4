//! Text of tables: from bytes to text, its lines, and rows as CSV.

/// Bytes of a file that should be text: UTF-8, UTF-16 with its mark, or else Latin-1, which older files
/// of data centres have. A mark at the beginning is taken away.
///
/// # Errors
/// What stands there in place of text.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if [UTF32_LITTLE_ENDIAN, UTF32_BIG_ENDIAN]
        .contains(&bytes.first_chunk().copied().unwrap_or_default())
    {
        return Err("UTF-32, which is not read".into());
    }
    let mut text = if bytes.starts_with(&LITTLE_ENDIAN) {
        utf16(&bytes[2..], u16::from_le_bytes)?
    } else if bytes.starts_with(&BIG_ENDIAN) {
        utf16(&bytes[2..], u16::from_be_bytes)?
    } else {
        String::from_utf8(bytes)
            .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
    };
    no_nul(&text)?;
    if text.starts_with(MARK) {
        text.drain(..MARK.len_utf8());
    }
    Ok(text)
}

fn utf16(bytes: &[u8], from: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| from(*unit)).collect();
    match (rest, String::from_utf16(&units)) {
        ([], Ok(text)) => Ok(text),
        _ => Err("broken UTF-16".into()),
    }
}

/// The byte order mark, which some programs write before UTF-8 too.
pub(crate) const MARK: char = '\u{feff}';
const LITTLE_ENDIAN: [u8; 2] = [0xff, 0xfe];
const BIG_ENDIAN: [u8; 2] = [0xfe, 0xff];
const UTF32_LITTLE_ENDIAN: [u8; 4] = [0xff, 0xfe, 0, 0];
const UTF32_BIG_ENDIAN: [u8; 4] = [0, 0, 0xfe, 0xff];

/// # Errors
/// Where a byte 0 stands: text has none, but damaged files and UTF-16 without its mark do.
pub(crate) fn no_nul(text: &str) -> Result<(), String> {
    match memchr::memchr(0, text.as_bytes()) {
        None => Ok(()),
        Some(byte) => Err(format!("byte {byte} is 0, which no text has")),
    }
}

/// What to do where bytes are no text.
pub(crate) const NO_TEXT_REMEDY: &str = "Give an undamaged file of text, in UTF-8";

/// The lines of a text, numbered from 1. They end with LF, CR LF or CR: as Unix, Windows and old Macs
/// write them, in one file too. A CR at the end of the text begins no line.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(text);
    let next = move || {
        let text = rest.take()?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', text.as_bytes()) else {
            return Some(text);
        };
        let (line, after) = (&text[..end], &text[end + 1..]);
        rest = match text.as_bytes()[end] {
            b'\r' if after.is_empty() => None,
            b'\r' => Some(after.strip_prefix('\n').unwrap_or(after)),
            _ => Some(after),
        };
        Some(line)
    };
    (1..).zip(std::iter::from_fn(next))
}

/// A header and rows as CSV (RFC 4180, lines end with `\n`): fields are quoted where they need it.
pub(crate) fn csv<const N: usize>(
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let header = columns.map(String::from).to_vec();
    rows_as_csv(std::iter::once(header).chain(rows.into_iter().map(Vec::from)))
}

/// The same of rows of any one length, the header first.
pub(crate) fn rows_as_csv(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = rows
        .into_iter()
        .try_for_each(|row| writer.write_record(row));
    written.expect("memory takes rows of one length");
    let bytes = writer.into_inner().expect("memory takes what is flushed");
    String::from_utf8(bytes).expect("the fields were text")
}

#[cfg(test)]
mod tests {
    use super::{csv, lines, text_of};

    #[test]
    fn lines_end_as_any_system_ends_them() {
        for text in ["a\nb\nc", "a\r\nb\r\nc", "a\rb\rc", "a\r\nb\rc"] {
            let found: Vec<_> = lines(text).collect();
            assert_eq!(found, [(1, "a"), (2, "b"), (3, "c")], "{text:?}");
            for end in ["\n", "\r\n", "\r"] {
                let more = format!("{text}{end}");
                let found: Vec<_> = lines(&more).filter(|(_, line)| !line.is_empty()).collect();
                assert_eq!(found, [(1, "a"), (2, "b"), (3, "c")], "{more:?}");
            }
        }
    }

    #[test]
    fn each_end_of_a_line_is_met_once() {
        for (text, expected) in [
            ("", &[""][..]),
            ("a\n", &["a", ""]),
            ("a\r", &["a"]),
            ("a\r\n", &["a", ""]),
            ("a\r\rb", &["a", "", "b"]),
            ("a\r\r", &["a", ""]),
            ("a\r\r\nb", &["a", "", "b"]),
            ("\n\r", &["", ""]),
            ("é\r地", &["é", "地"]),
        ] {
            let found: Vec<_> = lines(text).map(|(_, line)| line).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn encodings_are_read_or_refused() {
        let text = "São, 地震";
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(bytes).collect()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
        ] {
            assert_eq!(text_of(bytes).as_deref(), Ok(text));
        }
        assert_eq!(text_of(b"S\xE3o".to_vec()).as_deref(), Ok("São"));
        for bytes in [
            &b"a\0b"[..],
            b"\xff\xfea",
            b"\xff\xfe\x00\xd8",
            b"t\0i\0m\0e\0",
        ] {
            assert!(text_of(bytes.to_vec()).is_err(), "{bytes:?}");
        }
        let utf32 = |bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
            let points = "\u{feff}time\n".chars().map(u32::from);
            points.flat_map(bytes).collect()
        };
        for bytes in [utf32(u32::to_le_bytes), utf32(u32::to_be_bytes)] {
            assert!(text_of(bytes).unwrap_err().contains("UTF-32"));
        }
    }

    #[test]
    fn fields_are_quoted_where_they_need_it() {
        let rows = [
            ["1", "plain"],
            ["2", "a, b"],
            ["3", "say \"so\""],
            ["4", "two\nlines"],
        ];
        let rows = rows.map(|row| row.map(String::from));
        let text = "n,text\n1,plain\n2,\"a, b\"\n3,\"say \"\"so\"\"\"\n4,\"two\nlines\"\n";
        assert_eq!(csv(["n", "text"], rows), text);
    }
}

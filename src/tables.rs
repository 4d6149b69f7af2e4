//! Rows as CSV.

/// A header and rows as CSV (RFC 4180, lines end with `\n`): fields are quoted where they need it.
pub(crate) fn csv<const N: usize>(
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(columns).and_then(|()| {
        rows.into_iter()
            .try_for_each(|row| writer.write_record(row))
    });
    written.expect("memory takes rows of one length");
    let bytes = writer.into_inner().expect("memory takes what is flushed");
    String::from_utf8(bytes).expect("the fields were text")
}

#[cfg(test)]
mod tests {
    use super::csv;

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

//! An archive's ledger as text.

use std::path::Path;

use super::log::{DownloadLog, DownloadOutcome, LogEntry, N_CHARACTERS_MOST};
use crate::atomic_file;
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::{printable, tables};

const COLUMNS: [&str; 6] = ["start", "end", "outcome", "n_samples", "n_faults", "detail"];

impl DownloadLog {
    /// One line for each entry, whatever words it holds.
    pub fn to_csv(&self) -> String {
        let rows = self.entries.iter().map(|entry| {
            [
                time::iso(entry.start),
                time::iso(entry.end),
                entry.outcome.name().to_string(),
                entry.n_samples.to_string(),
                entry.n_faults.to_string(),
                printable::line(&entry.detail, N_CHARACTERS_MOST),
            ]
        });
        tables::csv(COLUMNS, rows)
    }

    /// Reads what [`DownloadLog::to_csv`] wrote. `name` names the text in errors. A line that cannot be read
    /// costs that line: its span counts as never asked for.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where the columns are not those of a ledger.
    pub fn from_csv(text: &str, name: &str) -> Result<Self> {
        let mut lines = text.lines();
        let columns = COLUMNS.join(",");
        if lines.next() != Some(&columns) {
            return Err(fail!(
                Waveform,
                format!("{name}, line 1"),
                format!("the columns {columns} were expected"),
                "Remove the file: the archive's own files then say what is there"
            ));
        }
        let mut ledger = Self::default();
        for line in lines.filter(|line| !line.is_empty()) {
            let last = ledger.entries.last().map(|last| last.end);
            let follows = |entry: &LogEntry| last.is_none_or(|last| last <= entry.start);
            match parse(line).filter(follows) {
                Some(entry) => ledger.push(entry),
                None => ledger.n_unreadable += 1,
            }
        }
        Ok(ledger)
    }

    /// As [`DownloadLog::from_csv`]; `None` where there is no such file, or one that is no ledger.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = atomic_file::read_regular(path)?;
        Ok(bytes.and_then(|bytes| Self::from_csv(&String::from_utf8_lossy(&bytes), "").ok()))
    }
}

/// `None` for a line that is no entry, or whose span is empty or outside the calendar of nanoseconds.
///
/// Line by line, so that a quotation mark that is never closed costs no other line.
fn parse(line: &str) -> Option<LogEntry> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .buffer_capacity(line.len())
        .from_reader(line.as_bytes());
    let row = reader.records().next()?.ok()?;
    let fields: Vec<&str> = row.iter().collect();
    let [start, end, outcome, n_samples, n_faults, detail] = fields[..] else {
        return None;
    };
    let time = |text| {
        let time: Time = time::parse(text).ok()?;
        time.timestamp_nanos_opt().map(|_| time)
    };
    let (start, end) = (time(start)?, time(end)?);
    let mut outcomes = DownloadOutcome::ALL.into_iter();
    let entry = LogEntry {
        start,
        end,
        outcome: outcomes.find(|known| known.name() == outcome)?,
        n_samples: n_samples.parse().ok()?,
        n_faults: n_faults.parse().ok()?,
        detail: printable::line(detail, N_CHARACTERS_MOST),
    };
    (start < end).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TimeSpan;

    const HEAD: &str = "start,end,outcome,n_samples,n_faults,detail\n";
    const HOUR: &str = "2014-02-16T00:00:00.000000Z,2014-02-16T01:00:00.000000Z";

    #[test]
    fn words_of_any_kind_stay_on_one_line() {
        let at = |text| time::parse(text).unwrap();
        let hours = ["2014-02-16T00:00:00", "2014-02-16T01:00:00"].map(at);
        let words = [
            "",
            "a, b",
            "say \"so\"",
            "two\r\nlines\u{1b}[2J",
            &"x".repeat(5000),
        ];
        for detail in words {
            let mut log = DownloadLog::default();
            let span = TimeSpan {
                start: hours[0],
                end: hours[1],
            };
            log.push(LogEntry::new(span, DownloadOutcome::Refused, detail));
            let text = log.to_csv();
            assert_eq!(text.lines().count(), 2, "{text}");
            assert!(text.len() < 500);
            assert_eq!(DownloadLog::from_csv(&text, "test").unwrap(), log);
        }
    }

    #[test]
    fn an_unreadable_line_costs_that_line() {
        let older = format!("{HEAD}{HOUR},arrived,720000,0,\"\"\n");
        assert_eq!(
            DownloadLog::from_csv(&older, "").unwrap().n_samples(),
            720_000
        );
        for line in [
            "no line",
            "2014-02-15T00:00:00Z,2014-02-15T01:00:00Z,sent,1,0,",
            "2014-02-15T01:00:00Z,2014-02-15T00:00:00Z,arrived,1,0,",
            "2014-02-15T00:00:00Z,2014-02-15T01:00:00Z,arrived,-1,0,",
            "2014-02-15T00:00:00Z,2014-02-15T01:00:00Z,arrived,99999999999999999999,0,",
            "2014-02-15T00:00:00Z,2014-02-15T01:00:00Z,arrived,1,0",
            "2014-02-15T00:00:00Z,2014-02-15T01:00:00Z,arrived,1,0,,",
            "1500-02-15T00:00:00Z,2014-02-15T01:00:00Z,arrived,1,0,",
        ] {
            let text = format!("{HEAD}{line}\n{HOUR},arrived,720000,0,\n");
            let log = DownloadLog::from_csv(&text, "test").unwrap();
            assert_eq!(
                (log.entries().len(), log.n_samples()),
                (1, 720_000),
                "{line}"
            );
            assert_eq!(log.n_unreadable(), 1, "{line}");
        }
        let open = "2014-02-15T00:00:00Z,2014-02-15T01:00:00Z,refused,0,0,\"never closed";
        let text = format!("{HEAD}{open}\n{HOUR},arrived,720000,0,\n");
        let log = DownloadLog::from_csv(&text, "test").unwrap();
        assert_eq!((log.entries().len(), log.n_samples()), (2, 720_000));
        assert!(DownloadLog::from_csv("start,end\n", "test").is_err());
    }
}

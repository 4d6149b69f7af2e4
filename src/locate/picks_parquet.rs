//! Picks in a table of Parquet.

use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::columns::Columns;
use super::picks::PickFile;
use crate::error::{Result, fail};
use crate::time::{self, Time};

/// A table of some bytes may claim more rows than a machine can hold, for equal cells cost nothing there: 10,000 picks a day for three years.
const MOST_ROWS: usize = 10_000_000;

impl PickFile {
    /// Picks of Parquet with the columns of [`PickFile::from_csv`]; times are timestamps in UTC, or text. At most ten million rows.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where the bytes are no whole file of Parquet, or as there.
    pub fn from_parquet(bytes: Vec<u8>, name: &str) -> Result<Self> {
        let broken = |what: String| {
            let remedy = "Give a whole file of Parquet with picks, as `quakebook pick` writes it";
            fail!(Locate, name, what, remedy)
        };
        // Damaged bytes may make the reader panic, for some of what it reads it takes on trust. It reads row by row, so that no
        // length that is claimed there makes it ask for more memory than there is, which nothing could catch.
        let (header, rows) = catch_unwind(AssertUnwindSafe(|| cells(bytes)))
            .map_err(|_| broken("damaged Parquet".into()))?
            .map_err(|error| broken(error.to_string()))?;
        Self::from_table(&Columns::of_cells(name, header, rows))
    }
}

/// Names of the columns, and the rows as CSV would have them.
fn cells(bytes: Vec<u8>) -> parquet::errors::Result<(Vec<String>, Vec<csv::StringRecord>)> {
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes))?;
    let schema = file.metadata().file_metadata().schema();
    if let Some(column) = schema.get_fields().iter().find(|c| !c.is_primitive()) {
        let what = format!(
            "column \"{}\" holds more than one value a row",
            column.name()
        );
        return Err(ParquetError::General(what));
    }
    let columns = schema.get_fields();
    let header: Vec<_> = columns.iter().map(|c| c.name().to_string()).collect();
    let in_nanoseconds: Vec<bool> = columns
        .iter()
        .map(|column| match column.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(stamp)) => stamp.unit == TimeUnit::NANOS,
            _ => false,
        })
        .collect();
    let mut rows = Vec::new();
    for row in file.get_row_iter(None)? {
        if rows.len() == MOST_ROWS {
            return Err(ParquetError::General(format!("more than {MOST_ROWS} rows")));
        }
        let row = row?;
        let cells = row.get_column_iter().zip(&in_nanoseconds);
        rows.push(
            cells
                .map(|((_, field), nanoseconds)| cell(field, *nanoseconds))
                .collect(),
        );
    }
    Ok((header, rows))
}

/// A cell as CSV would have it. Times in nanoseconds come as bare numbers.
fn cell(field: &Field, is_in_nanoseconds: bool) -> String {
    let instant = |t: Option<Time>| t.map_or_else(|| field.to_string(), time::iso);
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.trim().to_string(),
        Field::Float(x) => x.to_string(),
        Field::Double(x) => x.to_string(),
        Field::TimestampMicros(t) => instant(Time::from_timestamp_micros(*t)),
        Field::TimestampMillis(t) => instant(Time::from_timestamp_millis(*t)),
        Field::Long(t) if is_in_nanoseconds => instant(Some(Time::from_timestamp_nanos(*t))),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataType, ParquetReader, ParquetWriter, SerReader, TimeUnit as Unit};

    use super::*;
    use crate::locate::PhasePick;
    use crate::pick::{Columns as Names, Pick, PickTable, PickedPhase};

    #[test]
    fn what_is_picked_is_read() {
        let at = time::parse("2014-05-01T00:00:06.878393").unwrap();
        let pick = |phase, time, probability| Pick {
            station: "CX.PB01.".into(),
            band: "HH".into(),
            phase,
            time,
            start: at,
            end: at,
            probability,
            n_components: 3,
        };
        let table = PickTable {
            picks: vec![
                pick(PickedPhase::P, at, 0.123_456_79),
                pick(PickedPhase::S, at + time::seconds(2.5), 0.75),
            ],
            simulated: false,
        };
        for names in [Names::Gamma, Names::PhaseNet, Names::SeisBench] {
            let by_parquet = PickFile::from_parquet(table.to_parquet(names), "p").unwrap();
            let by_csv = PhasePick::from_csv(&table.to_csv(names), "p").unwrap();
            // An unknown error is NaN, and equals nothing.
            assert_eq!(format!("{:?}", by_parquet.all()), format!("{by_csv:?}"));
        }
        let whole = table.to_parquet(Names::Gamma);
        for part in [&whole[..4], &whole[..whole.len() / 2]] {
            let refused = PickFile::from_parquet(part.to_vec(), "p").unwrap_err();
            assert!(matches!(refused, crate::Error::Locate { .. }), "{refused}");
        }
        // Other programs count nanoseconds.
        let mut frame = ParquetReader::new(std::io::Cursor::new(whole))
            .finish()
            .unwrap();
        let nanoseconds = DataType::Datetime(Unit::Nanoseconds, None);
        let times = frame
            .column("timestamp")
            .unwrap()
            .cast(&nanoseconds)
            .unwrap();
        frame.with_column(times).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        let read = PickFile::from_parquet(bytes, "p").unwrap();
        assert_eq!(read.all()[0].time, at);
        let nothing = PickTable::default().to_parquet(Names::Gamma);
        assert_eq!(PickFile::from_parquet(nothing, "p").unwrap().all(), []);
    }
}

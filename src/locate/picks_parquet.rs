//! Picks in a table of Parquet.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::{AnyValue, ParquetReader, SerReader, TimeUnit};

use super::columns::Columns;
use super::picks::PickFile;
use crate::error::{Result, fail};
use crate::time::{self, Time};

impl PickFile {
    /// Picks of Parquet with the columns of [`PickFile::from_csv`]; times are timestamps in UTC, or text.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where the bytes are no whole file of Parquet, or as there.
    pub fn from_parquet(bytes: Vec<u8>, name: &str) -> Result<Self> {
        let broken = |what: String| {
            let remedy = "Give a whole file of Parquet with picks, as `quakebook pick` writes it";
            fail!(Locate, name, what, remedy)
        };
        // Damaged bytes may make polars panic, for some of what it reads it takes on trust.
        let read = || ParquetReader::new(Cursor::new(bytes)).finish();
        let read = catch_unwind(AssertUnwindSafe(read));
        let frame = read
            .map_err(|_| broken("damaged Parquet".into()))?
            .map_err(|error| broken(error.to_string()))?;
        let header: Vec<String> = frame
            .get_column_names()
            .iter()
            .map(ToString::to_string)
            .collect();
        let row = |i: usize| {
            let cells = frame.columns().iter().map(|column| {
                let value = column.get(i).map_err(|error| broken(error.to_string()))?;
                Ok(cell(&value))
            });
            cells.collect::<Result<csv::StringRecord>>()
        };
        let rows = (0..frame.height()).map(row).collect::<Result<_>>()?;
        Self::from_table(&Columns::of_cells(name, header, rows))
    }
}

/// A cell as CSV would have it.
fn cell(value: &AnyValue) -> String {
    if let Some(text) = value.get_str() {
        return text.trim().to_string();
    }
    let instant = |t: Option<Time>| t.map_or_else(|| value.to_string(), time::iso);
    match value {
        AnyValue::Null => String::new(),
        AnyValue::Float32(x) => x.to_string(),
        AnyValue::Float64(x) => x.to_string(),
        AnyValue::Datetime(t, TimeUnit::Nanoseconds, _) => {
            instant(Some(Time::from_timestamp_nanos(*t)))
        }
        AnyValue::Datetime(t, TimeUnit::Microseconds, _) => {
            instant(Time::from_timestamp_micros(*t))
        }
        AnyValue::Datetime(t, TimeUnit::Milliseconds, _) => {
            instant(Time::from_timestamp_millis(*t))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
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
        let nothing = PickTable::default().to_parquet(Names::Gamma);
        assert_eq!(PickFile::from_parquet(nothing, "p").unwrap().all(), []);
    }
}

//! The table as Parquet, in one file or in many.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::Datelike;
use polars::prelude::*;

use super::Collected;
use super::table::Row;
use crate::error::{Result, fail};
use crate::time::Time;

impl Collected {
    /// The table as Parquet, compressed by zstd.
    ///
    /// Columns as in [`Row`]: texts; `start`, `end` and `time` as UTC in nanoseconds without a zone; `cluster` and
    /// `n_windows` as 32-bit numbers; `probability` as a 64-bit one; `simulated` true or false.
    ///
    /// # Errors
    /// [`crate::Error::Plan`] where a time lies outside of the years 1678 to 2261.
    pub fn to_parquet(&self) -> Result<Vec<u8>> {
        let rows: Vec<&Row> = self.rows.iter().collect();
        Ok(bytes(frame(&rows)?))
    }

    /// The table in files of a network's month, `network=CX/year=2014/month=05/detections.parquet`, with their bytes.
    ///
    /// Polars, pandas and others read such a folder as one table, with `network`, `year` and `month` from the
    /// names of the folders; within the files there is no `network`.
    ///
    /// # Errors
    /// As [`Collected::to_parquet`].
    pub fn to_parquet_parts(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut parts: BTreeMap<(String, i32, u32), Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            let month = (row.start.year(), row.start.month());
            let part = parts.entry((row.network.to_string(), month.0, month.1));
            part.or_default().push(row);
        }
        let part = |((network, year, month), rows): ((String, i32, u32), Vec<&Row>)| {
            let folder = format!("network={network}/year={year}/month={month:02}");
            let frame = frame(&rows)?.drop("network").expect("the column is there");
            Ok((
                PathBuf::from(folder).join("detections.parquet"),
                bytes(frame),
            ))
        };
        parts.into_iter().map(part).collect()
    }
}

fn frame(rows: &[&Row]) -> Result<DataFrame> {
    let texts = |name: &str, of: fn(&Row) -> &str| {
        let values: Vec<&str> = rows.iter().map(|row| of(row)).collect();
        Column::new(name.into(), values)
    };
    let times = |name: &str, of: fn(&Row) -> Time| -> Result<Column> {
        let nanoseconds = |row: &&Row| {
            of(row).timestamp_nanos_opt().ok_or_else(|| {
                let what = "a time outside of the years 1678 to 2261";
                fail!(Plan, of(row).to_rfc3339(), what, "Take a table as CSV")
            })
        };
        let values: Vec<i64> = rows.iter().map(nanoseconds).collect::<Result<_>>()?;
        let column = Int64Chunked::from_vec(name.into(), values);
        Ok(column
            .into_datetime(TimeUnit::Nanoseconds, None)
            .into_column())
    };
    let counts = |name: &str, of: fn(&Row) -> usize| {
        let values: Vec<u32> = rows.iter().map(|row| of(row) as u32).collect();
        Column::new(name.into(), values)
    };
    let probabilities: Vec<f64> = rows.iter().map(|row| row.probability).collect();
    let simulated: Vec<bool> = rows.iter().map(|row| row.simulated).collect();
    let frame = DataFrame::new_infer_height(vec![
        texts("network", |row| &row.network),
        texts("station", |row| &row.station),
        texts("location", |row| &row.location),
        texts("channels", |row| &row.channels),
        times("start", |row| row.start)?,
        times("end", |row| row.end)?,
        times("time", |row| row.time)?,
        counts("cluster", |row| row.cluster),
        Column::new("probability".into(), probabilities),
        counts("n_windows", |row| row.n_windows),
        Column::new("simulated".into(), simulated),
    ]);
    Ok(frame.expect("the columns have one length and different names"))
}

fn bytes(mut frame: DataFrame) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = ParquetWriter::new(&mut bytes).finish(&mut frame);
    written.expect("memory takes a table of plain columns");
    bytes
}

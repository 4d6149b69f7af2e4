//! The table as Parquet, in one file or in many.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::Datelike;
use polars::prelude::*;

use super::table::Row;
use super::{Collected, Makes};
use crate::error::{Result, fail};
use crate::pick::{Columns, Pick, PickTable};
use crate::time::Time;

impl Collected {
    /// The table as Parquet, compressed by zstd.
    ///
    /// Columns as in [`Row`]: texts; `start`, `end` and `time` as UTC in nanoseconds without a zone; `cluster` and
    /// `n_windows` as 32-bit numbers; `probability` as a 64-bit one; `simulated` true or false. Of picks it is
    /// [`PickTable::to_parquet`] in the default columns.
    ///
    /// # Errors
    /// [`crate::Error::Plan`] where a time lies outside of the years 1678 to 2261.
    pub fn to_parquet(&self) -> Result<Vec<u8>> {
        if self.makes() == Makes::Picks {
            return Ok(self.picks.to_parquet(Columns::default()));
        }
        let rows: Vec<&Row> = self.rows.iter().collect();
        Ok(bytes(frame(&rows)?))
    }

    /// The table in files of a network's month, `network=CX/year=2014/month=05/detections.parquet`, with their bytes.
    ///
    /// Polars, pandas and others read such a folder as one table, with `network`, `year` and `month` from the
    /// names of the folders; within the files there is no `network`. Picks are in `picks.parquet`, in the default columns.
    ///
    /// # Errors
    /// As [`Collected::to_parquet`].
    pub fn to_parquet_parts(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        if self.makes() == Makes::Picks {
            let network = |pick: &&Pick| pick.station.split('.').next().unwrap_or("").to_string();
            let parts = by_month(self.picks.picks.iter(), network, |pick| pick.time);
            let part = |(folder, picks): (PathBuf, Vec<&Pick>)| {
                let table = PickTable {
                    picks: picks.into_iter().cloned().collect(),
                    simulated: self.picks.simulated,
                };
                let bytes = table.to_parquet(Columns::default());
                Ok((folder.join("picks.parquet"), bytes))
            };
            return parts.into_iter().map(part).collect();
        }
        let network = |row: &&Row| row.network.to_string();
        let parts = by_month(self.rows.iter(), network, |row| row.start);
        let part = |(folder, rows): (PathBuf, Vec<&Row>)| {
            let frame = frame(&rows)?.drop("network").expect("the column is there");
            Ok((folder.join("detections.parquet"), bytes(frame)))
        };
        parts.into_iter().map(part).collect()
    }
}

/// Rows by the folder of their network and month.
fn by_month<T>(
    rows: impl Iterator<Item = T>,
    network: impl Fn(&T) -> String,
    time: impl Fn(&T) -> Time,
) -> BTreeMap<PathBuf, Vec<T>> {
    let mut parts: BTreeMap<PathBuf, Vec<T>> = BTreeMap::new();
    for row in rows {
        let (network, time) = (network(&row), time(&row));
        let month = format!("year={}/month={:02}", time.year(), time.month());
        let folder = format!("network={network}/{month}");
        parts.entry(folder.into()).or_default().push(row);
    }
    parts
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

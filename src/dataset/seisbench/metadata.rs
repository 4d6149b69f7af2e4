//! Rows of `metadata.csv`.

use std::path::Path;

use super::place::Place;
use super::trace::{Labels, Part};
use crate::atomic_file::read_input;
use crate::error::{Result, fail};
use crate::tables::{NO_TEXT_REMEDY, text_of};
use crate::time;

pub(super) const TRACE_NAME: &str = "trace_name";
pub(super) const START: &str = "trace_start_time";
pub(super) const SAMPLING_RATE: &str = "trace_sampling_rate_hz";
pub(super) const COMPONENTS: &str = "trace_component_order";
pub(super) const SPLIT: &str = "split";
/// The time from sample to sample, where the rate is not given.
const INTERVAL: &str = "trace_dt_s";

/// What holds for all traces of a file that do not say it themselves.
pub(super) struct Common {
    pub components: Option<String>,
    pub sampling_rate_hz: Option<f64>,
}

/// The table of a dataset.
pub(super) struct Metadata {
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

/// A trace: what is typed of it, once. Its other columns stay in the table.
pub(super) struct Row {
    pub place: Place,
    /// Without the columns.
    pub labels: Labels,
}

impl Metadata {
    /// # Errors
    /// [`crate::Error::Io`] where the file cannot be read, [`crate::Error::Dataset`] where it is no table.
    pub fn read(path: &Path) -> Result<Self> {
        let broken = |what: String, remedy: &str| fail!(Dataset, path.display(), what, remedy);
        let text = text_of(read_input(path)?).map_err(|what| broken(what, NO_TEXT_REMEDY))?;
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let no_table = |error: csv::Error| {
            broken(
                error.to_string(),
                "Give a whole table, each row as long as its header",
            )
        };
        let header = reader.headers().map_err(no_table)?.clone();
        let rows: std::result::Result<Vec<_>, _> = reader.into_records().collect();
        Ok(Self {
            header,
            rows: rows.map_err(no_table)?,
        })
    }

    /// # Errors
    /// [`crate::Error::Dataset`] where a row has no place, no rate, no components, or a time or a part that is
    /// none.
    pub fn parse(&self, path: &Path, common: &Common) -> Result<Vec<Row>> {
        let rows = (0..self.rows.len()).map(|index| {
            self.row(index, common).map_err(|(what, remedy)| {
                let position = self.rows[index].position();
                let line = position.map_or(0, csv::Position::line);
                let place = format!("{}, line {line}", path.display());
                fail!(Dataset, place, what, remedy)
            })
        });
        rows.collect()
    }

    fn row(&self, index: usize, common: &Common) -> std::result::Result<Row, (String, &str)> {
        let value = |column: &str| {
            let position = self.header.iter().position(|name| name == column)?;
            let value = self.rows[index].get(position)?.trim();
            (!value.is_empty()).then_some(value)
        };
        let name = value(TRACE_NAME).unwrap_or_default();
        let place = Place::parse(name).filter(|place| !place.block.is_empty());
        let place = place.ok_or_else(|| {
            let what = format!("{TRACE_NAME} {name:?}, expected a block and ranges");
            (what, "Write it like bucket0$3,:3,:1200")
        })?;
        let positive = |text: &str| {
            let number: Option<f64> = text.parse().ok();
            number.filter(|x| x.is_finite() && *x > 0.0)
        };
        let rate = match (value(SAMPLING_RATE), value(INTERVAL)) {
            (Some(rate), _) => positive(rate),
            (None, Some(interval)) => positive(interval).map(f64::recip),
            (None, None) => common.sampling_rate_hz,
        };
        let sampling_rate_hz = rate.filter(|rate| rate.is_finite()).ok_or_else(|| {
            let what = "no sampling rate that is a positive number".to_string();
            (
                what,
                "Give the column trace_sampling_rate_hz, or sampling_rate in data_format",
            )
        })?;
        let components = value(COMPONENTS).or(common.components.as_deref());
        let components = components.ok_or_else(|| {
            let what = "no order of components".to_string();
            (
                what,
                "Give the column trace_component_order, or component_order in data_format",
            )
        })?;
        let start = value(START).map(|text| {
            // SeisBench's own dummy dataset has days with slashes.
            time::read(&text.replace('/', "-")).ok_or_else(|| {
                let what = format!("{START} {text:?} is no time of the years 1 to 9999");
                (
                    what,
                    "Write it like 2014-02-16T01:28:31.32, or leave it empty",
                )
            })
        });
        let part = value(SPLIT).map(|text| {
            let part = Part::ALL.into_iter().find(|part| part.name() == text);
            part.ok_or_else(|| {
                let what = format!("{SPLIT} {text:?}, expected train, dev or test");
                (what, "Name a part, or leave it empty")
            })
        });
        let mut labels = Labels::new(components, sampling_rate_hz);
        labels.start = start.transpose()?;
        labels.part = part.transpose()?;
        Ok(Row { place, labels })
    }

    /// The labels of a row with its other columns.
    pub fn labels(&self, index: usize, typed: &Labels) -> Labels {
        let cells = self.header.iter().zip(&self.rows[index]);
        let others = cells.filter(|(column, value)| {
            !value.trim().is_empty()
                && ![TRACE_NAME, START, SAMPLING_RATE, COMPONENTS, SPLIT].contains(column)
        });
        let columns = others.map(|(column, value)| (column.to_string(), value.trim().to_string()));
        Labels {
            columns: columns.collect(),
            ..typed.clone()
        }
    }
}

//! A catalog as a polars table and back.

use chrono::DateTime;
use polars::prelude::*;

use super::field::identifier;
use super::{Catalog, Event};
use crate::error::{Result, fail};

impl Catalog {
    /// The catalog as a table, oldest first: `id`, `origin_time` (UTC, nanoseconds),
    /// `longitude_deg`, `latitude_deg`, `depth_km`, `magnitude`, `magnitude_type`, `event_type`.
    /// What is not known is null.
    pub fn to_frame(&self) -> DataFrame {
        let events = self.events();
        let text = |name: &str, of: fn(&Event) -> &str| {
            let values = events
                .iter()
                .map(of)
                .map(|t| Some(t).filter(|t| !t.is_empty()));
            Column::new(name.into(), values.collect::<Vec<_>>())
        };
        let number = |name: &str, of: fn(&Event) -> Option<f64>| {
            Column::new(name.into(), events.iter().map(of).collect::<Vec<_>>())
        };
        let times = events.iter().map(|e| e.origin_time.timestamp_nanos_opt());
        let times = Int64Chunked::from_iter_options("origin_time".into(), times)
            .into_datetime(TimeUnit::Nanoseconds, None)
            .into_column();
        DataFrame::new_infer_height(vec![
            text("id", |e| &e.id),
            times,
            number("longitude_deg", |e| finite(e.longitude_deg)),
            number("latitude_deg", |e| finite(e.latitude_deg)),
            number("depth_km", |e| e.depth_km),
            number("magnitude", |e| finite(e.magnitude)),
            text("magnitude_type", |e| &e.magnitude_type),
            text("event_type", |e| &e.event_type),
        ])
        .expect("the columns have one length and different names")
    }

    /// The catalog of a table with the columns of [`Catalog::to_frame`], in any order.
    ///
    /// # Errors
    /// [`crate::Error::Catalog`] naming the column that is absent or of another type, or the row
    /// that lacks a time or one of its coordinates.
    pub fn from_frame(frame: &DataFrame, source: &str, simulated: bool) -> Result<Self> {
        let column = |name: &str, kind: &DataType| {
            let cast = frame.column(name).and_then(|column| column.cast(kind));
            cast.map_err(|error| {
                fail!(
                    Catalog,
                    format!("table, column {name}"),
                    error,
                    "Give a table with the columns of Catalog::to_frame"
                )
            })
        };
        let numbers = |name: &str| -> Result<Vec<Option<f64>>> {
            let column = column(name, &DataType::Float64)?;
            let values = column.f64().expect("the column was cast");
            Ok(values.iter().collect())
        };
        let texts = |name: &str| -> Result<Vec<Option<String>>> {
            let column = column(name, &DataType::String)?;
            let values = column.str().expect("the column was cast");
            Ok(values.iter().map(|t| t.map(str::to_string)).collect())
        };
        let times = column(
            "origin_time",
            &DataType::Datetime(TimeUnit::Nanoseconds, None),
        )?;
        let times = times
            .datetime()
            .expect("the column was cast")
            .physical()
            .clone();
        let (ids, kinds, types) = (texts("id")?, texts("magnitude_type")?, texts("event_type")?);
        let (longitudes, latitudes) = (numbers("longitude_deg")?, numbers("latitude_deg")?);
        let (depths, magnitudes) = (numbers("depth_km")?, numbers("magnitude")?);

        let events = (0..frame.height()).map(|row| {
            let wrong = |what: &str, remedy: &str| {
                Err(fail!(Catalog, format!("table, row {row}"), what, remedy))
            };
            let Some(nanoseconds) = times.get(row) else {
                return wrong("no origin time", "Leave out the events without an origin");
            };
            let point = [longitudes[row], latitudes[row]].map(|x| x.filter(|x| x.is_finite()));
            let (longitude_deg, latitude_deg) = match point {
                [Some(longitude), Some(latitude)] => (longitude, latitude),
                [None, None] => (f64::NAN, f64::NAN),
                _ => return wrong("longitude without latitude, or the reverse", "Give both"),
            };
            Ok(Event {
                id: identifier(ids[row].as_deref().unwrap_or_default()),
                origin_time: DateTime::from_timestamp_nanos(nanoseconds),
                longitude_deg,
                latitude_deg,
                depth_km: depths[row],
                magnitude: magnitudes[row].unwrap_or(f64::NAN),
                magnitude_type: kinds[row].clone().unwrap_or_default(),
                event_type: types[row].clone().unwrap_or_default(),
            })
        });
        Ok(Catalog::new(
            source,
            simulated,
            events.collect::<Result<_>>()?,
        ))
    }
}

fn finite(number: f64) -> Option<f64> {
    Some(number).filter(|number| number.is_finite())
}

//! A part of a plan: one station's records of a day, a month or a year.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::station::StationChoice;
use crate::time::{Time, TimeSpan};

/// A station's records of a span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// `CX.PB01..HH.2014-05`: the station, its band, and the day, month or year.
    pub id: String,
    pub station: StationChoice,
    /// It may begin before the first of its days and end after the last: records may reach there.
    pub span: TimeSpan,
    /// Days with a day file of at least one component.
    pub n_days: usize,
}

/// How much of a station's records is one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShardSize {
    StationDay,
    StationMonth,
    StationYear,
}

impl ShardSize {
    pub const ALL: [Self; 3] = [Self::StationDay, Self::StationMonth, Self::StationYear];

    /// The first day of the shard that holds a day, and the first day after that shard.
    pub(super) fn around(self, day: NaiveDate) -> (NaiveDate, NaiveDate) {
        let of = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(NaiveDate::MAX);
        match self {
            Self::StationDay => (day, day.succ_opt().unwrap_or(NaiveDate::MAX)),
            Self::StationMonth => {
                let (year, month) = (day.year(), day.month());
                let next = if month == 12 {
                    of(year + 1, 1)
                } else {
                    of(year, month + 1)
                };
                (of(year, month), next)
            }
            Self::StationYear => (of(day.year(), 1), of(day.year() + 1, 1)),
        }
    }

    /// What the shard that begins on a day is called.
    pub(super) fn name(self, first: NaiveDate) -> String {
        let format = match self {
            Self::StationDay => "%Y-%m-%d",
            Self::StationMonth => "%Y-%m",
            Self::StationYear => "%Y",
        };
        first.format(format).to_string()
    }
}

impl fmt::Display for ShardSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StationDay => "station-day",
            Self::StationMonth => "station-month",
            Self::StationYear => "station-year",
        })
    }
}

impl FromStr for ShardSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |size: &Self| size.to_string() == text;
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| "expected station-day, station-month or station-year".into())
    }
}

/// Midnight (UTC) at which a day begins.
pub(super) fn midnight(day: NaiveDate) -> Time {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_begin_and_end_with_the_calendar() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let leap = day(2016, 2, 29);
        let of = |size: ShardSize| size.around(leap);
        assert_eq!(of(ShardSize::StationDay), (leap, day(2016, 3, 1)));
        assert_eq!(
            of(ShardSize::StationMonth),
            (day(2016, 2, 1), day(2016, 3, 1))
        );
        assert_eq!(
            of(ShardSize::StationYear),
            (day(2016, 1, 1), day(2017, 1, 1))
        );
        let december = ShardSize::StationMonth.around(day(2015, 12, 31));
        assert_eq!(december, (day(2015, 12, 1), day(2016, 1, 1)));
    }

    #[test]
    fn sizes_are_written_as_they_are_read() {
        for size in ShardSize::ALL {
            assert_eq!(size.to_string().parse(), Ok(size));
        }
        assert!("station-week".parse::<ShardSize>().is_err());
    }
}

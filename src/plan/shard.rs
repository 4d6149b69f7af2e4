//! A part of a plan: one station's records of a day, a month or a year.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate, TimeDelta};
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
    /// The first day of its day, month or year.
    pub first_day: NaiveDate,
    /// It may begin a day before the first of its days and end a day after the last: records may reach there.
    pub span: TimeSpan,
    /// Days with day files of three components or more; those files, and their bytes.
    pub n_days: usize,
    pub n_files: usize,
    pub n_bytes: u64,
    /// Day files of the station's band beside those, which are read too as far as records and windows reach.
    pub n_beside: usize,
    /// SHA-256 of the versions of its own files, which are their times of change, or the ETags of objects in a bucket: one that
    /// was replaced by another of its size is noticed.
    pub versions_sha256: String,
}

/// A record may reach so many days out of the day whose file holds it, where days are cut elsewhere than at midnight.
pub(super) const AROUND: u64 = 1;

/// Days before and after its own that a shard may read: the one that its span reaches into, and the one around that.
const N_BESIDE: usize = 2;

/// Components of one band that a station may have: more channels than letters and digits there are not.
const MAX_COMPONENTS: usize = 36;

impl Shard {
    /// `CX.PB01..HH.2014-05`
    pub(super) fn name(station: &StationChoice, size: ShardSize, first_day: NaiveDate) -> String {
        let StationChoice {
            network,
            station,
            location,
            channels,
        } = station;
        let channels = channels.to_string();
        let band = channels.trim_end_matches('?');
        let of = size.name(first_day);
        format!("{network}.{station}.{location}.{band}.{of}")
    }

    /// Whether a shard that was read can be one of a plan: what it is called, and which times and files it has.
    pub(super) fn is_sound(&self, size: ShardSize) -> bool {
        let (first, next) = size.around(self.first_day);
        let around = Days::new(AROUND);
        let reach = (first.checked_sub_days(around)).zip(next.checked_add_days(around));
        let n_days = (next - first).num_days() as usize;
        let is_within = reach.is_some_and(|(first, next)| {
            midnight(first) <= self.span.start && self.span.end <= midnight(next)
        });
        self.first_day == first
            && self.id == Self::name(&self.station, size, first)
            && is_within
            && self.span.start < self.span.end
            && self.n_days <= n_days
            && self.n_files <= self.n_days * MAX_COMPONENTS
            && self.n_beside <= (n_days + 2 * N_BESIDE) * MAX_COMPONENTS
    }

    /// The first and the last day whose files may be read.
    pub(super) fn reach(span: &TimeSpan) -> (NaiveDate, NaiveDate) {
        let around = Days::new(AROUND);
        let last = (span.end - TimeDelta::nanoseconds(1)).date_naive();
        let first = span.start.date_naive();
        (
            first.checked_sub_days(around).unwrap_or(first),
            last.checked_add_days(around).unwrap_or(last),
        )
    }

    /// Whether a day is one of its own.
    pub(super) fn has(&self, day: NaiveDate, size: ShardSize) -> bool {
        size.around(day).0 == self.first_day
            && midnight(day) < self.span.end
            && self.span.start < midnight(day + Days::new(1))
    }
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
    fn a_shard_that_was_read_is_checked() {
        let day = |m, d| NaiveDate::from_ymd_opt(2014, m, d).unwrap();
        let shard = Shard {
            index: 0,
            id: "CX.PB01..HH.2014-05".into(),
            station: StationChoice::new("CX", "PB01", "", "HH?").unwrap(),
            first_day: day(5, 1),
            span: TimeSpan {
                start: midnight(day(4, 30)),
                end: midnight(day(6, 2)),
            },
            n_days: 31,
            n_files: 93,
            n_bytes: 1,
            n_beside: 6,
            versions_sha256: String::new(),
        };
        let size = ShardSize::StationMonth;
        assert!(shard.is_sound(size) && shard.has(day(5, 31), size));
        assert!(!shard.has(day(6, 1), size) && !shard.is_sound(ShardSize::StationDay));
        let forged: [fn(&mut Shard); 8] = [
            |shard| shard.id += "\u{1b}[2J",
            |shard| shard.span.end += chrono::TimeDelta::days(70_000),
            |shard| shard.span.start -= chrono::TimeDelta::seconds(1),
            |shard| shard.span.end = shard.span.start,
            |shard| shard.first_day = shard.first_day.succ_opt().unwrap(),
            |shard| shard.n_days = 32,
            |shard| shard.n_files = usize::MAX,
            |shard| shard.n_beside = usize::MAX,
        ];
        for (number, forge) in forged.into_iter().enumerate() {
            let mut other = shard.clone();
            forge(&mut other);
            assert!(!other.is_sound(size), "{number}");
        }
    }

    #[test]
    fn sizes_are_written_as_they_are_read() {
        for size in ShardSize::ALL {
            assert_eq!(size.to_string().parse(), Ok(size));
        }
        assert!("station-week".parse::<ShardSize>().is_err());
    }
}

//! Which day files of an archive are of interest, so that a bucket need not list all of them.

use chrono::{Days, NaiveDate};

use crate::code_pattern::NslcPattern;
use crate::time::{Time, TimeSpan};

/// Day files that are sought: of some streams, and around some time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought {
    /// All streams where there is none.
    pub streams: Vec<NslcPattern>,
    pub from: Option<Time>,
    pub to: Option<Time>,
}

/// Records reach so far out of the day whose file holds them, and neighbours are looked at, in days.
const N_AROUND: u64 = super::around::N_DAYS_AROUND + 2;

impl Sought {
    pub fn span(&self) -> Option<TimeSpan> {
        let (start, end) = (self.from?, self.to?);
        Some(TimeSpan { start, end })
    }

    /// Whether files of days from one to another may be of interest.
    pub fn has_days(&self, first: NaiveDate, last: NaiveDate) -> bool {
        let (first, last) = (
            first.checked_sub_days(Days::new(N_AROUND)).unwrap_or(first),
            last.checked_add_days(Days::new(N_AROUND)).unwrap_or(last),
        );
        self.from.is_none_or(|from| from.date_naive() <= last)
            && self.to.is_none_or(|to| first <= to.date_naive())
    }

    pub fn has_network(&self, code: &str) -> bool {
        self.streams.is_empty()
            || self
                .streams
                .iter()
                .any(|sought| sought.network.admits(code))
    }

    pub fn has_station(&self, code: &str) -> bool {
        self.streams.is_empty()
            || self
                .streams
                .iter()
                .any(|sought| sought.station.admits(code))
    }
}

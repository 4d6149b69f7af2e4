//! Which shards an archive's day files make, and what of it makes none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use chrono::{Days, NaiveDate};

use super::shard::{Shard, ShardSize, midnight};
use crate::error::Result;
use crate::station::{NslcPattern, StationChoice};
use crate::time::{Time, TimeSpan};
use crate::waveform::{FAST_BANDS, Listing, Nslc};

/// What lies in an archive and is not planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// A file, a folder, or a station's band.
    pub what: String,
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// A station's band: network, station, location and the first letters of its channels.
type Band = (String, String, String, String);

/// Components and days of a band.
#[derive(Default)]
struct Held {
    components: BTreeSet<char>,
    days: BTreeSet<NaiveDate>,
    streams: BTreeSet<Nslc>,
}

/// A record may reach this far out of the day whose file holds it, where days are cut elsewhere than at midnight.
const AROUND: Days = Days::new(1);

/// The shards of what the archive in a folder holds of the stations that are sought, by station and time.
///
/// # Errors
/// [`crate::Error::Io`] where the folder cannot be read.
pub(super) fn shards(
    root: &Path,
    sought: &[NslcPattern],
    (from, to): (Option<Time>, Option<Time>),
    size: ShardSize,
) -> Result<(Vec<Shard>, Vec<LeftOut>)> {
    let mut left_out = Vec::new();
    let listing = Listing::of(root);
    let streams = listing.streams(&mut |error| {
        left_out.push(LeftOut {
            what: "a folder".into(),
            why: error.to_string(),
        });
    })?;
    left_out.extend(listing.misplaced().into_iter().map(|file| LeftOut {
        what: file.path.display().to_string(),
        why: file.what_is_misplaced(),
    }));
    let is_sought =
        |stream: &Nslc| sought.is_empty() || sought.iter().any(|pattern| pattern.admits(stream));
    let mut bands: BTreeMap<Band, Held> = BTreeMap::new();
    for files in streams.iter() {
        let Some(stream) = files.first().map(|file| &file.stream) else {
            continue;
        };
        let mut band = stream.channel().to_string();
        let Some(component) = band.pop().filter(|_| is_sought(stream)) else {
            continue;
        };
        let codes = [stream.network(), stream.station(), stream.location()];
        let [network, station, location] = codes.map(ToString::to_string);
        let held = bands.entry((network, station, location, band)).or_default();
        held.components.insert(component);
        held.streams.insert(stream.clone());
        held.days.extend(files.iter().map(|file| file.day));
    }
    let mut shards = Vec::new();
    for ((network, station, location, band), held) in bands {
        let name = format!("{network}.{station}.{location}.{band}");
        let why = match (held.components.len(), band.starts_with(FAST_BANDS)) {
            (3.., true) => None,
            (_, false) => Some("of fewer than 10 samples a second".to_string()),
            (n, true) => Some(format!("{n} of three components")),
        };
        if let Some(why) = why {
            let what = format!("{name}?");
            left_out.push(LeftOut { what, why });
            continue;
        }
        let choice = StationChoice::new(&network, &station, &location, &format!("{band}?"))?;
        for (first, span) in spans(&held.days, size) {
            let start = from.map_or(span.start, |from| span.start.max(from));
            let end = to.map_or(span.end, |to| span.end.min(to));
            if start < end {
                let span = TimeSpan { start, end };
                let is_within = |day: &&NaiveDate| {
                    midnight(**day) < end && start < midnight(**day + Days::new(1))
                };
                shards.push(Shard {
                    index: shards.len(),
                    id: format!("{name}.{}", size.name(first)),
                    station: choice.clone(),
                    n_days: held
                        .days
                        .iter()
                        .filter(|day| size.around(**day).0 == first)
                        .filter(is_within)
                        .count(),
                    span,
                });
            }
        }
    }
    left_out.sort();
    Ok((shards, left_out))
}

/// The spans of shards with day files, each with its first day by the calendar. A span reaches into a day beside
/// it that no other shard has, for records may reach there; of a day between two shards the earlier one has it.
fn spans(days: &BTreeSet<NaiveDate>, size: ShardSize) -> Vec<(NaiveDate, TimeSpan)> {
    let mut spans: Vec<(NaiveDate, TimeSpan)> = Vec::new();
    for day in days {
        let (first, next) = size.around(*day);
        let before = day.checked_sub_days(AROUND).unwrap_or(*day);
        let after = next.max(
            day.succ_opt()
                .and_then(|day| day.checked_add_days(AROUND))
                .unwrap_or(next),
        );
        let mut start = midnight(first.min(before));
        let end = midnight(after);
        match spans.last_mut() {
            Some((known, span)) if *known == first => {
                span.end = end;
                continue;
            }
            Some((_, last)) => {
                last.end = last.end.min(midnight(first));
                start = start.max(last.end);
            }
            None => {}
        }
        spans.push((first, TimeSpan { start, end }));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2014, month, day).unwrap()
    }

    /// Each span as its first and last day, so far as months and days go.
    fn spans_of(days: &[(u32, u32)], size: ShardSize) -> Vec<(NaiveDate, NaiveDate)> {
        let days = days.iter().map(|(m, d)| day(*m, *d)).collect();
        let spans = spans(&days, size);
        for pair in spans.windows(2) {
            assert!(pair[0].1.end <= pair[1].1.start, "{pair:?}");
        }
        spans
            .iter()
            .map(|(_, span)| (span.start.date_naive(), span.end.date_naive()))
            .collect()
    }

    #[test]
    fn shards_follow_the_calendar_and_reach_into_days_that_nobody_has() {
        let days = [(5, 1), (5, 2), (5, 4), (5, 9)];
        let day_shards = spans_of(&days, ShardSize::StationDay);
        assert_eq!(
            day_shards,
            [
                (day(4, 30), day(5, 2)),
                (day(5, 2), day(5, 4)),
                (day(5, 4), day(5, 6)),
                (day(5, 8), day(5, 11)),
            ]
        );
        let month = spans_of(&days, ShardSize::StationMonth);
        assert_eq!(month, [(day(4, 30), day(6, 1))]);
        // The last day of a month reaches into the next one, if no shard has that.
        let months = spans_of(&[(5, 31), (7, 1)], ShardSize::StationMonth);
        assert_eq!(months, [(day(5, 1), day(6, 2)), (day(6, 30), day(8, 1))]);
    }
}

//! Which shards an archive's day files make, and what of it makes none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use chrono::{Days, NaiveDate};

use super::shard::{AROUND, Shard, ShardSize, midnight};
use crate::error::{Error, Result, fail};
use crate::hash::sha256;
use crate::station::{NslcPattern, StationChoice};
use crate::time::{Time, TimeSpan};
use crate::waveform::{
    DayFile, FAST_BANDS, Nslc, Place, Sought, StrangeKind, Version, archive_near, without_day_files,
};
use crate::{pick, printable};

/// What lies in an archive and is not planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// A file, a folder, a station's band, some days of it, or codes that were sought.
    pub what: String,
    pub why: String,
    /// Whether it could not be read: nobody knows what was missed.
    pub is_unread: bool,
}

impl LeftOut {
    fn new(what: impl fmt::Display, why: impl Into<String>) -> Self {
        Self {
            what: what.to_string(),
            why: why.into(),
            is_unread: false,
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}", self.what, self.why);
        f.write_str(&printable::line(&line, N_CHARACTERS_MOST))
    }
}

/// Longer than the longest path and what is said of it.
const N_CHARACTERS_MOST: usize = 10_000;

/// A band that is whole has so many components.
const N_COMPONENTS: usize = 3;

/// Why something among day files is none.
const NO_DAY_FILE: &str = "by the name, or a link, a pipe or a folder";

/// A station's band: network, station, location and the first letters of its channels.
type Band = (String, String, String, String);

/// Day files of a band, by day.
type Held = BTreeMap<NaiveDate, Day>;

/// A band's files of one day.
#[derive(Default)]
struct Day {
    components: BTreeSet<char>,
    n_files: usize,
    n_bytes: u64,
    versions: Vec<String>,
}

/// What stands for a file's version in the hash of a shard's versions.
pub(super) fn version_line(file: &DayFile, version: Version) -> String {
    let Version { n_bytes, mark } = version;
    let (stream, day) = (&file.stream, file.day);
    format!("{stream} {day} {n_bytes} {:016x}\n", mark.unwrap_or(0))
}

/// The first and the last day.
pub(super) type Ends = (NaiveDate, NaiveDate);

/// Of what makes no shard so much is told where there is none at all.
const N_TOLD: usize = 5;

/// The shards of what the archive in a folder holds of the stations that are sought, by station and time; what makes
/// none; and the first and the last day that could be scanned, at any time. A day counts that has so many components at least.
///
/// # Errors
/// [`Error::Io`] where the folder cannot be read.
pub(super) fn shards(
    place: &Place,
    mut sought: Sought,
    size: ShardSize,
    least_components: usize,
) -> Result<(Vec<Shard>, Vec<LeftOut>, Option<Ends>)> {
    let mut left_out = Vec::new();
    if least_components < N_COMPONENTS && !sought.streams.is_empty() {
        left_out.extend(take_whole_bands(place, &mut sought)?);
    }
    let bands = bands(place, &sought, &mut left_out)?;
    let (from, to) = (sought.from, sought.to);
    let (mut shards, mut all_days) = (Vec::new(), BTreeSet::new());
    for ((network, station, location, band), mut held) in bands {
        let name = format!("{network}.{station}.{location}.{band}");
        if let Some(why) = why_not(&band, &held, least_components) {
            left_out.push(LeftOut::new(format!("{name}?"), why));
            continue;
        }
        let n_files: BTreeMap<NaiveDate, usize> = held
            .iter()
            .map(|(day, of_day)| (*day, of_day.n_files))
            .collect();
        left_out.extend(take_incomplete(&name, &mut held, least_components));
        let choice = StationChoice::new(&network, &station, &location, &format!("{band}?"))?;
        let days: BTreeSet<NaiveDate> = held.keys().copied().collect();
        all_days.extend(&days);
        for (first, span) in spans(&days, size) {
            let start = from.map_or(span.start, |from| span.start.max(from));
            let end = to.map_or(span.end, |to| span.end.min(to));
            if start >= end {
                continue;
            }
            let of_shard = held.range(first..size.around(first).1);
            let of_shard: Vec<(&NaiveDate, &Day)> = of_shard
                .filter(|(day, _)| midnight(**day) < end && start < midnight(**day + Days::new(1)))
                .collect();
            let span = TimeSpan { start, end };
            let (earliest, latest) = Shard::reach(&span);
            let n_within: usize = n_files.range(earliest..=latest).map(|(_, n)| n).sum();
            let n_own: usize = of_shard.iter().map(|(_, day)| day.n_files).sum();
            let lines = of_shard.iter().flat_map(|(_, day)| day.versions.clone());
            shards.push(Shard {
                index: shards.len(),
                id: Shard::name(&choice, size, first),
                station: choice.clone(),
                first_day: first,
                span,
                n_days: of_shard.len(),
                n_files: n_own,
                n_beside: n_within - n_own,
                n_bytes: of_shard.iter().map(|(_, day)| day.n_bytes).sum(),
                versions_sha256: versions_sha256(lines),
            });
        }
    }
    left_out.sort();
    let ends = all_days.first().copied().zip(all_days.last().copied());
    Ok((shards, left_out, ends))
}

/// Why an archive makes no shard at all.
pub(super) fn nothing(
    place: &Place,
    times: (Option<Time>, Option<Time>),
    left_out: &[LeftOut],
    ends: Option<Ends>,
) -> Error {
    let (archive, layout) = (place.root(), place.layout());
    // What was sought and is not there tells more than what lies at a wrong place.
    let is_odd = |one: &&LeftOut| Path::new(&one.what).starts_with(archive);
    let (odd, of_sought): (Vec<_>, Vec<_>) = left_out.iter().partition(is_odd);
    let told = of_sought.into_iter().chain(odd).take(N_TOLD);
    let told: Vec<String> = told.map(ToString::to_string).collect();
    let (nothing, remedy) = without_day_files(archive, layout);
    let what = match (ends, &told[..]) {
        (Some((first, last)), _) => {
            format!("nothing at the times that are sought; the archive has {first} to {last}")
        }
        (None, []) => nothing,
        (None, told) => format!("nothing that can be scanned: {}", told.join("; ")),
    };
    let remedy = match (ends, archive_near(archive)) {
        (Some(_), _) => match times {
            (Some(_), None) => "Give a --from within these days".into(),
            (None, Some(_)) => "Give a --to within these days".into(),
            _ => "Give --from and --to within these days".into(),
        },
        (None, _) if told.is_empty() => remedy,
        (None, Some(near)) => format!("Give {} as the archive", near.display()),
        (None, None) => {
            "Give the folder that holds the archive's years, and codes as the archive has them"
                .to_string()
        }
    };
    fail!(Plan, archive.display(), what, remedy)
}

/// The day files that are sought, by band; what of the archive cannot be read as one is noted.
fn bands(
    place: &Place,
    sought: &Sought,
    left_out: &mut Vec<LeftOut>,
) -> Result<BTreeMap<Band, Held>> {
    let (storage, layout) = (place.storage(), place.layout());
    let archive = storage.held(layout, sought, &mut |error| {
        left_out.push(LeftOut {
            is_unread: true,
            ..LeftOut::new("a folder", error.to_string())
        });
    })?;
    let (streams, in_vain) = archive.sought(&sought.streams, |_| true);
    let misplaced = archive.misplaced.iter();
    left_out.extend(
        misplaced.map(|file| LeftOut::new(file.path.display(), file.what_is_misplaced(layout))),
    );
    left_out.extend(archive.strange.iter().map(|strange| {
        let (n, more) = (strange.n, strange.n > strange.some.len());
        let some = strange.some.join(", ") + if more { ", ..." } else { "" };
        let why = match (strange.kind, n) {
            (StrangeKind::NoDayFile, 1) => format!("1 that is no day file ({some}): {NO_DAY_FILE}"),
            (StrangeKind::NoDayFile, n) => {
                format!("{n} that are no day files ({some}): {NO_DAY_FILE}")
            }
            (StrangeKind::Elsewhere, n) => format!(
                "{n} that {} not belong there ({some}): not read, for day files lie at {}",
                if n == 1 { "does" } else { "do" },
                layout.pattern()
            ),
            (StrangeKind::Unreadable, n) => format!(
                "{n} {} nobody can ask for ({some}): no path (an empty name, . or .., a control character, not UTF-8), or without a size",
                if n == 1 { "key that" } else { "keys that" }
            ),
        };
        LeftOut::new(strange.folder.display(), why)
    }));
    let mut bands: BTreeMap<Band, Held> = BTreeMap::new();
    for files in streams {
        let stream = &files[0].stream;
        let Some((band, component)) = stream.band_and_component() else {
            continue;
        };
        let held = bands.entry(band_of(stream, band)).or_default();
        for same in files.chunk_by(|a, b| a.day == b.day) {
            let (file, others) = one_of(same);
            left_out.extend(others);
            let version = storage.version(&file.path);
            let gone = || Error::io(&file.path)(std::io::ErrorKind::NotFound.into());
            let version = version.ok_or_else(gone)?;
            if let Some(why) = version.why_too_large() {
                left_out.push(LeftOut::new(file.path.display(), why));
                continue;
            }
            let day = held.entry(file.day).or_default();
            day.components.insert(component);
            day.n_files += 1;
            day.n_bytes += version.n_bytes;
            day.versions.push(version_line(file, version));
        }
    }
    left_out.extend(in_vain.into_iter().map(sought_in_vain));
    Ok(bands)
}

fn sought_in_vain(pattern: impl fmt::Display) -> LeftOut {
    let why = "sought, and the archive holds no day file of it (capital and small letters differ)";
    LeftOut::new(pattern, why)
}

/// Whoever seeks one channel of a band seeks all that there are, as [`pick::stations`] does; what was sought in vain.
fn take_whole_bands(place: &Place, sought: &mut Sought) -> Result<Vec<LeftOut>> {
    let (bands, in_vain) = pick::stations(place, &sought.streams, (sought.from, sought.to))?;
    if bands.is_empty() {
        // Then the archive is looked through as it is.
        return Ok(Vec::new());
    }
    sought.streams = bands.iter().map(NslcPattern::from).collect();
    Ok(in_vain.into_iter().map(sought_in_vain).collect())
}

/// The hash of the versions of a shard's files, in any order.
pub(super) fn versions_sha256(lines: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    sha256(lines.concat())
}

fn band_of(stream: &Nslc, band: &str) -> Band {
    let codes = [stream.network(), stream.station(), stream.location()];
    let [network, station, location] = codes.map(ToString::to_string);
    (network, station, location, band.into())
}

/// Of the files of one day of a stream, with and without dashes or blanks for an empty location, the one that is read.
fn one_of(same: &[DayFile]) -> (&DayFile, impl Iterator<Item = LeftOut>) {
    let rank = |file: &&DayFile| match file.path.to_string_lossy() {
        path if path.contains(".  .") => 2,
        path if path.contains(".--.") => 1,
        _ => 0,
    };
    let read = same.iter().min_by_key(rank).unwrap_or(&same[0]);
    let others = same.iter().filter(move |file| !std::ptr::eq(*file, read));
    let others = others.map(move |file| {
        let why = format!("{} is of the same day, and is read", read.path.display());
        LeftOut::new(file.path.display(), why)
    });
    (read, others)
}

/// Why nothing of a band can be scanned.
fn why_not(band: &str, held: &Held, least_components: usize) -> Option<String> {
    if !band.starts_with(FAST_BANDS) {
        return Some("of fewer than 10 samples a second".into());
    }
    let days = held.values();
    let n = days.map(|day| day.components.len()).max().unwrap_or(0);
    (n < least_components).then(|| format!("{n} of three components"))
}

/// Takes away the days of a band of which components are missing, and names them.
fn take_incomplete(name: &str, held: &mut Held, least_components: usize) -> Option<LeftOut> {
    let is_whole = |_: &NaiveDate, day: &mut Day| day.components.len() >= least_components;
    let incomplete: Vec<(NaiveDate, Day)> = held
        .extract_if(.., |date, day| !is_whole(date, day))
        .collect();
    let (first, day) = incomplete.first()?;
    let more = match incomplete.len() {
        1 => String::new(),
        n => format!(" and {} days more", n - 1),
    };
    Some(LeftOut::new(
        format!("{name}? of {first}{more}"),
        format!("{} of three components", day.components.len()),
    ))
}

/// The spans of shards with day files, each with its first day by the calendar. A span reaches into a day beside
/// it that no other shard has, for records may reach there; of a day between two shards the earlier one has it.
fn spans(days: &BTreeSet<NaiveDate>, size: ShardSize) -> Vec<(NaiveDate, TimeSpan)> {
    let mut spans: Vec<(NaiveDate, TimeSpan)> = Vec::new();
    for day in days {
        let (first, next) = size.around(*day);
        let around = Days::new(AROUND);
        let before = day.checked_sub_days(around).unwrap_or(*day);
        let after = next.max(
            day.succ_opt()
                .and_then(|day| day.checked_add_days(around))
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

//! Small things of chapter 12: hours to fetch, records that are compared, and its tables.

use crate::catalog::{Catalog, Event};
use crate::display::Table;
use crate::error::{Error, Result};
use crate::fdsn::Provider;
use crate::study::Study;
use crate::time::{self, Time, TimeSpan, between_s};
use crate::waveform::{LogEntry, Nslc, Record3C};

/// A row for each data centre that has a name.
pub fn centres_table() -> Table {
    let headers = [
        "Name",
        "Events",
        "Stations and waveforms",
        "Requests at once",
    ];
    let mut table = Table::new("Data centres by name", &headers);
    for centre in Provider::names().filter_map(|name| Provider::by_name(name).ok()) {
        let address = |service: Option<String>| service.unwrap_or("none".into());
        let at_once = match centre.limits.n_at_once {
            usize::MAX => "any".to_string(),
            n => n.to_string(),
        };
        table = table.row([
            centre.name,
            address(centre.event),
            address(centre.dataselect),
            at_once,
        ]);
    }
    table
}

/// Hours of a study's scan that are fetched into an archive.
const N_HOURS: f64 = 2.0;

/// Two of the hours that a study scans, from the full hour before the first event in them.
///
/// They lie within the scan; without an event they are its first.
pub fn two_hours(study: &Study, events: &Catalog) -> TimeSpan {
    let after_s = |event: &Event| between_s(study.scan.start, event.origin_time);
    let first_s = events.events().iter().map(after_s).find(|s| *s >= 0.0);
    let last_h = between_s(study.scan.start, study.scan.end) / 3600.0 - N_HOURS;
    let hour = (first_s.unwrap_or(0.0) / 3600.0)
        .floor()
        .min(last_h.floor());
    let start = study.scan.start + time::seconds(3600.0 * hour.max(0.0));
    TimeSpan {
        start,
        end: start + time::seconds(3600.0 * N_HOURS),
    }
}

/// A row for each span of each stream: what came of it.
pub fn outcomes_table(logs: &[(Nslc, Vec<LogEntry>)], simulated: bool) -> Table {
    let headers = ["Stream", "From (UTC)", "Until (UTC)", "Outcome", "Samples"];
    let mut table = Table::new("What came of each span", &headers);
    for (stream, entries) in logs {
        for entry in entries {
            table = table.row([
                stream.to_string(),
                time::iso(entry.start),
                time::iso(entry.end),
                entry.outcome.name().to_string(),
                entry.n_samples.to_string(),
            ]);
        }
    }
    match simulated {
        true => table.noted("Simulated data."),
        false => table,
    }
}

/// What a data centre gives as its reason, without the address, which may have a port of the moment, and the remedy.
pub fn reason(error: &Error) -> String {
    let text = error.to_string();
    let answer = text
        .split_once("): ")
        .map_or(text.as_str(), |(_, rest)| rest);
    answer.split(". ").next().unwrap_or(answer).to_string()
}

/// Samples of two records that are the same, bit for bit.
pub fn n_equal(a: &Record3C, b: &Record3C) -> usize {
    let pairs = a.data.iter().flatten().zip(b.data.iter().flatten());
    pairs.filter(|(a, b)| a.to_bits() == b.to_bits()).count()
}

/// Before an origin time, and after it, in a piece that shows an earthquake, seconds.
const BEFORE_S: f64 = 5.0;
const AFTER_S: f64 = 25.0;

/// Half a minute of a record around its first event, and the event's origin time.
///
/// Without an event the beginning of the record.
///
/// # Errors
/// [`crate::Error::Waveform`] where the record is shorter than that.
pub fn around_first_event(record: &Record3C, events: &Catalog) -> Result<(Record3C, Option<Time>)> {
    let is_inside = |origin: &Time| {
        *origin > record.start + time::seconds(BEFORE_S)
            && *origin + time::seconds(AFTER_S) < record.end()
    };
    let origins = events.events().iter().map(|event| event.origin_time);
    let first = origins.into_iter().find(is_inside);
    let start = first.map_or(record.start, |origin| origin - time::seconds(BEFORE_S));
    let n_samples = ((BEFORE_S + AFTER_S) * record.sampling_rate_hz).round() as usize;
    Ok((record.window(start, n_samples)?, first))
}

/// What a study has in one row of [`studies_table`].
type Row = (&'static str, fn(&Study) -> String);

/// Box, station and window of several studies, a column each.
pub fn studies_table(caption: &str, studies: &[(&str, &Study)]) -> Table {
    let names = studies.iter().map(|(name, _)| *name);
    let headers: Vec<&str> = std::iter::once("").chain(names).collect();
    let rows: [Row; 3] = [
        ("Box", |study| {
            let r = &study.region;
            format!(
                "{} to {} N, {} to {} E",
                r.min_latitude_deg, r.max_latitude_deg, r.min_longitude_deg, r.max_longitude_deg
            )
        }),
        ("Station", |study| {
            let s = &study.station;
            format!("{}.{}.{}.{}", s.network, s.station, s.location, s.channels)
        }),
        ("Window", |study| {
            let w = &study.window;
            format!("{} samples at {} Hz", w.n_samples, w.sampling_rate_hz)
        }),
    ];
    let mut table = Table::new(caption, &headers);
    for (what, of) in rows {
        let cells = studies.iter().map(|(_, study)| of(study));
        table = table.row(std::iter::once(what.to_string()).chain(cells));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::DownloadLog;

    fn catalog(times: &[&str]) -> Catalog {
        let head = "time,latitude,longitude,depth,mag\n";
        let rows = times.iter().map(|time| format!("{time},35.8,-97.4,5,2\n"));
        let text = head.to_string() + &rows.collect::<String>();
        Catalog::from_comcat_csv(&text, "made up").unwrap()
    }

    fn record(n_samples: usize) -> Record3C {
        let row: Vec<f32> = (0..n_samples).map(|i| i as f32).collect();
        Record3C {
            station: "made up".into(),
            channels: ["1", "2", "Z"].map(String::from),
            start: time::parse("2014-02-16").unwrap(),
            sampling_rate_hz: 1.0,
            data: [row.clone(), row.clone(), row],
            simulated: true,
        }
    }

    #[test]
    fn hours_begin_before_the_first_event_and_end_with_the_scan() {
        let study = Study::oklahoma();
        let hour = |times: &[&str]| {
            time::iso(two_hours(&study, &catalog(times)).start)[11..16].to_string()
        };
        assert_eq!(
            hour(&["2014-02-15T23:59:00Z", "2014-02-16T03:40:00Z"]),
            "03:00"
        );
        // The scan ends at 10:00.
        assert_eq!(hour(&["2014-02-16T09:40:00Z"]), "08:00");
        assert_eq!(hour(&[]), "00:00");
    }

    #[test]
    fn equal_samples_are_counted() {
        let (a, mut b) = (record(10), record(10));
        b.data[2][3] = -1.0;
        assert_eq!((n_equal(&a, &a), n_equal(&a, &b)), (30, 29));
        // A gap equals itself, as it would not if numbers were compared.
        b.data[2][3] = f32::NAN;
        assert_eq!(n_equal(&b, &b), 30);
    }

    #[test]
    fn half_a_minute_around_the_first_event() {
        let events = catalog(&["2014-02-16T00:00:02Z", "2014-02-16T00:01:00Z"]);
        let (shown, origin) = around_first_event(&record(200), &events).unwrap();
        assert_eq!((shown.n_samples(), shown.data[0][0]), (30, 55.0));
        assert_eq!(origin, Some(time::parse("2014-02-16T00:01:00").unwrap()));
        let (shown, origin) = around_first_event(&record(40), &events).unwrap();
        assert_eq!((shown.data[0][0], origin), (0.0, None));
        assert!(around_first_event(&record(20), &events).is_err());
    }

    #[test]
    fn tables_have_a_row_for_each() {
        assert_eq!(centres_table().rows.len(), Provider::names().count());
        let log = "start,end,outcome,n_samples,n_faults,detail\n\
                   2014-02-16T00:00:00.000000Z,2014-02-16T02:00:00.000000Z,arrived,720000,0,\n";
        let log = DownloadLog::from_csv(log, "made up").unwrap();
        let stream = Nslc::new("GS", "OK029", "00", "HHZ").unwrap();
        let table = outcomes_table(&[(stream, log.entries().to_vec())], true);
        assert_eq!(table.note, "Simulated data.");
        assert_eq!(table.rows[0][3..], ["arrived", "720000"]);
        let (a, b) = (Study::oklahoma(), Study::find("zigong").unwrap());
        let table = studies_table("Two studies", &[("Oklahoma", &a), ("Zigong", &b)]);
        assert_eq!(table.headers, ["", "Oklahoma", "Zigong"]);
        assert_eq!(
            table.rows[1],
            ["Station", "GS.OK029.00.HH*", "IC.ENH.00.BH*"]
        );
    }
}

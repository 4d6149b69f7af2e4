//! Four induced earthquakes beside a geothermal plant in Bavaria, on records that everybody has: ObsPy's package carries them.

use std::path::{Path, PathBuf};

use super::rivals::Rival;
use super::tuned::rivals;
use crate::atomic_file::read_input;
use crate::display::Table;
use crate::error::{Result, fail};
use crate::plot::{self, Figure};
use crate::study::{Study, real_data_dir};
use crate::time::{self, Time, between_s};
use crate::waveform::{Record3C, Samples, Trace, harmonise, slist};

/// The files, of network BW (BayernNetz), 27 May 2010. Station UH3 has three components, the others the vertical alone.
const FILES: [&str; 6] = [
    "BW.UH1._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH2._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH3._.SHE.D.2010.147.cut.slist.gz",
    "BW.UH3._.SHN.D.2010.147.cut.slist.gz",
    "BW.UH3._.SHZ.D.2010.147.cut.slist.gz",
    "BW.UH4._.EHZ.D.2010.147.cut.slist.gz",
];

/// When ObsPy's coincidence trigger declares them, on three stations or four (`test_trigger.py`, its test of similarity).
const EVENTS: [&str; 4] = [
    "2010-05-27T16:24:33.210",
    "2010-05-27T16:25:26.710",
    "2010-05-27T16:27:02.260",
    "2010-05-27T16:27:30.510",
];

/// A claim finds an earthquake where a window of ten seconds begins so long before its trigger.
const FOUND_S: std::ops::RangeInclusive<f64> = 1.0..=6.0;

/// Claims that follow one another so closely are one.
const ONE_CLAIM_S: f64 = 10.0;

/// One detector at one station.
#[derive(Debug, Clone, PartialEq)]
pub struct AtStation {
    pub detector: String,
    pub station: String,
    /// For each earthquake the largest score less the threshold: 0 or more is found. None where no window could tell.
    pub over_threshold: Vec<Option<f64>>,
    /// Claims elsewhere.
    pub n_elsewhere: usize,
    /// Start of each window that could tell, and its score less the threshold.
    pub over: Vec<(Time, f64)>,
}

/// What the four detectors find, and the records.
#[derive(Debug, Clone, PartialEq)]
pub struct Unterhaching {
    pub records: Vec<Record3C>,
    pub found: Vec<AtStation>,
}

/// The folder with ObsPy's records: the one that `QUAKEBOOK_UNTERHACHING` names, which set-up fills, else `unterhaching` among the
/// reader's real records.
fn dir() -> Option<PathBuf> {
    let named = std::env::var_os("QUAKEBOOK_UNTERHACHING").map(PathBuf::from);
    let own = real_data_dir().map(|dir| dir.join("unterhaching"));
    let is_whole = |dir: &PathBuf| FILES.iter().all(|file| dir.join(file).is_file());
    named.into_iter().chain(own).find(is_whole)
}

/// The four detectors on the four stations' records; `None` where the records are not there.
///
/// # Errors
/// As [`rivals`] and [`slist::read`].
pub fn unterhaching(study: &Study) -> Result<Option<Unterhaching>> {
    let Some(dir) = dir() else {
        return Ok(None);
    };
    let records = records(&dir)?;
    let events: Vec<Time> = EVENTS
        .iter()
        .map(|text| time::parse(text))
        .collect::<Result<_>>()?;
    let mut found = Vec::new();
    for rival in rivals(study)? {
        for record in &records {
            found.push(at_station(&rival, record, &events)?);
        }
    }
    Ok(Some(Unterhaching { records, found }))
}

fn at_station(rival: &Rival, record: &Record3C, events: &[Time]) -> Result<AtStation> {
    let scores = rival.scorer.scores_of_short(record)?;
    let is_near = |at: Time, event: &Time| FOUND_S.contains(&between_s(at, *event));
    let best = |event: &Time| {
        let near = scores.iter().filter(|(at, _)| is_near(*at, event));
        let best = near.map(|(_, score)| *score).reduce(f64::max);
        best.map(|score| score - rival.threshold)
    };
    let (mut n_elsewhere, mut before) = (0, None);
    for (at, _) in scores.iter().filter(|(_, score)| *score >= rival.threshold) {
        // A claim that begins before the earthquake's windows, or lasts beyond them, is about it too.
        let about =
            |event: &Time| (-ONE_CLAIM_S..2.0 * ONE_CLAIM_S).contains(&between_s(*at, *event));
        let is_new = before.is_none_or(|before| between_s(before, *at) > ONE_CLAIM_S);
        before = Some(*at);
        n_elsewhere += usize::from(is_new && !events.iter().any(about));
    }
    Ok(AtStation {
        detector: rival.name.clone(),
        station: record.station.clone(),
        over_threshold: events.iter().map(best).collect(),
        n_elsewhere,
        over: scores
            .iter()
            .map(|(at, score)| (*at, score - rival.threshold))
            .collect(),
    })
}

/// The records, comparable. The vertical of a station that has no horizontals stands in for them, as for dead ones.
fn records(dir: &Path) -> Result<Vec<Record3C>> {
    let mut traces: Vec<Trace> = Vec::new();
    for file in FILES {
        let path = dir.join(file);
        traces.extend(slist::read(
            &read_input(&path)?,
            &path.display().to_string(),
        )?);
    }
    let of_one = |traces: &[&Trace]| -> Result<Record3C> {
        let row = |trace: &Trace| match trace.segments.first().map(|s| &s.samples) {
            Some(Samples::Float32(samples)) => samples.clone(),
            _ => Vec::new(),
        };
        let (first, last) = (traces[0], traces[traces.len() - 1]);
        let three = [first, traces[traces.len() / 2], last];
        let start = last.start().ok_or_else(|| {
            let remedy = "Fetch the file again";
            fail!(Waveform, last.id, "no sample", remedy)
        })?;
        let record = Record3C {
            station: format!("{}.{}", last.id.network(), last.id.station()),
            channels: three.map(|trace| trace.id.channel().to_string()),
            start,
            sampling_rate_hz: last.sampling_rate_hz,
            data: three.map(row),
            simulated: false,
        };
        Ok(harmonise(&record)?.record)
    };
    let by_station = traces.chunk_by(|a, b| a.id.station() == b.id.station());
    by_station
        .map(|of| of_one(&of.iter().collect::<Vec<_>>()))
        .collect()
}

impl Unterhaching {
    /// A row for each detector and station.
    pub fn table(&self) -> Table {
        let mut headers = vec!["Detector", "Station"];
        headers.extend(EVENTS.map(|text| &text[11..19]));
        headers.push("Claims elsewhere");
        let caption = "Four induced earthquakes at Unterhaching, 27 May 2010";
        let mut table = Table::new(caption, &headers);
        for one in &self.found {
            let n = self.components(&one.station);
            let name = format!("{} ({n})", one.station);
            let found = one.over_threshold.iter().map(|over| match over {
                Some(over) if *over >= 0.0 => "found".to_string(),
                Some(over) => format!("missed by {:.1}", -over),
                None => "no window".into(),
            });
            let row = [one.detector.clone(), name].into_iter().chain(found);
            table = table.row(row.chain([one.n_elsewhere.to_string()]));
        }
        table.noted(
            "In brackets: components; where there is one it stands in for all three. Missed by: logarithm of odds (of a ratio for STA/LTA) \
             below the detector's own threshold. 230 s of record: too few for a rate of alarms. Records of network BW as ObsPy's package \
             carries them; the times are those of its coincidence trigger, and nobody's picks.",
        )
    }

    /// Of the earthquakes at stations, those that a detector finds, and all that it could.
    pub fn n_found(&self, detector: &str) -> (usize, usize) {
        let of = self.found.iter().filter(|one| one.detector == detector);
        let told = of.flat_map(|one| one.over_threshold.iter().flatten());
        told.fold((0, 0), |(n_found, n), over| {
            (n_found + usize::from(*over >= 0.0), n + 1)
        })
    }

    /// Claims of a detector elsewhere, at all stations together.
    pub fn n_elsewhere(&self, detector: &str) -> usize {
        let of = self.found.iter().filter(|one| one.detector == detector);
        of.map(|one| one.n_elsewhere).sum()
    }

    /// The vertical of the station with three components, and the scores of every detector on it.
    ///
    /// # Errors
    /// As [`plot::record_and_scores`].
    pub fn figure(&self) -> Result<Figure> {
        let most = self
            .records
            .iter()
            .max_by_key(|record| self.components(&record.station));
        let Some(record) = most else {
            let remedy = "Run `cargo xtask setup`";
            return Err(fail!(Plot, "Unterhaching", "no record", remedy));
        };
        let of = self.found.iter().filter(|of| of.station == record.station);
        // Drawn where P should lie: in the middle of the place that finds it.
        let middle = time::seconds((FOUND_S.start() + FOUND_S.end()) / 2.0);
        let scores: Vec<(&str, Vec<(Time, f64)>)> = of
            .map(|of| {
                let over = of.over.iter().map(|(at, over)| (*at + middle, *over));
                (of.detector.as_str(), over.collect())
            })
            .collect();
        let scores: Vec<(&str, &[(Time, f64)])> = scores
            .iter()
            .map(|(name, of)| (*name, of.as_slice()))
            .collect();
        let marks = EVENTS.iter().filter_map(|text| time::parse(text).ok());
        let caption = "The vertical component from 1 to 20 Hz, and what each detector makes of each second: its score less its threshold. Above the \
                       line across it claims an earthquake. Upright dashes: the four earthquakes.";
        Ok(
            plot::record_and_scores(record, &scores, &marks.collect::<Vec<_>>())?
                .captioned(caption)
                .sourced(&format!("{}, 27 May 2010", record.station), false),
        )
    }

    fn components(&self, station: &str) -> usize {
        let record = self.records.iter().find(|record| record.station == station);
        record.map_or(0, |record| {
            let channels: std::collections::BTreeSet<_> = record.channels.iter().collect();
            channels.len()
        })
    }
}

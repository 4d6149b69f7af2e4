//! Stations whose magnitudes differ from those of all others: their response is wrong more often than the ground is so different.

use std::collections::BTreeMap;

use super::Bulletin;
use crate::magnitude::{EventMagnitude, MagnitudeKind, median};

/// Told of a local magnitude from here on, which is a factor of six in the amplitude: more than the ground under a station makes, as a rule.
const ODD: f64 = 0.8;

/// A moment magnitude grows by two thirds where the moment is ten times as large.
const OF_MOMENT: f64 = 2.0 / 3.0;

/// Two stations that differ do not say which of them is odd.
const FEWEST_OTHERS: usize = 2;

/// A station whose magnitudes differ from those of the others.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OddSize {
    pub station: String,
    pub kind: &'static str,
    /// The station's magnitude less the median of the others', in the median of the events.
    pub off: f64,
    pub n_events: usize,
}

impl Bulletin {
    /// Local magnitudes first, each by station.
    pub fn odd_sizes(&self) -> Vec<OddSize> {
        let local = self.events.iter().flat_map(|event| &event.magnitude);
        let moment = self.events.iter().flat_map(|event| &event.moment_magnitude);
        let mut all = odd(MagnitudeKind::Local, local);
        all.extend(odd(MagnitudeKind::Moment, moment));
        all
    }
}

fn odd<'a>(kind: MagnitudeKind, events: impl Iterator<Item = &'a EventMagnitude>) -> Vec<OddSize> {
    let from = match kind {
        MagnitudeKind::Local => ODD,
        MagnitudeKind::Moment => ODD * OF_MOMENT,
    };
    let mut off = BTreeMap::<String, Vec<f64>>::new();
    for event in events {
        let all: Vec<_> = event.stations.iter().chain(&event.left_out).collect();
        if all.len() <= FEWEST_OTHERS {
            continue;
        }
        for (i, station) in all.iter().enumerate() {
            let others = all.iter().enumerate().filter(|(other, _)| *other != i);
            if let Some(of_others) = median(others.map(|(_, other)| other.value)) {
                let name = station.station.clone();
                off.entry(name).or_default().push(station.value - of_others);
            }
        }
    }
    let told = off.into_iter().filter_map(|(station, off)| {
        Some(OddSize {
            station,
            kind: kind.name(),
            off: median(off.iter().copied()).filter(|off| off.abs() >= from)?,
            n_events: off.len(),
        })
    });
    told.collect()
}

//! An archive as a source of records.

use std::collections::BTreeSet;

use super::Archive;
use super::days::Day;
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Nslc, Record3C, Trace, WaveformSource};

/// No digitiser is faster. A damaged header must not ask for more memory than there is.
const MAX_RATE_HZ: f64 = 10_000.0;

impl Archive {
    /// What the day files hold of channels in a span.
    fn days_of(&self, channels: &BTreeSet<Nslc>, start: Time, end: Time) -> Result<Vec<Day>> {
        let day = |stream| {
            let files = self.files_around(stream, start, end)?;
            self.days.span(stream, &files, start, end)
        };
        channels.iter().map(day).collect()
    }

    /// The record, simulated if the archive is.
    fn marked(&self, record: Record3C) -> Record3C {
        Record3C {
            simulated: self.is_simulated(),
            ..record
        }
    }
}

impl WaveformSource for Archive {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let channels = self.channels(start, start)?;
        // The rate is in the files, and then the end is known.
        let rate = self.rate_hz(start, &channels)?;
        let end = start + time::seconds((n_samples as f64 / rate).min(1e9));
        let days = self.days_of(&channels, start, end)?;
        let traces: Vec<&Trace> = days.iter().flat_map(|day| day.iter()).collect();
        Ok(self.marked(Record3C::assemble(&traces, start, n_samples)?))
    }

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        let channels = self.channels(start, end)?;
        let days = self.days_of(&channels, start, end)?;
        let traces: Vec<&Trace> = days.iter().flat_map(|day| day.iter()).collect();
        let rates = traces.iter().map(|trace| trace.sampling_rate_hz);
        let fastest_hz = rates.fold(0.0, f64::max);
        if fastest_hz > MAX_RATE_HZ {
            return Err(fail!(
                Waveform,
                format!("records from {}", time::iso(start)),
                format!("{fastest_hz} Hz, expected at most {MAX_RATE_HZ} Hz"),
                "Look at the headers of these records"
            ));
        }
        let n_at = |rate_hz: f64| (time::between_s(start, end) * rate_hz).round() as usize;
        let record = Record3C::assemble(&traces, start, n_at(fastest_hz))?;
        // Of a slower band there are fewer samples.
        let n_samples = n_at(record.sampling_rate_hz).clamp(1, record.n_samples());
        Ok(self.marked(record.slice(0..n_samples)?))
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        // What cannot be listed is tried.
        self.spans_of_files(span).unwrap_or_else(|_| vec![*span])
    }
}

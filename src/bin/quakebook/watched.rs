//! Lines of progress of what reads records for long.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Record3C, WaveformSource};

use crate::output;

/// As often as the client says how far a long answer is.
const EVERY: Duration = Duration::from_secs(15);

/// A source that says on standard error how far its reader is.
pub struct Watched<'a> {
    source: &'a dyn WaveformSource,
    /// What is done with the records.
    doing: &'static str,
    said: Mutex<Instant>,
    has_failed: AtomicBool,
}

impl<'a> Watched<'a> {
    pub fn new(source: &'a dyn WaveformSource, doing: &'static str) -> Self {
        Self {
            source,
            doing,
            said: Mutex::new(Instant::now()),
            has_failed: false.into(),
        }
    }

    /// Whether what holds the records could not be read at some time: then some are missing.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    fn noted(&self, record: quakebook::Result<Record3C>) -> quakebook::Result<Record3C> {
        let failed = record.as_ref().is_err_and(quakebook::Error::is_of_source);
        self.has_failed.fetch_or(failed, Ordering::Relaxed);
        record
    }

    fn say(&self, start: Time) {
        if let Ok(mut said) = self.said.lock()
            && said.elapsed() >= EVERY
        {
            *said = Instant::now();
            let doing = self.doing;
            output::progress(format!("{doing} the records of {}", time::iso(start)));
        }
    }
}

impl WaveformSource for Watched<'_> {
    fn record(&self, start: Time, n_samples: usize) -> quakebook::Result<Record3C> {
        self.say(start);
        self.noted(self.source.record(start, n_samples))
    }

    fn between(&self, start: Time, end: Time) -> quakebook::Result<Record3C> {
        self.say(start);
        self.noted(self.source.between(start, end))
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.source.held(span)
    }
}

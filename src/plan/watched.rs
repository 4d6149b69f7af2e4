//! A source whose reader says that it is alive, and can be asked to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::progress::Mark;
use crate::error::{Error, Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};

/// Records as a source has them, until somebody asks to stop, or the source cannot be read.
pub(super) struct Watched<'a> {
    source: &'a dyn WaveformSource,
    mark: &'a Mark,
    is_ended: &'a (dyn Fn() -> bool + Sync),
    is_stopped: AtomicBool,
    /// The first error of the source itself.
    failure: Mutex<Option<Error>>,
}

impl<'a> Watched<'a> {
    pub fn new(
        source: &'a dyn WaveformSource,
        mark: &'a Mark,
        is_ended: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        Self {
            source,
            mark,
            is_ended,
            is_stopped: is_ended().into(),
            failure: Mutex::new(None),
        }
    }

    /// Whether somebody has asked to stop: then records are missing in what was made of it.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Why the source could not be read, if so: records are missing too, which another try may get.
    pub fn failure(self) -> Option<Error> {
        let failure = self.failure.into_inner();
        failure.unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> MutexGuard<'_, Option<Error>> {
        // It is set in one step: a panic elsewhere leaves it whole.
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the source gives, unless work ends here.
    fn ask(&self, start: Time, read: impl FnOnce() -> Result<Record3C>) -> Result<Record3C> {
        self.mark.beat();
        self.is_stopped
            .fetch_or((self.is_ended)(), Ordering::Relaxed);
        if !self.is_stopped() && self.failed().is_none() {
            match read() {
                Err(error) if error.is_of_source() => *self.failed() = Some(error),
                record => return record,
            }
        }
        let remedy = "Work on the shard again";
        Err(fail!(Plan, time::iso(start), "stopped", remedy))
    }
}

impl WaveformSource for Watched<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        self.ask(start, || self.source.record(start, n_samples))
    }

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        self.ask(start, || self.source.between(start, end))
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.source.held(span)
    }
}

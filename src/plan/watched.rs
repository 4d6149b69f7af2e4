//! A source whose reader says that it is alive, and can be asked to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use super::progress::Mark;
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Record3C, WaveformSource};

/// Records as a source has them, until somebody asks to stop.
pub(super) struct Watched<'a> {
    source: &'a dyn WaveformSource,
    mark: &'a Mark,
    is_ended: &'a (dyn Fn() -> bool + Sync),
    is_stopped: AtomicBool,
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
        }
    }

    /// Whether somebody has asked to stop: then records are missing in what was made of it.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn ask(&self, start: Time) -> Result<()> {
        self.mark.beat();
        self.is_stopped
            .fetch_or((self.is_ended)(), Ordering::Relaxed);
        match self.is_stopped() {
            true => Err(fail!(
                Plan,
                time::iso(start),
                "stopped",
                "Work on the shard again"
            )),
            false => Ok(()),
        }
    }
}

impl WaveformSource for Watched<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        self.ask(start)?;
        self.source.record(start, n_samples)
    }

    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        self.ask(start)?;
        self.source.between(start, end)
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        self.source.held(span)
    }
}

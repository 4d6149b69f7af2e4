//! The faintest earthquake that a template finds: chapter 9.

use crate::detect::{Alarms, ReferenceEvents, Templates, correlate};
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::Record3C;

/// Length of the record that is shown, half of it before the detection.
const MINUTE_S: f64 = 60.0;

/// A minute around a faint earthquake, and the template that fits it best.
#[derive(Debug, Clone)]
pub struct FaintHit {
    /// The record in the templates' band.
    pub minute: Record3C,
    /// Correlation of the vertical component with the template that begins at each sample, -1 to 1.
    pub likeness: Vec<f32>,
}

impl FaintHit {
    /// The earthquake with the smallest signal-to-noise ratio among those found with `min_deviations` or more.
    ///
    /// A minute with a gap is passed over. Where nothing was found, it is the first minute of the record without a gap.
    ///
    /// # Errors
    /// As [`crate::detect::Band::of`]; [`crate::Error::Detect`] where every minute has a gap.
    pub fn of(
        record: &Record3C,
        templates: &Templates,
        alarms: &Alarms,
        reference: &ReferenceEvents,
        min_deviations: f64,
    ) -> Result<Self> {
        let sure = alarms.at_least(min_deviations);
        let ratio = |event: usize| reference.ratios[event].unwrap_or(f64::MAX);
        let mut hits = reference.match_(&sure).found;
        hits.sort_by(|a, b| ratio(a.event).total_cmp(&ratio(b.event)));
        let found = hits.iter().map(|hit| sure.items[hit.detection].time);
        let any = (1..).map(|i| record.start + time::seconds(600.0 * f64::from(i)));
        let any = any.take_while(|at| *at < record.end());

        let band = templates.params.band;
        let filtered = band.of(record)?;
        let n_samples = (MINUTE_S * band.rate_hz) as usize;
        let around = |at: Time| {
            let minute = filtered.window(at - time::seconds(MINUTE_S / 2.0), n_samples);
            minute.ok().filter(|minute| minute.gaps().is_empty())
        };
        let Some(minute) = found.chain(any).find_map(around) else {
            return Err(fail!(
                Detect,
                record.station,
                "every minute that was looked at has a gap",
                "Take another record"
            ));
        };
        let likeness = templates
            .items
            .iter()
            .filter_map(|template| template.components[2].as_ref())
            .filter_map(|unit| {
                let unit: Vec<f32> = unit.iter().map(|y| *y as f32).collect();
                correlate(&minute.data[2], &unit).ok()
            })
            .max_by(|a, b| largest(a).total_cmp(&largest(b)));
        Ok(Self {
            likeness: likeness.unwrap_or_default(),
            minute,
        })
    }

    /// The largest coefficient.
    pub fn largest(&self) -> f64 {
        f64::from(largest(&self.likeness))
    }
}

fn largest(coefficients: &[f32]) -> f32 {
    coefficients.iter().copied().fold(0.0, f32::max)
}

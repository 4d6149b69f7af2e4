//! What a study's values must be, so that what is behind it can trust them.

use super::{MethodChoice, Normalisation, Study};
use crate::error::{Result, fail};
use crate::time::Time;

/// Bounds of sizes. A file from elsewhere must not ask for more memory than there is: three components
/// of a window at most 12 MB, a rate at most that of the fastest digitisers.
const MAX_SAMPLES: usize = 1_000_000;
const MAX_RATE_HZ: f64 = 10_000.0;
const MIN_RATE_HZ: f64 = 1e-3;
const MAX_CLUSTERS: usize = 1000;
const MAX_COUNT: usize = 1_000_000;
const MAX_SECONDS: f64 = 86_400.0;

/// A key, whether its value is possible, and what would be.
type Check = (&'static str, bool, &'static str);

impl Study {
    /// # Errors
    /// [`crate::Error::Study`] naming the first key whose value is impossible.
    pub(super) fn check(&self) -> Result<()> {
        let checks = [self.of_frame(), self.of_sizes(), self.method.checks()];
        match checks.iter().flatten().find(|(_, good, _)| !good) {
            Some((key, _, wanted)) => Err(fail!(
                Study,
                key,
                format!("expected {wanted}"),
                "Correct this key of the study"
            )),
            None => self.window_in_segment(),
        }
    }

    /// Name, place and time.
    fn of_frame(&self) -> Vec<Check> {
        let r = &self.region;
        let ordered = r.min_latitude_deg < r.max_latitude_deg
            && r.min_longitude_deg < r.max_longitude_deg
            && r.min_latitude_deg >= -90.0
            && r.max_latitude_deg <= 90.0
            && r.min_longitude_deg >= -180.0
            && r.max_longitude_deg <= 360.0;
        // It names folders.
        let letter = |c: char| c.is_alphanumeric() || "-_ .".contains(c);
        let is_name = self.name.starts_with(char::is_alphanumeric)
            && self.name.chars().all(letter)
            && self.name.len() <= 100;
        // Differences of other times are more than a duration can hold.
        let countable = |span: [Time; 2]| span.iter().all(|t| t.timestamp_nanos_opt().is_some());
        let years = "years from 1678 to 2261";
        let order = "a start before the end";
        vec![
            (
                "name",
                is_name,
                "at most 100 letters, digits, spaces, dots, - and _, a letter or digit first",
            ),
            (
                "catalog",
                countable([self.catalog.start, self.catalog.end]),
                years,
            ),
            ("scan", countable([self.scan.start, self.scan.end]), years),
            (
                "held_out",
                countable([self.held_out.start, self.held_out.end]),
                years,
            ),
            (
                "region",
                ordered,
                "a box whose minima are below its maxima, latitudes from -90 to 90, longitudes from -180 to 360",
            ),
            ("catalog", self.catalog.start < self.catalog.end, order),
            ("scan", self.scan.start < self.scan.end, order),
            ("held_out", self.held_out.start < self.held_out.end, order),
        ]
    }

    /// The numbers of each step.
    fn of_sizes(&self) -> Vec<Check> {
        let (split, train) = (&self.split, &self.train);
        let fractions = split.train_fraction + split.validation_fraction;
        let count = |n: usize| (1..=MAX_COUNT).contains(&n);
        let rate_hz = self.window.sampling_rate_hz;
        let levels = &self.augment.noise_levels;
        let whole = "1 to 1,000,000";
        vec![
            ("scan.hop_samples", count(self.scan.hop_samples), whole),
            (
                "cluster.k",
                (1..=MAX_CLUSTERS).contains(&self.cluster.k),
                "1 to 1000",
            ),
            (
                "cluster.n_replicates",
                count(self.cluster.n_replicates),
                whole,
            ),
            (
                "window.n_samples",
                (1..=MAX_SAMPLES).contains(&self.window.n_samples),
                whole,
            ),
            (
                "window.sampling_rate_hz",
                (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz),
                "0.001 to 10,000 Hz",
            ),
            (
                "window.n_noise_per_gap",
                self.window.n_noise_per_gap <= 1000,
                "at most 1000",
            ),
            (
                "split",
                split.train_fraction > 0.0 && split.validation_fraction > 0.0 && fractions < 1.0,
                "positive fractions that leave a part for the test",
            ),
            (
                "augment.noise_levels",
                levels.len() <= 100 && levels.iter().all(|l| *l > 0.0 && l.is_finite()),
                "at most 100 positive numbers",
            ),
            ("train.batch_size", count(train.batch_size), whole),
            ("train.max_epochs", count(train.max_epochs), whole),
            ("train.patience", count(train.patience), whole),
            (
                "train.learning_rate",
                train.learning_rate > 0.0 && train.learning_rate.is_finite(),
                "a positive number",
            ),
            (
                "train.weight_decay",
                train.weight_decay >= 0.0 && train.weight_decay.is_finite(),
                "0 or more",
            ),
        ]
    }

    /// Windows with the P wave anywhere must fit in a segment.
    fn window_in_segment(&self) -> Result<()> {
        let least_s = 2.0 * self.window_s();
        if self.method.segment_s >= least_s {
            return Ok(());
        }
        Err(fail!(
            Study,
            "method.segment_s",
            format!("{} s, expected {least_s} s or more", self.method.segment_s),
            "Give a segment twice the length of a window"
        ))
    }
}

impl MethodChoice {
    fn checks(&self) -> Vec<Check> {
        let seconds = |s: f64| (0.0..=MAX_SECONDS).contains(&s);
        let some = |n: usize| (1..=1000).contains(&n);
        let long = "0 to 86,400 s";
        let few = "1 to 1000";
        let band = |[low, high]: [f64; 2]| 0.0 < low && low < high && high.is_finite();
        vec![
            (
                "method.band_hz",
                self.band_hz.is_none_or(band),
                "two positive frequencies, the lower first",
            ),
            (
                "method.normalisation",
                self.normalisation != (Normalisation::Fixed { counts: 0 }),
                "1 count or more",
            ),
            (
                "method.n_cluster_starts",
                (1..=MAX_COUNT).contains(&self.n_cluster_starts),
                "1 to 1,000,000",
            ),
            ("method.segment_s", seconds(self.segment_s), long),
            ("method.guard_s", seconds(self.guard_s), long),
            (
                "method.least_after_p_s",
                seconds(self.least_after_p_s),
                long,
            ),
            ("method.before_p_s", seconds(self.before_p_s), long),
            ("method.coda_s", seconds(self.coda_s), long),
            (
                "method.longest_glitch_s",
                seconds(self.longest_glitch_s),
                long,
            ),
            ("method.n_of_event", some(self.n_of_event), few),
            ("method.n_of_noise", some(self.n_of_noise), few),
            ("method.n_beside", self.n_beside <= 1000, "at most 1000"),
            (
                "method.one_hour_in",
                self.one_hour_in >= 1.0 && self.one_hour_in.is_finite(),
                "1 or more",
            ),
            (
                "method.disturbance_ratio",
                self.disturbance_ratio > 0.0 && self.disturbance_ratio.is_finite(),
                "a positive number",
            ),
            ("method.n_of_hour", self.n_of_hour <= 1000, "at most 1000"),
            (
                "method.max_epochs",
                (1..=MAX_COUNT).contains(&self.max_epochs),
                "1 to 1,000,000",
            ),
            (
                "method.n_validation_days",
                some(self.n_validation_days),
                few,
            ),
            (
                "method.max_false_alarms_per_day",
                self.max_false_alarms_per_day >= 0.0 && self.max_false_alarms_per_day.is_finite(),
                "0 or more",
            ),
        ]
    }
}

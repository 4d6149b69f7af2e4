//! What a study's values must be, so that what is behind it can trust them.

use super::{MethodChoice, Normalisation, Study};
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::RATE_HZ;

/// Bounds of sizes. A file from elsewhere must not ask for more memory than there is: three components
/// of a window of so many samples take at most 12 MB, a rate is at most that of the fastest digitisers.
const MAX_COUNT: usize = 1_000_000;
const MAX_FEW: usize = 1000;
const MAX_RATE_HZ: f64 = 10_000.0;
const MIN_RATE_HZ: f64 = 1e-3;
const MAX_SECONDS: f64 = 86_400.0;

/// What is found under a key, whether it is possible, and what would be.
struct Check {
    key: &'static str,
    found: String,
    is_good: bool,
    wanted: &'static str,
}

fn check(key: &'static str, found: impl ToString, is_good: bool, wanted: &'static str) -> Check {
    let found = found.to_string();
    Check {
        key,
        found,
        is_good,
        wanted,
    }
}

/// A number of things, 1 to a million.
fn count(key: &'static str, n: usize) -> Check {
    check(key, n, (1..=MAX_COUNT).contains(&n), "1 to 1,000,000")
}

/// A number of things, 1 to a thousand.
fn few(key: &'static str, n: usize) -> Check {
    check(key, n, (1..=MAX_FEW).contains(&n), "1 to 1000")
}

/// A number of things, none to a thousand.
fn up_to_few(key: &'static str, n: usize) -> Check {
    check(key, n, n <= MAX_FEW, "at most 1000")
}

fn seconds(key: &'static str, s: f64) -> Check {
    let is_good = (0.0..=MAX_SECONDS).contains(&s);
    check(key, format!("{s} s"), is_good, "0 to 86,400 s")
}

fn positive(key: &'static str, x: f64) -> Check {
    check(key, x, x > 0.0 && x.is_finite(), "a positive number")
}

fn zero_or_more(key: &'static str, x: f64) -> Check {
    check(key, x, x >= 0.0 && x.is_finite(), "0 or more")
}

/// A span whose end is later, of years that nanoseconds can count: differences of other times are more than
/// a duration can hold. A second 60 is no instant of a computer's clock.
fn span(key: &'static str, start: Time, end: Time) -> Check {
    let is_countable = |t: &Time| {
        t.timestamp_nanos_opt().is_some() && time::possible(*t).is_some_and(|same| same == *t)
    };
    check(
        key,
        format!("{start:?} to {end:?}"),
        start < end && [start, end].iter().all(is_countable),
        "a start before the end, in the years 1678 to 2261",
    )
}

impl Study {
    /// # Errors
    /// [`crate::Error::Study`] naming the first key whose value is impossible.
    pub(super) fn check(&self) -> Result<()> {
        let of_method = self.method.checks();
        let checks = [
            self.of_frame(),
            self.of_sizes(),
            of_method,
            self.of_window(),
        ];
        match checks.iter().flatten().find(|check| !check.is_good) {
            Some(check) => Err(fail!(
                Study,
                check.key,
                format!("expected {}, found {}", check.wanted, check.found),
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
        vec![
            check(
                "name",
                format!("{:?}", self.name),
                is_name,
                "at most 100 letters, digits, spaces, dots, - and _, a letter or digit first",
            ),
            check(
                "region",
                format!(
                    "latitudes {} to {}, longitudes {} to {}",
                    r.min_latitude_deg,
                    r.max_latitude_deg,
                    r.min_longitude_deg,
                    r.max_longitude_deg
                ),
                ordered,
                "a box whose minima are below its maxima, latitudes from -90 to 90, longitudes from -180 to 360",
            ),
            span("catalog", self.catalog.start, self.catalog.end),
            span("scan", self.scan.start, self.scan.end),
            span("held_out", self.held_out.start, self.held_out.end),
        ]
    }

    /// The numbers of each step.
    fn of_sizes(&self) -> Vec<Check> {
        let (split, train) = (&self.split, &self.train);
        let fractions = split.train_fraction + split.validation_fraction;
        let rate_hz = self.window.sampling_rate_hz;
        let levels = &self.augment.noise_levels;
        vec![
            count("scan.hop_samples", self.scan.hop_samples),
            few("cluster.k", self.cluster.k),
            count("cluster.n_replicates", self.cluster.n_replicates),
            count("window.n_samples", self.window.n_samples),
            check(
                "window.sampling_rate_hz",
                format!("{rate_hz} Hz"),
                (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz),
                "0.001 to 10,000 Hz",
            ),
            up_to_few("window.n_noise_per_gap", self.window.n_noise_per_gap),
            check(
                "split",
                format!(
                    "{} to train and {} to validate",
                    split.train_fraction, split.validation_fraction
                ),
                split.train_fraction > 0.0 && split.validation_fraction > 0.0 && fractions < 1.0,
                "positive fractions that leave a part for the test",
            ),
            check(
                "augment.noise_levels",
                format!("{} numbers, {:?} the first", levels.len(), levels.first()),
                levels.len() <= 100 && levels.iter().all(|l| *l > 0.0 && l.is_finite()),
                "at most 100 positive numbers",
            ),
            count("train.batch_size", train.batch_size),
            count("train.max_epochs", train.max_epochs),
            count("train.patience", train.patience),
            positive("train.learning_rate", train.learning_rate),
            zero_or_more("train.weight_decay", train.weight_decay),
        ]
    }

    /// How the records of windows are prepared, and the part of a window that is decided about.
    fn of_window(&self) -> Vec<Check> {
        let (method, rate_hz) = (&self.method, self.window.sampling_rate_hz);
        let band = match method.band_hz {
            Some(_) => "a band",
            None => "no band",
        };
        let fits = !method.harmonised || (rate_hz == RATE_HZ && method.band_hz.is_none());
        let (lead_s, core_s) = (method.lead_s, self.core_s());
        let is_whole = |s: f64| (s * rate_hz - (s * rate_hz).round()).abs() < 1e-6;
        let is_within = lead_s >= 0.0 && core_s > 0.0 && lead_s + core_s <= self.window_s() + 1e-9;
        vec![
            check(
                "method.harmonised",
                format!("{} at {rate_hz} Hz with {band}", method.harmonised),
                fits,
                "windows of 50 Hz and no band where records are harmonised",
            ),
            check(
                "method.core_s",
                format!(
                    "{core_s} s, {lead_s} s after the start of a window of {} s",
                    self.window_s()
                ),
                is_within && is_whole(lead_s) && is_whole(core_s),
                "a core within the window, its lead and length whole samples",
            ),
            check(
                "method.smooth_s",
                format!("{} s", method.smooth_s),
                (0.0..=60.0).contains(&method.smooth_s),
                "0 to 60 s",
            ),
            check(
                "method.after_s",
                format!(
                    "{:?} s with the scale {:?}",
                    method.after_s, method.normalisation
                ),
                method.after_s.is_none_or(|after_s| {
                    let is_within = after_s >= 0.0 && lead_s + core_s + after_s <= self.window_s();
                    is_within && is_whole(after_s) && method.normalisation == Normalisation::Noise
                }),
                "whole samples within the window, and the scale \"noise\"",
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
        let band = |[low, high]: [f64; 2]| 0.0 < low && low < high && high.is_finite();
        let shown = match self.band_hz {
            Some([low, high]) => format!("{low} to {high} Hz"),
            None => "none".into(),
        };
        vec![
            check(
                "method.band_hz",
                shown,
                self.band_hz.is_none_or(band),
                "two positive frequencies, the lower first",
            ),
            check(
                "method.normalisation",
                format!("{:?}", self.normalisation),
                self.normalisation != (Normalisation::Fixed { counts: 0 }),
                "1 count or more",
            ),
            count("method.n_cluster_starts", self.n_cluster_starts),
            seconds("method.segment_s", self.segment_s),
            seconds("method.guard_s", self.guard_s),
            seconds("method.least_after_p_s", self.least_after_p_s),
            seconds("method.before_p_s", self.before_p_s),
            seconds("method.coda_s", self.coda_s),
            seconds("method.longest_glitch_s", self.longest_glitch_s),
            few("method.n_of_event", self.n_of_event),
            few("method.n_of_noise", self.n_of_noise),
            up_to_few("method.n_beside", self.n_beside),
            check(
                "method.one_hour_in",
                self.one_hour_in,
                self.one_hour_in >= 1.0 && self.one_hour_in.is_finite(),
                "1 or more",
            ),
            positive("method.disturbance_ratio", self.disturbance_ratio),
            up_to_few("method.n_of_hour", self.n_of_hour),
            count("method.max_epochs", self.max_epochs),
            few("method.n_validation_days", self.n_validation_days),
            zero_or_more(
                "method.max_false_alarms_per_day",
                self.max_false_alarms_per_day,
            ),
        ]
    }
}

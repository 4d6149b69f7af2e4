//! Three components on one time grid.

use std::ops::Range;

use crate::error::{Error, Result, Unavailable};
use crate::simd;
use crate::time::{self, Time, TimeSpan};

/// Three components of one station on a common grid.
///
/// Arrays have shape `(3, n_samples)`: the components in the order of `channels`, a vertical last
/// as in `HH1, HH2, HHZ` or `HHE, HHN, HHZ`. A sample that was not recorded is NaN, never zero, so
/// that no computation takes a gap for ground motion; an infinite one is a gap too: it was recorded, and is no number.
/// [`Record3C::gaps`] lists them.
#[derive(Debug, Clone, PartialEq)]
pub struct Record3C {
    /// `GS.OK029.00`.
    pub station: String,
    pub channels: [String; 3],
    /// Time of sample 0.
    pub start: Time,
    pub sampling_rate_hz: f64,
    /// Counts, or what a filter made of them.
    pub data: [Vec<f32>; 3],
    /// Simulated records say so in every figure.
    pub simulated: bool,
}

impl Record3C {
    pub fn n_samples(&self) -> usize {
        self.data[0].len()
    }

    /// Time just after the last sample: start + n / rate.
    pub fn end(&self) -> Time {
        time::of_sample(self.start, self.n_samples(), self.sampling_rate_hz)
    }

    /// The sample ranges, half-open and in order, in which any component is missing.
    pub fn gaps(&self) -> Vec<Range<usize>> {
        let mut gaps: Vec<Range<usize>> = Vec::new();
        if !self.data.iter().any(|row| simd::has_gap(row)) {
            return gaps;
        }
        for i in (0..self.n_samples()).filter(|&i| self.data.iter().any(|c| !c[i].is_finite())) {
            match gaps.last_mut() {
                Some(gap) if gap.end == i => gap.end = i + 1,
                _ => gaps.push(i..i + 1),
            }
        }
        gaps
    }

    /// The segments between gaps of any component, half-open.
    pub(crate) fn segments(&self) -> Vec<Range<usize>> {
        let gaps = self.gaps();
        let starts = std::iter::once(0).chain(gaps.iter().map(|gap| gap.end));
        let ends = gaps.iter().map(|gap| gap.start);
        let ends = ends.chain([self.n_samples()]);
        starts
            .zip(ends)
            .map(|(start, end)| start..end)
            .filter(|segment| !segment.is_empty())
            .collect()
    }

    /// The samples of `range` as a record of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the range is empty or reaches beyond the record.
    pub fn slice(&self, range: Range<usize>) -> Result<Self> {
        if range.is_empty() || range.end > self.n_samples() {
            return Err(self.beyond(range.start as i64, range.len()));
        }
        Ok(Self {
            start: time::of_sample(self.start, range.start, self.sampling_rate_hz),
            data: [0, 1, 2].map(|i| self.data[i][range.clone()].to_vec()),
            ..self.header()
        })
    }

    /// `n_samples` from the sample nearest to `start`.
    ///
    /// # Errors
    /// As [`Record3C::slice`].
    pub fn window(&self, start: Time, n_samples: usize) -> Result<Self> {
        let first = (time::between_s(self.start, start) * self.sampling_rate_hz).round();
        if first < 0.0 {
            return Err(self.beyond(first as i64, n_samples));
        }
        let first = first as usize;
        self.slice(first..first.saturating_add(n_samples))
    }

    fn beyond(&self, first: i64, n_samples: usize) -> Error {
        Error::Unavailable {
            place: format!("{} from {}", self.station, time::iso(self.start)),
            reason: Unavailable::Beyond {
                first,
                n_samples,
                n_recorded: self.n_samples(),
            },
        }
    }

    /// Every segment without a gap, of every component, replaced by what `change` makes of it (as
    /// many samples); gaps stay, and do not spread.
    pub fn map(&self, change: impl Fn(&[f32]) -> Vec<f32>) -> Self {
        let data = [0, 1, 2].map(|i| {
            let row = &self.data[i];
            if !row.is_empty() && !simd::has_gap(row) {
                return change(row);
            }
            let mut row = row.clone();
            for segment in row.chunk_by_mut(|a, b| a.is_finite() == b.is_finite()) {
                if segment[0].is_finite() {
                    let changed = change(segment);
                    segment.copy_from_slice(&changed);
                }
            }
            row
        });
        self.with(data)
    }

    /// Another record of the same length, place and time.
    pub(crate) fn with(&self, data: [Vec<f32>; 3]) -> Self {
        Self {
            data,
            ..self.header()
        }
    }

    /// Each component less the mean of what was recorded of it.
    pub fn remove_mean(&self) -> Self {
        let mut changed = self.clone();
        changed.remove_mean_in_place();
        changed
    }

    /// [`Record3C::remove_mean`] without a copy: with large records that is quicker.
    pub fn remove_mean_in_place(&mut self) {
        for row in &mut self.data {
            let sum = simd::sum(row);
            // A gap shows in the sum, and is then passed over.
            let mean = match sum.is_finite() {
                true => sum / row.len().max(1) as f64,
                false => mean(recorded(row).map(|(_, y)| y)),
            };
            simd::subtract(mean, row);
        }
    }

    /// Each component less the straight line that fits it best in least squares.
    pub fn detrend(&self) -> Self {
        self.with(self.data.each_ref().map(|row| {
            let samples = || recorded(row);
            let (x0, y0) = (
                mean(samples().map(|(x, _)| x)),
                mean(samples().map(|(_, y)| y)),
            );
            let (xy, xx) = samples().fold((0.0, 0.0), |(xy, xx), (x, y)| {
                (xy + (x - x0) * (y - y0), xx + (x - x0) * (x - x0))
            });
            let slope = if xx > 0.0 { xy / xx } else { 0.0 };
            let start = y0 - slope * x0;
            let line = |(x, y): (usize, &f32)| (f64::from(*y) - start - slope * x as f64) as f32;
            row.iter().enumerate().map(line).collect()
        }))
    }

    /// All but the samples.
    fn header(&self) -> Self {
        Self {
            station: self.station.clone(),
            channels: self.channels.clone(),
            data: Default::default(),
            ..*self
        }
    }
}

/// Index and value of the recorded samples.
fn recorded(row: &[f32]) -> impl Iterator<Item = (f64, f64)> {
    let samples = row.iter().enumerate().filter(|(_, y)| y.is_finite());
    samples.map(|(x, y)| (x as f64, f64::from(*y)))
}

/// Zero for nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0_usize), |(sum, n), x| (sum + x, n + 1));
    sum / n.max(1) as f64
}

/// Where three-component records come from: a data centre, an archive on disk, the classroom. A scan asks
/// for the next record from another thread.
pub trait WaveformSource: Sync {
    /// `n_samples` of the three components from the first sample at or after `start` (to within
    /// half a sample). What is missing is NaN; nothing at all is an error.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where there is no sample in the span, or a component is absent;
    /// [`Error::Request`] or [`Error::Io`] where the source cannot be asked.
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C>;

    /// The parts of a span in which it may have samples, in time order: a scan passes over the rest. A source
    /// that cannot tell without reading gives the whole span.
    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        vec![*span]
    }

    /// What there is from `start` until just before `end`, at the rate at which it was recorded: for who does
    /// not know the rate.
    ///
    /// # Errors
    /// As [`WaveformSource::record`].
    fn between(&self, start: Time, end: Time) -> Result<Record3C> {
        let duration_s = time::between_s(start, end);
        // A gap does not tell the rate.
        let mut places = (0..N_PLACES).map(|i| {
            let at = duration_s * f64::from(i) / f64::from(N_PLACES);
            self.record(start + time::seconds(at), 1)
        });
        let first = self.record(start, 1);
        let known = first.or_else(|error| places.find_map(Result::ok).ok_or(error))?;
        let n_samples = (duration_s * known.sampling_rate_hz).round() as usize;
        self.record(start, n_samples)
    }
}

/// Where in a span a source is asked for its rate, until it answers.
const N_PLACES: u32 = 10;

/// A record in memory, filtered perhaps, is a source of shorter ones.
impl WaveformSource for Record3C {
    fn record(&self, start: Time, n_samples: usize) -> Result<Self> {
        self.window(start, n_samples)
    }

    fn between(&self, start: Time, end: Time) -> Result<Self> {
        let sample = |time| (time::between_s(self.start, time) * self.sampling_rate_hz).round();
        // A negative one is 0.
        let range = sample(start) as usize..(sample(end) as usize).min(self.n_samples());
        if range.is_empty() {
            return Err(Error::Unavailable {
                place: format!("{} from {}", self.station, time::iso(start)),
                reason: Unavailable::NoSample,
            });
        }
        self.slice(range)
    }
}

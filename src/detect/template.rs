//! Template matching: earthquakes that look like one that is known.
//!
//! A template is a known earthquake's record at the station. It slides along the continuous record;
//! at each sample the correlation coefficients of the three components are averaged (Gibbons &
//! Ringdal 2006, *Geophys. J. Int.* 165, 149-166). How large a coefficient must be depends on
//! template and noise, so it is counted in median absolute deviations of the template's own
//! coefficients nearby (Shelly, Beroza & Ide 2007, *Nature* 446, 305-307, took 8 as threshold for a
//! network's sum; Beaucé, Frank & Romanenko 2018, *Seismol. Res. Lett.* 89, 165-172, compare
//! thresholds). A magnitude plays no part. At a single station coefficients of noise are larger than
//! at many, and false matches common (Muir & Fernando 2023, *Seismica* 2.2,
//! doi:10.26443/seismica.v2i2.385): the threshold wants a test on other data.

use std::ops::Range;

use super::alarms::{Alarm, Alarms, Band, DataQuality, span, suppress_neighbours};
use super::correlation::{Correlator, Piece, to_unit};
use crate::error::{Result, fail};
use crate::time;
use crate::waveform::Record3C;
use crate::window::{Origin, Windows};

/// How templates are cut and matched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemplateParams {
    pub band: Band,
    /// A template begins so long before its P wave ...
    pub before_p_s: f64,
    /// ... and lasts so long.
    pub length_s: f64,
    /// The lowest score, in median absolute deviations, that is an alarm; [`Alarms::at_least`]
    /// raises it afterwards.
    pub min_deviations: f64,
    /// Of alarms so close together the largest stays: neighbouring samples and similar templates
    /// see the same earthquake.
    pub separation_s: f64,
}

impl Default for TemplateParams {
    /// Six seconds from half a second before P hold P and S of a source within 30 km; alarms from
    /// 6 deviations, which for normal noise is one sample in 20,000.
    fn default() -> Self {
        Self {
            band: Band {
                low_hz: 2.0,
                high_hz: 12.0,
                rate_hz: 50.0,
            },
            before_p_s: 0.5,
            length_s: 6.0,
            min_deviations: 6.0,
            separation_s: 6.0,
        }
    }
}

/// A known earthquake's three components, each without its mean and of norm 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The event's identifier in its catalog.
    pub event: String,
    /// A dead component is `None`, and takes no part.
    pub components: [Option<Vec<f64>>; 3],
}

/// Templates of one length, for records of one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Templates {
    pub params: TemplateParams,
    /// Samples of each component at the band's rate.
    pub n_samples: usize,
    pub items: Vec<Template>,
    /// Windows that could not be a template, and why.
    pub refused: Vec<(String, String)>,
}

/// Samples over which a template's median absolute deviation is taken, and so of one piece of work:
/// 44 minutes at 50 Hz, long against an earthquake, short against the change from night to day.
const PIECE: usize = 1 << 17;

/// A deviation from fewer samples would be a guess: 20 s at 50 Hz.
const MIN_COEFFICIENTS: usize = 1000;

/// Every so many coefficients go into the deviation: neighbours in a band-passed record say the
/// same.
const DEVIATION_STEP: usize = 13;

impl Templates {
    /// Cuts a template from each window of an event, as they were recorded (not normalised), with P
    /// `p_after_s` after the window's start. Noise windows are passed over.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where the template does not fit in the window, the windows were
    /// normalised, or none is left; as [`Band::of`].
    pub fn from_windows(
        windows: &Windows,
        p_after_s: f64,
        params: &TemplateParams,
    ) -> Result<Self> {
        let rate = params.band.rate_hz;
        let first = ((p_after_s - params.before_p_s) * rate).round();
        let n_samples = (params.length_s * rate).round() as usize;
        let n_window = (windows.n_samples as f64 / windows.sampling_rate_hz * rate) as usize;
        if !(first >= 0.0 && n_samples >= 2 && first as usize + n_samples <= n_window) {
            return Err(fail!(
                Detect,
                "template",
                format!(
                    "{} s from {} s before a P wave that comes {p_after_s} s after the start of windows of {} s",
                    params.length_s,
                    params.before_p_s,
                    n_window as f64 / rate
                ),
                "Shorten the template, or cut longer windows"
            ));
        }
        if let Some(scale) = windows.normalisation {
            return Err(fail!(
                Detect,
                windows.station,
                format!("windows scaled by {scale:?}"),
                "Take the windows as they were cut"
            ));
        }
        let first = first as usize;
        let mut all = Self {
            params: *params,
            n_samples,
            items: Vec::new(),
            refused: Vec::new(),
        };
        for window in &windows.windows {
            let Origin::Event { id } = &window.origin else {
                continue;
            };
            let row =
                |i: usize| window.samples[i * windows.n_samples..][..windows.n_samples].to_vec();
            let record = Record3C {
                station: windows.station.clone(),
                channels: windows.channels.clone(),
                start: window.start,
                sampling_rate_hz: windows.sampling_rate_hz,
                data: [0, 1, 2].map(row),
                simulated: windows.simulated,
            };
            let DataQuality {
                dead, n_clipped, ..
            } = DataQuality::of(&record);
            // Its shape is the digitiser's.
            if n_clipped.iter().any(|n| *n > 0) {
                all.refused.push((id.clone(), "clipped".into()));
                continue;
            }
            let banded = params.band.of(&record)?;
            let component = |i: usize| match dead[i] {
                true => None,
                false => to_unit(&banded.data[i][first..first + n_samples]),
            };
            let components = [0, 1, 2].map(component);
            match components.iter().any(Option::is_some) {
                true => all.items.push(Template {
                    event: id.clone(),
                    components,
                }),
                false => all.refused.push((id.clone(), "no component moves".into())),
            }
        }
        match all.items.is_empty() {
            false => Ok(all),
            true => Err(fail!(
                Detect,
                windows.station,
                "no window of an event could be a template",
                "Give windows of events"
            )),
        }
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Slides every template along the record, on `n_threads` threads.
    ///
    /// The score is the mean coefficient of the components that move, over the template's median
    /// absolute deviation within the piece of record around it; the time is where the template has
    /// its P wave. Memory is that of one piece, however long the record, beside the filtered record.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where the record has another rate than the band can be thinned
    /// from, no component moves, or no segment is long enough; and as [`Band::of`].
    pub fn scan(&self, record: &Record3C, n_threads: usize) -> Result<Alarms> {
        let mut condition = DataQuality::of(record).with_live(1, &record.station)?;
        let live = condition.live();
        let banded = self.params.band.of(record)?;
        let (long, short): (Vec<_>, Vec<_>) = banded
            .segments()
            .into_iter()
            .partition(|segment| segment.len() >= self.n_samples + MIN_COEFFICIENTS);
        let every = (record.sampling_rate_hz / banded.sampling_rate_hz).round() as usize;
        condition.n_too_short = every * short.iter().map(ExactSizeIterator::len).sum::<usize>();
        if long.is_empty() {
            return Err(fail!(
                Detect,
                record.station,
                format!(
                    "no segment of {} samples at {} Hz, what a template of {} s needs",
                    self.n_samples + MIN_COEFFICIENTS,
                    banded.sampling_rate_hz,
                    self.params.length_s
                ),
                "Scan a longer record, or cut shorter templates"
            ));
        }
        let mut items = Vec::new();
        for segment in &long {
            for piece in pieces(segment, self.n_samples) {
                items.extend(self.match_piece(&banded, &live, &piece, n_threads.max(1)));
            }
            // Neighbours of different pieces meet here; memory stays that of the alarms.
            items = suppress_neighbours(items, self.params.separation_s);
        }
        Ok(Alarms {
            station: record.station.clone(),
            simulated: record.simulated,
            scanned: long.iter().map(|segment| span(&banded, segment)).collect(),
            items,
            condition,
        })
    }

    /// The alarms of all templates in one piece of the filtered record.
    fn match_piece(
        &self,
        banded: &Record3C,
        live: &[usize],
        samples: &Range<usize>,
        n_threads: usize,
    ) -> Vec<Alarm> {
        let correlator = Correlator::new(self.n_samples, samples.len());
        let piece = |i: &usize| (*i, correlator.piece(&banded.data[*i][samples.clone()]));
        let pieces: Vec<(usize, Piece)> = live.iter().map(piece).collect();
        let matched = |template: &Template| -> Vec<(usize, f64)> {
            let mut sums = vec![0.0; samples.len() + 1 - self.n_samples];
            for (i, piece) in &pieces {
                if let Some(unit) = &template.components[*i] {
                    correlator.add(piece, &correlator.spectrum(unit), &mut sums);
                }
            }
            self.peaks(&sums)
        };
        let share = self.items.len().div_ceil(n_threads);
        let found: Vec<(usize, f64)> = std::thread::scope(|scope| {
            let workers: Vec<_> = self
                .items
                .chunks(share.max(1))
                .map(|mine| {
                    let matched = &matched;
                    scope.spawn(move || mine.iter().flat_map(matched).collect::<Vec<_>>())
                })
                .collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            let joined =
                joined.map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.flatten().collect()
        });
        let alarm = |(at, score): (usize, f64)| {
            let first = samples.start + at;
            let whole = span(banded, &(first..first + self.n_samples));
            Alarm {
                start: whole.start,
                end: whole.end,
                time: whole.start + time::seconds(self.params.before_p_s),
                score,
            }
        };
        suppress_neighbours(
            found.into_iter().map(alarm).collect(),
            self.params.separation_s,
        )
    }

    /// Local maxima of a template's coefficients that stand out, in deviations.
    fn peaks(&self, sums: &[f32]) -> Vec<(usize, f64)> {
        let deviation = median_absolute_deviation(sums);
        if deviation <= 0.0 {
            return Vec::new(); // A piece without any motion.
        }
        let at_least = (self.params.min_deviations * deviation) as f32;
        let value = |i: usize| sums.get(i).copied().unwrap_or(f32::NEG_INFINITY);
        let is_peak = |i: &usize| {
            let y = sums[*i];
            y >= at_least && y >= value(i.wrapping_sub(1)) && y > value(i + 1)
        };
        (0..sums.len())
            .filter(is_peak)
            .map(|i| (i, f64::from(sums[i]) / deviation))
            .collect()
    }
}

/// Pieces of about [`PIECE`] samples that overlap by a template less one sample, so that each
/// coefficient is in one; the last is as long as the others, where the segment allows, and overlaps
/// more.
fn pieces(segment: &Range<usize>, n_template: usize) -> Vec<Range<usize>> {
    let n_piece = PIECE.max(2 * n_template);
    let mut pieces = Vec::new();
    let mut first = segment.start;
    while first + n_piece < segment.end {
        pieces.push(first..first + n_piece);
        first += n_piece - n_template + 1;
    }
    let first = segment.start.max(segment.end.saturating_sub(n_piece));
    pieces.push(first..segment.end);
    pieces
}

/// The median distance from the median, of every [`DEVIATION_STEP`]th value.
fn median_absolute_deviation(values: &[f32]) -> f64 {
    let step = DEVIATION_STEP
        .min(values.len().div_ceil(MIN_COEFFICIENTS))
        .max(1);
    let mut some: Vec<f32> = values.iter().copied().step_by(step).collect();
    let middle = median(&mut some);
    let mut distances: Vec<f32> = some.iter().map(|y| (y - middle).abs()).collect();
    f64::from(median(&mut distances))
}

/// The upper one of two middles; 0 of nothing.
pub(super) fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_every_coefficient() {
        for (n, n_template) in [
            (1500, 300),
            (PIECE, 300),
            (PIECE + 1, 300),
            (5 * PIECE, 1000),
        ] {
            let segment = 77..77 + n;
            let mut next = segment.start;
            for piece in pieces(&segment, n_template) {
                assert!(piece.start <= next && piece.end <= segment.end);
                next = piece.end - n_template + 1;
            }
            assert_eq!(next, segment.end - n_template + 1);
        }
    }

    #[test]
    fn the_deviation_is_the_normal_distributions() {
        // Quantiles of the uniform distribution: deviations from the middle up to a half.
        let values: Vec<f32> = (0..1001).map(|i| i as f32 / 1000.0).collect();
        assert!((median_absolute_deviation(&values) - 0.25).abs() < 1e-3);
    }
}

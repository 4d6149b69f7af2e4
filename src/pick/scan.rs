//! Picks of a source of any length, in pieces of about an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::described::Component;
use super::picker::{number_of, time_of};
use super::{Curves, Origin, Pick, Picker};
use crate::error::{Error, Result, Unavailable};
use crate::network::PHASENET_SAMPLES;
use crate::time::{Time, TimeSpan, between_s, seconds};
use crate::waveform::quality::{
    ComponentQuality, Oddities, Oddity, blocks, n_around, n_without_number, open,
};
use crate::waveform::{Record3C, WaveformSource};

/// Windows of a piece: an hour, where they are half overlapped.
const N_WINDOWS: i64 = 240;

/// A probability that stays above half its threshold for longer is no onset: it is cut at multiples of this time. So no pick
/// depends on what lies farther away.
const LONGEST_S: f64 = 30.0;

/// Enough old samples beside the new ones of a piece for the interpolation, in seconds.
const AROUND_S: f64 = 2.0;

/// What picking a span gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picked {
    /// In time order.
    pub picks: Vec<Pick>,
    /// Seconds that have probabilities.
    pub picked_s: f64,
    /// Seconds that have none, by reason.
    pub unpicked_s: BTreeMap<String, f64>,
    /// Seconds that have probabilities by the number of components that the network saw: one, two, three.
    pub by_components_s: [f64; 3],
    /// What is odd about the records that were picked.
    odd: Oddities,
    /// Channels of no component that the network knows, such as `HHX`: they are not picked.
    pub unknown: BTreeSet<String>,
    /// Sampling rates of the records, in hertz.
    pub recorded_hz: Vec<f64>,
    /// Whether records were simulated.
    pub simulated: bool,
}

/// Neighbouring samples of the network's rate, counted since 1970.
#[derive(Debug, Clone)]
struct Piece {
    /// Those whose picks are wanted.
    core: Range<i64>,
    /// Those that are read for all picks of the piece, wanted or not.
    samples: Range<i64>,
}

impl Picker {
    /// The picks in a span: those whose largest probability lies in it, to the nearest sample. The time around it is read too, as far as windows and
    /// picks need it; neighbouring spans give what both together give, bit for bit.
    ///
    /// What cannot be picked is told in [`Picked::unpicked_s`]: gaps and stuck segments, stretches shorter than a window, an hour
    /// whose records are too slow, a file that cannot be read.
    ///
    /// `each` is called with the end of each piece that is done.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn pick(
        &self,
        source: &dyn WaveformSource,
        span: &TimeSpan,
        each: &mut dyn FnMut(Time) -> Result<()>,
    ) -> Result<Picked> {
        let mut picked = Picked::default();
        let held = source.held(span);
        let pieces = self.pieces(span);
        let rate_hz = self.params().sampling_rate_hz;
        let is_held = |piece: &Piece| {
            let [start, end] = [piece.core.start, piece.core.end].map(|n| time_of(n, rate_hz));
            held.iter()
                .any(|span| span.start <= end && start <= span.end)
        };
        let read = |piece: Option<&Piece>| {
            let piece = piece.filter(|piece| is_held(piece))?;
            let around = seconds(AROUND_S);
            let [start, end] =
                [piece.samples.start, piece.samples.end].map(|n| time_of(n, rate_hz));
            Some(source.between(start - around, end + around))
        };
        let mut record = read(pieces.first());
        for (i, piece) in pieces.iter().enumerate() {
            // While one piece is picked the next one is read.
            let (done, next) =
                rayon::join(|| self.of_piece(piece, record), || read(pieces.get(i + 1)));
            record = next;
            picked.add(done);
            each(time_of(piece.core.end, rate_hz))?;
        }
        Ok(picked)
    }

    /// The pieces of a span. What is read for a piece does not depend on the span.
    fn pieces(&self, span: &TimeSpan) -> Vec<Piece> {
        let params = self.params();
        let rate_hz = params.sampling_rate_hz;
        let n = N_WINDOWS * params.hop_samples as i64;
        // A window reaches so far from a pick that may last so long, and another tells whether a stretch is long enough.
        let beside =
            2 * PHASENET_SAMPLES as i64 + self.longest_samples() as i64 + n_around(rate_hz) as i64;
        let (first, end) = (number_of(span.start, rate_hz), number_of(span.end, rate_hz));
        let numbers = first.div_euclid(n)..=(end.max(first + 1) - 1).div_euclid(n);
        let piece = |number: i64| {
            let whole = number * n..(number + 1) * n;
            Piece {
                core: whole.start.max(first)..whole.end.min(end),
                samples: whole.start - beside..whole.end + beside,
            }
        };
        numbers.map(piece).collect()
    }

    fn longest_samples(&self) -> usize {
        (LONGEST_S * self.params().sampling_rate_hz).round() as usize
    }

    fn of_piece(&self, piece: &Piece, record: Option<Result<Record3C>>) -> Picked {
        let mut picked = Picked::default();
        let rate_hz = self.params().sampling_rate_hz;
        let (from, to) = (
            time_of(piece.core.start, rate_hz),
            time_of(piece.core.end, rate_hz),
        );
        let all_s = between_s(from, to);
        let mut nothing = |why: String| {
            if all_s > 0.0 {
                picked.unpicked_s.insert(why, all_s);
            }
        };
        let record = match record {
            Some(Ok(record)) => record,
            None => {
                nothing(NO_SAMPLE.into());
                return picked;
            }
            Some(Err(error)) => {
                nothing(why(&error));
                return picked;
            }
        };
        let within = |n: i64| (n - piece.samples.start).max(0) as usize;
        let core = within(piece.core.start)..within(piece.core.end);
        let longest = self.longest_samples();
        let needed = core.start.saturating_sub(longest)..core.end + longest;
        let (start, n) = (
            piece.samples.start,
            (piece.samples.end - piece.samples.start) as usize,
        );
        let curves = self.curves_of(&record, time_of(start, rate_hz), n, Some(start), &needed);
        let curves = match curves {
            Ok(curves) => curves,
            Err(error) => {
                nothing(why(&error));
                return picked;
            }
        };
        picked.picks = curves.picks_within(self.params(), Some((longest, start)), &core);
        picked.count(&curves, core);
        picked.note(&record, from, to);
        picked
    }

    /// The picks of a record in memory, with windows from either origin on.
    ///
    /// # Errors
    /// As [`Picker::curves`].
    pub fn pick_record(&self, record: &Record3C, origin: Origin) -> Result<Picked> {
        let curves = self.curves(record, origin)?;
        let mut picked = Picked {
            picks: curves.picks(self.params()),
            ..Picked::default()
        };
        picked.count(&curves, 0..curves.n_components.len());
        picked.note(record, record.start, record.end());
        Ok(picked)
    }
}

/// Why samples are not picked that are not there.
pub const NO_SAMPLE: &str = "nothing was recorded, or what was is no ground motion";
const TOO_SHORT: &str = "recorded without a break for less than a window, or blinded";

fn why(error: &Error) -> String {
    match error.unavailable() {
        Some(Unavailable::NoSample | Unavailable::Beyond { .. }) => NO_SAMPLE.into(),
        _ => error.to_string(),
    }
}

impl Picked {
    /// How much of some samples has probabilities.
    fn count(&mut self, curves: &Curves, samples: Range<usize>) {
        let (mut n_picked, mut n_nothing, mut n_short) = ([0_usize; 3], 0_usize, 0_usize);
        for i in samples {
            match (curves.probabilities[0][i].is_nan(), curves.n_components[i]) {
                (false, n) => n_picked[usize::from(n) - 1] += 1,
                (true, 0) => n_nothing += 1,
                (true, _) => n_short += 1,
            }
        }
        let s = |n: usize| n as f64 / curves.sampling_rate_hz;
        self.by_components_s = n_picked.map(s);
        self.picked_s = s(n_picked.iter().sum());
        let unpicked = [(NO_SAMPLE, n_nothing), (TOO_SHORT, n_short)].into_iter();
        let unpicked = unpicked.filter(|(_, n)| *n > 0);
        self.unpicked_s
            .extend(unpicked.map(|(why, n)| (why.into(), s(n))));
    }

    /// What kind of record it was.
    fn note(&mut self, record: &Record3C, from: Time, to: Time) {
        self.recorded_hz.push(record.sampling_rate_hz);
        self.simulated = record.simulated;
        let sample = |time| (between_s(record.start, time) * record.sampling_rate_hz).round();
        let sample = |time| (sample(time).max(0.0) as usize).min(record.n_samples());
        let within = sample(from)..sample(to).max(sample(from));
        let mut sound = record.clone();
        open(&mut sound);
        for (i, channel) in sound.channels.iter().enumerate() {
            let n_without = n_without_number(&record.data[i][within.clone()]);
            self.odd.note(Oddity::NotFinite, channel, n_without as f64);
            let rate_hz = record.sampling_rate_hz;
            // The blocks of a scan, or the parts of them that lie in this piece.
            for block in blocks(record, &within) {
                let quality = ComponentQuality::within(&sound.data[i], &block, rate_hz);
                let length = (block.len(), rate_hz);
                self.odd.note_quality(channel, &quality, length);
            }
            // One that is missing has a dash.
            if !channel.ends_with(|letter| letter == '-' || Component::of(letter).is_some()) {
                self.unknown.insert(channel.clone());
            }
        }
    }

    /// Samples in clipped peaks, by channel. They are picked: the largest earthquakes clip.
    pub fn n_clipped(&self) -> BTreeMap<String, usize> {
        self.odd.n_clipped()
    }

    /// What was met in the records, in sentences: where components were missing, and what is odd about channels.
    pub fn conditions(&self) -> Vec<String> {
        let lacking = self.by_components_s.iter().zip(["component", "components"]);
        let lacking = lacking.enumerate().filter(|(_, (s, _))| **s > 0.0);
        let lacking =
            lacking.map(|(i, (s, what))| format!("{s:.1} s picked from {} {what}", i + 1));
        let unknown = self.unknown.iter();
        let unknown = unknown.map(|channel| {
            format!("{channel} is not picked: a component Z, N, E, 1, 2 or 3 is expected")
        });
        lacking.chain(self.odd.lines()).chain(unknown).collect()
    }

    /// Takes in what another piece or station gave.
    pub fn add(&mut self, other: Self) {
        self.picks.extend(other.picks);
        self.picked_s += other.picked_s;
        for (reason, s) in other.unpicked_s {
            *self.unpicked_s.entry(reason).or_insert(0.0) += s;
        }
        for (all, s) in self.by_components_s.iter_mut().zip(other.by_components_s) {
            *all += s;
        }
        self.odd.add(&other.odd);
        self.unknown.extend(other.unknown);
        let is_new = |rate: &f64| !self.recorded_hz.contains(rate);
        let new: Vec<f64> = other.recorded_hz.into_iter().filter(is_new).collect();
        self.recorded_hz.extend(new);
        self.simulated |= other.simulated;
    }
}

//! Windows to events.

use serde::{Deserialize, Serialize};

use super::{Detection, Detections, Scan};
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan, between_s};

/// How windows become events.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MergeParams {
    /// An event needs one window at least this probable.
    pub on: f64,
    /// It lasts over neighbouring windows at least this probable: the lower threshold keeps one
    /// event whole where the probability flickers around the upper one.
    pub off: f64,
    /// Runs of windows whose starts are at most so far apart are one event: as a rule the window's
    /// length, for so long the same earthquake stays in sight. Less parts earthquakes that follow one
    /// another closely; 0 parts them where a single window between them is not probable.
    pub join_s: f64,
    /// Fewer windows are no event: with overlap an earthquake is seen several times.
    pub min_windows: usize,
    /// A run of windows that lasts longer is no earthquake, but a detector that is always on. It is cut
    /// at whole multiples of this time since 1970, so that its parts do not depend on where the scan began.
    pub longest_s: f64,
}

/// The longest event, as a rule: [`MergeParams::longest_s`].
///
/// In twelve hours of aftershocks at CX.PB01 (1 May 2014), where one event often begins before the waves of the
/// last have gone, the longest detection lasts 317 s (windows every 0.5 s, threshold 0.98). This is twice as long.
pub const LONGEST_EVENT_S: f64 = 600.0;

impl Default for MergeParams {
    /// On at 0.5, off at 0.3, joined within 10 s, one window is enough, 600 s at most.
    fn default() -> Self {
        Self {
            on: 0.5,
            off: 0.3,
            join_s: 10.0,
            min_windows: 1,
            longest_s: LONGEST_EVENT_S,
        }
    }
}

impl Scan {
    /// Joins windows to events by two thresholds, as a trigger with hysteresis does (the same rule
    /// that opens and closes STA/LTA triggers, Withers et al. 1998, *BSSA* 88, 95-106).
    ///
    /// The class is the cluster with the largest summed probability over the event's windows. The
    /// time is the mean of the windows' middles weighted by probability: a short arrival is seen by all
    /// windows that hold it, and these lie evenly around it. With windows that do not overlap it is
    /// no better than the window's length.
    ///
    /// # Errors
    /// As [`Merger::new`], and [`crate::Error::Evaluate`] as [`Scan::event_probabilities`].
    pub fn merge(&self, params: &MergeParams) -> Result<Detections> {
        let mut merger = Merger::new(params)?;
        merger.push(self)?;
        Ok(merger.finish())
    }
}

/// [`Scan::merge`] for a scan that comes in pieces: it keeps one open run of windows, and the events done.
#[derive(Debug, Clone)]
pub struct Merger {
    params: MergeParams,
    /// Events that begin elsewhere belong to another scan.
    span: Option<TimeSpan>,
    run: Option<Run>,
    /// How far apart the starts of an event's windows may be.
    reach_s: f64,
    done: Detections,
}

/// Windows that follow one another: one event, or several if they last too long.
#[derive(Debug, Clone)]
struct Run {
    whole: Open,
    /// The same windows, parted at multiples of the longest event; of a long run the last part.
    parts: Vec<Open>,
    is_long: bool,
}

/// Probabilities that are tried as thresholds of a network.
///
/// They crowd at 1, where a network that saw one event window in four puts nearly everything that is
/// an event.
pub const THRESHOLDS: [f64; 17] = [
    0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998,
    0.9999,
];

/// An event to which windows may still be added: sums over its windows, not the windows.
#[derive(Debug, Clone)]
struct Open {
    first: Time,
    last: Time,
    window_s: f64,
    n_windows: usize,
    largest: f64,
    /// Sum of probabilities, and of probability times the middle's seconds after `first`.
    weight: f64,
    moment: f64,
    /// Summed probability of each cluster.
    of_class: Vec<f64>,
}

impl Merger {
    /// # Errors
    /// [`crate::Error::Detect`] where thresholds are not `0 < off <= on <= 1`, `join_s` is negative, or
    /// `longest_s` is not positive.
    pub fn new(params: &MergeParams) -> Result<Self> {
        let (on, off) = (params.on, params.off);
        if !(0.0 < off && off <= on && on <= 1.0) {
            return Err(fail!(
                Detect,
                "thresholds",
                format!("on {on}, off {off}, expected 0 < off <= on <= 1"),
                "Lower the second threshold or raise the first"
            ));
        }
        if params.join_s.is_nan() || params.join_s < 0.0 {
            return Err(fail!(
                Detect,
                "join_s",
                format!("{}, expected 0 or more", params.join_s),
                "Take the window's length"
            ));
        }
        if params.longest_s.is_nan() || params.longest_s <= 0.0 {
            return Err(fail!(
                Detect,
                "longest_s",
                format!("{}, expected a positive number", params.longest_s),
                "Take some minutes"
            ));
        }
        Ok(Self {
            params: *params,
            span: None,
            run: None,
            reach_s: params.join_s,
            done: Detections {
                station: String::new(),
                simulated: false,
                n_classes: 0,
                scanned: Vec::new(),
                items: Vec::new(),
            },
        })
    }

    /// Keeps the events that begin in `span`. It must be pushed the windows before the span that
    /// [`Merger::context`] asks for, and those after it while [`Merger::is_open`].
    ///
    /// # Errors
    /// As [`Merger::new`], and where `longest_s` is infinite.
    pub(crate) fn within(params: &MergeParams, span: &TimeSpan) -> Result<Self> {
        if params.longest_s.is_infinite() {
            return Err(fail!(
                Detect,
                "longest_s",
                "infinite: an event might begin at any time before the scan",
                "Take some minutes"
            ));
        }
        Ok(Self {
            span: Some(*span),
            ..Self::new(params)?
        })
    }

    /// The time before a span whose windows tell which events begin in it: of a run that comes from
    /// farther it is known that it is long.
    pub(crate) fn context(params: &MergeParams, span: &TimeSpan, hop_s: f64) -> TimeSpan {
        let reach_s = params.join_s.max(hop_s) + hop_s;
        let before = time::seconds(params.longest_s + 2.0 * reach_s);
        TimeSpan {
            start: span.start.checked_sub_signed(before).unwrap_or(span.start),
            end: span.start,
        }
    }

    /// Whether windows from `time` on may belong to an event of the span, when all before it were pushed.
    pub(crate) fn is_open(&self, time: Time) -> bool {
        let ends = |span: TimeSpan| {
            let begun = |run: &Run| run.begins() < span.end;
            let goes_on = |run: &Run| between_s(run.whole.last, time) <= self.reach_s;
            self.run
                .as_ref()
                .is_some_and(|run| begun(run) && goes_on(run))
        };
        self.span.is_some_and(ends)
    }

    /// Adds the next piece of the scan.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] as [`Scan::event_probabilities`].
    pub fn push(&mut self, piece: &Scan) -> Result<()> {
        self.push_as(piece, &piece.event_probabilities()?);
        Ok(())
    }

    /// The same, where the probability of an event in each window was computed elsewhere.
    pub(crate) fn push_as(&mut self, piece: &Scan, p_event: &[f64]) {
        if self.done.station.is_empty() {
            self.done.station.clone_from(&piece.station);
        }
        self.done.simulated |= piece.simulated;
        self.done.n_classes = piece.n_classes;
        piece.cover(&mut self.done.scanned);
        let hop_s = piece.hop_samples as f64 / piece.sampling_rate_hz;
        // Neighbours are a hop apart; half a sample allows for rounding to nanoseconds.
        self.reach_s = self.params.join_s.max(hop_s) + 0.5 / piece.sampling_rate_hz;
        let off = self.params.off;
        for i in (0..p_event.len()).filter(|i| p_event[*i] >= off) {
            let start = piece.starts[i];
            let row = &piece.probabilities[i * piece.n_classes..(i + 1) * piece.n_classes];
            let goes_on = |run: &Run| between_s(run.whole.last, start) <= self.reach_s;
            if !self.run.as_ref().is_some_and(goes_on) {
                self.close();
            }
            let longest_s = self.params.longest_s;
            let run = self.run.get_or_insert_with(|| Run::at(start, piece));
            let is_next = run
                .parts
                .last()
                .is_none_or(|part| part_of(part.first, longest_s) != part_of(start, longest_s));
            if is_next {
                run.parts.push(Open::at(start, piece));
            }
            for open in run.parts.last_mut().into_iter().chain([&mut run.whole]) {
                open.add(start, p_event[i], row);
            }
            run.is_long |= run.whole.length_s() > longest_s;
            if run.is_long {
                let n_done = run.parts.len() - 1;
                let done: Vec<Open> = run.parts.drain(..n_done).collect();
                done.iter().for_each(|part| self.keep(part));
            }
        }
    }

    /// All events, in time order.
    pub fn finish(mut self) -> Detections {
        self.close();
        if let Some(span) = self.span {
            // Spans that follow one another have scanned each second once.
            for scanned in &mut self.done.scanned {
                scanned.start = scanned.start.max(span.start);
                scanned.end = scanned.end.min(span.end);
            }
            self.done
                .scanned
                .retain(|scanned| scanned.start < scanned.end);
        }
        self.done
    }

    fn close(&mut self) {
        match self.run.take() {
            Some(run) if run.is_long => run.parts.iter().for_each(|part| self.keep(part)),
            Some(run) => self.keep(&run.whole),
            None => {}
        }
    }

    fn keep(&mut self, open: &Open) {
        let is_ours = self.span.is_none_or(|span| span.contains(open.first));
        let is_event = open.largest >= self.params.on && open.n_windows >= self.params.min_windows;
        if is_ours && is_event {
            self.done.items.push(open.detection());
        }
    }
}

/// Which part of a long run a window belongs to, counted since 1970.
fn part_of(start: Time, longest_s: f64) -> i64 {
    let since_s = between_s(Time::UNIX_EPOCH, start);
    (since_s / longest_s).floor() as i64
}

impl Run {
    fn at(first: Time, piece: &Scan) -> Self {
        Self {
            whole: Open::at(first, piece),
            parts: Vec::new(),
            is_long: false,
        }
    }

    /// When the event begins that its next window may belong to.
    fn begins(&self) -> Time {
        let last = self.parts.last().filter(|_| self.is_long);
        last.unwrap_or(&self.whole).first
    }
}

impl Open {
    fn at(first: Time, piece: &Scan) -> Self {
        Self {
            first,
            last: first,
            window_s: piece.window_s(),
            n_windows: 0,
            largest: 0.0,
            weight: 0.0,
            moment: 0.0,
            of_class: vec![0.0; piece.n_classes - 1],
        }
    }

    fn length_s(&self) -> f64 {
        between_s(self.first, self.last) + self.window_s
    }

    fn add(&mut self, start: Time, p_event: f64, row: &[f32]) {
        self.last = start;
        self.n_windows += 1;
        self.largest = self.largest.max(p_event);
        self.weight += p_event;
        self.moment += p_event * (between_s(self.first, start) + self.window_s / 2.0);
        for (sum, p) in self.of_class.iter_mut().zip(row) {
            *sum += f64::from(*p);
        }
    }

    fn detection(&self) -> Detection {
        let of = &self.of_class;
        let class = (0..of.len()).rev().max_by(|a, b| of[*a].total_cmp(&of[*b]));
        Detection {
            start: self.first,
            end: self.last + time::seconds(self.window_s),
            time: self.first + time::seconds(self.moment / self.weight),
            class: class.unwrap_or(0),
            probability: self.largest,
            n_windows: self.n_windows,
        }
    }
}

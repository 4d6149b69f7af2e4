//! Where the samples of an archive lie within a span.

use super::log::{DownloadLog, DownloadOutcome, LogEntry};
use crate::time::{self, Time, TimeSpan};
use crate::waveform::Trace;

/// Where the samples of traces of one stream lie within a span: what is there and, between, gaps.
/// A step of up to one and a half sampling intervals is none, as in [`crate::waveform::merge`].
pub(crate) fn cover(traces: &[Trace], span: TimeSpan) -> Vec<LogEntry> {
    let mut spans: Vec<(Time, Time, f64, usize)> = traces
        .iter()
        .flat_map(|trace| {
            trace
                .segments
                .iter()
                .map(move |s| (trace.sampling_rate_hz, s))
        })
        .filter_map(|(rate, segment)| {
            let index = |at| {
                (time::between_s(segment.start, at) * rate - 1e-4)
                    .ceil()
                    .max(0.0)
            };
            let (from, to) = (index(span.start), index(span.end));
            let n = segment.samples.len();
            let (from, to) = ((from as usize).min(n), (to as usize).min(n));
            let at = |index| micros(time::of_sample(segment.start, index, rate));
            (from < to).then(|| (at(from), at(to), 1.0 / rate, to - from))
        })
        .collect();
    spans.sort_by_key(|span| span.0);

    let mut ledger = DownloadLog::default();
    let mut at = span.start;
    for (start, end, interval_s, n_samples) in spans {
        // The first sample of a piece lies up to one interval after the piece begins.
        let allowed_s = if at == span.start { 1.5 } else { 0.5 } * interval_s;
        if time::between_s(at, start) > allowed_s {
            let gap = TimeSpan {
                start: at,
                end: start,
            };
            ledger.push(LogEntry::new(gap, DownloadOutcome::Gap, ""));
            at = start;
        }
        let mut end = end.min(span.end).max(at);
        if time::between_s(end, span.end) <= 0.5 * interval_s {
            end = span.end;
        }
        let there = TimeSpan { start: at, end };
        let entry = LogEntry::new(there, DownloadOutcome::Arrived, "");
        ledger.push(LogEntry { n_samples, ..entry });
        at = end;
    }
    if at < span.end {
        let gap = TimeSpan {
            start: at,
            end: span.end,
        };
        ledger.push(LogEntry::new(gap, DownloadOutcome::Gap, ""));
    }
    ledger.entries
}

/// To the microsecond, in which the ledger is kept.
pub(super) fn micros(time: Time) -> Time {
    Time::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

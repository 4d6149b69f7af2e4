//! The one way to cut a span out of a trace.

use crate::time::{self, Time};
use crate::waveform::{Segment, Trace};

/// Whether the end of a span belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    Included,
    Excluded,
}

/// The samples from `start` to `end`. Spans that follow one another, each without its end, hold every
/// sample once.
pub(crate) fn cut(trace: &Trace, start: Time, end: Time, last: Last) -> Trace {
    let rate = trace.sampling_rate_hz;
    // In samples: times are rounded to nanoseconds.
    let near = 2e-9 * rate + 1e-9;
    let segments = trace.segments.iter().filter_map(|segment| {
        let from = (time::between_s(segment.start, start) * rate - near).ceil();
        let to = time::between_s(segment.start, end) * rate;
        let to = match last {
            Last::Included => (to + near).floor() + 1.0,
            Last::Excluded => (to - near).ceil(),
        };
        let from = from.max(0.0) as usize;
        let to = to.clamp(0.0, segment.samples.len() as f64) as usize;
        (from < to).then(|| Segment {
            start: time::of_sample(segment.start, from, rate),
            samples: segment.samples.slice(from..to),
        })
    });
    Trace {
        id: trace.id.clone(),
        sampling_rate_hz: rate,
        segments: segments.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::{Nslc, Samples};

    fn at(text: &str) -> Time {
        time::parse(text).unwrap()
    }

    fn two_seconds() -> Trace {
        let segment = |start: &str| Segment {
            start: at(start),
            samples: Samples::Int32((0..100).collect()),
        };
        Trace {
            id: Nslc::new("A", "B", "", "HHZ").unwrap(),
            sampling_rate_hz: 100.0,
            segments: ["2014-02-16T00:00:00.003", "2014-02-16T00:01:00"]
                .map(segment)
                .to_vec(),
        }
    }

    #[test]
    fn both_ends_belong_to_a_cut() {
        let trace = two_seconds();
        let cut = |start, end| cut(&trace, at(start), at(end), Last::Included);
        let part = cut("2014-02-16T00:00:00.503", "2014-02-16T00:01:00.010");
        assert_eq!(part.segments[0].start, at("2014-02-16T00:00:00.503"));
        assert_eq!(part.segments[0].samples.len(), 50);
        assert_eq!(part.segments[1].samples, Samples::Int32(vec![0, 1]));
        assert!(cut("2014-02-17", "2014-02-18").segments.is_empty());
        assert!(cut("2014-02-14", "2014-02-15").segments.is_empty());
    }

    #[test]
    fn cuts_without_their_ends_hold_each_sample_once() {
        let trace = two_seconds();
        for border_ms in (0..1100).step_by(7) {
            let border = at("2014-02-16") + chrono::TimeDelta::milliseconds(border_ms);
            let before = cut(&trace, at("2014-02-15"), border, Last::Excluded);
            let after = cut(&trace, border, at("2014-02-17"), Last::Included);
            assert_eq!(
                before.n_samples() + after.n_samples(),
                200,
                "{border_ms} ms"
            );
        }
    }
}

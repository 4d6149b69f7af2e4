//! From segments to the windows that a network learns from.

use super::{TimeBlocks, held_out};
use crate::dataset::{Crop, Dataset, Split, Variation, vary};
use crate::error::Result;
use crate::study::Study;
use crate::time::{self, TimeSpan};
use crate::window::Windows;

/// Samples of one component of a segment.
pub fn segment_samples(study: &Study) -> usize {
    samples(study, study.method.segment_s)
}

fn samples(study: &Study, seconds: f64) -> usize {
    (seconds * study.window.sampling_rate_hz).round() as usize
}

/// The segments, divided in blocks of time without what was set aside; not yet scaled. An event
/// and its gap are on one side.
///
/// # Errors
/// [`crate::Error::Dataset`] where a block is empty.
pub fn segment_split(study: &Study, segments: &Windows, blocks: &TimeBlocks) -> Result<Split> {
    let mut data =
        Dataset::from_windows(&segments.windows, segments.n_samples, segments.n_classes)?;
    for span in held_out(study) {
        // A segment that begins just before reaches into it.
        data = data.without(&TimeSpan {
            start: span.start - time::seconds(study.method.segment_s),
            end: span.end,
        })?;
    }
    data.split_at(blocks.validation, blocks.test)?
        .without_leak()
}

/// How windows are cropped from segments: the P wave anywhere in the window's core, which as a rule is all of
/// it, until just before the window's end. Beside an event noise is taken where the segment has room for it.
pub fn crop(study: &Study) -> Crop {
    let method = &study.method;
    let n_samples = study.window.n_samples;
    let onset = samples(study, method.segment_s / 2.0);
    let lead = samples(study, method.lead_s);
    let (before, coda) = (
        samples(study, method.before_p_s),
        samples(study, method.coda_s),
    );
    let room_before = n_samples + before <= onset;
    let room_after = onset + coda + n_samples <= segment_samples(study);
    Crop {
        n_samples,
        sampling_rate_hz: study.window.sampling_rate_hz,
        onset,
        place: lead..(lead + study.core_samples())
            .min(n_samples.saturating_sub(samples(study, method.least_after_p_s)))
            .max(lead + 1),
        n_of_event: method.n_of_event,
        n_of_noise: method.n_of_noise,
        n_beside: match (room_before, room_after) {
            (true, true) => method.n_beside,
            (true, false) => method.n_beside.min(1),
            _ => 0,
        },
        before,
        coda,
        normalisation: method.normalisation,
    }
}

/// Windows cropped from [`segment_split`]: several of each event and each segment of noise to train, one
/// of each event to validate and to test. The training windows of noise come a second time with a glitch
/// on one component.
///
/// # Errors
/// [`crate::Error::Dataset`] where windows do not fit in the segments, [`crate::Error::Window`] where one
/// cannot be scaled.
pub fn windows(study: &Study, segments: &Split) -> Result<Split> {
    let crop = crop(study);
    let mut split = segments.cropped(&crop, study.seed)?;
    let glitch = Variation::Glitch {
        longest: (study.method.longest_glitch_s * crop.sampling_rate_hz).ceil() as usize,
    };
    split.train = vary(&split.train, &[glitch], crop.normalisation, study.seed)?;
    Ok(split)
}

//! What the simulated station recorded, as miniSEED, in pieces that fit in memory.

use std::ops::Range;
use std::sync::Arc;

use super::channels::{CHANNELS, Channel};
use super::ground::Ground;
use crate::error::Result;
use crate::time::Time;
use crate::waveform::{Nslc, Samples, Segment, Trace, mseed};

/// Samples at the recorder's rate in a piece: an hour.
///
/// A piece is computed, encoded and sent by itself, so that memory stays flat however long the span.
const N_SAMPLES: i64 = 360_000;

/// A part of a channel's record that is computed when it is asked for.
pub(crate) struct Piece {
    channel: Channel,
    /// Sample indices at the channel's rate.
    samples: Range<i64>,
    ground: Arc<dyn Ground>,
}

impl Piece {
    /// Its samples as miniSEED.
    ///
    /// # Errors
    /// [`Error::Waveform`](crate::Error::Waveform) where they cannot be encoded.
    pub fn mseed(&self) -> Result<Vec<u8>> {
        let channel = self.channel;
        mseed::write(&[Trace {
            id: channel.id(),
            sampling_rate_hz: channel.sampling_rate_hz(),
            segments: vec![Segment {
                start: channel.time(self.samples.start),
                samples: Samples::Int32(channel.samples(&*self.ground, self.samples.clone())),
            }],
        }])
    }
}

/// What was recorded of the wanted channels from `start` to `end`, both included.
pub(super) fn pieces(
    ground: &Arc<dyn Ground>,
    wanted: &dyn Fn(&Nslc) -> bool,
    start: Time,
    end: Time,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for channel in CHANNELS.into_iter().filter(|channel| wanted(&channel.id())) {
        let recorded = channel.recorded(&**ground, channel.span(start, end));
        let hours = recorded.into_iter().flat_map(|span| hours(channel, span));
        pieces.extend(hours.map(|samples| Piece {
            channel,
            samples,
            ground: ground.clone(),
        }));
    }
    pieces
}

/// A span in pieces of at most [`N_SAMPLES`] samples at the recorder's rate.
fn hours(channel: Channel, span: Range<i64>) -> impl Iterator<Item = Range<i64>> {
    let n = N_SAMPLES / channel.decimation;
    let starts = (span.start..span.end).step_by(n as usize);
    starts.map(move |start| start..span.end.min(start + n))
}

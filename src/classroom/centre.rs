//! The classroom as a data centre that can be served.

use std::ops::Range;
use std::sync::Arc;

use super::Ground;
use super::channels::{self, CHANNELS, Channel};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::server::{DataCentre, Portion};
use crate::station::Inventory;
use crate::time::Time;
use crate::waveform::{Nslc, Samples, Segment, Trace, mseed};

/// Samples at the recorder's rate that are computed, encoded and sent at a time (an hour), so
/// that memory stays flat however long the span.
const N_AT_A_TIME: i64 = 360_000;

/// What the services serve.
pub(super) struct Centre {
    pub truth: Arc<Catalog>,
    pub published: Arc<Catalog>,
    pub ground: Arc<dyn Ground>,
}

impl DataCentre for Centre {
    fn simulated(&self) -> bool {
        true
    }

    /// The paper asks for `catalog=ISC`: that is the published catalog here.
    fn catalogs(&self) -> Vec<(&'static str, Arc<Catalog>)> {
        vec![
            ("published", self.published.clone()),
            ("ISC", self.published.clone()),
            ("truth", self.truth.clone()),
        ]
    }

    fn inventory(&self) -> Result<Inventory> {
        Ok(channels::inventory())
    }

    fn portions(
        &self,
        wanted: &dyn Fn(&Nslc) -> bool,
        start: Time,
        end: Time,
    ) -> Result<Vec<Portion>> {
        let mut portions: Vec<Portion> = Vec::new();
        for channel in CHANNELS.into_iter().filter(|channel| wanted(&channel.id())) {
            let recorded = channel.recorded(&*self.ground, channel.span(start, end));
            for span in recorded.into_iter().flat_map(|span| hours(channel, span)) {
                let ground = self.ground.clone();
                portions.push(Box::new(move || encode(channel, span, &*ground)));
            }
        }
        Ok(portions)
    }
}

/// A span in pieces of at most [`N_AT_A_TIME`] samples at the recorder's rate.
fn hours(channel: Channel, span: Range<i64>) -> impl Iterator<Item = Range<i64>> {
    let n = N_AT_A_TIME / channel.decimation;
    let starts = (span.start..span.end).step_by(n as usize);
    starts.map(move |start| start..span.end.min(start + n))
}

fn encode(channel: Channel, span: Range<i64>, ground: &dyn Ground) -> Result<Vec<u8>> {
    mseed::write(&[Trace {
        id: channel.id(),
        sampling_rate_hz: channel.sampling_rate_hz(),
        segments: vec![Segment {
            start: channel.time(span.start),
            samples: Samples::Int32(channel.samples(ground, span)),
        }],
    }])
}

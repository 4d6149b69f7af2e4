//! Whether picks make more of their events when P and S change places.

use super::{AssociateParams, Associated, associate};
use crate::error::Result;
use crate::locate::{Locator, PhasePick, Sorted};
use crate::time::between_s;

/// So many picks are tried, those that lie closest together: more would say the same.
const MOST_PICKS: usize = 2000;

/// Four picks fix a place and a time, whatever they are of.
const N_UNKNOWNS: usize = 4;

/// Exchanged picks must explain more by this factor, and by so many picks. Measured on picks of a swarm: right names explain 1.5
/// to 4 times as many as exchanged ones, and names that were drawn at random 0.8 to 1.2 times as many.
const FACTOR: f64 = 1.3;
const FEWEST: f64 = 10.0;

/// How many picks events explain beyond the four that fix each of them: with the phases as they are named, and exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct ExchangeTest {
    /// Picks that were associated both ways.
    pub n_tried: usize,
    pub n_as_named: usize,
    pub n_exchanged: usize,
}

impl ExchangeTest {
    /// Associates at most 2000 picks with P and S exchanged; `found` is what all picks gave as they are named.
    ///
    /// # Errors
    /// As [`associate`].
    pub fn of(
        locator: &Locator,
        sorted: &Sorted,
        params: &AssociateParams,
        found: &Associated,
    ) -> Result<Self> {
        let tried = densest(sorted);
        let as_named = match tried.picks.len() < sorted.picks.len() {
            true => n_explained(&associate(locator, &tried, params)?),
            false => n_explained(found),
        };
        Ok(Self {
            n_tried: tried.picks.len(),
            n_as_named: as_named,
            n_exchanged: n_explained(&associate(locator, &tried.exchanged(), params)?),
        })
    }

    /// Whether exchanged picks explain so much more that chance is out of question.
    pub fn is_likely(self) -> bool {
        self.n_exchanged as f64 >= FACTOR * self.n_as_named as f64 + FEWEST
    }
}

/// The picks that come within the shortest time.
fn densest(sorted: &Sorted) -> Sorted {
    let windows = sorted.picks.windows(MOST_PICKS);
    let span_s = |picks: &&[(usize, PhasePick)]| match picks {
        [(_, first), .., (_, last)] => between_s(first.time, last.time),
        _ => 0.0,
    };
    let shortest = windows.min_by(|a, b| span_s(a).total_cmp(&span_s(b)));
    Sorted {
        picks: shortest.unwrap_or(&sorted.picks).to_vec(),
        ..Sorted::default()
    }
}

/// Events beyond the sides of the grid explain nothing.
fn n_explained(found: &Associated) -> usize {
    let inside = found.events.iter().map(|event| &event.hypocentre);
    inside
        .filter(|hypocentre| !hypocentre.is_outside())
        .map(|hypocentre| hypocentre.n_used().saturating_sub(N_UNKNOWNS))
        .sum()
}

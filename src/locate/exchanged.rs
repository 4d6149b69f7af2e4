//! Whether picks of P are called S, and those of S are called P.

use std::collections::BTreeMap;

use super::grid::Locator;
use super::hypocentre::Hypocentre;
use super::picks::{PhasePick, Sorted, in_order};
use super::robust::median;
use crate::time::between_s;
use crate::travel::Wave;

/// S of an earthquake comes within this time after its P, up to 150 km away.
const S_AFTER_P_S: f64 = 20.0;

/// Fewer pairs of picks say nothing of their order.
const FEWEST_PAIRS: usize = 10;

/// So many events are tried: more would say the same, and each is located once more.
const MOST_EVENTS: usize = 20;

/// Four unknowns fit fewer picks either way.
const FEWEST_PICKS: usize = 8;

/// Residuals of such a size have other causes.
const LARGE_S: f64 = 0.2;

/// How many events fit much better when P and S change places, and how many were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exchanged {
    pub n_better: usize,
    pub n_tried: usize,
}

impl Exchanged {
    /// Tries the first twenty events with eight picks or more, of both waves. An event fits much better where half of its residuals
    /// become less than half as large as they were, which must be more than 0.2 s.
    pub fn of<'a>(
        locator: &Locator,
        events: impl IntoIterator<Item = (&'a Hypocentre, &'a [PhasePick])>,
    ) -> Self {
        let has_both = |picks: &[PhasePick]| {
            let is = |wave| picks.iter().any(|pick| pick.wave == wave);
            picks.len() >= FEWEST_PICKS && is(Wave::P) && is(Wave::S)
        };
        let tried = events.into_iter().filter(|(_, picks)| has_both(picks));
        let mut count = Self::default();
        for (hypocentre, picks) in tried.take(MOST_EVENTS) {
            let exchanged: Option<Vec<(usize, PhasePick)>> = picks
                .iter()
                .map(|pick| Some((locator.sites().find(&pick.station)?, of_other_wave(pick))))
                .collect();
            let Some(exchanged) = exchanged else { continue };
            count.n_tried += 1;
            let before_s = half_within_s(hypocentre);
            let is_better = |after: &Hypocentre| half_within_s(after) < before_s / 2.0;
            if before_s > LARGE_S && locator.locate(&exchanged).as_ref().is_ok_and(is_better) {
                count.n_better += 1;
            }
        }
        count
    }

    /// Whether most of the events say so.
    pub fn is_likely(self) -> bool {
        2 * self.n_better > self.n_tried
    }
}

impl Sorted {
    /// The same picks with P and S exchanged.
    pub fn exchanged(&self) -> Self {
        let picks = self.picks.iter();
        let mut picks: Vec<_> = picks
            .map(|(site, pick)| (*site, of_other_wave(pick)))
            .collect();
        picks.sort_by_key(in_order);
        Self {
            picks,
            unknown: self.unknown.clone(),
        }
    }

    /// Whether at the stations S is followed by P within 20 s more than twice as often as P by S, in ten pairs of neighbouring picks or
    /// more: so it is where each has the other's name, and events are sought in vain.
    pub fn are_exchanged(&self) -> bool {
        let mut before = BTreeMap::<usize, &PhasePick>::new();
        let (mut n_right, mut n_wrong) = (0, 0);
        for (site, pick) in &self.picks {
            if let Some(last) = before.insert(*site, pick)
                && between_s(last.time, pick.time) <= S_AFTER_P_S
            {
                n_right += usize::from((last.wave, pick.wave) == (Wave::P, Wave::S));
                n_wrong += usize::from((last.wave, pick.wave) == (Wave::S, Wave::P));
            }
        }
        n_right + n_wrong >= FEWEST_PAIRS && n_wrong > 2 * n_right
    }
}

fn of_other_wave(pick: &PhasePick) -> PhasePick {
    let wave = match pick.wave {
        Wave::P => Wave::S,
        Wave::S => Wave::P,
    };
    PhasePick {
        wave,
        ..pick.clone()
    }
}

/// Half of the residuals, those of weight 0 included, are not larger.
fn half_within_s(hypocentre: &Hypocentre) -> f64 {
    let sizes = hypocentre.residuals.iter().map(|of| of.residual_s.abs());
    median(&mut sizes.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{locator, picks_of};
    use super::*;

    /// One wave a station, so that no station has S before P.
    fn events(locator: &Locator) -> Vec<Vec<(usize, PhasePick)>> {
        let places = [[5.0, 3.0, 8.0], [-12.0, 9.0, 5.0], [20.0, -15.0, 11.0]];
        let of = |place| {
            let picks = picks_of(locator, place, 12, &mut |_, _| 0.0).into_iter();
            picks
                .filter(|(site, pick)| (pick.wave == Wave::P) == (site % 2 == 0))
                .collect()
        };
        places.into_iter().map(of).collect()
    }

    fn count(locator: &Locator, events: &[Vec<(usize, PhasePick)>]) -> Exchanged {
        let located: Vec<(Hypocentre, Vec<PhasePick>)> = events
            .iter()
            .map(|picks| {
                let plain = picks.iter().map(|(_, pick)| pick.clone()).collect();
                (locator.locate(picks).unwrap(), plain)
            })
            .collect();
        Exchanged::of(locator, located.iter().map(|(of, picks)| (of, &picks[..])))
    }

    #[test]
    fn exchanged_waves_are_noticed() {
        let locator = locator();
        let right = events(&locator);
        let told = count(&locator, &right);
        assert_eq!(
            (told.n_better, told.n_tried, told.is_likely()),
            (0, 3, false)
        );
        let wrong: Vec<Vec<(usize, PhasePick)>> = right
            .iter()
            .map(|picks| {
                picks
                    .iter()
                    .map(|(site, pick)| (*site, of_other_wave(pick)))
                    .collect()
            })
            .collect();
        let told = count(&locator, &wrong);
        assert_eq!(
            (told.n_better, told.n_tried, told.is_likely()),
            (3, 3, true)
        );
    }
}

//! Why picks gave no event.

use super::{AssociateParams, Count, Picks};
use crate::locate::{Locator, Sorted};
use crate::travel::Wave;

/// What picks lack to be an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// So many stations have a pick of this wave, which are fewer than an event must have.
    Wave { wave: Wave, n_stations: usize },
    /// So many stations have picks, which are fewer than an event must have.
    Stations { n_stations: usize },
    /// Enough stations have picks, but not within the time that S takes through the grid: there are at most so many.
    Together {
        n_p: usize,
        n_s: usize,
        n_stations: usize,
    },
    /// Enough picks come within that time, and no place explains enough of them within the tolerance.
    Agreement,
}

impl Lacking {
    /// Of picks that [`super::associate`] found no event in: what is missing first.
    pub fn of(locator: &Locator, sorted: &Sorted, params: &AssociateParams) -> Self {
        let picks = Picks::new(sorted, locator.sites().all().len());
        let mut seen = vec![0; picks.of_slot.len()];
        let all = picks.count(0..sorted.picks.len(), &mut seen, 1);
        for (wave, n_stations, n_needed) in [
            (Wave::S, all.n_s, params.n_s),
            (Wave::P, all.n_p, params.n_p),
        ] {
            if n_stations < n_needed {
                return Self::Wave { wave, n_stations };
            }
        }
        if all.n_stations < params.n_stations {
            let n_stations = all.n_stations;
            return Self::Stations { n_stations };
        }
        match most_together(&picks, locator.longest_s(), params) {
            None => Self::Agreement,
            Some(Count {
                n_p,
                n_s,
                n_stations,
            }) => Self::Together {
                n_p,
                n_s,
                n_stations,
            },
        }
    }
}

/// The most picks, each of another station or wave, that come within so many seconds; none where these are enough.
fn most_together(picks: &Picks, length_s: f64, params: &AssociateParams) -> Option<Count> {
    let mut seen = vec![0; picks.of_slot.len()];
    let mut most = Count::default();
    for (first, start_s) in picks.times_s.iter().enumerate() {
        let end = picks.times_s.partition_point(|t| *t <= start_s + length_s);
        let count = picks.count(first..end, &mut seen, first as u32 + 1);
        if count.is_enough(params) {
            return None;
        }
        if count.n_picks() > most.n_picks() {
            most = count;
        }
    }
    Some(most)
}

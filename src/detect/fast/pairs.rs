//! Pairs of like fingerprints to events.

use super::{Pair, SpectralImages};
use crate::detect::alarms::{Alarm, span, suppress_neighbours};
use crate::waveform::Record3C;

/// The pairs of all components; one that several components have gets their votes together.
pub(super) fn summed(of_each: Vec<Vec<Pair>>) -> Vec<Pair> {
    let mut all: Vec<Pair> = of_each.into_iter().flatten().collect();
    all.sort_unstable();
    let mut summed: Vec<Pair> = Vec::new();
    for pair in all {
        match summed.last_mut() {
            Some(last) if (last.first, last.second) == (pair.first, pair.second) => {
                last.votes += pair.votes;
            }
            _ => summed.push(pair),
        }
    }
    summed
}

/// Both fingerprints of each pair as alarms. An earthquake is in several fingerprints and like
/// several others: the pair with most votes stays.
pub(super) fn alarms(
    pairs: &[Pair],
    images: &SpectralImages,
    banded: &Record3C,
    n_votes: usize,
    separation_s: f64,
) -> Vec<Alarm> {
    let mut votes = vec![0_u16; images.n_images()];
    for pair in pairs {
        for print in [pair.first, pair.second] {
            let most = &mut votes[print as usize];
            *most = (*most).max(pair.votes);
        }
    }
    let alarm = |(index, votes): (usize, &u16)| {
        let first = images.first_sample(index);
        let whole = span(banded, &(first..first + images.n_samples()));
        Alarm {
            start: whole.start,
            end: whole.end,
            time: whole.start + (whole.end - whole.start) / 2,
            score: f64::from(*votes) / n_votes as f64,
        }
    };
    let seen = votes.iter().enumerate().filter(|(_, votes)| **votes > 0);
    suppress_neighbours(seen.map(alarm).collect(), separation_s)
}

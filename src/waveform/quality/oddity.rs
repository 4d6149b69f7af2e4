//! What is odd about the components of records, in words for who reads what was found in them.

use std::collections::BTreeMap;

use super::{ComponentQuality, IDLE_COUNTS};

/// What is not as it should be with a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oddity {
    /// It never moves, and another one stands in for it: seconds.
    Dead { stand_in: String },
    /// It was recorded and holds no number, and another one stands in for it: seconds.
    NoNumbers { stand_in: String },
    /// Samples that were recorded and are no number.
    NotFinite,
    /// Seconds.
    Stuck,
    /// Seconds that it lacks, and another component has.
    Missing,
    /// Samples.
    Clipped,
    /// Steps that no motion makes.
    Jumps,
    /// Seconds in which it hardly moves.
    Idle,
    /// Seconds in which numbers of four bytes round its motion.
    Coarse,
    /// A channel of number three, of which only habit says that it is the vertical: seconds.
    TakenForVertical,
}

impl Oddity {
    fn in_words(&self, channel: &str, amount: f64) -> String {
        match self {
            Self::Dead { stand_in } => {
                format!("{channel} is dead for {amount:.1} s: {stand_in} stands in for it")
            }
            Self::NoNumbers { stand_in } => format!(
                "{channel} holds no number, only NaN or infinite samples, for {amount:.1} s: {stand_in} stands in for it"
            ),
            Self::NotFinite => {
                let samples = if amount == 1.0 { "sample" } else { "samples" };
                format!("{channel} is NaN or infinite in {amount} {samples}: a gap")
            }
            Self::Stuck => format!("{channel} stands still for {amount:.1} s: a gap"),
            Self::Missing => {
                format!(
                    "{channel} was not recorded for {amount:.1} s in which another component was: a gap"
                )
            }
            Self::Clipped => {
                format!("{channel} clips, or nearly, in {amount} samples: used as they are")
            }
            Self::Jumps => {
                let times = match amount {
                    1.0 => "once".into(),
                    n => format!("{n} times"),
                };
                format!(
                    "{channel} jumps {times} from one sample to the next, as glitches and steps do: what the filter makes of \
                     that can be taken for an earthquake"
                )
            }
            Self::Idle => format!(
                "{channel} moves by {IDLE_COUNTS} counts or less in {amount:.1} s: is a sensor connected to it?"
            ),
            Self::Coarse => format!(
                "{channel} is so far from zero in {amount:.1} s that its motion is rounded: take its mean off before"
            ),
            Self::TakenForVertical => {
                format!("{channel} is taken for the vertical: turn the record before, if it is not")
            }
        }
    }

    fn makes_gaps(&self) -> bool {
        matches!(self, Self::NotFinite | Self::Stuck | Self::Missing)
    }
}

/// How much of each there is, by channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Oddities(BTreeMap<(Oddity, String), f64>);

impl Oddities {
    /// Nothing is told of an amount of 0.
    pub fn note(&mut self, oddity: Oddity, channel: &str, amount: f64) {
        if amount > 0.0 {
            *self.0.entry((oddity, channel.into())).or_default() += amount;
        }
    }

    /// What is odd about `n` samples of a channel that moves.
    pub fn note_quality(
        &mut self,
        channel: &str,
        quality: &ComponentQuality,
        (n, rate_hz): (usize, f64),
    ) {
        let recorded_s = (n - quality.n_missing) as f64 / rate_hz;
        let if_so = |is_so: bool| if is_so { recorded_s } else { 0.0 };
        let is_third = channel.ends_with('3');
        self.note(Oddity::Clipped, channel, quality.n_clipped as f64);
        self.note(Oddity::Jumps, channel, quality.n_jumps as f64);
        self.note(Oddity::Idle, channel, if_so(quality.is_idle));
        self.note(Oddity::Coarse, channel, if_so(quality.is_coarse));
        self.note(Oddity::TakenForVertical, channel, if_so(is_third));
    }

    pub fn add(&mut self, other: &Self) {
        for ((oddity, channel), amount) in &other.0 {
            self.note(oddity.clone(), channel, *amount);
        }
    }

    /// Samples in clipped peaks, by channel.
    pub fn n_clipped(&self) -> BTreeMap<String, usize> {
        let clipped = self.0.iter();
        let clipped = clipped.filter(|((oddity, _), _)| *oddity == Oddity::Clipped);
        clipped
            .map(|((_, channel), n)| (channel.clone(), *n as usize))
            .collect()
    }

    /// A sentence for each.
    pub fn lines(&self) -> Vec<String> {
        self.lines_of(|_| true)
    }

    /// Those of what makes gaps.
    pub fn lines_of_gaps(&self) -> Vec<String> {
        self.lines_of(Oddity::makes_gaps)
    }

    fn lines_of(&self, is_told: fn(&Oddity) -> bool) -> Vec<String> {
        let told = self.0.iter().filter(|((oddity, _), _)| is_told(oddity));
        told.map(|((oddity, channel), amount)| oddity.in_words(channel, *amount))
            .collect()
    }
}

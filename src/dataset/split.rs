//! Division into training, validation and test.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Dataset, Labelled};
use crate::error::{Result, fail};
use crate::study::SplitChoice;
use crate::time::{Time, TimeSpan};

/// The windows that a network learns from; the only part that [`super::augment`] takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Train(pub(super) Labelled);

/// The windows that decide when training stops.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation(pub(super) Labelled);

/// The windows that are looked at once, at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Test(pub(super) Labelled);

/// A dataset divided in three; no window is in two parts.
///
/// The three parts are three types. What learns takes a [`Train`], what stops the learning takes a
/// [`Validation`]:
///
/// ```no_run
/// # use quakebook::dataset::{Augment, Split, augment};
/// # use quakebook::network::ConvNet;
/// # use quakebook::train::{TrainParams, train};
/// # fn cell(mut split: Split, network: &mut ConvNet, params: &TrainParams, copies: &Augment) -> quakebook::Result<()> {
/// split.train = augment(&split.train, copies, 1)?;
/// let run = train(network, &split.train, &split.validation, params, None)?;
/// # Ok(()) }
/// ```
///
/// So these leaks do not compile. Training on the test:
///
/// ```compile_fail,E0308
/// # use quakebook::dataset::Split;
/// # use quakebook::network::ConvNet;
/// # use quakebook::train::{TrainParams, train};
/// # fn cell(split: Split, network: &mut ConvNet, params: &TrainParams) -> quakebook::Result<()> {
/// let run = train(network, &split.test, &split.validation, params, None)?;
/// # Ok(()) }
/// ```
///
/// Stopping the training by the test:
///
/// ```compile_fail,E0308
/// # use quakebook::dataset::Split;
/// # use quakebook::network::ConvNet;
/// # use quakebook::train::{TrainParams, train};
/// # fn cell(split: Split, network: &mut ConvNet, params: &TrainParams) -> quakebook::Result<()> {
/// let run = train(network, &split.train, &split.test, params, None)?;
/// # Ok(()) }
/// ```
///
/// Making noisy copies of tested windows:
///
/// ```compile_fail,E0308
/// # use quakebook::dataset::{Augment, Split, augment};
/// # fn cell(split: Split, copies: &Augment) -> quakebook::Result<()> {
/// let more = augment(&split.test, copies, 1)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    pub train: Train,
    pub validation: Validation,
    pub test: Test,
}

/// How many tested windows have a relative in the training part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leak {
    pub n_test: usize,
    /// Tested windows with a copy, or their original, in the training part.
    pub n_with_twin: usize,
    /// Tested windows whose group (an event and the gap after it) has another window in the training
    /// part.
    pub n_with_group: usize,
}

impl Leak {
    /// Share of the tested windows with a twin in training, 0 to 1.
    pub fn twin_share(&self) -> f64 {
        self.n_with_twin as f64 / self.n_test as f64
    }

    /// Share of the tested windows with a window of their group in training, 0 to 1.
    pub fn group_share(&self) -> f64 {
        self.n_with_group as f64 / self.n_test as f64
    }
}

impl Split {
    /// Counts the tested windows that the training part knows already.
    ///
    /// With two copies of each window made before a random 70/15/15 division, a tested window has
    /// a twin in training with probability 1 - 0.3² = 91 %.
    pub fn leak(&self) -> Leak {
        let originals: HashSet<usize> = self.train.originals().iter().copied().collect();
        let groups: HashSet<usize> = self.train.groups().iter().copied().collect();
        let count = |of: &[usize], known: &HashSet<usize>| {
            of.iter().filter(|&index| known.contains(index)).count()
        };
        Leak {
            n_test: self.test.n_windows(),
            n_with_twin: count(self.test.originals(), &originals),
            n_with_group: count(self.test.groups(), &groups),
        }
    }

    /// The split itself, if no group lies in two of its parts.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where a group lies in two parts: the network would be tested on what it
    /// has learnt.
    pub fn without_leak(self) -> Result<Self> {
        let of = |part: &Labelled| part.groups().iter().copied().collect::<HashSet<usize>>();
        let (train, validation, test) = (of(&self.train), of(&self.validation), of(&self.test));
        for (name, a, b) in [
            ("training and test", &train, &test),
            ("training and validation", &train, &validation),
            ("validation and test", &validation, &test),
        ] {
            let n_shared = a.intersection(b).count();
            if n_shared > 0 {
                return Err(fail!(
                    Dataset,
                    name,
                    format!("{n_shared} events or gaps have windows in both"),
                    "Divide by group or by time, and copy or crop after the division"
                ));
            }
        }
        Ok(self)
    }
}

impl Dataset {
    /// Divides the windows at random, as the paper did: windows of one gap, and copies of one
    /// window, come to lie on both sides.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where a part would be empty.
    pub fn split_random(&self, choice: &SplitChoice, seed: u64) -> Result<Split> {
        let windows: Vec<Vec<usize>> = (0..self.n_windows()).map(|i| vec![i]).collect();
        self.divide(&shuffled(&windows, seed), choice)
    }

    /// Divides the groups at random: each event and each gap lies on one side.
    ///
    /// # Errors
    /// As [`Dataset::split_random`].
    pub fn split_by_group(&self, choice: &SplitChoice, seed: u64) -> Result<Split> {
        self.divide(&shuffled(&self.groups_in_time(), seed), choice)
    }

    /// Divides by time: the oldest groups train, the newest test.
    ///
    /// # Errors
    /// As [`Dataset::split_random`].
    pub fn split_by_time(&self, choice: &SplitChoice) -> Result<Split> {
        self.divide(&self.groups_in_time(), choice)
    }

    /// Divides at two instants: groups whose first window starts before `validation` train, those
    /// from `test` on test.
    ///
    /// # Errors
    /// As [`Dataset::split_random`].
    pub fn split_at(&self, validation: Time, test: Time) -> Result<Split> {
        let groups = self.groups_in_time();
        // The windows of a group stand in the order of the dataset, which need not be that of time.
        let starts = |group: &Vec<usize>| group.iter().map(|&i| self.times[i]).min();
        let first = |at: Time| groups.partition_point(|group| starts(group) < Some(at));
        let (train, rest) = groups.split_at(first(validation));
        let n_validation = first(test).saturating_sub(train.len());
        let (validation, test) = rest.split_at(n_validation);
        self.parts(train, validation, test)
    }

    /// Tests the groups that have a window starting in `span`, and divides the others by time into
    /// training and validation, in the proportion that `choice` gives these two.
    ///
    /// ConvNetQuake held out July 2014 in this way (Perol et al. 2018).
    ///
    /// # Errors
    /// As [`Dataset::split_random`].
    pub fn split_held_out(&self, span: &TimeSpan, choice: &SplitChoice) -> Result<Split> {
        let touched = self.groups_touching(span);
        let (test, rest): (Vec<_>, Vec<_>) = self
            .groups_in_time()
            .into_iter()
            .partition(|members| touched.contains(&self.groups[members[0]]));
        let n_rest: usize = rest.iter().map(Vec::len).sum();
        let kept = choice.train_fraction + choice.validation_fraction;
        let n_train = rounded(choice.train_fraction / kept, n_rest);
        let (train, validation) = take(&rest, n_train);
        self.parts(train, validation, &test)
    }

    /// The groups that have a window starting in `span`.
    pub(super) fn groups_touching(&self, span: &TimeSpan) -> HashSet<usize> {
        (0..self.n_windows())
            .filter(|&i| span.contains(self.times[i]))
            .map(|i| self.groups[i])
            .collect()
    }

    /// The window indices of each group, ordered by the group's first window.
    fn groups_in_time(&self) -> Vec<Vec<usize>> {
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, &group) in self.groups.iter().enumerate() {
            members.entry(group).or_default().push(index);
        }
        let mut groups: Vec<Vec<usize>> = members.into_values().collect();
        let first = |group: &Vec<usize>| -> Option<(Time, usize)> {
            group.iter().map(|&i| (self.times[i], i)).min()
        };
        groups.sort_by_key(first);
        groups
    }

    /// Deals `units` out in their order: to training until its fraction of the windows is
    /// reached, then to validation, the rest to the test.
    fn divide(&self, units: &[Vec<usize>], choice: &SplitChoice) -> Result<Split> {
        let n_train = rounded(choice.train_fraction, self.n_windows());
        let n_validation = rounded(choice.validation_fraction, self.n_windows());
        let (train, rest) = take(units, n_train);
        let (validation, test) = take(rest, n_validation);
        self.parts(train, validation, test)
    }

    pub(super) fn parts(
        &self,
        train: &[Vec<usize>],
        validation: &[Vec<usize>],
        test: &[Vec<usize>],
    ) -> Result<Split> {
        for (name, part) in [("train", train), ("validation", validation), ("test", test)] {
            if part.is_empty() {
                return Err(fail!(
                    Dataset,
                    format!("part {name}"),
                    format!("empty, of {} windows in all", self.n_windows()),
                    "Use more windows, other fractions or another span"
                ));
            }
        }
        Ok(Split {
            train: Train(self.subset(&train.concat())),
            validation: Validation(self.subset(&validation.concat())),
            test: Test(self.subset(&test.concat())),
        })
    }
}

/// The first units that together hold at least `n_windows`, and the others.
fn take(units: &[Vec<usize>], n_windows: usize) -> (&[Vec<usize>], &[Vec<usize>]) {
    let mut n_taken = 0;
    let n_units = units
        .iter()
        .take_while(|members| {
            let open = n_taken < n_windows;
            n_taken += members.len();
            open
        })
        .count();
    units.split_at(n_units)
}

fn rounded(fraction: f64, n: usize) -> usize {
    (fraction * n as f64).round() as usize
}

/// A copy in random order.
pub(super) fn shuffled<T: Clone>(values: &[T], seed: u64) -> Vec<T> {
    let mut values = values.to_vec();
    values.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    values
}

impl Train {
    /// The windows of `n_groups` groups drawn at random: how much is learnt of fewer. All where
    /// there are no more.
    pub fn of_groups(&self, n_groups: usize, seed: u64) -> Self {
        Self(self.0.of_groups(n_groups, seed))
    }
}

impl Deref for Train {
    type Target = Labelled;

    fn deref(&self) -> &Labelled {
        &self.0
    }
}

impl Deref for Validation {
    type Target = Labelled;

    fn deref(&self) -> &Labelled {
        &self.0
    }
}

impl Deref for Test {
    type Target = Labelled;

    fn deref(&self) -> &Labelled {
        &self.0
    }
}

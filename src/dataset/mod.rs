//! Labelled windows, their division into training, validation and test, and noisy copies.
//!
//! A [`Dataset`] is made from [`Window`]s and divided once, into a [`Split`]:
//!
//! | Division | Which windows are tested | What it answers |
//! |---|---|---|
//! | [`Dataset::split_random`] | any, at random: the paper's | how well windows like those of the training are recognised |
//! | [`Dataset::split_by_group`] | events and gaps at random | the same, without one event or gap on both sides |
//! | [`Dataset::split_by_time`] | the newest | how well the future is known from the past |
//! | [`Dataset::split_at`] | all from an instant on | the same, with the instants chosen beforehand |
//! | [`Dataset::split_held_out`] | those of a given time span | how well a block of record that was set aside is known |
//! | [`Dataset::split_by_folds`] | those of one fold of stations, say | how well other stations are known |
//!
//! [`Split::cropped`] takes windows from segments, which are longer than the network's windows. It does so
//! after the division, and the wave may lie anywhere in a window.
//!
//! From then on the types keep the parts apart: [`augment`] and [`vary`] take a [`Train`] and nothing
//! else, and no function turns a [`Test`] or [`Validation`] into a [`Train`]. [`Split`] shows leaks that do
//! not compile. The paper copied first and
//! divided afterwards; [`Dataset::copies_before_split_as_the_paper`] does so too, so that
//! [`Split::leak`] and [`crate::network::nearest_neighbour_accuracy`] can measure what that costs.
//!
//! ```
//! use quakebook::dataset::Dataset;
//! use quakebook::study::SplitChoice;
//! use quakebook::window::{Origin, Window};
//! let windows: Vec<Window> = (0..100)
//!     .map(|i| Window {
//!         start: quakebook::time::parse("2014-02-16").unwrap() + quakebook::time::seconds(f64::from(i)),
//!         samples: vec![0.5; 3 * 8],
//!         class: i as usize % 2,
//!         origin: Origin::Event { id: format!("event {i}") },
//!     })
//!     .collect();
//! let dataset = Dataset::from_windows(&windows, 8, 2).unwrap();
//! let choice = SplitChoice { train_fraction: 0.7, validation_fraction: 0.15 };
//! let split = dataset.split_by_time(&choice).unwrap();
//! assert_eq!(split.train.n_windows(), 70);
//! assert!(split.train.times().iter().max() < split.test.times().iter().min());
//! ```

mod augment;
mod crop;
mod folds;
pub mod seisbench;
mod split;
mod turn;
mod vary;

use std::collections::{HashMap, HashSet};
use std::ops::Deref;

pub use augment::{AddedNoise, Augment, augment};
pub use crop::Crop;
pub use folds::group_folds;
pub use split::{Leak, Split, Test, Train, Validation};
pub use turn::turn;
pub use vary::{Variation, vary};

use crate::error::{Result, fail};
use crate::hash::Hash;
use crate::time::{Time, TimeSpan};
use crate::window::{Origin, Window};

/// Labelled windows to look at, not to divide or copy.
///
/// [`Dataset`], [`Train`], [`Validation`] and [`Test`] have it in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    n_samples: usize,
    n_classes: usize,
    samples: Vec<f32>,
    classes: Vec<usize>,
    groups: Vec<usize>,
    times: Vec<Time>,
    originals: Vec<usize>,
}

/// All labelled windows, not yet divided.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset(Labelled);

impl Labelled {
    pub fn n_windows(&self) -> usize {
        self.classes.len()
    }

    /// Samples of one component of a window.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Classes, noise being the last.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// All samples, of shape `(n_windows, 3, n_samples)`.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The `3 * n_samples` values of one window: component after component.
    ///
    /// # Panics
    /// Where `index` is not below [`Labelled::n_windows`], as a slice does.
    pub fn window(&self, index: usize) -> &[f32] {
        let length = 3 * self.n_samples;
        &self.samples[index * length..(index + 1) * length]
    }

    /// The class of each window.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The group of each window: its event with the gap after it, or its family of events with
    /// theirs. Windows of one group belong on one side of a division.
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }

    /// Different groups.
    pub fn n_groups(&self) -> usize {
        self.groups.iter().collect::<HashSet<_>>().len()
    }

    /// The time of each window's first sample.
    pub fn times(&self) -> &[Time] {
        &self.times
    }

    /// For each window the index that its original had in the whole dataset; noisy copies of one
    /// window share it.
    pub fn originals(&self) -> &[usize] {
        &self.originals
    }

    /// Windows of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for &class in &self.classes {
            counts[class] += 1;
        }
        counts
    }

    /// SHA-256 of samples and classes, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut hash = Hash::default();
        hash.update((self.n_samples as u64).to_le_bytes());
        hash.update((self.n_classes as u64).to_le_bytes());
        for index in 0..self.n_windows() {
            let bytes: Vec<u8> = self
                .window(index)
                .iter()
                .flat_map(|x| x.to_le_bytes())
                .collect();
            hash.update(&bytes);
            hash.update((self.classes[index] as u64).to_le_bytes());
        }
        hash.digits()
    }

    /// The windows of `indices`, in that order.
    fn subset(&self, indices: &[usize]) -> Self {
        Self {
            n_samples: self.n_samples,
            n_classes: self.n_classes,
            samples: indices
                .iter()
                .flat_map(|&i| self.window(i))
                .copied()
                .collect(),
            classes: indices.iter().map(|&i| self.classes[i]).collect(),
            groups: indices.iter().map(|&i| self.groups[i]).collect(),
            times: indices.iter().map(|&i| self.times[i]).collect(),
            originals: indices.iter().map(|&i| self.originals[i]).collect(),
        }
    }

    /// The windows of `n_groups` groups drawn at random.
    fn of_groups(&self, n_groups: usize, seed: u64) -> Self {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        let drawn = split::shuffled(&groups, seed);
        let drawn: HashSet<usize> = drawn.into_iter().take(n_groups).collect();
        let windows = 0..self.n_windows();
        let kept: Vec<usize> = windows
            .filter(|&i| drawn.contains(&self.groups[i]))
            .collect();
        self.subset(&kept)
    }

    /// Appends `other`, whose windows have the same length and classes.
    fn append(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.classes.extend(other.classes);
        self.groups.extend(other.groups);
        self.times.extend(other.times);
        self.originals.extend(other.originals);
    }
}

impl Dataset {
    /// Gathers windows that are already normalised, or will be when they are cropped.
    ///
    /// An event and the noise windows of the gap after it are a group.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where there is no window, or one has another length than
    /// `3 * n_samples`, a class that is not below `n_classes`, or a value that is not finite.
    pub fn from_windows(windows: &[Window], n_samples: usize, n_classes: usize) -> Result<Self> {
        Self::from_families(windows, n_samples, n_classes, &HashMap::new())
    }

    /// As [`Dataset::from_windows`], where `families` gives the number of an event's family by the
    /// event's identifier: the events of a family, so alike that one is nearly a copy of another,
    /// and the gaps after them are one group.
    ///
    /// # Errors
    /// As [`Dataset::from_windows`].
    pub fn from_families(
        windows: &[Window],
        n_samples: usize,
        n_classes: usize,
        families: &HashMap<String, usize>,
    ) -> Result<Self> {
        if windows.is_empty() {
            return Err(fail!(
                Dataset,
                "windows",
                "there is none",
                "Read the ledger of the cutting, which says why each window could not be had"
            ));
        }
        for (index, window) in windows.iter().enumerate() {
            check(window, n_samples, n_classes).map_err(|what| {
                fail!(
                    Dataset,
                    format!("window {index} of {}", crate::time::iso(window.start)),
                    what,
                    "Cut and normalise all windows with one WindowChoice, and leave out those with gaps"
                )
            })?;
        }
        let mut numbers: HashMap<(Option<usize>, &str), usize> = HashMap::new();
        let groups = windows
            .iter()
            .map(|window| {
                let (Origin::Event { id } | Origin::Noise { after: id }) = &window.origin;
                let group = match families.get(id) {
                    Some(family) => (Some(*family), ""),
                    None => (None, id.as_str()),
                };
                let next = numbers.len();
                *numbers.entry(group).or_insert(next)
            })
            .collect();
        Ok(Self(Labelled {
            n_samples,
            n_classes,
            samples: windows.iter().flat_map(|w| &w.samples).copied().collect(),
            classes: windows.iter().map(|w| w.class).collect(),
            groups,
            times: windows.iter().map(|w| w.start).collect(),
            originals: (0..windows.len()).collect(),
        }))
    }

    /// The dataset without the groups that have a window starting in `span`: what may be used
    /// where that span will be scanned. Widen the span by a window's length to be strict.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where nothing is left.
    pub fn without(&self, span: &TimeSpan) -> Result<Self> {
        let touched = self.groups_touching(span);
        let kept: Vec<usize> = (0..self.n_windows())
            .filter(|&i| !touched.contains(&self.groups[i]))
            .collect();
        if kept.is_empty() {
            return Err(fail!(
                Dataset,
                "span",
                "all windows start in it",
                "Choose a shorter span"
            ));
        }
        Ok(Self(self.subset(&kept)))
    }

    /// The windows of `n_groups` groups drawn at random; all where there are no more.
    pub fn of_groups(&self, n_groups: usize, seed: u64) -> Self {
        Self(self.0.of_groups(n_groups, seed))
    }

    /// Each window followed, for each of `levels`, by a copy with noise, as the paper made them:
    /// uniform noise on `[0, level * maximum)`, then the copy scaled to `[0, 1]` (section 2.4.2).
    ///
    /// All originals come first, then all copies of the first level, and so on. To divide the
    /// result is the paper's mistake: most tested windows then have a twin in the training.
    ///
    /// # Errors
    /// As [`augment`].
    pub fn copies_before_split_as_the_paper(&self, levels: &[f64], seed: u64) -> Result<Self> {
        augment::with_copies(&self.0, &Augment::as_the_paper(levels), seed).map(Self)
    }

    /// The dataset with its classes dealt out anew at random: labels without any information, on
    /// which no leak-free test can do better than guessing.
    pub fn with_shuffled_classes(&self, seed: u64) -> Self {
        let mut shuffled = self.clone();
        shuffled.0.classes = split::shuffled(&self.classes, seed);
        shuffled
    }
}

fn check(window: &Window, n_samples: usize, n_classes: usize) -> std::result::Result<(), String> {
    if window.samples.len() != 3 * n_samples {
        return Err(format!(
            "{} values, expected 3 x {n_samples}",
            window.samples.len()
        ));
    }
    if window.class >= n_classes {
        return Err(format!(
            "class {}, expected 0 to {}",
            window.class,
            n_classes.saturating_sub(1)
        ));
    }
    match window.samples.iter().find(|x| !x.is_finite()) {
        Some(value) => Err(format!("a sample is {value}")),
        None => Ok(()),
    }
}

impl Deref for Dataset {
    type Target = Labelled;

    fn deref(&self) -> &Labelled {
        &self.0
    }
}

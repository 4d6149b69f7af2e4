//! What a picker says of a window: its say in a detector.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{PickerModel, committee};
use crate::error::{Result, fail};
use crate::network::PHASENET_SAMPLES;
use crate::pick::Picker;
use crate::study::Study;
use crate::waveform::{RATE_HZ, interpolate};

/// The picker has twice the samples of a record made comparable.
const PICKER_HZ: f64 = 2.0 * RATE_HZ;

/// Samples of a component that the picker's window takes in.
const N_TAKEN: usize = PHASENET_SAMPLES / 2 + 1;

/// Smaller probabilities than this are this, and larger ones than all but this as well: so far a picker is believed.
const LEAST: f64 = 1e-3;

/// The picker is asked where the others together have log-odds above this: one in 55. Elsewhere its vote is the lowest, which costs no earthquake in
/// simulated worlds and spares nine windows of ten.
const WORTH_ASKING: f64 = -4.0;

/// The picker of a detector, by its name among those that come with the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedPicker {
    pub name: String,
    /// Of the weights that the detector's threshold was chosen with.
    pub weights_sha256: String,
}

/// A picker that has a vote in a detector.
#[derive(Debug, Clone)]
pub struct PickerVote {
    name: &'static str,
    weights_sha256: String,
    picker: Picker,
}

impl PickerVote {
    /// The vote of a picker that comes with the program.
    ///
    /// # Errors
    /// As [`PickerModel::picker`], and [`crate::Error::Pick`] where it is for another rate than 100 Hz.
    pub fn of(model: &PickerModel) -> Result<Self> {
        let files = model.files()?;
        let picker = files.picker()?;
        let params = picker.params();
        if params.sampling_rate_hz() != PICKER_HZ {
            let what = format!("a picker for {} Hz", params.sampling_rate_hz());
            return Err(fail!(
                Pick,
                model.name,
                what,
                format!("Take one for {PICKER_HZ} Hz")
            ));
        }
        Ok(Self {
            name: model.name,
            weights_sha256: files.weights_sha256(),
            picker,
        })
    }

    /// The picker that a detector's file names; `place` is what errors call the file.
    ///
    /// # Errors
    /// [`crate::Error::Train`] where the program has no such picker, or another training of it, or where the study's windows are none that it
    /// can judge.
    pub(super) fn named(named: &NamedPicker, study: &Study, place: &str) -> Result<Self> {
        let refuse = |what: String| {
            let remedy = "Take the version of the program that it was made with";
            fail!(Train, place, what, remedy)
        };
        let model = PickerModel::find(&named.name).ok_or_else(|| {
            refuse(format!(
                "a vote of a picker {}, which does not come with the program",
                named.name
            ))
        })?;
        let vote = Self::of(model)?;
        if vote.weights_sha256 != named.weights_sha256 {
            return Err(refuse(format!(
                "a vote of the picker {} with weights of SHA-256 {}, which here are {}",
                named.name, named.weights_sha256, vote.weights_sha256
            )));
        }
        let fits = committee::can_be_judged(study)
            && (N_TAKEN..=2 * N_TAKEN).contains(&study.window.n_samples);
        match fits {
            true => Ok(vote),
            false => Err(refuse(format!(
                "a vote of a picker on windows that it cannot judge: expected two classes, {N_TAKEN} to {} samples at {RATE_HZ} Hz, \
                 the scale of noise, and a core",
                2 * N_TAKEN
            ))),
        }
    }

    pub(super) fn as_named(&self) -> NamedPicker {
        NamedPicker {
            name: self.name.into(),
            weights_sha256: self.weights_sha256.clone(),
        }
    }

    /// The picker's log-odds that an earthquake begins in the core of a window, for each of windows `(n_windows, 3, n_samples)` at [`RATE_HZ`]
    /// (east, north, up) in the scale of noise, of which the others think `before`.
    ///
    /// It is the mean of two: that P comes in the core, and that S comes after the core begins. Each is that of the largest
    /// probability there.
    pub(super) fn log_odds(&self, windows: &[f32], before: &[f64], core_s: Range<f64>) -> Vec<f64> {
        let n = windows.len() / 3 / before.len().max(1);
        let is_asked = |i: &usize| before[*i] > WORTH_ASKING;
        let asked: Vec<usize> = (0..before.len()).filter(is_asked).collect();
        let looks = asked.par_iter().flat_map_iter(|i| {
            let window = &windows[3 * n * i..][..3 * n];
            [0, n - N_TAKEN]
                .into_iter()
                .flat_map(|first| look(window, first))
        });
        let looks = self.picker.of_windows(looks.collect());
        let later = 2 * (n - N_TAKEN);
        let [from, to] = [core_s.start, core_s.end].map(|s| (s * PICKER_HZ).round() as usize);
        let mut votes = vec![log_odds(0.0); before.len()];
        for (i, looks) in asked.into_iter().zip(looks.chunks_exact(2)) {
            let [p, s] = [0, 1].map(|phase| joined(&looks[0][phase], &looks[1][phase], later));
            votes[i] = 0.5 * (largest(&p[from..to]) + largest(&s[from..]));
        }
        votes
    }
}

/// 30 s of a window as a picker takes them: vertical, north and east, one after the other.
fn look(window: &[f32], first: usize) -> Vec<f32> {
    let rows = window.chunks_exact(window.len() / 3).rev();
    rows.flat_map(|row| {
        let row = &row[first..first + N_TAKEN];
        // What is large was compressed.
        let row: Vec<f32> = row.iter().map(|x| x.sinh()).collect();
        let between = interpolate(&row, 0.5, 1.0, N_TAKEN - 1, |between| between);
        let pairs = row
            .iter()
            .zip(&between)
            .flat_map(|(at, after)| [*at, *after]);
        pairs.chain(row.last().copied()).collect::<Vec<f32>>()
    })
    .collect()
}

/// Two curves as one, of which the second begins so many samples later: their mean where there are both.
fn joined(first: &[f32], second: &[f32], later: usize) -> Vec<f32> {
    let n_both = first.len() - later;
    let both = first[later..].iter().zip(second);
    let mut all = first[..later].to_vec();
    all.extend(both.map(|(a, b)| 0.5 * (a + b)));
    all.extend_from_slice(&second[n_both..]);
    all
}

fn largest(probabilities: &[f32]) -> f64 {
    log_odds(probabilities.iter().copied().fold(0.0, f32::max))
}

fn log_odds(p: f32) -> f64 {
    let p = f64::from(p).clamp(LEAST, 1.0 - LEAST);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Normalisation;

    #[test]
    fn two_looks_are_one_curve() {
        assert_eq!(
            joined(&[1.0, 2.0, 3.0], &[4.0, 6.0, 8.0], 1),
            [1.0, 3.0, 4.5, 8.0]
        );
        assert_eq!(joined(&[1.0, 2.0], &[3.0, 4.0], 0), [2.0, 3.0]);
    }

    #[test]
    fn a_look_is_of_twice_the_rate_and_undoes_the_scale() {
        let n = 2000;
        let wave = |t_s: f64, row: usize| {
            (row + 1) as f64 * 30.0 * (2.0 * std::f64::consts::PI * 3.0 * t_s).sin()
        };
        let rows =
            (0..3).flat_map(|row| (0..n).map(move |i| wave(i as f64 / 50.0, row).asinh() as f32));
        let window: Vec<f32> = rows.collect();
        let look = look(&window, 100);
        assert_eq!(look.len(), 3 * PHASENET_SAMPLES);
        // The vertical, which is the third row of a window, is the first here. At the ends the interpolation lacks neighbours.
        for (place, row) in [(0, 2), (1, 1), (2, 0)] {
            for i in 20..PHASENET_SAMPLES - 20 {
                let (found, expected) = (
                    look[place * PHASENET_SAMPLES + i],
                    wave(2.0 + i as f64 / 100.0, row),
                );
                assert!(
                    (f64::from(found) - expected).abs() < 0.1,
                    "{row} {i}: {found}, {expected}"
                );
            }
        }
    }

    #[test]
    fn odds_have_bounds() {
        assert!((log_odds(0.5)).abs() < 1e-12);
        // By hand: the logarithm of 999.
        for (p, expected) in [(0.0, -6.906_754_8), (1.0, 6.906_754_8)] {
            assert!((log_odds(p) - expected).abs() < 1e-5, "{p}");
        }
    }

    /// An earthquake as the simulated worlds have them gets votes for it, noise does not, and what the others think hopeless is not asked.
    #[test]
    fn an_earthquake_is_voted_for() {
        let vote = PickerVote::of(&crate::method::PICKERS[0]).unwrap();
        let mut state = 1u64;
        let mut noise = move || {
            let mut sum = 0.0;
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1u64 << 53) as f64;
            }
            sum - 6.0
        };
        // P on the vertical at 9 s, S on the horizontals at 14 s, each swelling for half a second and decaying over two.
        let burst = |t_s: f64, at_s: f64, hz: f64| match t_s - at_s {
            s if s < 0.0 => 0.0,
            s => {
                40.0 * (s / 0.1).min(1.0)
                    * (-s / 2.0).exp()
                    * (2.0 * std::f64::consts::PI * hz * s).sin()
            }
        };
        let mut window = |size: f64| -> Vec<f32> {
            let mut rows = Vec::new();
            for row in 0..3 {
                for i in 0..2000 {
                    let t_s = f64::from(i) / 50.0;
                    let (p, s) = if row == 2 { (1.0, 0.3) } else { (0.3, 1.0) };
                    let wave = p * burst(t_s, 9.0, 8.0) + 1.5 * s * burst(t_s, 14.0, 5.0);
                    rows.push((size * wave + noise()).asinh() as f32);
                }
            }
            rows
        };
        let (quake, still) = (window(1.0), window(0.0));
        let both = [quake, still].concat();
        let votes = vote.log_odds(&both, &[0.0, 0.0], 5.0..13.0);
        assert!(votes[0] > 0.0 && votes[1] < -3.0, "{votes:?}");
        let hopeless = vote.log_odds(&both, &[-5.0, 0.0], 5.0..13.0);
        assert_eq!(hopeless, [log_odds(0.0), votes[1]]);
        // A core after P has no P in it.
        assert!(vote.log_odds(&both, &[0.0, 0.0], 20.0..28.0)[0] < votes[0]);
    }

    #[test]
    fn a_picker_belongs_to_its_detector() {
        let vote = PickerVote::of(&crate::method::PICKERS[0]).unwrap();
        let mut study = Study::oklahoma();
        study.cluster.k = 1;
        study.window.n_samples = 2000;
        study.window.sampling_rate_hz = RATE_HZ;
        study.method.normalisation = Normalisation::Noise;
        study.method.core_s = Some(8.0);
        let refused = |change: &dyn Fn(&mut NamedPicker, &mut Study)| {
            let (mut named, mut study) = (vote.as_named(), study.clone());
            change(&mut named, &mut study);
            PickerVote::named(&named, &study, "here")
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(refused(&|_, _| {}), None);
        let error = refused(&|named, _| named.name = "ears".into()).unwrap();
        assert!(error.contains("a picker ears"), "{error}");
        let error = refused(&|named, _| named.weights_sha256 = "0".repeat(64)).unwrap();
        assert!(error.contains("which here are"), "{error}");
        for n in [1500, 3003] {
            assert!(
                refused(&|_, study| study.window.n_samples = n).is_some(),
                "{n}"
            );
        }
        assert!(refused(&|_, study| study.method.normalisation = Normalisation::Std).is_some());
        assert!(refused(&|_, study| study.method.core_s = None).is_some());
        assert!(refused(&|_, study| study.cluster.k = 3).is_some());
    }
}

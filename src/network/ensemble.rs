//! The mean of several networks.

use super::Classify;
use crate::error::{Result, fail};

/// The other networks see a window only if the first gives an event at least this probability.
pub const CASCADE_THRESHOLD: f32 = 0.02;

/// Networks of one shape whose probabilities are averaged.
///
/// Networks that began from different weights err on different windows, so their mean errs less often than
/// each (Hansen & Salamon 1990, *IEEE Trans. Pattern Anal. Mach. Intell.* 12, 993-1001).
///
/// Nearly all of a record is noise, and the first network is sure of most of it. The others see only the
/// windows to which it gives [`CASCADE_THRESHOLD`] or more; elsewhere its own probabilities stand. There the
/// mean of all `n` would be below `(CASCADE_THRESHOLD + n - 1) / n`, so a threshold above that (0.673 of
/// three networks) loses no window.
///
/// ```
/// use quakebook::network::{Classify, Ensemble, ConvNet};
/// let networks = (1..=3).map(|seed| ConvNet::new(1000, 4, seed)).collect();
/// let ensemble = Ensemble::new(networks)?;
/// assert_eq!(ensemble.probabilities(&[0.1; 3 * 1000])?.len(), 4);
/// assert!(Ensemble::<ConvNet>::new(Vec::new()).is_err());
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug)]
pub struct Ensemble<N> {
    first: N,
    others: Vec<N>,
}

impl<N: Classify> Ensemble<N> {
    /// # Errors
    /// [`crate::Error::Network`] where there is no network, or one takes other windows or classes than the
    /// first.
    pub fn new(networks: Vec<N>) -> Result<Self> {
        let shape = |network: &N| (network.n_samples(), network.n_classes());
        let mut others = networks.into_iter();
        let Some(first) = others.next() else {
            return Err(fail!(
                Network,
                "ensemble",
                "expected one network or more, found 0",
                "Give it a network"
            ));
        };
        let others: Vec<N> = others.collect();
        if let Some(other) = others.iter().find(|other| shape(other) != shape(&first)) {
            return Err(fail!(
                Network,
                "ensemble",
                format!(
                    "networks for (samples, classes) of {:?} and {:?}",
                    shape(&first),
                    shape(other)
                ),
                "Take networks that were trained on the same windows"
            ));
        }
        Ok(Self { first, others })
    }
}

impl<N: Classify> Classify for Ensemble<N> {
    fn n_classes(&self) -> usize {
        self.first.n_classes()
    }

    fn n_samples(&self) -> usize {
        self.first.n_samples()
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        let n_values = 3 * self.n_samples();
        let window = |i: usize| windows[i * n_values..(i + 1) * n_values].to_vec();
        self.average_unsure(self.first.probabilities(windows)?, window)
    }

    fn probabilities_along_unchecked(
        &self,
        components: [&[f32]; 3],
        hop: usize,
    ) -> Result<Vec<f32>> {
        let rows = |i: usize| components.map(|c| &c[i * hop..i * hop + self.n_samples()]);
        let of_first = self.first.probabilities_along(components, hop)?;
        self.average_unsure(of_first, |i| rows(i).concat())
    }
}

impl<N: Classify> Ensemble<N> {
    /// Averages all networks over the windows where the first is unsure; `window` gives one window.
    fn average_unsure(
        &self,
        mut of_all: Vec<f32>,
        window: impl Fn(usize) -> Vec<f32>,
    ) -> Result<Vec<f32>> {
        let is_unsure = |row: &&mut [f32]| {
            row.last()
                .is_some_and(|noise| 1.0 - noise >= CASCADE_THRESHOLD)
        };
        let rows = of_all.chunks_exact_mut(self.n_classes()).enumerate();
        let (indices, mut rows): (Vec<usize>, Vec<&mut [f32]>) =
            rows.filter(|(_, row)| is_unsure(row)).unzip();
        if rows.is_empty() {
            return Ok(of_all);
        }
        let unsure: Vec<f32> = indices.into_iter().flat_map(window).collect();
        for other in &self.others {
            let of_other = other.probabilities(&unsure)?;
            for (row, more) in rows.iter_mut().zip(of_other.chunks_exact(self.n_classes())) {
                row.iter_mut().zip(more).for_each(|(p, more)| *p += more);
            }
        }
        let share = 1.0 / (1 + self.others.len()) as f32;
        for row in rows {
            row.iter_mut().for_each(|p| *p *= share);
        }
        Ok(of_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives each window a probability of an event that is some part of its first sample.
    struct Part(f32);

    impl Classify for Part {
        fn n_classes(&self) -> usize {
            2
        }

        fn n_samples(&self) -> usize {
            if self.0 < 0.0 { 5 } else { 4 }
        }

        fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
            let events = windows.chunks_exact(12).map(|window| self.0 * window[0]);
            Ok(events.flat_map(|p| [p, 1.0 - p]).collect())
        }
    }

    fn windows(firsts: &[f32]) -> Vec<f32> {
        let windows = firsts.iter().map(|first| {
            let mut window = [9.0; 12];
            window[0] = *first;
            window
        });
        windows.flatten().collect()
    }

    #[test]
    fn the_others_count_where_the_first_is_unsure() {
        let ensemble = Ensemble::new(vec![Part(1.0), Part(0.5), Part(0.0)]).unwrap();
        let p = ensemble
            .probabilities(&windows(&[0.01, 0.8, 0.0, 1.0]))
            .unwrap();
        for (p, wanted) in p.iter().zip([0.01, 0.99, 0.4, 0.6, 0.0, 1.0, 0.5, 0.5]) {
            assert!((p - wanted).abs() < 1e-6, "{p} {wanted}");
        }
        assert!(ensemble.probabilities(&[]).unwrap().is_empty());
        let alone = Ensemble::new(vec![Part(1.0)]).unwrap();
        assert_eq!(alone.probabilities(&windows(&[0.5])).unwrap(), [0.5, 0.5]);
    }

    #[test]
    fn networks_of_different_shapes_are_an_error() {
        let error = Ensemble::new(vec![Part(1.0), Part(-1.0)]).err().unwrap();
        assert!(error.to_string().contains("(4, 2) and (5, 2)"), "{error}");
        assert!(Ensemble::<Part>::new(Vec::new()).is_err());
    }
}

//! The mean of a network's weights at several times of its training.

use tch::{Kind, Tensor};

use super::Network;
use super::weights::{NamedTensors, named_weights, set_weights};
use crate::error::{Result, fail};

/// A running mean, which is kept in numbers of 8 bytes.
#[derive(Debug, Default)]
pub(crate) struct MeanWeights {
    n: usize,
    sums: NamedTensors,
}

impl MeanWeights {
    /// Takes the weights as they are now.
    pub fn add(&mut self, network: &dyn Network) {
        let wide = |(name, tensor): (String, Tensor)| (name, tensor.to_kind(Kind::Double));
        let weights = named_weights(network).into_iter().map(wide);
        self.sums = match self.n {
            0 => weights.collect(),
            // Both are in alphabetical order.
            _ => weights
                .zip(&self.sums)
                .map(|((name, tensor), (_, sum))| (name, tensor + sum))
                .collect(),
        };
        self.n += 1;
    }

    /// Puts the mean into a network.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where no weights were taken, or those of another network.
    pub fn put_into(&self, network: &dyn Network) -> Result<()> {
        let mean = |(name, sum): &(String, Tensor)| {
            let mean = sum / self.n as f64;
            (name.clone(), mean.to_kind(Kind::Float))
        };
        let means: NamedTensors = self.sums.iter().map(mean).collect();
        set_weights(network, &means).map_err(|what| {
            fail!(
                Network,
                "mean of weights",
                what,
                "Take weights of the same network"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::weights::flat_weights;
    use super::*;
    use crate::network::ConvNet;

    #[test]
    fn the_mean_of_three() {
        let networks = [1, 2, 3].map(|seed| ConvNet::new(64, 2, seed));
        let mut mean = MeanWeights::default();
        assert!(mean.put_into(&networks[0]).is_err());
        networks.iter().for_each(|network| mean.add(network));
        let all = networks.each_ref().map(|network| flat_weights(network));
        let other = ConvNet::new(64, 2, 4);
        mean.put_into(&other).unwrap();
        for (i, found) in flat_weights(&other).into_iter().enumerate() {
            let by_hand = (all[0][i] + all[1][i] + all[2][i]) / 3.0;
            assert!((found - by_hand).abs() < 1e-6);
        }
        assert!(mean.put_into(&ConvNet::new(640, 2, 4)).is_err());
    }
}

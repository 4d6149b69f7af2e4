//! Hash values that like sets share.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Fingerprint;

/// Random orders of the bits. The MinHash value of a set is its first bit in such an order; two sets
/// have the same one with a probability equal to their Jaccard similarity, for any bit of their union
/// is equally likely to be its first (Broder 1997, *Compression and Complexity of Sequences*, 21-29).
#[derive(Debug, Clone)]
pub struct MinHash {
    n_functions: usize,
    /// A random number for each bit and function, `(n_bits, n_functions)`: the order.
    ranks: Vec<u32>,
}

impl MinHash {
    /// `n_functions` orders of `n_bits` bits. Two bits of 4096 have the same rank with a
    /// probability of 2e-3 in a whole order: too rarely to be felt.
    pub fn new(n_bits: usize, n_functions: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Self {
            n_functions,
            ranks: (0..n_bits * n_functions).map(|_| rng.random()).collect(),
        }
    }

    /// The smallest rank of the fingerprint's bits in each order; the largest number of an empty one.
    ///
    /// # Panics
    /// If a bit is beyond `n_bits`.
    pub fn signature(&self, print: &Fingerprint) -> Vec<u32> {
        let mut smallest = vec![u32::MAX; self.n_functions];
        for bit in &print.0 {
            let ranks = &self.ranks[*bit as usize * self.n_functions..][..self.n_functions];
            for (least, rank) in smallest.iter_mut().zip(ranks) {
                *least = (*least).min(*rank);
            }
        }
        smallest
    }
}

//! Locality-sensitive hashing: tables in which like fingerprints meet.

/// Fingerprints `first < second` that met in `votes` tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub first: u32,
    pub second: u32,
    pub votes: u16,
}

/// The probability that two sets of Jaccard similarity `s` meet in at least one of `b` tables, each
/// of `r` hash functions: `1 - (1 - s^r)^b` (Leskovec, Rajaraman & Ullman 2014, *Mining of Massive
/// Datasets*, section 3.4). It rises from 0 to 1 around `s = (1/b)^(1/r)`.
pub fn success_probability(similarity: f64, n_hashes: usize, n_tables: usize) -> f64 {
    1.0 - (1.0 - similarity.powi(n_hashes as i32)).powi(n_tables as i32)
}

/// For each table one key of every fingerprint: a mixture of `n_hashes` MinHash values. Equal keys
/// share a bucket.
#[derive(Debug, Clone)]
pub struct Tables {
    n_hashes: usize,
    /// `keys[table][fingerprint]`.
    keys: Vec<Vec<u32>>,
}

/// No next fingerprint in the bucket.
const NONE: u32 = u32::MAX;

impl Tables {
    pub fn new(n_hashes: usize, n_tables: usize) -> Self {
        Self {
            n_hashes,
            keys: vec![Vec::new(); n_tables],
        }
    }

    /// Adds the next fingerprint, by its `n_hashes * n_tables` MinHash values.
    ///
    /// # Panics
    /// If there are fewer values.
    pub fn insert(&mut self, signature: &[u32]) {
        for (table, keys) in self.keys.iter_mut().enumerate() {
            let values = &signature[table * self.n_hashes..][..self.n_hashes];
            keys.push(mixed(values));
        }
    }

    /// Fingerprints inserted.
    pub fn len(&self) -> usize {
        self.keys.first().map_or(0, Vec::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All pairs at least `exclusion` fingerprints apart that meet in `min_votes` tables or more, in
    /// order; and how many were left out because a fingerprint had more than `max_partners` later
    /// ones: those with most votes stay (of equals, the nearest).
    pub fn pairs(
        mut self,
        exclusion: usize,
        min_votes: u16,
        max_partners: usize,
    ) -> (Vec<Pair>, usize) {
        let n = self.len();
        for keys in &mut self.keys {
            to_chains(keys);
        }
        let chains = self.keys;
        let (mut pairs, mut n_left_out) = (Vec::new(), 0);
        let mut votes = vec![0_u16; n];
        let mut met: Vec<u32> = Vec::new();
        for first in 0..n {
            for chain in &chains {
                let mut next = chain[first];
                while next != NONE {
                    if next as usize >= first + exclusion {
                        if votes[next as usize] == 0 {
                            met.push(next);
                        }
                        votes[next as usize] += 1;
                    }
                    next = chain[next as usize];
                }
            }
            let mut partners: Vec<Pair> = met
                .drain(..)
                .map(|second| Pair {
                    first: first as u32,
                    second,
                    votes: std::mem::take(&mut votes[second as usize]),
                })
                .filter(|pair| pair.votes >= min_votes.max(1))
                .collect();
            if partners.len() > max_partners {
                partners.sort_by_key(|pair| (std::cmp::Reverse(pair.votes), pair.second));
                n_left_out += partners.len() - max_partners;
                partners.truncate(max_partners);
            }
            partners.sort_by_key(|pair| pair.second);
            pairs.extend(partners);
        }
        (pairs, n_left_out)
    }
}

/// Replaces each key by the next fingerprint with the same key: a bucket is then a chain, and no
/// other memory is needed.
fn to_chains(keys: &mut [u32]) {
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    order.sort_unstable_by_key(|i| (keys[*i as usize], *i));
    let same = |two: &[u32]| keys[two[0] as usize] == keys[two[1] as usize];
    let nexts = order
        .windows(2)
        .map(|two| if same(two) { two[1] } else { NONE });
    let nexts: Vec<u32> = nexts.chain([NONE]).collect();
    for (i, next) in order.iter().zip(nexts) {
        keys[*i as usize] = next;
    }
}

/// Mixes hash values to one key, by the multiplications of `SplitMix64` (Steele, Lea & Flood 2014):
/// different values have the same key once in 4e9.
fn mixed(values: &[u32]) -> u32 {
    let mut state: u64 = 0;
    for value in values {
        state = (state ^ u64::from(*value)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    }
    (state >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_by_hand() {
        // Three tables of one function; four fingerprints.
        let mut tables = Tables::new(1, 3);
        for signature in [[1, 2, 3], [9, 8, 7], [1, 2, 4], [1, 5, 3]] {
            tables.insert(&signature);
        }
        let pair = |first, second, votes| Pair {
            first,
            second,
            votes,
        };
        let (pairs, n_left_out) = tables.clone().pairs(1, 1, 9);
        assert_eq!(pairs, [pair(0, 2, 2), pair(0, 3, 2), pair(2, 3, 1)]);
        assert_eq!(n_left_out, 0);
        // Neighbours do not count, nor do few votes; of equals the nearer stays.
        assert_eq!(tables.clone().pairs(2, 2, 9).0, pairs[..2]);
        assert_eq!(tables.clone().pairs(3, 1, 9).0, [pair(0, 3, 2)]);
        assert_eq!(
            tables.pairs(1, 1, 1),
            (vec![pair(0, 2, 2), pair(2, 3, 1)], 1)
        );
    }

    #[test]
    fn the_curve_by_hand() {
        assert!((success_probability(0.5, 1, 2) - 0.75).abs() < 1e-12);
        assert!((success_probability(0.5, 2, 1) - 0.25).abs() < 1e-12);
    }
}

//! From an image to a few bits.

use super::SpectralImages;
use super::haar::haar_2d;
use crate::detect::template::median;

/// Images from which medians and deviations are taken, evenly spread over the record: the authors
/// take a tenth or less of long records too.
const N_SAMPLE: usize = 2000;

/// What is usual for each Haar coefficient of a record's images, each image scaled to norm 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    n_rows: usize,
    medians: Vec<f32>,
    /// Median absolute deviations.
    deviations: Vec<f32>,
}

/// The bits that are set, in order: `2 i` where coefficient `i` is anomalously large, `2 i + 1`
/// where it is anomalously small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(pub Vec<u16>);

impl Standard {
    /// Measured on up to 2000 images of a component.
    pub fn of(images: &SpectralImages, samples: &[f32]) -> Self {
        let n_images = images.n_images();
        let n_sample = n_images.min(N_SAMPLE);
        let sample: Vec<Vec<f32>> = (0..n_sample)
            .map(|i| images.image(samples, i * n_images / n_sample))
            .map(|image| transformed(image, images.n_rows()))
            .collect();
        let n_coefficients = sample.first().map_or(0, Vec::len);
        let (mut medians, mut deviations) = (Vec::new(), Vec::new());
        for i in 0..n_coefficients {
            let mut values: Vec<f32> = sample.iter().map(|image| image[i]).collect();
            let middle = median(&mut values);
            for value in &mut values {
                *value = (*value - middle).abs();
            }
            medians.push(middle);
            deviations.push(median(&mut values));
        }
        Self {
            n_rows: images.n_rows(),
            medians,
            deviations,
        }
    }

    /// The Haar coefficients of an image, each in deviations from its median; 0 where the record
    /// never varies.
    pub fn standardised(&self, image: Vec<f32>) -> Vec<f32> {
        let mut coefficients = transformed(image, self.n_rows);
        for (i, value) in coefficients.iter_mut().enumerate() {
            *value = match self.deviations[i] > 0.0 {
                true => (*value - self.medians[i]) / self.deviations[i],
                false => 0.0,
            };
        }
        coefficients
    }

    /// The signs of the `n_top` most anomalous coefficients; of equal ones, the first.
    pub fn fingerprint(&self, image: Vec<f32>, n_top: usize) -> Fingerprint {
        let coefficients = self.standardised(image);
        let mut order: Vec<u16> = (0..coefficients.len() as u16).collect();
        let size = |i: &u16| coefficients[*i as usize].abs();
        if n_top < order.len() {
            order.select_nth_unstable_by(n_top, |a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
            order.truncate(n_top);
        }
        let bit = |i: u16| match coefficients[i as usize] {
            y if y > 0.0 => Some(2 * i),
            y if y < 0.0 => Some(2 * i + 1),
            _ => None,
        };
        let mut bits: Vec<u16> = order.into_iter().filter_map(bit).collect();
        bits.sort_unstable();
        Fingerprint(bits)
    }
}

/// Scaled to norm 1, for a large earthquake looks like a small one, and transformed.
fn transformed(mut image: Vec<f32>, n_rows: usize) -> Vec<f32> {
    let norm = image.iter().map(|y| y * y).sum::<f32>().sqrt();
    if norm > 0.0 {
        for value in &mut image {
            *value /= norm;
        }
    }
    haar_2d(&mut image, n_rows);
    image
}

impl Fingerprint {
    /// Bits in common over bits in either, from 0 to 1 (Jaccard 1901); 0 of two empty ones.
    pub fn jaccard(&self, other: &Self) -> f64 {
        let (mut i, mut j, mut n_common) = (0, 0, 0);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            n_common += usize::from(a == b);
            i += usize::from(a <= b);
            j += usize::from(b <= a);
        }
        let n_either = self.0.len() + other.0.len() - n_common;
        n_common as f64 / n_either.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jaccard_by_hand() {
        let of = |bits: &[u16]| Fingerprint(bits.to_vec());
        assert_eq!(of(&[1, 2, 3]).jaccard(&of(&[2, 3, 4])), 0.5);
        assert_eq!(of(&[1]).jaccard(&of(&[1])), 1.0);
        assert_eq!(of(&[]).jaccard(&of(&[])), 0.0);
    }

    #[test]
    fn the_most_anomalous_signs_are_kept() {
        let standard = Standard {
            n_rows: 1,
            medians: vec![0.0; 4],
            deviations: vec![1.0, 0.1, 0.1, 0.0],
        };
        // One row: nothing to transform. Standardised (the norm is 1): 0.5, 5, -5, and no spread.
        let image = vec![0.5, 0.5, -0.5, 0.5];
        assert_eq!(
            standard.fingerprint(image.clone(), 2),
            Fingerprint(vec![2, 5])
        );
        assert_eq!(standard.fingerprint(image, 4), Fingerprint(vec![0, 2, 5]));
    }
}

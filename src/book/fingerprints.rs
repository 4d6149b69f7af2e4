//! The fingerprints of FAST on one component of a record, to be looked at: chapter 9.

use crate::detect::ReferenceEvents;
use crate::detect::fast::{FastParams, Fingerprint, SpectralImages, Standard};
use crate::display::Table;
use crate::error::Result;
use crate::plot::{Figure, fingerprint};
use crate::time::{Time, between_s};
use crate::waveform::Record3C;

/// Spectral images of the vertical component between two gaps, and what is usual for them.
///
/// Of all stretches without a gap the longest is taken.
#[derive(Clone)]
pub struct Fingerprints {
    params: FastParams,
    images: SpectralImages,
    standard: Standard,
    /// The vertical component, filtered, `params.band.rate_hz` samples a second.
    samples: Vec<f32>,
    start: Time,
    /// Where the stretch begins, in samples.
    first: usize,
}

impl Fingerprints {
    /// Of a record in counts.
    ///
    /// # Errors
    /// As [`crate::detect::Band::of`] and [`SpectralImages::new`].
    pub fn of(record: &Record3C, params: &FastParams) -> Result<Self> {
        let banded = params.band.of(record)?;
        let mut edges = vec![0];
        edges.extend(banded.gaps().iter().flat_map(|gap| [gap.start, gap.end]));
        edges.push(banded.n_samples());
        let stretches = edges.chunks_exact(2).map(|edge| edge[0]..edge[1]);
        let longest = stretches
            .max_by_key(|stretch| stretch.len())
            .unwrap_or(0..0);
        let images = SpectralImages::new(params, std::slice::from_ref(&longest))?;
        let samples = banded.data[2].clone();
        Ok(Self {
            params: *params,
            standard: Standard::of(&images, &samples),
            images,
            samples,
            start: record.start,
            first: longest.start,
        })
    }

    /// Seconds that one image spans.
    pub fn length_s(&self) -> f64 {
        self.params.image_samples() as f64 / self.params.band.rate_hz
    }

    /// Coefficients of an image.
    pub fn n_coefficients(&self) -> usize {
        self.params.n_frequencies * self.params.n_times
    }

    /// The images that begin with an event whose signal-to-noise ratio is above `min_ratio`, to within a step.
    pub fn earthquakes(&self, reference: &ReferenceEvents, min_ratio: f64) -> Vec<usize> {
        let events = reference.events.events().iter().zip(&reference.ratios);
        let strong = events.filter(|(_, ratio)| ratio.is_some_and(|ratio| ratio > min_ratio));
        let image = |origin: Time| {
            let sample = (between_s(self.start, origin) * self.params.band.rate_hz) as usize;
            let after = sample.checked_sub(self.first)?;
            Some(after / self.params.step_samples()).filter(|i| *i < self.images.n_images())
        };
        strong
            .filter_map(|(event, _)| image(event.origin_time))
            .collect()
    }

    /// The fingerprint of one image.
    pub fn print(&self, image: usize) -> Fingerprint {
        let image = self.images.image(&self.samples, image);
        self.standard.fingerprint(image, self.params.n_top)
    }

    /// How like the fingerprint of an image is to those of `n` others, spread over the record; the least first.
    pub fn similarities(&self, image: usize, n: usize) -> Vec<f64> {
        let print = self.print(image);
        let others = (0..n).map(|i| i * self.images.n_images() / n);
        let mut similarities: Vec<f64> = others
            .map(|other| print.jaccard(&self.print(other)))
            .collect();
        similarities.sort_by(f64::total_cmp);
        similarities
    }

    /// The Jaccard similarity of each of the first `n` images with each other.
    pub fn similarity_table(&self, images: &[usize], n: usize) -> Table {
        let prints: Vec<Fingerprint> = images.iter().take(n).map(|i| self.print(*i)).collect();
        let names: Vec<String> = (1..=prints.len())
            .map(|i| format!("earthquake {i}"))
            .collect();
        let headers: Vec<&str> = std::iter::once("")
            .chain(names.iter().map(String::as_str))
            .collect();
        let rows = names.iter().zip(&prints).map(|(name, a)| {
            let row = prints.iter().map(|b| format!("{:.3}", a.jaccard(b)));
            std::iter::once(name.clone()).chain(row)
        });
        rows.fold(Table::new("", &headers), Table::row)
    }

    /// Of some images the one whose fingerprint is most like that of `image`, and their similarity; itself where there
    /// is no other.
    pub fn most_like(&self, image: usize, others: &[usize]) -> (usize, f64) {
        let print = self.print(image);
        let others = others.iter().filter(|other| **other != image);
        let likeness = others.map(|other| (*other, print.jaccard(&self.print(*other))));
        likeness
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap_or((image, 1.0))
    }

    /// One image, and the signs of the coefficients that are kept of it.
    ///
    /// # Errors
    /// As [`fingerprint`].
    pub fn figure(&self, image: usize) -> Result<Figure> {
        let values = self.images.image(&self.samples, image);
        let mut signs = vec![0; values.len()];
        for bit in self.print(image).0 {
            // Even bits are of coefficients that are anomalously large.
            signs[bit as usize / 2] = if bit.is_multiple_of(2) { 1 } else { -1 };
        }
        let band_hz = [self.params.band.low_hz, self.params.band.high_hz];
        let n_rows = self.params.n_frequencies;
        fingerprint(&values, &signs, n_rows, self.length_s(), band_hz)
    }
}

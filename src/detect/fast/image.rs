//! Spectral images: pictures of how power is spread over frequency and time.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::FastParams;
use crate::error::{Result, fail};

/// The spectral images of a filtered component, one every `step_samples`, none across a gap.
///
/// An image has `n_frequencies` rows, the lowest frequency first, and `n_times` columns: the power of
/// a spectrum under a Hann window, averaged over neighbouring lines within the band.
#[derive(Clone)]
pub struct SpectralImages {
    params: FastParams,
    /// First sample of each segment's first image, and how many images it has.
    segments: Vec<(usize, usize)>,
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// Lines of a spectrum that a row is the mean of.
    lines: Vec<Range<usize>>,
}

impl SpectralImages {
    /// For the given segments of the filtered record.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where the band has fewer lines than the image rows.
    pub fn new(params: &FastParams, segments: &[Range<usize>]) -> Result<Self> {
        let n = params.spectrum_samples();
        let line = |frequency_hz: f64| frequency_hz / params.band.rate_hz * n as f64;
        let first = line(params.band.low_hz).floor() as usize;
        let end = (line(params.band.high_hz).ceil() as usize + 1).min(n / 2 + 1);
        let n_lines = end.saturating_sub(first);
        let rows = params.n_frequencies;
        if n_lines < rows {
            return Err(fail!(
                Detect,
                "FAST",
                format!("{n_lines} lines of the spectrum in the band, the image has {rows} rows"),
                "Lengthen the spectra, widen the band, or take fewer rows"
            ));
        }
        let edge = |row: usize| first + row * n_lines / rows;
        let n_images =
            |segment: &Range<usize>| match segment.len().checked_sub(params.image_samples()) {
                Some(rest) => rest / params.step_samples() + 1,
                None => 0,
            };
        Ok(Self {
            params: *params,
            segments: segments.iter().map(|s| (s.start, n_images(s))).collect(),
            fft: FftPlanner::new().plan_fft_forward(n),
            window: (0..n)
                .map(|i| 0.5 - 0.5 * (TAU * i as f32 / n as f32).cos())
                .collect(),
            lines: (0..rows).map(|row| edge(row)..edge(row + 1)).collect(),
        })
    }

    /// Images in all segments.
    pub fn n_images(&self) -> usize {
        self.segments.iter().map(|(_, n)| n).sum()
    }

    /// Samples of the filtered record that an image takes.
    pub fn n_samples(&self) -> usize {
        self.params.image_samples()
    }

    /// Rows of an image.
    pub fn n_rows(&self) -> usize {
        self.params.n_frequencies
    }

    /// The first sample of image `index`.
    pub fn first_sample(&self, index: usize) -> usize {
        let mut left = index;
        for (first, n) in &self.segments {
            if left < *n {
                return first + left * self.params.step_samples();
            }
            left -= n;
        }
        // Of no image: where one more would begin.
        self.segments
            .last()
            .map_or(0, |(first, n)| first + n * self.params.step_samples())
    }

    /// One image, row by row.
    pub fn image(&self, samples: &[f32], index: usize) -> Vec<f32> {
        let first = self.first_sample(index);
        let columns = (0..self.params.n_times)
            .map(|column| self.column(&samples[first + column * self.params.spectrum_step..]))
            .collect::<VecDeque<_>>();
        self.rows(&columns)
    }

    /// All images in turn. Each spectrum is computed once, and only an image's own are kept.
    pub fn for_each(&self, samples: &[f32], mut see: impl FnMut(Vec<f32>)) {
        let params = &self.params;
        for (first, n) in &self.segments {
            let mut columns: VecDeque<Vec<f32>> = VecDeque::with_capacity(params.n_times);
            let mut next = *first;
            for _ in 0..*n {
                while columns.len() < params.n_times {
                    columns.push_back(self.column(&samples[next..]));
                    next += params.spectrum_step;
                }
                see(self.rows(&columns));
                let n_old = params.image_step.min(params.n_times);
                columns.drain(..n_old);
                next += (params.image_step - n_old) * params.spectrum_step;
            }
        }
    }

    /// The spectrum of the first samples, in rows.
    fn column(&self, samples: &[f32]) -> Vec<f32> {
        let mut line: Vec<Complex32> = samples
            .iter()
            .zip(&self.window)
            .map(|(y, w)| Complex32::from(y * w))
            .collect();
        self.fft.process(&mut line);
        let mean = |lines: &Range<usize>| {
            let power = line[lines.clone()].iter().map(|y| y.norm_sqr());
            power.sum::<f32>() / lines.len() as f32
        };
        self.lines.iter().map(mean).collect()
    }

    fn rows(&self, columns: &VecDeque<Vec<f32>>) -> Vec<f32> {
        let rows = 0..self.params.n_frequencies;
        rows.flat_map(|row| columns.iter().map(move |column| column[row]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> FastParams {
        FastParams::default()
    }

    #[test]
    fn a_tone_lights_its_row_and_images_agree_one_by_one() {
        let params = params();
        let samples: Vec<f32> = (0..1500)
            .map(|i| (TAU * 7.0 * i as f32 / 25.0).sin())
            .collect();
        let images = SpectralImages::new(&params, &[0..700, 750..1500]).unwrap();
        let mut all = Vec::new();
        images.for_each(&samples, |image| all.push(image));
        assert_eq!(all.len(), images.n_images());
        for (i, image) in all.iter().enumerate() {
            assert_eq!(image, &images.image(&samples, i));
        }
        let image = &all[0];
        let power = |row: usize| {
            image[row * params.n_times..][..params.n_times]
                .iter()
                .sum::<f32>()
        };
        let brightest = (0..32)
            .max_by(|a, b| power(*a).total_cmp(&power(*b)))
            .unwrap();
        // 49 lines from 24/6 Hz on in 32 rows: 7 Hz is line 42, row 11 or 12.
        assert!((11..=12).contains(&brightest), "{brightest}");
        assert_eq!(images.first_sample(0), 0);
        assert_eq!(images.first_sample(all.len() - 1) % 30, 750 % 30);
    }

    #[test]
    fn steps_longer_than_an_image_work() {
        let params = FastParams {
            image_step: 100,
            ..params()
        };
        let samples: Vec<f32> = (0..3000).map(|i| ((i * i) % 31) as f32).collect();
        let images = SpectralImages::new(&params, std::slice::from_ref(&(0..3000))).unwrap();
        let mut all = Vec::new();
        images.for_each(&samples, |image| all.push(image));
        assert!(all.len() > 5);
        for (i, image) in all.iter().enumerate() {
            assert_eq!(image, &images.image(&samples, i));
        }
    }

    #[test]
    fn a_band_with_too_few_lines_is_refused() {
        let params = FastParams {
            spectrum_s: 2.0,
            ..params()
        };
        assert!(SpectralImages::new(&params, std::slice::from_ref(&(0..3000))).is_err());
    }
}

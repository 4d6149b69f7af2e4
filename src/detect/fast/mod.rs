//! FAST: earthquakes found by their likeness to one another, without a catalog.
//!
//! "Fingerprint And Similarity Thresholding" (Yoon, O'Reilly, Bergen & Beroza 2015, *Science
//! Advances* 1(11), e1501057, doi:10.1126/sciadv.1501057) asks which two of all short windows of a
//! record look alike. Correlating every pair would take time with the square of the record's length;
//! FAST turns each window into a few bits. Similar windows share many of them, and sorting the bits
//! brings similar windows together.
//!
//! | Step | Here |
//! |---|---|
//! | spectrogram, cut to overlapping spectral images | [`SpectralImages`] |
//! | two-dimensional Haar wavelet transform of each image | [`haar_2d`] |
//! | each coefficient less its median over the record, over its median absolute deviation; the signs of the most anomalous ones are kept, the rest is 0; two bits a coefficient | [`Standard`], [`Fingerprint`] |
//! | hash values that two fingerprints share with a probability equal to their Jaccard similarity | [`MinHash`] |
//! | tables in which fingerprints with equal groups of hash values meet; votes | [`Tables`] |
//! | pairs of three components to events | [`fast`] |
//!
//! What a scan keeps for each fingerprint is one number a table, 400 bytes; a day of one component is
//! 29 MB. That grows with the record, as a search among all of it must; nothing else does.

mod fingerprint;
mod haar;
mod image;
mod lsh;
mod minhash;
mod pairs;

use super::alarms::{Alarms, Band, DataQuality, span};
use crate::error::{Result, fail};
use crate::waveform::Record3C;

pub use fingerprint::{Fingerprint, Standard};
pub use haar::{haar_2d, inverse_haar_2d};
pub use image::SpectralImages;
pub use lsh::{Pair, Tables, success_probability};
pub use minhash::MinHash;

/// The choices of FAST.
///
/// The defaults are those that its authors give for one day of small local earthquakes (their
/// manual, "Example parameters", table S2, Italy 2016: 25 samples a second; spectra of 6 s every
/// 0.12 s, 64 of which make an image; a fingerprint every 10 of them; 400 of 2048 coefficients; 100
/// tables of 4 hash functions; 2 votes), but for what is said at each. In 2015 they took 4 to 10 Hz
/// at 20 samples a second, and spectra and images of 10 s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FastParams {
    /// The manual's advice for local earthquakes is 4 to 12 Hz; below, noise repeats itself.
    pub band: Band,
    /// Length of one spectrum.
    pub spectrum_s: f64,
    /// From one spectrum to the next, in samples.
    pub spectrum_step: usize,
    /// Frequencies of an image, a power of two: neighbouring lines of the spectra are averaged.
    pub n_frequencies: usize,
    /// Spectra of an image, a power of two.
    pub n_times: usize,
    /// From one image, and fingerprint, to the next, in spectra.
    pub image_step: usize,
    /// Coefficients whose sign is kept.
    pub n_top: usize,
    /// Hash functions of a table: all of them must agree.
    pub n_hashes: usize,
    pub n_tables: usize,
    /// A pair of fingerprints of one component needs so many tables.
    pub min_votes: u16,
    /// Fingerprints nearer than this are not compared: they see the same waves. The manual has 5
    /// (6 s); 12 (14.4 s) is a whole image, so that no sample is compared with itself.
    pub exclusion: usize,
    /// A fingerprint keeps at most so many later ones that are like it, those with most votes: noise
    /// that repeats all day would fill the memory. What is left out is counted.
    pub max_partners: usize,
    /// Alarms so close together are one: an earthquake is in every image that begins up to 13.6 s
    /// before it.
    pub separation_s: f64,
    pub seed: u64,
}

impl Default for FastParams {
    fn default() -> Self {
        Self {
            band: Band {
                low_hz: 4.0,
                high_hz: 12.0,
                rate_hz: 25.0,
            },
            spectrum_s: 6.0,
            spectrum_step: 3,
            n_frequencies: 32,
            n_times: 64,
            image_step: 10,
            n_top: 400,
            n_hashes: 4,
            n_tables: 100,
            min_votes: 2,
            exclusion: 12,
            max_partners: 20,
            separation_s: 14.0,
            seed: 2015,
        }
    }
}

impl FastParams {
    /// Samples of the filtered record that one spectrum takes.
    pub fn spectrum_samples(&self) -> usize {
        (self.spectrum_s * self.band.rate_hz).round() as usize
    }

    /// Samples of the filtered record that one image takes.
    pub fn image_samples(&self) -> usize {
        self.spectrum_samples() + (self.n_times - 1) * self.spectrum_step
    }

    /// Samples of the filtered record from one image to the next.
    pub fn step_samples(&self) -> usize {
        self.spectrum_step * self.image_step
    }

    fn check(&self) -> Result<()> {
        let powers = self.n_frequencies.is_power_of_two() && self.n_times.is_power_of_two();
        let n_coefficients = self.n_frequencies * self.n_times;
        let positive = [
            self.spectrum_step,
            self.image_step,
            self.n_top,
            self.n_hashes,
            self.n_tables,
            self.exclusion,
            self.max_partners,
        ];
        let good = powers
            && positive.iter().all(|n| *n > 0)
            && self.n_top <= n_coefficients
            && self.separation_s >= 0.0
            && self.spectrum_samples() >= 2;
        match good {
            true => Ok(()),
            false => Err(fail!(
                Detect,
                "FAST",
                format!("{self:?}"),
                "Take powers of two for the image's sides, counts of 1 or more, and no more top coefficients than the image has"
            )),
        }
    }
}

/// What FAST found, and how much it compared.
#[derive(Debug, Clone, PartialEq)]
pub struct FastScan {
    pub alarms: Alarms,
    /// Fingerprints of each component.
    pub n_fingerprints: usize,
    /// Pairs of fingerprints with enough votes, all components together.
    pub n_pairs: usize,
    /// Pairs beyond `max_partners`, left out.
    pub n_pairs_left_out: usize,
}

/// Searches a record for waves that occur twice or more.
///
/// Both windows of a pair are alarms. The score is the share of votes, over the tables of all
/// components that move, from 0 to 1; an alarm lasts as long as its fingerprint, and its time is the
/// middle. An earthquake without a like in the record cannot be found.
///
/// # Errors
/// [`crate::Error::Detect`] where a parameter is out of its range, no component moves, or there are
/// not two images that may be compared; and as [`Band::of`].
pub fn fast(record: &Record3C, params: &FastParams) -> Result<FastScan> {
    params.check()?;
    let mut condition = DataQuality::of(record).with_live(1, &record.station)?;
    let live = condition.live();
    let banded = params.band.of(record)?;
    let (long, short): (Vec<_>, Vec<_>) = banded
        .segments()
        .into_iter()
        .partition(|segment| segment.len() >= params.image_samples());
    let every = (record.sampling_rate_hz / banded.sampling_rate_hz).round() as usize;
    condition.n_too_short = every * short.iter().map(ExactSizeIterator::len).sum::<usize>();
    let images = SpectralImages::new(params, &long)?;
    if images.n_images() <= params.exclusion {
        return Err(fail!(
            Detect,
            record.station,
            format!(
                "{} fingerprints of {:.1} s, more than {} are needed",
                images.n_images(),
                params.image_samples() as f64 / params.band.rate_hz,
                params.exclusion
            ),
            "Scan a longer record"
        ));
    }
    let hashes = MinHash::new(
        2 * params.n_frequencies * params.n_times,
        params.n_hashes * params.n_tables,
        params.seed,
    );
    // One component at a time, each in a thread of its own: their tables are the memory.
    let of_component = |component: usize| {
        let samples = &banded.data[component];
        let standard = Standard::of(&images, samples);
        let mut tables = Tables::new(params.n_hashes, params.n_tables);
        images.for_each(samples, |image| {
            let print = standard.fingerprint(image, params.n_top);
            tables.insert(&hashes.signature(&print));
        });
        tables.pairs(params.exclusion, params.min_votes, params.max_partners)
    };
    let found: Vec<(Vec<Pair>, usize)> = std::thread::scope(|scope| {
        let workers: Vec<_> = live
            .iter()
            .map(|component| scope.spawn(|| of_component(*component)))
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let n_pairs_left_out = found.iter().map(|(_, n)| n).sum();
    let of_each: Vec<Vec<Pair>> = found.into_iter().map(|(pairs, _)| pairs).collect();
    let all = pairs::summed(of_each);
    let n_votes = params.n_tables * live.len();
    let alarms = Alarms {
        station: record.station.clone(),
        simulated: record.simulated,
        scanned: long.iter().map(|segment| span(&banded, segment)).collect(),
        items: pairs::alarms(&all, &images, &banded, n_votes, params.separation_s),
        condition,
    };
    Ok(FastScan {
        alarms,
        n_fingerprints: images.n_images(),
        n_pairs: all.len(),
        n_pairs_left_out,
    })
}

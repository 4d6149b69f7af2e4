//! Steim's compression: first differences packed in frames of sixteen 32-bit words.
//!
//! SEED Reference Manual 2.4, Appendix B. Word 0 of a frame holds sixteen codes of two bits, one
//! for each word. In the first frame word 1 is X0, the first sample, and word 2 is Xn, the last
//! one: the sum of all differences must lead to Xn, so a damaged record is known by it.

use super::fault::{Checked, FaultKind};
use crate::simd;

const FRAME: usize = 64;

/// Differences in one word at most: seven of four bits.
const MOST: usize = 7;

/// Paths that unpacking one word writes to, whatever it holds: as many as a register has.
const PLACES: usize = 8;

/// Unpacks `n_samples` and appends them; `version` is 1 or 2. After an error some of them may have
/// been appended.
pub(super) fn decode(
    data: &[u8],
    n_samples: usize,
    version: u8,
    big_endian: bool,
    samples: &mut Vec<i32>,
) -> Checked<()> {
    match (version, big_endian) {
        (1, true) => unpack::<1, true>(data, n_samples, samples),
        (1, false) => unpack::<1, false>(data, n_samples, samples),
        (_, true) => unpack::<2, true>(data, n_samples, samples),
        (_, false) => unpack::<2, false>(data, n_samples, samples),
    }
}

fn unpack<const VERSION: u8, const BIG: bool>(
    data: &[u8],
    n_samples: usize,
    samples: &mut Vec<i32>,
) -> Checked<()> {
    let wrong = |what: String| Err(FaultKind::Samples.flaw(what));
    let (frames, _) = data.as_chunks::<FRAME>();
    let Some(head) = frames.first() else {
        return wrong(format!(
            "{} bytes of samples, less than one Steim frame",
            data.len()
        ));
    };
    let (first, last) = (word::<BIG>(head, 1) as i32, word::<BIG>(head, 2) as i32);
    // Memory is asked for by what the bytes can hold, whatever the header claims.
    let room = frames.len() * 15 * MOST;
    if n_samples > room {
        return wrong(format!(
            "{n_samples} samples cannot be in {} frames",
            frames.len()
        ));
    }

    // Differences first, then their sums: a word does not wait for the one before it. Room for a
    // whole word past the end spares each difference the question whether it has a place.
    let before = samples.len();
    samples.resize(before + n_samples + PLACES, 0);
    let n = differences::<VERSION, BIG>(frames, n_samples, &mut samples[before..])?;
    if n < n_samples {
        return wrong(format!("{n} samples unpacked of {n_samples}"));
    }
    samples.truncate(before + n_samples);
    // The first difference leads here from the record before; X0 stands for it.
    let mut sample = first;
    if let Some((start, differences)) = samples[before..].split_first_mut() {
        *start = first;
        // By fours, so that only each fourth sum waits for the one before it.
        let (fours, rest) = differences.as_chunks_mut::<4>();
        for four in fours {
            let [a, b, c, d] = *four;
            let (ab, cd) = (a.wrapping_add(b), c.wrapping_add(d));
            *four = [a, ab, ab.wrapping_add(c), ab.wrapping_add(cd)];
            for sum in four.iter_mut() {
                *sum = sample.wrapping_add(*sum);
            }
            sample = four[3];
        }
        for difference in rest {
            sample = sample.wrapping_add(*difference);
            *difference = sample;
        }
    }
    if sample != last {
        return wrong(format!(
            "the last sample is {sample}, but Steim's end value Xn is {last}"
        ));
    }
    Ok(())
}

fn word<const BIG: bool>(frame: &[u8; FRAME], index: usize) -> u32 {
    let word = frame.as_chunks::<4>().0[index];
    if BIG {
        u32::from_be_bytes(word)
    } else {
        u32::from_le_bytes(word)
    }
}

/// Unpacks differences until there are `n_samples`, and returns how many there are; `places` has
/// `PLACES` more.
fn differences<const VERSION: u8, const BIG: bool>(
    frames: &[[u8; FRAME]],
    n_samples: usize,
    places: &mut [i32],
) -> Checked<usize> {
    simd::dispatch!(plain differences_as<const VERSION: u8, const BIG: bool>(
        frames: &[[u8; FRAME]], n_samples: usize, places: &mut [i32]
    ) -> Checked<usize>)
}

/// Inlined, so that [`simd::dispatch`] compiles it for the processor.
#[inline(always)]
fn differences_as<const VERSION: u8, const BIG: bool>(
    frames: &[[u8; FRAME]],
    n_samples: usize,
    places: &mut [i32],
) -> Checked<usize> {
    let words = if VERSION == 1 {
        &STEIM1_WORDS
    } else {
        &STEIM2_WORDS
    };
    let mut n = 0;
    for (number, frame) in frames.iter().enumerate() {
        let codes = word::<BIG>(frame, 0);
        for index in if number == 0 { 3..16 } else { 1..16 } {
            if n >= n_samples {
                return Ok(n);
            }
            let code = codes >> (30 - 2 * index) & 3;
            let packed = match (VERSION, code) {
                // Bytes and half words are arrays: they keep their place when words are swapped.
                (_, 1) => word::<true>(frame, index),
                (1, 2) if !BIG => word::<BIG>(frame, index).rotate_left(16),
                _ => word::<BIG>(frame, index),
            };
            let Some(layout) = &words[(code << 2 | packed >> 30) as usize] else {
                return Err(FaultKind::Samples.flaw(format!(
                    "word {index} of frame {number} has no Steim {VERSION} code"
                )));
            };
            // The same for every layout: nothing here is to be guessed.
            let places: &mut [i32] = &mut places[n..n + PLACES];
            for (place, up) in places.iter_mut().zip(&layout.up) {
                *place = (packed << up) as i32 >> layout.down;
            }
            n += layout.n;
        }
    }
    Ok(n)
}

/// Where the differences of a word lie: shifted up by `up` and down by `down`, each stands alone.
#[derive(Clone, Copy)]
struct Word {
    n: usize,
    up: [u32; PLACES],
    down: u32,
}

/// How a word is packed: `n` differences of `bits` bits, the first of them highest, at its low end.
struct Layout {
    n: usize,
    bits: u32,
    /// Code of the word, and the two highest bits of the word itself where these tell.
    code: u32,
    dnib: Option<u32>,
}

const fn layout(n: usize, bits: u32, code: u32, dnib: Option<u32>) -> Layout {
    Layout {
        n,
        bits,
        code,
        dnib,
    }
}

const STEIM1: [Layout; 3] = [
    layout(4, 8, 1, None),
    layout(2, 16, 2, None),
    layout(1, 32, 3, None),
];

/// Densest first.
const STEIM2: [Layout; 7] = [
    layout(7, 4, 3, Some(2)),
    layout(6, 5, 3, Some(1)),
    layout(5, 6, 3, Some(0)),
    layout(4, 8, 1, None),
    layout(3, 10, 2, Some(3)),
    layout(2, 15, 2, Some(2)),
    layout(1, 30, 2, Some(1)),
];

static STEIM1_WORDS: [Option<Word>; 16] = words(&STEIM1);
static STEIM2_WORDS: [Option<Word>; 16] = words(&STEIM2);

/// By the code of a word and its two highest bits; `None` where nothing is packed so.
const fn words(layouts: &[Layout]) -> [Option<Word>; 16] {
    let nothing = Word {
        n: 0,
        up: [0; PLACES],
        down: 0,
    };
    let mut words = [None; 16];
    let mut dnib = 0;
    while dnib < 4 {
        // Code 0: frames hold other words than differences, too.
        words[dnib] = Some(nothing);
        let mut i = 0;
        while i < layouts.len() {
            let Layout { n, bits, code, .. } = layouts[i];
            let is_told = match layouts[i].dnib {
                Some(only) => only == dnib as u32,
                None => true,
            };
            if is_told {
                let mut word = Word {
                    n,
                    down: 32 - bits,
                    ..nothing
                };
                let mut k = 0;
                while k < n {
                    word.up[k] = 32 - bits * (n - k) as u32;
                    k += 1;
                }
                words[(code << 2) as usize | dnib] = Some(word);
            }
            i += 1;
        }
        dnib += 1;
    }
    words
}

/// Packs as many of `samples` by Steim 2, big-endian, as `frames` (a multiple of 64 bytes) takes,
/// and returns how many these were. `None` where a difference needs more than 30 bits.
pub(super) fn encode(samples: &[i32], frames: &mut [u8]) -> Option<usize> {
    // The difference before the first sample is stored as zero.
    let difference = |i: usize| match i {
        0 => 0,
        i => i64::from(samples[i]) - i64::from(samples[i - 1]),
    };
    let mut n = 0;
    for (number, frame) in frames.chunks_exact_mut(FRAME).enumerate() {
        let mut codes = 0_u32;
        for index in if number == 0 { 3..16 } else { 1..16 } {
            let left = samples.len() - n;
            if left == 0 {
                break;
            }
            let layout = STEIM2.iter().find(|layout| {
                let limit = 1_i64 << (layout.bits - 1);
                layout.n <= left
                    && (n..n + layout.n).all(|i| (-limit..limit).contains(&difference(i)))
            })?;
            let packed = (n..n + layout.n).fold(0_u32, |word, i| {
                let mask = (1_u64 << layout.bits) as u32 - 1;
                word << layout.bits | difference(i) as u32 & mask
            });
            let packed = packed | layout.dnib.unwrap_or(packed >> 30) << 30;
            frame[4 * index..4 * index + 4].copy_from_slice(&packed.to_be_bytes());
            codes |= layout.code << (30 - 2 * index);
            n += layout.n;
        }
        frame[..4].copy_from_slice(&codes.to_be_bytes());
    }
    frames[4..8].copy_from_slice(&samples[0].to_be_bytes());
    frames[8..12].copy_from_slice(&samples[n - 1].to_be_bytes());
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(data: &[u8], n: usize) -> Checked<Vec<i32>> {
        let mut samples = Vec::new();
        decode(data, n, 2, true, &mut samples).map(|()| samples)
    }

    /// Random differences of every width: what is packed comes back, by our reader and by another.
    #[test]
    fn packed_differences_come_back() {
        let mut state = 1_u64;
        let mut sample = 0_i32;
        let samples: Vec<i32> = (0..2000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let width = 2 + (state >> 40) % 27;
                sample = sample.wrapping_add((state >> 20) as i32 >> (32 - width as u32));
                sample %= 1 << 29;
                sample
            })
            .collect();
        let mut frames = vec![0; 200 * FRAME];
        assert_eq!(encode(&samples, &mut frames), Some(2000));
        assert_eq!(decoded(&frames, 2000).unwrap(), samples);
        let other = miniseed_rs::steim::decode_steim2(&frames, 2000, miniseed_rs::ByteOrder::Big);
        assert_eq!(other.unwrap(), samples);

        frames[500] ^= 4;
        let flaw = decoded(&frames, 2000).unwrap_err();
        assert!(flaw.what.contains("Xn"), "{flaw:?}");
    }

    #[test]
    fn a_difference_beyond_thirty_bits_is_left_to_plain_integers() {
        assert_eq!(encode(&[0, i32::MAX], &mut [0; FRAME]), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for (data, n, word) in [
            (&[0; 10][..], 1, "less than one Steim frame"),
            (&[0; FRAME], 1, "0 samples"),
            (&[0xff; FRAME], 100, "code"),
            (&[0; FRAME], usize::MAX, "cannot be in 1 frames"),
        ] {
            let flaw = decoded(data, n).unwrap_err();
            assert!(flaw.what.contains(word), "{flaw:?}");
        }
    }
}

//! Steim's compression: first differences packed in frames of sixteen 32-bit words.
//!
//! SEED Reference Manual 2.4, Appendix B. Word 0 of a frame holds sixteen codes of two bits, one
//! for each word. In the first frame word 1 is X0, the first sample, and word 2 is Xn, the last
//! one: the sum of all differences must lead to Xn, so a damaged record is known by it.

use super::header::Checked;

const FRAME: usize = 64;

/// A packed word: `n` differences of `bits` bits, the first of them highest, at the word's low end.
struct Layout {
    n: usize,
    bits: u32,
    /// Code of the word, and for Steim 2 the two highest bits of the word itself.
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

/// Steim 1.
const STEIM1: [Layout; 3] = [
    layout(4, 8, 1, None),
    layout(2, 16, 2, None),
    layout(1, 32, 3, None),
];

/// Steim 2, densest first.
const STEIM2: [Layout; 7] = [
    layout(7, 4, 3, Some(2)),
    layout(6, 5, 3, Some(1)),
    layout(5, 6, 3, Some(0)),
    layout(4, 8, 1, None),
    layout(3, 10, 2, Some(3)),
    layout(2, 15, 2, Some(2)),
    layout(1, 30, 2, Some(1)),
];

/// Unpacks `n_samples`; `version` is 1 or 2.
pub(super) fn decode(
    data: &[u8],
    n_samples: usize,
    version: u8,
    big_endian: bool,
) -> Checked<Vec<i32>> {
    let layouts: &[Layout] = if version == 1 { &STEIM1 } else { &STEIM2 };
    let word = |at: usize| {
        let bytes = [data[at], data[at + 1], data[at + 2], data[at + 3]];
        if big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    };
    if data.len() < FRAME {
        return Err(format!(
            "{} bytes of samples, less than one Steim frame",
            data.len()
        ));
    }
    let (first, last) = (word(4) as i32, word(8) as i32);
    // One byte holds two differences at most (seven in four bytes), whatever the header claims.
    let mut samples = Vec::with_capacity(n_samples.min(data.len() * 2));
    let mut sample = first;
    'frames: for frame in (0..=data.len() - FRAME).step_by(FRAME) {
        let codes = word(frame);
        for index in if frame == 0 { 3..16 } else { 1..16 } {
            let packed = word(frame + 4 * index);
            let code = codes >> (30 - 2 * index) & 3;
            if code == 0 {
                continue;
            }
            let Some(layout) = layouts
                .iter()
                .find(|l| l.code == code && l.dnib.is_none_or(|dnib| dnib == packed >> 30))
            else {
                return Err(format!(
                    "word {index} of frame {} has no Steim {version} code",
                    frame / FRAME
                ));
            };
            // Bytes and half words are arrays: they keep their place when words are swapped.
            let reversed = layout.dnib.is_none() && !big_endian;
            for i in 0..layout.n {
                if samples.len() == n_samples {
                    break 'frames;
                }
                let place = if reversed { layout.n - 1 - i } else { i };
                let above = 32 - layout.bits * (layout.n - place) as u32;
                let difference = (packed << above) as i32 >> (32 - layout.bits);
                // The first difference leads here from the record before; X0 stands for it.
                if !samples.is_empty() {
                    sample = sample.wrapping_add(difference);
                }
                samples.push(sample);
            }
        }
    }
    match samples.last() {
        _ if samples.len() != n_samples => {
            Err(format!("{} samples unpacked of {n_samples}", samples.len()))
        }
        Some(&end) if end != last => Err(format!(
            "the last sample is {end}, but Steim's end value Xn is {last}"
        )),
        _ => Ok(samples),
    }
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
        assert_eq!(decode(&frames, 2000, 2, true).unwrap(), samples);
        let other = miniseed_rs::steim::decode_steim2(&frames, 2000, miniseed_rs::ByteOrder::Big);
        assert_eq!(other.unwrap(), samples);

        frames[500] ^= 4;
        assert!(decode(&frames, 2000, 2, true).unwrap_err().contains("Xn"));
    }

    #[test]
    fn a_difference_beyond_thirty_bits_is_left_to_plain_integers() {
        assert_eq!(encode(&[0, i32::MAX], &mut [0; FRAME]), None);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(decode(&[0; 10], 1, 2, true).is_err());
        assert!(
            decode(&[0; FRAME], 1, 2, true)
                .unwrap_err()
                .contains("0 samples")
        );
        assert!(
            decode(&[0xff; FRAME], 100, 2, true)
                .unwrap_err()
                .contains("code")
        );
    }
}

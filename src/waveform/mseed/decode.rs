//! The samples of one record.

use super::encoding::{self, Encoding};
use super::fault::{Checked, FaultKind};
use super::header::Header;
use super::steim;
use crate::waveform::Samples;

/// An empty vector of the type that the encoding gives.
pub(super) fn no_samples(encoding: Encoding) -> Samples {
    match encoding {
        encoding::FLOAT32 | encoding::GEOSCOPE_3 | encoding::GEOSCOPE_4 => {
            Samples::Float32(Vec::new())
        }
        encoding::FLOAT64 => Samples::Float64(Vec::new()),
        _ => Samples::Int32(Vec::new()),
    }
}

/// Appends the samples of a whole record to `samples`, which are of the type that [`no_samples`]
/// gives. After an error some of them may have been appended.
pub(super) fn append(record: &[u8], header: &Header, samples: &mut Samples) -> Checked<()> {
    let data = &record[header.data.clone()];
    let (n, big) = (header.n_samples, header.big_endian);
    match (samples, header.encoding) {
        (Samples::Int32(to), encoding::INT16 | encoding::DWWSSN) => {
            numbers(to, data, n, big, |b| i32::from(i16::from_be_bytes(b)))
        }
        (Samples::Int32(to), encoding::INT32) => numbers(to, data, n, big, i32::from_be_bytes),
        (Samples::Float32(to), encoding::FLOAT32) => numbers(to, data, n, big, f32::from_be_bytes),
        (Samples::Float64(to), encoding::FLOAT64) => numbers(to, data, n, big, f64::from_be_bytes),
        (Samples::Int32(to), encoding::STEIM1) => steim::decode(data, n, 1, big, to),
        (Samples::Int32(to), encoding::STEIM2) => steim::decode(data, n, 2, big, to),
        (Samples::Float32(to), encoding::GEOSCOPE_3) => {
            numbers(to, data, n, big, |b| geoscope(u16::from_be_bytes(b), 0x7))
        }
        (Samples::Float32(to), encoding::GEOSCOPE_4) => {
            numbers(to, data, n, big, |b| geoscope(u16::from_be_bytes(b), 0xf))
        }
        (Samples::Int32(to), encoding::CDSN) => {
            numbers(to, data, n, big, |b| cdsn(u16::from_be_bytes(b)))
        }
        (Samples::Int32(to), encoding::SRO) => {
            // Gains 11 to 15 have no meaning.
            let high = if big { 0 } else { 1 };
            let words = data.as_chunks::<2>().0.iter().take(n);
            if let Some(word) = words.into_iter().find(|word| word[high] >> 4 > 10) {
                let gain = word[high] >> 4;
                return Err(FaultKind::Samples.flaw(format!("SRO's gain {gain} is beyond 10")));
            }
            numbers(to, data, n, big, |b| sro(u16::from_be_bytes(b)))
        }
        (_, other) => Err(FaultKind::Encoding.flaw(format!(
            "encoding {other} ({}) is not known here",
            encoding::name(other)
        ))),
    }
}

/// Exactly `n` numbers of `N` bytes.
fn numbers<const N: usize, T>(
    to: &mut Vec<T>,
    data: &[u8],
    n: usize,
    big_endian: bool,
    from_be_bytes: impl Fn([u8; N]) -> T,
) -> Checked<()> {
    let (words, _) = data.as_chunks::<N>();
    let words = words.get(..n).ok_or_else(|| {
        FaultKind::Samples.flaw(format!("{} samples in the record of {n}", words.len()))
    })?;
    if big_endian {
        to.extend(words.iter().map(|&word| from_be_bytes(word)));
    } else {
        to.extend(words.iter().map(|&(mut word)| {
            word.reverse();
            from_be_bytes(word)
        }));
    }
    Ok(())
}

/// Mantissa of 12 bits around 2048, divided by 2 to the gain (SEED manual, Appendix D:
/// "GEOSCOPE multiplexed format, 16 bit gain ranged").
fn geoscope(word: u16, gain_mask: u16) -> f32 {
    let (mantissa, gain) = (word & 0x0fff, word >> 12 & gain_mask);
    (f32::from(mantissa) - 2048.0) / f32::from(1_u16 << gain)
}

/// Mantissa of 14 bits around 8191, times 1, 4, 16 or 128 (SEED manual, Appendix D: "CDSN 16 bit
/// gain ranged").
fn cdsn(word: u16) -> i32 {
    let (mantissa, key) = (word & 0x3fff, word >> 14);
    (i32::from(mantissa) - 8191) << [0, 2, 4, 7][usize::from(key)]
}

/// Mantissa of 12 bits with sign, times 2 to the power of 10 less the gain (SEED manual,
/// Appendix D: "SRO format").
fn sro(word: u16) -> i32 {
    let mantissa = i32::from((word << 4) as i16 >> 4);
    let gain = word >> 12;
    mantissa << 10_u16.saturating_sub(gain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, from the layouts above.
    #[test]
    fn gain_ranged_words() {
        assert_eq!(geoscope(0x0800, 0xf), 0.0);
        assert_eq!(geoscope(0x1801, 0xf), 0.5);
        assert_eq!(geoscope(0xf000, 0xf), -0.0625);
        assert_eq!(geoscope(0xf000, 0x7), -16.0);
        assert_eq!(cdsn(0x1fff), 0);
        assert_eq!(cdsn(0x4000 | 0x2000), 4);
        assert_eq!(cdsn(0xc000), -8191 * 128);
        assert_eq!(sro(0xa001), 1);
        assert_eq!(sro(0x0001), 1024);
        assert_eq!(sro(0xafff), -1);
    }
}

//! CRC-32C (Castagnoli): the check of a record of version 3, and of an index on disk.

use super::fault::{Checked, FaultKind};

/// Compares the CRC-32C (Castagnoli) of the record, its own field (bytes 28 to 31) taken as zero,
/// with the one that it carries.
pub(super) fn verify(record: &[u8]) -> Checked<()> {
    let [stored @ .., _] = [28, 29, 30, 31, 0].map(|i| record[i]);
    let stored = u32::from_le_bytes(stored);
    let computed = of_record(record);
    if stored == computed {
        Ok(())
    } else {
        Err(FaultKind::Checksum.flaw(format!(
            "its CRC-32C is {stored:08x}, its bytes give {computed:08x}"
        )))
    }
}

/// The CRC-32C of a record with its own field as zero.
pub(super) fn of_record(record: &[u8]) -> u32 {
    let crc = update(!0, &record[..28]);
    let crc = update(crc, &[0; 4]);
    !update(crc, &record[32..])
}

/// The CRC-32C of some bytes.
pub(super) fn of(bytes: &[u8]) -> u32 {
    !update(!0, bytes)
}

fn update(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, byte| {
        TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8
    })
}

/// One byte's step of the reflected polynomial 0x1EDC6F41 (RFC 3720, appendix B.4).
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0x82F6_3B78
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, appendix B.4.
    #[test]
    fn known_answers() {
        assert_eq!(of(&[0; 32]), 0x8a91_36aa);
        assert_eq!(of(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(of(b"123456789"), 0xe306_9283);
    }
}

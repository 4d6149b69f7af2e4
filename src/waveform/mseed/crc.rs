//! CRC-32C (Castagnoli): the check of a record of version 3.

use crc32c::{crc32c, crc32c_append};

use super::fault::{Checked, FaultKind};

/// Compares the CRC-32C (Castagnoli) of the record, its own field (bytes 28 to 31) taken as zero,
/// with the one that it carries.
pub(super) fn verify(record: &[u8]) -> Checked<()> {
    let stored = [28, 29, 30, 31].map(|i| record[i]);
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
    let crc = crc32c(&record[..28]);
    crc32c_append(crc32c_append(crc, &[0; 4]), &record[32..])
}

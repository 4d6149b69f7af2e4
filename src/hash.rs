//! SHA-256, as lower-case hexadecimal digits.

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    let mut hash = Hash::default();
    hash.update(bytes);
    hash.digits()
}

/// The SHA-256 of bytes that come one after another.
#[derive(Default)]
pub(crate) struct Hash(Sha256);

impl Hash {
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes);
    }

    pub fn digits(self) -> String {
        let digest = self.0.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    #[test]
    fn known_answer() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc"), expected);
        let mut hash = Hash::default();
        hash.update("a");
        hash.update("bc");
        assert_eq!(hash.digits(), expected);
    }
}

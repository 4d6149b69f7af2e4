//! What a result was made with: versions of the library, the compiler and the main crates.
//!
//! ```
//! let versions = quakebook::provenance::versions();
//! assert_eq!(versions[0].0, "quakebook");
//! assert!(versions.iter().all(|(_, version)| version != "unknown"));
//! ```

/// The crates on which numbers and figures depend most.
const CRATES: [&str; 9] = [
    "tch",
    "linfa-clustering",
    "ndarray",
    "polars",
    "rustfft",
    "rand_chacha",
    "plotters",
    "reqwest",
    "axum",
];

/// Name and version: the library, Rust, libtorch, then the main crates as `Cargo.lock` has them.
pub fn versions() -> Vec<(String, String)> {
    let lock = include_str!("../Cargo.lock");
    let own = [
        ("quakebook", env!("CARGO_PKG_VERSION")),
        ("Rust", env!("QUAKEBOOK_RUSTC")),
        ("libtorch", env!("QUAKEBOOK_LIBTORCH")),
    ];
    let crates = CRATES.map(|name| (name, locked(lock, name).unwrap_or("unknown")));
    let all = own.into_iter().chain(crates);
    all.map(|(name, version)| (name.into(), version.into()))
        .collect()
}

/// The version of a crate in the text of a `Cargo.lock`, the first where there are several.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let (_, after) = lock.split_once(&entry)?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_lock() {
        let lock = "[[package]]\nname = \"tch-more\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"tch\"\nversion = \"0.26.0\"\n";
        assert_eq!(locked(lock, "tch"), Some("0.26.0"));
        assert_eq!(locked(lock, "linfa"), None);
    }
}

//! What a result was made with: versions of the library, the compiler and the main crates, and what
//! computed each network.
//!
//! ```
//! let versions = quakebook::provenance::versions();
//! assert_eq!(versions[0].0, "quakebook");
//! assert!(versions.iter().all(|(_, version)| version != "unknown"));
//! ```

use crate::network::{Network, weights_sha256};

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

/// What computed a network, and the SHA-256 of its weights, as rows of a table; `name` is such as "the perceptron".
pub fn of_network(name: &str, network: &dyn Network) -> [[String; 2]; 2] {
    [
        [format!("backend of {name}"), network.backend().to_string()],
        [
            format!("SHA-256 of {name}'s weights"),
            weights_sha256(network),
        ],
    ]
}

/// The version of a dependency of ours in the text of a `Cargo.lock`. Where the lock has several
/// versions of a crate, our list of dependencies says which is ours.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let package = |name: &str| {
        let entry = format!("[[package]]\nname = \"{name}\"\nversion = \"");
        lock.split_once(&entry).map(|(_, after)| after)
    };
    let ours = package("quakebook")?.split("\n\n").next()?;
    let listed = ours.split_once(&format!("\"{name} "));
    let version = listed.map(|(_, after)| after).or_else(|| package(name));
    version?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_versions_ours_is_taken() {
        let lock = r#"
[[package]]
name = "quakebook"
version = "0.1.0"
dependencies = [
 "rand_chacha 0.10.0",
 "tch",
]

[[package]]
name = "rand_chacha"
version = "0.3.1"

[[package]]
name = "rand_chacha"
version = "0.10.0"

[[package]]
name = "tch"
version = "0.26.0"
"#;
        assert_eq!(locked(lock, "rand_chacha"), Some("0.10.0"));
        assert_eq!(locked(lock, "tch"), Some("0.26.0"));
        assert_eq!(locked(lock, "linfa"), None);
    }
}

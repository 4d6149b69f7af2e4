//! Tells the linker where libtorch lies, so that tests, programs and the notebooks' kernel find it
//! at run time without `LD_LIBRARY_PATH`.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    // Clones share one target folder. If another clone's build is newer than this clone's files, cargo takes
    // it for this clone's: the clone's path makes it look again.
    println!("cargo::rerun-if-env-changed=QUAKEBOOK_ROOT");

    name_recipe();
    find_real_data();

    let Some(libtorch) = std::env::var_os("LIBTORCH") else {
        println!(
            "cargo::error=libtorch is missing: run `cargo xtask setup`, or set LIBTORCH to the folder of libtorch 2.13"
        );
        return;
    };
    let lib = Path::new(&libtorch).join("lib");
    let library = format!("{DLL_PREFIX}torch_cpu{DLL_SUFFIX}");
    if !lib.join(&library).is_file() {
        println!(
            "cargo::error=LIBTORCH names {}, which has no file lib/{library}: run `cargo xtask setup`",
            Path::new(&libtorch).display()
        );
        return;
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    name_versions(Path::new(&libtorch));
    if lib.join("libtorch_cuda.so").is_file() {
        // Nothing refers to it by name: it registers itself when it is loaded. The linker must not leave
        // it out as unneeded.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
}

/// Sets `cfg(real_data)`: without it tests of real records are ignored, and say why.
///
/// The records lie in `../shared/data`, or in the folder that `QUAKEBOOK_REAL_DATA` names. A folder that
/// holds only some of them does not count: a reader's own data are no test data.
fn find_real_data() {
    println!("cargo::rustc-check-cfg=cfg(real_data)");
    println!("cargo::rerun-if-env-changed=QUAKEBOOK_REAL_DATA");
    let named = std::env::var_os("QUAKEBOOK_REAL_DATA").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from("../shared/data"));
    let parts = ["comcat", "fdsn", "iquique", "mseed", "ncedc"];
    if parts.iter().all(|part| folder.join(part).is_dir()) {
        println!("cargo::rustc-cfg=real_data");
        // If this path were absent, cargo would run the script before each build.
        let watched = folder.join("comcat");
        println!("cargo::rerun-if-changed={}", watched.display());
    }
}

/// Sets the versions that `quakebook::provenance` tells.
fn name_versions(libtorch: &Path) {
    let version = std::fs::read_to_string(libtorch.join("build-version"));
    let version = version.as_deref().unwrap_or("unknown").trim();
    println!("cargo::rustc-env=QUAKEBOOK_LIBTORCH={version}");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(compiler).arg("--version").output();
    let answer = answer.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let rust = answer.unwrap_or_default();
    // `rustc 1.95.0 (hash date)`
    let rust = rust.split_whitespace().nth(1).unwrap_or("unknown");
    println!("cargo::rustc-env=QUAKEBOOK_RUSTC={rust}");
}

/// What has no part in any number that is computed: figures, texts, the program.
const NO_RECIPE: [&str; 5] = ["plot", "display", "bin", "prelude.rs", "provenance.rs"];

/// A digest of the source that products are computed by: see `quakebook::store::RECIPE`. Made of what
/// every build has at hand, so that nobody need remember to count it up.
fn name_recipe() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = vec![std::path::PathBuf::from("Cargo.lock")];
    let mut folders = vec![std::path::PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let is_out = folder == Path::new("src")
                && NO_RECIPE
                    .iter()
                    .any(|name| path.file_name().is_some_and(|n| n == *name));
            match path.is_dir() {
                _ if is_out => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    // FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/. It tells versions apart; it guards
    // against nobody.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for path in files {
        let text = std::fs::read(&path).unwrap_or_default();
        for byte in path.to_string_lossy().bytes().chain(text) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=QUAKEBOOK_RECIPE={:08x}", hash >> 32);
}

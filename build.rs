//! Tells the linker where libtorch lies, so that tests, programs and the notebooks' kernel find it
//! at run time without `LD_LIBRARY_PATH`.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    // Clones share one target folder. If another clone's build is newer than this clone's files, cargo takes
    // it for this clone's: the clone's path makes it look again.
    println!("cargo::rerun-if-env-changed=QUAKEBOOK_ROOT");

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

//! The Rust kernel for Jupyter, built once.

use std::path::PathBuf;

use crate::Result;
use crate::command::{command, run};
use crate::evcxr_source;
use crate::paths::Paths;
use crate::step::Step;

pub const VERSION: &str = "0.22.0";

/// The kernel's program.
pub fn program(paths: &Paths) -> PathBuf {
    let name = format!("evcxr_jupyter{}", std::env::consts::EXE_SUFFIX);
    folder(paths).join("bin").join(name)
}

fn folder(paths: &Paths) -> PathBuf {
    paths.cache.join(format!("evcxr-{VERSION}-patched"))
}

/// The crates of rust-analyzer that read code and infer types: the first cells spend their time there.
const BUSY: [&str; 15] = [
    "hashbrown",
    "indexmap",
    "libmimalloc-sys",
    "ra_ap_hir_def",
    "ra_ap_hir_expand",
    "ra_ap_intern",
    "ra_ap_mbe",
    "ra_ap_parser",
    "ra_ap_rustc_lexer",
    "ra_ap_span",
    "ra_ap_syntax",
    "ra_ap_syntax-bridge",
    "ra_ap_tt",
    "rowan",
    "salsa",
];

/// Builds the kernel from its patched source. It embeds rust-analyzer, which takes long to compile: little
/// optimisation halves that time. Full optimisation of the busy crates makes the kernel start in four fifths
/// of the time.
pub fn build(paths: &Paths) -> Result {
    let folder = folder(paths);
    let build = folder.join("build");
    Step {
        about: "the Rust kernel evcxr_jupyter",
        cost: "download 60 MB, 6 to 11 minutes",
        stamp: folder.join("quakebook.stamp"),
        inputs: evcxr_source::PATCH.into(),
    }
    .run(|| {
        let fast = BUSY.map(|name| format!("profile.release.package.{name}.opt-level=3"));
        let copies = evcxr_source::folder_for_copies(&build)?;
        let mut install = command("cargo");
        install
            // A kernel of another patch has the same version: it is built anew.
            .args(["install", "evcxr_jupyter", "--version", VERSION, "--locked", "--force"])
            .arg("--root")
            .arg(&folder)
            .args(["--config", "profile.release.opt-level=1"])
            .args(["--config", "profile.release.debug=false"])
            .args(["--config", "profile.release.lto=false"])
            .args(["--config", "profile.release.codegen-units=16"])
            .args(fast.iter().flat_map(|option| ["--config", option]))
            .env("CARGO_TARGET_DIR", build.join("target"))
            .env_remove("RUSTFLAGS");
        evcxr_source::patch(&mut install, &copies)?;
        run(
            &mut install,
            "evcxr_jupyter could not be built: its message stands above; `cargo xtask setup` goes on where it stopped",
        )?;
        evcxr_source::was_patched(&copies)?;
        // 0.7 GB that are not needed again.
        let _ = std::fs::remove_dir_all(&build);
        Ok(())
    })
}

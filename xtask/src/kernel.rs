//! The library as the notebooks' kernel sees it.
//!
//! Cells must share ONE copy of the library and its statics, so they get it as a Rust dylib. With an ordinary
//! library each cell would carry its own copy (a counter starts anew, polars loses its columns), and
//! rust-analyzer would read all dependencies before the first cell (20 seconds instead of 1). Cargo therefore
//! names to the cells only a thin package without dependencies. It hands the dylib to rustc, and shows the
//! library's source to rust-analyzer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{ask_rustc, cargo, io, renew, run, write};
use crate::evcxr;
use crate::paths::Paths;
use crate::profile::Profile;
use crate::standard;

/// The kernel's name for Jupyter.
pub const NAME: &str = "quakebook";

/// Builds the library as a dylib, and writes what the kernel is started with.
pub fn build(paths: &Paths, libtorch: &Path, profile: Profile) -> Result {
    let library = build_dylib(paths, profile)?;
    write_thin_package(paths)?;
    write_init(paths, libtorch, &library)?;
    let standard = standard::prepare(paths)?;
    write_kernelspec(paths, &standard)?;
    println!("[done] the library, and the kernel of this clone");
    Ok(())
}

/// Builds the library for the cells, and copies it into this clone.
fn build_dylib(paths: &Paths, profile: Profile) -> Result<PathBuf> {
    let name = format!(
        "{}quakebook{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let built = paths.target().join("debug").join(&name);
    let kept = paths.kernel().join("lib").join(&name);
    let mut build = cargo(&paths.root, "rustc");
    profile.set(&mut build)?;
    if built.exists() {
        println!("[....] the library, where it changed (seconds to two minutes)");
        build.arg("--quiet");
    } else {
        println!("[....] the library and all that it needs (download 130 MB, 10 minutes)");
    }
    let lock = paths.cache.join("build.lock");
    let lock = fs::File::create(&lock).map_err(io(&lock))?;
    // Held until the copy is made: all clones' dylibs have one name in the shared target folder.
    lock.lock()
        .map_err(|error| format!("the cache could not be locked: {error}"))?;
    let exports = paths.root.join("xtask/kernel/torch.map");
    run(
        build
            .args(["--package", "quakebook", "--lib"])
            .args(["--crate-type", "dylib", "--"])
            .args(["-Cprefer-dynamic", "-Crpath"])
            .arg(format!(
                "-Clink-arg=-Wl,--version-script={}",
                exports.display()
            )),
        "the library could not be built: the compiler's message stands above",
    )?;
    // A quick library is younger than the thorough one that replaces it: any other time is a change.
    renew(&built, &kept)?;
    Ok(kept)
}

fn write_thin_package(paths: &Paths) -> Result {
    let folder = paths.kernel().join("quakebook");
    let source = paths.root.join("src/lib.rs");
    // Crates whose types cells hold in variables: rust-analyzer cannot infer a type that it does not
    // find, and takes long to read such crates whole.
    let stubs: String = ["chrono", "polars", "tch"]
        .map(|name| {
            let path = paths.root.join("xtask/kernel/stubs").join(name);
            format!("{name} = {{ path = {path:?} }}\n")
        })
        .concat();
    // The example is never built: it makes rust-analyzer read that folder.
    let manifest = format!(
        "[package]\nname = \"quakebook\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\n{stubs}\n[[example]]\nname = \"source\"\npath = {source:?}\n\n[workspace]\n\n\
         [lints.rust]\nunexpected_cfgs = {{ level = \"allow\", check-cfg = [\"cfg(rust_analyzer)\"] }}\n"
    );
    let lib = format!(
        "#[cfg(rust_analyzer)]\n#[path = {source:?}]\nmod real;\n#[cfg(rust_analyzer)]\npub use real::*;\n\
         #[cfg(not(rust_analyzer))]\npub use quakebook_so::*;\n"
    );
    write(&folder.join("Cargo.toml"), &manifest)?;
    write(&folder.join("lib.rs"), &lib)
}

fn write_init(paths: &Paths, libtorch: &Path, library: &Path) -> Result {
    let rust = ask_rustc("target-libdir")?;
    let here = library
        .parent()
        .expect("the library lies in a folder")
        .display();
    let flags = [
        "-Cprefer-dynamic".to_string(),
        format!("--extern=quakebook_so={}", library.display()),
        // A cell finds the library a second time, as what the thin package needs. Another clone's may lie in the
        // shared target folder by now.
        format!("-Ldependency={here}"),
        format!(
            "-Ldependency={}",
            paths.target().join("debug/deps").display()
        ),
        format!("-Clink-arg=-Wl,-rpath,{here}"),
        format!("-Clink-arg=-Wl,-rpath,{rust}"),
        format!("-Lnative={}", libtorch.join("lib").display()),
    ];
    let package = paths.kernel().join("quakebook");
    let init = format!(
        ":build_env RUSTFLAGS={}\n:opt 0\n:efmt {{}}\n:dep quakebook = {{ path = {package:?} }}\n",
        flags.join(" ")
    );
    write(&paths.kernel().join("init.evcxr"), &init)?;
    write(&paths.kernel().join("prelude.rs"), PRELUDE)
}

/// The kernel runs this as it starts. The first variable whose type must be inferred makes it read the
/// standard library and ours. That takes five seconds: better now than in the reader's first cell.
const PRELUDE: &str = "let _ready = quakebook::study::Study::oklahoma().name.len();\n";

/// Writes the kernelspec into this clone: another clone has another library, so the shared virtual
/// environment is no place for it. Cells get large pages of memory, like what cargo runs (.cargo/config.toml).
fn write_kernelspec(paths: &Paths, standard: &Path) -> Result {
    let spec = format!(
        "{{\n  \"argv\": [{:?}, \"--control_file\", \"{{connection_file}}\"],\n  \
         \"display_name\": \"Rust (quakebook)\",\n  \"language\": \"rust\",\n  \
         \"interrupt_mode\": \"message\",\n  \"env\": {{ \"EVCXR_CONFIG_DIR\": {:?}, \"GLIBC_TUNABLES\": \"glibc.malloc.hugetlb=1\", \
         \"QUAKEBOOK_DASK_PYTHON\": {:?}, \"QUAKEBOOK_UNTERHACHING\": {:?}, \"RUST_SRC_PATH\": {standard:?} }}\n}}\n",
        evcxr::program(paths),
        paths.kernel(),
        paths.python(),
        paths.unterhaching()
    );
    write(&kernelspec(paths), &spec)
}

/// Whether this clone has a kernel, of today's library or of an older one.
pub fn is_built(paths: &Paths) -> bool {
    kernelspec(paths).exists()
}

fn kernelspec(paths: &Paths) -> PathBuf {
    jupyter_path(paths)
        .join("kernels")
        .join(NAME)
        .join("kernel.json")
}

/// For JUPYTER_PATH, where Jupyter finds this clone's kernel.
pub fn jupyter_path(paths: &Paths) -> PathBuf {
    paths.kernel().join("share/jupyter")
}

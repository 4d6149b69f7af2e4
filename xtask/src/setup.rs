//! From a bare machine to a kernel that runs.

use std::path::Path;

use crate::Result;
use crate::command::write;
use crate::paths::Paths;
use crate::profile::Profile;
use crate::{checks, environment, evcxr, kernel, libtorch, ours, records};

/// By this line `cargo xtask clean` knows the file that set-up wrote.
pub const CARGO_CONFIG_FIRST_LINE: &str = "# Written by `cargo xtask setup`.";

/// Brings everything up to date, from the machine's own programs to the kernel.
pub fn setup(paths: &Paths, profile: Profile) -> Result {
    let python = checks::check(paths)?;
    for folder in [&paths.cache, &paths.kernel(), &paths.derived()] {
        ours::make(folder)?;
    }
    environment::make_venv(paths, &python)?;
    records::provide(paths);
    let libtorch = libtorch::provide(paths)?;
    write_cargo_config(paths, &libtorch)?;
    evcxr::build(paths)?;
    kernel::build(paths, &libtorch, profile)
}

/// Brings the Python packages alone up to date.
pub fn provide_python(paths: &Paths) -> Result {
    let python = checks::check(paths)?;
    ours::make(&paths.cache)?;
    environment::make_venv(paths, &python)
}

/// What cargo is told in this clone, so that a plain `cargo test` works like `cargo xtask test`.
fn write_cargo_config(paths: &Paths, libtorch: &Path) -> Result {
    let lib = libtorch.join("lib");
    let config = format!(
        "{CARGO_CONFIG_FIRST_LINE}\n[build]\ntarget-dir = {:?}\n# Documentation tests are linked without build.rs.\n\
         rustdocflags = [\"-Clink-arg=-Wl,-rpath,{}\"]\n\n[env]\nLIBTORCH = {libtorch:?}\n\
         # See build.rs.\nQUAKEBOOK_ROOT = {:?}\nQUAKEBOOK_UNTERHACHING = {:?}\n",
        paths.cache.join("target"),
        lib.display(),
        paths.root,
        paths.unterhaching()
    );
    write(&paths.cargo_config(), &config)
}

pub fn say_how_to_use(paths: &Paths) {
    println!(
        "\nReady. `cargo xtask lab` opens the notebooks, `cargo xtask report` runs them and makes book, paper and site.\n\
         With an evcxr_jupyter of your own, any Jupyter runs them:\n  EVCXR_CONFIG_DIR={}",
        paths.kernel().display()
    );
}

//! From a bare machine to a kernel that runs.

use std::path::Path;

use crate::Result;
use crate::command::write;
use crate::environment::{self, Environment};
use crate::paths::Paths;
use crate::quick::Profile;
use crate::{checks, evcxr, kernel, libtorch};

/// Brings everything up to date, from the machine's own programs to the kernel.
pub fn setup(places: &Paths, pace: Profile) -> Result {
    let python = checks::check(places)?;
    let environment = Environment::read(&places.root)?;
    environment::make_venv(places, &environment, &python)?;
    let libtorch = libtorch::provide(places, &environment)?;
    write_cargo_config(places, &libtorch)?;
    evcxr::build(places)?;
    kernel::build(places, &libtorch, pace)
}

/// What cargo is told in this clone, so that a plain `cargo test` works like `cargo xtask test`.
fn write_cargo_config(places: &Paths, libtorch: &Path) -> Result {
    let lib = libtorch.join("lib");
    let config = format!(
        "# Written by `cargo xtask setup`.\n[build]\ntarget-dir = {:?}\n# Documentation tests are linked without build.rs.\n\
         rustdocflags = [\"-Clink-arg=-Wl,-rpath,{}\"]\n\n[env]\nLIBTORCH = {libtorch:?}\n\
         # See build.rs.\nQUAKEBOOK_ROOT = {:?}\n",
        places.cache.join("target"),
        lib.display(),
        places.root
    );
    write(&places.root.join(".cargo/local.toml"), &config)
}

pub fn say_how_to_use(places: &Paths) {
    println!(
        "\nReady. `cargo xtask lab` opens the notebooks, `cargo xtask report` runs them and makes the PDF.\n\
         With an evcxr_jupyter of your own, any Jupyter runs them:\n  EVCXR_CONFIG_DIR={}",
        places.kernel().display()
    );
}

//! The standard library as the kernel reads it.
//!
//! To infer the type of a cell's variable, the kernel reads the source of the standard library when it starts.
//! Two thirds of that source no cell needs: the instructions of each processor, tests, and other crates. The
//! kernel is shown a folder with links to the three crates whose types cells use.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{ask_rustc, write};
use crate::paths::Paths;

/// Crates whose types cells have.
const CRATES: [&str; 3] = ["core", "alloc", "std"];

/// The module of `core` with the processors' instructions; an empty one replaces it.
const INSTRUCTIONS: &str = "stdarch/crates/core_arch/src/mod.rs";

/// Makes the folder. Where it stays empty, as on Windows, the kernel reads the real library.
pub fn prepare(paths: &Paths) -> Result<PathBuf> {
    let folder = paths.kernel().join("library");
    let sysroot = ask_rustc("sysroot")?;
    let real = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    for name in CRATES {
        link(&real.join(name).join("src"), &folder.join(name).join("src"))?;
    }
    write(&folder.join(INSTRUCTIONS), "pub mod arch {}\n")?;
    Ok(folder)
}

#[cfg(unix)]
fn link(real: &Path, link: &Path) -> Result {
    use crate::command::io;
    if std::fs::read_link(link).is_ok_and(|to| to == real) {
        return Ok(());
    }
    if let Some(folder) = link.parent() {
        std::fs::create_dir_all(folder).map_err(io(folder))?;
    }
    // Of another compiler.
    let _ = std::fs::remove_file(link);
    std::os::unix::fs::symlink(real, link).map_err(io(link))
}

#[cfg(not(unix))]
fn link(_real: &Path, _link: &Path) -> Result {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_link_follows_the_compiler() {
        let scratch = Scratch::new("std");
        let folder = scratch.path();
        let to = folder.join("core/src");
        for compiler in ["1", "1", "2"] {
            let real = folder.join(compiler);
            fs::create_dir_all(&real).unwrap();
            fs::write(real.join("lib.rs"), compiler).unwrap();
            link(&real, &to).unwrap();
            assert_eq!(fs::read_to_string(to.join("lib.rs")).unwrap(), compiler);
        }
    }
}

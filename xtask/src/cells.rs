//! Cells that were compiled before.
//!
//! A cell of a notebook is compiled as a small package of its own, and that is most of what its reader
//! waits for. In a notebook that runs again it is the same package again. So the kernel has this program in
//! place of the compiler, which keeps what becomes of a cell beside all that it was made of. It does so for
//! all packages of one file: the kernel's front of the library is made anew each time too.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::Result;
use crate::command::{io, renew, stand_aside, this_program};
use crate::package::Package;
use crate::paths::Paths;

/// Names the folder of the cells, where the kernel calls this program in place of the compiler.
const FOLDER: &str = "QUAKEBOOK_CELLS";

/// More cells are not kept, 0.8 GB.
const MOST: usize = 5000;

/// What tells the kernel to keep cells: lines of its `init.evcxr`. `is_new` says that the library was
/// replaced, so that no cell that was kept is of use any more.
pub fn prepare(places: &Paths, is_new: bool) -> Result<String> {
    let folder = places.kernel().join("cells");
    let n_kept = fs::read_dir(&folder).map_or(0, Iterator::count);
    if folder.exists() && (is_new || n_kept > MOST) {
        fs::remove_dir_all(&folder).map_err(io(&folder))?;
    }
    fs::create_dir_all(&folder).map_err(io(&folder))?;
    let program = own_copy(places)?;
    Ok(format!(
        ":build_env RUSTC_WRAPPER={}\n:build_env {FOLDER}={}\n",
        program.display(),
        folder.display()
    ))
}

/// This program, where no other clone builds another one.
fn own_copy(places: &Paths) -> Result<PathBuf> {
    let name = format!("cells{}", std::env::consts::EXE_SUFFIX);
    let copy = places.kernel().join("bin").join(name);
    renew(&this_program()?, &copy)?;
    Ok(copy)
}

pub fn is_in_place_of_rustc() -> bool {
    std::env::var_os(FOLDER).is_some()
}

/// Runs the compiler, which the first argument names, unless it is asked for what is kept.
pub fn compile(args: &[String]) -> ExitCode {
    let Some((rustc, args)) = args.split_first() else {
        return ExitCode::FAILURE;
    };
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let package = folder.and_then(|folder| Package::of(rustc, args, &folder));
    let Some(package) = package else {
        return stand_aside(rustc, args);
    };
    if let Some(said) = package.restore() {
        eprint!("{said}");
        return ExitCode::SUCCESS;
    }
    let output = match Command::new(rustc).args(&package.args).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("{rustc} could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{said}");
    if output.status.success() {
        // What cannot be kept is compiled again.
        let _ = package.keep(&said);
    }
    match output.status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

//! How the library is compiled: thoroughly, or quickly for a try.
//!
//! What notebooks and tests run is optimised across all parts of the library, which costs a minute for each
//! changed line. The quick profile compiles each part by itself, and only the parts that changed. The
//! library then computes up to twice as long.
//!
//! Cargo's own profiles would compile all dependencies again with such flags. Only a program that cargo
//! calls instead of the compiler (`RUSTC_WORKSPACE_WRAPPER`) can give them to the library alone: that program
//! is this one.

use std::process::{Command, ExitCode};

use crate::Result;

/// Set where cargo calls this program instead of the compiler.
const WRAPS_RUSTC: &str = "QUAKEBOOK_WRAPS_RUSTC";

/// With so many units each module is one.
const QUICK_FLAGS: [&str; 2] = ["-Clto=off", "-Ccodegen-units=4096"];

/// How the library is compiled.
#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    Thorough,
    Quick,
}

impl Profile {
    /// Makes cargo compile with this profile.
    pub fn set(self, cargo: &mut Command) -> Result {
        if self == Self::Quick {
            let this_program = std::env::current_exe()
                .map_err(|error| format!("the path of this program is unknown: {error}"))?;
            cargo
                .env("RUSTC_WORKSPACE_WRAPPER", this_program)
                .env(WRAPS_RUSTC, "1");
        }
        Ok(())
    }
}

/// Whether cargo has called this program instead of the compiler.
pub fn wraps_rustc() -> bool {
    std::env::var_os(WRAPS_RUSTC).is_some()
}

/// Runs the compiler, which the first argument names, with the quick profile's flags.
pub fn compile_quickly(args: &[String]) -> ExitCode {
    let Some((rustc, args)) = args.split_first() else {
        return ExitCode::FAILURE;
    };
    match Command::new(rustc).args(args).args(QUICK_FLAGS).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {rustc} could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

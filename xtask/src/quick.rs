//! A changed line of the library, to be tried within seconds.
//!
//! What notebooks and tests run is optimised across all parts of the library, which costs a minute for
//! each changed line. For a try each part is compiled by itself, and only those that changed. It then
//! computes up to twice as long.
//!
//! Cargo takes such flags for the library alone, without compiling all dependencies with them, only from
//! a program that it calls in place of the compiler: that is this program again.

use std::process::{Command, ExitCode};

use crate::Result;
use crate::command::{cargo, run, stand_aside, this_program};
use crate::paths::Paths;
use crate::setup;

/// Set where cargo calls this program in place of the compiler.
const IN_PLACE: &str = "QUAKEBOOK_IN_PLACE_OF_RUSTC";

/// Parts without number: each module is one.
const FLAGS: [&str; 2] = ["-Clto=off", "-Ccodegen-units=4096"];

/// How the library is compiled.
#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    Thorough,
    Quick,
}

impl Profile {
    /// Makes cargo compile so.
    pub fn set(self, cargo: &mut Command) -> Result {
        if self == Self::Quick {
            cargo
                .env("RUSTC_WORKSPACE_WRAPPER", this_program()?)
                .env(IN_PLACE, "1");
        }
        Ok(())
    }
}

/// Brings the library to the kernel; with arguments, to tests: `cargo test` gets them.
pub fn quick(places: &Paths, args: &[String]) -> Result {
    if args.is_empty() {
        setup::setup(places, Profile::Quick)?;
        println!(
            "Restart the kernel of a notebook that is open; `cargo xtask setup` brings the fast library back."
        );
        return Ok(());
    }
    let mut tests = cargo(&places.root);
    tests.args(["test", "--package", "quakebook"]).args(args);
    Profile::Quick.set(&mut tests)?;
    run(&mut tests, "a test failed or could not be built: see above")
}

pub fn is_in_place_of_rustc() -> bool {
    std::env::var_os(IN_PLACE).is_some()
}

/// Runs the compiler, which the first argument names.
pub fn compile(args: &[String]) -> ExitCode {
    let Some((rustc, rest)) = args.split_first() else {
        return ExitCode::FAILURE;
    };
    let rest = rest.iter().map(String::as_str);
    stand_aside(rustc, &rest.chain(FLAGS).collect::<Vec<_>>())
}

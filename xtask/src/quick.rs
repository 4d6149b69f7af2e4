//! Brings a changed library to the kernel or to a test within seconds.

use crate::Result;
use crate::command::{cargo, run};
use crate::paths::Paths;
use crate::profile::Profile;
use crate::setup;

/// Brings the library to the kernel; with arguments, to tests: `cargo test` gets them.
pub fn quick(paths: &Paths, args: &[String]) -> Result {
    if args.is_empty() {
        setup::setup(paths, Profile::Quick)?;
        println!(
            "Restart the kernel of an open notebook. `cargo xtask setup` brings the fast library back."
        );
        return Ok(());
    }
    let mut tests = cargo(&paths.root, "test");
    tests.args(["--package", "quakebook"]).args(args);
    Profile::Quick.set(&mut tests)?;
    run(
        &mut tests,
        "a test failed or could not be built: see the message above",
    )
}

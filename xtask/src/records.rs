//! Real records that everybody gets: ObsPy's package carries four induced earthquakes of Unterhaching.

use std::fs;

use crate::Result;
use crate::command::{io, pip_install, run};
use crate::environment;
use crate::paths::Paths;
use crate::step::Step;

/// Where the package has them, and how their names begin.
const FOLDER: &str = "obspy/signal/tests/data";
const PREFIX: &str = "BW.UH";

/// Takes the records out of the package. Without them chapter 11 says so and goes on: set-up does not fail.
pub fn provide(paths: &Paths) {
    if let Err(sentence) = provided(paths) {
        println!("       {sentence}");
    }
}

fn provided(paths: &Paths) -> Result {
    let folder = paths.unterhaching();
    let lock = environment::lock(paths, "records");
    Step {
        about: "records of four induced earthquakes, from ObsPy's package",
        cost: "download 15 MB, seconds",
        stamp: folder.join("quakebook.stamp"),
        inputs: environment::read(&lock)?,
    }
    .run(|| {
        let package = folder.join("package");
        // pip adds nothing to a folder that a download which was cut off has left.
        let _ = fs::remove_dir_all(&package);
        run(
            pip_install(paths.python())
                .args(["--no-deps", "--no-compile", "--only-binary", ":all:"])
                .arg("--requirement")
                .arg(&lock)
                .arg("--target")
                .arg(&package),
            "pip could not get the records of chapter 11, which says so and goes on: `cargo xtask setup` tries again",
        )?;
        let data = package.join(FOLDER);
        for entry in fs::read_dir(&data).map_err(io(&data))? {
            let path = entry.map_err(io(&data))?.path();
            let name = path.file_name().unwrap_or_default();
            if name.to_string_lossy().starts_with(PREFIX) {
                fs::copy(&path, folder.join(name)).map_err(io(&path))?;
            }
        }
        fs::remove_dir_all(&package).map_err(io(&package))
    })
}

//! Our speed beside that of what a user would take instead.

use std::path::PathBuf;

use crate::Result;
use crate::command::{cargo, command, io, run};
use crate::environment::make_peers_venv;
use crate::paths::Paths;
use crate::quick::Profile;
use crate::setup::setup;
use crate::step::Step;

/// `growth` measures time and memory against size; anything else goes to `benches/compare.py`: names
/// of jobs, none for all, and `--json FILE`.
pub fn bench(places: &Paths, args: &[String]) -> Result {
    setup(places, Profile::Thorough)?;
    let folder = inputs(places)?;
    if args == ["growth"] {
        return run(
            jobs(places).arg("growth").arg(&folder),
            "growth could not be measured: the reason stands above",
        );
    }
    let python = make_peers_venv(places)?;
    run(
        command(python)
            .current_dir(&places.root)
            .arg("benches/compare.py")
            .arg(&folder)
            .args(args),
        "a job failed, or two sides disagree: see above",
    )
}

/// Our side, in the build that the notebooks and the tests share.
fn jobs(places: &Paths) -> std::process::Command {
    let mut jobs = cargo(&places.root);
    jobs.args([
        "bench",
        "--quiet",
        "--profile",
        "dev",
        "--bench",
        "jobs",
        "--",
    ]);
    jobs
}

/// The folder of inputs, made anew where what makes them has changed.
fn inputs(places: &Paths) -> Result<PathBuf> {
    let (folder, recipe) = (
        places.cache.join("bench"),
        places.root.join("benches/jobs/inputs.rs"),
    );
    println!("[....] our side of the comparison (built when the library changed, 1 to 5 minutes)");
    Step {
        about: "inputs of the comparison: 30 days of simulated record",
        cost: "1 GB of disk, some minutes",
        stamp: folder.join("quakebook.stamp"),
        inputs: std::fs::read_to_string(&recipe).map_err(io(&recipe))?,
    }
    .run(|| {
        run(
            jobs(places).arg("inputs").arg(&folder),
            "the inputs could not be made: the reason stands above",
        )
    })?;
    Ok(folder)
}

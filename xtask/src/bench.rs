//! Measures the library's speed beside that of other libraries.

use std::path::PathBuf;

use crate::Result;
use crate::command::{cargo, command, io, run};
use crate::environment::{make_peers_venv, make_pyocto_venv};
use crate::paths::Paths;
use crate::profile::Profile;
use crate::setup::setup;
use crate::step::Step;

/// Runs the jobs that `args` names, all if none is named. `growth` measures time and memory against size, `scale`
/// the scan of an archive: `benches/scale.py`. Everything else goes to `benches/compare.py`.
pub fn bench(paths: &Paths, args: &[String]) -> Result {
    setup(paths, Profile::Thorough)?;
    let folder = inputs(paths)?;
    if args == ["growth"] {
        return run(
            jobs(paths).arg("growth").arg(&folder),
            "growth could not be measured: the reason stands above",
        );
    }
    let python = make_peers_venv(paths)?;
    let mut script = command(python);
    script.current_dir(&paths.root);
    if let Some((_, parts)) = args.split_first().filter(|(name, _)| *name == "scale") {
        run(
            cargo(&paths.root, "build").args(["--quiet", "--bin", "quakebook"]),
            "the program could not be built: its message stands above",
        )?;
        script
            .args(["benches/scale.py", "--quakebook"])
            .arg(program_built(paths))
            .arg(&folder)
            .args(parts);
        return run(
            &mut script,
            "the scan of an archive could not be measured: see above",
        );
    }
    let pyocto = make_pyocto_venv(paths)?;
    script.arg("benches/compare.py").arg(&folder);
    run(
        script.arg("--pyocto").arg(pyocto).args(args),
        "a job failed, or two sides disagree: see above",
    )
}

/// The library's side, in the build that notebooks and tests share.
fn jobs(paths: &Paths) -> std::process::Command {
    let mut jobs = cargo(&paths.root, "bench");
    jobs.args(["--quiet", "--profile", "dev", "--bench", "jobs", "--"]);
    jobs
}

/// The program `quakebook` of the same build.
fn program_built(paths: &Paths) -> PathBuf {
    let name = format!("quakebook{}", std::env::consts::EXE_SUFFIX);
    paths.target().join("debug").join(name)
}

/// The folder of inputs. They are made anew where the program that makes them has changed.
fn inputs(paths: &Paths) -> Result<PathBuf> {
    let (folder, recipe) = (
        paths.cache.join("bench"),
        paths.root.join("benches/jobs/inputs.rs"),
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
            jobs(paths).arg("inputs").arg(&folder),
            "the inputs could not be made: the reason stands above",
        )
    })?;
    Ok(folder)
}

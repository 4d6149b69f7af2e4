//! The Python packages, and the virtual environments made of them.
//!
//! `xtask/python` names them: a file `.in` holds the packages that are wanted, and the file `.lock` beside it all
//! that they need, each with its version and the hashes of its wheels. pip refuses anything else.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{command, io, pip_install, run};
use crate::paths::{Paths, program};
use crate::step::Step;

/// Makes the virtual environment with `python`, or brings it up to date.
pub fn make_venv(paths: &Paths, python: &str) -> Result {
    let venv = paths.venv();
    let lock = lock(paths, "notebooks");
    Step {
        about: "Python packages: JupyterLab, nbclient, pandoc, Typst, a Chinese font, Dask",
        cost: "download 130 MB, half a minute",
        stamp: venv.join("quakebook.stamp"),
        inputs: read(&lock)?,
    }
    .run(|| {
        make_empty_venv(python.as_ref(), &venv)?;
        install(&venv, &lock)
    })
}

/// A Python with what the tests compare with, and the engines of `scale/`, in a virtual environment of its own: a reader of the
/// notebooks does not need it.
pub fn make_test_venv(paths: &Paths) -> Result<PathBuf> {
    let venv = paths.cache.join("venv-tests");
    let (wheels, source) = (lock(paths, "tests"), lock(paths, "tests-source"));
    Step {
        about: "ObsPy, Dask, a small data centre and an S3 server, with which some tests work",
        cost: "download 110 MB, a minute",
        stamp: venv.join("quakebook.stamp"),
        inputs: read(&wheels)? + &read(&source)?,
    }
    .run(|| {
        make_empty_venv(&paths.python(), &venv)?;
        install(&venv, &wheels)?;
        install_source(&venv, &source)
    })?;
    Ok(program(&venv, "python"))
}

/// A Python with the libraries that ours is compared with.
pub fn make_peers_venv(paths: &Paths) -> Result<PathBuf> {
    make_locked_venv(
        paths,
        "venv-peers",
        "bench",
        "ObsPy, SciPy, polars, scikit-learn, PyTorch and SeisBench, to compare with, and Dask",
        "download 3 GB, some minutes",
    )
}

/// A Python with PyOcto, whose NumPy is not that of the others.
pub fn make_pyocto_venv(paths: &Paths) -> Result<PathBuf> {
    make_locked_venv(
        paths,
        "venv-pyocto",
        "pyocto",
        "PyOcto, to compare with",
        "download 35 MB, half a minute",
    )
}

/// A Python with what one lock file names.
fn make_locked_venv(
    paths: &Paths,
    folder: &str,
    name: &str,
    about: &'static str,
    cost: &'static str,
) -> Result<PathBuf> {
    let (venv, lock) = (paths.cache.join(folder), lock(paths, name));
    Step {
        about,
        cost,
        stamp: venv.join("quakebook.stamp"),
        inputs: read(&lock)?,
    }
    .run(|| {
        make_empty_venv(&paths.python(), &venv)?;
        install(&venv, &lock)
    })?;
    Ok(program(&venv, "python"))
}

/// The lock file of that name.
pub fn lock(paths: &Paths, name: &str) -> PathBuf {
    paths.root.join("xtask/python").join(format!("{name}.lock"))
}

pub fn read(lock: &Path) -> Result<String> {
    std::fs::read_to_string(lock).map_err(io(lock))
}

/// The packages that a list names, without its comments.
pub fn wanted(paths: &Paths, name: &str) -> Result<String> {
    let list = read(&lock(paths, name).with_extension("in"))?;
    let packages = list.lines().filter(|line| !line.starts_with('#'));
    Ok(packages.collect::<Vec<_>>().join("\n"))
}

/// The version of torch in a list or a lock file, such as `2.13.0`.
pub fn torch_version(lock: &str) -> Result<&str> {
    let version = lock.lines().find_map(|line| line.strip_prefix("torch=="));
    let version = version.and_then(|rest| rest.split_whitespace().next());
    version.ok_or_else(|| {
        "xtask/python/libtorch.in: expected a line `torch==VERSION`, found none: take the file from the repository again".into()
    })
}

/// Makes a virtual environment where there is none.
fn make_empty_venv(python: &Path, venv: &Path) -> Result {
    if program(venv, "python").exists() {
        return Ok(());
    }
    run(
        command(python).args(["-m", "venv"]).arg(venv),
        "the virtual environment could not be made: its message stands above",
    )
}

fn install(venv: &Path, lock: &Path) -> Result {
    run(
        pip_install(program(venv, "python"))
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(lock),
        "pip could not install the Python packages: check the network and try again",
    )
}

/// Installs a package that has no wheel. The setuptools of the environment builds it: pip would else
/// fetch one that no lock file names.
fn install_source(venv: &Path, lock: &Path) -> Result {
    run(
        pip_install(program(venv, "python"))
            .args(["--no-deps", "--no-build-isolation", "--requirement"])
            .arg(lock),
        "pip could not build a Python package: its message stands above",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each requirement of a file, without comments and hashes.
    fn pins(text: &str) -> Vec<String> {
        text.lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()))
            .map(|line| {
                let pin = line.split([' ', ';']).next().unwrap_or_default();
                pin.to_lowercase().replace('_', "-")
            })
            .collect()
    }

    #[test]
    fn torchs_version_is_read_from_the_lock() {
        let lock = "nvidia-cuda-cupti==13.0.85 \\\n    --hash=sha256:0\ntorch==2.13.0 \\\n    --hash=sha256:1\n";
        assert_eq!(torch_version(lock), Ok("2.13.0"));
        assert!(torch_version("jupyterlab==4.6.6 \\\n").is_err());
    }

    #[test]
    fn lock_files_pin_and_hash_every_package() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        for name in [
            "notebooks",
            "libtorch",
            "records",
            "tests",
            "tests-source",
            "bench",
            "pyocto",
        ] {
            let text = |kind: &str| read(&folder.join(format!("{name}.{kind}"))).unwrap();
            let (wanted, locked) = (pins(&text("in")), pins(&text("lock")));
            for pin in &wanted {
                assert!(
                    locked.contains(pin),
                    "{name}.lock is older than {name}.in: {pin}"
                );
            }
            let lock = text("lock");
            let mut lines = lock.lines().peekable();
            while let Some(line) = lines.next() {
                let is_hash = line.starts_with("    --hash=sha256:");
                let is_hashed = lines
                    .peek()
                    .is_some_and(|next| next.starts_with("    --hash=sha256:"));
                assert!(
                    is_hash || (line.contains("==") && is_hashed),
                    "{name}: {line}"
                );
            }
        }
    }
}

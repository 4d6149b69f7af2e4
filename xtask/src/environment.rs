//! `environment.yml`, the one list of Python packages, and the virtual environment made from it.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{command, io, pip_install, run};
use crate::paths::{Paths, program};
use crate::step::Step;

/// What is read from `environment.yml`.
pub struct Environment {
    /// The pip section.
    pub packages: Vec<String>,
    /// The wheels of libtorch, to be taken without their dependencies.
    pub libtorch: Vec<String>,
    /// What the tests compare with.
    pub tests: Vec<String>,
}

impl Environment {
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("environment.yml");
        let text = std::fs::read_to_string(&path).map_err(io(&path))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let packages: Vec<String> = text
            .lines()
            .skip_while(|line| line.trim() != "- pip:")
            .skip(1)
            .take_while(|line| line.starts_with("      ") || line.trim().is_empty())
            .filter_map(|line| line.trim().strip_prefix("- "))
            .map(str::to_string)
            .collect();
        let marked = |mark: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(mark));
            lines.map(str::to_string).collect()
        };
        let libtorch = marked("# libtorch: ");
        if packages.is_empty() || libtorch.is_empty() {
            return Err("environment.yml has no pip section or no line `# libtorch:`: take it from the repository again".into());
        }
        Ok(Self {
            packages,
            libtorch,
            tests: marked("# tests: "),
        })
    }

    /// `2.13.0` of `torch==2.13.0`.
    pub fn torch_version(&self) -> Result<&str> {
        let mut lines = self.libtorch.iter();
        lines
            .find_map(|line| line.strip_prefix("torch=="))
            .map(str::trim)
            .ok_or_else(|| {
                "environment.yml does not name torch: take it from the repository again".into()
            })
    }
}

/// Makes the virtual environment with `python`, or brings it up to date.
pub fn make_venv(places: &Paths, environment: &Environment, python: &str) -> Result {
    let venv = places.venv();
    Step {
        about: "Python packages: JupyterLab, nbclient, pandoc, Typst, a Chinese font",
        cost: "download 130 MB, half a minute",
        stamp: venv.join("quakebook.stamp"),
        inputs: environment.packages.join("\n"),
    }
    .run(|| install(python.as_ref(), &venv, &environment.packages))
}

/// A Python with what the tests compare with, in a virtual environment of its own: a reader of the
/// notebooks needs none of it.
pub fn make_test_venv(places: &Paths, environment: &Environment) -> Result<PathBuf> {
    let venv = places.cache.join("venv-tests");
    Step {
        about: "ObsPy and a small data centre, with which some tests compare",
        cost: "download 80 MB, a minute",
        stamp: venv.join("quakebook.stamp"),
        inputs: environment.tests.join("\n"),
    }
    .run(|| install(&places.python(), &venv, &environment.tests))?;
    Ok(program(&venv, "python"))
}

/// A Python with the libraries that ours is compared with, as `benches/requirements.txt` pins them.
pub fn make_peers_venv(places: &Paths) -> Result<PathBuf> {
    let venv = places.cache.join("venv-peers");
    let list = places.root.join("benches/requirements.txt");
    Step {
        about: "ObsPy, SciPy, polars, scikit-learn and PyTorch, to compare with",
        cost: "download 3 GB, some minutes",
        stamp: venv.join("quakebook.stamp"),
        inputs: std::fs::read_to_string(&list).map_err(io(&list))?,
    }
    .run(|| {
        let listed = ["--requirement".to_string(), list.display().to_string()];
        install(&places.python(), &venv, &listed)
    })?;
    Ok(program(&venv, "python"))
}

/// Installs packages into a virtual environment, which `python` makes where there is none.
fn install(python: &Path, venv: &Path, packages: &[String]) -> Result {
    let own = program(venv, "python");
    if !own.exists() {
        run(
            command(python).args(["-m", "venv"]).arg(venv),
            "the virtual environment could not be made: its message stands above",
        )?;
    }
    run(
        pip_install(own).args(packages),
        "pip could not install the Python packages: check the network and try again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pip_section_and_the_libtorch_lines_are_read() {
        let text = "dependencies:\n  - python>=3.10\n  - pip:\n      - a==1\n      # why\n      - b==2\n\n# libtorch: torch==2.13.0\n# tests: c==3\n";
        let environment = Environment::parse(text).unwrap();
        assert_eq!(environment.packages, ["a==1", "b==2"]);
        assert_eq!(environment.torch_version().unwrap(), "2.13.0");
        assert_eq!(environment.tests, ["c==3"]);
        assert!(Environment::parse("dependencies:\n").is_err());
    }

    #[test]
    fn the_projects_own_file_is_complete() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let environment = Environment::read(root).unwrap();
        let pinned = |name: &str| {
            environment
                .packages
                .iter()
                .any(|p| p.starts_with(&format!("{name}==")))
        };
        for name in ["jupyterlab", "nbclient", "pypandoc_binary", "typst"] {
            assert!(pinned(name), "{name}");
        }
        let mut all = environment.packages.iter().chain(&environment.tests);
        assert!(all.all(|p| p.contains("==")));
        assert!(environment.tests.iter().any(|p| p.starts_with("obspy")));
        environment.torch_version().unwrap();
    }
}

//! Where everything lies: in this clone, or in the cache that clones share.

use std::env;
use std::path::{Path, PathBuf};

use crate::Result;

/// The folders of this clone and of the cache.
pub struct Paths {
    /// The clone.
    pub root: PathBuf,
    /// Slow results, shared by clones; survives `git clean`.
    pub cache: PathBuf,
}

impl Paths {
    pub fn find() -> Result<Self> {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Cargo tells the folder at run time too: right even where another clone built this program.
        let xtask = env::var_os("CARGO_MANIFEST_DIR").map_or(xtask.into(), PathBuf::from);
        let root = xtask
            .parent()
            .ok_or(
                "xtask: expected a clone of the project around it, found none: run `cargo xtask` in the project's folder",
            )?
            .to_path_buf();
        let cache = cache_dir(env::consts::OS, named_path).ok_or(
            "cache: expected HOME or LOCALAPPDATA, found neither: set QUAKEBOOK_CACHE to a folder",
        )?;
        Ok(Self { root, cache })
    }

    /// The virtual environment, unless the conda environment of `environment.yml` is active.
    pub fn venv(&self) -> PathBuf {
        let conda = env::var_os("CONDA_DEFAULT_ENV").is_some_and(|name| name == "quakebook");
        match env::var_os("CONDA_PREFIX") {
            Some(prefix) if conda => prefix.into(),
            _ => self.cache.join("venv"),
        }
    }

    pub fn python(&self) -> PathBuf {
        program(&self.venv(), "python")
    }

    /// Cargo's target folder: one for the kernel, the tests and the programs of all clones.
    pub fn target(&self) -> PathBuf {
        named_path("CARGO_TARGET_DIR").unwrap_or_else(|| self.cache.join("target"))
    }

    /// Records of four induced earthquakes, which chapter 11 scans.
    pub fn unterhaching(&self) -> PathBuf {
        self.cache.join("unterhaching")
    }

    /// What the kernel needs of this clone: the library, its front for the cells, the kernelspec.
    pub fn kernel(&self) -> PathBuf {
        self.root.join(".kernel")
    }

    /// What cargo is told in this clone.
    pub fn cargo_config(&self) -> PathBuf {
        self.root.join(".cargo/local.toml")
    }

    /// The notebooks as they were executed, and the PDF.
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// Copies of the notebooks in other languages, for JupyterLab.
    pub fn lab(&self) -> PathBuf {
        self.root.join("lab")
    }

    pub fn notebooks(&self) -> PathBuf {
        self.root.join("notebooks")
    }

    /// What the notebooks make of the data, each study in a folder of its own.
    pub fn derived(&self) -> PathBuf {
        let data = named_path("QUAKEBOOK_DATA");
        data.unwrap_or_else(|| self.root.join("data"))
            .join("derived")
    }
}

/// The path that an environment variable names, from the root of the file system: programs that are started
/// here work in other folders. An empty variable counts as unset.
pub fn named_path(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty())?;
    std::path::absolute(value).ok()
}

/// A program of a virtual environment.
pub fn program(venv: &Path, name: &str) -> PathBuf {
    if cfg!(windows) {
        venv.join("Scripts").join(format!("{name}.exe"))
    } else {
        venv.join("bin").join(name)
    }
}

/// `QUAKEBOOK_CACHE`, else `quakebook` in the platform's cache folder.
fn cache_dir(os: &str, var: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let home = || var("HOME");
    var("QUAKEBOOK_CACHE").or_else(|| {
        let platform = match os {
            "windows" => var("LOCALAPPDATA"),
            "macos" => home().map(|home| home.join("Library/Caches")),
            _ => var("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache"))),
        };
        platform.map(|folder| folder.join("quakebook"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)], os: &str) -> Option<PathBuf> {
        cache_dir(os, |name| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| PathBuf::from(value))
        })
    }

    #[test]
    fn the_cache_is_the_named_one_or_the_platforms() {
        let home = ("HOME", "/home/ada");
        assert_eq!(
            with(&[home], "linux"),
            Some("/home/ada/.cache/quakebook".into())
        );
        assert_eq!(
            with(&[home], "macos"),
            Some("/home/ada/Library/Caches/quakebook".into())
        );
        assert_eq!(
            with(&[home, ("XDG_CACHE_HOME", "/fast")], "linux"),
            Some("/fast/quakebook".into())
        );
        assert_eq!(
            with(&[home, ("QUAKEBOOK_CACHE", "/own")], "linux"),
            Some("/own".into())
        );
        assert_eq!(with(&[], "linux"), None);
    }
}

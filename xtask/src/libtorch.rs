//! libtorch: the reader's own, or the processor's part of PyTorch's wheel.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{ask, command, io, pip_install, run};
use crate::environment::Environment;
use crate::paths::Paths;
use crate::step::Step;

/// The folder with `lib/` and `include/`: that of LIBTORCH, of the active conda environment, or
/// else downloaded.
pub fn provide(places: &Paths, environment: &Environment) -> Result<PathBuf> {
    let wanted = environment.torch_version()?;
    let named = std::env::var_os("LIBTORCH").map(PathBuf::from);
    if let Some(folder) = named.filter(|folder| !was_downloaded(places, folder)) {
        check(&folder, wanted)?;
        println!("[done] libtorch {wanted} of LIBTORCH, {}", folder.display());
        return Ok(folder);
    }
    if let Some(folder) = of_conda(wanted) {
        println!("[done] libtorch {wanted} of conda, {}", folder.display());
        return Ok(folder);
    }
    let folder = places.cache.join(format!("libtorch-{wanted}"));
    Step {
        about: "libtorch for the processor",
        cost: "download 0.5 GB, a minute",
        stamp: folder.join("quakebook.stamp"),
        inputs: environment.libtorch.join("\n"),
    }
    .run(|| download(places, environment, &folder))?;
    check(&folder, wanted)?;
    Ok(folder)
}

/// Whether LIBTORCH is no wish of the reader's, but the download of an earlier set-up (perhaps gone by
/// now), which `.cargo/local.toml` names to all that cargo starts.
fn was_downloaded(places: &Paths, folder: &Path) -> bool {
    let config = fs::read_to_string(places.root.join(".cargo/local.toml")).unwrap_or_default();
    config.contains(&format!("LIBTORCH = {folder:?}"))
        && (folder.join("quakebook.stamp").exists() || !folder.exists())
}

/// Whether `folder` holds libtorch of the wanted version, by its own header.
fn check(folder: &Path, wanted: &str) -> Result {
    let found = version(folder).ok_or_else(|| {
        format!(
            "{} does not hold libtorch (no include/torch/headeronly/version.h or no lib): point LIBTORCH to libtorch {wanted}, or unset it and `cargo xtask setup` downloads it",
            folder.display()
        )
    })?;
    if found == wanted {
        return Ok(());
    }
    Err(format!(
        "{} is libtorch {found}, but {wanted} is needed: point LIBTORCH to that version, or unset it and `cargo xtask setup` downloads it",
        folder.display()
    ))
}

fn version(folder: &Path) -> Option<String> {
    if !folder.join("lib").is_dir() {
        return None;
    }
    let header = fs::read_to_string(folder.join("include/torch/headeronly/version.h")).ok()?;
    let number = |name: &str| {
        let mut lines = header.lines();
        lines.find_map(|line| line.strip_prefix(&format!("#define {name} ")))
    };
    let [major, minor, patch] =
        ["MAJOR", "MINOR", "PATCH"].map(|part| number(&format!("TORCH_VERSION_{part}")));
    Some(format!("{}.{}.{}", major?, minor?, patch?))
}

/// PyTorch of the active conda environment, if it has one of the wanted version: conda-forge keeps
/// libtorch in the environment's own folders, pip's wheel in the package's.
fn of_conda(wanted: &str) -> Option<PathBuf> {
    let prefix = PathBuf::from(std::env::var_os("CONDA_PREFIX")?);
    let python = prefix.join("bin/python");
    let package = ask(
        python.to_str()?,
        &[
            "-c",
            "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])",
        ],
    );
    let folders = [Some(prefix), package.map(PathBuf::from)];
    let mut found = folders.into_iter().flatten();
    found.find(|folder| version(folder).is_some_and(|v| v == wanted))
}

/// Takes the wheels one by one, so that a download that was cut off goes on with the next, and
/// keeps the headers and the libraries of the processor.
fn download(places: &Paths, environment: &Environment, folder: &Path) -> Result {
    let wheels = folder.join("wheels");
    for wheel in &environment.libtorch {
        run(
            pip_install(places.python())
                .args(["--no-deps", "--no-compile", "--target"])
                // One folder a wheel: pip adds nothing to a folder that an earlier wheel has made,
                // and two of these share one.
                .arg(wheels.join(name(wheel)))
                .arg(wheel),
            "pip could not get libtorch: check the network and run `cargo xtask setup` again",
        )?;
    }
    let lib = folder.join("lib");
    fs::create_dir_all(&lib).map_err(io(&lib))?;
    for library in libraries(&wheels).map_err(io(&wheels))? {
        let name = library.file_name().expect("a file has a name");
        fs::rename(&library, lib.join(name)).map_err(io(&library))?;
    }
    let include = folder.join("include");
    let _ = fs::remove_dir_all(&include);
    fs::rename(wheels.join("torch/torch/include"), &include).map_err(io(&include))?;
    loads(&places.python(), &lib)?;
    // torch-sys reads the version here.
    let version = folder.join("build-version");
    fs::write(&version, environment.torch_version()?).map_err(io(&version))?;
    fs::remove_dir_all(&wheels).map_err(io(&wheels))
}

/// The package's name in `torch==2.13.0; …`.
fn name(wheel: &str) -> &str {
    wheel.split("==").next().unwrap_or(wheel)
}

/// Loads the library, as only that shows whether all that it needs lies beside it.
fn loads(python: &Path, lib: &Path) -> Result {
    let name = format!(
        "{}torch_cpu{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    run(
        command(python)
            .args(["-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])"])
            .arg(lib.join(name)),
        "libtorch was downloaded but does not load, as its message says above: please report it with your system's name, and set LIBTORCH to a libtorch of your own meanwhile",
    )
}

/// The libraries of the processor, and those that they are linked to, though they only call them
/// with a GPU. Without `libtorch_cuda.so` beside them, torch-sys builds for the processor.
fn libraries(wheels: &Path) -> std::io::Result<Vec<PathBuf>> {
    let wanted = [
        "libc10.",
        "libtorch_cpu.",
        "libtorch.",
        "libgomp",
        "libomp",
        "libcudart.",
        "libcupti.",
    ];
    let mut found = Vec::new();
    let mut folders = vec![wheels.join("torch/torch/lib")];
    for wheel in fs::read_dir(wheels)? {
        folders.push(wheel?.path().join("nvidia"));
    }
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if wanted.iter().any(|start| name.starts_with(start)) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn libtorch(name: &str, header: Option<&str>) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("quakebook-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("lib")).unwrap();
        let headers = folder.join("include/torch/headeronly");
        fs::create_dir_all(&headers).unwrap();
        if let Some(header) = header {
            fs::write(headers.join("version.h"), header).unwrap();
        }
        folder
    }

    const HEADER: &str = "#pragma once\n#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 0\n";

    #[test]
    fn the_right_version_passes_and_another_is_named() {
        let folder = libtorch("libtorch-right", Some(HEADER));
        assert_eq!(check(&folder, "2.13.0"), Ok(()));
        let sentence = check(&folder, "2.14.0").unwrap_err();
        assert!(
            sentence.contains("is libtorch 2.13.0, but 2.14.0 is needed"),
            "{sentence}"
        );
    }

    #[test]
    fn a_download_that_is_gone_is_no_wish_of_the_readers() {
        let root = libtorch("libtorch-clone", None);
        let places = Paths {
            root: root.clone(),
            cache: root.clone(),
        };
        let gone = root.join("libtorch-2.13.0");
        assert!(!was_downloaded(&places, &gone));
        fs::create_dir_all(root.join(".cargo")).unwrap();
        let config = format!("[env]\nLIBTORCH = {gone:?}\n");
        fs::write(root.join(".cargo/local.toml"), config).unwrap();
        assert!(was_downloaded(&places, &gone));
        fs::create_dir_all(&gone).unwrap();
        assert!(!was_downloaded(&places, &gone), "the reader's own folder");
        fs::write(gone.join("quakebook.stamp"), "").unwrap();
        assert!(was_downloaded(&places, &gone));
    }

    #[test]
    fn a_folder_without_libtorch_is_named() {
        let folder = libtorch("libtorch-none", None);
        let sentence = check(&folder, "2.13.0").unwrap_err();
        assert!(sentence.contains("does not hold libtorch"), "{sentence}");
        assert!(sentence.contains(folder.to_str().unwrap()), "{sentence}");
    }
}

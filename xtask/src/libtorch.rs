//! libtorch: the reader's own, or the processor's part of PyTorch's wheel.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::command::{ask, command, io, pip_install, run};
use crate::environment::{self, torch_version};
use crate::paths::{Paths, named_path};
use crate::step::Step;

/// The folder with `lib/` and `include/`: that of LIBTORCH, of the active conda environment, or a download.
pub fn provide(paths: &Paths) -> Result<PathBuf> {
    let wheels = environment::wanted(paths, "libtorch")?;
    let wanted = torch_version(&wheels)?;
    if let Some(folder) = of_reader(paths, named_path("LIBTORCH"), wanted)? {
        println!("[done] libtorch {wanted} of LIBTORCH, {}", folder.display());
        return Ok(folder);
    }
    if let Some(folder) = of_conda(wanted) {
        println!("[done] libtorch {wanted} of conda, {}", folder.display());
        return Ok(folder);
    }
    let folder = downloaded(paths, wanted);
    let step = Step {
        about: "libtorch for the processor",
        cost: "download 0.5 GB, a minute",
        stamp: folder.join("quakebook.stamp"),
        inputs: wheels.clone(),
    };
    forget_if_broken(&step, &folder, wanted);
    step.run(|| download(paths, wanted, &folder))?;
    check(&folder, wanted)?;
    Ok(folder)
}

/// Makes a download that has lost its files no longer done: it runs again.
fn forget_if_broken(step: &Step, folder: &Path, wanted: &str) {
    if check(folder, wanted).is_err() {
        // There may be none.
        let _ = fs::remove_file(&step.stamp);
    }
}

/// Where set-up keeps the libtorch that it downloads.
fn downloaded(paths: &Paths, version: &str) -> PathBuf {
    paths.cache.join(format!("libtorch-{version}"))
}

/// The libtorch that the reader has named in LIBTORCH, if it is one of the wanted version.
///
/// Cargo sets LIBTORCH too, from `.cargo/local.toml`, where an earlier set-up wrote the folder of that day. If
/// that folder is no good today, the reader cannot mend it by unsetting the variable: it is passed over.
fn of_reader(paths: &Paths, named: Option<PathBuf>, wanted: &str) -> Result<Option<PathBuf>> {
    let Some(folder) = named.filter(|folder| *folder != downloaded(paths, wanted)) else {
        return Ok(None);
    };
    match check(&folder, wanted) {
        Ok(()) => Ok(Some(folder)),
        Err(_) if was_configured(paths, &folder) => {
            println!(
                "       {} of the last set-up does not hold libtorch {wanted} any more: looking for another",
                folder.display()
            );
            Ok(None)
        }
        Err(sentence) => Err(sentence),
    }
}

/// Whether an earlier set-up wrote that folder into `.cargo/local.toml`.
fn was_configured(paths: &Paths, folder: &Path) -> bool {
    let config = fs::read_to_string(paths.cargo_config()).unwrap_or_default();
    let line = format!("LIBTORCH = {folder:?}");
    config.lines().any(|found| found.trim() == line)
}

/// Checks that `folder` holds libtorch of the wanted version: its header and its libraries.
fn check(folder: &Path, wanted: &str) -> Result {
    let remedy = format!(
        "point LIBTORCH to libtorch {wanted}, or unset it, and run `cargo xtask setup`, which then downloads it"
    );
    let fault = |found: &str| {
        Err(format!(
            "{}: expected libtorch {wanted}, found {found}: {remedy}",
            folder.display()
        ))
    };
    match version(folder) {
        Some(found) if found == wanted => {}
        Some(found) => return fault(&format!("libtorch {found}")),
        None => return fault("no include/torch/headeronly/version.h"),
    }
    let missing = REQUIRED.map(library_name).into_iter().find(|name| {
        let data = fs::metadata(folder.join("lib").join(name));
        !data.is_ok_and(|data| data.is_file() && data.len() > 0)
    });
    match missing {
        None => Ok(()),
        Some(name) => fault(&format!("no library lib/{name}")),
    }
}

/// What the library is linked to in any build of libtorch.
const REQUIRED: [&str; 3] = ["c10", "torch_cpu", "torch"];

fn library_name(name: &str) -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}{name}{suffix}")
}

/// The version that libtorch's own header names.
fn version(folder: &Path) -> Option<String> {
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
    found.find(|folder| check(folder, wanted).is_ok())
}

/// Takes the wheels, and keeps the headers and the libraries of the processor.
fn download(paths: &Paths, version: &str, folder: &Path) -> Result {
    let wheels = folder.join("wheels");
    // pip adds nothing to a folder that a download which was cut off has left.
    let _ = fs::remove_dir_all(&wheels);
    run(
        pip_install(paths.python())
            .args(["--no-deps", "--no-compile", "--only-binary", ":all:"])
            .arg("--requirement")
            .arg(environment::lock(paths, "libtorch"))
            .arg("--target")
            .arg(&wheels),
        "pip could not get libtorch: check the network and run `cargo xtask setup` again",
    )?;
    let lib = folder.join("lib");
    fs::create_dir_all(&lib).map_err(io(&lib))?;
    for library in libraries(&wheels).map_err(io(&wheels))? {
        let name = library.file_name().expect("a file has a name");
        fs::rename(&library, lib.join(name)).map_err(io(&library))?;
    }
    let include = folder.join("include");
    let _ = fs::remove_dir_all(&include);
    fs::rename(wheels.join("torch/include"), &include).map_err(io(&include))?;
    loads(&paths.python(), &lib)?;
    // torch-sys reads the version here.
    let file = folder.join("build-version");
    fs::write(&file, version).map_err(io(&file))?;
    fs::remove_dir_all(&wheels).map_err(io(&wheels))
}

/// Loads the library: only that shows whether everything it needs lies beside it.
fn loads(python: &Path, lib: &Path) -> Result {
    run(
        command(python)
            .args(["-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])"])
            .arg(lib.join(library_name("torch_cpu"))),
        "libtorch was downloaded but does not load, see its message above: set LIBTORCH to a libtorch of your own, and report the message with the name of your system",
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
    let mut folders = vec![wheels.join("torch/lib"), wheels.join("nvidia")];
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
    use crate::scratch::Scratch;

    /// A folder like libtorch's, of that version.
    fn libtorch(folder: &Path, version: [u32; 3]) {
        let [major, minor, patch] = version;
        let header = format!(
            "#pragma once\n#define TORCH_VERSION_MAJOR {major}\n#define TORCH_VERSION_MINOR {minor}\n#define TORCH_VERSION_PATCH {patch}\n"
        );
        let headers = folder.join("include/torch/headeronly");
        fs::create_dir_all(&headers).unwrap();
        fs::write(headers.join("version.h"), header).unwrap();
        fs::create_dir_all(folder.join("lib")).unwrap();
        for name in REQUIRED {
            fs::write(folder.join("lib").join(library_name(name)), "code").unwrap();
        }
    }

    fn clone(scratch: &Scratch) -> Paths {
        fs::create_dir(scratch.path().join(".cargo")).unwrap();
        Paths {
            root: scratch.path().into(),
            cache: scratch.path().join("cache"),
        }
    }

    fn configure(paths: &Paths, folder: &Path) {
        let config = format!("[env]\nLIBTORCH = {folder:?}\n");
        fs::write(paths.cargo_config(), config).unwrap();
    }

    #[test]
    fn only_the_wanted_version_passes() {
        let scratch = Scratch::new("libtorch-version");
        libtorch(scratch.path(), [2, 13, 0]);
        assert_eq!(check(scratch.path(), "2.13.0"), Ok(()));
        let sentence = check(scratch.path(), "2.14.0").unwrap_err();
        assert!(
            sentence.contains("expected libtorch 2.14.0, found libtorch 2.13.0"),
            "{sentence}"
        );
        assert!(
            sentence.contains(scratch.path().to_str().unwrap()),
            "{sentence}"
        );
    }

    #[test]
    fn missing_or_empty_libraries_are_named() {
        let scratch = Scratch::new("libtorch-lib");
        let folder = scratch.path().join("libtorch");
        assert!(check(&folder, "2.13.0").unwrap_err().contains("version.h"));
        libtorch(&folder, [2, 13, 0]);
        for name in REQUIRED.map(library_name) {
            let library = folder.join("lib").join(&name);
            fs::write(&library, "").unwrap();
            let sentence = check(&folder, "2.13.0").unwrap_err();
            assert!(
                sentence.contains(&format!("no library lib/{name}")),
                "{sentence}"
            );
            fs::remove_file(&library).unwrap();
            assert!(check(&folder, "2.13.0").is_err());
            fs::write(&library, "code").unwrap();
        }
        fs::remove_dir_all(folder.join("lib")).unwrap();
        fs::create_dir(folder.join("lib")).unwrap();
        assert!(check(&folder, "2.13.0").is_err());
    }

    #[test]
    fn a_wrong_folder_of_the_reader_is_an_error() {
        let scratch = Scratch::new("libtorch-reader");
        let paths = clone(&scratch);
        let own = scratch.path().join("own");
        libtorch(&own, [2, 13, 0]);
        let of_reader = |version| of_reader(&paths, Some(own.clone()), version);
        assert_eq!(of_reader("2.13.0"), Ok(Some(own.clone())));
        assert!(of_reader("2.14.0").unwrap_err().contains("unset it"));
    }

    #[test]
    fn a_wrong_folder_of_an_earlier_setup_is_passed_over() {
        let scratch = Scratch::new("libtorch-stale");
        let paths = clone(&scratch);
        let own = scratch.path().join("own");
        configure(&paths, &own);
        let of_reader = |version| of_reader(&paths, Some(own.clone()), version);
        assert_eq!(of_reader("2.13.0"), Ok(None), "the folder is gone");
        libtorch(&own, [2, 13, 0]);
        assert_eq!(of_reader("2.13.0"), Ok(Some(own.clone())));
        assert_eq!(
            of_reader("2.14.0"),
            Ok(None),
            "another version is needed today"
        );
    }

    #[test]
    fn a_download_without_its_files_runs_again() {
        let scratch = Scratch::new("libtorch-broken");
        let folder = scratch.path().join("libtorch");
        libtorch(&folder, [2, 13, 0]);
        let step = Step {
            about: "test",
            cost: "nothing",
            stamp: folder.join("quakebook.stamp"),
            inputs: "wheels".into(),
        };
        fs::write(&step.stamp, &step.inputs).unwrap();
        forget_if_broken(&step, &folder, "2.13.0");
        assert!(step.is_done());
        fs::remove_dir_all(folder.join("lib")).unwrap();
        forget_if_broken(&step, &folder, "2.13.0");
        assert!(!step.is_done());
    }

    #[test]
    fn a_download_is_not_the_readers() {
        let scratch = Scratch::new("libtorch-download");
        let paths = clone(&scratch);
        let folder = downloaded(&paths, "2.13.0");
        libtorch(&folder, [2, 13, 0]);
        assert_eq!(of_reader(&paths, Some(folder), "2.13.0"), Ok(None));
        assert_eq!(of_reader(&paths, None, "2.13.0"), Ok(None));
    }
}

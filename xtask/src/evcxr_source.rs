//! Mends the kernel's source while cargo compiles it.
//!
//! `xtask/kernel/evcxr.patch` says what is mended, and why. Cargo gets the kernel from the registry and checks it;
//! its source stays as it is. Cargo then calls this program in place of the compiler (`RUSTC_WRAPPER`), which
//! compiles a patched copy of the two packages that the patch names.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use crate::Result;
use crate::command::{io, write};

pub const PATCH: &str = include_str!("../kernel/evcxr.patch");

/// Set where cargo calls this program in place of the compiler: the folder for the patched copies.
const COPIES: &str = "QUAKEBOOK_PATCHED_EVCXR";

/// A folder for the copies in the folder of the build, which is emptied if it is of another patch: cargo does
/// not compile again what comes from the registry.
pub fn folder_for_copies(build: &Path) -> Result<PathBuf> {
    let stamp = build.join("evcxr.patch");
    if fs::read_to_string(&stamp).is_ok_and(|of_build| of_build == PATCH) {
        return Ok(build.join("source"));
    }
    // There may be none.
    let _ = fs::remove_dir_all(build);
    write(&stamp, PATCH)?;
    Ok(build.join("source"))
}

/// Makes cargo compile patched copies, which it leaves in the folder `copies`.
pub fn patch(cargo: &mut Command, copies: &Path) -> Result {
    let this_program = env::current_exe()
        .map_err(|error| format!("the path of this program is unknown: {error}"))?;
    cargo.env("RUSTC_WRAPPER", this_program).env(COPIES, copies);
    Ok(())
}

/// Checks that cargo has compiled a patched copy of each package that the patch names.
pub fn was_patched(copies: &Path) -> Result {
    match files(PATCH).find(|(path, _)| !copies.join(path).is_file()) {
        None => Ok(()),
        Some((path, _)) => Err(format!(
            "the kernel: expected cargo to compile {path} patched, it compiled another source: the versions in xtask/src/evcxr.rs and xtask/kernel/evcxr.patch must agree"
        )),
    }
}

/// The folder for the copies, if cargo has called this program in place of the compiler.
pub fn wraps_rustc() -> Option<PathBuf> {
    env::var_os(COPIES).map(PathBuf::from)
}

/// Runs the compiler, which the first argument names, on a patched copy where there is one.
pub fn compile(args: &[String], copies: &Path) -> ExitCode {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    match compiler(args, package.as_deref(), copies) {
        Ok(mut compiler) => match compiler.status() {
            Ok(status) if status.success() => return ExitCode::SUCCESS,
            Ok(_) => {}
            Err(error) => eprintln!("xtask: the compiler could not be started: {error}"),
        },
        Err(sentence) => eprintln!("xtask: {sentence}"),
    }
    ExitCode::FAILURE
}

fn compiler(args: &[String], package: Option<&Path>, copies: &Path) -> Result<Command> {
    let (rustc, args) = args
        .split_first()
        .ok_or("the compiler: expected its name as first argument, found none")?;
    let mut command = Command::new(rustc);
    let copy = match package {
        Some(package) => copy_patched(package, copies)?,
        None => None,
    };
    for arg in args {
        match (&copy, package) {
            // The only argument that ends so is the source file; cargo may name it from the package's folder.
            (Some(copy), Some(package)) if arg.ends_with(".rs") => {
                let path = Path::new(arg);
                command.arg(copy.join(path.strip_prefix(package).unwrap_or(path)))
            }
            _ => command.arg(arg),
        };
    }
    Ok(command)
}

/// A patched copy of the package in that folder, `None` where the patch does not name it.
fn copy_patched(package: &Path, copies: &Path) -> Result<Option<PathBuf>> {
    let Some(name) = package.file_name() else {
        return Ok(None);
    };
    let mut of_package = files(PATCH)
        .filter(|(path, _)| Path::new(path).starts_with(name))
        .peekable();
    if of_package.peek().is_none() {
        return Ok(None);
    }
    let copy = copies.join(name);
    copy_folder(package, &copy)?;
    for (path, hunks) in of_package {
        let path = copies.join(path);
        let text = fs::read_to_string(&path).map_err(io(&path))?;
        let text = patched(&text, hunks).ok_or_else(|| {
            format!(
                "{}: expected the text that xtask/kernel/evcxr.patch changes, found another: the patch is for another version",
                path.display()
            )
        })?;
        fs::write(&path, text).map_err(io(&path))?;
    }
    Ok(Some(copy))
}

fn copy_folder(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to).map_err(io(to))?;
    for entry in fs::read_dir(from).map_err(io(from))? {
        let from = entry.map_err(io(from))?.path();
        let to = to.join(from.file_name().unwrap_or_default());
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            fs::copy(&from, &to).map_err(io(&to))?;
        }
    }
    Ok(())
}

/// The files of a unified diff, as `git diff` writes it: their paths and hunks.
fn files(diff: &str) -> impl Iterator<Item = (&str, &str)> {
    diff.split("\ndiff --git ").skip(1).filter_map(|file| {
        let (_, file) = file.split_once("\n+++ b/")?;
        file.split_once('\n')
    })
}

/// The text with hunks applied. `None` where they do not fit.
fn patched(text: &str, hunks: &str) -> Option<String> {
    let mut old = text.lines();
    let mut new = Vec::new();
    let mut n_read = 0;
    for line in hunks.lines() {
        if let Some(range) = line.strip_prefix("@@ -") {
            let start: usize = range.split([',', ' ']).next()?.parse().ok()?;
            while n_read + 1 < start {
                new.push(old.next()?);
                n_read += 1;
            }
            continue;
        }
        let (sign, content) = line.split_at_checked(1)?;
        if sign != "+" {
            if old.next()? != content {
                return None;
            }
            n_read += 1;
        }
        if sign != "-" {
            new.push(content);
        }
    }
    new.extend(old);
    Some(new.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const DIFF: &str = "why\n\ndiff --git a/p-1/src/lib.rs b/p-1/src/lib.rs\n--- a/p-1/src/lib.rs\n+++ b/p-1/src/lib.rs\n\
                        @@ -2,2 +2,2 @@ fn\n two\n-three\n+3\n@@ -5,1 +5,2 @@\n five\n+5½\n\
                        diff --git a/p-2/main.rs b/p-2/main.rs\n--- a/p-2/main.rs\n+++ b/p-2/main.rs\n\
                        @@ -1 +1 @@\n-old\n+new\n";

    #[test]
    fn hunks_fit_their_lines_alone() {
        let [(path, hunks), (second, of_second)] = files(DIFF).collect::<Vec<_>>()[..] else {
            panic!("two files");
        };
        assert_eq!((path, second), ("p-1/src/lib.rs", "p-2/main.rs"));
        let text = "one\ntwo\nthree\nfour\nfive\nsix\n";
        assert_eq!(
            patched(text, hunks).as_deref(),
            Some("one\ntwo\n3\nfour\nfive\n5½\nsix\n")
        );
        assert_eq!(patched("old\n", of_second).as_deref(), Some("new\n"));
        for other in ["two\nthree\nfour\nfive\nsix\n", "one\ntwo\nthree\n", ""] {
            assert_eq!(patched(other, hunks), None, "{other}");
        }
    }

    #[test]
    fn the_kernels_patch_names_its_version() {
        let paths: Vec<&str> = files(PATCH).map(|(path, _)| path).collect();
        for package in ["evcxr", "evcxr_jupyter"] {
            let folder = format!("{package}-{}/src/", crate::evcxr::VERSION);
            assert!(
                paths.iter().any(|path| path.starts_with(&folder)),
                "{folder}"
            );
        }
        assert!(
            paths
                .iter()
                .all(|path| path.contains(crate::evcxr::VERSION))
        );
    }

    #[test]
    fn a_build_of_another_patch_is_removed() {
        let scratch = Scratch::new("evcxr-build");
        let build = scratch.path().join("build");
        let crate_file = build.join("target/libevcxr.rlib");
        write(&crate_file, "of an older patch").unwrap();
        folder_for_copies(&build).unwrap();
        assert!(!crate_file.exists());
        write(&crate_file, "of this patch").unwrap();
        folder_for_copies(&build).unwrap();
        assert!(crate_file.exists());
    }

    #[test]
    fn another_package_is_compiled_as_it_is() {
        let scratch = Scratch::new("evcxr");
        let args = ["rustc", "--crate-name", "serde", "src/lib.rs"].map(String::from);
        let command = compiler(&args, Some(Path::new("/r/serde-1.0.0")), scratch.path()).unwrap();
        assert!(
            command
                .get_args()
                .eq(["--crate-name", "serde", "src/lib.rs"])
        );
    }

    #[test]
    fn a_source_that_does_not_fit_is_an_error() {
        let scratch = Scratch::new("evcxr-other");
        let package = scratch
            .path()
            .join(format!("evcxr-{}", crate::evcxr::VERSION));
        fs::create_dir_all(package.join("src")).unwrap();
        let (path, _) = files(PATCH).next().unwrap();
        fs::write(scratch.path().join(path), "another text\n").unwrap();
        let copies = scratch.path().join("copies");
        let args = ["rustc", "src/lib.rs"].map(String::from);
        let sentence = compiler(&args, Some(&package), &copies).unwrap_err();
        assert!(sentence.contains("another version"), "{sentence}");
        assert!(was_patched(&scratch.path().join("nothing")).is_err());
    }
}

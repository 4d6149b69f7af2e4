//! Checks what set-up needs of the machine. Each error says what is missing and how to get it.

use std::path::Path;

use crate::Result;
use crate::command::{ask, command};
use crate::paths::Paths;

const RUST: (u32, u32) = (1, 95);
const PYTHON: (u32, u32) = (3, 10);
/// What a set-up from nothing takes, and room for a report.
const DISK_GB: u64 = 9;

/// Runs a program with these arguments. Gives what it prints, `None` if it is missing or fails.
type Ask = dyn Fn(&str, &[&str]) -> Option<String>;

/// Checks everything. Returns the Python that can make the virtual environment.
pub fn check(paths: &Paths) -> Result<String> {
    rust(&ask)?;
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    if !cfg!(windows) {
        compiles(&ask, &compiler)?;
    }
    rust_src(&ask, &add_rust_src)?;
    if paths.python().exists() {
        // Made by an earlier set-up: neither Python nor room for everything is needed again.
        return Ok(String::new());
    }
    disk(&ask, &paths.cache)?;
    let own = std::env::var("QUAKEBOOK_PYTHON").ok();
    python(&ask, own.as_deref())
}

fn rust(ask: &Ask) -> Result {
    let text = ask("rustc", &["--version"]).unwrap_or_default();
    match version(text.strip_prefix("rustc ").unwrap_or("")) {
        Some(found) if found >= RUST => Ok(()),
        _ => Err(format!(
            "Rust: expected {}.{} or newer, found {}: `rustup update stable` gets it",
            RUST.0,
            RUST.1,
            if text.is_empty() { "none" } else { &text }
        )),
    }
}

fn compiles(ask: &Ask, compiler: &str) -> Result {
    match ask(compiler, &["--version"]) {
        Some(_) => Ok(()),
        None => Err(format!(
            "C++ compiler: expected the program {compiler}, found none: install one (`apt-get install g++` on Debian and Ubuntu, `xcode-select --install` on macOS), or name yours in CXX"
        )),
    }
}

/// Checks for the standard library's source: without it rust-analyzer cannot infer a cell's types.
fn rust_src(ask: &Ask, add: &dyn Fn() -> bool) -> Result {
    let sysroot = ask("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std");
    if source.is_dir() || (add() && source.is_dir()) {
        return Ok(());
    }
    Err("rust-src: expected the source of Rust's standard library, by which cells infer types, found none: `rustup component add rust-src` gets it (or your system's package rust-src)".into())
}

fn add_rust_src() -> bool {
    println!("[....] rust-src, the source of Rust's standard library (download 3 MB)");
    let added = command("rustup")
        .args(["component", "add", "rust-src"])
        .status();
    added.is_ok_and(|status| status.success())
}

fn python(ask: &Ask, own: Option<&str>) -> Result<String> {
    let names = match own {
        Some(own) => vec![own],
        None => vec!["python3", "python"],
    };
    let mut found = String::new();
    for name in names {
        let Some(text) = ask(
            name,
            &["-c", "import platform; print(platform.python_version())"],
        ) else {
            continue;
        };
        if version(&text).is_none_or(|v| v < PYTHON) {
            found = format!("{name} is {text}");
        } else if ask(name, &["-c", "import venv, ensurepip"]).is_none() {
            return Err(format!(
                "{name} {text}: expected the module venv, found none: install it (`apt-get install python3-venv` on Debian and Ubuntu)"
            ));
        } else {
            return Ok(name.to_string());
        }
    }
    if found.is_empty() {
        found = "none".into();
    }
    Err(format!(
        "Python: expected {}.{} or newer, found {found}: install it, or name yours in QUAKEBOOK_PYTHON",
        PYTHON.0, PYTHON.1
    ))
}

fn disk(ask: &Ask, cache: &Path) -> Result {
    // The cache may not exist yet: ask for the nearest folder above it that does.
    let Some(folder) = cache.ancestors().find(|folder| folder.is_dir()) else {
        return Ok(());
    };
    let free_kb = ask("df", &["-Pk", &folder.to_string_lossy()]).and_then(|text| {
        text.lines()
            .nth(1)?
            .split_whitespace()
            .nth(3)?
            .parse::<u64>()
            .ok()
    });
    match free_kb {
        Some(kb) if kb < DISK_GB << 20 => Err(format!(
            "{}: expected {DISK_GB} GB of free disk, found {:.1}: make room, or set QUAKEBOOK_CACHE to a folder on a larger disk",
            folder.display(),
            kb as f64 / f64::from(1 << 20)
        )),
        // A machine without `df` is not checked.
        _ => Ok(()),
    }
}

/// The first two numbers of a version such as `1.95.0-nightly (…)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// A machine on which programs answer as listed, by program and last argument.
    fn machine(answers: &[(&str, &str, &str)]) -> Box<Ask> {
        let answers: Vec<(String, String)> = answers
            .iter()
            .map(|(program, last, answer)| (format!("{program} {last}"), answer.to_string()))
            .collect();
        Box::new(move |program, args| {
            let asked = format!("{program} {}", args.last().unwrap_or(&""));
            let mut known = answers.iter();
            known
                .find(|(q, _)| *q == asked)
                .map(|(_, answer)| answer.clone())
        })
    }

    const ASK_VERSION: &str = "import platform; print(platform.python_version())";
    const ASK_VENV: &str = "import venv, ensurepip";

    #[test]
    fn an_old_or_missing_rust_is_an_error() {
        let old = machine(&[("rustc", "--version", "rustc 1.80.1 (3f5fd8dd4 2024-08-06)")]);
        let sentence = rust(&old).unwrap_err();
        assert!(
            sentence.contains("rustc 1.80.1") && sentence.contains("rustup update"),
            "{sentence}"
        );
        assert!(rust(&machine(&[])).unwrap_err().contains("found none"));
        assert_eq!(
            rust(&machine(&[(
                "rustc",
                "--version",
                "rustc 1.95.0 (59807616e)"
            )])),
            Ok(())
        );
        assert_eq!(
            rust(&machine(&[("rustc", "--version", "rustc 2.0.0-nightly")])),
            Ok(())
        );
    }

    #[test]
    fn a_missing_compiler_is_an_error() {
        let sentence = compiles(&machine(&[]), "c++").unwrap_err();
        assert!(
            sentence.contains("C++ compiler") && sentence.contains("apt-get install g++"),
            "{sentence}"
        );
        assert_eq!(
            compiles(&machine(&[("g++-14", "--version", "g++ 14")]), "g++-14"),
            Ok(())
        );
    }

    #[test]
    fn rust_src_is_added_or_asked_for() {
        let scratch = Scratch::new("sysroot");
        let sysroot = scratch.path();
        let here = machine(&[("rustc", "sysroot", sysroot.to_str().unwrap())]);
        let sentence = rust_src(&here, &|| false).unwrap_err();
        assert!(
            sentence.contains("rustup component add rust-src"),
            "{sentence}"
        );
        let add =
            || std::fs::create_dir_all(sysroot.join("lib/rustlib/src/rust/library/std")).is_ok();
        assert_eq!(rust_src(&here, &add), Ok(()));
    }

    #[test]
    fn a_python_that_does_not_serve_is_named() {
        let sentence = python(&machine(&[]), None).unwrap_err();
        assert!(
            sentence.contains("expected 3.10 or newer, found none"),
            "{sentence}"
        );
        let old = machine(&[("python3", ASK_VERSION, "3.9.2")]);
        let sentence = python(&old, None).unwrap_err();
        assert!(sentence.contains("python3 is 3.9.2"), "{sentence}");
        let bare = machine(&[("python3", ASK_VERSION, "3.12.1")]);
        let sentence = python(&bare, None).unwrap_err();
        assert!(
            sentence.contains("module venv") && sentence.contains("python3-venv"),
            "{sentence}"
        );
    }

    #[test]
    fn the_first_python_that_serves_is_taken() {
        let two = machine(&[
            ("python3", ASK_VERSION, "3.9.2"),
            ("python", ASK_VERSION, "3.14.0"),
            ("python", ASK_VENV, ""),
        ]);
        assert_eq!(python(&two, None), Ok("python".into()));
        assert!(python(&two, Some("python3")).is_err());
    }

    #[test]
    fn too_little_disk_is_an_error() {
        let df = |free: u64| {
            format!(
                "Filesystem 1024-blocks Used Available Capacity Mounted\n/dev/a 99 9 {free} 9% /"
            )
        };
        let folder = std::env::temp_dir();
        let ask = |free: u64| machine(&[("df", folder.to_str().unwrap(), &df(free))]);
        let cache = folder.join("not-there-yet/quakebook");
        let sentence = disk(&ask(2 << 20), &cache).unwrap_err();
        assert!(
            sentence.contains("found 2.0") && sentence.contains("QUAKEBOOK_CACHE"),
            "{sentence}"
        );
        assert_eq!(disk(&ask(50 << 20), &cache), Ok(()));
        assert_eq!(disk(&machine(&[]), &cache), Ok(()));
    }
}

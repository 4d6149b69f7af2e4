//! Running other programs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;

/// A command without the variables that `cargo run` set for this program: cargo takes some of them,
/// run again below, for a change.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// A subcommand of cargo, in the clone's folder. It takes the crates of `Cargo.lock` and no others.
pub fn cargo(root: &Path, subcommand: &str) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).arg(subcommand);
    if subcommand != "fmt" {
        cargo.arg("--locked");
    }
    cargo
}

/// `pip install` of that Python, for packages whose hashes are known. The packages are still to be named.
pub fn pip_install(python: impl AsRef<OsStr>) -> Command {
    let mut pip = command(python);
    pip.args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--require-hashes"]);
    pip
}

/// Runs a command to its end, with its output on the terminal. `otherwise` is the error where it fails.
pub fn run(command: &mut Command, otherwise: &str) -> Result {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("{program} could not be started ({error}): {otherwise}"))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(_) => Err(otherwise.to_string()),
        None => Err(format!(
            "{program} was stopped from outside ({status}): run the same command again, it goes on where it stopped"
        )),
    }
}

/// What a program prints, if it is there and succeeds.
pub fn ask(program: &str, args: &[&str]) -> Option<String> {
    let output = command(program)
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}

/// What `rustc --print` says.
pub fn ask_rustc(what: &str) -> Result<String> {
    ask("rustc", &["--print", what])
        .ok_or_else(|| "rustc does not answer: install Rust with rustup".into())
}

/// Turns an error of the file system into a sentence that names the path.
pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> String {
    let path = path.display().to_string();
    move |error| {
        format!("{path}: {error}; check that you may write there and that the disk is not full")
    }
}

/// Writes a file, with the folders above it, unless it has this content already: tools that go by
/// the time of the file then see no change.
pub fn write(path: &Path, content: &str) -> Result {
    if std::fs::read_to_string(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io(folder))?;
    }
    std::fs::write(path, content).map_err(io(path))
}

/// Copies a file that may be in use, with its time of change, unless the copy has that time already.
/// Whoever uses the old copy goes on with it: it is replaced, not written into.
pub fn renew(from: &Path, to: &Path) -> Result {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified());
    let time = modified(from).map_err(io(from))?;
    if modified(to).is_ok_and(|of_copy| of_copy == time) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(io(folder))?;
    }
    let new = to.with_extension("new");
    std::fs::copy(from, &new).map_err(io(&new))?;
    let file = std::fs::File::options().append(true).open(&new);
    file.and_then(|file| file.set_modified(time))
        .map_err(io(&new))?;
    std::fs::rename(&new, to).map_err(io(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_copy_follows_the_time_of_its_original() {
        let scratch = Scratch::new("renew");
        let (from, to) = (
            scratch.path().join("from"),
            scratch.path().join("lib/to.so"),
        );
        // The second is older than the first.
        for (content, age_s) in [("first", 100), ("second", 200)] {
            std::fs::write(&from, content).unwrap();
            let time = std::time::SystemTime::now() - std::time::Duration::from_secs(age_s);
            let file = std::fs::File::options().append(true).open(&from).unwrap();
            file.set_modified(time).unwrap();
            renew(&from, &to).unwrap();
            assert_eq!(std::fs::read_to_string(&to).unwrap(), content);
            // Of the same time: not copied again.
            std::fs::write(&to, "kept").unwrap();
            let copy = std::fs::File::options().append(true).open(&to).unwrap();
            copy.set_modified(time).unwrap();
            renew(&from, &to).unwrap();
            assert_eq!(std::fs::read_to_string(&to).unwrap(), "kept");
        }
        assert!(renew(&scratch.path().join("nothing"), &to).is_err());
    }

    #[test]
    fn cargo_takes_the_crates_of_the_lock_file() {
        let args = |subcommand| {
            let cargo = cargo(Path::new("."), subcommand);
            let args = cargo
                .get_args()
                .map(|arg| arg.to_string_lossy().into_owned());
            args.collect::<Vec<_>>()
        };
        assert_eq!(args("test"), ["test", "--locked"]);
        assert_eq!(args("clippy"), ["clippy", "--locked"]);
        // It has no such option, and builds nothing.
        assert_eq!(args("fmt"), ["fmt"]);
    }

    #[test]
    fn what_a_reader_copies_is_locked_too() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut n_calls = 0;
        for folder in ["", "benches", "fuzz", "notebooks"] {
            let files =
                std::fs::read_dir(root.join(folder)).expect("the folder is part of the clone");
            for path in files.map(|entry| entry.expect("the folder can be read").path()) {
                let is_text = ["md", "py", "ipynb"].map(Some);
                if !is_text.contains(&path.extension().and_then(OsStr::to_str)) {
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("it is text");
                for line in text.lines() {
                    if line.contains("cargo install ") || line.contains("\"cargo\", \"bench\"") {
                        assert!(line.contains("--locked"), "{}: {line}", path.display());
                        n_calls += 1;
                    }
                }
            }
        }
        assert!(n_calls >= 3, "{n_calls}");
    }
}

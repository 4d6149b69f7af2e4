//! Running other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

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

/// Cargo, in the clone's folder.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// `pip install` of that Python; the packages are still to be named.
pub fn pip_install(python: impl AsRef<OsStr>) -> Command {
    let mut pip = command(python);
    pip.args(["-m", "pip", "install", "--quiet"])
        .arg("--disable-pip-version-check");
    pip
}

/// Runs a command to its end; its output is seen. `otherwise` is the sentence for its failure.
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
            "{program} was stopped from outside ({status}); the same command goes on where it stopped"
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

/// Copies a file that may be in use, with its time of change, unless that time is the copy's already.
/// Returns whether it did. Whoever uses the old copy goes on with it: it is replaced, not written into.
pub fn renew(from: &Path, to: &Path) -> Result<bool> {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified());
    let time = modified(from).map_err(io(from))?;
    if modified(to).is_ok_and(|of_copy| of_copy == time) {
        return Ok(false);
    }
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(io(folder))?;
    }
    let new = to.with_extension("new");
    std::fs::copy(from, &new).map_err(io(&new))?;
    let file = std::fs::File::options().append(true).open(&new);
    file.and_then(|file| file.set_modified(time))
        .map_err(io(&new))?;
    std::fs::rename(&new, to).map_err(io(to))?;
    Ok(true)
}

/// Where this program lies, which cargo and the kernel call in place of the compiler.
pub fn this_program() -> Result<PathBuf> {
    std::env::current_exe()
        .map_err(|error| format!("where this program lies is not known: {error}"))
}

/// Runs the compiler in whose place this program was called.
pub fn stand_aside(rustc: &str, args: &[impl AsRef<OsStr>]) -> ExitCode {
    match Command::new(rustc).args(args).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {rustc} could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_made_anew_when_the_time_of_its_original_differs() {
        let folder = std::env::temp_dir().join(format!("quakebook-renew-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("lib/to.so"));
        std::fs::create_dir_all(&folder).unwrap();
        // An older one may take the place of a newer one.
        for (content, age_s) in [("first", 100), ("second", 200)] {
            std::fs::write(&from, content).unwrap();
            let time = std::time::SystemTime::now() - std::time::Duration::from_secs(age_s);
            let file = std::fs::File::options().append(true).open(&from).unwrap();
            file.set_modified(time).unwrap();
            assert!(renew(&from, &to).unwrap());
            assert!(!renew(&from, &to).unwrap());
            assert_eq!(std::fs::read_to_string(&to).unwrap(), content);
        }
        assert!(renew(&folder.join("nothing"), &to).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}

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

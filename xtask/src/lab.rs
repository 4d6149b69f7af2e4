//! Opens the notebooks in JupyterLab.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;

use crate::Result;
use crate::command::io;
use crate::language::Language;
use crate::paths::{Paths, program};
use crate::profile::Profile;
use crate::report::{copy_in, join, notebooks, with_kernel};
use crate::{kernel, setup};

const MEANWHILE: &str = "
JupyterLab opens now, and the kernel is being built: 20 to 25 minutes on two cores. The notebooks hold their
figures and tables already. Where JupyterLab asks for a kernel, choose `No Kernel`, and read chapters 0 to 2.
";

const READY: &str = "
The kernel is ready. In an open notebook choose it at the top right, `Rust (quakebook)`: it is listed there
within a minute.
";

/// As they were joined, by which a copy that the reader has changed is known.
const AS_JOINED: &str = ".as-joined";

/// Opens JupyterLab. The first time it opens to read, as soon as the Python packages are there, while the kernel is built.
///
/// `--lang zh` opens copies of the notebooks in Chinese, in a folder of their own; other options go to JupyterLab.
pub fn lab(paths: &Paths, options: &[String]) -> Result {
    let (language, options) = language_of(options)?;
    if kernel::is_built(paths) {
        setup::setup(paths, Profile::Thorough)?;
        return wait(start(paths, language, &options)?);
    }
    setup::provide_python(paths)?;
    let lab = start(paths, language, &options)?;
    println!("{MEANWHILE}");
    let built = setup::setup(paths, Profile::Thorough);
    match &built {
        Ok(()) => println!("{READY}"),
        Err(sentence) => eprintln!(
            "xtask: {sentence}\nThere is no kernel. JupyterLab stays open to read; close it, and run `cargo xtask lab` again."
        ),
    }
    wait(lab)?;
    built
}

/// The language that is asked for, and the options without it.
fn language_of(options: &[String]) -> Result<(Language, Vec<String>)> {
    let mut options = options.to_vec();
    let Some(at) = options.iter().position(|option| option == "--lang") else {
        return Ok((Language::default(), options));
    };
    let language = Language::parse(options.get(at + 1))?;
    options.drain(at..at + 2);
    Ok((language, options))
}

fn start(paths: &Paths, language: Language, options: &[String]) -> Result<Child> {
    let folder = match language.joined() {
        Some(code) => joined(paths, code)?,
        None => paths.notebooks(),
    };
    let mut lab = with_kernel(paths, program(&paths.venv(), "jupyter-lab"));
    lab.args(options).current_dir(folder);
    lab.spawn()
        .map_err(|error| format!("JupyterLab could not be started: {error}"))
}

/// Joins another language to copies of the notebooks, in a folder of their own that it returns.
fn joined(paths: &Paths, code: &str) -> Result<PathBuf> {
    let folder = paths.lab().join(code);
    let fresh = folder.join(AS_JOINED).join("fresh");
    fs::create_dir_all(&fresh).map_err(io(&fresh))?;
    let fresh = join(paths, &notebooks(paths)?, &fresh, code)?;
    let kept = renew(&folder, &fresh)?;
    println!(
        "The notebooks in this language, and what you write in them, lie in {}",
        folder.display()
    );
    if !kept.is_empty() {
        println!(
            "You have changed {}: they stay as they are. Move one away to get it anew",
            kept.join(", ")
        );
    }
    Ok(folder)
}

/// Puts fresh copies into the folder, but for those that the reader has changed. Returns the names of these.
fn renew(folder: &Path, fresh: &[PathBuf]) -> Result<Vec<String>> {
    let mut kept = Vec::new();
    for path in fresh {
        let (own, as_joined) = (
            copy_in(folder, path),
            copy_in(&folder.join(AS_JOINED), path),
        );
        let text = |path: &Path| fs::read(path).ok();
        if own.exists() && text(&own) != text(&as_joined) {
            kept.extend(
                own.file_name()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
            continue;
        }
        for to in [&as_joined, &own] {
            fs::copy(path, to).map_err(io(to))?;
        }
    }
    Ok(kept)
}

/// Waits until the reader closes it.
fn wait(mut lab: Child) -> Result {
    let status = lab
        .wait()
        .map_err(|error| format!("JupyterLab was lost: {error}"))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "JupyterLab ended with an error: its message stands above".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn options(of: &[&str]) -> Vec<String> {
        of.iter().map(|option| option.to_string()).collect()
    }

    #[test]
    fn the_language_is_no_option_of_jupyterlab() {
        let (language, rest) =
            language_of(&options(&["--no-browser", "--lang", "zh", "--port=1"])).unwrap();
        assert_eq!(
            (language, rest),
            (Language::Chinese, options(&["--no-browser", "--port=1"]))
        );
        let (language, rest) = language_of(&options(&["--no-browser"])).unwrap();
        assert_eq!((language, rest.len()), (Language::English, 1));
        assert!(language_of(&options(&["--lang"])).is_err());
    }

    #[test]
    fn what_the_reader_has_changed_stays() {
        let scratch = Scratch::new("lab");
        let at = |name: &str| scratch.path().join(name);
        let fresh = [
            at(".as-joined/fresh/a.ipynb"),
            at(".as-joined/fresh/b.ipynb"),
        ];
        fs::create_dir_all(at(".as-joined/fresh")).unwrap();
        let make = |text: &str| {
            for path in &fresh {
                fs::write(path, text).unwrap();
            }
            renew(scratch.path(), &fresh).unwrap()
        };
        let read =
            || ["a", "b"].map(|name| fs::read_to_string(at(&format!("{name}.ipynb"))).unwrap());
        assert!(make("one").is_empty());
        assert_eq!(read(), ["one", "one"]);
        fs::write(at("b.ipynb"), "mine").unwrap();
        assert_eq!(make("two"), ["b.ipynb"]);
        assert_eq!(read(), ["two", "mine"]);
        // Moved away, it comes anew.
        fs::remove_file(at("b.ipynb")).unwrap();
        assert!(make("two").is_empty());
        assert_eq!(read(), ["two", "two"]);
    }
}

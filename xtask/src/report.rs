//! Runs the notebooks, and makes their three forms: the book, the paper and the site.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::command::{command, io, run, write};
use crate::language::Language;
use crate::paths::{Paths, named_path};
use crate::profile::Profile;
use crate::{kernel, ours, setup};

/// What the reader has asked of `cargo xtask report`.
#[derive(Debug, PartialEq)]
struct Options {
    /// Goes on with what earlier runs have made.
    resume: bool,
    /// Replaces the outputs of the clone's notebooks.
    keep_outputs: bool,
    /// Runs nothing: makes the forms of the outputs that are there.
    forms_only: bool,
    /// In which language the forms are made.
    language: Language,
    /// Beginnings of notebooks' names; none for all notebooks.
    chapters: Vec<String>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            resume: false,
            keep_outputs: false,
            forms_only: false,
            language: Language::default(),
            chapters: Vec::new(),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--lang" => options.language = Language::parse(args.next())?,
                "--resume" => options.resume = true,
                "--keep-outputs" => options.keep_outputs = true,
                "--forms-only" => options.forms_only = true,
                unknown if unknown.starts_with('-') => {
                    return Err(format!(
                        "report: expected --resume, --keep-outputs, --forms-only, --lang or chapters, found `{unknown}`: `cargo xtask --help` explains them"
                    ));
                }
                chapter => options.chapters.push(chapter.into()),
            }
        }
        Ok(options)
    }
}

/// Runs the notebooks that `args` name (all, if none is named), and makes the three forms of all of them.
///
/// The executed copies go to `report/`, beside `seconds.csv` with what each cell took. The clone's own notebooks
/// stay as they are unless `args` has `--keep-outputs`. A report of all notebooks begins without the products of
/// earlier runs, so that every number in it is of this run, unless `args` has `--resume`. With `--forms-only` nothing
/// is run: the forms are of the clone's notebooks with the outputs that they have. With `--lang zh` they
/// are made in Chinese too, in `report/zh/`, of the same outputs.
pub fn report(paths: &Paths, args: &[String]) -> Result {
    let options = Options::parse(args)?;
    let all = notebooks(paths)?;
    let chosen = choose(&all, &options.chapters)?;
    let folder = paths.report();
    if options.forms_only {
        setup::provide_python(paths)?;
        ours::make(&folder)?;
        return forms(paths, &all, &folder, options.language);
    }
    setup::setup(paths, Profile::Thorough)?;
    if options.chapters.is_empty() && !options.resume {
        forget_products(paths)?;
    }
    ours::make(&folder)?;
    run(
        script(paths, "notebooks.py")
            .arg("--into")
            .arg(&folder)
            .arg("--seconds")
            .arg(folder.join("seconds.csv"))
            .args(&chosen),
        "a notebook failed: its cell and message stand above. `cargo xtask report --resume` goes on with what was made until then",
    )?;
    let executed = executed(&all, &chosen, &folder);
    forms(paths, &executed, &folder, options.language)?;
    if options.keep_outputs {
        replace_outputs(&chosen, &folder)?;
    }
    Ok(())
}

/// Removes the products of earlier runs.
fn forget_products(paths: &Paths) -> Result {
    let derived = paths.derived();
    println!(
        "[....] removing {}, so that every number is of this run (`--resume` keeps it)",
        derived.display()
    );
    ours::remove(&derived, paths)?;
    ours::make(&derived)
}

/// The notebooks for the book: the executed copy of each that was run, the clone's own of the others.
fn executed(all: &[PathBuf], chosen: &[PathBuf], folder: &Path) -> Vec<PathBuf> {
    let copy = |path: &PathBuf| match chosen.contains(path) {
        true => copy_in(folder, path),
        false => path.clone(),
    };
    all.iter().map(copy).collect()
}

/// Replaces the clone's notebooks by their executed copies.
fn replace_outputs(chosen: &[PathBuf], folder: &Path) -> Result {
    for path in chosen {
        let copy = copy_in(folder, path);
        let text = std::fs::read_to_string(&copy).map_err(io(&copy))?;
        write(path, &text)?;
    }
    Ok(())
}

/// Where the executed copy of a notebook lies in a folder.
pub fn copy_in(folder: &Path, notebook: &Path) -> PathBuf {
    folder.join(notebook.file_name().unwrap_or_default())
}

/// Makes `book.pdf`, `paper.pdf` and `site/` in a folder, of notebooks that have their outputs, and those in another
/// language below it.
fn forms(paths: &Paths, notebooks: &[PathBuf], folder: &Path, language: Language) -> Result {
    all_forms(paths, &paths.notebooks(), notebooks, folder)?;
    match language.joined() {
        Some(code) => joined_forms(paths, notebooks, &folder.join(code), code),
        None => Ok(()),
    }
}

/// Joins the texts of another language to the notebooks and the paper, and makes their forms in a folder.
fn joined_forms(paths: &Paths, notebooks: &[PathBuf], folder: &Path, code: &str) -> Result {
    ours::make(folder)?;
    let joined = folder.join("notebooks");
    let notebooks = join(paths, notebooks, &joined, code)?;
    all_forms(paths, &joined, &notebooks, folder)
}

/// Makes the book, the paper of the text in the folder `texts`, and the site, which names the other two.
fn all_forms(paths: &Paths, texts: &Path, notebooks: &[PathBuf], folder: &Path) -> Result {
    println!("{}", book(paths, notebooks, folder)?.display());
    if let Some(pdf) = paper(paths, texts, notebooks, folder)? {
        println!("{}", pdf.display());
    }
    let site = site(paths, notebooks, folder)?;
    println!("{}", site.join("index.html").display());
    Ok(())
}

/// Joins the texts of another language to notebooks. Returns the joined copies, which lie in the folder.
///
/// What is not translated, or whose English has changed since, is printed, and stays English with a mark.
pub fn join(
    paths: &Paths,
    notebooks: &[PathBuf],
    folder: &Path,
    code: &str,
) -> Result<Vec<PathBuf>> {
    run(
        script(paths, "languages.py")
            .arg(code)
            .arg(folder)
            .args(notebooks),
        "the translation could not be joined: see the message above",
    )?;
    Ok(notebooks.iter().map(|path| copy_in(folder, path)).collect())
}

/// Makes `book.pdf`, with everything. Returns where it lies.
pub fn book(paths: &Paths, notebooks: &[PathBuf], folder: &Path) -> Result<PathBuf> {
    let pdf = folder.join("book.pdf");
    run(
        script(paths, "book.py").arg(&pdf).args(notebooks),
        "the book could not be made: see the message above",
    )?;
    Ok(pdf)
}

/// Makes `paper.pdf`, without code. Returns where it lies.
///
/// Its sentences are about the study as it comes, so another study or data centre gets none: an older one goes.
fn paper(
    paths: &Paths,
    texts: &Path,
    notebooks: &[PathBuf],
    folder: &Path,
) -> Result<Option<PathBuf>> {
    let pdf = folder.join("paper.pdf");
    for variable in ["QUAKEBOOK_STUDY", "QUAKEBOOK_PROVIDER"] {
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            println!(
                "[skip] the paper: its text is about the study as it comes, and {variable} names another"
            );
            // There may be none.
            let _ = std::fs::remove_file(&pdf);
            return Ok(None);
        }
    }
    run(
        script(paths, "paper.py")
            .arg(&pdf)
            .arg(texts.join("paper.md"))
            .args(notebooks),
        "the paper could not be made: what it names and did not find stands above",
    )?;
    Ok(Some(pdf))
}

/// Makes `site/` in a folder anew, so that no page of an earlier run stays. Returns where it lies.
pub fn site(paths: &Paths, notebooks: &[PathBuf], folder: &Path) -> Result<PathBuf> {
    let site = folder.join("site");
    ours::remove(&site, paths)?;
    ours::make(&site)?;
    run(
        script(paths, "website.py").arg(&site).args(notebooks),
        "the site could not be made: see the message above",
    )?;
    Ok(site)
}

/// The notebooks in reading order.
pub fn notebooks(paths: &Paths) -> Result<Vec<PathBuf>> {
    let folder = paths.notebooks();
    let entries = std::fs::read_dir(&folder).map_err(io(&folder))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "ipynb")
        })
        .collect();
    found.sort();
    Ok(found)
}

fn choose(all: &[PathBuf], chapters: &[String]) -> Result<Vec<PathBuf>> {
    let name = |path: &PathBuf| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let unknown = chapters
        .iter()
        .find(|c| !all.iter().any(|path| name(path).starts_with(*c)));
    if let Some(chapter) = unknown {
        let names: Vec<String> = all.iter().map(name).collect();
        return Err(format!(
            "no notebook's name begins with {chapter}; there are {}",
            names.join(", ")
        ));
    }
    let chosen = all
        .iter()
        .filter(|path| chapters.is_empty() || chapters.iter().any(|c| name(path).starts_with(c)));
    Ok(chosen.cloned().collect())
}

/// A Python script of `xtask/report`, with the virtual environment and this clone's kernel.
pub fn script(paths: &Paths, name: &str) -> Command {
    let mut script = with_kernel(paths, paths.python());
    script
        .arg(paths.root.join("xtask/report").join(name))
        .current_dir(&paths.root);
    script
}

/// Variables that name a file or a folder. Notebooks run in their own folder, where a relative path of the
/// reader would lead elsewhere.
const PATHS: [&str; 3] = ["QUAKEBOOK_STUDY", "QUAKEBOOK_DATA", "QUAKEBOOK_REAL_DATA"];

/// A program that finds this clone's kernel, and whose kernels find the reader's files.
pub fn with_kernel(paths: &Paths, program: PathBuf) -> Command {
    let mut command = command(program);
    command.env("JUPYTER_PATH", kernel::jupyter_path(paths));
    for variable in PATHS {
        if let Some(path) = named_path(variable) {
            command.env(variable, path);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn parse(args: &[&str]) -> Result<Options> {
        let args: Vec<String> = args.iter().map(|arg| arg.to_string()).collect();
        Options::parse(&args)
    }

    #[test]
    fn options_and_chapters_come_in_any_order() {
        let options = parse(&["02", "--keep-outputs", "03"]).unwrap();
        assert!(options.keep_outputs && !options.resume);
        assert_eq!(options.chapters, ["02", "03"]);
        assert!(parse(&["--resume"]).unwrap().resume);
        assert!(parse(&["--forms-only"]).unwrap().forms_only);
        assert_eq!(parse(&["02"]).unwrap().language, Language::English);
        let chinese = parse(&["--lang", "zh", "02"]).unwrap();
        assert_eq!(
            (chinese.language, chinese.chapters),
            (Language::Chinese, vec!["02".into()])
        );
        assert!(parse(&["--lang"]).is_err() && parse(&["--lang", "02"]).is_err());
        for old in ["--keep", "-k", "--"] {
            assert!(parse(&[old]).unwrap_err().contains(old));
        }
    }

    #[test]
    fn only_marked_products_are_forgotten() {
        let scratch = Scratch::new("products");
        let paths = Paths {
            root: scratch.path().into(),
            cache: scratch.path().join("cache"),
        };
        let derived = scratch.path().join("data/derived");
        std::fs::create_dir_all(derived.join("oklahoma-1/runs")).unwrap();
        assert!(forget_products(&paths).is_err());
        assert!(derived.join("oklahoma-1/runs").is_dir());
        std::fs::remove_dir_all(&derived).unwrap();

        ours::make(&derived).unwrap();
        std::fs::create_dir_all(derived.join("oklahoma-1/runs")).unwrap();
        std::fs::create_dir_all(scratch.path().join("data/cache")).unwrap();
        for _ in 0..2 {
            forget_products(&paths).unwrap();
            assert!(derived.is_dir() && !derived.join("oklahoma-1").exists());
        }
        assert!(scratch.path().join("data/cache").is_dir());
    }

    #[test]
    fn the_clones_notebooks_change_only_on_request() {
        let scratch = Scratch::new("outputs");
        let at = |name: &str| scratch.path().join(name);
        for folder in ["notebooks", "report"] {
            std::fs::create_dir(at(folder)).unwrap();
            for name in ["00-start.ipynb", "01-catalog.ipynb"] {
                std::fs::write(at(folder).join(name), folder).unwrap();
            }
        }
        let all = [
            at("notebooks/00-start.ipynb"),
            at("notebooks/01-catalog.ipynb"),
        ];
        let chosen = &all[1..];
        // An older copy of the other chapter in `report` is not of this run.
        let book = executed(&all, chosen, &at("report"));
        assert_eq!(book, [all[0].clone(), at("report/01-catalog.ipynb")]);

        replace_outputs(chosen, &at("report")).unwrap();
        let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        assert_eq!(all.each_ref().map(text), ["notebooks", "report"]);
    }

    #[test]
    fn chapters_are_chosen_by_the_beginning_of_their_names() {
        let all: Vec<PathBuf> = ["n/00-start.ipynb", "n/01-catalog.ipynb"]
            .map(PathBuf::from)
            .into();
        assert_eq!(choose(&all, &[]).unwrap(), all);
        assert_eq!(choose(&all, &["01".into()]).unwrap(), all[1..]);
        assert!(
            choose(&all, &["7".into()])
                .unwrap_err()
                .contains("01-catalog")
        );
    }
}

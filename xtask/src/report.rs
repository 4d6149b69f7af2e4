//! Running the notebooks, and the book made of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::command::{command, io, run};
use crate::kernel;
use crate::paths::{Paths, program};
use crate::quick::Profile;
use crate::setup::setup;

/// Runs the notebooks whose names begin with one of the chapters in `args` (all, if none is named),
/// keeps their outputs in `notebooks/`, and makes the PDF of all of them. What each cell took stands in
/// `report/seconds.csv`.
///
/// A report of all begins without the products of earlier runs, so that every number in it is this
/// run's own, unless `args` has `--keep`.
pub fn report(places: &Paths, args: &[String]) -> Result {
    let (options, chapters): (Vec<String>, Vec<String>) =
        args.iter().cloned().partition(|arg| arg.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| *option != "--keep") {
        return Err(format!(
            "`report {unknown}` is not understood: `cargo xtask --help` lists the options"
        ));
    }
    let all = notebooks(places)?;
    let chosen = choose(&all, &chapters)?;
    setup(places, Profile::Thorough)?;
    if chapters.is_empty() && options.is_empty() {
        forget_products(&places.derived())?;
    }
    let folder = places.root.join("report");
    std::fs::create_dir_all(&folder).map_err(io(&folder))?;
    run(
        script(places, "notebooks.py")
            .arg("--seconds")
            .arg(folder.join("seconds.csv"))
            .args(&chosen),
        "a notebook failed: its cell and message stand above; `cargo xtask report --keep` picks up what was made until then",
    )?;
    let pdf = folder.join("quakebook.pdf");
    book(places, &all, &pdf)?;
    println!("{}", pdf.display());
    Ok(())
}

fn forget_products(derived: &Path) -> Result {
    if !derived.exists() {
        return Ok(());
    }
    println!(
        "[....] removing {}, so that every number is of this run (`--keep` keeps it)",
        derived.display()
    );
    std::fs::remove_dir_all(derived).map_err(io(derived))
}

/// Makes the PDF of notebooks that have their outputs.
pub fn book(places: &Paths, notebooks: &[PathBuf], pdf: &Path) -> Result {
    run(
        script(places, "book.py").arg(pdf).args(notebooks),
        "the PDF could not be made: the message stands above",
    )
}

/// Opens JupyterLab on the notebooks.
pub fn lab(places: &Paths, options: &[String]) -> Result {
    setup(places, Profile::Thorough)?;
    let mut lab = command(program(&places.venv(), "jupyter-lab"));
    lab.args(options)
        .current_dir(places.notebooks())
        .env("JUPYTER_PATH", kernel::jupyter_path(places));
    let status = lab
        .status()
        .map_err(|error| format!("JupyterLab could not be started: {error}"))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "JupyterLab ended with an error: its message stands above".into())
}

/// The notebooks in reading order.
pub fn notebooks(places: &Paths) -> Result<Vec<PathBuf>> {
    let folder = places.notebooks();
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
pub fn script(places: &Paths, name: &str) -> Command {
    let mut script = command(places.python());
    script
        .arg(places.root.join("xtask/report").join(name))
        .current_dir(&places.root)
        .env("JUPYTER_PATH", kernel::jupyter_path(places));
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_earlier_runs_are_removed_where_there_are_any() {
        let data = std::env::temp_dir().join(format!("quakebook-data-{}", std::process::id()));
        let derived = data.join("derived");
        std::fs::create_dir_all(derived.join("oklahoma-1/runs")).unwrap();
        std::fs::create_dir_all(data.join("cache")).unwrap();
        forget_products(&derived).unwrap();
        forget_products(&derived).unwrap();
        assert!(!derived.exists() && data.join("cache").is_dir());
        std::fs::remove_dir_all(data).unwrap();
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

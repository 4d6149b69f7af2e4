//! `cargo xtask`: sets up the notebooks' kernel, runs the notebooks, makes their forms, runs the tests.
//!
//! It has no dependency, so it is built in seconds. Commands that need the set-up bring it up to date first,
//! which takes a second where nothing changed.

mod bench;
mod checks;
mod clean;
mod command;
mod environment;
mod evcxr;
mod evcxr_source;
#[cfg(test)]
mod house;
mod kernel;
mod lab;
mod language;
mod libtorch;
mod ours;
mod paths;
mod profile;
mod quick;
mod records;
mod report;
#[cfg(test)]
mod scratch;
mod setup;
mod standard;
mod step;
mod test;

use std::process::ExitCode;

use paths::Paths;
use profile::Profile;

/// The error is a sentence for the reader: what, where, expected, found, what to do.
type Result<T = ()> = std::result::Result<T, String>;

const HELP: &str = "\
cargo xtask COMMAND

  setup             get everything that the notebooks need: Python packages, libtorch, the kernel
  report [--resume] [--keep-outputs] [CHAPTER…]
                    run the notebooks (or those whose names begin with CHAPTER: `report 02 03`), write
                    the executed copies to report/, and make the three forms there: book.pdf with
                    everything, paper.pdf without code, and site/index.html.
                    The notebooks in notebooks/ stay as they are; --keep-outputs replaces their outputs
                    by those of this run.
                    A report of all removes data/derived first, so that every number is of this run;
                    --resume keeps it, for example to go on with a training that was interrupted
  report --forms-only
                    run nothing: make the three forms of the notebooks with the outputs that they have
  report --lang zh  the same, and the three forms in Chinese in report/zh/, of the same outputs
  lab [OPTION…]     open JupyterLab on the notebooks; options go to JupyterLab (`--no-browser`). The first
                    time it opens to read, while the kernel is built
  lab --lang zh     the same in Chinese, on copies in lab/zh/, where what you write in them is kept
  quick             bring a changed library to the kernel in half a minute. It computes up to twice as
                    long; `setup` brings the fast one back
  quick ARGUMENT…   the same for tests, which get the arguments of `cargo test`: `quick --test cli`
  test              format, clippy, all tests, the kernel, and the notebooks with the small study
  bench [--json FILE] [JOB…]
                    time the library beside ObsPy, SciPy, polars, scikit-learn and PyTorch (3 GB, in
                    a virtual environment of its own); an unknown JOB lists them. Leave the machine
                    alone meanwhile
  bench growth      time and memory of the library against the size of the work
  bench scale [PART…]
                    the scan of an archive by its size, by engine, and beside ObsPy with PyTorch (6 GB of
                    disk); `bench scale year` is 365 days of a station (12 GB)
  clean [--cache]   remove what was made in this clone; with --cache also what clones share. Only
                    folders with the marker file `.quakebook` are removed

The shared cache is QUAKEBOOK_CACHE, else `quakebook` in the platform's cache folder.
LIBTORCH, or pytorch in the active conda environment, is used instead of a downloaded libtorch.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if profile::wraps_rustc() {
        return profile::compile_quickly(&args);
    }
    if let Some(copies) = evcxr_source::wraps_rustc() {
        return evcxr_source::compile(&args, &copies);
    }
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("xtask: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result {
    let (name, rest) = match args.split_first() {
        None => ("--help", args),
        Some((name, rest)) => (name.as_str(), rest),
    };
    let paths = Paths::find()?;
    match (name, rest) {
        ("--help" | "-h" | "help", _) => {
            print!("{HELP}");
            Ok(())
        }
        ("setup", []) => {
            setup::setup(&paths, Profile::Thorough)?;
            setup::say_how_to_use(&paths);
            Ok(())
        }
        ("report", chapters) => report::report(&paths, chapters),
        ("lab", options) => lab::lab(&paths, options),
        ("quick", args) => quick::quick(&paths, args),
        ("test", []) => test::test(&paths),
        ("bench", jobs) => bench::bench(&paths, jobs),
        ("clean", []) => clean::clean(&paths, false),
        ("clean", [option]) if option == "--cache" => clean::clean(&paths, true),
        _ => Err(format!(
            "`{}` is not understood: `cargo xtask --help` lists the commands",
            args.join(" ")
        )),
    }
}

//! `cargo xtask`: sets up the notebooks' kernel, runs the notebooks, makes the PDF, runs the tests.
//!
//! It has no dependency, so that it is there in seconds. Each command first brings the set-up up to
//! date, which takes a second where nothing changed.

mod bench;
mod cells;
mod checks;
mod clean;
mod command;
mod environment;
mod evcxr;
mod kernel;
mod libtorch;
mod package;
mod paths;
mod quick;
mod report;
mod setup;
mod standard;
mod step;
mod test;

use std::process::ExitCode;

use paths::Paths;
use quick::Profile;

/// What went wrong, as one sentence that says what the reader can do.
type Result<T = ()> = std::result::Result<T, String>;

const HELP: &str = "\
cargo xtask COMMAND

  setup             get everything that the notebooks need: Python packages, libtorch, the kernel
  report [--keep] [CHAPTER…]
                    run the notebooks (or those whose names begin with CHAPTER: `report 02 03`),
                    save their outputs, and make report/quakebook.pdf. A report of all removes
                    data/derived first, so that every number is of this run; --keep keeps it, as
                    to go on with a training that was interrupted
  lab [OPTION…]     open JupyterLab on the notebooks; options go to JupyterLab (`--no-browser`)
  quick             bring a changed library to the kernel in half a minute: one that computes up to
                    twice as long; `setup` brings the fast one back
  quick ARGUMENT…   the same for tests, which get the arguments as `cargo test` does: `quick --test cli`
  test              format, clippy, all tests, the kernel, and the notebooks with the small study
  bench [--json FILE] [JOB…]
                    time the library beside ObsPy, SciPy, polars, scikit-learn and PyTorch (3 GB, in
                    a virtual environment of its own); an unknown JOB lists them. Leave the machine
                    alone meanwhile
  bench growth      time and memory of the library against the size of the work
  clean [--cache]   remove what was made in this clone; with --cache also what clones share

The shared cache is QUAKEBOOK_CACHE, else `quakebook` in the platform's cache folder.
LIBTORCH, or pytorch in the active conda environment, is used in place of a downloaded libtorch.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if quick::is_in_place_of_rustc() {
        return quick::compile(&args);
    }
    if cells::is_in_place_of_rustc() {
        return cells::compile(&args);
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
    let places = Paths::find()?;
    match (name, rest) {
        ("--help" | "-h" | "help", _) => {
            print!("{HELP}");
            Ok(())
        }
        ("setup", []) => {
            setup::setup(&places, Profile::Thorough)?;
            setup::say_how_to_use(&places);
            Ok(())
        }
        ("report", chapters) => report::report(&places, chapters),
        ("lab", options) => report::lab(&places, options),
        ("quick", args) => quick::quick(&places, args),
        ("test", []) => test::test(&places),
        ("bench", jobs) => bench::bench(&places, jobs),
        ("clean", []) => clean::clean(&places, false),
        ("clean", [option]) if option == "--cache" => clean::clean(&places, true),
        _ => Err(format!(
            "`{}` is not understood: `cargo xtask --help` lists the commands",
            args.join(" ")
        )),
    }
}

//! Our side of the comparison with other libraries.
//!
//! | Command | What it does |
//! |---|---|
//! | `jobs inputs FOLDER` | makes the inputs of all jobs from the classroom |
//! | `jobs serve JOB FOLDER` | does the job as often as it is told to |
//! | `jobs machine` | measures what the machine can do |
//! | `jobs growth FOLDER` | time and memory against the size of the work |
//! | `jobs split PLAN` | what the work on a plan's first shard spends its time on |
//!
//! A served job takes a line from stdin and answers with one: `run` does the work and gives its
//! seconds, `save FILE` writes the numbers that came of it (f64, little-endian), `floor` gives what the
//! work costs at the least, as a number and its unit, and `about` says what a peer of this program is. The
//! other side, `benches/peers.py`, speaks the same words.

mod by_tch;
mod floor;
mod growth;
mod inputs;
mod job;
mod machine;
mod network;
mod phases;
#[cfg(unix)]
mod scale;
mod tables;
mod waveforms;

use std::io::{BufRead, Write};
use std::path::Path;

/// Any error, as a sentence.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result {
    // Cargo adds `--bench` to what it runs.
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["inputs", folder] => inputs::make(Path::new(folder)),
        ["serve", job, folder] => serve(job, Path::new(folder)),
        ["machine"] => machine::report(),
        ["growth", folder] => growth::report(Path::new(folder)),
        ["growth", folder, kind, size] => growth::measure(Path::new(folder), kind, size),
        #[cfg(unix)]
        ["split", plan] => scale::split(Path::new(plan)),
        // As `cargo bench` calls it; `cargo xtask bench` gives it work.
        _ => {
            println!("run `cargo xtask bench`");
            Ok(())
        }
    }
}

fn serve(name: &str, folder: &Path) -> Result {
    let mut job = match name {
        "decode" | "sta-lta-classic" | "sta-lta-recursive" | "filter" | "correlation"
        | "windows" | "windows-first" => waveforms::job(name, folder)?,
        "quakeml" | "comcat" | "k-medians-1e5" | "k-medians-1e6" => tables::job(name, folder)?,
        "train"
        | "perceptron"
        | "perceptron-libtorch"
        | "scan-10s"
        | "scan-1s"
        | "scan-1s-fixed"
        | "fast" => network::job(name, folder)?,
        "pick" | "associate" => phases::job(name, folder)?,
        "train-tch" | "scan-10s-tch" => by_tch::job(name, folder)?,
        _ => return Err(format!("no job is called {name}").into()),
    };
    let mut answers = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("run", "") => writeln!(answers, "{:e}", job.run()?)?,
            ("about", "") => writeln!(answers, "libtorch through tch, in Rust")?,
            ("floor", "") => writeln!(answers, "{}", job.floor())?,
            ("save", file) => {
                let numbers = job.numbers().into_iter();
                let bytes: Vec<u8> = numbers.flat_map(f64::to_le_bytes).collect();
                std::fs::write(file, bytes)?;
                writeln!(answers, "saved")?;
            }
            _ => return Err(format!("`{line}` is not understood").into()),
        }
        answers.flush()?;
    }
    Ok(())
}

//! The program `quakebook`: each command is a few lines over the library.

mod archive;
mod args;
mod associate;
mod catalog;
mod cluster;
mod collect;
mod events;
mod locate;
mod models;
mod mseed;
mod network;
mod output;
mod pick;
mod pick_setup;
mod plan;
mod scan;
mod scan_report;
mod scan_setup;
mod serve;
mod signals;
mod sizes;
mod stations;
mod status;
mod threads;
mod told;
mod train;
mod tune;
mod watched;
mod waveforms;
mod work;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use output::Failure;

const EXIT_CODES: &str = "\
Results go to standard output, progress to standard error. A file of --out is written whole, or left as it
was; a link stays, and what it leads to is written; a pipe or a device is written into. Files that are read
must be regular ones, or links to them, of at most 4 GiB.

Exit codes:
  0  done
  1  an error: what is wrong, where, and what to do stands on standard error
  2  the command was not understood
  3  damaged data: what is whole was read, the rest is named
  4  incomplete: something that was asked for is missing, could not be read, or nothing of it could be used; it is named
  A gap in the records that are scanned or picked is told, and is no fault.

Environment:
  QUAKEBOOK_STUDY     the study where --study is not given (a TOML file)
  QUAKEBOOK_PROVIDER  the data centre where --provider is not given
  QUAKEBOOK_DATA      the folder of the cache and of the notebooks' products
  RAYON_NUM_THREADS   threads, at most four for each processor [default: one for each]";

/// Earthquake detection with a neural network: the notebooks' steps as commands.
#[derive(Parser)]
#[command(name = "quakebook", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Events(events::Args),
    Stations(stations::Args),
    Waveforms(waveforms::Args),
    Cluster(cluster::Args),
    Mseed(mseed::Args),
    Train(train::Args),
    Tune(tune::Args),
    Scan(scan::Args),
    Models(models::Args),
    Pick(pick::Args),
    Associate(associate::Args),
    Locate(locate::Args),
    Catalog(catalog::Args),
    Plan(plan::Args),
    Work(work::Args),
    Status(status::Args),
    Collect(collect::Args),
    Serve(serve::Args),
}

/// The program as it reads its command line: a number below 0 is a value that is refused, and no option.
fn program() -> clap::Command {
    Cli::command().mut_subcommands(|command| command.allow_negative_numbers(true))
}

fn main() -> ExitCode {
    let given = program().get_matches();
    let command = match Cli::from_arg_matches(&given) {
        Ok(cli) => cli.command,
        Err(error) => error.exit(),
    };
    threads::bound();
    let outcome = match command {
        Command::Events(args) => events::run(&args),
        Command::Stations(args) => stations::run(&args),
        Command::Waveforms(args) => waveforms::run(&args),
        Command::Cluster(args) => cluster::run(&args),
        Command::Mseed(args) => mseed::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Tune(args) => tune::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Pick(args) => pick::run(&args),
        Command::Associate(args) => associate::run(&args),
        Command::Locate(args) => locate::run(&args),
        Command::Catalog(args) => catalog::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Work(args) => work::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Collect(args) => collect::run(&args),
        Command::Serve(args) => serve::run(&args),
    };
    match outcome {
        Ok(outcome) => outcome.code(),
        // The reader of a pipe may stop early: `quakebook events | head` is no error.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            output::progress(format!("quakebook: {failure}"));
            ExitCode::FAILURE
        }
    }
}

//! The subcommands, one file each.

mod apply;
mod calendar;
mod check;
mod deadline;
mod demo;
mod import;
mod keys;
mod migrate;
mod reconcile;
mod serve;
mod supervision;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output;

/// What a subcommand ends with: an exit code, or the sentence that says what to do.
type Outcome = Result<u8, String>;

/// The exit code of what went well.
const FINE: u8 = 0;
/// The exit code of what did not.
const FAILED: u8 = 1;

/// The government service center: one intake for every department.
#[derive(Parser)]
#[command(name = "yimen", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Keys(keys::Keys),
    Import(import::Import),
    Apply(apply::Apply),
    Check(check::Check),
    Calendar(calendar::Calendar),
    Deadline(deadline::Deadline),
    Reconcile(reconcile::Reconcile),
    Supervision(supervision::Supervision),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(format!(
                "The program cannot start its threads ({error}); raise the limits of this user."
            ));
            return ExitCode::from(FAILED);
        }
    };
    match runtime.block_on(run(command)) {
        Ok(code) => ExitCode::from(code),
        Err(sentence) => {
            output::note(sentence);
            ExitCode::from(FAILED)
        }
    }
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Demo(demo) => demo.run().await,
        Command::Serve(serve) => serve.run().await,
        Command::Migrate(migrate) => migrate.run().await,
        Command::Keys(keys) => keys.run(),
        Command::Import(import) => import.run().await,
        Command::Apply(apply) => apply.run().await,
        Command::Check(check) => check.run().await,
        Command::Calendar(calendar) => calendar.run().await,
        Command::Deadline(deadline) => deadline.run(),
        Command::Reconcile(reconcile) => reconcile.run().await,
        Command::Supervision(supervision) => supervision.run().await,
    }
}

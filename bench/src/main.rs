//! What Yimen costs, against floors that are measured in the same run (docs/performance.md).
//!
//! The environment names PostgreSQL and RabbitMQ as it does for the tests (`YIMEN_TEST_DATABASE_URL`,
//! `YIMEN_TEST_AMQP_URL`); the program is the one that was built beside this one. `just bench` sees to all.

mod ballots;
mod carrier;
mod cases;
mod catalog;
mod clocks;
mod floor;
mod hall;
mod history;
mod load;
mod machine;
mod people;
mod report;
mod scheduling;
mod tap;

use std::process::ExitCode;

use clap::Parser;
use yimen_tests::servers::Place;

use report::say;

/// Measures Yimen on this machine.
#[derive(Parser)]
enum Bench {
    /// The life of a case through the whole deployment, against the floor.
    Cases(cases::Options),
    /// The same load and the same board with more and more finished cases behind it.
    History(history::Options),
    /// The survey's claim, a quarter or a fifth of the time, in simulated time.
    Scheduling,
    /// Supervision with many open clocks.
    Clocks {
        /// How many, three for each application.
        #[arg(default_value_t = 1_000_000)]
        clocks: u32,
    },
    /// A round of democratic review: voters, each of whom votes twice, and the count.
    Ballots(ballots::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(Bench::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            say(&format!("It could not be measured: {sentence}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures, and gives whether every limit was kept.
async fn measure(bench: Bench) -> Result<bool, String> {
    match bench {
        Bench::Cases(options) => cases::measure(&place()?, &options).await.map(|()| true),
        Bench::History(options) => history::measure(&place()?, &options).await.map(|()| true),
        Bench::Scheduling => scheduling::measure().map(|()| true),
        Bench::Clocks { clocks } => clocks::measure(&place()?, clocks).await,
        Bench::Ballots(options) => ballots::measure(&place()?, &options).await,
    }
}

fn place() -> Result<Place, String> {
    let missing = "set YIMEN_TEST_DATABASE_URL and YIMEN_TEST_AMQP_URL, or run `just bench`";
    Place::named().ok_or_else(|| missing.to_owned())
}

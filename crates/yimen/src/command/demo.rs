use std::path::PathBuf;

use chrono::NaiveDate;
use yimen_kernel::date::parse_date;

use super::Outcome;
use crate::demo;

/// Open a whole center in this process and run applications through it.
///
/// Clerks, departments and applicants work by themselves until every application has come to its
/// end; then the invariants are checked. Needs no PostgreSQL and no RabbitMQ.
#[derive(clap::Args)]
pub struct Demo {
    /// The port of the gateway on this machine.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// The first day at the center's clock, as 2026-02-09; without it, so that the last day is today.
    #[arg(long, value_name = "DATE", value_parser = day)]
    start: Option<NaiveDate>,
    /// How many days pass at the center's clock, days off among them.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// Keep the data in this directory, to go on with it next time.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Applications, one JSON object per line; without it the 500 of the sample.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Close the center when all is done.
    #[arg(long)]
    exit: bool,
    /// Write what it came to as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Demo {
    pub async fn run(self) -> Outcome {
        let Demo { port, start, days, data, input, exit, report } = self;
        demo::run(demo::Options { port, start, days, data, input, report, exit }).await
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    parse_date(text).map_err(|_| "write it as 2026-02-09".to_owned())
}

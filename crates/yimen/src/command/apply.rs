use std::path::PathBuf;

use tokio::io::BufReader;
use uuid::Uuid;

use super::Outcome;
use crate::apply::Lines;
use crate::gateway::Gateway;
use crate::{apply, output};

/// Hand in a file of applications, one JSON object per line.
///
/// Prints one JSON object per line as it is done: the case number and lookup code, or the error.
/// Blank lines are ignored. Exit code 0: all were accepted; 3: some were refused; 1: of some it is
/// not known; repeat the run then, with --run, and no line is taken in twice.
#[derive(clap::Args)]
pub struct Apply {
    /// The file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Where the gateway is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// Lines on their way at a time.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,
    /// The id of an earlier run of the same file, to repeat it.
    #[arg(long, value_name = "UUID")]
    run: Option<Uuid>,
}

impl Apply {
    pub async fn run(self) -> Outcome {
        let gateway = Gateway::new(&self.gateway)?;
        let options = apply::Options {
            concurrency: usize::from(self.concurrency),
            run: self.run.unwrap_or_else(Uuid::new_v4),
            at_most: u64::MAX,
        };
        let print = |result: &apply::LineResult| {
            if let Ok(json) = serde_json::to_string(result) {
                output::line(json);
            }
        };
        let summary = if self.file.as_os_str() == "-" {
            apply::run(&gateway, &mut Lines::new(BufReader::new(tokio::io::stdin())), options, print).await
        } else {
            let file = tokio::fs::File::open(&self.file).await.map_err(|error| {
                format!("{} cannot be read ({error}); correct --file.", self.file.display())
            })?;
            let mut lines = Lines::new(BufReader::with_capacity(1 << 16, file));
            apply::run(&gateway, &mut lines, options, print).await
        };
        output::note(format_args!(
            "run {}: lines={} accepted={} refused={} unaccounted={}",
            options.run,
            summary.lines,
            summary.accepted,
            summary.refused,
            summary.unaccounted()
        ));
        if let Some(error) = &summary.unread {
            output::note(format_args!("The rest of {} could not be read ({error}).", self.file.display()));
        }
        if summary.exit_code() == 1 {
            output::note(format_args!(
                "Not every line is accounted for; repeat the command with --run {}.",
                options.run
            ));
        }
        Ok(summary.exit_code())
    }
}

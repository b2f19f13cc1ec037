use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use yimen_platform::Config;
use yimen_platform::clock::{Clock as _, SystemClock};

use super::{FAILED, FINE, Outcome};
use crate::check::{self, Finding, Options, Pools};
use crate::output;

/// Check that what the services wrote keeps their promises.
///
/// Reads the databases of the configuration and writes nothing. One line per invariant; exit code 1
/// when one is broken.
#[derive(clap::Args)]
pub struct Check {
    /// What `yimen apply` printed, to check that every number in it is there.
    #[arg(long, value_name = "FILE")]
    acknowledged: Option<PathBuf>,
    /// Seconds to wait for events that are still on their way.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u16,
}

impl Check {
    pub async fn run(self) -> Outcome {
        let acknowledged = match &self.acknowledged {
            Some(path) => numbers(path)?,
            None => Vec::new(),
        };
        let pools = Pools::connect(&Config::load()?).await?;
        let options =
            Options { as_of: SystemClock.now(), wait: Duration::from_secs(self.wait.into()), acknowledged };
        let findings = check::run(&pools, &options).await?;
        for finding in &findings {
            output::line(finding);
        }
        Ok(if findings.iter().all(Finding::holds) { FINE } else { FAILED })
    }
}

#[derive(Deserialize)]
struct Acknowledged {
    number: Option<String>,
}

/// The case numbers in what `yimen apply` printed.
fn numbers(path: &Path) -> Result<Vec<String>, String> {
    let unusable =
        |why: String| format!("{} cannot be used ({why}); give the output of `yimen apply`.", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let mut numbers = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let read: Acknowledged = serde_json::from_str(line).map_err(|error| {
            unusable(format!("line {} is not JSON from column {} on", index + 1, error.column()))
        })?;
        numbers.extend(read.number);
    }
    Ok(numbers)
}

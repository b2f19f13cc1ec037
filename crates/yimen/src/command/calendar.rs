use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{FINE, Outcome};
use crate::gateway::Gateway;
use crate::output;

/// The working days of a running center.
#[derive(clap::Args)]
pub struct Calendar {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Import(Import),
}

/// Take in the days off and the worked weekends of a year, as announced (放假安排).
///
/// The file has lines of date,kind,holiday after a heading, all of one year, as in catalog/calendar.csv.
/// Every open clock is computed again.
#[derive(clap::Args)]
struct Import {
    /// The file.
    file: PathBuf,
    /// Where the gateway is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// The password of the account `operator`.
    #[arg(long, value_name = "PASSWORD", env = "YIMEN_OPERATOR_PASSWORD", hide_env_values = true)]
    operator_password: String,
}

impl Calendar {
    pub async fn run(self) -> Outcome {
        let Action::Import(import) = self.action;
        let csv = std::fs::read(&import.file).map_err(|error| {
            format!("{} cannot be read ({error}); correct the path.", import.file.display())
        })?;
        let operator = Gateway::new(&import.gateway)?.sign_in("operator", &import.operator_password).await?;
        let answer = operator.change("/api/v1/calendar", &json!({ "csv": STANDARD.encode(csv) })).await?;
        let number = |field: &str| answer.get(field).and_then(Value::as_u64).unwrap_or_default();
        let (year, days) = (number("year"), number("days"));
        if answer.get("unchanged").and_then(Value::as_bool) == Some(true) {
            output::line(format_args!("{year} was known already; nothing changed."));
        } else {
            output::line(format_args!(
                "Imported {days} days of {year}; open clocks are being computed again."
            ));
        }
        Ok(FINE)
    }
}

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::{FAILED, FINE, Outcome};
use crate::gateway::Gateway;
use crate::output;
use crate::reconciliation::{self, Line};

/// Compare a day's payments with the bank's and the treasury's files (三方对账).
///
/// The files are CSV: the bank's with the columns payment_code, amount_fen, paid_on; the treasury's with
/// payment_code, amount_fen, confirmed_on. What matches is booked as remitted. Exit code 1 when
/// something differs.
#[derive(clap::Args)]
pub struct Reconcile {
    /// The bank's file.
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    /// The treasury's file.
    #[arg(long, value_name = "FILE")]
    treasury: PathBuf,
    /// The day of the payments, as 2026-11-24.
    #[arg(long, value_name = "DATE")]
    day: String,
    /// The center; without it, the finance officer's own.
    #[arg(long, value_name = "CODE", default_value = "")]
    center: String,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also write the result as a spreadsheet.
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// Where the gateway is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// The finance officer's login.
    #[arg(long, value_name = "LOGIN")]
    login: String,
    /// The finance officer's password.
    #[arg(long, value_name = "PASSWORD", env = "YIMEN_FINANCE_PASSWORD", hide_env_values = true)]
    password: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For programs: the answer of the service.
    Json,
}

impl Reconcile {
    pub async fn run(self) -> Outcome {
        let message = json!({
            "center": self.center,
            "day": self.day,
            "bank_csv": STANDARD.encode(read(&self.bank, "--bank")?),
            "treasury_csv": STANDARD.encode(read(&self.treasury, "--treasury")?),
        });
        let finance = Gateway::new(&self.gateway)?.sign_in(&self.login, &self.password).await?;
        let answer = finance.change("/api/v1/reconciliations", &message).await?;
        let lines = reconciliation::lines(&answer);
        match self.format {
            Format::Table => output::line(reconciliation::table(&lines)),
            Format::Json => output::line(pretty(&answer)?),
        }
        if let Some(path) = &self.xlsx {
            reconciliation::spreadsheet(&lines, path).map_err(|error| {
                format!("{} cannot be written ({error}); correct --xlsx.", path.display())
            })?;
        }
        Ok(if lines.iter().all(Line::matches) { FINE } else { FAILED })
    }
}

fn read(path: &Path, option: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("{} cannot be read ({error}); correct {option}.", path.display()))
}

fn pretty(answer: &Value) -> Result<String, String> {
    serde_json::to_string_pretty(answer).map_err(|error| error.to_string())
}

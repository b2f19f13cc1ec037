use clap::Subcommand;
use serde_json::{Value, json};

use super::{FINE, Outcome};
use crate::gateway::Gateway;
use crate::output;

/// The boards of a running center.
#[derive(clap::Args)]
pub struct Supervision {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Rebuild(Rebuild),
}

/// Count every figure of the boards again from the cases.
///
/// Whoever looks at a board meanwhile sees the old figures.
#[derive(clap::Args)]
struct Rebuild {
    /// Where the gateway is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// The password of the account `operator`.
    #[arg(long, value_name = "PASSWORD", env = "YIMEN_OPERATOR_PASSWORD", hide_env_values = true)]
    operator_password: String,
}

impl Supervision {
    pub async fn run(self) -> Outcome {
        let Action::Rebuild(rebuild) = self.action;
        let operator =
            Gateway::new(&rebuild.gateway)?.sign_in("operator", &rebuild.operator_password).await?;
        let answer = operator.change("/api/v1/boards/rebuild", &json!({})).await?;
        let number = |field: &str| answer.get(field).and_then(Value::as_u64).unwrap_or_default();
        output::line(format_args!(
            "Counted {} figures again; {} had been wrong.",
            number("figures"),
            number("corrected")
        ));
        Ok(FINE)
    }
}

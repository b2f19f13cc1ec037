use std::path::PathBuf;

use super::{FINE, Outcome};
use crate::catalog::Catalog;
use crate::gateway::{Failure, Gateway};
use crate::output;

/// Bring the organization and the catalog of items to a running center.
///
/// What is there already stays as it is, so the command may be repeated. Everything is checked
/// before anything is sent.
#[derive(clap::Args)]
pub struct Import {
    /// The directory with organization.toml and items/*.toml; without it, the catalog that is part
    /// of the program.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
    /// Where the gateway is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
    /// The password of the account `operator`.
    #[arg(long, value_name = "PASSWORD", env = "YIMEN_OPERATOR_PASSWORD", hide_env_values = true)]
    operator_password: String,
}

impl Import {
    pub async fn run(self) -> Outcome {
        let catalog = match &self.catalog {
            Some(directory) => Catalog::directory(directory)?,
            None => Catalog::embedded()?,
        };
        let faults = catalog.faults();
        if !faults.is_empty() {
            return Err(faults.join("\n"));
        }
        let gateway = Gateway::new(&self.gateway)?;
        let operator = gateway.sign_in("operator", &self.operator_password).await.map_err(|failure| match failure {
            Failure::Refused(refusal) => format!(
                "The operator cannot sign in ({}); give the password of `operator` in YIMEN_OPERATOR_PASSWORD.",
                refusal.reason
            ),
            unreachable => unreachable.to_string(),
        })?;
        let imported = catalog.import(&operator).await?;
        output::line(format_args!(
            "Imported {} centers, {} departments and {} members of staff; {} fees and {} items are new, {} items unchanged.",
            imported.centers,
            imported.departments,
            imported.staff,
            imported.fees,
            imported.items,
            imported.unchanged
        ));
        Ok(FINE)
    }
}

use yimen_platform::{Config, run};

use super::{FINE, Outcome};
use crate::{definitions, output};

/// Bring the databases up to date, and declare the queues if RabbitMQ is configured.
///
/// Run it before the first start and after every upgrade, with the configuration of the services.
#[derive(clap::Args)]
pub struct Migrate {}

impl Migrate {
    pub async fn run(self) -> Outcome {
        let config = Config::load()?;
        run::migrate(&definitions(), &config).await?;
        output::line(match config.amqp_url {
            Some(_) => "The databases are up to date and the queues are declared.",
            None => "The databases are up to date; no queue was declared, because no RabbitMQ is configured.",
        });
        Ok(FINE)
    }
}

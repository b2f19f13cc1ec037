use std::sync::Arc;

use clap::ValueEnum;
use yimen_platform::clock::{Clock, SystemClock};
use yimen_platform::run::{self, Process};
use yimen_platform::{Config, telemetry};

use super::{FINE, Outcome};
use crate::definitions;

/// Run one service, or several, each with its own listener.
#[derive(clap::Args)]
pub struct Serve {
    /// What to run in this process.
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<Name>,
}

/// A part of the deployment that can run on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Pages, HTTP and gRPC for everyone outside.
    Gateway,
    /// The organization and its credentials.
    Identity,
    /// The catalog and the applications.
    Intake,
    /// The joint approvals.
    Approval,
    /// Fee notices, payments and the ledger.
    Fees,
    /// Short messages to applicants.
    Notification,
    /// Clocks and warnings.
    Supervision,
    /// Complaints and what follows from them.
    Complaints,
}

impl Name {
    fn as_str(self) -> &'static str {
        match self {
            Name::Gateway => "gateway",
            Name::Identity => "identity",
            Name::Intake => "intake",
            Name::Approval => "approval",
            Name::Fees => "fees",
            Name::Notification => "notification",
            Name::Supervision => "supervision",
            Name::Complaints => "complaints",
        }
    }
}

impl Serve {
    pub async fn run(self) -> Outcome {
        let config = Config::load()?;
        let mut names = self.services;
        let mut seen = Vec::new();
        names.retain(|name| {
            !seen.contains(name) && {
                seen.push(*name);
                true
            }
        });
        let joined = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("+");
        let _telemetry = telemetry::start(&format!("yimen-{joined}"))?;

        let mut processes = Vec::with_capacity(names.len());
        let started = start(&names, &config, &mut processes).await;
        let waited = match &started {
            Ok(()) => run::until_told_to_stop().await.map_err(|error| {
                format!("The signals to stop cannot be heard ({error}); start the program again.")
            }),
            Err(_) => Ok(()),
        };
        let mut stopped = Ok(());
        // The door closes first, so that no call meets a service that has gone.
        while let Some(process) = processes.pop() {
            stopped = stopped.and(process.stop().await);
        }
        started.and(waited).and(stopped).map(|()| FINE)
    }
}

/// Starts what is named, the gateway last, and leaves in `processes` what runs.
async fn start(names: &[Name], config: &Config, processes: &mut Vec<Process>) -> Result<(), String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    for definition in &definitions() {
        if names.iter().any(|name| name.as_str() == definition.name) {
            let process = run::service(definition, config.clone(), clock.clone()).await?;
            tracing::info!(service = definition.name, address = %process.address(), "The service is ready.");
            processes.push(process);
        }
    }
    if names.contains(&Name::Gateway) {
        let door = |channels| yimen_gateway::router(channels, config, clock.clone());
        let process = run::gateway(&definitions(), config.clone(), door).await?;
        tracing::info!(service = "gateway", address = %process.address(), "The service is ready.");
        processes.push(process);
    }
    Ok(())
}

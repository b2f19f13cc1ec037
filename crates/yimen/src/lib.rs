//! Yimen as one program: every service, the gateway, and the tools of an operator.
//!
//! The cast: [`definitions`] are the services that a deployment consists of; [`command`] has one
//! file per subcommand; [`gateway`] is the program as a client of a running center; [`catalog`]
//! brings a center's organization and items to it; [`apply`] hands in a file of applications and
//! accounts for every line; [`check`] reads what the services wrote and says whether the promises
//! hold, without sharing any code with those who wrote it; [`deadline`] says when a limit ends; [`demo`] opens a whole center in this
//! process and has citizens, clerks and departments work in it.
//!
//! The life of a run: a subcommand reads its arguments and the configuration, does its work, and
//! ends with an exit code; whatever goes wrong is one sentence on standard error that says what to
//! do.

#![warn(missing_docs)]

pub mod apply;
pub mod catalog;
pub mod check;
pub mod command;
pub mod deadline;
pub mod demo;
pub mod gateway;
pub mod output;
pub mod reconciliation;

use yimen_platform::Definition;

/// The services of a deployment, in the order in which they are migrated and started.
pub fn definitions() -> [Definition; 7] {
    [
        yimen_identity::DEFINITION,
        yimen_intake::DEFINITION,
        yimen_approval::DEFINITION,
        yimen_fees::DEFINITION,
        yimen_notification::DEFINITION,
        yimen_supervision::DEFINITION,
        yimen_complaints::DEFINITION,
    ]
}

//! Parallel joint approval (并联审批): one plan, one task per department, one decision.
//!
//! The cast: a `JointApproval` is the case as the departments see it; its lead (第一窗口) runs it;
//! each department of the plan has a `Task` and says an `Opinion` of the materials in one revision,
//! or asks for more material with a `Return`; an `Inspection` is the one joint visit (联合踏勘) with a
//! conclusion from each department that came; a `Decision` ends it. `domain` has them all.
//!
//! The life of an approval: intake accepts an application, and every department of the plan of that
//! day has its task open at once, unless the plan makes it wait for another's opinion. Departments
//! opine side by side. A material that the applicant replaces reopens the opinions that relied on
//! it, and those alone. A return waits for the lead, who hands it on to the applicant or puts it
//! back; nobody else stops for it. The lead may take in another department, and proposes, records
//! and closes the visit. When every opinion is in, the lead decides, of the present materials;
//! `JointApprovalDecided` tells intake, which alone changes the application. A withdrawal ends what
//! is not decided.
//!
//! A department's special procedure (特别程序: a hearing, an expert review …) is announced with the day on which
//! it ends; nobody decides while it goes on. The lead may extend the limit, once. What both mean for the
//! clocks is supervision's to say; intake tells the applicant in writing.
//!
//! Departments that opine at the same moment queue on the approval's row, so each of them succeeds.
//! Whoever takes part follows its tasks with `WatchTasks` and misses no change: see
//! `store::feed`.

mod app;
mod domain;
mod events;
mod grpc;
mod store;

use futures::future::BoxFuture;
use tonic::service::Routes;
use yimen_platform::messages::subscribe::{Readers, Subscriptions};
use yimen_platform::store::Migrations;
use yimen_platform::{Context, Definition, Service};
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationWithdrawn, MaterialsProvided};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service before it is built.
pub const DEFINITION: Definition =
    Definition { name: "approval", migrations: Migrations { schema: "approval", own: &MIGRATOR }, build };

fn build(context: Context) -> BoxFuture<'static, Result<Service, String>> {
    Box::pin(async move {
        let subscriptions = Subscriptions::new(context.store.clone())
            .with_calendar()
            .together(Readers::new().on::<ApplicationAccepted>(events::accepted), |tx, openings| {
                Box::pin(app::open(tx, openings))
            })
            .on::<MaterialsProvided, _>(|tx, event| Box::pin(events::materials_provided(tx, event)))
            .on::<ApplicationWithdrawn, _>(|tx, event| Box::pin(events::withdrawn(tx, event)));
        let routes = Routes::new(grpc::Server::routed(context));
        Ok(Service { routes, subscriptions, chores: Vec::new() })
    })
}

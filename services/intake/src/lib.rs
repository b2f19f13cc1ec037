//! Intake (一门受理): the one way in.
//!
//! The cast: a `ServiceItem` (事项) says what is to be handed in and who decides; an `Application`
//! (办件) is handed in by an applicant, on line or at a window; materials come with it, are promised
//! for later (容缺后补), or are asked for; every step leaves an entry in the history and, where the
//! law wants it in writing, a numbered document.
//!
//! The life of an application:
//!
//! ```text
//! SUBMITTED ──▶ ACCEPTED ──▶ DECIDED ──▶ COMPLETED ──▶ DELIVERED
//!   │   ▲          │
//!   ▼   └─ SUPPLEMENTED ◀─ SUPPLEMENT_REQUESTED
//! REFUSED        WITHDRAWN (from any state before DECIDED)
//! ```
//!
//! Five working days without a word after the window's turn began, the application counts as accepted from
//! the day on which the materials were received (视为受理, 行政许可法 art. 32): supervision says when
//! (`AcceptanceLapsed`), and the window can no longer do otherwise, even before that is heard.
//!
//! Intake is the only writer of the application's state. Approval starts at `ApplicationAccepted` and
//! ends with `JointApprovalDecided`. Fees are asked for (`FeesDue`) at acceptance or by a grant, as the
//! item says, and end with `FeeSettled`. The application completes when it is decided and no fee is open,
//! in either order; what charges nothing goes from ACCEPTED to COMPLETED at once.

mod app;
mod domain;
mod events;
mod grpc;
mod store;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic::service::Routes;
use yimen_platform::messages::subscribe::{Readers, Subscriptions};
use yimen_platform::store::Migrations;
use yimen_platform::{Context, Definition, Service};
use yimen_proto::approval::v1::{
    DepartmentAdded, JointApprovalDecided, LimitExtended, MaterialsReturned, SpecialProcedureEnded,
    SpecialProcedureStarted,
};
use yimen_proto::fees::v1::{FeeAssessed, FeeRefunded, FeeRelieved, FeeSettled};
use yimen_proto::intake::v1::intake_server::IntakeServer;
use yimen_proto::supervision::v1::AcceptanceLapsed;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service as `migrate` and `serve` see it.
pub const DEFINITION: Definition =
    Definition { name: "intake", migrations: Migrations { schema: "intake", own: &MIGRATIONS }, build };

/// A request with all its inline files.
const MAX_REQUEST: usize = 20 * 1024 * 1024;

fn build(ctx: Context) -> BoxFuture<'static, Result<Service, String>> {
    async move {
        let readers = Readers::new()
            .on::<JointApprovalDecided>(events::decided)
            .on::<FeeAssessed>(events::fee_assessed)
            .on::<FeeSettled>(events::fee_settled);
        let subscriptions = Subscriptions::new(ctx.store.clone())
            .with_calendar()
            .together(readers, |tx, heard| events::hear(tx, heard).boxed())
            .on::<MaterialsReturned, _>(|tx, event| events::materials_returned(tx, event).boxed())
            .on::<DepartmentAdded, _>(|tx, event| events::department_added(tx, event).boxed())
            .on::<SpecialProcedureStarted, _>(|tx, event| events::procedure_started(tx, event).boxed())
            .on::<SpecialProcedureEnded, _>(|tx, event| events::procedure_ended(tx, event).boxed())
            .on::<LimitExtended, _>(|tx, event| events::limit_extended(tx, event).boxed())
            .on::<AcceptanceLapsed, _>(|tx, event| events::acceptance_lapsed(tx, event).boxed())
            .on::<FeeRelieved, _>(|tx, event| events::fee_relieved(tx, event).boxed())
            .on::<FeeRefunded, _>(|tx, event| events::fee_refunded(tx, event).boxed());
        let server = IntakeServer::new(grpc::Server::new(ctx)).max_decoding_message_size(MAX_REQUEST);
        Ok(Service { routes: Routes::new(server), subscriptions, chores: Vec::new() })
    }
    .boxed()
}

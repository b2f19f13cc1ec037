//! Fees (统一收费): one notice, one ledger, no charge without a basis.
//!
//! The cast: a `Fee` (收费项目) is published with its standard, its approving document and its legal
//! basis; a `Notice` (缴费通知书) is the one bill of an application, with a line for each fee and the
//! department that charges it; a `Payment` comes at the counter or is reported by the bank; a `Receipt`
//! (票据) is issued when the notice is paid; a `Refund` (退付) sends the money back; the ledger books
//! each step; a `Reconciliation` (对账) compares a day with the bank's and the treasury's files.
//!
//! The life of a notice:
//!
//! ```text
//! MEASURING ──▶ ISSUED ──▶ PAID ──▶ REFUNDED
//!                │  ▲  ╲
//!                ▼  │   ╲▶ WAIVED
//!             OVERDUE ──▶ PAID
//! CANCELLED (from MEASURING, ISSUED, OVERDUE)
//! ```
//!
//! Intake says when fees are due (`FeesDue`, at acceptance or by the decision, as the item says) and
//! when they lapse (`FeesLapsed`). A fee without a lawful basis in force that day is not charged: the
//! attempt is kept and told to supervision (`UnlawfulFeeRefused`). A fee whose quantity a department
//! measures waits in MEASURING. `FeeAssessed` tells of the notice, `FeeSettled` that nothing more is to
//! be paid; intake completes the application when it is also decided. A notice past its last day
//! becomes OVERDUE and `FeeOverdue` follows it up.
//!
//! A payment settles its notice by itself only with the exact amount in time. Everything else is HELD in
//! suspense for a person: LATE, PARTIAL, OVER, UNKNOWN_CODE, NOTICE_CLOSED (`PaymentHeld`); finance
//! applies or returns it. The bank's report is known by its reference, so it counts once.
//!
//! Chart of accounts: RECEIVABLE and REVENUE by department; CASH, BANK, TREASURY, SUSPENSE and
//! REFUND_PAYABLE by center. [`domain::ledger`] says what each event books. Money goes bill → bank →
//! treasury (收缴分离) and never through a department.

mod app;
mod domain;
mod events;
mod grpc;
mod store;

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic::service::Routes;
use yimen_platform::chores::Chore;
use yimen_platform::messages::subscribe::{Readers, Subscriptions};
use yimen_platform::store::Migrations;
use yimen_platform::{Context, Definition, Service};
use yimen_proto::intake::v1::{FeesDue, FeesLapsed};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service as `migrate` and `serve` see it.
pub const DEFINITION: Definition =
    Definition { name: "fees", migrations: Migrations { schema: "fees", own: &MIGRATOR }, build };

/// How often overdue notices are looked for: a notice becomes overdue at midnight.
const FOLLOW_UP: Duration = Duration::from_secs(60);

fn build(context: Context) -> BoxFuture<'static, Result<Service, String>> {
    async move {
        let subscriptions = Subscriptions::new(context.store.clone())
            .with_calendar()
            .together(Readers::new().on::<FeesDue>(events::due), |tx, requests| {
                app::assess::raise(tx, requests).boxed()
            })
            .on::<FeesLapsed, _>(|tx, event| events::lapsed(tx, event).boxed());
        let ctx = context.clone();
        let follow_up = Chore::every("follow up overdue notices", FOLLOW_UP, move || {
            let ctx = ctx.clone();
            async move { app::notices::follow_up(&ctx).await }
        });
        let server = grpc::Server::routed(context);
        Ok(Service { routes: Routes::new(server), subscriptions, chores: vec![follow_up] })
    }
    .boxed()
}

//! Complaints (行政效能投诉): heard by whom they are not about, and never lost after the answer.
//!
//! The cast: a `Complaint` is about an application, a window, a department, a person or unpublished
//! information; its `Accused` are whom it is about; a `Handler` is the supervisor's office (自办) or a
//! department (交办, 转办); an accountability `Case` (责任追究) is what a founded complaint leads to.
//!
//! The life of a complaint:
//!
//! ```text
//! REGISTERED ──▶ HANDLING ──▶ ANSWERED ──▶ TOLD ──▶ REVIEWING ──▶ REVIEWED ──▶ TOLD (once more) or closed
//!     │          ▲  │  objection: another handler    (复查, then 复核)
//!     ▼          └──┘◀── reopened once ────┘
//!  declined       CLOSED: satisfied, withdrawn, merged, lapsed, final
//! ```
//!
//! **Recusal is enforced.** Whoever a complaint is about (its department, window or person, and the departments
//! of the application that it is about) gets the answer that there is no such complaint, from every method;
//! [`domain::Complaint::view`] is the one rule, every read and every step of the life begins with it, and lists
//! leave out the same in SQL. If it turns out later that the handler is one of them, the complaint goes back to
//! the supervisor's office.
//!
//! Who complains is kept in a table of its own and read by one method, which records the look. No event and no
//! history has it, and no answer of a mutation.
//!
//! **Democratic review** (民主评议) is the other half. A `Round` asks groups of voters about units; a token entitles
//! to one ballot, and nobody knows whose it is. A ballot and its token meet in one statement and have nothing in
//! common afterwards:
//!
//! ```text
//! PREPARING ──▶ VOTING ──▶ CLOSED ──▶ COUNTED ──▶ PUBLISHED
//!  (tokens,      (by the    (nobody     (a person     (everyone
//!   draw)         clock)     votes)      decides)      recomputes)
//! ```
//!
//! A `Scrutiny` is a session with supervisors (面对面评议) or a tour (巡视); what a unit promised there, or has to
//! remedy, is an `Undertaking` that is followed to its day.
//!
//! Its clocks are ordinary clocks of supervision, which hears of each step by an event: three working days to
//! accept, thirty days to answer, thirty for each review.

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
use yimen_proto::approval::v1::DepartmentAdded;
use yimen_proto::complaints::v1::appraisals_server::AppraisalsServer;
use yimen_proto::complaints::v1::complaints_server::ComplaintsServer;
use yimen_proto::complaints::v1::scrutinies_server::ScrutiniesServer;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationCompleted};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service as `migrate` and `serve` see it.
pub const DEFINITION: Definition =
    Definition { name: "complaints", migrations: Migrations { schema: "complaints", own: &MIGRATOR }, build };

/// The largest request: a complaint with its files.
const MAX_REQUEST: usize = 2 * 1024 * 1024;
/// How often it is looked whose time for a review has passed: it passes at midnight. So do the days of undertakings.
const LAPSES: Duration = Duration::from_secs(60);
/// How often it is looked which rounds are to be closed.
const CLOSINGS: Duration = Duration::from_secs(5);

fn build(context: Context) -> BoxFuture<'static, Result<Service, String>> {
    async move {
        let readers = Readers::new()
            .on::<ApplicationAccepted>(events::accepted)
            .on::<DepartmentAdded>(events::department_added);
        let subscriptions = Subscriptions::new(context.store.clone())
            .with_calendar()
            .together(readers, |tx, heard| app::office::learn_parties(tx, heard).boxed())
            .together(
                Readers::new().on::<ApplicationCompleted>(events::completed),
                |tx, heard: Vec<(String, String)>| {
                    async move { store::appraisal::tokens::complete(tx.sql(), &heard).await }.boxed()
                },
            );
        let ctx = context.clone();
        let lapse = Chore::every("close complaints whose time for a review has passed", LAPSES, move || {
            app::chores::lapse(ctx.clone())
        });
        let ctx = context.clone();
        let close = Chore::every("close and count rounds of review", CLOSINGS, move || {
            app::appraisal::counting::close(ctx.clone())
        });
        let ctx = context.clone();
        let pass = Chore::every("note undertakings whose day has passed", LAPSES, move || {
            app::scrutiny::pass(ctx.clone())
        });
        let server = ComplaintsServer::new(grpc::Server { context: context.clone() });
        let appraisals = AppraisalsServer::new(grpc::appraisal::Server { context: context.clone() });
        let routes = Routes::new(server.max_decoding_message_size(MAX_REQUEST))
            .add_service(appraisals)
            .add_service(ScrutiniesServer::new(grpc::scrutiny::Server { context }));
        Ok(Service { routes, subscriptions, chores: vec![lapse, close, pass] })
    }
    .boxed()
}

//! Complaints (行政效能投诉): heard by whom they are not about, and never lost after the answer; and consultation
//! (咨询): questions, answered in time and published after review.
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
//! **Ratings** (好差评) are asked for by links: intake and notification each make a random token, hand the link out, and
//! tell this service its digest alone. An `Invitation` is an event that may be rated once, within thirty days: the
//! visit, the completion. A negative rating opens a `Rectification` in the same transaction:
//!
//! ```text
//! OPEN ──▶ CONTACTED ──▶ RECTIFIED ──▶ VISITED ──▶ CLOSED
//!               ▲             │  not satisfied: once more
//!               └─────────────┘
//! ```
//!
//! Whoever sits at the window that was rated, and its clerk, never see the case ([`domain::rating`]), and nobody
//! sees of which application it is who may not know who rated. Months that have ended are published, and the window
//! that was last two months running is called in.
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
use yimen_proto::complaints::v1::consultations_server::ConsultationsServer;
use yimen_proto::complaints::v1::ratings_server::RatingsServer;
use yimen_proto::complaints::v1::scrutinies_server::ScrutiniesServer;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationCompleted, ApplicationSubmitted};
use yimen_proto::notification::v1::RatingLinkGiven;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service as `migrate` and `serve` see it.
pub const DEFINITION: Definition =
    Definition { name: "complaints", migrations: Migrations { schema: "complaints", own: &MIGRATOR }, build };

/// The largest request: a complaint with its files.
const MAX_REQUEST: usize = 2 * 1024 * 1024;
/// How often it is looked whose time for a review has passed: it passes at midnight. So do the days of undertakings.
const LAPSES: Duration = Duration::from_secs(60);
/// How often it is looked who is to be reminded, and which month has ended.
const RATINGS: Duration = Duration::from_secs(20);
/// How often it is looked which rounds are to be closed.
const CLOSINGS: Duration = Duration::from_secs(5);

fn build(context: Context) -> BoxFuture<'static, Result<Service, String>> {
    async move {
        let readers = Readers::new()
            .on::<ApplicationSubmitted>(events::submitted)
            .on::<ApplicationAccepted>(events::accepted)
            .on::<ApplicationCompleted>(events::completed)
            .on::<RatingLinkGiven>(events::link_given)
            .on::<DepartmentAdded>(events::department_added);
        let subscriptions = Subscriptions::new(context.store.clone())
            .at_leisure()
            .with_calendar()
            .together(readers, |tx, heard| events::hear(tx, heard).boxed());
        let ctx = context.clone();
        let lapse = Chore::every("close complaints whose time for a review has passed", LAPSES, move || {
            app::chores::lapse(ctx.clone())
        });
        let ctx = context.clone();
        let remind = Chore::every("remind of what was not rated", RATINGS, move || {
            app::rating::chores::remind(ctx.clone())
        });
        let ctx = context.clone();
        let publish = Chore::every("publish the ratings of months that have ended", RATINGS, move || {
            app::rating::chores::publish(ctx.clone())
        });
        let ctx = context.clone();
        let close = Chore::every("close and count rounds of review", CLOSINGS, move || {
            app::appraisal::counting::close(ctx.clone())
        });
        let ctx = context.clone();
        let pass = Chore::every("note undertakings whose day has passed", LAPSES, move || {
            app::scrutiny::pass(ctx.clone())
        });
        let server = grpc::Server { context: context.clone() };
        let complaints = ComplaintsServer::new(server.clone()).max_decoding_message_size(MAX_REQUEST);
        let routes = Routes::new(complaints)
            .add_service(ConsultationsServer::new(server))
            .add_service(RatingsServer::new(grpc::ratings::Server { context: context.clone() }))
            .add_service(AppraisalsServer::new(grpc::appraisal::Server { context: context.clone() }))
            .add_service(ScrutiniesServer::new(grpc::scrutiny::Server { context }));
        Ok(Service { routes, subscriptions, chores: vec![lapse, remind, publish, close, pass] })
    }
    .boxed()
}

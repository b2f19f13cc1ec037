//! Supervision (限时办结): done in time, and what becomes of what is not.
//!
//! The cast: a `Timer` is a limit of a case that runs or ran, with the kernel's clocks of the promise and of
//! the law; special procedures stop it, an extension adds to it; a `Rung` of the ladder is reached on a day
//! (黄牌, 红牌, past the legal limit) and leaves a warning, once; the red list (`ListWarnings`) is public.
//!
//! The life of a timer: an event of intake, approval or fees starts it and another ends it. Start and end may
//! be heard of in either order. Each time something is heard, the day of the next rung is computed and kept
//! as `next_on`, so that one index finds what is due; the chore [`app::ladder`] leases what is due, however
//! long nobody looked, and writes each warning with its true day. Lights, last days and explanations are
//! computed when they are asked for.
//!
//! An acceptance clock that runs out tells intake (`AcceptanceLapsed`), which takes the application as
//! accepted from the day of receipt (视为受理, 行政许可法 art. 32).
//!
//! A year's notice of the calendar is taken in here and told to every service that counts days
//! (`CalendarImported`); the chore [`app::recompute`] then computes the open timers again, in batches, and
//! notes for each last day that moved which notice moved it.

mod app;
mod complaints;
mod domain;
mod events;
mod grpc;
mod ratings;
mod store;

use std::future::Future;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic::service::Routes;
use yimen_platform::chores::Chore;
use yimen_platform::messages::subscribe::{Readers, Subscriptions};
use yimen_platform::store::Migrations;
use yimen_platform::{Context, Definition, Service};
use yimen_proto::approval::v1::{
    JointApprovalDecided, LimitExtended, OpinionRecorded, SpecialProcedureEnded, SpecialProcedureStarted,
    TaskOpened,
};
use yimen_proto::complaints::v1::{
    ComplaintClosed, ComplaintExtended, ComplaintGiven, ComplaintLeft, ComplaintRegistered,
    ComplaintReviewAnswered, ComplaintReviewRequested, QuestionAnswered, QuestionAsked, QuestionDirected,
    RectificationClosed, RectificationExtended, RectificationStepDone, RectificationStepDue,
};
use yimen_proto::fees::v1::{FeeOverdue, FeeRelieved, FeeSettled};
use yimen_proto::intake::v1::{
    ApplicationAccepted, ApplicationCompleted, ApplicationRefused, ApplicationSubmitted,
    ApplicationWithdrawn, ProcedureNoticeIssued, ResultDelivered, SupplementReceived, SupplementRequested,
};
use yimen_proto::supervision::v1::supervision_server::SupervisionServer;

use crate::app::watch::News;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service as `migrate` and `serve` see it.
pub const DEFINITION: Definition = Definition {
    name: "supervision",
    migrations: Migrations { schema: "supervision", own: &MIGRATOR },
    build,
};

/// How often it is looked what is due and what a new calendar moved: rungs are reached at midnight.
const ROUND: Duration = Duration::from_secs(20);

/// How long a burst of events is gathered before the boards show it, at most.
const SOON: Duration = Duration::from_millis(500);
/// How often the figures are written; until then readers add up what was noted.
const FOLD: Duration = Duration::from_secs(5);
/// How often it is looked what many cases show together.
const SELDOM: Duration = Duration::from_secs(600);

fn chore<R>(ctx: &Context, name: &'static str, every: Duration, round: fn(Context) -> R) -> Chore
where
    R: Future<Output = yimen_kernel::Result<()>> + Send + 'static,
{
    let ctx = ctx.clone();
    Chore::every(name, every, move || round(ctx.clone()))
}

fn build(context: Context) -> BoxFuture<'static, Result<Service, String>> {
    async move {
        let readers = Readers::new()
            .on::<ApplicationSubmitted>(events::submitted)
            .on::<SupplementRequested>(events::supplement_requested)
            .on::<SupplementReceived>(events::supplement_received)
            .on::<ApplicationAccepted>(events::accepted)
            .on::<ApplicationRefused>(events::refused)
            .on::<ApplicationWithdrawn>(events::withdrawn)
            .on::<ProcedureNoticeIssued>(events::notice_issued)
            .on::<ApplicationCompleted>(events::completed)
            .on::<ResultDelivered>(events::delivered)
            .on::<TaskOpened>(events::task_opened)
            .on::<OpinionRecorded>(events::opinion_recorded)
            .on::<JointApprovalDecided>(events::decided)
            .on::<SpecialProcedureStarted>(events::procedure_started)
            .on::<SpecialProcedureEnded>(events::procedure_ended)
            .on::<LimitExtended>(events::limit_extended)
            .on::<FeeOverdue>(events::fee_overdue)
            .on::<FeeRelieved>(events::fee_relieved)
            .on::<FeeSettled>(events::fee_settled)
            .on::<ComplaintRegistered>(complaints::registered)
            .on::<ComplaintGiven>(complaints::given)
            .on::<ComplaintLeft>(complaints::left)
            .on::<ComplaintExtended>(complaints::extended)
            .on::<ComplaintReviewRequested>(complaints::review_requested)
            .on::<ComplaintReviewAnswered>(complaints::review_answered)
            .on::<ComplaintClosed>(complaints::closed)
            .on::<QuestionAsked>(complaints::question_asked)
            .on::<QuestionDirected>(complaints::question_directed)
            .on::<QuestionAnswered>(complaints::question_answered)
            .on::<RectificationStepDue>(ratings::step_due)
            .on::<RectificationStepDone>(ratings::step_done)
            .on::<RectificationExtended>(ratings::extended)
            .on::<RectificationClosed>(ratings::closed);
        let subscriptions = Subscriptions::new(context.store.clone())
            .at_leisure()
            .together(readers, |tx, heard| app::clocks::hear(tx, heard).boxed());
        let news = News::new();
        let mut chores = vec![
            chore(&context, "settle cases", SOON, app::settle::all),
            chore(&context, "add to the figures", FOLD, app::settle::add_up),
            chore(&context, "climb the ladder", ROUND, app::ladder::climb),
            chore(&context, "compute again by a new calendar", ROUND, app::recompute::all),
            chore(&context, "ask about conduct", SELDOM, app::conduct::look),
        ];
        let (ctx, told) = (context.clone(), news.clone());
        chores.push(Chore::after_commits("tell of the red list", SOON, move || {
            let (ctx, news) = (ctx.clone(), told.clone());
            async move { news.look(&ctx).await }
        }));
        let routes = Routes::new(SupervisionServer::new(grpc::Server { context, news }));
        Ok(Service { routes, subscriptions, chores })
    }
    .boxed()
}

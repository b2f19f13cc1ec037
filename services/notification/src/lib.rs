//! Notification (短信告知): short messages about a case, each at most once.
//!
//! The cast: a `Template` (短信模板) is published in versions and says what stands in it; a `Contact` is
//! how the applicant of a case is reached, the only personal data here; a message tells one transition
//! of one case; a carrier takes it: the simulator, an HTTP platform,
//! or an operator over SMPP; the sender asks carriers and
//! notes their answers.
//!
//! The life of a message:
//!
//! ```text
//! AWAITING_CONTACT ──▶ QUEUED ⇄ SENDING ──▶ SENT ──▶ DELIVERED
//!        │                │        │          └────▶ FAILED_PERMANENT
//!        ▼                ▼        ├──▶ UNKNOWN ──▶ QUEUED, DELIVERED, FAILED_PERMANENT (a person)
//!   SUPPRESSED     FAILED_TEMPORARY└──▶ FAILED_PERMANENT
//! ```
//!
//! An event makes a message, once for its transition: `(number, transition)` is unique. The intent to
//! send is committed (SENDING) before a carrier is asked. Only what was certainly not taken is asked
//! for again, at another carrier or later, for 72 hours. When the answer is missing, because the carrier
//! fell silent or this process died, the message is UNKNOWN and waits for a person: it is never sent
//! again by itself. Messages wait for the hours of the day; a number and a center have their limits.

mod app;
mod carriers;
mod domain;
mod events;
mod grpc;
mod store;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tonic::service::Routes;
use yimen_platform::chores::Chore;
use yimen_platform::messages::subscribe::{Readers, Subscriptions};
use yimen_platform::store::Migrations;
use yimen_platform::{Context, Definition, Service};
use yimen_proto::approval::v1::InspectionProposed;
use yimen_proto::complaints::v1::{BallotInvited, RatingReminderDue};
use yimen_proto::fees::v1::{FeeAssessed, FeeOverdue, FeeRefunded};
use yimen_proto::intake::v1::{
    ApplicationAccepted, ApplicationCompleted, ApplicationRefused, ApplicationSubmitted, ContactGiven,
    ResultDelivered, SupplementRequested,
};
use yimen_proto::notification::v1::notification_server::NotificationServer;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The service as `migrate` and `serve` see it.
pub const DEFINITION: Definition = Definition {
    name: "notification",
    migrations: Migrations { schema: "notification", own: &MIGRATOR },
    build,
};

/// How often what became due by the clock is looked for.
const LOOK: Duration = Duration::from_secs(2);
/// How often a broken link to a carrier is made again.
const TEND: Duration = Duration::from_secs(5);

fn build(context: Context) -> BoxFuture<'static, Result<Service, String>> {
    async move {
        app::templates::own()?;
        let public_url: Arc<str> = context.config.public_url()?.into();
        let hours = domain::hours::Hours::parse(&context.config.sms_hours).ok_or_else(|| {
            format!("sms_hours is {}, which are no hours; write it as 08:00-21:00.", context.config.sms_hours)
        })?;
        let sender = app::send::Sender::new(context.clone(), carriers::all(&context)?, hours);
        let ctx = context.clone();
        let (tending, waiting) = (sender.clone(), sender.clone());
        let mut chores = vec![
            Chore::every("tend the carriers", TEND, move || {
                let tending = tending.clone();
                async move {
                    tending.tend().await;
                    Ok(())
                }
            }),
            Chore::every("give up waiting for answers", LOOK, move || {
                let waiting = waiting.clone();
                async move { waiting.abandon().await }
            }),
            Chore::after_commits("send messages", LOOK, move || {
                let sender = sender.clone();
                async move { sender.round().await }
            }),
        ];
        if carriers::is_simulated(&context) {
            chores.push(Chore::after_commits("simulated receipts", LOOK, move || {
                let ctx = ctx.clone();
                async move { app::reports::simulate(&ctx).await }
            }));
        }
        let readers = Readers::new()
            .on::<ContactGiven>(events::contact_given)
            .on::<ApplicationSubmitted>(events::submitted)
            .on::<SupplementRequested>(events::supplement)
            .on::<ApplicationAccepted>(events::accepted)
            .on::<ApplicationRefused>(events::refused)
            .on::<ApplicationCompleted>(events::completed)
            .on::<ResultDelivered>(events::delivered)
            .on::<RatingReminderDue>(events::rating_reminder)
            .on::<InspectionProposed>(events::inspection)
            .on::<FeeAssessed>(events::fee_assessed)
            .on::<FeeOverdue>(events::fee_overdue)
            .on::<FeeRefunded>(events::fee_refunded)
            .on::<BallotInvited>(events::vote_invited);
        let subscriptions =
            Subscriptions::new(context.store.clone()).at_leisure().together(readers, move |tx, heard| {
                let public_url = public_url.clone();
                async move { app::queue::hear(tx, heard, &public_url).await }.boxed()
            });
        let server = NotificationServer::new(grpc::Server(context));
        Ok(Service { routes: Routes::new(server), subscriptions, chores })
    }
    .boxed()
}

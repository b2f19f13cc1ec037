//! What supervision does with the events of the others: clocks start, stop and end.

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::date::{local_date, parse_date};
use yimen_kernel::deadline::{ACCEPTANCE, DELIVERY, Ground, Unit};
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::Envelope;
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::approval::v1 as approval;
use yimen_proto::fees::v1 as fees;
use yimen_proto::intake::v1 as intake;

use crate::app::clocks::Case;
use crate::domain::Kind;
use crate::store::clocks::{Key, Start};
use crate::store::suspensions::{self, Begun};

/// Working days in which an unpaid notice is to be followed up (示例: no law says how many).
const FOLLOW_UP_DAYS: u32 = 5;
/// The window's clocks belong to no department.
const WINDOW: &str = "";

/// 收件: the window has five working days.
pub async fn submitted(tx: &mut Tx, event: Received<intake::ApplicationSubmitted>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::begin(tx, &message.number, &message.center, &message.item).await?;
    case.start(tx, acceptance(1), local_date(at), limits(None, Some(ACCEPTANCE.days))).await
}

/// 补正告知: the applicant's turn.
pub async fn supplement_requested(tx: &mut Tx, event: Received<intake::SupplementRequested>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::lock(tx, &message.number).await?;
    case.end(tx, acceptance(message.notice), at, "SUPPLEMENT_REQUESTED").await
}

/// 补正收件: the window's turn again, from the beginning.
pub async fn supplement_received(tx: &mut Tx, event: Received<intake::SupplementReceived>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::lock(tx, &message.number).await?;
    case.start(tx, acceptance(message.notice + 1), local_date(at), limits(None, Some(ACCEPTANCE.days))).await
}

/// 受理: the decision's two clocks run from the day of acceptance, which a deemed one has behind it.
pub async fn accepted(tx: &mut Tx, event: Received<intake::ApplicationAccepted>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::lock(tx, &message.number).await?;
    let outcome = if message.deemed { "DEEMED_ACCEPTED" } else { "ACCEPTED" };
    case.end(tx, acceptance(message.notices + 1), at, outcome).await?;
    let lead = message.plan.as_ref().map(|plan| plan.lead.as_str()).unwrap_or_default();
    let limits = limits(Some(message.promised_limit_days), Some(message.statutory_limit_days));
    case.start(tx, (Kind::Decision, lead, 1), date(&message.accepted_on)?, limits).await
}

/// 不予受理.
pub async fn refused(tx: &mut Tx, event: Received<intake::ApplicationRefused>) -> Result<()> {
    finish(tx, &event.envelope, &event.message.number, "REFUSED").await
}

/// 撤回申请.
pub async fn withdrawn(tx: &mut Tx, event: Received<intake::ApplicationWithdrawn>) -> Result<()> {
    finish(tx, &event.envelope, &event.message.number, "WITHDRAWN").await
}

async fn finish(tx: &mut Tx, envelope: &Envelope, number: &str, outcome: &str) -> Result<()> {
    let case = Case::lock(tx, number).await?;
    case.finish(tx, envelope.time, outcome).await
}

/// 送达.
pub async fn delivered(tx: &mut Tx, event: Received<intake::ResultDelivered>) -> Result<()> {
    let case = Case::lock(tx, &event.message.number).await?;
    case.end(tx, (Kind::Delivery, WINDOW, 1), event.envelope.time, "DELIVERED").await
}

/// 办结.
pub async fn completed(tx: &mut Tx, event: Received<intake::ApplicationCompleted>) -> Result<()> {
    let case = Case::lock(tx, &event.message.number).await?;
    case.complete(tx, event.envelope.time).await
}

/// A department's turn.
pub async fn task_opened(tx: &mut Tx, event: Received<approval::TaskOpened>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::lock(tx, &message.number).await?;
    let key = (Kind::Task, message.department.as_str(), message.sequence);
    case.start(tx, key, local_date(at), limits(Some(message.limit_days), None)).await
}

/// A department spoke.
pub async fn opinion_recorded(tx: &mut Tx, event: Received<approval::OpinionRecorded>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::lock(tx, &message.number).await?;
    let key = (Kind::Task, message.department.as_str(), message.sequence);
    case.end(tx, key, at, message.kind().as_str_name()).await
}

/// 决定; a grant is to be delivered.
pub async fn decided(tx: &mut Tx, event: Received<approval::JointApprovalDecided>) -> Result<()> {
    let (at, message) = (event.envelope.time, event.message);
    let case = Case::lock(tx, &message.number).await?;
    let outcome = message.outcome();
    case.end(tx, (Kind::Decision, &message.lead, 1), at, outcome.as_str_name()).await?;
    if outcome != intake::decision::Outcome::Refused {
        case.start(tx, (Kind::Delivery, WINDOW, 1), local_date(at), limits(None, Some(DELIVERY.days)))
            .await?;
    }
    Ok(())
}

/// 特别程序: time that is not counted, with a clock of its own for how long was announced.
pub async fn procedure_started(
    tx: &mut Tx,
    event: Received<approval::SpecialProcedureStarted>,
) -> Result<()> {
    let message = event.message;
    let case = Case::lock(tx, &message.number).await?;
    let ground = Ground::parse(message.ground_code()).map_err(|fault| unreadable("ground", &fault))?;
    let (from, until) = (date(&message.from_on)?, date(&message.until_on)?);
    let begun = Begun { procedure: id(&message.procedure)?, department: &message.department, ground, from };
    let run = suspensions::begin(tx.sql(), &message.number, &begun).await?;
    let days = u32::try_from((until - from).num_days()).unwrap_or_default();
    let announced = Start { unit: Unit::CalendarDays, ..limits(Some(days), None) };
    case.start(tx, (Kind::Procedure, &message.department, run), from, announced).await
}

/// The applicant was told in writing.
pub async fn notice_issued(tx: &mut Tx, event: Received<intake::ProcedureNoticeIssued>) -> Result<()> {
    let message = event.message;
    Case::lock(tx, &message.number).await?;
    suspensions::announce(tx.sql(), id(&message.procedure)?, &message.document).await
}

/// Time is counted again.
pub async fn procedure_ended(tx: &mut Tx, event: Received<approval::SpecialProcedureEnded>) -> Result<()> {
    let message = event.message;
    let case = Case::lock(tx, &message.number).await?;
    let ended_on = date(&message.ended_on)?;
    let (department, run) = suspensions::end(tx.sql(), id(&message.procedure)?, ended_on).await?;
    case.end(tx, (Kind::Procedure, &department, run), event.envelope.time, "ENDED").await
}

/// 延长.
pub async fn limit_extended(tx: &mut Tx, event: Received<approval::LimitExtended>) -> Result<()> {
    let message = event.message;
    let case = Case::lock(tx, &message.number).await?;
    case.extend(tx, message.days, message.authority().as_str_name()).await
}

/// An unpaid notice is to be followed up.
pub async fn fee_overdue(tx: &mut Tx, event: Received<fees::FeeOverdue>) -> Result<()> {
    let at = event.envelope.time;
    let case = Case::lock(tx, &event.message.number).await?;
    case.follow_up(tx, local_date(at), limits(Some(FOLLOW_UP_DAYS), None)).await
}

/// What is to be paid, or by when, changed: the following up has led to something.
pub async fn fee_relieved(tx: &mut Tx, event: Received<fees::FeeRelieved>) -> Result<()> {
    let case = Case::lock(tx, &event.message.number).await?;
    case.end_all(tx, Kind::FeeFollowUp, event.envelope.time, "RELIEVED").await
}

/// Nothing more is to be paid.
pub async fn fee_settled(tx: &mut Tx, event: Received<fees::FeeSettled>) -> Result<()> {
    let at = event.envelope.time;
    let case = Case::lock(tx, &event.message.number).await?;
    case.settle_fee(tx, at, event.message.how().as_str_name()).await
}

fn acceptance(run: u32) -> Key<'static> {
    (Kind::Acceptance, WINDOW, run)
}

fn limits(promised: Option<u32>, statutory: Option<u32>) -> Start {
    Start { unit: Unit::WorkingDays, promised, statutory }
}

fn date(text: &str) -> Result<NaiveDate> {
    parse_date(text).map_err(|fault| unreadable("day", &fault))
}

fn id(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|error| unreadable("procedure", &error))
}

fn unreadable(what: &str, fault: &dyn std::fmt::Debug) -> Error {
    Error::internal(format!("an event names no {what}: {fault:?}"))
}

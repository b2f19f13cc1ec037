//! What the events of the others say about clocks: which start, stop and end.

use chrono::NaiveDate;
use uuid::Uuid;
use yimen_kernel::date::{local_date, parse_date};
use yimen_kernel::deadline::{ACCEPTANCE, DELIVERY, Ground, Unit};
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_proto::approval::v1 as approval;
use yimen_proto::fees::v1 as fees;
use yimen_proto::intake::v1 as intake;

use crate::app::clocks::{Change, Heard, Seldom, Which};
use crate::domain::Kind;
use crate::store::clocks::Limits;
use crate::store::suspensions::Begun;

/// Working days in which an unpaid notice is to be followed up (示例: no law says how many).
const FOLLOW_UP_DAYS: u32 = 5;
/// The window's clocks belong to no department.
const WINDOW: String = String::new();

/// 收件: the window has five working days.
pub fn submitted(event: Received<intake::ApplicationSubmitted>) -> Result<Heard> {
    let (on, message) = (local_date(event.envelope.time), event.message);
    let begin = Change::Begin { center: message.center, item: message.item };
    let start = Change::Start { which: acceptance(1), on, limits: legal(ACCEPTANCE.days) };
    heard(message.number, [begin, start])
}

/// 补正告知: the applicant's turn.
pub fn supplement_requested(event: Received<intake::SupplementRequested>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let outcome = "SUPPLEMENT_REQUESTED".to_owned();
    heard(message.number, [Change::End { which: acceptance(message.notice), at, outcome }])
}

/// 补正收件: the window's turn again, from the beginning.
pub fn supplement_received(event: Received<intake::SupplementReceived>) -> Result<Heard> {
    let (on, message) = (local_date(event.envelope.time), event.message);
    let which = acceptance(message.notice + 1);
    heard(message.number, [Change::Start { which, on, limits: legal(ACCEPTANCE.days) }])
}

/// 受理: the decision's two clocks run from the day of acceptance, which a deemed one has behind it.
pub fn accepted(event: Received<intake::ApplicationAccepted>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let outcome = if message.deemed { "DEEMED_ACCEPTED" } else { "ACCEPTED" }.to_owned();
    let end = Change::End { which: acceptance(message.notices + 1), at, outcome };
    let lead = message.plan.map(|plan| plan.lead).unwrap_or_default();
    let limits =
        Limits { promised: Some(message.promised_limit_days), ..legal(message.statutory_limit_days) };
    let start =
        Change::Start { which: which(Kind::Decision, lead, 1), on: date(&message.accepted_on)?, limits };
    heard(message.number, [end, start])
}

/// 不予受理.
pub fn refused(event: Received<intake::ApplicationRefused>) -> Result<Heard> {
    let (at, outcome) = (event.envelope.time, "REFUSED".to_owned());
    seldom(event.message.number, Seldom::Finish { at, outcome })
}

/// 撤回申请.
pub fn withdrawn(event: Received<intake::ApplicationWithdrawn>) -> Result<Heard> {
    let (at, outcome) = (event.envelope.time, "WITHDRAWN".to_owned());
    seldom(event.message.number, Seldom::Finish { at, outcome })
}

/// 送达.
pub fn delivered(event: Received<intake::ResultDelivered>) -> Result<Heard> {
    let (at, outcome) = (event.envelope.time, "DELIVERED".to_owned());
    heard(event.message.number, [Change::End { which: which(Kind::Delivery, WINDOW, 1), at, outcome }])
}

/// 办结.
pub fn completed(event: Received<intake::ApplicationCompleted>) -> Result<Heard> {
    heard(event.message.number, [Change::Complete { at: event.envelope.time }])
}

/// A department's turn.
pub fn task_opened(event: Received<approval::TaskOpened>) -> Result<Heard> {
    let (on, message) = (local_date(event.envelope.time), event.message);
    let which = which(Kind::Task, message.department, message.sequence);
    heard(message.number, [Change::Start { which, on, limits: promised(message.limit_days) }])
}

/// A department spoke.
pub fn opinion_recorded(event: Received<approval::OpinionRecorded>) -> Result<Heard> {
    let at = event.envelope.time;
    let outcome = event.message.kind().as_str_name().to_owned();
    let message = event.message;
    let which = which(Kind::Task, message.department, message.sequence);
    heard(message.number, [Change::End { which, at, outcome }])
}

/// 决定; a grant is to be delivered.
pub fn decided(event: Received<approval::JointApprovalDecided>) -> Result<Heard> {
    let at = event.envelope.time;
    let decided = event.message.outcome();
    let message = event.message;
    let outcome = decided.as_str_name().to_owned();
    let mut changes = vec![Change::End { which: which(Kind::Decision, message.lead, 1), at, outcome }];
    if decided != intake::decision::Outcome::Refused {
        let (on, limits) = (local_date(at), legal(DELIVERY.days));
        changes.push(Change::Start { which: which(Kind::Delivery, WINDOW, 1), on, limits });
    }
    heard(message.number, changes)
}

/// 特别程序: time that is not counted.
pub fn procedure_started(event: Received<approval::SpecialProcedureStarted>) -> Result<Heard> {
    let message = event.message;
    let ground = Ground::parse(message.ground_code()).map_err(|fault| unreadable("ground", &fault))?;
    let (from, until) = (date(&message.from_on)?, date(&message.until_on)?);
    let begun = Begun { procedure: id(&message.procedure)?, department: message.department, ground, from };
    seldom(message.number, Seldom::Suspend { begun, until })
}

/// The applicant was told in writing.
pub fn notice_issued(event: Received<intake::ProcedureNoticeIssued>) -> Result<Heard> {
    let message = event.message;
    let procedure = id(&message.procedure)?;
    seldom(message.number, Seldom::Announce { procedure, document: message.document })
}

/// Time is counted again.
pub fn procedure_ended(event: Received<approval::SpecialProcedureEnded>) -> Result<Heard> {
    let (at, message) = (event.envelope.time, event.message);
    let (procedure, ended_on) = (id(&message.procedure)?, date(&message.ended_on)?);
    seldom(message.number, Seldom::Resume { procedure, ended_on, at })
}

/// 延长.
pub fn limit_extended(event: Received<approval::LimitExtended>) -> Result<Heard> {
    let authority = event.message.authority().as_str_name().to_owned();
    seldom(event.message.number, Seldom::Extend { days: event.message.days, authority })
}

/// An unpaid notice is to be followed up.
pub fn fee_overdue(event: Received<fees::FeeOverdue>) -> Result<Heard> {
    let on = local_date(event.envelope.time);
    seldom(event.message.number, Seldom::FollowUp { on, limits: promised(FOLLOW_UP_DAYS) })
}

/// What is to be paid, or by when, changed.
pub fn fee_relieved(event: Received<fees::FeeRelieved>) -> Result<Heard> {
    seldom(event.message.number, Seldom::RelieveFee { at: event.envelope.time })
}

/// Nothing more is to be paid.
pub fn fee_settled(event: Received<fees::FeeSettled>) -> Result<Heard> {
    let outcome = event.message.how().as_str_name().to_owned();
    heard(event.message.number, [Change::SettleFee { at: event.envelope.time, outcome }])
}

pub(crate) fn heard(number: String, changes: impl Into<Vec<Change>>) -> Result<Heard> {
    Ok(Heard { number, changes: changes.into() })
}

pub(crate) fn seldom(number: String, change: Seldom) -> Result<Heard> {
    heard(number, [Change::Seldom(change)])
}

pub(crate) fn which(kind: Kind, department: String, run: u32) -> Which {
    Which { kind, department, run }
}

fn acceptance(run: u32) -> Which {
    which(Kind::Acceptance, WINDOW, run)
}

fn legal(days: u32) -> Limits {
    Limits { unit: Unit::WorkingDays, promised: None, statutory: Some(days) }
}

pub(crate) fn promised(days: u32) -> Limits {
    Limits { unit: Unit::WorkingDays, promised: Some(days), statutory: None }
}

pub(crate) fn date(text: &str) -> Result<NaiveDate> {
    parse_date(text).map_err(|fault| unreadable("day", &fault))
}

fn id(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|error| unreadable("procedure", &error))
}

fn unreadable(what: &str, fault: &dyn std::fmt::Debug) -> Error {
    Error::internal(format!("an event names no {what}: {fault:?}"))
}

//! What the events of the others give to tell applicants.

use std::collections::BTreeMap;

use chrono::DateTime;
use yimen_kernel::CaseNumber;
use yimen_kernel::date::CHINA;
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_proto::approval::v1 as approval;
use yimen_proto::complaints::v1 as complaints;
use yimen_proto::fees::v1 as fees;
use yimen_proto::intake::v1 as intake;

use crate::app::queue::{Heard, Link, Told};
use crate::store::contacts::Contact;

/// How the applicant is reached.
pub fn contact_given(event: Received<intake::ContactGiven>) -> Result<Heard> {
    let intake::ContactGiven { number, center, item_name_zh, mobile, .. } = event.message;
    Ok(Heard::Reach(Contact { number, center, item_name: item_name_zh, mobile }))
}

/// 收件.
pub fn submitted(event: Received<intake::ApplicationSubmitted>) -> Result<Heard> {
    tell(&event.message.number, "SUBMITTED", None, [])
}

/// 补正告知: each notice is a transition of its own.
pub fn supplement(event: Received<intake::SupplementRequested>) -> Result<Heard> {
    let intake::SupplementRequested { number, document, due_on, .. } = event.message;
    let again = document.clone();
    tell(&number, "SUPPLEMENT_REQUESTED", Some(again), [("document", document), ("due_on", due_on)])
}

/// 受理, or 视为受理 when nobody said anything in time.
pub fn accepted(event: Received<intake::ApplicationAccepted>) -> Result<Heard> {
    if event.message.deemed {
        return tell(&event.message.number, "DEEMED_ACCEPTED", None, []);
    }
    let days = event.message.promised_limit_days.to_string();
    tell(&event.message.number, "ACCEPTED", None, [("days", days)])
}

/// 不予受理: the reasons are in the document.
pub fn refused(event: Received<intake::ApplicationRefused>) -> Result<Heard> {
    let intake::ApplicationRefused { number, document, .. } = event.message;
    tell(&number, "REFUSED", None, [("document", document)])
}

/// 踏勘预约: each proposal is a transition of its own.
pub fn inspection(event: Received<approval::InspectionProposed>) -> Result<Heard> {
    let approval::InspectionProposed { number, visit_time, .. } = event.message;
    let visit = visit_time.and_then(|time| DateTime::from_timestamp(time.seconds, 0));
    let visit = visit.ok_or_else(|| Error::internal("a proposed visit has no time"))?;
    let time = visit.with_timezone(&CHINA).format("%-m月%-d日%H:%M").to_string();
    let again = format!("{}", event.envelope.version);
    tell(&number, "INSPECTION_PROPOSED", Some(again), [("time", time)])
}

/// 缴费通知.
pub fn fee_assessed(event: Received<fees::FeeAssessed>) -> Result<Heard> {
    let fees::FeeAssessed { number, payment_code, amount_fen, limit_on, .. } = event.message;
    let values = [("amount", amount_fen.to_string()), ("code", payment_code), ("limit_on", limit_on)];
    tell(&number, "FEE_ASSESSED", None, values)
}

/// 催缴: once for each last day.
pub fn fee_overdue(event: Received<fees::FeeOverdue>) -> Result<Heard> {
    let fees::FeeOverdue { number, amount_fen, limit_on, .. } = event.message;
    let again = limit_on.clone();
    let values = [("amount", amount_fen.to_string()), ("limit_on", limit_on)];
    tell(&number, "FEE_OVERDUE", Some(again), values)
}

/// 退付.
pub fn fee_refunded(event: Received<fees::FeeRefunded>) -> Result<Heard> {
    let fees::FeeRefunded { number, refund, amount_fen, .. } = event.message;
    tell(&number, "FEE_REFUNDED", Some(refund), [("amount", amount_fen.to_string())])
}

/// 办结: that there is a result, not which; with a link to rate.
pub fn completed(event: Received<intake::ApplicationCompleted>) -> Result<Heard> {
    with_link(tell(&event.message.number, "COMPLETED", None, [])?, Link::Rate)
}

/// 提醒评价: once, with a link of its own.
pub fn rating_reminder(event: Received<complaints::RatingReminderDue>) -> Result<Heard> {
    with_link(tell(&event.message.number, "RATING_INVITED", None, [])?, Link::Rate)
}

fn with_link(heard: Heard, link: Link) -> Result<Heard> {
    match heard {
        Heard::Tell(told) => Ok(Heard::Tell(Told { link: Some(link), ..told })),
        reached @ Heard::Reach(_) => Ok(reached),
    }
}

/// 送达.
pub fn delivered(event: Received<intake::ResultDelivered>) -> Result<Heard> {
    tell(&event.message.number, "DELIVERED", None, [])
}

/// 邀请评议: the applicant was drawn to vote, once in each round.
pub fn vote_invited(event: Received<complaints::BallotInvited>) -> Result<Heard> {
    let complaints::BallotInvited { number, round, token, open_on, close_on, .. } = event.message;
    let values = [("open_on", open_on), ("close_on", close_on)];
    with_link(tell(&number, "VOTE_INVITED", Some(round), values)?, Link::Vote(token))
}

/// The message of a transition. `again` tells a transition that a case may have several times.
fn tell<const N: usize>(
    number: &str,
    template: &'static str,
    again: Option<String>,
    values: [(&str, String); N],
) -> Result<Heard> {
    let number = CaseNumber::parse(number)
        .map_err(|fault| Error::internal(format!("an event names no case: {fault:?}")))?;
    let transition = match again {
        Some(again) => format!("{template}/{again}"),
        None => template.to_owned(),
    };
    let values: BTreeMap<String, String> =
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Heard::Tell(Told { number, transition, template, values, link: None }))
}

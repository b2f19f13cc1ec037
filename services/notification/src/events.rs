//! What is told to applicants, event by event.

use std::collections::BTreeMap;

use chrono::DateTime;
use yimen_kernel::CaseNumber;
use yimen_kernel::date::CHINA;
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::approval::v1 as approval;
use yimen_proto::fees::v1 as fees;
use yimen_proto::intake::v1 as intake;

use crate::app::queue::{self, Told};
use crate::store::contacts::Contact;

/// How the applicant is reached.
pub async fn contact_given(tx: &mut Tx, event: Received<intake::ContactGiven>) -> Result<()> {
    let intake::ContactGiven { number, center, item_name_zh, mobile, .. } = event.message;
    queue::reach(tx, Contact { number, center, item_name: item_name_zh, mobile }).await
}

/// 收件.
pub async fn submitted(tx: &mut Tx, event: Received<intake::ApplicationSubmitted>) -> Result<()> {
    tell(tx, &event.message.number, "SUBMITTED", None, []).await
}

/// 补正告知: each notice is a transition of its own.
pub async fn supplement(tx: &mut Tx, event: Received<intake::SupplementRequested>) -> Result<()> {
    let intake::SupplementRequested { number, document, due_on, .. } = event.message;
    let again = document.clone();
    tell(tx, &number, "SUPPLEMENT_REQUESTED", Some(again), [("document", document), ("due_on", due_on)]).await
}

/// 受理, or 视为受理 when nobody said anything in time.
pub async fn accepted(tx: &mut Tx, event: Received<intake::ApplicationAccepted>) -> Result<()> {
    if event.message.deemed {
        return tell(tx, &event.message.number, "DEEMED_ACCEPTED", None, []).await;
    }
    let days = event.message.promised_limit_days.to_string();
    tell(tx, &event.message.number, "ACCEPTED", None, [("days", days)]).await
}

/// 不予受理: the reasons are in the document.
pub async fn refused(tx: &mut Tx, event: Received<intake::ApplicationRefused>) -> Result<()> {
    let intake::ApplicationRefused { number, document, .. } = event.message;
    tell(tx, &number, "REFUSED", None, [("document", document)]).await
}

/// 踏勘预约: each proposal is a transition of its own.
pub async fn inspection(tx: &mut Tx, event: Received<approval::InspectionProposed>) -> Result<()> {
    let approval::InspectionProposed { number, visit_time, .. } = event.message;
    let visit = visit_time.and_then(|time| DateTime::from_timestamp(time.seconds, 0));
    let visit = visit.ok_or_else(|| Error::internal("a proposed visit has no time"))?;
    let time = visit.with_timezone(&CHINA).format("%-m月%-d日%H:%M").to_string();
    let again = format!("{}", event.envelope.version);
    tell(tx, &number, "INSPECTION_PROPOSED", Some(again), [("time", time)]).await
}

/// 缴费通知.
pub async fn fee_assessed(tx: &mut Tx, event: Received<fees::FeeAssessed>) -> Result<()> {
    let fees::FeeAssessed { number, payment_code, amount_fen, limit_on, .. } = event.message;
    let values = [("amount", amount_fen.to_string()), ("code", payment_code), ("limit_on", limit_on)];
    tell(tx, &number, "FEE_ASSESSED", None, values).await
}

/// 催缴: once for each last day.
pub async fn fee_overdue(tx: &mut Tx, event: Received<fees::FeeOverdue>) -> Result<()> {
    let fees::FeeOverdue { number, amount_fen, limit_on, .. } = event.message;
    let again = limit_on.clone();
    let values = [("amount", amount_fen.to_string()), ("limit_on", limit_on)];
    tell(tx, &number, "FEE_OVERDUE", Some(again), values).await
}

/// 退付.
pub async fn fee_refunded(tx: &mut Tx, event: Received<fees::FeeRefunded>) -> Result<()> {
    let fees::FeeRefunded { number, refund, amount_fen, .. } = event.message;
    tell(tx, &number, "FEE_REFUNDED", Some(refund), [("amount", amount_fen.to_string())]).await
}

/// 办结: that there is a result, not which.
pub async fn completed(tx: &mut Tx, event: Received<intake::ApplicationCompleted>) -> Result<()> {
    tell(tx, &event.message.number, "COMPLETED", None, []).await
}

/// 送达.
pub async fn delivered(tx: &mut Tx, event: Received<intake::ResultDelivered>) -> Result<()> {
    tell(tx, &event.message.number, "DELIVERED", None, []).await
}

/// Queues the message of a transition. `again` tells a transition that a case may have several times.
async fn tell<const N: usize>(
    tx: &mut Tx,
    number: &str,
    template: &'static str,
    again: Option<String>,
    values: [(&str, String); N],
) -> Result<()> {
    let number = CaseNumber::parse(number)
        .map_err(|fault| Error::internal(format!("an event names no case: {fault:?}")))?;
    let transition = match again {
        Some(again) => format!("{template}/{again}"),
        None => template.to_owned(),
    };
    let values: BTreeMap<String, String> =
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    queue::tell(tx, Told { number, transition, template, values }).await
}

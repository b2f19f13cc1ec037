//! Refunds: applied for, verified, approved, paid back.

use chrono::Datelike as _;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Actor, DocumentNumber, Money};
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;

use super::{book, timestamp};
use crate::domain::ledger::{self, Account, Kind, Move};
use crate::domain::notice::State;
use crate::domain::refund::{Refund, State as RefundState};
use crate::grpc::message;
use crate::store::refunds::{self as table, Row};
use crate::store::{ledger as entries, notices, payments, receipts};

/// Applies for a refund of a paid notice.
pub async fn apply(
    tx: &mut Tx,
    actor: &Actor,
    notice: &DocumentNumber,
    ground: pb::refund::Ground,
    reason: String,
) -> Result<pb::Refund> {
    let kept = super::lock(tx, notice).await?;
    let notice = &kept.notice;
    if !matches!(notice.state, State::Paid { .. }) {
        return Err(notice.forbidden());
    }
    let (now, center) = (tx.now(), notice.center());
    let serial = table::next_serial(tx.sql()).await?;
    let refund = DocumentNumber::issue(&center, "TF", local_date(now).year(), serial)
        .map_err(|fault| Error::invalid(vec![fault.at("refund")]))?;
    let row = Row {
        refund: refund.to_string(),
        notice: notice.notice.to_string(),
        number: notice.number.to_string(),
        center: center.to_string(),
        state: RefundState::Applied.as_str().to_owned(),
        version: 1,
        ground: ground.as_str_name().to_owned(),
        reason,
        amount_fen: notice.amount()?.fen(),
        created_at: now,
        reject_reason: String::new(),
        reference: String::new(),
        paid_at: None,
    };
    table::insert(tx.sql(), &row, &actor.subject).await?;
    Ok(message::refund(&row))
}

/// The department that charged verifies.
pub async fn verify(tx: &mut Tx, actor: &Actor, refund: &DocumentNumber) -> Result<pb::Refund> {
    let department = actor.require_department()?;
    let (row, before) = lock(tx, refund).await?;
    let after = before.clone().verify(department)?;
    let now = tx.now();
    table::verified(tx.sql(), &row.refund, department, &actor.subject, now).await?;
    save(tx, row, &before, &after, None).await
}

/// Finance approves or, with a reason, rejects.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    refund: &DocumentNumber,
    rejected: Option<String>,
) -> Result<pb::Refund> {
    let (mut row, before) = lock(tx, refund).await?;
    let after = match rejected {
        Some(reason) => {
            row.reject_reason = reason;
            before.clone().reject()?
        }
        None => {
            let after = before.clone().approve()?;
            let kept = paid_notice(tx, &row).await?;
            let moves = ledger::refund_approved(&kept.notice);
            book(tx, Kind::RefundApproved, row.refund.clone(), &kept.notice, moves).await?;
            after
        }
    };
    save(tx, row, &before, &after, Some(&actor.subject)).await
}

/// The money went back: the entry is reversed and the receipt red-stamped.
pub async fn pay(
    tx: &mut Tx,
    actor: &Actor,
    refund: &DocumentNumber,
    reference: String,
) -> Result<pb::Refund> {
    let (mut row, before) = lock(tx, refund).await?;
    let after = before.clone().pay()?;
    let kept = paid_notice(tx, &row).await?;
    let refunded = kept.notice.clone().refund()?;
    let now = tx.now();
    notices::save(tx.sql(), &[(&kept.notice, &refunded)], now).await?;
    let moves = ways_back(tx, &row).await?;
    book(tx, Kind::Refunded, row.refund.clone(), &refunded, moves).await?;
    receipts::stamp_red(tx.sql(), &row.notice, &row.reason).await?;
    row.reference = reference;
    row.paid_at = Some(now);
    tx.emit(
        &row.center,
        &row.number,
        refunded.version,
        &pb::FeeRefunded {
            number: row.number.clone(),
            refund: row.refund.clone(),
            amount_fen: row.amount_fen,
            time: Some(timestamp(now)),
        },
    );
    save(tx, row, &before, &after, Some(&actor.subject)).await
}

/// Where each part of the money is now, and from there to the payer.
async fn ways_back(tx: &mut Tx, row: &Row) -> Result<Vec<Move>> {
    let mut moves = Vec::new();
    for (payment, channel, fen) in payments::applied(tx.sql(), &row.notice).await? {
        let source = payment.to_string();
        let place = if entries::is_remitted(tx.sql(), &source).await? {
            Account::Treasury
        } else if channel == "CASH" && !entries::is_deposited(tx.sql(), &source).await? {
            Account::Cash
        } else {
            Account::Bank
        };
        let amount = Money::from_fen(fen).map_err(|fault| Error::invalid(vec![fault.at("amount_fen")]))?;
        moves.extend(ledger::shift(Account::RefundPayable, place, amount));
    }
    Ok(moves)
}

async fn lock(tx: &mut Tx, refund: &DocumentNumber) -> Result<(Row, Refund)> {
    let found = table::lock(tx.sql(), refund.as_str()).await?;
    found.ok_or_else(|| Error::not_found(Reason::RefundUnknown))
}

async fn paid_notice(tx: &mut Tx, row: &Row) -> Result<notices::Kept> {
    let notice = DocumentNumber::parse(&row.notice).map_err(|_| Error::not_found(Reason::NoticeUnknown))?;
    super::lock(tx, &notice).await
}

async fn save(
    tx: &mut Tx,
    mut row: Row,
    before: &Refund,
    after: &Refund,
    decided_by: Option<&str>,
) -> Result<pb::Refund> {
    row.state = after.state.as_str().to_owned();
    row.version = after.version;
    table::save(tx.sql(), before.version, &row, decided_by).await?;
    Ok(message::refund(&row))
}

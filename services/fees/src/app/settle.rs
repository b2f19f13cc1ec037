//! The end of a notice: paid, waived or cancelled, told once.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Utc};
use tracing::Span;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DocumentNumber};
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;
use yimen_proto::fees::v1::fee_settled::How;

use super::{Booked, book_all, timestamp};
use crate::domain::ledger::{self, Account, Kind};
use crate::domain::notice::Notice;
use crate::store::notices::{self, Kept};
use crate::store::receipts::{self, Drawn};

/// A notice that is paid.
pub struct Paid<'p> {
    pub kept: &'p Kept,
    /// Where the money lies.
    pub from: Account,
    /// What names the payment in the ledger.
    pub source: String,
    /// Where it is traced.
    pub span: Span,
}

/// Settles a notice, issues its receipt and gives the receipt's number.
pub async fn pay(tx: &mut Tx, kind: Kind, paid: Paid<'_>) -> Result<String> {
    let mut receipts = pay_all(tx, kind, &[paid]).await?;
    receipts.pop().ok_or_else(|| Error::internal("a payment has no receipt"))
}

/// Settles different notices, issues their receipts and gives the receipts' numbers, in this order.
pub async fn pay_all(tx: &mut Tx, kind: Kind, all: &[Paid<'_>]) -> Result<Vec<String>> {
    let now = tx.now();
    let after = all.iter().map(|paid| paid.kept.notice.clone().pay()).collect::<Result<Vec<_>>>()?;
    let changes: Vec<_> = all.iter().map(|paid| &paid.kept.notice).zip(&after).collect();
    notices::save(tx.sql(), &changes, now).await?;
    let entries = all.iter().zip(&after).map(|(paid, after)| Booked {
        source: paid.source.clone(),
        notice: after,
        moves: ledger::paid(after, paid.from),
    });
    book_all(tx, kind, &entries.collect::<Vec<_>>()).await?;
    let drawn = draw_receipts(tx, &after.iter().collect::<Vec<_>>()).await?;
    receipts::insert(tx.sql(), &drawn).await?;
    for ((paid, after), drawn) in all.iter().zip(&after).zip(&drawn) {
        let told = pb::FeeSettled {
            receipt: drawn.row.receipt.clone(),
            ..settled(&after.number, How::Paid, Some(after), after.amount()?.fen(), now)
        };
        paid.span.in_scope(|| {
            tx.emit(after.center().as_str(), after.number.as_str(), after.version, &told);
        });
    }
    Ok(drawn.into_iter().map(|drawn| drawn.row.receipt).collect())
}

/// Tells that nothing more is to be paid, and nothing was.
pub fn tell(
    tx: &mut Tx,
    number: &CaseNumber,
    version: i64,
    how: How,
    notice: Option<&Notice>,
    amount_fen: i64,
) {
    let told = settled(number, how, notice, amount_fen, tx.now());
    tx.emit(number.center().as_str(), number.as_str(), version, &told);
}

/// What is told of the end of a notice that has no receipt.
fn settled(
    number: &CaseNumber,
    how: How,
    notice: Option<&Notice>,
    amount_fen: i64,
    now: DateTime<Utc>,
) -> pb::FeeSettled {
    pb::FeeSettled {
        number: number.to_string(),
        how: how as i32,
        notice: notice.map(|notice| notice.notice.to_string()).unwrap_or_default(),
        receipt: String::new(),
        amount_fen,
        time: Some(timestamp(now)),
    }
}

/// Draws the next receipts of the centers' year for notices; [`receipts::insert`] issues them.
pub async fn draw_receipts(tx: &mut Tx, notices: &[&Notice]) -> Result<Vec<Drawn>> {
    let now = tx.now();
    let year = local_date(now).year();
    let mut wanted: BTreeMap<String, u32> = BTreeMap::new();
    for notice in notices {
        *wanted.entry(notice.center().to_string()).or_default() += 1;
    }
    let mut last = receipts::draw(tx.sql(), year, &wanted).await?;
    // From the last backwards, so that the first notice has the first number.
    let mut drawn = Vec::with_capacity(notices.len());
    for notice in notices.iter().rev() {
        let center = notice.center();
        let next = last.get_mut(center.as_str()).ok_or_else(|| Error::internal("a series drew nothing"))?;
        let serial = *next;
        *next -= 1;
        let receipt = DocumentNumber::issue(&center, "PJ", year, serial)
            .map_err(|fault| Error::invalid(vec![fault.at("receipt")]))?;
        let row = receipts::Row {
            receipt: receipt.to_string(),
            center: center.to_string(),
            notice: notice.notice.to_string(),
            amount_fen: notice.amount()?.fen(),
            state: "VALID".to_owned(),
            issued_at: now,
            replaced_by: None,
        };
        drawn.push(Drawn { row, year, serial });
    }
    drawn.reverse();
    Ok(drawn)
}

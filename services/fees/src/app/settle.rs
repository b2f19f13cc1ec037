//! The end of a notice: paid, waived or cancelled, told once.

use chrono::Datelike as _;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DocumentNumber};
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;
use yimen_proto::fees::v1::fee_settled::How;

use super::{book, timestamp};
use crate::domain::ledger::{self, Account, Kind};
use crate::domain::notice::Notice;
use crate::store::notices::{self, Kept};
use crate::store::receipts;

/// Settles a notice with money that lies in `from`, issues its receipt and gives the receipt's number.
/// `source` names the payment in the ledger.
pub async fn pay(tx: &mut Tx, kept: &Kept, from: Account, kind: Kind, source: String) -> Result<String> {
    let before = &kept.notice;
    let after = before.clone().pay()?;
    let now = tx.now();
    notices::save(tx.sql(), before, &after, now).await?;
    book(tx, kind, source, &after, &ledger::paid(&after, from)).await?;
    let drawn = draw_receipt(tx, &after).await?;
    receipts::insert(tx.sql(), &drawn).await?;
    let receipt = drawn.row.receipt;
    tx.emit(
        after.center().as_str(),
        after.number.as_str(),
        after.version,
        &pb::FeeSettled {
            number: after.number.to_string(),
            how: How::Paid as i32,
            notice: after.notice.to_string(),
            receipt: receipt.clone(),
            amount_fen: after.amount()?.fen(),
            time: Some(timestamp(now)),
        },
    );
    Ok(receipt)
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
    let time = Some(timestamp(tx.now()));
    tx.emit(
        number.center().as_str(),
        number.as_str(),
        version,
        &pb::FeeSettled {
            number: number.to_string(),
            how: how as i32,
            notice: notice.map(|notice| notice.notice.to_string()).unwrap_or_default(),
            receipt: String::new(),
            amount_fen,
            time,
        },
    );
}

/// Draws the next receipt of the center's year for a notice; [`receipts::insert`] issues it.
pub async fn draw_receipt(tx: &mut Tx, notice: &Notice) -> Result<receipts::Drawn> {
    let (now, center) = (tx.now(), notice.center());
    let year = local_date(now).year();
    let serial = receipts::next_serial(tx.sql(), &center, year).await?;
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
    Ok(receipts::Drawn { row, year, serial })
}

//! Receipts: verified by anyone, spoiled by the counter.

use yimen_kernel::DocumentNumber;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;

use super::settle;
use crate::grpc::message;
use crate::store::{notices, receipts};

fn unknown() -> Error {
    Error::not_found(Reason::ReceiptUnknown)
}

/// What anyone may know of a receipt.
pub async fn verify(ctx: &Context, receipt: &DocumentNumber) -> Result<pb::Receipt> {
    let mut connection = ctx.store.read().await?;
    let row = receipts::find(&mut connection, receipt.as_str()).await?.ok_or_else(unknown)?;
    let kept = notices::read(&mut connection, &row.notice).await?;
    message::receipt(&row, kept.as_ref())
}

/// Marks a receipt as spoiled; the next number of the series takes its place.
pub async fn spoil(tx: &mut Tx, receipt: &DocumentNumber, reason: &str) -> Result<pb::Receipt> {
    let row = receipts::find(tx.sql(), receipt.as_str()).await?.ok_or_else(unknown)?;
    let notice = DocumentNumber::parse(&row.notice).map_err(|_| unknown())?;
    let kept = super::lock(tx, &notice).await?;
    let mut drawn = settle::draw_receipts(tx, &[&kept.notice]).await?;
    let drawn = drawn.pop().ok_or_else(|| Error::internal("no receipt was drawn"))?;
    // The old one first: one receipt counts for a notice.
    if !receipts::spoil(tx.sql(), receipt.as_str(), &drawn.row.receipt, reason).await? {
        return Err(Error::precondition(Reason::StateForbids).with("state", row.state));
    }
    receipts::insert(tx.sql(), std::slice::from_ref(&drawn)).await?;
    message::receipt(&drawn.row, Some(&kept))
}

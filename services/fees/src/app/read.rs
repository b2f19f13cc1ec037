//! What the hall sees of notices, payments, refunds and accounts.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DivisionCode, DocumentNumber};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::fees::v1 as pb;

use crate::grpc::message;
use crate::store::notices::{self, Filter};
use crate::store::{ledger, payments, refunds, reliefs};

/// A notice with everything that happened to it.
pub async fn notice(ctx: &Context, notice: &DocumentNumber) -> Result<pb::FeeNotice> {
    let mut connection = ctx.store.read().await?;
    let kept = notices::read(&mut connection, notice.as_str()).await?;
    let kept = kept.ok_or_else(|| Error::not_found(Reason::NoticeUnknown))?;
    let reliefs = reliefs::of_notice(&mut connection, notice.as_str()).await?;
    message::notice(&kept, &reliefs)
}

/// A center's notices.
pub async fn list(ctx: &Context, filter: &Filter, page: Page) -> Result<pb::ListFeeNoticesResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = notices::list(&mut connection, filter, &page).await?;
    let next_page_token = page.cut(&mut rows, |kept| kept.notice.notice.to_string());
    let notices = rows.iter().map(|kept| message::notice(kept, &[])).collect::<Result<_>>()?;
    Ok(pb::ListFeeNoticesResponse { notices, next_page_token })
}

/// A center's payments.
pub async fn payments(
    ctx: &Context,
    center: &DivisionCode,
    held: bool,
    page: Page,
) -> Result<pb::ListPaymentsResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = payments::list(&mut connection, center, held, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.payment.to_string());
    Ok(pb::ListPaymentsResponse { payments: rows.iter().map(message::payment).collect(), next_page_token })
}

/// A center's refunds.
pub async fn refunds(ctx: &Context, center: &DivisionCode, page: Page) -> Result<pb::ListRefundsResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = refunds::list(&mut connection, center, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.refund.clone());
    Ok(pb::ListRefundsResponse { refunds: rows.iter().map(message::refund).collect(), next_page_token })
}

/// The sums of a center's accounts.
pub async fn balances(
    ctx: &Context,
    center: &DivisionCode,
    number: Option<&str>,
) -> Result<pb::GetBalancesResponse> {
    let mut connection = ctx.store.read().await?;
    let rows = ledger::balances(&mut connection, center, number).await?;
    Ok(pb::GetBalancesResponse { balances: rows.into_iter().map(message::balance).collect() })
}

//! What finance does with a notice, and what time does.

use chrono::NaiveDate;
use yimen_kernel::DocumentNumber;
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::fees::v1 as pb;
use yimen_proto::fees::v1::fee_settled::How;
use yimen_proto::fees::v1::relief;

use super::{book, settle, timestamp};
use crate::domain::ledger::{self, Kind};
use crate::domain::notice::{Notice, Relief, State};
use crate::grpc::message;
use crate::store::notices::{self, Kept};
use crate::store::reliefs;

/// Notices marked in one transaction.
const BATCH: i64 = 100;

/// Relief as finance enters it.
pub struct Grant {
    pub relief: Relief,
    pub ground: String,
    pub document: String,
    pub approver: String,
}

/// Reduces, waives or postpones.
pub async fn relieve(tx: &mut Tx, notice: &DocumentNumber, grant: Grant, by: &str) -> Result<pb::FeeNotice> {
    let kept = super::lock(tx, notice).await?;
    let now = tx.now();
    let before = &kept.notice;
    let after = before.clone().relieve(&grant.relief, local_date(now))?;
    let from_limit_on = limit(before.state.limit_on())?;
    let kind = match grant.relief {
        Relief::Reduction { .. } => relief::Kind::Reduction,
        Relief::Waiver => relief::Kind::Waiver,
        Relief::Postponement { .. } => relief::Kind::Postponement,
    };
    let row = reliefs::Row {
        kind: kind.as_str_name().to_owned(),
        ground: grant.ground,
        document: grant.document,
        approver: grant.approver,
        from_fen: before.amount()?.fen(),
        to_fen: after.amount()?.fen(),
        from_limit_on,
        to_limit_on: after.state.limit_on().unwrap_or(from_limit_on),
        at: now,
    };
    notices::save(tx.sql(), &[(before, &after)], now).await?;
    reliefs::insert(tx.sql(), &after, &row, by).await?;
    let source = format!("{}/{}", after.notice, after.version);
    book(tx, Kind::Relieved, source, &after, ledger::relieved(before, &after)).await?;
    tx.emit(
        after.center().as_str(),
        after.number.as_str(),
        after.version,
        &pb::FeeRelieved {
            number: after.number.to_string(),
            notice: after.notice.to_string(),
            kind: kind as i32,
            amount_fen: row.to_fen,
            limit_on: row.to_limit_on.to_string(),
            time: Some(timestamp(now)),
        },
    );
    if matches!(after.state, State::Waived { .. }) {
        settle::tell(tx, &after.number, after.version, How::Waived, Some(&after), 0);
    }
    let reliefs = reliefs::of_notice(tx.sql(), after.notice.as_str()).await?;
    message::notice(&Kept { notice: after, ..kept }, &reliefs)
}

fn limit(day: Option<NaiveDate>) -> Result<NaiveDate> {
    day.ok_or_else(|| Error::internal("an issued notice has no last day"))
}

/// Cancels an unpaid notice.
pub async fn cancel(tx: &mut Tx, notice: &DocumentNumber, reason: String) -> Result<pb::FeeNotice> {
    let kept = super::lock(tx, notice).await?;
    let cancelled = cancel_kept(tx, kept, reason).await?;
    let reliefs = reliefs::of_notice(tx.sql(), notice.as_str()).await?;
    message::notice(&cancelled, &reliefs)
}

/// Cancels a notice that was read.
pub async fn cancel_kept(tx: &mut Tx, kept: Kept, reason: String) -> Result<Kept> {
    let now = tx.now();
    let before = &kept.notice;
    let after = before.clone().cancel(reason)?;
    notices::save(tx.sql(), &[(before, &after)], now).await?;
    if before.state != State::Measuring {
        let source = format!("{}/{}", after.notice, after.version);
        book(tx, Kind::Cancelled, source, &after, ledger::cancelled(before)).await?;
    }
    settle::tell(tx, &after.number, after.version, How::Cancelled, Some(&after), 0);
    Ok(Kept { notice: after, ..kept })
}

/// Marks the notices whose last day has passed and tells of each, until there is none. Several copies of
/// the service share them.
pub async fn follow_up(ctx: &Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let now = tx.now();
        let past = notices::past_limit(tx.sql(), local_date(now), BATCH).await?;
        let marked = past.into_iter().filter_map(|kept| {
            let after = kept.notice.clone().overdue(local_date(now))?;
            Some((kept.notice, after))
        });
        let marked: Vec<(Notice, Notice)> = marked.collect();
        if marked.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = marked.iter().map(|(before, after)| (before, after)).collect();
        notices::save(tx.sql(), &changes, now).await?;
        for (_, after) in &marked {
            tx.emit(
                after.center().as_str(),
                after.number.as_str(),
                after.version,
                &pb::FeeOverdue {
                    number: after.number.to_string(),
                    notice: after.notice.to_string(),
                    amount_fen: after.amount()?.fen(),
                    limit_on: limit(after.state.limit_on())?.to_string(),
                    time: Some(timestamp(now)),
                },
            );
        }
        tx.commit().await?;
    }
}

//! What the complainant does, with number and lookup code.

use yimen_kernel::DocumentNumber;
use yimen_kernel::error::Result;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;
use yimen_proto::complaints::v1::complaint_step::What;

use super::{Step, lock, read, save, timestamp, today};
use crate::domain::{Closing, Complaint, Stage, State, View};
use crate::store::complaints as table;

/// 撤回.
///
/// # Errors
/// `STATE_FORBIDS`.
pub async fn withdraw(tx: &mut Tx, number: &DocumentNumber, reason: &str) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().withdraw()?;
    table::note_closing(tx.sql(), number.as_str(), (Closing::Withdrawn, reason), None, None).await?;
    finish(tx, &before, &after, What::Withdrawn, reason).await
}

/// Satisfied.
///
/// # Errors
/// `STATE_FORBIDS`.
pub async fn confirm(tx: &mut Tx, number: &DocumentNumber) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let after = before.clone().confirm()?;
    finish(tx, &before, &after, What::Satisfied, "").await
}

/// The matter is not settled.
///
/// # Errors
/// `STATE_FORBIDS`, `ALREADY_REOPENED`, `REVIEW_LATE`.
pub async fn reopen(tx: &mut Tx, number: &DocumentNumber, reason: &str) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let today = today(tx);
    let calendar = tx.calendar().await?.calendar;
    let after = before.clone().reopen(&calendar, today)?;
    finish(tx, &before, &after, What::Reopened, reason).await
}

/// 复查, 复核.
///
/// # Errors
/// `STATE_FORBIDS`, `REVIEW_LATE`.
pub async fn request_review(tx: &mut Tx, number: &DocumentNumber, reason: &str) -> Result<pb::Complaint> {
    let before = lock(tx, number).await?;
    let today = today(tx);
    let calendar = tx.calendar().await?.calendar;
    let after = before.clone().request_review(&calendar, today)?;
    if let State::Accepted(_, Stage::Reviewing { level, .. }) = after.state {
        let time = Some(timestamp(tx.now()));
        let requested = pb::ComplaintReviewRequested { number: number.to_string(), level, time };
        tx.emit(after.center().as_str(), number.as_str(), after.version, &requested);
    }
    finish(tx, &before, &after, What::ReviewRequested, reason).await
}

async fn finish(
    tx: &mut Tx,
    before: &Complaint,
    after: &Complaint,
    what: What,
    note: &str,
) -> Result<pb::Complaint> {
    save(tx, before, after, Step::silent(what, note)).await?;
    read::shown(tx, after, View::Complainant).await
}

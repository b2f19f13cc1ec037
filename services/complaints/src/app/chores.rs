//! What time does.

use chrono::Days;
use yimen_kernel::DocumentNumber;
use yimen_kernel::date::local_date;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_proto::complaints::v1::complaint_step::What;

use super::{Step, save};
use crate::domain::complaint::REVIEW;
use crate::store::{complaints, lists, odd};

/// Complaints that one round looks at.
const BATCH: i64 = 200;

/// Closes complaints whose time for a review has passed. Copies of the service may do it side by side: each
/// complaint is held while it is closed.
pub async fn lapse(ctx: Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let today = local_date(tx.now());
        let calendar = tx.calendar().await?.calendar;
        let before = today.checked_sub_days(Days::new(REVIEW.into())).unwrap_or(today);
        let mut closed = false;
        for number in lists::told_before(tx.sql(), before, BATCH).await? {
            let number = DocumentNumber::parse(&number).map_err(|_| odd("number"))?;
            let Some(before) = complaints::lock(tx.sql(), number.as_str()).await? else { continue };
            if let Some(after) = before.clone().lapse(&calendar, today) {
                save(&mut tx, &before, &after, Step::silent(What::Lapsed, "")).await?;
                closed = true;
            }
        }
        tx.commit().await?;
        if !closed {
            return Ok(());
        }
    }
}

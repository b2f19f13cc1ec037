//! What time does: a reminder three days after, the month's figures, and the window that is last.

use chrono::{Days, Duration};
use yimen_kernel::date::local_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DivisionCode, DocumentNumber};
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::complaints::v1 as pb;

use super::timestamp;
use crate::domain::rating::month::{self, Counts, Month};
use crate::domain::rating::{Invitation, REMIND};
use crate::store::odd;
use crate::store::rating::call_ins::{self, New};
use crate::store::rating::{invitations, months};

/// Completions that one round looks at.
const BATCH: i64 = 200;
/// How long after its end a month is published: who rated in its last second is counted by then.
const SETTLED: Duration = Duration::hours(1);

/// Reminds, once, of completions that were not rated: three days after, or when the service runs again, but not
/// of what can no longer be rated. Copies of the service may do it side by side: each holds what it reminds of.
///
/// # Errors
/// When the database fails.
pub async fn remind(ctx: Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let (now, today) = (tx.now(), local_date(tx.now()));
        let calendar = tx.calendar().await?.calendar;
        let until = today.checked_sub_days(Days::new(REMIND.into())).unwrap_or(today);
        let mut unrated = invitations::to_remind(tx.sql(), until, BATCH).await?;
        let of = |served_on| Invitation { served_on, rated: false };
        // One that falls on a day off comes on the next working day.
        unrated.retain(|one| of(one.served_on).reminder_on(&calendar).is_some_and(|day| day <= today));
        if unrated.is_empty() {
            return Ok(());
        }
        let numbers: Vec<String> = unrated.iter().map(|one| one.number.clone()).collect();
        let rated = invitations::done_reminding(tx.sql(), &numbers, now).await?;
        for one in unrated {
            if rated.contains(&one.number) || of(one.served_on).is_late(&calendar, today) {
                continue;
            }
            let due = pb::RatingReminderDue {
                number: one.number.clone(),
                center: one.center.clone(),
                time: Some(timestamp(now)),
            };
            tx.emit(&one.center, &one.number, 1, &due);
        }
        tx.commit().await?;
    }
}

/// Publishes the figures of months that have ended, the oldest first, and calls in the windows that were last two
/// months running. Copies of the service may do it side by side: one of them does.
///
/// # Errors
/// When the database fails.
pub async fn publish(ctx: Context) -> Result<()> {
    let present = Month::of(local_date(ctx.store.now() - SETTLED));
    let ended = {
        let mut connection = ctx.store.read().await?;
        months::to_publish(&mut connection, present).await?
    };
    for (center, month) in ended {
        let mut tx = ctx.store.begin().await?;
        let now = tx.now();
        if months::publish(tx.sql(), &center, month, now).await? {
            call_in(&mut tx, &center, month).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn call_in(tx: &mut Tx, center: &str, month: Month) -> Result<()> {
    let before = windows(tx, center, month.before()).await?;
    let now = windows(tx, center, month).await?;
    let (compared, called) = month::called_in(&before, &now);
    let (at, code) = (tx.now(), DivisionCode::parse(center).map_err(|_| odd("center"))?);
    for (window, counts) in called {
        let serial = call_ins::next_serial(tx.sql()).await?;
        let year = chrono::Datelike::year(&local_date(at));
        let number = DocumentNumber::issue(&code, "YT", year, serial)
            .map_err(|fault| Error::invalid(vec![fault.at("call_in")]))?;
        let new = New { call_in: number.as_str(), center, window, month, counts, windows: compared, at };
        call_ins::open(tx.sql(), &new).await?;
        let told = pb::WindowCalledIn {
            call_in: number.to_string(),
            center: center.to_owned(),
            window: window.clone(),
            month: month.to_string(),
            time: Some(timestamp(at)),
        };
        tx.emit(center, number.as_str(), 1, &told);
    }
    Ok(())
}

async fn windows(tx: &mut Tx, center: &str, month: Month) -> Result<Vec<(String, Counts)>> {
    let lines = months::figures(tx.sql(), center, month).await?;
    Ok(lines.into_iter().filter(|line| line.scope == "WINDOW").map(|line| (line.id, line.counts)).collect())
}

//! What follows from what was heard: the days of next rungs, the boards' figures, what one case gives to ask.
//!
//! Events only note what happened. This chore takes the cases that something was noted of, many at a time,
//! so that what a case counts for is computed once for a burst of events.

use yimen_kernel::date::local_date;
use yimen_kernel::error::Result;
use yimen_platform::Context;

use super::ladder;
use crate::domain::fact::difference;
use crate::domain::{CaseFile, Flag};
use crate::store::clocks::{self, Derived};
use crate::store::{applications, facts, flags};

/// Cases that one transaction takes on: it holds their rows.
const BATCH: i64 = 200;

/// Settles every case that something was noted of. Copies of the service take different ones.
///
/// What turns out to be due by now, as after a while of standing still, climbs at once.
pub async fn all(ctx: Context) -> Result<()> {
    let today = local_date(ctx.store.now());
    let mut is_due = false;
    loop {
        let mut tx = ctx.store.begin().await?;
        let files = applications::lease_unsettled(tx.sql(), BATCH).await?;
        if files.is_empty() {
            break;
        }
        let edition = tx.calendar().await?;
        let calendar = &edition.calendar;
        let timers = files.iter().flat_map(|file| &file.timers);
        let derived: Vec<Derived> = timers.map(|timer| Derived::of(timer, calendar)).collect();
        is_due |= derived.iter().any(|one| one.is_due(today));
        clocks::derive(tx.sql(), &derived, edition.version).await?;

        let numbers: Vec<String> = files.iter().map(|file| file.number.clone()).collect();
        let mut counted = facts::of_cases(tx.sql(), &numbers).await?;
        let changes: Vec<_> = files
            .iter()
            .map(|file| {
                let before = counted.remove(&file.number).unwrap_or_default();
                (file, difference(&before, &file.facts(calendar)))
            })
            .collect();
        facts::add(tx.sql(), &changes).await?;

        let asked: Vec<Flag> = files.iter().flat_map(|file: &CaseFile| file.flags(calendar)).collect();
        let now = tx.now();
        flags::ask(tx.sql(), &asked, now).await?;
        tx.commit().await?;
    }
    if is_due { ladder::climb(ctx).await } else { Ok(()) }
}

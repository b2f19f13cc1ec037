//! A new notice of the calendar moves last days: every open clock is computed again, notice by notice.

use yimen_kernel::deadline::Which;
use yimen_kernel::error::Result;
use yimen_platform::Context;

use crate::store::clocks::{self, Derived};
use crate::store::moves::{self, Moved};
use crate::store::timers;

/// Clocks that one transaction takes on.
const BATCH: i64 = 1_000;

/// Computes again what was computed by an earlier edition.
pub async fn all(ctx: Context) -> Result<()> {
    loop {
        let mut tx = ctx.store.begin().await?;
        let latest = tx.calendar().await?.version;
        let Some(version) = timers::oldest_edition(tx.sql(), latest).await? else { return Ok(()) };
        let (before, after) = (tx.calendar_at(version).await?, tx.calendar_at(version + 1).await?);
        let year = tx.notice_year(after.version).await?;
        // One edition after the other: so each move has the one notice that caused it.
        loop {
            let open = timers::lease_of_edition(tx.sql(), version, BATCH).await?;
            if open.is_empty() {
                break;
            }
            let mut moved: Vec<Moved> = Vec::new();
            let open: Vec<_> =
                timers::load(tx.sql(), &open).await?.into_iter().map(|kept| kept.timer).collect();
            for timer in &open {
                for which in [Which::Promised, Which::Statutory] {
                    let due = |calendar| timer.due(which, calendar).map(|due| due.on);
                    let (before_on, after_on) = (due(&before.calendar), due(&after.calendar));
                    if let (Some(before_on), Some(after_on)) = (before_on, after_on)
                        && before_on != after_on
                    {
                        moved.push(Moved { clock: timer.id, which, before_on, after_on });
                    }
                }
            }
            let derived: Vec<Derived> =
                open.iter().map(|timer| Derived::of(timer, &after.calendar)).collect();
            let now = tx.now();
            moves::insert(tx.sql(), &moved, after.version, year, now).await?;
            clocks::derive(tx.sql(), &derived, after.version).await?;
            tx.commit().await?;
            tx = ctx.store.begin().await?;
        }
        if timers::oldest_edition(tx.sql(), latest).await? == Some(version) {
            // Another copy, or somebody's event, holds the rest.
            return Ok(());
        }
    }
}

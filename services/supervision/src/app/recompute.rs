//! A new notice of the calendar moves last days: every open clock is computed again, notice by notice.

use uuid::Uuid;
use yimen_kernel::deadline::Which;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_platform::calendar::Edition;

use crate::store::clocks::{self, Derived};
use crate::store::moves::{self, Moved};
use crate::store::timers;

/// Clocks that one transaction takes on.
const BATCH: i64 = 1_000;

/// Computes again what was computed by an earlier edition.
pub async fn all(ctx: Context) -> Result<()> {
    // One edition after the other: so each move has the one notice that caused it.
    while let Some(step) = Step::next(&ctx).await? {
        // Side by side, as the database waits for us and we for it.
        tokio::try_join!(step.take(&ctx), step.take(&ctx))?;
        if Step::next(&ctx).await?.is_some_and(|next| next.before.version == step.before.version) {
            // Another copy, or somebody's event, holds the rest.
            return Ok(());
        }
    }
    Ok(())
}

/// From one edition to the next.
struct Step {
    before: Edition,
    after: Edition,
    /// The year whose notice made the later one.
    year: i32,
}

impl Step {
    /// From the oldest edition that an open clock was computed by, unless it is the latest.
    async fn next(ctx: &Context) -> Result<Option<Self>> {
        let mut tx = ctx.store.begin().await?;
        let latest = tx.calendar().await?.version;
        let Some(version) = timers::oldest_edition(tx.sql(), latest).await? else { return Ok(None) };
        let (before, after) = (tx.calendar_at(version).await?, tx.calendar_at(version + 1).await?);
        let year = tx.notice_year(after.version).await?;
        Ok(Some(Self { before, after, year }))
    }

    /// Takes batch after batch that nobody else has.
    async fn take(&self, ctx: &Context) -> Result<()> {
        let mut last = Uuid::nil();
        loop {
            let mut tx = ctx.store.begin().await?;
            let open = timers::lease_of_edition(tx.sql(), self.before.version, last, BATCH).await?;
            let Some(newest) = open.last() else { return Ok(()) };
            last = *newest;
            let mut moved: Vec<Moved> = Vec::new();
            let mut derived: Vec<Derived> = Vec::with_capacity(open.len());
            for kept in timers::load(tx.sql(), &open).await? {
                let timer = kept.timer;
                for which in [Which::Promised, Which::Statutory] {
                    let due = |edition: &Edition| timer.due(which, &edition.calendar).map(|due| due.on);
                    if let (Some(before_on), Some(after_on)) = (due(&self.before), due(&self.after))
                        && before_on != after_on
                    {
                        moved.push(Moved { clock: timer.id, which, before_on, after_on });
                    }
                }
                derived.push(Derived::of(&timer, &self.after.calendar));
            }
            let now = tx.now();
            moves::insert(tx.sql(), &moved, self.after.version, self.year, now).await?;
            clocks::move_to(tx.sql(), &derived, self.after.version).await?;
            tx.commit().await?;
        }
    }
}

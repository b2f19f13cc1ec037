//! A new notice of the calendar moves last days: every open clock that reaches the days it changes is computed
//! again, notice by notice. What ends before them stays as it was.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;
use yimen_kernel::deadline::Which;
use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_platform::calendar::Edition;
use yimen_platform::store::Tx;

use crate::store::clocks::{self, Derived};
use crate::store::moves::{self, Moved};
use crate::store::timers;

/// Clocks that one transaction takes on.
const BATCH: i64 = 1_000;

/// The first day that each notice changes, by the edition before it; none where it changes no working day.
type FirstDays = Mutex<BTreeMap<i64, Option<NaiveDate>>>;

/// Computes again what a later edition changes.
pub async fn all(ctx: Context) -> Result<()> {
    // One edition after the other: so each move has the one notice that caused it.
    while let Some(step) = Step::next(&ctx).await? {
        // Side by side, so that the database is never waiting for us.
        tokio::try_join!(step.take(&ctx), step.take(&ctx), step.take(&ctx))?;
        if Step::next(&ctx).await?.is_some_and(|next| next.is(&step)) {
            // Another copy, or somebody's event, holds the rest.
            return Ok(());
        }
    }
    Ok(())
}

/// From one edition to the next, for the clocks that were computed by the same one.
struct Step {
    before: Edition,
    after: Edition,
    /// The year whose notice made the later one.
    year: i32,
    /// The first day that it changes.
    first_on: NaiveDate,
    /// The edition that the clocks were computed by, before which nothing changed for them.
    edition: i64,
}

impl Step {
    /// The oldest edition that changes days which an open clock reaches.
    async fn next(ctx: &Context) -> Result<Option<Self>> {
        let mut tx = ctx.store.begin().await?;
        let changes = changes(&mut tx).await?;
        let Some((version, edition)) = timers::first_reached(tx.sql(), &changes).await? else {
            return Ok(None);
        };
        let first_on = changes.iter().find(|(before, _)| *before == version).map(|(_, day)| *day);
        let (before, after) = (tx.calendar_at(version).await?, tx.calendar_at(version + 1).await?);
        let year = tx.notice_year(after.version).await?;
        Ok(first_on.map(|first_on| Self { before, after, year, first_on, edition }))
    }

    fn is(&self, other: &Self) -> bool {
        (self.before.version, self.edition) == (other.before.version, other.edition)
    }

    /// Takes batch after batch that nobody else has.
    async fn take(&self, ctx: &Context) -> Result<()> {
        let mut last = None;
        loop {
            let mut tx = ctx.store.begin().await?;
            let open = timers::lease_of_edition(tx.sql(), self.edition, self.first_on, last, BATCH).await?;
            if open.is_empty() {
                return Ok(());
            }
            last = open.last().copied();
            let ids: Vec<_> = open.into_iter().map(|(_, clock)| clock).collect();
            let mut moved: Vec<Moved> = Vec::new();
            let mut derived: Vec<Derived> = Vec::with_capacity(ids.len());
            for kept in timers::load(tx.sql(), &ids).await? {
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

/// The edition before each notice that changes a working day, and the first such day.
async fn changes(tx: &mut Tx) -> Result<Vec<(i64, NaiveDate)>> {
    let latest = tx.calendar().await?.version;
    let known = tx.memory().of::<FirstDays>();
    let first = |version: i64| known.lock().unwrap_or_else(PoisonError::into_inner).get(&version).copied();
    let mut changes = Vec::new();
    for version in 0..latest {
        let day = match first(version) {
            Some(day) => day,
            None => {
                let (before, after) = (tx.calendar_at(version).await?, tx.calendar_at(version + 1).await?);
                let day = before.calendar.first_difference(&after.calendar);
                known.lock().unwrap_or_else(PoisonError::into_inner).insert(version, day);
                day
            }
        };
        changes.extend(day.map(|day| (version, day)));
    }
    Ok(changes)
}

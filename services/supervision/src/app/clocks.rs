//! The clocks of one case: whoever changes them holds the case's row.

use chrono::NaiveDate;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::Tx;

use crate::domain::Kind;
use crate::store::clocks::{self as table, Key, Start};
use crate::store::{applications, timers};

/// A case whose row is held until the transaction ends.
pub struct Case {
    number: String,
    /// Set when nothing runs any more.
    ended_on: Option<NaiveDate>,
    fee_settled_on: Option<NaiveDate>,
}

impl Case {
    /// Makes the case known.
    pub async fn begin(tx: &mut Tx, number: &str, center: &str, item: &str) -> Result<Self> {
        applications::insert(tx.sql(), number, center, item).await?;
        Self::lock(tx, number).await
    }

    /// Takes the case for a change. One that is not known yet will be: the event is put back till then.
    pub async fn lock(tx: &mut Tx, number: &str) -> Result<Self> {
        let row = applications::lock(tx.sql(), number).await?;
        let row = row.ok_or_else(|| Error::not_found(Reason::ApplicationUnknown))?;
        Ok(Self { number: number.to_owned(), ended_on: row.ended_on, fee_settled_on: row.fee_settled_on })
    }

    /// Starts a clock; after the end of the case it has ended on the day it started.
    pub async fn start(&self, tx: &mut Tx, key: Key<'_>, day: NaiveDate, limits: Start) -> Result<()> {
        table::start(tx.sql(), &self.number, key, day, limits).await?;
        match self.ended_on {
            Some(ended_on) => self.end(tx, key, ended_on.max(day), "CASE_ENDED").await,
            None => Ok(()),
        }
    }

    /// Ends a clock, once.
    pub async fn end(&self, tx: &mut Tx, key: Key<'_>, day: NaiveDate, outcome: &str) -> Result<()> {
        table::end(tx.sql(), &self.number, key, day, outcome).await
    }

    /// Ends every clock of a kind that runs.
    pub async fn end_all(&self, tx: &mut Tx, kind: Kind, day: NaiveDate, outcome: &str) -> Result<()> {
        table::end_running(tx.sql(), &self.number, Some(kind), day, outcome).await
    }

    /// Ends every clock for good.
    pub async fn finish(&self, tx: &mut Tx, day: NaiveDate, outcome: &str) -> Result<()> {
        applications::end(tx.sql(), &self.number, day).await?;
        table::end_running(tx.sql(), &self.number, None, day, outcome).await
    }

    /// Starts the next following up of its fee, unless that was settled meanwhile.
    pub async fn follow_up(&self, tx: &mut Tx, day: NaiveDate, limits: Start) -> Result<()> {
        if self.fee_settled_on.is_some() {
            return Ok(());
        }
        let run = table::next_run(tx.sql(), &self.number, Kind::FeeFollowUp).await?;
        self.start(tx, (Kind::FeeFollowUp, "", run), day, limits).await
    }

    /// Notes the one extension of the case.
    pub async fn extend(&self, tx: &mut Tx, days: u32, authority: &str) -> Result<()> {
        applications::extend(tx.sql(), &self.number, days, authority).await
    }

    /// Notes that nothing more is to be paid.
    pub async fn settle_fee(&self, tx: &mut Tx, day: NaiveDate, outcome: &str) -> Result<()> {
        applications::settle_fee(tx.sql(), &self.number, day).await?;
        self.end_all(tx, Kind::FeeFollowUp, day, outcome).await
    }

    /// Computes when the case's clocks reach their next rungs, after all that was changed.
    pub async fn settle(&self, tx: &mut Tx) -> Result<()> {
        let edition = tx.calendar().await?;
        let next: Vec<_> = timers::of_case(tx.sql(), &self.number)
            .await?
            .into_iter()
            .map(|timer| (timer.id, timer.next_on(&edition.calendar)))
            .collect();
        table::set_next(tx.sql(), &next, edition.version).await
    }
}

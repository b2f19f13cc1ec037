//! The clocks of one case: whoever changes them holds the case's row, and has the case settled after.

use chrono::{DateTime, NaiveDate, Utc};
use yimen_kernel::date::{day_start, local_date};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::Tx;

use crate::domain::Kind;
use crate::store::applications;
use crate::store::clocks::{self as table, Key, Start};

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
            Some(ended_on) => self.end(tx, key, day_start(ended_on.max(day)), "CASE_ENDED").await,
            None => Ok(()),
        }
    }

    /// Ends a clock, once.
    pub async fn end(&self, tx: &mut Tx, key: Key<'_>, at: DateTime<Utc>, outcome: &str) -> Result<()> {
        table::end(tx.sql(), &self.number, key, at, outcome).await
    }

    /// Ends every clock of a kind that runs.
    pub async fn end_all(&self, tx: &mut Tx, kind: Kind, at: DateTime<Utc>, outcome: &str) -> Result<()> {
        table::end_running(tx.sql(), &self.number, Some(kind), at, outcome).await
    }

    /// Ends every clock for good.
    pub async fn finish(&self, tx: &mut Tx, at: DateTime<Utc>, outcome: &str) -> Result<()> {
        applications::end(tx.sql(), &self.number, local_date(at), outcome).await?;
        table::end_running(tx.sql(), &self.number, None, at, outcome).await
    }

    /// 办结.
    pub async fn complete(&self, tx: &mut Tx, at: DateTime<Utc>) -> Result<()> {
        applications::complete(tx.sql(), &self.number, local_date(at)).await
    }

    /// Starts the next following up of its fee, unless that was settled meanwhile.
    pub async fn follow_up(&self, tx: &mut Tx, day: NaiveDate, limits: Start) -> Result<()> {
        if self.fee_settled_on.is_some() {
            return Ok(());
        }
        let run = table::next_run(tx.sql(), &self.number, Kind::FeeFollowUp, "").await?;
        self.start(tx, (Kind::FeeFollowUp, "", run), day, limits).await
    }

    /// Notes the one extension of the case.
    pub async fn extend(&self, tx: &mut Tx, days: u32, authority: &str) -> Result<()> {
        applications::extend(tx.sql(), &self.number, days, authority).await
    }

    /// Notes that nothing more is to be paid.
    pub async fn settle_fee(&self, tx: &mut Tx, at: DateTime<Utc>, outcome: &str) -> Result<()> {
        applications::settle_fee(tx.sql(), &self.number, local_date(at)).await?;
        self.end_all(tx, Kind::FeeFollowUp, at, outcome).await
    }
}

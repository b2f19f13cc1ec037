//! Sending what is due: intent first, then the carrier, then its answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as Patience;

use chrono::Duration;
use futures::future::join_all;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::Context;

use crate::carriers::{Named, Submission, choose};
use crate::domain::hours::Hours;
use crate::domain::message::{Answer, State};
use crate::store::messages::{self, Limits, Next, Row};
use crate::store::parts;

/// How long a carrier is waited for; after it nobody knows.
const PATIENCE: Patience = Patience::from_secs(30);
/// Messages that carriers are asked to take at the same time: so that those who fall silent hold up nobody.
const UNDER_WAY: usize = 512;
/// Messages that are taken for sending at a time.
const BATCH: usize = 64;
/// Messages to one number within 24 hours.
const PER_NUMBER: i64 = 50;
/// It outlasts the carrier's time and ours.
const LEASE: Duration = Duration::seconds(60);
/// How often it is looked what is due while carriers are waited for, if nothing is queued meanwhile.
const LOOK: Patience = Patience::from_secs(2);
/// How long an answer waits for others to be noted with.
const COMPANY: Patience = Patience::from_millis(20);
/// How long answers that could not be noted wait before they are noted again.
const AGAIN: Patience = Patience::from_secs(1);
/// How long answers are waited for when the process stops; after it nobody knows.
const PARTING: Patience = Patience::from_secs(5);

/// Who sends.
#[derive(Clone)]
pub struct Sender {
    ctx: Context,
    carriers: Arc<[Named]>,
    hours: Hours,
    /// The messages that this process asks carriers to take.
    under_way: UnderWay,
}

/// Messages that carriers are being asked to take.
#[derive(Clone, Default)]
struct UnderWay(Arc<Mutex<HashSet<Uuid>>>);

/// That a message is under way, for as long as this lives: until its answer is noted, or its task breaks.
struct Going {
    all: UnderWay,
    message: Uuid,
}

impl UnderWay {
    fn all(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go(&self, message: Uuid) -> Going {
        self.all().insert(message);
        Going { all: self.clone(), message }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.all.all().remove(&self.message);
    }
}

/// A message, the carrier that was asked to take it, and what it said.
struct Answered {
    row: Row,
    named: Named,
    answer: Answer,
    _going: Going,
}
type Asked = std::result::Result<Answered, JoinError>;

impl Sender {
    /// Sends through these carriers in these hours.
    pub fn new(ctx: Context, carriers: Vec<Named>, hours: Hours) -> Self {
        Self { ctx, carriers: carriers.into(), hours, under_way: UnderWay::default() }
    }

    /// Keeps up what the carriers need.
    pub async fn tend(&self) {
        join_all(self.carriers.iter().map(|named| named.carrier.tend())).await;
    }

    /// Sends until nothing is due and everything is answered. What becomes due meanwhile is taken at once, and
    /// answers are noted as they come.
    pub async fn round(&self) -> Result<()> {
        let (stop, mut asked) = (&self.ctx.stop, JoinSet::new());
        let committed = self.ctx.store.committed().notified();
        tokio::pin!(committed);
        let mut may_be_due = true;
        while !stop.is_cancelled() {
            while may_be_due && asked.len() < UNDER_WAY {
                committed.set(self.ctx.store.committed().notified());
                let batch = BATCH.min(UNDER_WAY - asked.len());
                match self.lease(batch).await {
                    Ok(leased) => {
                        may_be_due = leased.len() == batch;
                        for (row, named) in leased {
                            let going = self.under_way.go(row.message);
                            // A task of its own: a carrier may need the connection that we wait for here.
                            asked.spawn(submit(row, named, going));
                        }
                    }
                    Err(error) if asked.is_empty() => return Err(error),
                    // What is under way is noted all the same.
                    Err(error) => {
                        tracing::warn!(%error, "Messages could not be taken for sending; trying again.");
                        break;
                    }
                }
            }
            if asked.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some(first) = asked.join_next() => self.note(&with_company(first, &mut asked).await).await,
                () = &mut committed, if !may_be_due => may_be_due = true,
                () = tokio::time::sleep(LOOK) => may_be_due = true,
                () = stop.cancelled() => {}
            }
        }
        let parting = tokio::time::sleep(PARTING);
        tokio::pin!(parting);
        loop {
            tokio::select! {
                first = asked.join_next() => match first {
                    Some(first) => self.note(&with_company(first, &mut asked).await).await,
                    None => return Ok(()),
                },
                () = &mut parting => return Ok(()),
            }
        }
    }

    /// Gives up the leases that ended without an answer, and forgets what limits no longer ask for. What this
    /// process still asks for is answered in time, however far the clock was set.
    pub async fn abandon(&self) -> Result<()> {
        let mut tx = self.ctx.store.begin().await?;
        let now = tx.now();
        let under_way: Vec<Uuid> = self.under_way.all().iter().copied().collect();
        let abandoned = messages::abandon(tx.sql(), &under_way, now).await?;
        if abandoned > 0 {
            tracing::warn!(
                abandoned,
                "Nobody knows whether some messages were sent; look at those in state UNKNOWN."
            );
        }
        messages::forget_pace(tx.sql(), now - Duration::hours(1)).await?;
        tx.commit().await
    }

    /// Takes up to `batch` messages that are due and notes, durably, who is about to be asked.
    async fn lease(&self, batch: usize) -> Result<Vec<(Row, Named)>> {
        if !self.hours.are_open(self.ctx.store.now()) {
            return Ok(Vec::new());
        }
        let now = self.ctx.store.now();
        let per_center = i64::from(self.ctx.config.sms_per_center);
        let batch = i64::try_from(batch).unwrap_or(i64::MAX);
        let limits = Limits { batch, per_number: PER_NUMBER, per_center, lease: LEASE };
        if let [only] = &*self.carriers {
            // One statement, which needs no transaction around it.
            let mut connection = self.ctx.store.read().await?;
            let rows = messages::lease(&mut connection, limits, Some(&only.name), now).await?;
            return Ok(rows.into_iter().map(|row| (row, only.clone())).collect());
        }
        let mut tx = self.ctx.store.begin().await?;
        let rows = messages::lease(tx.sql(), limits, None, now).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let leased: Vec<(Row, Named)> = rows
            .into_iter()
            .filter_map(|row| {
                let attempt = u32::try_from(row.attempts).unwrap_or(1);
                let named = choose(&self.carriers, row.message, attempt)?.clone();
                Some((row, named))
            })
            .collect();
        let ids: Vec<Uuid> = leased.iter().map(|(row, _)| row.message).collect();
        let names: Vec<String> = leased.iter().map(|(_, named)| named.name.clone()).collect();
        messages::intend(tx.sql(), &ids, &names).await?;
        tx.commit().await?;
        Ok(leased)
    }

    /// Notes answers. While the database is away they are kept, until their leases end.
    async fn note(&self, answered: &[Answered]) {
        let until = Instant::now() + PATIENCE;
        while let Err(error) = self.note_once(answered).await {
            tracing::warn!(%error, answers = answered.len(), "Answers of carriers could not be noted; trying again.");
            if Instant::now() > until || self.ctx.stop.is_cancelled() {
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn note_once(&self, answered: &[Answered]) -> Result<()> {
        let now = self.ctx.store.now();
        let mut all = Vec::with_capacity(answered.len());
        let mut in_parts = Vec::new();
        for Answered { row, named, answer, .. } in answered {
            let attempts = u32::try_from(row.attempts).unwrap_or(1);
            let others = usize::try_from(attempts).unwrap_or(usize::MAX) < self.carriers.len();
            let (reason, sent) = match answer {
                Answer::Taken { .. } => ("", true),
                Answer::NotNow => ("CARRIER_REFUSED_FOR_NOW", false),
                Answer::Never => ("CARRIER_REFUSED", false),
                Answer::Unknown => ("CARRIER_DID_NOT_ANSWER", true),
            };
            if let Answer::Taken { carrier_id, more } = answer
                && !more.is_empty()
            {
                let ids: Vec<String> = std::iter::once(carrier_id).chain(more).cloned().collect();
                in_parts.push((row.message, &named.name, ids));
            }
            let state = row.state()?.answered(answer.clone(), attempts, others, row.created_at, now);
            let from = State::Sending { until: now }.as_str();
            all.push(Next { message: row.message, from, state, reason, sent });
        }
        if in_parts.is_empty() {
            // One statement, which needs no transaction around it.
            return messages::advance(&mut *self.ctx.store.read().await?, &all, now).await.map(drop);
        }
        let mut tx = self.ctx.store.begin().await?;
        for (message, carrier, ids) in in_parts {
            parts::add(tx.sql(), message, carrier, &ids).await?;
        }
        messages::advance(tx.sql(), &all, now).await?;
        tx.commit().await
    }
}

async fn submit(row: Row, named: Named, going: Going) -> Answered {
    let answer = match (row.mobile.clone(), row.text.clone()) {
        (Some(mobile), Some(text)) => {
            let submission = Submission { message: row.message, mobile, text };
            let asked = tokio::time::timeout(PATIENCE, named.carrier.submit(&submission)).await;
            asked.unwrap_or(Answer::Unknown)
        }
        _ => Answer::Never,
    };
    Answered { row, named, answer, _going: going }
}

/// The first answer and those that come soon behind it. What ended without one has its lease run out.
async fn with_company(first: Asked, asked: &mut JoinSet<Answered>) -> Vec<Answered> {
    let (mut all, until) = (vec![first], Instant::now() + COMPANY);
    while let Ok(Some(next)) = tokio::time::timeout_at(until, asked.join_next()).await {
        all.push(next);
    }
    all.into_iter().flatten().collect()
}

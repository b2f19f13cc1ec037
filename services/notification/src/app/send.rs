//! Sending what is due: intent first, then the carrier, then its answer.

use std::sync::Arc;
use std::time::Duration as Patience;

use chrono::Duration;
use futures::future::join_all;
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
/// What may be sent in one round. The lease outlasts the carrier's time and ours.
const LIMITS: Limits = Limits { batch: 64, per_number: 50, per_center: 3_000, lease: Duration::seconds(60) };

/// Who sends.
#[derive(Clone)]
pub struct Sender {
    ctx: Context,
    carriers: Arc<[Named]>,
    hours: Hours,
}

impl Sender {
    /// Sends through these carriers in these hours.
    pub fn new(ctx: Context, carriers: Vec<Named>, hours: Hours) -> Self {
        Self { ctx, carriers: carriers.into(), hours }
    }

    /// Keeps up what the carriers need.
    pub async fn tend(&self) {
        join_all(self.carriers.iter().map(|named| named.carrier.tend())).await;
    }

    /// Sends until nothing is due.
    pub async fn round(&self) -> Result<()> {
        loop {
            let leased = self.lease().await?;
            if leased.is_empty() {
                return Ok(());
            }
            let sent = join_all(leased.iter().map(|(row, named)| self.submit(row, named))).await;
            self.note(&leased, sent).await?;
        }
    }

    /// Takes what is due and notes, durably, who is about to be asked.
    async fn lease(&self) -> Result<Vec<(Row, Named)>> {
        let mut tx = self.ctx.store.begin().await?;
        let now = tx.now();
        let abandoned = messages::abandon(tx.sql(), now).await?;
        if abandoned > 0 {
            tracing::warn!(
                abandoned,
                "Nobody knows whether some messages were sent; look at those in state UNKNOWN."
            );
        }
        let rows =
            if self.hours.are_open(now) { messages::lease(tx.sql(), LIMITS, now).await? } else { Vec::new() };
        let leased: Vec<(Row, Named)> = rows
            .into_iter()
            .filter_map(|row| {
                let attempt = u32::try_from(row.attempts).unwrap_or(1);
                let named = choose(&self.carriers, row.message, attempt)?.clone();
                Some((row, named))
            })
            .collect();
        if abandoned == 0 && leased.is_empty() {
            return Ok(leased);
        }
        let ids: Vec<Uuid> = leased.iter().map(|(row, _)| row.message).collect();
        let names: Vec<String> = leased.iter().map(|(_, named)| named.name.clone()).collect();
        messages::intend(tx.sql(), &ids, &names).await?;
        tx.commit().await?;
        Ok(leased)
    }

    async fn submit(&self, row: &Row, named: &Named) -> Answer {
        let (Some(mobile), Some(text)) = (row.mobile.clone(), row.text.clone()) else {
            return Answer::Never;
        };
        let submission = Submission { message: row.message, mobile, text };
        let asked = tokio::time::timeout(PATIENCE, named.carrier.submit(&submission)).await;
        asked.unwrap_or(Answer::Unknown)
    }

    async fn note(&self, leased: &[(Row, Named)], answers: Vec<Answer>) -> Result<()> {
        let mut tx = self.ctx.store.begin().await?;
        let now = tx.now();
        for ((row, named), answer) in leased.iter().zip(answers) {
            let attempts = u32::try_from(row.attempts).unwrap_or(1);
            let others = usize::try_from(attempts).unwrap_or(usize::MAX) < self.carriers.len();
            let (reason, sent) = match &answer {
                Answer::Taken { .. } => ("", true),
                Answer::NotNow => ("CARRIER_REFUSED_FOR_NOW", false),
                Answer::Never => ("CARRIER_REFUSED", false),
                Answer::Unknown => ("CARRIER_DID_NOT_ANSWER", true),
            };
            if let Answer::Taken { carrier_id, more } = &answer
                && !more.is_empty()
            {
                let ids: Vec<String> = std::iter::once(carrier_id).chain(more).cloned().collect();
                parts::add(tx.sql(), row.message, &named.name, &ids).await?;
            }
            let sending = row.state()?;
            let state = sending.answered(answer, attempts, others, row.created_at, now);
            let from = State::Sending { until: now }.as_str();
            let next = Next { message: row.message, from, state: &state, reason, sent };
            messages::advance(tx.sql(), &next, now).await?;
        }
        tx.commit().await
    }
}

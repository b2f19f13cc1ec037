//! The simulated carrier: takes, refuses, fails and falls silent as it is told to.
//!
//! It keeps what it received in transactions of its own, as another house would: when this process dies
//! between its taking and our noting it, that shows.

use async_trait::async_trait;
use chrono::Duration;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::Store;

use super::{Carrier, Submission};
use crate::domain::message::Answer;
use crate::store::simulated::{self, Row};

/// The carrier.
pub struct Simulator {
    store: Store,
}

impl Simulator {
    /// A carrier that keeps its books in `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn receive(&self, submission: &Submission) -> Result<Answer> {
        let mut tx = self.store.begin().await?;
        let behaviour = simulated::behaviour(tx.sql()).await?;
        let id = Uuid::now_v7();
        // The last digits of a new id are random.
        let roll = i32::try_from(id.as_u128() % 1_000).unwrap_or_default();
        let refused = behaviour.refused_permille;
        let failed = refused + behaviour.failed_permille;
        let silent = failed + behaviour.timed_out_permille;
        let delay = Some(Duration::milliseconds(behaviour.delay_millis.into()));
        let taken = Answer::taken(id.to_string());
        let (outcome, report, answer) = match roll {
            roll if roll < refused => ("REFUSED", None, Answer::NotNow),
            roll if roll < failed => ("FAILED", delay, taken),
            roll if roll < silent => ("TIMED_OUT", None, Answer::Unknown),
            _ => ("DELIVERED", delay, taken),
        };
        let row = Row {
            id,
            message: submission.message,
            mobile: submission.mobile.clone(),
            text: submission.text.clone(),
            outcome: outcome.to_owned(),
            received_at: tx.now(),
        };
        simulated::receive(tx.sql(), &row, report).await?;
        tx.commit().await?;
        Ok(answer)
    }
}

#[async_trait]
impl Carrier for Simulator {
    async fn submit(&self, submission: &Submission) -> Answer {
        match self.receive(submission).await {
            Ok(answer) => answer,
            // Whether its books have it is not known.
            Err(error) => {
                tracing::warn!(message = %submission.message, %error, "The simulated carrier did not answer.");
                Answer::Unknown
            }
        }
    }
}

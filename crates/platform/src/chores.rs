//! Chores: what a service does without being called, such as sending what is due.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use yimen_kernel::error::Result;

use crate::store::Store;

/// One chore, done at the start and then again and again.
///
/// Several copies of a service do it side by side, so a round leases what it works on.
#[derive(Clone)]
pub struct Chore {
    name: &'static str,
    period: Duration,
    woken_by_commits: bool,
    round: Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl Chore {
    /// A chore of this name, for the log, with a round every `period`.
    pub fn every<F, R>(name: &'static str, period: Duration, round: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<()>> + Send + 'static,
    {
        Self { name, period, woken_by_commits: false, round: Arc::new(move || Box::pin(round())) }
    }

    /// A chore with a round after every commit of this process, and at least every `period`.
    pub fn after_commits<F, R>(name: &'static str, period: Duration, round: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<()>> + Send + 'static,
    {
        Self { woken_by_commits: true, ..Self::every(name, period, round) }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// One round of it.
    ///
    /// # Errors
    /// What the round says.
    pub async fn round(&self) -> Result<()> {
        (self.round)().await
    }

    /// Round after round until `stop`; a round that was begun is finished.
    pub async fn run(self, store: Store, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let woken = store.committed().notified();
            let jumped = store.clock().jumped();
            let done = self.round().await;
            if let Err(error) = &done {
                tracing::warn!(service = store.service(), chore = self.name, %error, "A chore could not be done; trying again.");
            }
            tokio::select! {
                // A failed round waits, so that it does not wake itself.
                () = woken, if self.woken_by_commits && done.is_ok() => {}
                () = tokio::time::sleep(self.period) => {}
                () = jumped => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

//! Chores: what a service does without being called, such as sending what is due.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use yimen_kernel::error::Result;

use crate::store::Store;

/// One chore: it is done at the start, after every commit of this process, and at least every `period`.
///
/// Several copies of a service do it side by side, so a round leases what it works on.
#[derive(Clone)]
pub struct Chore {
    name: &'static str,
    period: Duration,
    round: Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl Chore {
    /// A chore of this name, for the log, whose rounds are `round`.
    pub fn new<F, R>(name: &'static str, period: Duration, round: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<()>> + Send + 'static,
    {
        Self { name, period, round: Arc::new(move || Box::pin(round())) }
    }

    /// Round after round until `stop`; a round that was begun is finished.
    pub(crate) async fn run(self, store: Store, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let woken = store.committed().notified();
            if let Err(error) = (self.round)().await {
                tracing::warn!(service = store.service(), chore = self.name, %error, "A chore could not be done; trying again.");
                tokio::select! {
                    () = tokio::time::sleep(self.period) => {}
                    () = stop.cancelled() => {}
                }
                continue;
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(self.period) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

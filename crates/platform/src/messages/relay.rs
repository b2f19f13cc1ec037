//! The relay: takes events from the outbox to the bus, at least once, in the order of their making.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use yimen_kernel::error::Result;

use crate::bus::Bus;
use crate::store::Store;

/// Events that share one lease, one publication and one mark.
const BATCH: i64 = 64;
/// The safety net for what another process of the same service committed and could not send.
const POLL: Duration = Duration::from_secs(2);

/// Runs until `stop`, and then sends what is already leased.
pub async fn run(store: Store, bus: Arc<dyn Bus>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let woken = store.told().notified();
        match drain(&store, bus.as_ref()).await {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(service = store.service(), %error, "The outbox could not be read; trying again.")
            }
        }
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => {}
        }
    }
    if let Err(error) = drain(&store, bus.as_ref()).await {
        tracing::warn!(service = store.service(), %error, "The outbox was not drained at shutdown; it goes on at the next start.");
    }
}

/// Sends until nothing is due.
async fn drain(store: &Store, bus: &dyn Bus) -> Result<()> {
    loop {
        let events = store.tables().lease(store.pool(), store.now(), BATCH).await?;
        if events.is_empty() {
            return Ok(());
        }
        let outcomes = bus.publish(&events).await;
        let (mut sent, mut failed) = (Vec::new(), Vec::new());
        for (event, outcome) in events.iter().zip(outcomes) {
            match outcome {
                Ok(()) => sent.push(event.id),
                Err(error) => {
                    tracing::warn!(service = store.service(), event = %event.id, kind = event.kind, %error, "An event could not be sent; trying again.");
                    failed.push(event.id);
                }
            }
        }
        store.tables().settle(store.pool(), store.now(), &sent, &failed).await?;
        if sent.is_empty() {
            return Ok(());
        }
    }
}

/// Measures the outbox for `/metrics` and forgets old messages, until `stop`.
pub async fn tend(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    let mut round: u64 = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        let outcome: Result<()> = async {
            let (depth, oldest) = store.tables().waiting(store.pool()).await?;
            let age = oldest.map_or(0, |time| (store.now() - time).num_milliseconds());
            metrics::gauge!("yimen_outbox_depth", "service" => store.service()).set(depth as f64);
            metrics::gauge!("yimen_outbox_age_seconds", "service" => store.service())
                .set(age as f64 / 1000.0);
            if round.is_multiple_of(720) {
                store.tables().purge(store.pool(), store.now()).await?;
            }
            Ok(())
        }
        .await;
        if let Err(error) = outcome {
            tracing::warn!(service = store.service(), %error, "The message tables could not be tended.");
        }
        round += 1;
    }
}

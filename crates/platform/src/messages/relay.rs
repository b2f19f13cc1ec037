//! The relay: takes events from the outbox to the bus, at least once, in the order of their making.
//!
//! A commit hands its events over with the lease that it wrote for them, so they leave without being looked for.
//! The table is read only for what could not be handed over, or not sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use yimen_kernel::error::Result;

use crate::bus::Bus;
use crate::messages::Envelope;
use crate::pace::Pace;
use crate::store::Store;

/// Events that are published together, when the table is read; and commits, when they are handed over.
const BATCH: u16 = 64;
/// The safety net for what another process of the same service committed and could not send.
const POLL: Duration = Duration::from_secs(2);
/// How long sent events wait to be marked with those that follow. Whoever dies meanwhile has them sent again.
const MARK: Duration = Duration::from_millis(100);
/// How long after a failure the table is read as often as events are marked, for what waits there a moment only.
const WATCHFUL: Duration = Duration::from_secs(10);

/// Runs until `stop`, and then sends what is already committed.
pub async fn run(store: Store, bus: Arc<dyn Bus>, stop: CancellationToken) {
    let mut handed = store.outgoing().listen();
    let mut relay = Relay { store, bus, sent: Vec::new(), failed_at: None };
    relay.take_over().await;
    let (mut poll, mut mark) = (interval(POLL), interval(MARK));
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    mark.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut commits, mut pace) = (Vec::new(), Pace::new(Duration::ZERO));
    let outgoing = relay.store.outgoing().clone();
    while !stop.is_cancelled() {
        tokio::select! {
            _ = handed.recv_many(&mut commits, BATCH.into()) => {
                pace.gather(&mut commits, BATCH.into(), || handed.try_recv().ok()).await;
                let events: Vec<Envelope> = commits.drain(..).flatten().collect();
                let begun = Instant::now();
                relay.send(&events).await;
                pace.done(begun);
            }
            _ = mark.tick(), if relay.has_to_do() => {
                relay.mark().await;
                relay.look_again().await;
            }
            _ = poll.tick() => relay.look().await,
            () = outgoing.left() => relay.look().await,
            () = stop.cancelled() => {}
        }
    }
    handed.close();
    while handed.recv_many(&mut commits, BATCH.into()).await > 0 {
        let events: Vec<Envelope> = commits.drain(..).flatten().collect();
        relay.send(&events).await;
    }
    relay.look().await;
    relay.mark().await;
}

struct Relay {
    store: Store,
    bus: Arc<dyn Bus>,
    /// Sent, and not marked yet.
    sent: Vec<Uuid>,
    /// When an event could last not be sent, unless that is long ago.
    failed_at: Option<Instant>,
}

impl Relay {
    /// Takes over what an earlier process of this service held. What another copy holds at this moment is sent
    /// twice, which its readers pass over.
    async fn take_over(&self) {
        if let Err(error) = self.free().await {
            self.warn(
                &error,
                "Events of an earlier process could not be taken over; they leave when their lease ends.",
            );
        }
    }

    async fn free(&self) -> Result<()> {
        self.store.tables().free(&mut *self.store.read().await?).await
    }

    fn has_to_do(&self) -> bool {
        !self.sent.is_empty() || self.failed_at.is_some()
    }

    async fn look_again(&mut self) {
        match self.failed_at {
            Some(at) if at.elapsed() < WATCHFUL => self.look().await,
            _ => self.failed_at = None,
        }
    }

    /// Sends until nothing in the table is due.
    async fn look(&mut self) {
        loop {
            match self.lease().await {
                Ok(events) if events.is_empty() => return,
                Ok(events) => {
                    if !self.send(&events).await {
                        return;
                    }
                }
                Err(error) => return self.warn(&error, "The outbox could not be read; trying again."),
            }
        }
    }

    async fn lease(&self) -> Result<Vec<Envelope>> {
        let mut connection = self.store.read().await?;
        self.store.tables().lease(&mut connection, self.store.now(), BATCH.into()).await
    }

    /// Sends events; says whether the bus took any.
    async fn send(&mut self, events: &[Envelope]) -> bool {
        let outcomes = self.bus.publish(events).await;
        let (before, mut failed) = (self.sent.len(), Vec::new());
        for (event, outcome) in events.iter().zip(outcomes) {
            match outcome {
                Ok(()) => self.sent.push(event.id),
                Err(error) => {
                    tracing::warn!(service = self.store.service(), event = %event.id, kind = event.kind, %error, "An event could not be sent; trying again.");
                    failed.push(event.id);
                }
            }
        }
        if !failed.is_empty() {
            self.failed_at = Some(Instant::now());
            if let Err(error) = self.release(&failed).await {
                self.warn(&error, "Events that could not be sent wait until their lease ends.");
            }
        }
        self.sent.len() > before
    }

    async fn release(&self, failed: &[Uuid]) -> Result<()> {
        let mut connection = self.store.read().await?;
        self.store.tables().release(&mut connection, self.store.now(), failed).await
    }

    async fn mark(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        match self.mark_sent().await {
            Ok(()) => self.sent.clear(),
            Err(error) => self.warn(&error, "Sent events could not be marked; trying again."),
        }
    }

    async fn mark_sent(&self) -> Result<()> {
        let mut connection = self.store.read().await?;
        self.store.tables().mark(&mut connection, self.store.now(), &self.sent).await
    }

    fn warn(&self, error: &yimen_kernel::error::Error, what: &str) {
        tracing::warn!(service = self.store.service(), %error, "{what}");
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
            let mut connection = store.read().await?;
            let (depth, oldest) = store.tables().waiting(&mut connection).await?;
            let age = oldest.map_or(0, |time| (store.now() - time).num_milliseconds());
            metrics::gauge!("yimen_outbox_depth", "service" => store.service()).set(depth as f64);
            metrics::gauge!("yimen_outbox_age_seconds", "service" => store.service())
                .set(age as f64 / 1000.0);
            if round.is_multiple_of(720) {
                store.tables().purge(&mut connection, store.now()).await?;
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

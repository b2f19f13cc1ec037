//! The bus inside one process: published means that every subscriber has committed.
//!
//! Nothing lives only in memory: an event stays in the outbox until then, and a subscriber that
//! has already had it passes it over.

use std::sync::OnceLock;

use async_trait::async_trait;

use crate::bus::Bus;
use crate::messages::Envelope;
use crate::messages::subscribe::Subscriptions;

/// Hands events to the subscribers in turn.
#[derive(Default)]
pub struct LocalBus {
    subscribers: OnceLock<Vec<Subscriptions>>,
}

impl LocalBus {
    /// Sets the subscribers, once, before the first relay starts.
    pub fn connect(&self, subscribers: Vec<Subscriptions>) {
        let _already_connected = self.subscribers.set(subscribers);
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, events: &[Envelope]) -> Vec<Result<(), String>> {
        let mut outcomes: Vec<Result<(), String>> = events.iter().map(|_| Ok(())).collect();
        for subscriber in self.subscribers.get().into_iter().flatten() {
            let wanted: Vec<(usize, &Envelope)> =
                events.iter().enumerate().filter(|(_, event)| subscriber.wants(event)).collect();
            let batch: Vec<Envelope> = wanted.iter().map(|(_, event)| (*event).clone()).collect();
            for ((index, _), outcome) in wanted.iter().zip(subscriber.deliver(&batch).await) {
                if let (Err(error), Some(slot)) = (outcome, outcomes.get_mut(*index)) {
                    *slot = Err(format!("{}: {error}", subscriber.service()));
                }
            }
        }
        outcomes
    }

    fn ready(&self) -> bool {
        self.subscribers.get().is_some()
    }
}

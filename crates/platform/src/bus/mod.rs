//! How events travel: over RabbitMQ between processes, or directly inside one.

pub mod amqp;
pub mod local;

use async_trait::async_trait;

use crate::messages::Envelope;

/// Carries events to every subscriber, at least once.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Returns when each event is safe with every subscriber, or why it is not; one outcome each.
    async fn publish(&self, events: &[Envelope]) -> Vec<Result<(), String>>;

    /// Whether the bus can carry events now.
    fn ready(&self) -> bool;
}

//! Listening to the broker, as a program does that is none of the services.

use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};

/// Listens from now on to what has one of these routing keys, by a queue that ends with its connection.
///
/// # Errors
/// What the broker says.
pub async fn listen(
    channel: &Channel,
    keys: impl IntoIterator<Item = String>,
    options: BasicConsumeOptions,
) -> lapin::Result<Consumer> {
    let exclusive =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), exclusive, FieldTable::default()).await?;
    let name = queue.name().clone();
    for key in keys {
        let bind = QueueBindOptions::default();
        channel
            .queue_bind(name.clone(), "yimen.events".into(), key.into(), bind, FieldTable::default())
            .await?;
    }
    channel.basic_consume(name, "".into(), options, FieldTable::default()).await
}

//! What the broker tells to whoever listens: which fee is due, and which case has come to its end.

use futures::StreamExt as _;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use prost::{Message as _, Name};
use tokio::sync::mpsc;
use yimen_platform::messages::wire;
use yimen_proto::fees::v1::FeeAssessed;
use yimen_proto::intake::v1::ApplicationCompleted;

/// What was heard.
pub enum Heard {
    /// A notice was issued.
    Assessed(FeeAssessed),
    /// A case is done.
    Completed(ApplicationCompleted),
}

/// Listens from now on.
///
/// # Errors
/// What the broker says.
pub async fn open(url: &str) -> Result<mpsc::UnboundedReceiver<Heard>, String> {
    let said = |error: lapin::Error| error.to_string();
    let connection = Connection::connect(url, ConnectionProperties::default()).await.map_err(said)?;
    let channel = connection.create_channel().await.map_err(said)?;
    let exclusive =
        QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), exclusive, FieldTable::default()).await.map_err(said)?;
    let name = queue.name().clone();
    for kind in [FeeAssessed::full_name(), ApplicationCompleted::full_name()] {
        let (key, options) = (format!("*.{kind}"), QueueBindOptions::default());
        let bound = channel.queue_bind(
            name.clone(),
            "yimen.events".into(),
            key.into(),
            options,
            FieldTable::default(),
        );
        bound.await.map_err(said)?;
    }
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let consumed = channel.basic_consume(name, "bench".into(), options, FieldTable::default());
    let mut consumer = consumed.await.map_err(said)?;
    let (teller, hearer) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        // Held so that it lives as long as its channel.
        let _connection = connection;
        while let Some(Ok(delivery)) = consumer.next().await {
            for event in wire::decode(&delivery.data).into_iter().flatten() {
                let heard = if event.kind == FeeAssessed::full_name() {
                    FeeAssessed::decode(event.body).map(Heard::Assessed)
                } else {
                    ApplicationCompleted::decode(event.body).map(Heard::Completed)
                };
                if heard.is_ok_and(|heard| teller.send(heard).is_err()) {
                    return;
                }
            }
        }
    });
    Ok(hearer)
}

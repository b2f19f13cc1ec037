//! What the broker tells to whoever listens: which fee is due, and which case has come to its end.

use futures::StreamExt as _;
use lapin::options::BasicConsumeOptions;
use lapin::{Connection, ConnectionProperties};
use prost::{Message as _, Name};
use tokio::sync::mpsc;
use yimen_platform::messages::wire;
use yimen_proto::fees::v1::FeeAssessed;
use yimen_proto::intake::v1::ApplicationCompleted;
use yimen_tests::broker;

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
    let keys = [FeeAssessed::full_name(), ApplicationCompleted::full_name()].map(|kind| format!("*.{kind}"));
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut consumer = broker::listen(&channel, keys, options).await.map_err(said)?;
    let (teller, hearer) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        // Held so that it lives as long as its channel.
        let _connection = connection;
        while let Some(Ok(delivery)) = consumer.next().await {
            for event in wire::decode(&delivery.data).into_iter().flatten() {
                let heard = if event.kind == FeeAssessed::full_name() {
                    FeeAssessed::decode(event.body).map(Heard::Assessed)
                } else if event.kind == ApplicationCompleted::full_name() {
                    ApplicationCompleted::decode(event.body).map(Heard::Completed)
                } else {
                    // It came in the same message.
                    continue;
                };
                if heard.is_ok_and(|heard| teller.send(heard).is_err()) {
                    return;
                }
            }
        }
    });
    Ok(hearer)
}

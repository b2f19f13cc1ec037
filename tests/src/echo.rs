//! Every event again, to everybody, in another order.

use std::time::Duration;

use futures::StreamExt as _;
use lapin::Connection;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions};
use rand::seq::SliceRandom as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use yimen::definitions;

use crate::broker;

/// Events that are shuffled together.
const TOGETHER: usize = 40;
/// How long an event waits for others to be shuffled with.
const WAIT: Duration = Duration::from_millis(300);

/// Repeats events until it is stopped.
pub struct Echo {
    stop: CancellationToken,
    work: JoinHandle<u64>,
}

impl Echo {
    /// Listens to every event of this broker, and repeats it.
    pub(crate) fn start(url: String) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let work = tokio::spawn(async move {
            let mut repeated = 0;
            while !stopped.is_cancelled() {
                // A broker that restarts takes the queue with it; the next one begins anew.
                if let Err(error) = listen(&url, &stopped, &mut repeated).await {
                    eprintln!("The echo lost the broker ({error}).");
                    tokio::time::sleep(WAIT).await;
                }
            }
            repeated
        });
        Self { stop, work }
    }

    /// Stops, and says how many deliveries it made.
    pub async fn stop(self) -> u64 {
        self.stop.cancel();
        self.work.await.expect("the echo ends")
    }
}

async fn listen(url: &str, stop: &CancellationToken, repeated: &mut u64) -> lapin::Result<()> {
    let connection = Connection::connect(url, lapin::ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let mut events = broker::listen(&channel, ["#".to_owned()], BasicConsumeOptions::default()).await?;
    let mut held = Vec::new();
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(WAIT, events.next()) => next,
            () = stop.cancelled() => return Ok(()),
        };
        match next {
            Ok(None) => return Ok(()),
            Ok(Some(event)) => {
                held.push(event?);
                if held.len() < TOGETHER {
                    continue;
                }
            }
            Err(_nobody_comes) => {}
        }
        held.shuffle(&mut rand::rng());
        for event in held.drain(..) {
            for definition in definitions() {
                let (options, queue) = (BasicPublishOptions::default(), format!("yimen.{}", definition.name));
                channel
                    .basic_publish("".into(), queue.into(), options, &event.data, event.properties.clone())
                    .await?;
                *repeated += 1;
            }
            event.ack(BasicAckOptions::default()).await?;
        }
    }
}

//! The bus over RabbitMQ.
//!
//! One topic exchange `yimen.events` with routing keys `<center>.<type>`; a message holds events that left together, as
//! a batch of CloudEvents, and has the routing keys of all of them: a queue gets it once if it is bound for any, and
//! passes over what it did not ask for. A subscribing service has three quorum queues: its own, one where failed events
//! wait a second before they come again, and one for dead letters. The topology is declared by `yimen migrate` before
//! the first event, since an event that no queue is bound for is dropped by the broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use yimen_kernel::error::{Error, Kind};

use crate::bus::Bus;
use crate::messages::subscribe::Subscriptions;
use crate::messages::{Envelope, wire};
use crate::pace::Pace;

const EVENTS: &str = "yimen.events";
const DEAD: &str = "yimen.dead";
/// How long a failed event waits, in milliseconds.
const RETRY_AFTER: i32 = 1_000;
/// How often an event may fail by its own fault before it is a dead letter.
const ATTEMPTS: i64 = 10;
/// Events handled in one transaction.
const BATCH: usize = 256;
/// Events that the broker hands out before they are acknowledged.
const PREFETCH: u16 = 256;
const RECONNECT: Duration = Duration::from_secs(1);
const PERSISTENT: u8 = 2;
const ATTEMPTED: &str = "attempts";
/// The header by which a message has more routing keys than one (RabbitMQ's sender-selected distribution).
const MORE_KEYS: &str = "CC";

type Outcome<T> = Result<T, String>;

/// Publishes with confirms over one connection, which is made again when it breaks.
pub struct AmqpBus {
    url: String,
    channel: Mutex<Option<Arc<Link>>>,
    ready: AtomicBool,
}

struct Link {
    // Held so that the connection lives as long as its channel.
    _connection: Connection,
    channel: Channel,
}

impl AmqpBus {
    /// Connects to RabbitMQ.
    ///
    /// # Errors
    /// A sentence that says what to do when no broker answers.
    pub async fn connect(url: &str) -> Outcome<Self> {
        let bus = Self { url: url.to_owned(), channel: Mutex::new(None), ready: AtomicBool::new(false) };
        bus.link().await.map_err(|error| {
            format!("RabbitMQ cannot be used ({error}); start it or correct YIMEN_AMQP_URL.")
        })?;
        Ok(bus)
    }

    /// Declares the queues of the given services.
    ///
    /// # Errors
    /// What the broker said.
    pub async fn declare(&self, service: &str, kinds: &[&str]) -> Outcome<()> {
        declare(&self.link().await?.channel, service, kinds).await.map_err(|error| {
            format!("RabbitMQ did not take the queues of {service} ({error}); delete queues of another layout and try again.")
        })
    }

    async fn link(&self) -> Outcome<Arc<Link>> {
        let mut held = self.channel.lock().await;
        if let Some(link) = held.as_ref().filter(|link| link.channel.status().connected()) {
            return Ok(link.clone());
        }
        self.ready.store(false, Ordering::Relaxed);
        let link = Arc::new(open(&self.url, "yimen relay").await.map_err(|error| error.to_string())?);
        link.channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|error| error.to_string())?;
        link.channel
            .exchange_declare(EVENTS.into(), ExchangeKind::Topic, durable_exchange(), FieldTable::default())
            .await
            .map_err(|error| error.to_string())?;
        self.ready.store(true, Ordering::Relaxed);
        *held = Some(link.clone());
        Ok(link)
    }
}

#[async_trait]
impl Bus for AmqpBus {
    async fn publish(&self, events: &[Envelope]) -> Vec<Outcome<()>> {
        let link = match self.link().await {
            Ok(link) => link,
            Err(error) => return events.iter().map(|_| Err(error.clone())).collect(),
        };
        let parcels = wire::pack(events);
        let mut confirms = Vec::with_capacity(parcels.len());
        for parcel in &parcels {
            let mut keys = parcel.keys.iter();
            let first = keys.next().map_or("", String::as_str);
            let more: Vec<AMQPValue> = keys.map(|key| text(key)).collect();
            let published = link
                .channel
                .basic_publish(
                    EVENTS.into(),
                    first.into(),
                    BasicPublishOptions::default(),
                    &wire::encode(parcel.events.iter().copied()),
                    properties((!more.is_empty()).then(|| (MORE_KEYS, AMQPValue::FieldArray(more.into())))),
                )
                .await;
            confirms.push(published);
        }
        let mut outcomes: Vec<Outcome<()>> = events.iter().map(|_| Ok(())).collect();
        for (parcel, confirm) in parcels.iter().zip(confirms) {
            let outcome = match confirm {
                Err(error) => Err(error.to_string()),
                Ok(confirm) => match confirm.await {
                    Ok(answer) if answer.is_ack() => continue,
                    Ok(_) => Err("the broker did not confirm".to_owned()),
                    Err(error) => Err(error.to_string()),
                },
            };
            for place in &parcel.places {
                if let Some(slot) = outcomes.get_mut(*place) {
                    slot.clone_from(&outcome);
                }
            }
        }
        outcomes
    }

    fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}

/// Consumes a service's queue until `stop`, over a connection that is made again when it breaks.
pub async fn consume(url: String, subscriptions: Subscriptions, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = consume_once(&url, &subscriptions, &stop).await {
            tracing::warn!(service = subscriptions.service(), %error, "The connection to RabbitMQ broke; connecting again.");
            tokio::select! {
                () = tokio::time::sleep(RECONNECT) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

async fn consume_once(
    url: &str,
    subscriptions: &Subscriptions,
    stop: &CancellationToken,
) -> lapin::Result<()> {
    let service = subscriptions.service();
    let link = open(url, &format!("yimen {service}")).await?;
    let channel = &link.channel;
    declare(channel, service, &subscriptions.kinds()).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let mut consumer = channel
        .basic_consume(
            queue(service).into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    let mut pace = Pace::new(subscriptions.pace());
    loop {
        let first = tokio::select! {
            next = consumer.next() => next,
            () = stop.cancelled() => return Ok(()),
        };
        let Some(first) = first else { return Ok(()) };
        let batch = with_company(first?, &mut consumer, subscriptions, &pace).await?;
        let begun = Instant::now();
        settle(channel, subscriptions, batch).await?;
        pace.done(begun);
    }
}

/// A delivery, and the events in it that the service listens to; none if it cannot be read.
struct Parcel {
    delivery: Delivery,
    events: Option<Vec<Envelope>>,
}

impl Parcel {
    fn open(delivery: Delivery, subscriptions: &Subscriptions) -> Self {
        let mut events = wire::decode(&delivery.data).filter(|events| !events.is_empty());
        if let Some(events) = &mut events {
            events.retain(|event| subscriptions.wants(event));
        }
        Self { delivery, events }
    }

    fn len(&self) -> usize {
        self.events.as_ref().map_or(1, Vec::len)
    }
}

/// The first delivery, with those that have arrived behind it or arrive before the turn.
async fn with_company(
    first: Delivery,
    consumer: &mut Consumer,
    subscriptions: &Subscriptions,
    pace: &Pace,
) -> lapin::Result<Vec<Parcel>> {
    let mut batch = vec![Parcel::open(first, subscriptions)];
    while batch.iter().map(Parcel::len).sum::<usize>() < BATCH {
        match pace.before_turn(consumer.next()).await {
            Some(Some(delivery)) => batch.push(Parcel::open(delivery?, subscriptions)),
            _ => break,
        }
    }
    Ok(batch)
}

/// Handles a batch and acknowledges after the commit.
async fn settle(channel: &Channel, subscriptions: &Subscriptions, batch: Vec<Parcel>) -> lapin::Result<()> {
    let events: Vec<Envelope> =
        batch.iter().filter_map(|parcel| parcel.events.as_ref()).flatten().cloned().collect();
    let mut outcomes = subscriptions.deliver(&events).await.into_iter();
    let mut done = None;
    for parcel in &batch {
        let Some(events) = &parcel.events else {
            bury(subscriptions, &parcel.delivery, "it is not a batch of events").await?;
            continue;
        };
        let failed: Vec<(&Envelope, Error)> = events
            .iter()
            .zip(outcomes.by_ref())
            .filter_map(|(event, outcome)| Some((event, outcome.err()?)))
            .collect();
        if retry(channel, subscriptions, &parcel.delivery, failed).await? {
            done = Some(&parcel.delivery);
        }
    }
    // One word for all up to it: what was refused on the way is settled already.
    if let Some(last) = done {
        last.ack(BasicAckOptions { multiple: true }).await?;
    }
    Ok(())
}

/// Has the events of a delivery that failed come again, each by itself. Says whether the delivery is done with;
/// otherwise it is refused, or a dead letter.
async fn retry(
    channel: &Channel,
    subscriptions: &Subscriptions,
    delivery: &Delivery,
    failed: Vec<(&Envelope, Error)>,
) -> lapin::Result<bool> {
    for (event, error) in failed {
        // What cannot be handled for want of a database or of an earlier event is nobody's fault.
        let attempts = attempts(delivery) + i64::from(error.kind() != Kind::Unavailable);
        if attempts >= ATTEMPTS {
            bury(subscriptions, delivery, &error.to_string()).await?;
            return Ok(false);
        }
        let again = channel
            .basic_publish(
                "".into(),
                retry_queue(subscriptions.service()).into(),
                BasicPublishOptions::default(),
                &wire::encode([event]),
                properties((attempts > 0).then_some((ATTEMPTED, AMQPValue::LongLongInt(attempts)))),
            )
            .await?
            .await?;
        if !again.is_ack() {
            delivery.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await?;
            return Ok(false);
        }
    }
    Ok(true)
}

async fn bury(subscriptions: &Subscriptions, delivery: &Delivery, why: &str) -> lapin::Result<()> {
    let service = subscriptions.service();
    metrics::counter!("yimen_dead_letters_total", "service" => service).increment(1);
    tracing::error!(
        service,
        why,
        "An event went to the dead letters; see docs/operations.md for how to bring it back."
    );
    delivery.nack(BasicNackOptions { requeue: false, ..BasicNackOptions::default() }).await?;
    Ok(())
}

async fn open(url: &str, name: &str) -> lapin::Result<Link> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connection = Connection::connect(url, properties).await?;
    let channel = connection.create_channel().await?;
    Ok(Link { _connection: connection, channel })
}

async fn declare(channel: &Channel, service: &str, kinds: &[&str]) -> lapin::Result<()> {
    for (exchange, kind) in [(EVENTS, ExchangeKind::Topic), (DEAD, ExchangeKind::Direct)] {
        channel.exchange_declare(exchange.into(), kind, durable_exchange(), FieldTable::default()).await?;
    }
    declare_queue(channel, &dead_queue(service), &[]).await?;
    channel
        .queue_bind(
            dead_queue(service).into(),
            DEAD.into(),
            service.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    declare_queue(
        channel,
        &queue(service),
        &[("x-dead-letter-exchange", text(DEAD)), ("x-dead-letter-routing-key", text(service))],
    )
    .await?;
    declare_queue(
        channel,
        &retry_queue(service),
        &[
            ("x-message-ttl", AMQPValue::LongInt(RETRY_AFTER)),
            ("x-dead-letter-exchange", text("")),
            ("x-dead-letter-routing-key", text(&queue(service))),
        ],
    )
    .await?;
    for kind in kinds {
        channel
            .queue_bind(
                queue(service).into(),
                EVENTS.into(),
                format!("*.{kind}").into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
    }
    Ok(())
}

async fn declare_queue(channel: &Channel, name: &str, arguments: &[(&str, AMQPValue)]) -> lapin::Result<()> {
    let mut table = FieldTable::default();
    table.insert("x-queue-type".into(), text("quorum"));
    for (key, value) in arguments {
        table.insert((*key).into(), value.clone());
    }
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(name.into(), options, table).await?;
    Ok(())
}

fn queue(service: &str) -> String {
    format!("yimen.{service}")
}

fn retry_queue(service: &str) -> String {
    format!("yimen.{service}.retry")
}

fn dead_queue(service: &str) -> String {
    format!("yimen.{service}.dead")
}

fn durable_exchange() -> ExchangeDeclareOptions {
    ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn properties(header: Option<(&str, AMQPValue)>) -> BasicProperties {
    let mut headers = FieldTable::default();
    if let Some((name, value)) = header {
        headers.insert(name.into(), value);
    }
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type(wire::MEDIA_TYPE.into())
        .with_headers(headers)
}

/// How often a delivery failed by its own fault.
fn attempts(delivery: &Delivery) -> i64 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get(ATTEMPTED)) {
        Some(AMQPValue::LongLongInt(attempts)) => *attempts,
        _ => 0,
    }
}

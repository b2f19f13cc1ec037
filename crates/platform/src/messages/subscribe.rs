//! Subscriptions: each event has its effect once, in one transaction with its mark.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use prost::{Message, Name};
use tracing::Instrument as _;
use yimen_kernel::error::{Error, Result};
use yimen_proto::supervision::v1::CalendarImported;

use crate::calendar;
use crate::messages::Envelope;
use crate::store::{Store, Tx};
use crate::telemetry;

/// An event as a handler gets it.
#[derive(Clone, Debug)]
pub struct Received<M> {
    /// Its attributes.
    pub envelope: Envelope,
    /// What it says.
    pub message: M,
}

type Handler = Arc<dyn for<'t> Fn(&'t mut Tx, Envelope) -> BoxFuture<'t, Result<()>> + Send + Sync>;

/// What one service does with the events that it listens to.
#[derive(Clone)]
pub struct Subscriptions {
    store: Store,
    handlers: BTreeMap<String, Handler>,
}

impl Subscriptions {
    /// None yet.
    pub fn new(store: Store) -> Self {
        Self { store, handlers: BTreeMap::new() }
    }

    /// Has `handler` called for every event of type `M`.
    #[must_use]
    pub fn on<M, F>(mut self, handler: F) -> Self
    where
        M: Message + Name + Default + 'static,
        F: for<'t> Fn(&'t mut Tx, Received<M>) -> BoxFuture<'t, Result<()>> + Send + Sync + 'static,
    {
        let handler: Handler = Arc::new(move |tx, envelope| match M::decode(envelope.body.clone()) {
            Ok(message) => handler(tx, Received { envelope, message }),
            Err(error) => Box::pin(std::future::ready(Err(Error::internal(error)))),
        });
        self.handlers.insert(M::full_name(), handler);
        self
    }

    /// Has the service keep the calendar's notices, for [`Tx::calendar`].
    #[must_use]
    pub fn with_calendar(self) -> Self {
        self.on::<CalendarImported, _>(|tx, event| {
            Box::pin(async move {
                let CalendarImported { year, csv, .. } = event.message;
                calendar::keep(tx, year, &csv).await.map(drop)
            })
        })
    }

    /// The subscribing service.
    pub fn service(&self) -> &'static str {
        self.store.service()
    }

    /// Full names of the messages that are listened to.
    pub fn kinds(&self) -> Vec<&str> {
        self.handlers.keys().map(String::as_str).collect()
    }

    /// Notes in the database what is listened to, for `yimen check`.
    pub(crate) async fn register(&self) -> Result<()> {
        self.store.tables().subscribe(self.store.pool(), &self.kinds(), self.store.now()).await
    }

    /// Handles `events`, together if that works, otherwise one by one; an outcome for each.
    pub async fn deliver(&self, events: &[Envelope]) -> Vec<Result<()>> {
        if events.len() > 1 && self.handle(events).await.is_ok() {
            return events.iter().map(|_| Ok(())).collect();
        }
        let mut outcomes = Vec::with_capacity(events.len());
        for event in events {
            let outcome = self.handle(std::slice::from_ref(event)).await;
            if let Err(error) = &outcome {
                metrics::counter!("yimen_handler_failures_total", "service" => self.service(), "kind" => event.kind.clone())
                    .increment(1);
                tracing::warn!(service = self.service(), event = %event.id, kind = event.kind, %error, "An event could not be handled.");
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn handle(&self, events: &[Envelope]) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let (tables, now) = (tx.tables(), tx.now());
        for event in tables.process(tx.sql(), events, now).await? {
            if let Some(handler) = self.handlers.get(&event.kind) {
                let span = tracing::info_span!("handle", otel.name = %format!("{} handles {}", self.service(), event.kind), event = %event.id);
                telemetry::set_parent(&span, event.traceparent.as_deref());
                handler(&mut tx, event.clone()).instrument(span).await?;
            }
        }
        tx.commit().await
    }
}

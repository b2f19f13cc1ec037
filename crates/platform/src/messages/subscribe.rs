//! Subscriptions: each event has its effect once, in one transaction with its mark.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use prost::{Message, Name};
use tracing::{Instrument as _, Span};
use yimen_kernel::error::{Error, Kind, Result};
use yimen_proto::supervision::v1::CalendarImported;

use crate::calendar;
use crate::messages::{Done, Envelope};
use crate::store::{Store, Tx};
use crate::telemetry;

/// An event as a handler gets it.
#[derive(Clone, Debug)]
pub struct Received<M> {
    /// Its attributes.
    pub envelope: Envelope,
    /// What it says.
    pub message: M,
    /// Where its handling is traced: what is told because of it is told within.
    pub span: Span,
}

type Handle = Arc<dyn for<'t> Fn(&'t mut Tx, &'t [Envelope]) -> BoxFuture<'t, Result<()>> + Send + Sync>;

/// Who handles the events of a kind. Those of one handler that come one after the other are handled together.
#[derive(Clone)]
struct Handler {
    name: usize,
    handle: Handle,
}

/// What events of several kinds say, read as what a service does about them.
pub struct Readers<S>(BTreeMap<String, Reader<S>>);

type Reader<S> = Box<dyn Fn(&Envelope, &Span) -> Result<S> + Send + Sync>;

impl<S: Send + 'static> Readers<S> {
    /// None yet.
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Reads events of type `M` so.
    #[must_use]
    pub fn on<M>(mut self, read: fn(Received<M>) -> Result<S>) -> Self
    where
        M: Message + Name + Default + 'static,
    {
        self.0.insert(M::full_name(), Box::new(move |event, span| read(Received::of(event, span)?)));
        self
    }
}

impl<S: Send + 'static> Default for Readers<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Message + Default> Received<M> {
    fn of(envelope: &Envelope, span: &Span) -> Result<Self> {
        let message = M::decode(envelope.body.clone()).map_err(Error::internal)?;
        Ok(Self { envelope: envelope.clone(), message, span: span.clone() })
    }
}

/// How often an event is tried before it waits for its next turn.
const TRIES: usize = 3;
/// How long events wait for company at a listener for whom nobody waits.
const LEISURE: Duration = Duration::from_millis(100);

/// What one service does with the events that it listens to.
#[derive(Clone)]
pub struct Subscriptions {
    store: Store,
    handlers: BTreeMap<String, Handler>,
    pace: Duration,
}

impl Subscriptions {
    /// None yet.
    pub fn new(store: Store) -> Self {
        Self { store, handlers: BTreeMap::new(), pace: Duration::ZERO }
    }

    /// As a listener for whom no case waits: at most every tenth of a second, with all that came meanwhile. What
    /// comes after a rest is handled at once.
    #[must_use]
    pub fn at_leisure(self) -> Self {
        Self { pace: LEISURE, ..self }
    }

    /// The time between two rounds of handling, at least.
    pub(crate) fn pace(&self) -> Duration {
        self.pace
    }

    /// Has `handler` called for every event of type `M`.
    #[must_use]
    pub fn on<M, F>(mut self, handler: F) -> Self
    where
        M: Message + Name + Default + 'static,
        F: for<'t> Fn(&'t mut Tx, Received<M>) -> BoxFuture<'t, Result<()>> + Send + Sync + 'static,
    {
        let (service, handler) = (self.service(), Arc::new(handler));
        let handle: Handle = Arc::new(move |tx, events| {
            let handler = handler.clone();
            Box::pin(async move {
                for event in events {
                    let span = span(service, event);
                    handler(&mut *tx, Received::of(event, &span)?).instrument(span).await?;
                }
                Ok(())
            })
        });
        let name = self.handlers.len();
        self.handlers.insert(M::full_name(), Handler { name, handle });
        self
    }

    /// Has `apply` called for all events that come together of the kinds that `readers` read, in the order of
    /// their coming: so that a burst of them needs no more statements than one.
    #[must_use]
    pub fn together<S, F>(mut self, readers: Readers<S>, apply: F) -> Self
    where
        S: Send + 'static,
        F: for<'t> Fn(&'t mut Tx, Vec<S>) -> BoxFuture<'t, Result<()>> + Send + Sync + 'static,
    {
        let (service, name) = (self.service(), self.handlers.len());
        let kinds: Vec<String> = readers.0.keys().cloned().collect();
        let (readers, apply) = (Arc::new(readers), Arc::new(apply));
        let handle: Handle = Arc::new(move |tx, events| {
            let (readers, apply) = (readers.clone(), apply.clone());
            Box::pin(async move {
                // Each event's trace has a span of its own, for as long as all of them take.
                let spans: Vec<Span> = events.iter().map(|event| span(service, event)).collect();
                let read = |(event, span): (&Envelope, &Span)| {
                    readers.0.get(&event.kind).map(|read| read(event, span))
                };
                let steps = events.iter().zip(&spans).filter_map(read).collect::<Result<Vec<S>>>()?;
                let first = spans.first().cloned().unwrap_or_else(Span::none);
                apply(tx, steps).instrument(first).await
            })
        });
        for kind in kinds {
            self.handlers.insert(kind, Handler { name, handle: handle.clone() });
        }
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

    /// Whether an event is of a kind that is listened to.
    pub(crate) fn wants(&self, event: &Envelope) -> bool {
        self.handlers.contains_key(&event.kind)
    }

    /// Notes in the database what is listened to, for `yimen check`.
    pub(crate) async fn register(&self) -> Result<()> {
        let mut connection = self.store.read().await?;
        self.store.tables().subscribe(&mut connection, &self.kinds(), self.store.now()).await
    }

    /// Handles `events`, together if that works, otherwise by halves, down to the one that is at fault; an outcome for
    /// each.
    pub async fn deliver(&self, events: &[Envelope]) -> Vec<Result<()>> {
        let mut outcomes = Vec::with_capacity(events.len());
        // The last is the next.
        let mut parts = vec![events];
        while let Some(part) = parts.pop() {
            match part {
                [] => {}
                [event] => outcomes.push(self.handle_alone(event).await),
                _ if self.handle(part).await.is_ok() => outcomes.extend(part.iter().map(|_| Ok(()))),
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        outcomes
    }

    async fn handle_alone(&self, event: &Envelope) -> Result<()> {
        let outcome = self.handle_one(event).await;
        if let Err(error) = &outcome {
            metrics::counter!("yimen_handler_failures_total", "service" => self.service(), "kind" => event.kind.clone())
                .increment(1);
            tracing::warn!(service = self.service(), event = %event.id, kind = event.kind, %error, "An event could not be handled.");
        }
        outcome
    }

    /// Handles an event; again at once if somebody else changed the same meanwhile, as another copy may whose events are
    /// of the same case.
    async fn handle_one(&self, event: &Envelope) -> Result<()> {
        let event = std::slice::from_ref(event);
        for _ in 1..TRIES {
            match self.handle(event).await {
                Err(error) if error.kind() == Kind::Aborted => {}
                outcome => return outcome,
            }
        }
        self.handle(event).await
    }

    async fn handle(&self, events: &[Envelope]) -> Result<()> {
        // Nearly every event comes once, so its mark is written with what it leads to, in one statement.
        let outcome = self.as_new(events).await;
        if let Ok(true) = outcome {
            return Ok(());
        }
        let mut tx = self.store.begin_step().await?;
        let (tables, now) = (tx.tables(), tx.now());
        let new = tables.process(tx.sql(), events, now).await?;
        if new.len() == events.len() {
            // None was heard before: that is not why it failed.
            outcome?;
        }
        self.apply(&mut tx, &new).await?;
        tx.commit().await
    }

    /// Handles events that nobody heard before. `Ok(false)` when one was: then nothing was done.
    async fn as_new(&self, events: &[Envelope]) -> Result<bool> {
        let mut tx = self.store.begin_step().await?;
        self.apply(&mut tx, events).await?;
        tx.commit_done(&Done { heard: events, ..Done::default() }).await
    }

    async fn apply(&self, tx: &mut Tx, events: &[Envelope]) -> Result<()> {
        for run in events.chunk_by(|one, next| self.name_of(one) == self.name_of(next)) {
            if let Some(handler) = run.first().and_then(|event| self.handlers.get(&event.kind)) {
                (handler.handle)(tx, run).await?;
            }
        }
        Ok(())
    }

    fn name_of(&self, event: &Envelope) -> Option<usize> {
        self.handlers.get(&event.kind).map(|handler| handler.name)
    }
}

fn span(service: &'static str, event: &Envelope) -> Span {
    let span = tracing::info_span!("handle", otel.name = %format!("{service} handles {}", event.kind), event = %event.id);
    telemetry::set_parent(&span, event.traceparent.as_deref());
    span
}

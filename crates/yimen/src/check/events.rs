//! Every event left, and had its effect once at everyone who listens.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;
use yimen_platform::messages::KEPT;
use yimen_platform::store::Pool;

use super::{Faults, Finding, Look, PAGE, Unreadable, lent};

#[derive(FromRow)]
struct Event {
    id: Uuid,
    source: String,
    kind: String,
    time: DateTime<Utc>,
    sent: bool,
}

/// One who listens: since when to which kinds, and where it notes what it has had.
struct Listener<'l> {
    service: &'static str,
    pool: &'l Pool,
    since: BTreeMap<String, DateTime<Utc>>,
}

impl Listener<'_> {
    fn listens_to(&self, event: &Event) -> bool {
        self.since.get(&event.kind).is_some_and(|since| *since <= event.time)
    }
}

/// No outbox holds an event back, and each event was processed once by each service that listens to its kind.
pub(super) async fn check(look: &Look<'_>) -> Result<Finding, Unreadable> {
    let mut faults = Faults::default();
    let (mut events, mut effects) = (0_u64, 0_u64);
    let listeners = listeners(look).await?;
    // The marks of a day before the end are forgotten in a run of their own, a little earlier or later.
    let remembered = look.as_of - KEPT + TimeDelta::days(1);
    for (service, pool) in look.pools.each() {
        let mut after = Uuid::nil();
        loop {
            // The schema is one of our own names.
            let page: Vec<Event> = sqlx::query_as(AssertSqlSafe(format!(
                "select id, source, kind, time, sent_at is not null as sent from {service}.outbox
                 where id > $1 and time <= $2 and (sent_at is null or sent_at > $3) order by id limit $4"
            )))
            .bind(after)
            .bind(look.as_of)
            .bind(remembered)
            .bind(PAGE)
            .fetch_all(&mut *lent(pool).await?)
            .await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            events += page.len() as u64;
            for event in page.iter().filter(|event| !event.sent) {
                faults.add(format!("event {} ({}) has not left {service}", event.id, event.kind));
            }
            for listener in &listeners {
                effects += processed(listener, &page, &mut faults).await?;
            }
        }
    }
    Ok(faults.finding("events", format!("{events} events, {effects} effects, each once")))
}

async fn listeners<'l>(look: &'l Look<'_>) -> Result<Vec<Listener<'l>>, Unreadable> {
    let mut listeners = Vec::new();
    for (service, pool) in look.pools.each() {
        let kinds: Vec<(String, DateTime<Utc>)> =
            sqlx::query_as(AssertSqlSafe(format!("select kind, since from {service}.subscription")))
                .fetch_all(&mut *lent(pool).await?)
                .await?;
        listeners.push(Listener { service, pool, since: kinds.into_iter().collect() });
    }
    Ok(listeners)
}

/// Compares a page of events with the marks of one listener, and gives the number of its effects.
async fn processed(listener: &Listener<'_>, page: &[Event], faults: &mut Faults) -> Result<u64, Unreadable> {
    let wanted: Vec<&Event> = page.iter().filter(|event| listener.listens_to(event)).collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = wanted.iter().map(|event| event.id).collect();
    let service = listener.service;
    let marks: Vec<(Uuid, String)> = sqlx::query_as(AssertSqlSafe(format!(
        "select id, source from {service}.processed where id = any($1)"
    )))
    .bind(&ids)
    .fetch_all(&mut *lent(listener.pool).await?)
    .await?;
    let mut once = BTreeSet::new();
    for mark in marks {
        if let Some((id, _)) = once.replace(mark) {
            faults.add(format!("event {id} was processed twice by {service}"));
        }
    }
    let mut effects = 0;
    for event in wanted {
        if once.contains(&(event.id, event.source.clone())) {
            effects += 1;
        } else {
            faults.add(format!("event {} ({}) had no effect at {service}", event.id, event.kind));
        }
    }
    Ok(effects)
}

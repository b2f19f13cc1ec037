//! Outbox, inbox and answered requests: the one place for all three.
//!
//! Every service has these tables in its own schema, so their SQL is made once per service from
//! the templates below; `docs/adr/0003-checked-sql.md` says why they are not checked at compile
//! time. The relay and the subscriptions that use them are in [`relay`] and [`subscribe`].

pub(crate) mod outgoing;
pub mod relay;
pub mod subscribe;
pub mod wire;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use prost::Message;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_proto::Mutation;

use crate::Caller;
use crate::store::{Store, column, db};

/// An event with the attributes of CloudEvents 1.0.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Envelope {
    /// Unique with `source`; UUIDv7, so in the order of making within one process.
    pub id: Uuid,
    /// `<center>/<service>`.
    pub source: String,
    /// Full name of the protobuf message in `body`.
    pub kind: String,
    /// Division code of the center that it is about.
    pub center: String,
    /// The aggregate that it is about: a case number.
    pub subject: String,
    /// The aggregate's version after the change.
    pub version: i64,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// W3C trace context of the operation that caused it.
    pub traceparent: Option<String>,
    /// The protobuf message.
    #[sqlx(try_from = "Vec<u8>")]
    pub body: Bytes,
}

/// The statements of one service's message tables.
pub(crate) struct Tables {
    pub(crate) service: &'static str,
    write: Arc<str>,
    free: Arc<str>,
    lease: Arc<str>,
    sent: Arc<str>,
    release: Arc<str>,
    waiting: Arc<str>,
    process: Arc<str>,
    answered: Arc<str>,
    subscribe: Arc<str>,
    pub(crate) notices: Arc<str>,
    pub(crate) notice_year: Arc<str>,
    pub(crate) keep_notice: Arc<str>,
    purge: [Arc<str>; 3],
}

/// The message tables for a schema.
pub(crate) fn tables_sql(schema: &str) -> String {
    include_str!("tables.sql").replace("{schema}", schema)
}

impl Tables {
    pub(crate) fn of(service: &'static str) -> Self {
        let sql = |template: &str| Arc::<str>::from(template.replace("{schema}", service));
        Self {
            service,
            write: sql(
                "with told as (
                   insert into {schema}.outbox
                     (id, source, kind, center, subject, version, time, traceparent, body, leased_until)
                   select *, $10::timestamptz
                   from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                               $7::timestamptz[], $8::text[], $9::bytea[])),
                 answered as (
                   insert into {schema}.request (caller, request_id, method, digest, response, at)
                   select caller, request_id, method, digest, response, $16
                   from unnest($11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[])
                        given(caller, request_id, method, digest, response)
                   on conflict on constraint request_once do nothing returning 1),
                 heard as (
                   insert into {schema}.processed (source, id, kind, at)
                   select source, id, kind, $16
                   from unnest($17::text[], $18::uuid[], $19::text[]) event(source, id, kind)
                   on conflict do nothing returning 1)
                 select (select count(*) from answered) + (select count(*) from heard)",
            ),
            free: sql(
                "update {schema}.outbox set leased_until = null
                 where sent_at is null and leased_until is not null",
            ),
            lease: sql(
                "update {schema}.outbox o
                 set leased_until = $2, attempts = o.attempts + 1
                 from (select id from {schema}.outbox
                       where sent_at is null and (leased_until is null or leased_until <= $1)
                       order by id limit $3 for update skip locked) due
                 where o.id = due.id
                 returning o.id, o.source, o.kind, o.center, o.subject, o.version, o.time, o.traceparent, o.body",
            ),
            sent: sql(
                "update {schema}.outbox o set sent_at = $2, leased_until = null
                 from unnest($1::uuid[]) done(id) where o.id = done.id",
            ),
            release: sql(
                "update {schema}.outbox o
                 set leased_until = $2::timestamptz + make_interval(secs => least(60, 0.1 * power(2, least(o.attempts, 10))))
                 from unnest($1::uuid[]) failed(id) where o.id = failed.id",
            ),
            waiting: sql("select count(*), min(time) from {schema}.outbox where sent_at is null"),
            process: sql(
                "insert into {schema}.processed (source, id, kind, at)
                 select source, id, kind, $4 from unnest($1::text[], $2::uuid[], $3::text[]) event(source, id, kind)
                 on conflict do nothing returning source, id",
            ),
            answered: sql(
                "select method, digest, response from {schema}.request where caller = $1 and request_id = $2",
            ),
            subscribe: sql(
                "insert into {schema}.subscription (kind, since)
                 select kind, $2 from unnest($1::text[]) kinds(kind) on conflict do nothing",
            ),
            notices: sql(
                "select version, csv from {schema}.calendar_notice
                 where version > $1 and version <= $2 order by version",
            ),
            notice_year: sql("select year from {schema}.calendar_notice where version = $1"),
            // What the latest version of the year says already is not kept again.
            keep_notice: sql(
                "insert into {schema}.calendar_notice (version, year, csv, at)
                 select coalesce(max(version), 0) + 1, $1, $2, $3 from {schema}.calendar_notice
                 having coalesce((array_agg(csv order by version desc) filter (where year = $1))[1], '') <> $2",
            ),
            purge: [
                sql("delete from {schema}.outbox where sent_at < $1"),
                sql("delete from {schema}.processed where at < $1"),
                sql("delete from {schema}.request where at < $1"),
            ],
        }
    }

    /// Writes what a transaction tells, answers and has heard, before its commit. `leased_until` is when another may
    /// send its events, if somebody was handed them. `Ok(false)` when one of the requests was answered before, or
    /// one of the events was heard before.
    pub(crate) async fn write(
        &self,
        connection: &mut PgConnection,
        told: &[Envelope],
        leased_until: Option<DateTime<Utc>>,
        done: &Done<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Done { answers, heard } = *done;
        if told.is_empty() && answers.is_empty() && heard.is_empty() {
            return Ok(true);
        }
        let responses: Vec<&[u8]> = answers.iter().map(|(_, response)| response.as_slice()).collect();
        let written: i64 = sqlx::query_scalar(AssertSqlSafe(self.write.clone()))
            .bind(column(told, |e| e.id))
            .bind(column(told, |e| e.source.clone()))
            .bind(column(told, |e| e.kind.clone()))
            .bind(column(told, |e| e.center.clone()))
            .bind(column(told, |e| e.subject.clone()))
            .bind(column(told, |e| e.version))
            .bind(column(told, |e| e.time))
            .bind(column(told, |e| e.traceparent.clone()))
            .bind(column(told, |e| e.body.to_vec()))
            .bind(leased_until)
            .bind(column(answers, |(named, _)| named.caller.clone()))
            .bind(column(answers, |(named, _)| named.id.clone()))
            .bind(column(answers, |(named, _)| named.method.clone()))
            .bind(column(answers, |(named, _)| named.digest.to_vec()))
            .bind(responses)
            .bind(now)
            .bind(column(heard, |e| e.source.clone()))
            .bind(column(heard, |e| e.id))
            .bind(column(heard, |e| e.kind.clone()))
            .fetch_one(connection)
            .await
            .map_err(db)?;
        Ok(usize::try_from(written).is_ok_and(|written| written == answers.len() + heard.len()))
    }

    /// Makes what is leased anybody's.
    pub(crate) async fn free(&self, connection: &mut PgConnection) -> Result<()> {
        sqlx::query(AssertSqlSafe(self.free.clone())).execute(connection).await.map_err(db)?;
        Ok(())
    }

    /// Takes up to `limit` events that nobody else is sending, in the order of their making.
    pub(crate) async fn lease(
        &self,
        connection: &mut PgConnection,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Envelope>> {
        let mut events: Vec<Envelope> = sqlx::query_as(AssertSqlSafe(self.lease.clone()))
            .bind(now)
            .bind(now + LEASE)
            .bind(limit)
            .fetch_all(connection)
            .await
            .map_err(db)?;
        events.sort_by_key(|event| event.id);
        Ok(events)
    }

    /// Marks events as sent.
    pub(crate) async fn mark(
        &self,
        connection: &mut PgConnection,
        now: DateTime<Utc>,
        sent: &[Uuid],
    ) -> Result<()> {
        self.on_events(&self.sent, connection, now, sent).await
    }

    /// Has events that could not be sent wait, the longer the more often it was tried.
    pub(crate) async fn release(
        &self,
        connection: &mut PgConnection,
        now: DateTime<Utc>,
        failed: &[Uuid],
    ) -> Result<()> {
        self.on_events(&self.release, connection, now, failed).await
    }

    async fn on_events(
        &self,
        sql: &Arc<str>,
        connection: &mut PgConnection,
        now: DateTime<Utc>,
        ids: &[Uuid],
    ) -> Result<()> {
        sqlx::query(AssertSqlSafe(sql.clone())).bind(ids).bind(now).execute(connection).await.map_err(db)?;
        Ok(())
    }

    /// How many events wait and since when.
    pub(crate) async fn waiting(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(i64, Option<DateTime<Utc>>)> {
        sqlx::query_as(AssertSqlSafe(self.waiting.clone())).fetch_one(connection).await.map_err(db)
    }

    /// Marks events as processed and gives back those that were not before.
    pub(crate) async fn process(
        &self,
        connection: &mut PgConnection,
        events: &[Envelope],
        now: DateTime<Utc>,
    ) -> Result<Vec<Envelope>> {
        let fresh: Vec<(String, Uuid)> = sqlx::query_as(AssertSqlSafe(self.process.clone()))
            .bind(column(events, |e| e.source.clone()))
            .bind(column(events, |e| e.id))
            .bind(column(events, |e| e.kind.clone()))
            .bind(now)
            .fetch_all(connection)
            .await
            .map_err(db)?;
        let mut fresh: HashSet<(String, Uuid)> = fresh.into_iter().collect();
        let first = |event: &&Envelope| fresh.remove(&(event.source.clone(), event.id));
        Ok(events.iter().filter(first).cloned().collect())
    }

    /// The earlier answer to a mutation.
    async fn answered(&self, connection: &mut PgConnection, request: &Named) -> Result<Option<Vec<u8>>> {
        let found: Option<(String, Vec<u8>, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(self.answered.clone()))
            .bind(&request.caller)
            .bind(&request.id)
            .fetch_optional(connection)
            .await
            .map_err(db)?;
        match found {
            None => Ok(None),
            Some((method, digest, response)) if method == request.method && digest == request.digest => {
                Ok(Some(response))
            }
            Some(_) => Err(Error::field("request_id", Reason::RequestIdReused)),
        }
    }

    pub(crate) async fn subscribe(
        &self,
        connection: &mut PgConnection,
        kinds: &[&str],
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(AssertSqlSafe(self.subscribe.clone()))
            .bind(kinds)
            .bind(now)
            .execute(connection)
            .await
            .map_err(db)?;
        Ok(())
    }

    /// Forgets what is older than anyone repeats.
    pub(crate) async fn purge(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
        for sql in &self.purge {
            sqlx::query(AssertSqlSafe(sql.clone()))
                .bind(now - KEPT)
                .execute(&mut *connection)
                .await
                .map_err(db)?;
        }
        Ok(())
    }
}

/// What a transaction has done that is to be done once.
#[derive(Clone, Copy, Default)]
pub(crate) struct Done<'d> {
    /// Mutations, with the answers that they are given.
    pub(crate) answers: &'d [(&'d Named, Vec<u8>)],
    /// Events that had their effect.
    pub(crate) heard: &'d [Envelope],
}

/// How long a relay may take before another may send the same event.
pub(crate) const LEASE: Duration = Duration::seconds(15);
/// How long sent events, processed marks and answers are kept. A repetition after it is a new request.
pub const KEPT: Duration = Duration::days(30);

/// The longest `request_id`, in bytes.
const REQUEST_ID_MAX: usize = 128;

/// A mutation that its caller named.
pub(crate) struct Named {
    caller: String,
    id: String,
    method: String,
    digest: [u8; 32],
}

impl Named {
    /// None if the caller gave it no name.
    pub(crate) fn of<Req: Mutation>(caller: &Caller, message: &Req) -> Result<Option<Self>> {
        let id = message.request_id();
        if id.len() > REQUEST_ID_MAX || id.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(Error::field("request_id", Reason::BadFormat));
        }
        Ok((!id.is_empty()).then(|| Self {
            caller: caller.actor.subject.clone(),
            id: id.to_owned(),
            method: Req::full_name(),
            digest: Sha256::digest(message.encode_to_vec()).into(),
        }))
    }

    /// The answer that it was given before.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED` for other content under the same name.
    pub(crate) async fn answered<Res: Message + Default>(&self, store: &Store) -> Result<Option<Res>> {
        let mut connection = store.read().await?;
        let earlier = store.tables().answered(&mut connection, self).await?;
        earlier.map(|earlier| Res::decode(earlier.as_slice()).map_err(Error::internal)).transpose()
    }
}

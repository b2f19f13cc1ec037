//! Outbox, inbox and answered requests: the one place for all three.
//!
//! Every service has these tables in its own schema, so their SQL is made once per service from
//! the templates below; `docs/adr/0003-checked-sql.md` says why they are not checked at compile
//! time. The relay and the subscriptions that use them are in [`relay`] and [`subscribe`].

pub mod relay;
pub mod subscribe;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool};
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;

use crate::store::{db, violates};

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
    lease: Arc<str>,
    sent: Arc<str>,
    release: Arc<str>,
    waiting: Arc<str>,
    process: Arc<str>,
    answer: Arc<str>,
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
                "insert into {schema}.outbox (id, source, kind, center, subject, version, time, traceparent, body)
                 select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                                      $7::timestamptz[], $8::text[], $9::bytea[])",
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
            answer: sql(
                "insert into {schema}.request (caller, request_id, method, digest, response, at)
                 values ($1, $2, $3, $4, $5, $6)",
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

    pub(crate) async fn write_outbox(
        &self,
        connection: &mut PgConnection,
        events: &[Envelope],
    ) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        fn column<T>(events: &[Envelope], get: impl Fn(&Envelope) -> T) -> Vec<T> {
            events.iter().map(get).collect()
        }
        sqlx::query(AssertSqlSafe(self.write.clone()))
            .bind(column(events, |e| e.id))
            .bind(column(events, |e| e.source.clone()))
            .bind(column(events, |e| e.kind.clone()))
            .bind(column(events, |e| e.center.clone()))
            .bind(column(events, |e| e.subject.clone()))
            .bind(column(events, |e| e.version))
            .bind(column(events, |e| e.time))
            .bind(column(events, |e| e.traceparent.clone()))
            .bind(column(events, |e| e.body.to_vec()))
            .execute(connection)
            .await
            .map_err(db)?;
        Ok(())
    }

    /// Takes up to `limit` events that nobody else is sending, in the order of their making.
    pub(crate) async fn lease(&self, pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<Vec<Envelope>> {
        let mut events: Vec<Envelope> = sqlx::query_as(AssertSqlSafe(self.lease.clone()))
            .bind(now)
            .bind(now + LEASE)
            .bind(limit)
            .fetch_all(pool)
            .await
            .map_err(db)?;
        events.sort_by_key(|event| event.id);
        Ok(events)
    }

    pub(crate) async fn settle(
        &self,
        pool: &PgPool,
        now: DateTime<Utc>,
        sent: &[Uuid],
        failed: &[Uuid],
    ) -> Result<()> {
        for (sql, ids) in [(&self.sent, sent), (&self.release, failed)] {
            if !ids.is_empty() {
                sqlx::query(AssertSqlSafe(sql.clone()))
                    .bind(ids)
                    .bind(now)
                    .execute(pool)
                    .await
                    .map_err(db)?;
            }
        }
        Ok(())
    }

    /// How many events wait and since when.
    pub(crate) async fn waiting(&self, pool: &PgPool) -> Result<(i64, Option<DateTime<Utc>>)> {
        sqlx::query_as(AssertSqlSafe(self.waiting.clone())).fetch_one(pool).await.map_err(db)
    }

    /// Marks events as processed and gives back those that were not before.
    pub(crate) async fn process<'e>(
        &self,
        connection: &mut PgConnection,
        events: &'e [Envelope],
        now: DateTime<Utc>,
    ) -> Result<Vec<&'e Envelope>> {
        let fresh: Vec<(String, Uuid)> = sqlx::query_as(AssertSqlSafe(self.process.clone()))
            .bind(events.iter().map(|e| e.source.clone()).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.id).collect::<Vec<_>>())
            .bind(events.iter().map(|e| e.kind.clone()).collect::<Vec<_>>())
            .bind(now)
            .fetch_all(connection)
            .await
            .map_err(db)?;
        let mut first: Vec<&Envelope> = Vec::with_capacity(fresh.len());
        for event in events {
            let is_fresh = fresh.iter().any(|(source, id)| *source == event.source && *id == event.id);
            if is_fresh && !first.iter().any(|seen| seen.id == event.id && seen.source == event.source) {
                first.push(event);
            }
        }
        Ok(first)
    }

    /// Keeps the answer to a mutation. `Ok(false)` when the request was answered before.
    pub(crate) async fn answer(
        &self,
        connection: &mut PgConnection,
        request: &Request<'_>,
        response: &[u8],
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let written = sqlx::query(AssertSqlSafe(self.answer.clone()))
            .bind(request.caller)
            .bind(request.id)
            .bind(request.method)
            .bind(request.digest.as_slice())
            .bind(response)
            .bind(now)
            .execute(connection)
            .await;
        match written {
            Ok(_) => Ok(true),
            Err(error) if violates(&error, "request_once") => Ok(false),
            Err(error) => Err(db(error)),
        }
    }

    /// The earlier answer to a mutation.
    pub(crate) async fn answered(
        &self,
        connection: &mut PgConnection,
        request: &Request<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let found: Option<(String, Vec<u8>, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(self.answered.clone()))
            .bind(request.caller)
            .bind(request.id)
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

    pub(crate) async fn subscribe(&self, pool: &PgPool, kinds: &[&str], now: DateTime<Utc>) -> Result<()> {
        sqlx::query(AssertSqlSafe(self.subscribe.clone()))
            .bind(kinds)
            .bind(now)
            .execute(pool)
            .await
            .map_err(db)?;
        Ok(())
    }

    /// Forgets what is older than anyone repeats.
    pub(crate) async fn purge(&self, pool: &PgPool, now: DateTime<Utc>) -> Result<()> {
        for sql in &self.purge {
            sqlx::query(AssertSqlSafe(sql.clone())).bind(now - KEPT).execute(pool).await.map_err(db)?;
        }
        Ok(())
    }
}

/// How long a relay may take before another may send the same event.
const LEASE: Duration = Duration::seconds(15);
/// How long sent events, processed marks and answers are kept. A repetition after it is a new request.
pub const KEPT: Duration = Duration::days(30);

/// A mutation as the caller named it.
pub(crate) struct Request<'r> {
    pub(crate) caller: &'r str,
    pub(crate) id: &'r str,
    pub(crate) method: &'r str,
    pub(crate) digest: [u8; 32],
}

//! Messages and their way.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use yimen_kernel::DivisionCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
use yimen_platform::store::db;

use crate::domain::message::State;

/// A message as it stands in the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub message: Uuid,
    pub center: String,
    pub number: String,
    pub transition: String,
    pub template: String,
    pub variables: Json<BTreeMap<String, String>>,
    pub state: String,
    pub mobile: Option<String>,
    pub text: Option<String>,
    pub carrier: Option<String>,
    pub carrier_id: Option<String>,
    pub attempts: i32,
    pub due_at: DateTime<Utc>,
    pub leased_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub reason: String,
}

impl Row {
    /// Its state.
    pub fn state(&self) -> Result<State> {
        Ok(match self.state.as_str() {
            "AWAITING_CONTACT" => State::AwaitingContact,
            "QUEUED" => State::Queued { due_at: self.due_at },
            "SENDING" => State::Sending { until: self.leased_until.unwrap_or(self.due_at) },
            "SENT" => State::Sent { carrier_id: self.carrier_id.clone().unwrap_or_default() },
            "DELIVERED" => State::Delivered,
            "FAILED_PERMANENT" => State::FailedPermanent,
            "FAILED_TEMPORARY" => State::FailedTemporary,
            "UNKNOWN" => State::Unknown,
            "SUPPRESSED" => State::Suppressed,
            _ => return Err(Error::internal("a stored message state cannot be read")),
        })
    }
}

/// Adds a message, once for its transition. False when there is one.
pub async fn insert(connection: &mut PgConnection, row: &Row) -> Result<bool> {
    let done = sqlx::query!(
        "insert into notification.message (message, center, number, transition, template, variables, state, mobile,
             text, due_at, created_at, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (number, transition) do nothing",
        row.message,
        row.center,
        row.number,
        row.transition,
        row.template,
        Json(&row.variables.0) as _,
        row.state,
        row.mobile,
        row.text,
        row.due_at,
        row.created_at,
        row.reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// The messages of a case that wait for its applicant's number.
pub async fn awaiting(connection: &mut PgConnection, number: &str) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select message, center, number, transition, template, variables as "variables: Json<BTreeMap<String, String>>",
             state, mobile, text, carrier, carrier_id, attempts, due_at, leased_until, created_at, sent_at, reason
           from notification.message where number = $1 and state = 'AWAITING_CONTACT' for update"#,
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Addresses a message that waited for its number.
pub async fn address(connection: &mut PgConnection, row: &Row) -> Result<()> {
    sqlx::query!(
        "update notification.message set state = $2, mobile = $3, text = $4, center = $5, due_at = $6, reason = $7
         where message = $1 and state = 'AWAITING_CONTACT'",
        row.message,
        row.state,
        row.mobile,
        row.text,
        row.center,
        row.due_at,
        row.reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// What may be sent in one round.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages of one round.
    pub batch: i64,
    /// Messages to one number within 24 hours.
    pub per_number: i64,
    /// Messages of one center within a minute, to the round.
    pub per_center: i64,
    /// How long a carrier may take to be asked and its answer to be noted.
    pub lease: Duration,
}

/// Takes messages that are due: whoever takes them alone may send them, until the lease ends.
pub async fn lease(connection: &mut PgConnection, limits: Limits, now: DateTime<Utc>) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"with busy as (
             select center from notification.message where sent_at > $1::timestamptz - interval '1 minute'
             group by center having count(*) >= $5),
           due as (
             select m.message from notification.message m
             where m.state = 'QUEUED' and m.due_at <= $1
               and (select count(*) from notification.message s
                    where s.mobile = m.mobile and s.sent_at > $1 - interval '24 hours') < $4
               and not exists (select 1 from busy where busy.center = m.center)
             order by m.due_at, m.message limit $3 for update of m skip locked)
           update notification.message m
           set state = 'SENDING', leased_until = $2, attempts = m.attempts + 1
           from due where m.message = due.message
           returning m.message, m.center, m.number, m.transition, m.template,
             m.variables as "variables: Json<BTreeMap<String, String>>", m.state, m.mobile, m.text, m.carrier,
             m.carrier_id, m.attempts, m.due_at, m.leased_until, m.created_at, m.sent_at, m.reason"#,
        now,
        now + limits.lease,
        limits.batch,
        limits.per_number,
        limits.per_center
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Notes that a carrier is about to be asked for each of these messages.
pub async fn intend(connection: &mut PgConnection, messages: &[Uuid], carriers: &[String]) -> Result<()> {
    sqlx::query!(
        "update notification.message m set carrier = given.carrier
         from unnest($1::uuid[], $2::text[]) given(message, carrier) where m.message = given.message",
        messages,
        carriers
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The leases that ended without an answer: nobody knows whether these were sent.
pub async fn abandon(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "update notification.message
         set state = 'UNKNOWN', leased_until = null, sent_at = coalesce(sent_at, $1), ended_at = $1,
             reason = 'NO_ANSWER_NOTED'
         where state = 'SENDING' and leased_until < $1",
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected())
}

/// A message's next state.
#[derive(Clone, Debug)]
pub struct Next<'n> {
    pub message: Uuid,
    /// The state that it was in.
    pub from: &'static str,
    pub state: &'n State,
    pub reason: &'n str,
    /// Whether a carrier has it, or may have it.
    pub sent: bool,
}

/// Notes it. False when the message was not in that state any more.
pub async fn advance(connection: &mut PgConnection, next: &Next<'_>, now: DateTime<Utc>) -> Result<bool> {
    let due_at = match next.state {
        State::Queued { due_at } => Some(*due_at),
        _ => None,
    };
    let carrier_id = match next.state {
        State::Sent { carrier_id } => Some(carrier_id.as_str()),
        _ => None,
    };
    let done = sqlx::query!(
        "update notification.message
         set state = $3, leased_until = null, due_at = coalesce($4, due_at), carrier_id = coalesce($5, carrier_id),
             reason = case when $6 = '' then reason else $6 end, sent_at = case when $7 then coalesce(sent_at, $8) else sent_at end,
             ended_at = case when $9 then $8 end
         where message = $1 and state = $2",
        next.message,
        next.from,
        next.state.as_str(),
        due_at,
        carrier_id,
        next.reason,
        next.sent,
        now,
        next.state.is_final()
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// Reads a message and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, message: Uuid) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select message, center, number, transition, template, variables as "variables: Json<BTreeMap<String, String>>",
             state, mobile, text, carrier, carrier_id, attempts, due_at, leased_until, created_at, sent_at, reason
           from notification.message where message = $1 for update"#,
        message
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Reads the message that a carrier calls so, and holds it until the transaction ends.
pub async fn lock_by_carrier_id(
    connection: &mut PgConnection,
    carrier: &str,
    carrier_id: &str,
) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select message, center, number, transition, template, variables as "variables: Json<BTreeMap<String, String>>",
             state, mobile, text, carrier, carrier_id, attempts, due_at, leased_until, created_at, sent_at, reason
           from notification.message where carrier = $1 and carrier_id = $2 for update"#,
        carrier,
        carrier_id
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// What a list of messages asks for.
#[derive(Clone, Debug)]
pub struct Filter {
    pub center: DivisionCode,
    pub state: Option<String>,
    pub number: Option<String>,
}

/// A center's messages, newest first.
pub async fn list(connection: &mut PgConnection, filter: &Filter, page: &Page) -> Result<Vec<Row>> {
    let before = match &page.after {
        Some(token) => {
            Some(Uuid::parse_str(token).map_err(|_| Error::field("page_token", Reason::UnknownPageToken))?)
        }
        None => None,
    };
    sqlx::query_as!(
        Row,
        r#"select message, center, number, transition, template, variables as "variables: Json<BTreeMap<String, String>>",
             state, mobile, text, carrier, carrier_id, attempts, due_at, leased_until, created_at, sent_at, reason
           from notification.message
           where center = $1 and ($2::text is null or state = $2) and ($3::text is null or number = $3)
             and ($4::uuid is null or message < $4)
           order by message desc limit $5"#,
        filter.center.as_str(),
        filter.state,
        filter.number,
        before,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

//! Messages and their way.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, DurationRound as _, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use yimen_kernel::DivisionCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
use yimen_platform::store::{column, db};

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

/// Adds messages, each once for its transition.
pub async fn insert(connection: &mut PgConnection, rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into notification.message (message, center, number, transition, template, variables, state, mobile,
             text, due_at, created_at, reason)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[],
             $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[])
         on conflict (number, transition) do nothing",
        &column(rows, |row| row.message),
        &column(rows, |row| row.center.clone()),
        &column(rows, |row| row.number.clone()),
        &column(rows, |row| row.transition.clone()),
        &column(rows, |row| row.template.clone()),
        column(rows, |row| Json(row.variables.0.clone())) as _,
        &column(rows, |row| row.state.clone()),
        &column(rows, |row| row.mobile.clone()) as &[Option<String>],
        &column(rows, |row| row.text.clone()) as &[Option<String>],
        &column(rows, |row| row.due_at),
        &column(rows, |row| row.created_at),
        &column(rows, |row| row.reason.clone())
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The messages of cases that wait for their applicants' numbers.
pub async fn awaiting(connection: &mut PgConnection, numbers: &[String]) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select m.message, m.center, m.number, m.transition, m.template,
             m.variables as "variables: Json<BTreeMap<String, String>>", m.state, m.mobile, m.text, m.carrier,
             m.carrier_id, m.attempts, m.due_at, m.leased_until, m.created_at, m.sent_at, m.reason
           from unnest($1::text[]) given(number) join notification.message m using (number)
           where m.state = 'AWAITING_CONTACT' for update of m"#,
        numbers
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
    /// Messages of one center within a minute of the clock, to the round.
    pub per_center: i64,
    /// How long a carrier may take to be asked and its answer to be noted.
    pub lease: Duration,
}

/// Takes messages that are due: whoever takes them alone may send them, until the lease ends. `only` is the
/// carrier, if there is but one.
pub async fn lease(
    connection: &mut PgConnection,
    limits: Limits,
    only: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<Row>> {
    let minute = now.duration_trunc(Duration::minutes(1)).map_err(Error::internal)?;
    sqlx::query_as!(
        Row,
        r#"with due as (
             select m.message from notification.message m
             where m.state = 'QUEUED' and m.due_at <= $1
               and (select count(*) from notification.message s
                    where s.mobile = m.mobile and s.sent_at > $1 - interval '24 hours') < $4
               and not exists (select from notification.pace p
                               where p.minute = $6 and p.center = m.center and p.sent >= $5)
             order by m.due_at, m.message limit $3 for update of m skip locked),
           taken as (
             update notification.message m
             set state = 'SENDING', leased_until = $2, attempts = m.attempts + 1,
                 carrier = coalesce($7::text, m.carrier)
             from due where m.message = due.message
             returning m.*),
           paced as (
             insert into notification.pace as p (minute, center, sent)
             select $6, center, count(*) from taken group by center order by center
             on conflict (minute, center) do update set sent = p.sent + excluded.sent)
           select message as "message!", center as "center!", number as "number!", transition as "transition!",
             template as "template!", variables as "variables!: Json<BTreeMap<String, String>>", state as "state!",
             mobile, text, carrier, carrier_id, attempts as "attempts!", due_at as "due_at!", leased_until,
             created_at as "created_at!", sent_at, reason as "reason!"
           from taken"#,
        now,
        now + limits.lease,
        limits.batch,
        limits.per_number,
        limits.per_center,
        minute,
        only
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Forgets how many messages centers sent before a moment.
pub async fn forget_pace(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from notification.pace where minute < $1", before)
        .execute(connection)
        .await
        .map_err(db)?;
    Ok(())
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

/// The leases that ended without an answer, but for those that are known to be under way: nobody knows whether
/// these were sent.
pub async fn abandon(connection: &mut PgConnection, under_way: &[Uuid], now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "update notification.message
         set state = 'UNKNOWN', leased_until = null, sent_at = coalesce(sent_at, $1), ended_at = $1,
             reason = 'NO_ANSWER_NOTED'
         where state = 'SENDING' and leased_until < $1
           and not exists (select from unnest($2::uuid[]) own(message) where own.message = notification.message.message)",
        now,
        under_way
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
    pub state: State,
    pub reason: &'n str,
    /// Whether a carrier has it, or may have it.
    pub sent: bool,
}

/// Notes next states, and gives how many: a message that was not in its state any more is left as it is.
pub async fn advance(connection: &mut PgConnection, all: &[Next<'_>], now: DateTime<Utc>) -> Result<u64> {
    let due_at = |next: &Next<'_>| match &next.state {
        State::Queued { due_at } => Some(*due_at),
        _ => None,
    };
    let carrier_id = |next: &Next<'_>| match &next.state {
        State::Sent { carrier_id } => Some(carrier_id.clone()),
        _ => None,
    };
    let done = sqlx::query!(
        "update notification.message m
         set state = given.state, leased_until = null, due_at = coalesce(given.due_at, m.due_at),
             carrier_id = coalesce(given.carrier_id, m.carrier_id),
             reason = case when given.reason = '' then m.reason else given.reason end,
             sent_at = case when given.sent then coalesce(m.sent_at, $8) else m.sent_at end,
             ended_at = case when given.final then $8 end
         from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::boolean[],
                     $9::boolean[])
              given(message, from_state, state, due_at, carrier_id, reason, sent, final)
         where m.message = given.message and m.state = given.from_state",
        &column(all, |next| next.message),
        &column(all, |next| next.from.to_owned()),
        &column(all, |next| next.state.as_str().to_owned()),
        &column(all, due_at) as &[Option<DateTime<Utc>>],
        &column(all, carrier_id) as &[Option<String>],
        &column(all, |next| next.reason.to_owned()),
        &column(all, |next| next.sent),
        now,
        &column(all, |next| next.state.is_final())
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected())
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

//! What the simulated carrier keeps.

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
use yimen_platform::store::db;

/// How it behaves.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    pub refused_permille: i32,
    pub failed_permille: i32,
    pub timed_out_permille: i32,
    pub delay_millis: i32,
}

/// A message that it received.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: Uuid,
    pub message: Uuid,
    pub mobile: String,
    pub text: String,
    pub outcome: String,
    pub received_at: DateTime<Utc>,
}

/// How it behaves now.
pub async fn behaviour(connection: &mut PgConnection) -> Result<Behaviour> {
    sqlx::query_as!(
        Behaviour,
        "select refused_permille, failed_permille, timed_out_permille, delay_millis from notification.simulator"
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

/// How it behaves from now on.
pub async fn behave(connection: &mut PgConnection, behaviour: Behaviour) -> Result<()> {
    sqlx::query!(
        "update notification.simulator
         set refused_permille = $1, failed_permille = $2, timed_out_permille = $3, delay_millis = $4",
        behaviour.refused_permille,
        behaviour.failed_permille,
        behaviour.timed_out_permille,
        behaviour.delay_millis
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Receives a message; after `delay` it is reported, if it is to be reported at all.
pub async fn receive(connection: &mut PgConnection, row: &Row, delay: Option<Duration>) -> Result<()> {
    sqlx::query!(
        "insert into notification.simulated (id, message, mobile, text, outcome, received_at, report_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        row.id,
        row.message,
        row.mobile,
        row.text,
        row.outcome,
        row.received_at,
        delay.map(|delay| row.received_at + delay)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Messages whose reports are due, marked as made, with whether they were delivered. One whose taking is
/// not noted yet comes later.
pub async fn to_report(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(Uuid, bool)>> {
    let rows = sqlx::query!(
        r#"with due as (
             select s.id from notification.simulated s join notification.message m on m.message = s.message
             where s.reported_at is null and s.report_at <= $1 and m.state <> 'SENDING'
             order by s.report_at limit $2 for update of s skip locked)
           update notification.simulated s set reported_at = $1 from due where s.id = due.id
           returning s.message, s.outcome = 'DELIVERED' as "delivered!""#,
        now,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.message, row.delivered)).collect())
}

/// What it received, newest first.
pub async fn list(connection: &mut PgConnection, page: &Page) -> Result<Vec<Row>> {
    let before = match &page.after {
        Some(token) => {
            Some(Uuid::parse_str(token).map_err(|_| Error::field("page_token", Reason::UnknownPageToken))?)
        }
        None => None,
    };
    sqlx::query_as!(
        Row,
        "select id, message, mobile, text, outcome, received_at from notification.simulated
         where $1::uuid is null or id < $1 order by id desc limit $2",
        before,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

//! 约谈.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::Actor;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::db;

use crate::domain::rating::month::{Counts, Month};

/// The serial of a call-in.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.call_in_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// What is opened.
pub struct New<'n> {
    pub call_in: &'n str,
    pub center: &'n str,
    pub window: &'n str,
    pub month: Month,
    pub counts: &'n Counts,
    /// How many windows were compared.
    pub windows: usize,
    pub at: DateTime<Utc>,
}

/// Calls a window in.
pub async fn open(connection: &mut PgConnection, new: &New<'_>) -> Result<()> {
    sqlx::query!(
        "insert into complaints.call_in (call_in, center, window_id, month, satisfied, valid, windows, opened_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.call_in,
        new.center,
        new.window,
        new.month.first(),
        i64::try_from(new.counts.satisfied()).map_err(Error::internal)?,
        i64::try_from(new.counts.valid()).map_err(Error::internal)?,
        i32::try_from(new.windows).map_err(Error::internal)?,
        new.at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// A call-in.
pub struct Row {
    pub call_in: String,
    pub center: String,
    pub window_id: String,
    pub month: NaiveDate,
    pub satisfied: i64,
    pub valid: i64,
    pub windows: i32,
    pub opened_at: DateTime<Utc>,
    pub state: String,
    pub conclusion: String,
}

/// A center's call-ins, newest first; not that of the caller's own window.
pub async fn page(
    connection: &mut PgConnection,
    actor: &Actor,
    center: &str,
    (after, limit): (Option<&str>, i64),
) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        "select call_in, center, window_id, month, satisfied, valid, windows, opened_at, state, conclusion
         from complaints.call_in
         where center = $1 and window_id <> $2 and ($3::text is null or call_in < $3)
         order by call_in desc limit $4",
        center,
        actor.window.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        after,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Reads a call-in for a change.
pub async fn lock(connection: &mut PgConnection, call_in: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select call_in, center, window_id, month, satisfied, valid, windows, opened_at, state, conclusion
         from complaints.call_in where call_in = $1 for update",
        call_in
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Notes that it was held.
pub async fn hold(
    connection: &mut PgConnection,
    call_in: &str,
    conclusion: &str,
    (by, at): (&str, DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "update complaints.call_in set state = 'HELD', conclusion = $2, held_by = $3, held_at = $4
         where call_in = $1 and state = 'OPEN'",
        call_in,
        conclusion,
        by,
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

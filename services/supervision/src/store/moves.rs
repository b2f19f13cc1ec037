//! Last days that a notice of the calendar moved.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::deadline::Which;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// A last day that moved.
pub struct Moved {
    pub clock: Uuid,
    pub which: Which,
    pub before_on: NaiveDate,
    pub after_on: NaiveDate,
}

/// Notes which last days the notice of a year moved.
pub async fn insert(
    connection: &mut PgConnection,
    moved: &[Moved],
    edition: i64,
    year: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let clocks: Vec<Uuid> = moved.iter().map(|one| one.clock).collect();
    let promised: Vec<bool> = moved.iter().map(|one| one.which == Which::Promised).collect();
    let before: Vec<NaiveDate> = moved.iter().map(|one| one.before_on).collect();
    let after: Vec<NaiveDate> = moved.iter().map(|one| one.after_on).collect();
    sqlx::query!(
        "insert into supervision.calendar_move (clock, promised, edition, year, before_on, after_on, at)
         select clock, promised, $5, $6, before_on, after_on, $7
         from unnest($1::uuid[], $2::boolean[], $3::date[], $4::date[]) given(clock, promised, before_on, after_on)
         on conflict do nothing",
        &clocks,
        &promised,
        &before,
        &after,
        edition,
        year,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

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

/// A last day that moved, with what its clock says.
pub struct Row {
    pub clock: Uuid,
    pub number: String,
    pub kind: String,
    pub department: String,
    pub promised: bool,
    pub year: i32,
    pub edition: i64,
    pub before_on: NaiveDate,
    pub after_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// Last days that moved, by the newest notice first: of one center and one year, or all; after the edition,
/// clock and limit that are given.
pub async fn list(
    connection: &mut PgConnection,
    center: Option<&str>,
    year: Option<i32>,
    after: Option<(i64, Uuid, bool)>,
    limit: i64,
) -> Result<Vec<Row>> {
    let (edition, clock, promised) = after.map_or((None, None, None), |(edition, clock, promised)| {
        (Some(edition), Some(clock), Some(promised))
    });
    sqlx::query_as!(
        Row,
        "select m.clock, c.number, c.kind, c.department, m.promised, m.year, m.edition, m.before_on, m.after_on, m.at
         from supervision.calendar_move m join supervision.clock c using (clock)
         where ($1::text is null or left(c.number, 6) = $1)
           and ($2::integer is null or m.year = $2)
           and ($3::bigint is null or (m.edition, m.clock, m.promised) < ($3, $4, $5))
         order by m.edition desc, m.clock desc, m.promised desc limit $6",
        center,
        year,
        edition,
        clock,
        promised,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

//! The clocks' own rows: starts, ends, and the day of the next rung.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::{count, int};
use crate::domain::Kind;

/// Which clock of a case: its kind, whose it is, the so-manieth time.
pub type Key<'k> = (Kind, &'k str, u32);

/// The limits of a clock that starts.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub unit: Unit,
    pub promised: Option<u32>,
    pub statutory: Option<u32>,
}

/// Starts a clock, once.
pub async fn start(
    connection: &mut PgConnection,
    number: &str,
    (kind, department, run): Key<'_>,
    day: NaiveDate,
    limits: Start,
) -> Result<()> {
    sqlx::query!(
        "insert into supervision.clock as c
           (clock, number, kind, department, run, started_on, calendar_days, promised_days, statutory_days)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (number, kind, department, run) do update
         set started_on = excluded.started_on, calendar_days = excluded.calendar_days,
             promised_days = excluded.promised_days, statutory_days = excluded.statutory_days
         where c.started_on is null",
        Uuid::now_v7(),
        number,
        kind.as_str(),
        department,
        int(run)?,
        day,
        limits.unit == Unit::CalendarDays,
        limits.promised.map(int).transpose()?,
        limits.statutory.map(int).transpose()?
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Ends a clock, once; also one whose start is not heard of yet.
pub async fn end(
    connection: &mut PgConnection,
    number: &str,
    (kind, department, run): Key<'_>,
    day: NaiveDate,
    outcome: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into supervision.clock as c (clock, number, kind, department, run, ended_on, outcome)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (number, kind, department, run) do update
         set ended_on = excluded.ended_on, outcome = excluded.outcome
         where c.ended_on is null",
        Uuid::now_v7(),
        number,
        kind.as_str(),
        department,
        int(run)?,
        day,
        outcome
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Ends every clock of a case that runs, or those of one kind.
pub async fn end_running(
    connection: &mut PgConnection,
    number: &str,
    kind: Option<Kind>,
    day: NaiveDate,
    outcome: &str,
) -> Result<()> {
    sqlx::query!(
        "update supervision.clock set ended_on = greatest($3, started_on), outcome = $4
         where number = $1 and ended_on is null and started_on is not null and ($2::text is null or kind = $2)",
        number,
        kind.map(Kind::as_str),
        day,
        outcome
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The next run of a kind that belongs to nobody in particular.
pub async fn next_run(connection: &mut PgConnection, number: &str, kind: Kind) -> Result<u32> {
    let runs = sqlx::query_scalar!(
        r#"select coalesce(max(run), 0) as "runs!" from supervision.clock
           where number = $1 and kind = $2 and department = ''"#,
        number,
        kind.as_str()
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok(count("run", runs)? + 1)
}

/// Keeps when clocks reach their next rungs, by an edition of the calendar.
pub async fn set_next(
    connection: &mut PgConnection,
    next: &[(Uuid, Option<NaiveDate>)],
    edition: i64,
) -> Result<()> {
    let (clocks, days): (Vec<Uuid>, Vec<Option<NaiveDate>>) = next.iter().copied().unzip();
    sqlx::query!(
        "update supervision.clock c set next_on = given.next_on, edition = $3
         from unnest($1::uuid[], $2::date[]) given(clock, next_on)
         where c.clock = given.clock and (c.next_on is distinct from given.next_on or c.edition <> $3)",
        &clocks,
        &days as &[Option<NaiveDate>],
        edition
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

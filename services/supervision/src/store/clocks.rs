//! The clocks' own rows: starts, ends, and the day of the next rung.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::Calendar;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::{count, int};
use crate::domain::{Kind, Timer};

/// The last day of what has none: as the table's default has it.
const NO_LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

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
    at: DateTime<Utc>,
    outcome: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into supervision.clock as c (clock, number, kind, department, run, ended_on, outcome, ended_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (number, kind, department, run) do update
         set ended_on = excluded.ended_on, outcome = excluded.outcome, ended_at = excluded.ended_at
         where c.ended_on is null",
        Uuid::now_v7(),
        number,
        kind.as_str(),
        department,
        int(run)?,
        local_date(at),
        outcome,
        at
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
    at: DateTime<Utc>,
    outcome: &str,
) -> Result<()> {
    sqlx::query!(
        "update supervision.clock set ended_on = greatest($3, started_on), outcome = $4, ended_at = $5
         where number = $1 and ended_on is null and started_on is not null and ($2::text is null or kind = $2)",
        number,
        kind.map(Kind::as_str),
        local_date(at),
        outcome,
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The next run of a kind that a department, or the window, has.
pub async fn next_run(
    connection: &mut PgConnection,
    number: &str,
    kind: Kind,
    department: &str,
) -> Result<u32> {
    let runs = sqlx::query_scalar!(
        r#"select coalesce(max(run), 0) as "runs!" from supervision.clock
           where number = $1 and kind = $2 and department = $3"#,
        number,
        kind.as_str(),
        department
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok(count("run", runs)? + 1)
}

/// What is derived of a clock, so that an index finds it.
pub struct Derived {
    clock: Uuid,
    next_on: Option<NaiveDate>,
    due_on: NaiveDate,
}

impl Derived {
    /// By a calendar.
    pub fn of(timer: &Timer, calendar: &Calendar) -> Self {
        let due = timer.leading().and_then(|clock| clock.due(calendar));
        let due_on = due.map_or(NO_LAST_DAY, |due| due.on);
        Self { clock: timer.id, next_on: timer.next_on(calendar), due_on }
    }

    /// Whether the next rung is reached.
    pub fn is_due(&self, today: NaiveDate) -> bool {
        self.next_on.is_some_and(|next_on| next_on <= today)
    }
}

/// Keeps what is derived, by an edition of the calendar.
pub async fn derive(connection: &mut PgConnection, derived: &[Derived], edition: i64) -> Result<()> {
    let clocks: Vec<Uuid> = derived.iter().map(|one| one.clock).collect();
    let next: Vec<Option<NaiveDate>> = derived.iter().map(|one| one.next_on).collect();
    let due: Vec<NaiveDate> = derived.iter().map(|one| one.due_on).collect();
    sqlx::query!(
        "update supervision.clock c set next_on = given.next_on, due_on = given.due_on, edition = $4
         from unnest($1::uuid[], $2::date[], $3::date[]) given(clock, next_on, due_on)
         where c.clock = given.clock
           and (c.next_on, c.due_on, c.edition) is distinct from (given.next_on, given.due_on, $4)",
        &clocks,
        &next as &[Option<NaiveDate>],
        &due,
        edition
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

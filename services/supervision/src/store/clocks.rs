//! The clocks' own rows: starts, ends, and the day of the next rung.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::Calendar;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::db;

use super::{count, int};
use crate::domain::{Kind, Timer};

/// The last day of what has none: as the table's default has it.
const NO_LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Which clock: of which case and kind, whose it is, the so-manieth time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub number: String,
    pub kind: Kind,
    /// Empty for the window's.
    pub department: String,
    pub run: u32,
}

/// The limits of a clock that starts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub unit: Unit,
    pub promised: Option<u32>,
    pub statutory: Option<u32>,
}

/// A clock that starts.
#[derive(Clone, Debug)]
pub struct Start {
    pub key: Key,
    pub on: NaiveDate,
    pub limits: Limits,
}

/// A clock that ends.
#[derive(Clone, Debug)]
pub struct End {
    pub key: Key,
    pub at: DateTime<Utc>,
    pub outcome: String,
}

/// Starts clocks, each once, by an edition of the calendar: a later one moves them.
pub async fn start(connection: &mut PgConnection, starts: &[Start], edition: i64) -> Result<()> {
    let starts = firsts(starts, |start| &start.key);
    if starts.is_empty() {
        return Ok(());
    }
    let keys = Keys::of(starts.iter().map(|start| &start.key))?;
    let days: Vec<NaiveDate> = starts.iter().map(|start| start.on).collect();
    let calendar: Vec<bool> = starts.iter().map(|start| start.limits.unit == Unit::CalendarDays).collect();
    let limit = |get: fn(&Limits) -> Option<u32>| -> Result<Vec<Option<i32>>> {
        starts.iter().map(|start| get(&start.limits).map(int).transpose()).collect()
    };
    sqlx::query!(
        "insert into supervision.clock as c
           (clock, number, kind, department, run, started_on, calendar_days, promised_days, statutory_days, edition)
         select *, $10::bigint
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::date[],
                     $7::boolean[], $8::integer[], $9::integer[])
         on conflict (number, kind, department, run) do update
         set started_on = excluded.started_on, calendar_days = excluded.calendar_days,
             promised_days = excluded.promised_days, statutory_days = excluded.statutory_days,
             edition = excluded.edition
         where c.started_on is null",
        &keys.ids,
        &keys.numbers,
        &keys.kinds,
        &keys.departments,
        &keys.runs,
        &days,
        &calendar,
        &limit(|limits| limits.promised)? as &[Option<i32>],
        &limit(|limits| limits.statutory)? as &[Option<i32>],
        edition
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Ends clocks, each once; also such whose start is not heard of yet.
pub async fn end(connection: &mut PgConnection, ends: &[End]) -> Result<()> {
    let ends = firsts(ends, |end| &end.key);
    if ends.is_empty() {
        return Ok(());
    }
    let keys = Keys::of(ends.iter().map(|end| &end.key))?;
    let days: Vec<NaiveDate> = ends.iter().map(|end| local_date(end.at)).collect();
    let times: Vec<DateTime<Utc>> = ends.iter().map(|end| end.at).collect();
    let outcomes: Vec<String> = ends.iter().map(|end| end.outcome.clone()).collect();
    sqlx::query!(
        "insert into supervision.clock as c (clock, number, kind, department, run, ended_on, outcome, ended_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::date[],
                              $7::text[], $8::timestamptz[])
         on conflict (number, kind, department, run) do update
         set ended_on = excluded.ended_on, outcome = excluded.outcome, ended_at = excluded.ended_at
         where c.ended_on is null",
        &keys.ids,
        &keys.numbers,
        &keys.kinds,
        &keys.departments,
        &keys.runs,
        &days,
        &outcomes,
        &times
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Those whose key comes for the first time: one statement writes a row once.
fn firsts<T>(all: &[T], key: fn(&T) -> &Key) -> Vec<&T> {
    let mut seen = HashSet::new();
    all.iter().filter(|one| seen.insert(key(one))).collect()
}

/// Keys as columns, with ids for those that are new.
#[derive(Default)]
struct Keys {
    ids: Vec<Uuid>,
    numbers: Vec<String>,
    kinds: Vec<String>,
    departments: Vec<String>,
    runs: Vec<i32>,
}

impl Keys {
    fn of<'k>(all: impl Iterator<Item = &'k Key>) -> Result<Self> {
        let mut keys = Self::default();
        for key in all {
            keys.ids.push(Uuid::now_v7());
            keys.numbers.push(key.number.clone());
            keys.kinds.push(key.kind.as_str().to_owned());
            keys.departments.push(key.department.clone());
            keys.runs.push(int(key.run)?);
        }
        Ok(keys)
    }
}

/// Adds days to the limits of a clock. One that is not heard of yet will be: the event is put back till then.
pub async fn prolong(connection: &mut PgConnection, key: &Key, days: u32) -> Result<()> {
    let done = sqlx::query!(
        "update supervision.clock
         set promised_days = promised_days + $5, statutory_days = statutory_days + $5
         where number = $1 and kind = $2 and department = $3 and run = $4 and started_on is not null",
        key.number,
        key.kind.as_str(),
        key.department,
        int(key.run)?,
        int(days)?
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::not_found(Reason::ApplicationUnknown)) }
}

/// Ends every clock of cases that runs, or those of one kind.
pub async fn end_running(
    connection: &mut PgConnection,
    numbers: &[String],
    kind: Option<Kind>,
    at: &[DateTime<Utc>],
    outcomes: &[String],
) -> Result<()> {
    let days: Vec<NaiveDate> = at.iter().map(|at| local_date(*at)).collect();
    sqlx::query!(
        "update supervision.clock c
         set ended_on = greatest(given.day, c.started_on), outcome = given.outcome, ended_at = given.at
         from unnest($1::text[], $2::date[], $3::timestamptz[], $4::text[]) given(number, day, at, outcome)
         where c.number = given.number and c.ended_on is null and c.started_on is not null
           and ($5::text is null or c.kind = $5)",
        numbers,
        &days,
        at,
        outcomes,
        kind.map(Kind::as_str)
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
    reaches_on: NaiveDate,
}

impl Derived {
    /// By a calendar.
    pub fn of(timer: &Timer, calendar: &Calendar) -> Self {
        let due = timer.leading().and_then(|clock| clock.due(calendar));
        Self {
            clock: timer.id,
            next_on: timer.next_on(calendar),
            due_on: due.map_or(NO_LAST_DAY, |due| due.on),
            reaches_on: timer.reaches_on(calendar).unwrap_or(NO_LAST_DAY),
        }
    }

    /// Whether the next rung is reached.
    pub fn is_due(&self, today: NaiveDate) -> bool {
        self.next_on.is_some_and(|next_on| next_on <= today)
    }
}

/// Keeps what is derived. The edition stays the one that its last days were said by, so that what a later one
/// moves is noted by who moves it.
pub async fn derive(connection: &mut PgConnection, derived: &[Derived], edition: i64) -> Result<()> {
    keep(connection, derived, edition, false).await
}

/// Keeps what is derived by a later edition of the calendar, which is then the clocks'.
pub async fn move_to(connection: &mut PgConnection, derived: &[Derived], edition: i64) -> Result<()> {
    keep(connection, derived, edition, true).await
}

async fn keep(
    connection: &mut PgConnection,
    derived: &[Derived],
    edition: i64,
    is_moved: bool,
) -> Result<()> {
    let clocks: Vec<Uuid> = derived.iter().map(|one| one.clock).collect();
    let next: Vec<Option<NaiveDate>> = derived.iter().map(|one| one.next_on).collect();
    let due: Vec<NaiveDate> = derived.iter().map(|one| one.due_on).collect();
    let reaches: Vec<NaiveDate> = derived.iter().map(|one| one.reaches_on).collect();
    sqlx::query!(
        "update supervision.clock c
         set next_on = given.next_on, due_on = given.due_on, reaches_on = given.reaches_on,
             edition = case when $5 then $4 else coalesce(c.edition, $4) end
         from unnest($1::uuid[], $2::date[], $3::date[], $6::date[]) given(clock, next_on, due_on, reaches_on)
         where c.clock = given.clock
           and ((c.next_on, c.due_on, c.reaches_on) is distinct from
                  (given.next_on, given.due_on, given.reaches_on)
                or c.edition is null or ($5 and c.edition <> $4))",
        &clocks,
        &next as &[Option<NaiveDate>],
        &due,
        edition,
        is_moved,
        &reaches
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

//! The clocks' own rows: starts, ends, and the day of the next rung.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::Calendar;
use yimen_kernel::date::local_date;
use yimen_kernel::deadline::Unit;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::{column, db};

use super::{count, int};
use crate::domain::{Kind, Timer};

/// The last day of what has none: as the table's default has it.
const NO_LAST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// Which clock: of which case and kind, whose it is, the so-manieth time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Writes that clocks start and end, each once; they may end before their start is heard of. They start by an edition
/// of the calendar: a later one moves them.
pub async fn put(connection: &mut PgConnection, starts: &[Start], ends: &[End], edition: i64) -> Result<()> {
    let runs = runs(starts, ends);
    if runs.is_empty() {
        return Ok(());
    }
    let keys = Keys::of(runs.keys().copied())?;
    let runs: Vec<Run<'_>> = runs.into_values().collect();
    let limit = |get: fn(&Limits) -> Option<u32>| -> Result<Vec<Option<i32>>> {
        let days = runs.iter().map(|run| run.start.and_then(|start| get(&start.limits)));
        days.map(|days| days.map(int).transpose()).collect()
    };
    let is_calendar = |start: &Start| start.limits.unit == Unit::CalendarDays;
    sqlx::query!(
        "insert into supervision.clock as c
           (clock, number, kind, department, run, started_on, calendar_days, promised_days, statutory_days, edition,
            ended_on, outcome, ended_at)
         select clock, number, kind, department, run, started_on, calendar_days, promised_days, statutory_days,
                case when started_on is not null then $13::bigint end, ended_on, outcome, ended_at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::date[], $7::boolean[],
                     $8::integer[], $9::integer[], $10::date[], $11::text[], $12::timestamptz[])
              given(clock, number, kind, department, run, started_on, calendar_days, promised_days, statutory_days,
                    ended_on, outcome, ended_at)
         on conflict (number, kind, department, run) do update
         set started_on = coalesce(c.started_on, excluded.started_on),
             calendar_days = case when c.started_on is null then excluded.calendar_days else c.calendar_days end,
             promised_days = case when c.started_on is null then excluded.promised_days else c.promised_days end,
             statutory_days = case when c.started_on is null then excluded.statutory_days else c.statutory_days end,
             edition = case when c.started_on is null then excluded.edition else c.edition end,
             ended_on = coalesce(c.ended_on, excluded.ended_on),
             outcome = case when c.ended_on is null then excluded.outcome else c.outcome end,
             ended_at = coalesce(c.ended_at, excluded.ended_at)
         where c.started_on is null and excluded.started_on is not null
            or c.ended_on is null and excluded.ended_on is not null",
        &keys.ids,
        &keys.numbers,
        &keys.kinds,
        &keys.departments,
        &keys.runs,
        &column(&runs, |run| run.start.map(|start| start.on)) as &[Option<NaiveDate>],
        &column(&runs, |run| run.start.is_some_and(is_calendar)),
        &limit(|limits| limits.promised)? as &[Option<i32>],
        &limit(|limits| limits.statutory)? as &[Option<i32>],
        &column(&runs, |run| run.end.map(|end| local_date(end.at))) as &[Option<NaiveDate>],
        &column(&runs, |run| run.end.map_or("", |end| &end.outcome)) as &[&str],
        &column(&runs, |run| run.end.map(|end| end.at)) as &[Option<DateTime<Utc>>],
        edition
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// What is heard of one clock.
#[derive(Default)]
struct Run<'r> {
    start: Option<&'r Start>,
    end: Option<&'r End>,
}

/// What was heard first of each clock: one statement writes a row once.
fn runs<'r>(starts: &'r [Start], ends: &'r [End]) -> BTreeMap<&'r Key, Run<'r>> {
    let mut runs: BTreeMap<&Key, Run<'_>> = BTreeMap::new();
    for start in starts {
        runs.entry(&start.key).or_default().start.get_or_insert(start);
    }
    for end in ends {
        runs.entry(&end.key).or_default().end.get_or_insert(end);
    }
    runs
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

/// Keeps what is derived: all of it of clocks that run, and of replies to supervision cases, whose last days are shown
/// for ever; of others that have ended only what is still to be told. The edition stays the one that its last days were
/// said by, so that what a later one moves is noted by who moves it.
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
           and (c.next_on is distinct from given.next_on
                or (c.ended_on is null or c.kind = $7)
                   and ((c.due_on, c.reaches_on) is distinct from (given.due_on, given.reaches_on)
                        or c.edition is null or ($5 and c.edition <> $4)))",
        &clocks,
        &next as &[Option<NaiveDate>],
        &due,
        edition,
        is_moved,
        &reaches,
        Kind::SupervisionCase.as_str()
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

//! Clocks as timers, with what stopped and extended them and what they reached.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::deadline::{Authority, Extension, Unit};
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::{count, odd, suspensions};
use crate::domain::fact::Procedure;
use crate::domain::{Kind, Rung, Timer};

/// A timer, and whose it is.
pub struct Kept {
    pub number: String,
    pub center: String,
    pub timer: Timer,
}

struct Row {
    clock: Uuid,
    number: String,
    center: String,
    kind: String,
    department: String,
    run: i32,
    started_on: NaiveDate,
    calendar_days: bool,
    promised_days: Option<i32>,
    statutory_days: Option<i32>,
    ended_on: Option<NaiveDate>,
    outcome: String,
    extension_days: Option<i32>,
    extension_authority: Option<String>,
    fired: Vec<String>,
}

/// Which clocks of some cases have started.
pub async fn of_cases(connection: &mut PgConnection, numbers: &[String]) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select c.clock from unnest($1::text[]) given(number) join supervision.clock c using (number)
         where c.started_on is not null",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Takes clocks whose next rung is reached and which nobody else has, and their cases.
pub async fn lease_due(connection: &mut PgConnection, today: NaiveDate, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select c.clock from supervision.clock c join supervision.application a using (number)
         where c.next_on <= $1 and c.started_on is not null and a.known
         order by c.next_on limit $2
         for update of c, a skip locked",
        today,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Takes open clocks that were computed by an edition, reach a day, and which nobody else has: after the one whose
/// reach and id are given.
pub async fn lease_of_edition(
    connection: &mut PgConnection,
    edition: i64,
    reaching: NaiveDate,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<(NaiveDate, Uuid)>> {
    let (day, clock) = after.unwrap_or((reaching, Uuid::nil()));
    let rows = sqlx::query!(
        "select reaches_on, clock from supervision.clock
         where edition = $1 and (reaches_on, clock) > ($2, $3) and ended_on is null and started_on is not null
         order by reaches_on, clock limit $4
         for update skip locked",
        edition,
        day,
        clock,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.reaches_on, row.clock)).collect())
}

/// The first of changes of the calendar, by the edition before it and its first day, that an open clock of that
/// edition or an earlier one reaches: that edition, and the clock's.
pub async fn first_reached(
    connection: &mut PgConnection,
    changes: &[(i64, NaiveDate)],
) -> Result<Option<(i64, i64)>> {
    let (before, days): (Vec<i64>, Vec<NaiveDate>) = changes.iter().copied().unzip();
    let row = sqlx::query!(
        r#"select change.before as "before!", own.edition as "edition!"
           from unnest($1::bigint[], $2::date[]) change(before, day)
           join unnest($1::bigint[]) own(edition) on own.edition <= change.before
           where exists (
             select from supervision.clock c
             where c.edition = own.edition and c.reaches_on >= change.day
               and c.ended_on is null and c.started_on is not null)
           order by change.before, own.edition limit 1"#,
        &before,
        &days
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    Ok(row.map(|row| (row.before, row.edition)))
}

/// Open clocks of a center, or of one department of it, the most urgent first: after the one whose last day
/// and id are given.
pub async fn urgent(
    connection: &mut PgConnection,
    (center, department): (&str, Option<&str>),
    hides_complaints: bool,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<(Uuid, NaiveDate)>> {
    let (day, clock) = after.unzip();
    let rows = sqlx::query!(
        "select clock, due_on from supervision.clock
         where left(number, 6) = $1 and ended_on is null and started_on is not null
           and ($2::text is null or department = $2)
           and ($3::date is null or (due_on, clock) > ($3, $4))
           and not ($6 and kind in ('COMPLAINT_ACCEPTANCE', 'COMPLAINT_ANSWER', 'COMPLAINT_REVIEW',
               'RATING_CONTACT', 'RATING_RECTIFICATION', 'RATING_RETURN_VISIT'))
         order by due_on, clock limit $5",
        center,
        department,
        day,
        clock,
        limit,
        hides_complaints
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.clock, row.due_on)).collect())
}

/// Clocks by their ids, in the order of their starting.
pub async fn load(connection: &mut PgConnection, clocks: &[Uuid]) -> Result<Vec<Kept>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.clock, c.number, a.center, c.kind, c.department, c.run, c.started_on as "started_on!",
                  c.calendar_days, c.promised_days, c.statutory_days, c.ended_on, c.outcome,
                  a.extension_days, a.extension_authority, coalesce(told.fired, '{}') as "fired!"
           from unnest($1::uuid[]) given(clock)
           join supervision.clock c using (clock)
           join supervision.application a using (number)
           left join (
             select clock, array_agg(rung) as fired
             from unnest($1::uuid[]) given(clock) join supervision.warning using (clock)
             group by clock) told using (clock)
           order by c.started_on, c.clock"#,
        clocks
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    let mut numbers: Vec<String> = rows.iter().map(|row| row.number.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let procedures = suspensions::of_cases(connection, &numbers).await?;
    rows.into_iter().map(|row| kept(row, &procedures)).collect()
}

fn kept(row: Row, procedures: &HashMap<String, Vec<Procedure>>) -> Result<Kept> {
    let kind = Kind::parse(&row.kind).ok_or_else(|| odd("kind"))?;
    let of_case = procedures.get(&row.number).map(Vec::as_slice).unwrap_or_default();
    // The decision waits for every procedure, a department's opinion for its own.
    let stops_it = |department: &str| match kind {
        Kind::Decision => true,
        Kind::Task => department == row.department,
        _ => false,
    };
    let extension = match (kind, row.extension_days, row.extension_authority.as_deref()) {
        (Kind::Decision, Some(days), Some(code)) => Some(Extension {
            days: count("extension", days)?,
            authority: Authority::parse(code).ok_or_else(|| odd("authority"))?,
        }),
        _ => None,
    };
    let fired = row.fired.iter().map(|code| Rung::parse(code).ok_or_else(|| odd("rung")));
    let timer = Timer {
        id: row.clock,
        kind,
        run: count("run", row.run)?,
        started_on: row.started_on,
        unit: if row.calendar_days { Unit::CalendarDays } else { Unit::WorkingDays },
        promised: row.promised_days.map(|days| count("limit", days)).transpose()?,
        statutory: row.statutory_days.map(|days| count("limit", days)).transpose()?,
        ended_on: row.ended_on,
        outcome: row.outcome,
        fired: fired.collect::<Result<_>>()?,
        stops: of_case
            .iter()
            .filter(|procedure| stops_it(&procedure.department))
            .map(|procedure| procedure.suspension.clone())
            .collect(),
        extension,
        department: row.department,
    };
    Ok(Kept { number: row.number, center: row.center, timer })
}

//! Clocks as timers, with what stopped and extended them and what they reached.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;
use yimen_kernel::deadline::{Authority, Extension, Ground, Suspension, Unit};
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::{count, odd, stored};
use crate::domain::{Kind, Rung, Timer};

/// A timer that is due, and what its warning names.
pub struct Due {
    pub number: String,
    pub center: String,
    pub timer: Timer,
}

#[derive(FromRow)]
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

/// The clocks of a case that have started, in the order of their starting.
pub async fn of_case(connection: &mut PgConnection, number: &str) -> Result<Vec<Timer>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.clock, c.number, a.center, c.kind, c.department, c.run, c.started_on as "started_on!",
                  c.calendar_days, c.promised_days, c.statutory_days, c.ended_on, c.outcome,
                  a.extension_days, a.extension_authority,
                  array(select rung from supervision.warning w where w.clock = c.clock) as "fired!"
           from supervision.clock c join supervision.application a using (number)
           where c.number = $1 and c.started_on is not null
           order by c.started_on, c.clock"#,
        number
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    Ok(complete(connection, rows).await?.into_iter().map(|due| due.timer).collect())
}

/// Takes clocks whose next rung is reached, and which nobody else has.
pub async fn lease_due(connection: &mut PgConnection, today: NaiveDate, limit: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.clock, c.number, a.center, c.kind, c.department, c.run, c.started_on as "started_on!",
                  c.calendar_days, c.promised_days, c.statutory_days, c.ended_on, c.outcome,
                  a.extension_days, a.extension_authority,
                  array(select rung from supervision.warning w where w.clock = c.clock) as "fired!"
           from supervision.clock c join supervision.application a using (number)
           where c.next_on <= $1 and c.started_on is not null
           order by c.next_on limit $2
           for update of c skip locked"#,
        today,
        limit
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    complete(connection, rows).await
}

/// Takes open clocks that were computed by an edition, and which nobody else has.
pub async fn lease_of_edition(connection: &mut PgConnection, edition: i64, limit: i64) -> Result<Vec<Timer>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.clock, c.number, a.center, c.kind, c.department, c.run, c.started_on as "started_on!",
                  c.calendar_days, c.promised_days, c.statutory_days, c.ended_on, c.outcome,
                  a.extension_days, a.extension_authority,
                  array(select rung from supervision.warning w where w.clock = c.clock) as "fired!"
           from supervision.clock c join supervision.application a using (number)
           where c.edition = $1 and c.ended_on is null and c.started_on is not null
           limit $2
           for update of c skip locked"#,
        edition,
        limit
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    Ok(complete(connection, rows).await?.into_iter().map(|due| due.timer).collect())
}

/// The oldest edition before `latest` that an open clock was computed by.
pub async fn oldest_edition(connection: &mut PgConnection, latest: i64) -> Result<Option<i64>> {
    sqlx::query_scalar!(
        "select min(edition) from supervision.clock
         where edition < $1 and ended_on is null and started_on is not null",
        latest
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

/// Adds what stops them.
async fn complete(connection: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<Due>> {
    let mut numbers: Vec<String> = rows.iter().map(|row| row.number.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let stops = suspensions(connection, &numbers).await?;
    rows.into_iter().map(|row| due(row, &stops)).collect()
}

/// The suspensions of cases, with the departments that they belong to.
async fn suspensions(
    connection: &mut PgConnection,
    numbers: &[String],
) -> Result<HashMap<String, Vec<(String, Suspension)>>> {
    let rows = sqlx::query!(
        "select number, department, ground, document, from_on, ended_on
         from supervision.suspension join unnest($1::text[]) wanted(number) using (number)
         order by from_on, procedure",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, Vec<(String, Suspension)>> = HashMap::new();
    for row in rows {
        // One that ended before it began took no day.
        if row.ended_on.is_some_and(|ended_on| ended_on < row.from_on) {
            continue;
        }
        let suspension = Suspension {
            ground: stored("ground", Ground::parse(&row.ground))?,
            document: row.document,
            from: row.from_on,
            to: row.ended_on,
        };
        of_case.entry(row.number).or_default().push((row.department, suspension));
    }
    Ok(of_case)
}

fn due(row: Row, stops: &HashMap<String, Vec<(String, Suspension)>>) -> Result<Due> {
    let kind = Kind::parse(&row.kind).ok_or_else(|| odd("kind"))?;
    let of_case = stops.get(&row.number).map(Vec::as_slice).unwrap_or_default();
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
            .filter(|(department, _)| stops_it(department))
            .map(|(_, suspension)| suspension.clone())
            .collect(),
        extension,
        department: row.department,
    };
    Ok(Due { number: row.number, center: row.center, timer })
}

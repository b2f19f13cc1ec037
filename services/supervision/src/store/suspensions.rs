//! Special procedures.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::deadline::{Ground, Suspension};
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::db;

use super::{count, stored};
use crate::domain::fact::Procedure;

/// One that began.
pub struct Begun {
    pub procedure: Uuid,
    pub department: String,
    pub ground: Ground,
    pub from: NaiveDate,
}

/// Keeps one that began; the so-manieth of its department.
pub async fn begin(connection: &mut PgConnection, number: &str, begun: &Begun) -> Result<u32> {
    let run = sqlx::query_scalar!(
        "insert into supervision.suspension (procedure, number, department, run, ground, from_on)
         select $1, $2, $3, count(*)::int + 1, $4, $5 from supervision.suspension
         where number = $2 and department = $3
         returning run",
        begun.procedure,
        number,
        begun.department,
        begun.ground.as_str(),
        begun.from
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    count("run", run)
}

/// Notes its written notice. One that is not known yet will be: the event is put back till then.
pub async fn announce(connection: &mut PgConnection, procedure: Uuid, document: &str) -> Result<()> {
    let done = sqlx::query!(
        "update supervision.suspension set document = $2 where procedure = $1",
        procedure,
        document
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::not_found(Reason::ProcedureUnknown)) }
}

/// Notes its last day. Gives whose it was, the so-manieth.
pub async fn end(
    connection: &mut PgConnection,
    procedure: Uuid,
    ended_on: NaiveDate,
) -> Result<(String, u32)> {
    let row = sqlx::query!(
        "update supervision.suspension set ended_on = $2 where procedure = $1 returning department, run",
        procedure,
        ended_on
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    let row = row.ok_or_else(|| Error::not_found(Reason::ProcedureUnknown))?;
    Ok((row.department, count("run", row.run)?))
}

/// Those of cases that took time, in the order of their beginning.
pub async fn of_cases(
    connection: &mut PgConnection,
    numbers: &[String],
) -> Result<HashMap<String, Vec<Procedure>>> {
    let rows = sqlx::query!(
        "select number, department, ground, document, from_on, ended_on
         from supervision.suspension join unnest($1::text[]) wanted(number) using (number)
         order by from_on, procedure",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, Vec<Procedure>> = HashMap::new();
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
        of_case.entry(row.number).or_default().push(Procedure { department: row.department, suspension });
    }
    Ok(of_case)
}

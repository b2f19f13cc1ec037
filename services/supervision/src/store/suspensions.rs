//! Special procedures.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::deadline::Ground;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::store::db;

use super::count;

/// One that began.
pub struct Begun<'b> {
    pub procedure: Uuid,
    pub department: &'b str,
    pub ground: Ground,
    pub from: NaiveDate,
}

/// Keeps one that began; the so-manieth of its department.
pub async fn begin(connection: &mut PgConnection, number: &str, begun: &Begun<'_>) -> Result<u32> {
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

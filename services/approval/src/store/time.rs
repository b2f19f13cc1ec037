//! Special procedures and the extension.

use std::collections::HashMap;

use sqlx::PgConnection;
use yimen_kernel::deadline::Ground;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::store::db;

use super::stored;
use crate::domain::{Extension, JointApproval, Person, Procedure};

/// The special procedures of approvals, in the order of their beginning.
pub(super) async fn procedures(
    connection: &mut PgConnection,
    numbers: &[String],
) -> Result<HashMap<String, Vec<Procedure>>> {
    let rows = sqlx::query!(
        "select p.number, p.id, p.department, p.ground, p.reason, p.from_on, p.until_on, p.by_name, p.by_id, p.ended_on
         from unnest($1::text[]) given(number) join approval.procedure p using (number) order by p.position",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, Vec<Procedure>> = HashMap::new();
    for row in rows {
        of_case.entry(row.number).or_default().push(Procedure {
            id: row.id,
            department: stored("department", DepartmentId::parse(&row.department))?,
            ground: stored("ground", Ground::parse(&row.ground))?,
            reason: row.reason,
            from: row.from_on,
            until: row.until_on,
            by: Person { id: row.by_id, name: row.by_name },
            ended_on: row.ended_on,
        });
    }
    Ok(of_case)
}

/// Writes what is new about the time of an approval.
pub(super) async fn write(
    connection: &mut PgConnection,
    before: &JointApproval,
    after: &JointApproval,
) -> Result<()> {
    let number = &after.case.number;
    for (position, procedure) in (0..).zip(&after.procedures) {
        let known = before.procedures.iter().find(|known| known.id == procedure.id);
        match known {
            Some(known) if known == procedure => {}
            Some(_) => end(connection, procedure).await?,
            None => insert(connection, number, position, procedure).await?,
        }
    }
    match &after.extension {
        Some(extension) if before.extension.is_none() => extend(connection, number, extension).await,
        _ => Ok(()),
    }
}

async fn insert(
    connection: &mut PgConnection,
    number: &CaseNumber,
    position: i64,
    procedure: &Procedure,
) -> Result<()> {
    sqlx::query!(
        "insert into approval.procedure
           (id, number, position, department, ground, reason, from_on, until_on, by_name, by_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        procedure.id,
        number.as_str(),
        position,
        procedure.department.as_str(),
        procedure.ground.as_str(),
        procedure.reason,
        procedure.from,
        procedure.until,
        procedure.by.name,
        procedure.by.id
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

async fn end(connection: &mut PgConnection, procedure: &Procedure) -> Result<()> {
    sqlx::query!(
        "update approval.procedure set ended_on = $2 where id = $1",
        procedure.id,
        procedure.ended_on
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

async fn extend(connection: &mut PgConnection, number: &CaseNumber, extension: &Extension) -> Result<()> {
    sqlx::query!(
        "update approval.joint_approval
         set extension_days = $2, extension_authority = $3, extension_approver = $4, extension_reason = $5,
             extended_at = $6
         where number = $1",
        number.as_str(),
        i64::from(extension.granted.days),
        extension.granted.authority.as_str(),
        extension.approver,
        extension.reason,
        extension.time
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

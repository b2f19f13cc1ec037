//! The order of changes that watchers follow.
//!
//! Writers add rows without a number. Whoever reads gives numbers first, in a short transaction
//! under the lock of the one row of `task_feed`: a row that commits later gets a later number, so
//! no change ever turns up behind a cursor.

use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::store::db;

use super::stored;

/// Changes that are read at once.
const BATCH: i64 = 200;

/// Whether there are committed changes without a number.
///
/// # Errors
/// When the database fails.
pub async fn has_unnumbered(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from approval.task_change where seq is null) as "some!""#)
        .fetch_one(connection)
        .await
        .map_err(db)
}

/// Gives every committed change a number. Needs a transaction of its own.
///
/// # Errors
/// When the database fails.
pub async fn number(connection: &mut PgConnection) -> Result<()> {
    let last = sqlx::query_scalar!("select last from approval.task_feed for update")
        .fetch_one(&mut *connection)
        .await
        .map_err(db)?;
    let numbered = sqlx::query!(
        "update approval.task_change c set seq = $1 + fresh.place
         from (select id, row_number() over (order by id) as place from approval.task_change where seq is null) fresh
         where c.id = fresh.id",
        last
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    let given = i64::try_from(numbered.rows_affected()).unwrap_or_default();
    sqlx::query!("update approval.task_feed set last = last + $1", given)
        .execute(connection)
        .await
        .map_err(db)?;
    Ok(())
}

/// The departments for which something changed after `since`, each with the number of its last change.
///
/// # Errors
/// When the database fails.
pub async fn changed(connection: &mut PgConnection, since: i64) -> Result<Vec<(DepartmentId, i64)>> {
    let rows = sqlx::query!(
        r#"select department, max(seq) as "seq!" from approval.task_change where seq > $1 group by department"#,
        since
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| Ok((stored("department", DepartmentId::parse(&row.department))?, row.seq)))
        .collect()
}

/// The last number given.
///
/// # Errors
/// When the database fails.
pub async fn last(connection: &mut PgConnection) -> Result<i64> {
    sqlx::query_scalar!("select last from approval.task_feed").fetch_one(connection).await.map_err(db)
}

/// The cases in which something changed for `department` after `cursor`, each with the number of
/// its last change in this batch.
///
/// # Errors
/// When the database fails.
pub async fn after(
    connection: &mut PgConnection,
    department: &DepartmentId,
    cursor: i64,
) -> Result<Vec<(i64, CaseNumber)>> {
    let rows = sqlx::query!(
        r#"select number, max(seq) as "seq!"
           from (select number, seq from approval.task_change
                 where department = $1 and seq > $2 order by seq limit $3) batch
           group by number order by 2"#,
        department.as_str(),
        cursor,
        BATCH
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| Ok((row.seq, stored("case number", CaseNumber::parse(&row.number))?)))
        .collect()
}

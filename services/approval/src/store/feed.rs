//! The order of changes that watchers follow.
//!
//! Writers add rows without a number. Whoever reads gives numbers first, in one statement under the lock of
//! the one row of `task_feed`: a row that commits later gets a later number, so no change ever turns up
//! behind a cursor.

use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::store::db;

use super::stored;

/// Changes that are read at once.
const BATCH: i64 = 500;

/// Gives every committed change a number. Whoever does so at the same moment waits for the lock of `task_feed`,
/// and passes over what has a number by then.
///
/// # Errors
/// When the database fails.
pub async fn number(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "with fresh as (
             select id, row_number() over (order by id) as place, count(*) over () as count
             from approval.task_change where seq is null),
           feed as (
             update approval.task_feed set last = last + (select count(*) from fresh)
             where exists (select from fresh) returning last)
         update approval.task_change c set seq = feed.last - fresh.count + fresh.place
         from fresh, feed where c.id = fresh.id and c.seq is null"
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// That something changed for a department in a case, and the number of the last such change.
pub struct Changed {
    pub department: DepartmentId,
    pub number: CaseNumber,
    pub place: i64,
}

/// What changed after `since`, for whomever: as much as is read at once, in the order of the changes, and whether
/// there may be more.
///
/// # Errors
/// When the database fails.
pub async fn changed(connection: &mut PgConnection, since: i64) -> Result<(Vec<Changed>, bool)> {
    let rows = sqlx::query!(
        r#"select department, number, max(seq) as "seq!", count(*) as "count!"
           from (select department, number, seq from approval.task_change
                 where seq > $1 order by seq limit $2) batch
           group by department, number order by 3"#,
        since,
        BATCH
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let is_full = rows.iter().map(|row| row.count).sum::<i64>() >= BATCH;
    let changed = rows
        .into_iter()
        .map(|row| {
            Ok(Changed {
                department: stored("department", DepartmentId::parse(&row.department))?,
                number: stored("case number", CaseNumber::parse(&row.number))?,
                place: row.seq,
            })
        })
        .collect::<Result<_>>()?;
    Ok((changed, is_full))
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

//! The order of changes that watchers follow.
//!
//! A transaction adds its changes behind everything else that it writes, under the lock of the one row of `task_feed`,
//! which it holds until it is committed. So the numbers are those of the commits' order, and no change ever turns up
//! behind a cursor.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::store::{Afterwards, Tx, column, db};

use super::handed::{Change, Handed};
use super::save::Saved;
use super::stored;
use super::views::TaskView;
use crate::domain::JointApproval;

/// Changes that are read at once.
const BATCH: i64 = 500;

/// Has the transaction tell the watchers of everyone concerned, at its end.
pub(super) fn note(tx: &mut Tx, changes: &[Saved<'_>]) {
    let mut views: Vec<TaskView> = Vec::new();
    for (before, after) in changes {
        let concerned = JointApproval::concerned(*before, after);
        views.extend(concerned.iter().map(|department| TaskView::of(after, department)));
    }
    if views.is_empty() {
        return;
    }
    let (now, handed) = (tx.now(), tx.memory().of::<Handed>());
    tx.at_end(move |connection| {
        Box::pin(async move {
            let before = append(connection, &views, now).await?;
            let changes: Vec<Change> = (before + 1..).zip(views).collect();
            Ok(Box::new(move || handed.over(before, changes)) as Afterwards)
        })
    });
}

/// Adds changes in their order, and gives the number of the last one before them.
async fn append(connection: &mut PgConnection, views: &[TaskView], at: DateTime<Utc>) -> Result<i64> {
    sqlx::query_scalar!(
        r#"with feed as (
             update approval.task_feed set last = last + cardinality($1::text[])
             returning last - cardinality($1::text[]) as before),
           added as (
             insert into approval.task_change (seq, department, number, at)
             select feed.before + given.place, given.department, given.number, $3
             from feed, unnest($1::text[], $2::text[]) with ordinality given(department, number, place))
           select before as "before!" from feed"#,
        &column(views, |view| view.department.to_string()),
        &column(views, |view| view.case.number.to_string()),
        at
    )
    .fetch_one(connection)
    .await
    .map_err(db)
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

/// The number of the last change.
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

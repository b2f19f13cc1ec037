//! What lists and watchers read: a department's task with the head of its case, without the rest.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, DepartmentId, Result};
use yimen_platform::store::db;

use super::{OpinionRow, TaskRow, count, stored};
use crate::domain::{Case, JointApproval, Task};

/// A department's part of a case.
#[derive(Clone, Debug)]
pub struct TaskView {
    /// The case.
    pub case: Case,
    /// The approval's state, by its code.
    pub approval_state: String,
    /// The present revision of the materials.
    pub materials_revision: u32,
    /// Whose view it is.
    pub department: DepartmentId,
    /// Its task; a lead may have none.
    pub task: Option<Task>,
}

impl TaskView {
    /// The part of `approval` that `department` has.
    pub fn of(approval: &JointApproval, department: &DepartmentId) -> Self {
        Self {
            case: approval.case.clone(),
            approval_state: approval.state.code().to_owned(),
            materials_revision: approval.materials.revision,
            department: department.clone(),
            task: approval.task(department).cloned(),
        }
    }
}

/// A place in a list: when it became someone's turn, and the case.
pub type Place = (DateTime<Utc>, String);

/// Before every other place.
const BEGIN: Place = (DateTime::UNIX_EPOCH, String::new());

/// The cases in which `department` has a task, in `state` or in any, oldest turn first.
///
/// # Errors
/// When the database fails.
pub async fn tasks(
    connection: &mut PgConnection,
    department: &DepartmentId,
    state: Option<&str>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Place>> {
    let (time, number) = after.unwrap_or(BEGIN);
    // Two statements, so that each has its index.
    match state {
        Some(state) => {
            let rows = sqlx::query!(
                r#"select coalesce(open_time, added_at) as "time!", number from approval.task
                   where department = $1 and state = $2 and (coalesce(open_time, added_at), number) > ($3, $4)
                   order by coalesce(open_time, added_at), number limit $5"#,
                department.as_str(),
                state,
                time,
                number,
                limit
            );
            let rows = rows.fetch_all(connection).await.map_err(db)?;
            Ok(rows.into_iter().map(|row| (row.time, row.number)).collect())
        }
        None => {
            let rows = sqlx::query!(
                r#"select coalesce(open_time, added_at) as "time!", number from approval.task
                   where department = $1 and (coalesce(open_time, added_at), number) > ($2, $3)
                   order by coalesce(open_time, added_at), number limit $4"#,
                department.as_str(),
                time,
                number,
                limit
            );
            let rows = rows.fetch_all(connection).await.map_err(db)?;
            Ok(rows.into_iter().map(|row| (row.time, row.number)).collect())
        }
    }
}

/// The cases that await the decision of `lead`, oldest acceptance first.
///
/// # Errors
/// When the database fails.
pub async fn to_decide(
    connection: &mut PgConnection,
    lead: &DepartmentId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Place>> {
    let (time, number) = after.unwrap_or(BEGIN);
    let rows = sqlx::query!(
        "select open_time, number from approval.joint_approval
         where lead = $1 and awaits_decision and (open_time, number) > ($2, $3)
         order by open_time, number limit $4",
        lead.as_str(),
        time,
        number,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.open_time, row.number)).collect())
}

/// Whose view of which case.
pub type Wanted<'w> = (&'w DepartmentId, &'w str);

/// Departments' views of cases, in their order.
///
/// # Errors
/// When the database fails.
pub async fn views(connection: &mut PgConnection, wanted: &[Wanted<'_>]) -> Result<Vec<TaskView>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let departments: Vec<&str> = wanted.iter().map(|(department, _)| department.as_str()).collect();
    let numbers: Vec<&str> = wanted.iter().map(|(_, number)| *number).collect();
    let rows = sqlx::query!(
        r#"select wanted.department as "department!", a.number, a.item, a.item_version, a.item_name_zh,
                  a.item_name_en, a.subject, a.lead, a.state as approval_state, a.materials_revision as present_revision,
                  a.open_time as begin_time,
                  t.limit_days as "limit_days?", t.after as "after?", t.relies_on as "relies_on?",
                  t.site_visit as "site_visit?", t.added_reason as "added_reason?", t.added_at as "added_at?",
                  t.state as "state?", t.open_time as "open_time?", t.reopened as "reopened?",
                  t.spoken as "spoken?",
                  o.sequence as "sequence?", o.kind as "kind?", o.conditions as "conditions?",
                  o.reason as "reason?", o.materials as "materials?",
                  o.materials_revision as "materials_revision?", o.given_by as "given_by?",
                  o.given_by_id as "given_by_id?", o.given_at as "given_at?"
           from unnest($1::text[], $2::text[]) with ordinality wanted(department, number, place)
           join approval.joint_approval a on a.number = wanted.number
           left join approval.task t on t.number = a.number and t.department = wanted.department
           left join approval.opinion o
             on o.number = a.number and o.department = wanted.department and o.superseded_at is null
           order by wanted.place"#,
        &departments as &[&str],
        &numbers as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let standing = match (row.sequence, row.kind, row.materials_revision, row.given_at) {
                (Some(sequence), Some(kind), Some(materials_revision), Some(given_at)) => Some(OpinionRow {
                    sequence,
                    kind,
                    conditions: row.conditions.unwrap_or_default(),
                    reason: row.reason.unwrap_or_default(),
                    materials: row.materials.unwrap_or_default(),
                    materials_revision,
                    given_by: row.given_by.unwrap_or_default(),
                    given_by_id: row.given_by_id.unwrap_or_default(),
                    given_at,
                }),
                _ => None,
            };
            let task = match (row.state, row.added_at) {
                (Some(state), Some(added_at)) => {
                    let task = TaskRow {
                        department: row.department.clone(),
                        limit_days: row.limit_days.unwrap_or_default(),
                        after: row.after.unwrap_or_default(),
                        relies_on: row.relies_on.unwrap_or_default(),
                        site_visit: row.site_visit.unwrap_or_default(),
                        added_reason: row.added_reason.unwrap_or_default(),
                        added_at,
                        state,
                        open_time: row.open_time,
                        reopened: row.reopened.unwrap_or_default(),
                        spoken: row.spoken.unwrap_or_default(),
                    };
                    Some(task.into_task(standing)?)
                }
                _ => None,
            };
            Ok(TaskView {
                case: Case {
                    number: stored("case number", CaseNumber::parse(&row.number))?,
                    item: row.item,
                    item_version: count("item version", row.item_version)?,
                    item_name_zh: row.item_name_zh,
                    item_name_en: row.item_name_en,
                    subject: row.subject,
                    lead: stored("department", DepartmentId::parse(&row.lead))?,
                    open_time: row.begin_time,
                },
                approval_state: row.approval_state,
                materials_revision: count("revision", row.present_revision)?,
                department: stored("department", DepartmentId::parse(&row.department))?,
                task,
            })
        })
        .collect()
}

//! Reading a joint approval as a whole.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use yimen_kernel::deadline::{self, Authority, Limit};
use yimen_kernel::{CaseNumber, Clock, DepartmentId, MaterialCode, Result};
use yimen_platform::store::db;

use super::{OpinionRow, TaskRow, count, inspection, odd, stored, time};
use crate::domain::{
    Case, Decision, Extension, JointApproval, Material, Materials, Person, Ruling, State, Task,
};

/// Reads it for change: whoever else wants to change it waits until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock(connection: &mut PgConnection, number: &CaseNumber) -> Result<Option<JointApproval>> {
    let locked = sqlx::query_scalar!(
        "select number from approval.joint_approval where number = $1 for update",
        number.as_str()
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    match locked {
        // What follows is read after the lock was had, so it is what its last holder left.
        Some(_) => load(connection, number).await,
        None => Ok(None),
    }
}

/// Reads it in a transaction of which this is the first statement: all parts as of one moment.
///
/// # Errors
/// When the database fails.
pub async fn snapshot(connection: &mut PgConnection, number: &CaseNumber) -> Result<Option<JointApproval>> {
    sqlx::query!("set transaction isolation level repeatable read")
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    load(connection, number).await
}

async fn load(connection: &mut PgConnection, number: &CaseNumber) -> Result<Option<JointApproval>> {
    let row = sqlx::query!(
        r#"select a.item, a.item_version, a.item_name_zh, a.item_name_en, a.subject, a.lead, a.state,
                  a.materials_revision, a.open_time, a.version, a.accepted_on, a.statutory_days,
                  a.extension_days, a.extension_authority, a.extension_approver, a.extension_reason, a.extended_at,
                  d.outcome as "outcome?", d.conditions as "conditions?", d.reasons as "reasons?",
                  d.materials_revision as "decided_revision?", d.decided_by as "decided_by?",
                  d.decided_by_id as "decided_by_id?", d.decided_at as "decided_at?"
           from approval.joint_approval a left join approval.decision d using (number)
           where a.number = $1"#,
        number.as_str()
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let case = Case {
        number: number.clone(),
        item: row.item,
        item_version: count("item version", row.item_version)?,
        item_name_zh: row.item_name_zh,
        item_name_en: row.item_name_en,
        subject: row.subject,
        lead: stored("department", DepartmentId::parse(&row.lead))?,
        open_time: row.open_time,
    };
    let decision = match (row.outcome, row.decided_revision, row.decided_at) {
        (Some(outcome), Some(revision), Some(time)) => {
            let reasons = row.reasons.unwrap_or_default();
            Some(Decision {
                ruling: ruling(&outcome, row.conditions.unwrap_or_default(), reasons)?,
                materials_revision: count("revision", revision)?,
                by: Person {
                    id: row.decided_by_id.unwrap_or_default(),
                    name: row.decided_by.unwrap_or_default(),
                },
                time,
            })
        }
        _ => None,
    };
    let state = match (row.state.as_str(), decision) {
        ("RUNNING", None) => State::Running,
        ("DECIDED", Some(decision)) => State::Decided(decision),
        ("WITHDRAWN", None) => State::Withdrawn,
        _ => return Err(odd("approval state")),
    };
    let revision = count("revision", row.materials_revision)?;
    let extension = match (row.extension_days, row.extension_authority, row.extended_at) {
        (Some(days), Some(authority), Some(time)) => Some(Extension {
            granted: deadline::Extension {
                days: count("extension", days)?,
                authority: Authority::parse(&authority).ok_or_else(|| odd("authority"))?,
            },
            approver: row.extension_approver.unwrap_or_default(),
            reason: row.extension_reason.unwrap_or_default(),
            time,
        }),
        _ => None,
    };
    let statutory = Limit::working(count("statutory limit", row.statutory_days)?);
    Ok(Some(JointApproval {
        case,
        state,
        materials: Materials { revision, each: materials(connection, number).await? },
        tasks: tasks(connection, number).await?,
        inspection: inspection::read(connection, number).await?,
        limit: Clock::new(row.accepted_on, statutory),
        procedures: time::procedures(connection, number).await?,
        extension,
        version: row.version,
    }))
}

fn ruling(outcome: &str, conditions: String, reasons: String) -> Result<Ruling> {
    Ok(match outcome {
        "GRANTED" => Ruling::Granted { reasons },
        "GRANTED_WITH_CONDITIONS" => Ruling::GrantedWithConditions { conditions, reasons },
        "REFUSED" => Ruling::Refused { reasons },
        _ => return Err(odd("outcome")),
    })
}

async fn materials(
    connection: &mut PgConnection,
    number: &CaseNumber,
) -> Result<BTreeMap<MaterialCode, Material>> {
    let rows = sqlx::query!(
        "select code, revision, promised from approval.material where number = $1",
        number.as_str()
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let material = Material { revision: count("revision", row.revision)?, promised: row.promised };
            Ok((stored("material", MaterialCode::parse(&row.code))?, material))
        })
        .collect()
}

async fn tasks(connection: &mut PgConnection, number: &CaseNumber) -> Result<Vec<Task>> {
    let rows = sqlx::query!(
        r#"select t.department, t.limit_days, t.after, t.relies_on, t.site_visit, t.added_reason, t.added_at,
                  t.state, t.open_time, t.reopened, t.spoken,
                  o.sequence as "sequence?", o.kind as "kind?", o.conditions as "conditions?",
                  o.reason as "reason?", o.materials as "materials?",
                  o.materials_revision as "materials_revision?", o.given_by as "given_by?",
                  o.given_by_id as "given_by_id?", o.given_at as "given_at?"
           from approval.task t
           left join approval.opinion o
             on o.number = t.number and o.department = t.department and o.superseded_at is null
           where t.number = $1
           order by t.position"#,
        number.as_str()
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
            let task = TaskRow {
                department: row.department,
                limit_days: row.limit_days,
                after: row.after,
                relies_on: row.relies_on,
                site_visit: row.site_visit,
                added_reason: row.added_reason,
                added_at: row.added_at,
                state: row.state,
                open_time: row.open_time,
                reopened: row.reopened,
                spoken: row.spoken,
            };
            task.into_task(standing)
        })
        .collect()
}

//! Reading joint approvals as wholes.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::deadline::{self, Authority, Limit};
use yimen_kernel::{CaseNumber, Clock, DepartmentId, MaterialCode, Result};
use yimen_platform::store::{column, db};

use super::{OpinionRow, TaskRow, count, inspection, odd, stored, texts, time};
use crate::domain::{
    Case, Decision, Extension, Inspection, JointApproval, Material, Materials, Person, Procedure, Ruling,
    State, Task,
};

/// Reads approvals for change: whoever else wants to change one of them waits until the transaction ends.
/// Those that do not exist are left out.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    connection: &mut PgConnection,
    numbers: &[CaseNumber],
) -> Result<BTreeMap<CaseNumber, JointApproval>> {
    let locked = sqlx::query_as!(
        Row,
        "select a.number, a.item, a.item_version, a.item_name_zh, a.item_name_en, a.subject, a.lead, a.state,
                a.materials_revision, a.open_time, a.version, a.accepted_on, a.statutory_days,
                a.extension_days, a.extension_authority, a.extension_approver, a.extension_reason, a.extended_at
         from unnest($1::text[]) given(number) join approval.joint_approval a using (number)
         order by a.number for update of a",
        &texts(numbers)
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    // What follows is read after the locks were had, so it is what their last holders left.
    load(connection, locked).await
}

/// Reads one in a transaction of which this is the first statement: all parts as of one moment.
///
/// # Errors
/// When the database fails.
pub async fn snapshot(connection: &mut PgConnection, number: &CaseNumber) -> Result<Option<JointApproval>> {
    sqlx::query!("set transaction isolation level repeatable read")
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    let found = sqlx::query_as!(
        Row,
        "select number, item, item_version, item_name_zh, item_name_en, subject, lead, state, materials_revision,
                open_time, version, accepted_on, statutory_days, extension_days, extension_authority,
                extension_approver, extension_reason, extended_at
         from approval.joint_approval where number = $1",
        number.as_str()
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    Ok(load(connection, found).await?.remove(number))
}

/// Reads what other rows have of the approvals.
async fn load(connection: &mut PgConnection, rows: Vec<Row>) -> Result<BTreeMap<CaseNumber, JointApproval>> {
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let numbers = &column(&rows, |row| row.number.clone());
    let mut materials = materials(connection, numbers).await?;
    let Tasks { mut of_case, any_inspection, any_procedure } = tasks(connection, numbers).await?;
    let mut inspections = match any_inspection {
        true => inspection::read(connection, numbers).await?,
        false => HashMap::new(),
    };
    let mut procedures = match any_procedure {
        true => time::procedures(connection, numbers).await?,
        false => HashMap::new(),
    };
    let mut decisions = match rows.iter().any(|row| row.state == "DECIDED") {
        true => decisions(connection, numbers).await?,
        false => HashMap::new(),
    };
    rows.into_iter()
        .map(|row| {
            let key = row.number.clone();
            let approval = approval(row, |revision| Parts {
                decision: decisions.remove(&key),
                materials: Materials { revision, each: materials.remove(&key).unwrap_or_default() },
                tasks: of_case.remove(&key).unwrap_or_default(),
                inspection: inspections.remove(&key),
                procedures: procedures.remove(&key).unwrap_or_default(),
            })?;
            Ok((approval.case.number.clone(), approval))
        })
        .collect()
}

/// An approval's own row.
struct Row {
    number: String,
    item: String,
    item_version: i64,
    item_name_zh: String,
    item_name_en: String,
    subject: String,
    lead: String,
    state: String,
    materials_revision: i64,
    open_time: DateTime<Utc>,
    version: i64,
    accepted_on: NaiveDate,
    statutory_days: i64,
    extension_days: Option<i64>,
    extension_authority: Option<String>,
    extension_approver: Option<String>,
    extension_reason: Option<String>,
    extended_at: Option<DateTime<Utc>>,
}

/// What other rows have of an approval.
struct Parts {
    decision: Option<Decision>,
    materials: Materials,
    tasks: Vec<Task>,
    inspection: Option<Inspection>,
    procedures: Vec<Procedure>,
}

fn approval(row: Row, parts: impl FnOnce(u32) -> Parts) -> Result<JointApproval> {
    let case = Case {
        number: stored("case number", CaseNumber::parse(&row.number))?,
        item: row.item,
        item_version: count("item version", row.item_version)?,
        item_name_zh: row.item_name_zh,
        item_name_en: row.item_name_en,
        subject: row.subject,
        lead: stored("department", DepartmentId::parse(&row.lead))?,
        open_time: row.open_time,
    };
    let revision = count("revision", row.materials_revision)?;
    let Parts { decision, materials, tasks, inspection, procedures } = parts(revision);
    let state = match (row.state.as_str(), decision) {
        ("RUNNING", None) => State::Running,
        ("DECIDED", Some(decision)) => State::Decided(decision),
        ("WITHDRAWN", None) => State::Withdrawn,
        _ => return Err(odd("approval state")),
    };
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
    Ok(JointApproval {
        case,
        state,
        materials,
        tasks,
        inspection,
        limit: Clock::new(row.accepted_on, statutory),
        procedures,
        extension,
        version: row.version,
    })
}

async fn decisions(connection: &mut PgConnection, numbers: &[String]) -> Result<HashMap<String, Decision>> {
    let rows = sqlx::query!(
        "select d.number, d.outcome, d.conditions, d.reasons, d.materials_revision, d.decided_by, d.decided_by_id,
                d.decided_at
         from unnest($1::text[]) given(number) join approval.decision d using (number)",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            let decision = Decision {
                ruling: ruling(&row.outcome, row.conditions, row.reasons)?,
                materials_revision: count("revision", row.materials_revision)?,
                by: Person { id: row.decided_by_id, name: row.decided_by },
                time: row.decided_at,
            };
            Ok((row.number, decision))
        })
        .collect()
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
    numbers: &[String],
) -> Result<HashMap<String, BTreeMap<MaterialCode, Material>>> {
    let rows = sqlx::query!(
        "select m.number, m.code, m.revision, m.promised
         from unnest($1::text[]) given(number) join approval.material m using (number)",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: HashMap<String, BTreeMap<MaterialCode, Material>> = HashMap::new();
    for row in rows {
        let material = Material { revision: count("revision", row.revision)?, promised: row.promised };
        let code = stored("material", MaterialCode::parse(&row.code))?;
        of_case.entry(row.number).or_default().insert(code, material);
    }
    Ok(of_case)
}

/// The tasks of approvals, and what else most approvals do not have.
struct Tasks {
    of_case: HashMap<String, Vec<Task>>,
    any_inspection: bool,
    any_procedure: bool,
}

async fn tasks(connection: &mut PgConnection, numbers: &[String]) -> Result<Tasks> {
    let rows = sqlx::query!(
        r#"select t.number, t.department, t.limit_days, t.after, t.relies_on, t.site_visit, t.added_reason, t.added_at,
                  t.state, t.open_time, t.reopened, t.spoken,
                  o.sequence as "sequence?", o.kind as "kind?", o.conditions as "conditions?",
                  o.reason as "reason?", o.materials as "materials?",
                  o.materials_revision as "materials_revision?", o.given_by as "given_by?",
                  o.given_by_id as "given_by_id?", o.given_at as "given_at?",
                  exists (select from approval.inspection i where i.number = t.number) as "any_inspection!",
                  exists (select from approval.procedure p where p.number = t.number) as "any_procedure!"
           from unnest($1::text[]) given(number)
           join approval.task t using (number)
           left join approval.opinion o
             on o.number = t.number and o.department = t.department and o.superseded_at is null
           order by t.position"#,
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let any_inspection = rows.iter().any(|row| row.any_inspection);
    let any_procedure = rows.iter().any(|row| row.any_procedure);
    let mut of_case: HashMap<String, Vec<Task>> = HashMap::new();
    for row in rows {
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
        of_case.entry(row.number).or_default().push(task.into_task(standing)?);
    }
    Ok(Tasks { of_case, any_inspection, any_procedure })
}

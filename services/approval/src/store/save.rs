//! Writing a joint approval: what is new, and what differs from what was read.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::{CaseNumber, Error, MaterialCode, Reason, Result};
use yimen_platform::store::db;

use super::{inspection, texts, time};
use crate::domain::{Acting, Decision, JointApproval, Materials, Resolution, ResolveReturn, State, Task};

/// Writes a new approval. Says whether it was new: the case number is its key.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    connection: &mut PgConnection,
    approval: &JointApproval,
    at: DateTime<Utc>,
) -> Result<bool> {
    let case = &approval.case;
    let center = case.center();
    let inserted = sqlx::query!(
        "insert into approval.joint_approval
           (number, center, item, item_version, item_name_zh, item_name_en, subject, lead, state,
            materials_revision, open_time, awaits_decision, version, accepted_on, statutory_days)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (number) do nothing",
        case.number.as_str(),
        center.as_str(),
        case.item,
        i64::from(case.item_version),
        case.item_name_zh,
        case.item_name_en,
        case.subject,
        case.lead.as_str(),
        approval.state.code(),
        i64::from(approval.materials.revision),
        case.open_time,
        approval.awaits_decision(),
        approval.version,
        approval.limit.start,
        i64::from(approval.limit.limit.days)
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    write_materials(connection, &case.number, None, &approval.materials).await?;
    insert_tasks(connection, &case.number, 0, &approval.tasks).await?;
    note_changes(connection, None, approval, at).await?;
    Ok(true)
}

/// Writes the difference between what [`super::lock`] gave and what became of it.
///
/// # Errors
/// `STALE_VERSION` if someone wrote it meanwhile, which the lock excludes.
pub async fn save(
    connection: &mut PgConnection,
    before: &JointApproval,
    after: &JointApproval,
    at: DateTime<Utc>,
) -> Result<()> {
    let number = &after.case.number;
    let updated = sqlx::query!(
        "update approval.joint_approval
         set state = $3, materials_revision = $4, awaits_decision = $5, version = $6
         where number = $1 and version = $2",
        number.as_str(),
        before.version,
        after.state.code(),
        i64::from(after.materials.revision),
        after.awaits_decision(),
        after.version
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    if updated.rows_affected() != 1 {
        return Err(Error::aborted(Reason::StaleVersion));
    }
    write_materials(connection, number, Some(&before.materials), &after.materials).await?;
    insert_tasks(connection, number, before.tasks.len(), &after.tasks).await?;
    update_tasks(connection, number, before, after, at).await?;
    if before.inspection != after.inspection
        && let Some(inspection) = &after.inspection
    {
        inspection::write(connection, number, inspection).await?;
    }
    time::write(connection, before, after).await?;
    if before.state != after.state
        && let State::Decided(decision) = &after.state
    {
        insert_decision(connection, number, decision).await?;
    }
    note_changes(connection, Some(before), after, at).await
}

async fn write_materials(
    connection: &mut PgConnection,
    number: &CaseNumber,
    before: Option<&Materials>,
    after: &Materials,
) -> Result<()> {
    let is_new =
        |code: &MaterialCode| before.and_then(|before| before.each.get(code)) != after.each.get(code);
    let (mut codes, mut revisions, mut promised) = (Vec::new(), Vec::new(), Vec::new());
    for (code, material) in after.each.iter().filter(|(code, _)| is_new(code)) {
        codes.push(code.to_string());
        revisions.push(i64::from(material.revision));
        promised.push(material.promised);
    }
    if codes.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into approval.material (number, code, revision, promised)
         select $1, code, revision, promised
         from unnest($2::text[], $3::bigint[], $4::boolean[]) given(code, revision, promised)
         on conflict (number, code) do update set revision = excluded.revision, promised = excluded.promised",
        number.as_str(),
        &codes,
        &revisions,
        &promised
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Writes the tasks from `known` on, which are new. Lists travel joined by spaces, since arrays of
/// arrays cannot be unnested one by one; ids contain none.
async fn insert_tasks(
    connection: &mut PgConnection,
    number: &CaseNumber,
    known: usize,
    tasks: &[Task],
) -> Result<()> {
    let new: Vec<(i64, &Task)> = (0..).zip(tasks).skip(known).collect();
    if new.is_empty() {
        return Ok(());
    }
    fn column<T>(tasks: &[(i64, &Task)], get: impl Fn(&Task) -> T) -> Vec<T> {
        tasks.iter().map(|(_, task)| get(task)).collect()
    }
    let positions: Vec<i64> = new.iter().map(|(position, _)| *position).collect();
    sqlx::query!(
        "insert into approval.task
           (number, department, position, limit_days, after, relies_on, site_visit, added_reason, added_at,
            state, open_time, reopened, spoken)
         select $1, department, position, limit_days, string_to_array(after, ' '),
                string_to_array(relies_on, ' '), site_visit, added_reason, added_at, state, open_time, 0, 0
         from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::boolean[],
                     $8::text[], $9::timestamptz[], $10::text[], $11::timestamptz[])
              given(department, position, limit_days, after, relies_on, site_visit, added_reason, added_at,
                    state, open_time)",
        number.as_str(),
        &column(&new, |task| task.department.to_string()),
        &positions,
        &column(&new, |task| i64::from(task.limit_days)),
        &column(&new, |task| texts(&task.after).join(" ")),
        &column(&new, |task| texts(&task.relies_on).join(" ")),
        &column(&new, |task| task.site_visit),
        &column(&new, |task| task.added_reason.clone()),
        &column(&new, |task| task.added_at),
        &column(&new, |task| task.state.code().to_owned()),
        &column(&new, |task| task.open_time) as &[Option<DateTime<Utc>>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

async fn update_tasks(
    connection: &mut PgConnection,
    number: &CaseNumber,
    before: &JointApproval,
    after: &JointApproval,
    at: DateTime<Utc>,
) -> Result<()> {
    let changed: Vec<(&Task, &Task)> =
        before.tasks.iter().zip(&after.tasks).filter(|(earlier, task)| earlier != task).collect();
    if changed.is_empty() {
        return Ok(());
    }
    fn column<T>(tasks: &[(&Task, &Task)], get: impl Fn(&Task) -> T) -> Vec<T> {
        tasks.iter().map(|(_, task)| get(task)).collect()
    }
    sqlx::query!(
        "update approval.task t
         set state = given.state, open_time = given.open_time, reopened = given.reopened, spoken = given.spoken
         from unnest($2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[])
              given(department, state, open_time, reopened, spoken)
         where t.number = $1 and t.department = given.department",
        number.as_str(),
        &column(&changed, |task| task.department.to_string()),
        &column(&changed, |task| task.state.code().to_owned()),
        &column(&changed, |task| task.open_time) as &[Option<DateTime<Utc>>],
        &column(&changed, |task| i64::from(task.reopened)),
        &column(&changed, |task| i64::from(task.spoken))
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;

    let sequence = |task: &Task| task.standing().map(|standing| standing.given.sequence);
    let spoken: Vec<(&Task, &Task)> =
        changed.into_iter().filter(|(earlier, task)| sequence(earlier) != sequence(task)).collect();
    let superseded: Vec<String> = spoken
        .iter()
        .filter(|(earlier, _)| earlier.standing().is_some())
        .map(|(earlier, _)| earlier.department.to_string())
        .collect();
    if !superseded.is_empty() {
        sqlx::query!(
            "update approval.opinion set superseded_at = $3
             where number = $1 and department = any($2) and superseded_at is null",
            number.as_str(),
            &superseded,
            at
        )
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    }
    for (_, task) in spoken {
        insert_opinion(connection, number, task).await?;
    }
    Ok(())
}

/// Writes what the department said last, if it stands.
async fn insert_opinion(connection: &mut PgConnection, number: &CaseNumber, task: &Task) -> Result<()> {
    let Some(standing) = task.standing() else { return Ok(()) };
    sqlx::query!(
        "insert into approval.opinion
           (number, department, sequence, kind, conditions, reason, materials, materials_revision, given_by,
            given_by_id, given_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        number.as_str(),
        task.department.as_str(),
        i64::from(standing.given.sequence),
        standing.kind.code(),
        standing.conditions,
        standing.reason,
        &texts(standing.materials),
        i64::from(standing.given.materials_revision),
        standing.given.by.name,
        standing.given.by.id,
        standing.given.time
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

async fn insert_decision(
    connection: &mut PgConnection,
    number: &CaseNumber,
    decision: &Decision,
) -> Result<()> {
    sqlx::query!(
        "insert into approval.decision
           (number, outcome, conditions, reasons, materials_revision, decided_by, decided_by_id, decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        number.as_str(),
        decision.ruling.code(),
        decision.ruling.conditions(),
        decision.ruling.reasons(),
        i64::from(decision.materials_revision),
        decision.by.name,
        decision.by.id,
        decision.time
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps what the lead did with the return that stood in `before`.
///
/// # Errors
/// When the database fails.
pub async fn resolution(
    connection: &mut PgConnection,
    before: &JointApproval,
    acting: &Acting,
    resolve: &ResolveReturn,
    at: DateTime<Utc>,
) -> Result<()> {
    let request = before.task(&resolve.department).and_then(Task::unsettled_return);
    let Some(request) = request else { return Ok(()) };
    let (due_on, note): (Option<NaiveDate>, &str) = match &resolve.resolution {
        Resolution::Forward { due_on, note } => (Some(*due_on), note),
        Resolution::PutBack { note } => (None, note),
    };
    sqlx::query!(
        "insert into approval.return_resolution
           (number, department, sequence, forwarded, note, due_on, resolved_by, resolved_by_id, resolved_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        before.case.number.as_str(),
        resolve.department.as_str(),
        i64::from(request.given.sequence),
        due_on.is_some(),
        note,
        due_on,
        acting.person.name,
        acting.person.id,
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Tells the watchers of everyone concerned; [`super::feed`] gives the order.
async fn note_changes(
    connection: &mut PgConnection,
    before: Option<&JointApproval>,
    after: &JointApproval,
    at: DateTime<Utc>,
) -> Result<()> {
    let departments = texts(&JointApproval::concerned(before, after));
    let ids: Vec<Uuid> = departments.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        "insert into approval.task_change (id, department, number, at)
         select id, department, $3, $4 from unnest($1::uuid[], $2::text[]) given(id, department)",
        &ids,
        &departments,
        after.case.number.as_str(),
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

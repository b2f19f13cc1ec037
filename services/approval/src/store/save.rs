//! Writing joint approvals: what is new, and what differs from what was read.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, Error, MaterialCode, Reason, Result};
use yimen_platform::store::{Tx, column, db};

use super::{feed, inspection, stored, texts, time};
use crate::domain::{Acting, Decision, JointApproval, Material, Resolution, ResolveReturn, State, Task};

/// A change: what was read, if there was anything, and what became of it.
pub(super) type Saved<'c> = (Option<&'c JointApproval>, &'c JointApproval);

/// Writes new approvals. Gives the numbers of those that were new: the case number is the key.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, approvals: &[JointApproval]) -> Result<BTreeSet<CaseNumber>> {
    if approvals.is_empty() {
        return Ok(BTreeSet::new());
    }
    let inserted = sqlx::query_scalar!(
        "insert into approval.joint_approval
           (number, center, item, item_version, item_name_zh, item_name_en, subject, lead, state,
            materials_revision, open_time, awaits_decision, version, accepted_on, statutory_days)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::bigint[], $11::timestamptz[], $12::boolean[], $13::bigint[], $14::date[],
            $15::bigint[])
         on conflict (number) do nothing returning number",
        &column(approvals, |new| new.case.number.to_string()),
        &column(approvals, |new| new.case.center().to_string()),
        &column(approvals, |new| new.case.item.clone()),
        &column(approvals, |new| i64::from(new.case.item_version)),
        &column(approvals, |new| new.case.item_name_zh.clone()),
        &column(approvals, |new| new.case.item_name_en.clone()),
        &column(approvals, |new| new.case.subject.clone()),
        &column(approvals, |new| new.case.lead.to_string()),
        &column(approvals, |new| new.state.code().to_owned()),
        &column(approvals, |new| i64::from(new.materials.revision)),
        &column(approvals, |new| new.case.open_time),
        &column(approvals, JointApproval::awaits_decision),
        &column(approvals, |new| new.version),
        &column(approvals, |new| new.limit.start),
        &column(approvals, |new| i64::from(new.limit.limit.days))
    )
    .fetch_all(tx.sql())
    .await
    .map_err(db)?;
    let inserted: BTreeSet<CaseNumber> = inserted
        .iter()
        .map(|number| stored("case number", CaseNumber::parse(number)))
        .collect::<Result<_>>()?;
    let mut left = inserted.clone();
    // One application is accepted once, and told of once.
    let is_new = |approval: &&JointApproval| left.remove(&approval.case.number);
    let changes: Vec<Saved<'_>> = approvals.iter().filter(is_new).map(|new| (None, new)).collect();
    write_parts(tx, &changes).await?;
    Ok(inserted)
}

/// Writes the differences between what [`super::lock`] gave and what became of it.
///
/// # Errors
/// `STALE_VERSION` if someone wrote one meanwhile, which the lock excludes.
pub async fn save(tx: &mut Tx, changes: &[(JointApproval, JointApproval)]) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let updated = sqlx::query!(
        "update approval.joint_approval a
         set state = given.state, materials_revision = given.materials_revision,
             awaits_decision = given.awaits_decision, version = given.version
         from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::boolean[], $6::bigint[])
              given(number, read_version, state, materials_revision, awaits_decision, version)
         where a.number = given.number and a.version = given.read_version",
        &column(changes, |(_, after)| after.case.number.to_string()),
        &column(changes, |(before, _)| before.version),
        &column(changes, |(_, after)| after.state.code().to_owned()),
        &column(changes, |(_, after)| i64::from(after.materials.revision)),
        &column(changes, |(_, after)| after.awaits_decision()),
        &column(changes, |(_, after)| after.version)
    )
    .execute(tx.sql())
    .await
    .map_err(db)?;
    if usize::try_from(updated.rows_affected()).map_err(Error::internal)? != changes.len() {
        return Err(Error::aborted(Reason::StaleVersion));
    }
    let now = tx.now();
    update_tasks(tx.sql(), changes, now).await?;
    for (before, after) in changes {
        if before.inspection != after.inspection
            && let Some(inspection) = &after.inspection
        {
            inspection::write(tx.sql(), &after.case.number, inspection).await?;
        }
        time::write(tx.sql(), before, after).await?;
    }
    insert_decisions(tx.sql(), changes).await?;
    let changes: Vec<Saved<'_>> = changes.iter().map(|(before, after)| (Some(before), after)).collect();
    write_parts(tx, &changes).await
}

/// Writes what new and changed approvals have in common: materials, tasks that are new, the watchers' news.
async fn write_parts(tx: &mut Tx, changes: &[Saved<'_>]) -> Result<()> {
    write_materials(tx.sql(), changes).await?;
    insert_tasks(tx.sql(), changes).await?;
    feed::note(tx, changes);
    Ok(())
}

async fn write_materials(connection: &mut PgConnection, changes: &[Saved<'_>]) -> Result<()> {
    let mut rows: Vec<(&JointApproval, &MaterialCode, &Material)> = Vec::new();
    for (before, after) in changes {
        let known = |code| before.and_then(|before| before.materials.each.get(code));
        let new = after.materials.each.iter().filter(|(code, material)| known(*code) != Some(*material));
        rows.extend(new.map(|(code, material)| (*after, code, material)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into approval.material (number, code, revision, promised)
         select * from unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[])
         on conflict (number, code) do update set revision = excluded.revision, promised = excluded.promised",
        &column(&rows, |(approval, _, _)| approval.case.number.to_string()),
        &column(&rows, |(_, code, _)| code.to_string()),
        &column(&rows, |(_, _, material)| i64::from(material.revision)),
        &column(&rows, |(_, _, material)| material.promised)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Writes the tasks that are new. Lists travel joined by spaces, since arrays of arrays cannot be unnested one
/// by one; ids contain none.
async fn insert_tasks(connection: &mut PgConnection, changes: &[Saved<'_>]) -> Result<()> {
    let mut rows: Vec<(&JointApproval, i64, &Task)> = Vec::new();
    for (before, after) in changes {
        let known = before.map_or(0, |before| before.tasks.len());
        let new = (0..).zip(&after.tasks).skip(known);
        rows.extend(new.map(|(position, task)| (*after, position, task)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into approval.task
           (number, department, position, limit_days, after, relies_on, site_visit, added_reason, added_at,
            state, open_time, reopened, spoken)
         select number, department, position, limit_days, string_to_array(after, ' '),
                string_to_array(relies_on, ' '), site_visit, added_reason, added_at, state, open_time, 0, 0
         from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::boolean[],
                     $8::text[], $9::timestamptz[], $10::text[], $11::timestamptz[])
              given(number, department, position, limit_days, after, relies_on, site_visit, added_reason, added_at,
                    state, open_time)",
        &column(&rows, |(approval, _, _)| approval.case.number.to_string()),
        &column(&rows, |(_, _, task)| task.department.to_string()),
        &column(&rows, |(_, position, _)| *position),
        &column(&rows, |(_, _, task)| i64::from(task.limit_days)),
        &column(&rows, |(_, _, task)| texts(&task.after).join(" ")),
        &column(&rows, |(_, _, task)| texts(&task.relies_on).join(" ")),
        &column(&rows, |(_, _, task)| task.site_visit),
        &column(&rows, |(_, _, task)| task.added_reason.clone()),
        &column(&rows, |(_, _, task)| task.added_at),
        &column(&rows, |(_, _, task)| task.state.code().to_owned()),
        &column(&rows, |(_, _, task)| task.open_time) as &[Option<DateTime<Utc>>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// A task before and after, of an approval.
type TaskChange<'c> = (&'c CaseNumber, &'c Task, &'c Task);

async fn update_tasks(
    connection: &mut PgConnection,
    changes: &[(JointApproval, JointApproval)],
    at: DateTime<Utc>,
) -> Result<()> {
    let mut rows: Vec<TaskChange<'_>> = Vec::new();
    for (before, after) in changes {
        let both = before.tasks.iter().zip(&after.tasks).filter(|(earlier, task)| earlier != task);
        rows.extend(both.map(|(earlier, task)| (&after.case.number, earlier, task)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update approval.task t
         set state = given.state, open_time = given.open_time, reopened = given.reopened, spoken = given.spoken
         from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[])
              given(number, department, state, open_time, reopened, spoken)
         where t.number = given.number and t.department = given.department",
        &column(&rows, |(number, _, _)| number.to_string()),
        &column(&rows, |(_, _, task)| task.department.to_string()),
        &column(&rows, |(_, _, task)| task.state.code().to_owned()),
        &column(&rows, |(_, _, task)| task.open_time) as &[Option<DateTime<Utc>>],
        &column(&rows, |(_, _, task)| i64::from(task.reopened)),
        &column(&rows, |(_, _, task)| i64::from(task.spoken))
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;

    let sequence = |task: &Task| task.standing().map(|standing| standing.given.sequence);
    rows.retain(|(_, earlier, task)| sequence(earlier) != sequence(task));
    supersede(connection, &rows, at).await?;
    insert_opinions(connection, &rows).await
}

/// Marks the opinions that stood before.
async fn supersede(
    connection: &mut PgConnection,
    spoken: &[TaskChange<'_>],
    at: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<&TaskChange<'_>> =
        spoken.iter().filter(|(_, earlier, _)| earlier.standing().is_some()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update approval.opinion o set superseded_at = $3
         from unnest($1::text[], $2::text[]) given(number, department)
         where o.number = given.number and o.department = given.department and o.superseded_at is null",
        &column(&rows, |(number, _, _)| number.to_string()),
        &column(&rows, |(_, earlier, _)| earlier.department.to_string()),
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Writes what departments said last, where it stands. Codes of materials contain no spaces either.
async fn insert_opinions(connection: &mut PgConnection, spoken: &[TaskChange<'_>]) -> Result<()> {
    let rows: Vec<_> = spoken
        .iter()
        .filter_map(|(number, _, task)| task.standing().map(|standing| (*number, *task, standing)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into approval.opinion
           (number, department, sequence, kind, conditions, reason, materials, materials_revision, given_by,
            given_by_id, given_at)
         select number, department, sequence, kind, conditions, reason, string_to_array(materials, ' '),
                materials_revision, given_by, given_by_id, given_at
         from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::bigint[], $9::text[], $10::text[], $11::timestamptz[])
              given(number, department, sequence, kind, conditions, reason, materials, materials_revision, given_by,
                    given_by_id, given_at)",
        &column(&rows, |(number, _, _)| number.to_string()),
        &column(&rows, |(_, task, _)| task.department.to_string()),
        &column(&rows, |(_, _, standing)| i64::from(standing.given.sequence)),
        &column(&rows, |(_, _, standing)| standing.kind.code().to_owned()),
        &column(&rows, |(_, _, standing)| standing.conditions.to_owned()),
        &column(&rows, |(_, _, standing)| standing.reason.to_owned()),
        &column(&rows, |(_, _, standing)| texts(standing.materials).join(" ")),
        &column(&rows, |(_, _, standing)| i64::from(standing.given.materials_revision)),
        &column(&rows, |(_, _, standing)| standing.given.by.name.clone()),
        &column(&rows, |(_, _, standing)| standing.given.by.id.clone()),
        &column(&rows, |(_, _, standing)| standing.given.time)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

async fn insert_decisions(
    connection: &mut PgConnection,
    changes: &[(JointApproval, JointApproval)],
) -> Result<()> {
    let mut rows: Vec<(&CaseNumber, &Decision)> = Vec::new();
    for (before, after) in changes {
        if let State::Decided(decision) = &after.state
            && before.state != after.state
        {
            rows.push((&after.case.number, decision));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into approval.decision
           (number, outcome, conditions, reasons, materials_revision, decided_by, decided_by_id, decided_at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
                              $8::timestamptz[])",
        &column(&rows, |(number, _)| number.to_string()),
        &column(&rows, |(_, decision)| decision.ruling.code().to_owned()),
        &column(&rows, |(_, decision)| decision.ruling.conditions().to_owned()),
        &column(&rows, |(_, decision)| decision.ruling.reasons().to_owned()),
        &column(&rows, |(_, decision)| i64::from(decision.materials_revision)),
        &column(&rows, |(_, decision)| decision.by.name.clone()),
        &column(&rows, |(_, decision)| decision.by.id.clone()),
        &column(&rows, |(_, decision)| decision.time)
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

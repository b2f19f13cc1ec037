//! What is heard of a case number, in whatever order it comes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, MaterialCode, Result};
use yimen_platform::store::db;

use super::{count, stored, texts};

/// Has the handlers of these cases' events take turns until their transactions end; gives those whose
/// withdrawal was heard of.
///
/// # Errors
/// When the database fails.
pub async fn take_turns(
    connection: &mut PgConnection,
    numbers: &[CaseNumber],
) -> Result<BTreeSet<CaseNumber>> {
    let withdrawn = sqlx::query!(
        "insert into approval.arrival (number)
         select distinct number from unnest($1::text[]) given(number) order by number
         on conflict (number) do update set number = excluded.number
         returning number, withdrawn_at",
        &texts(numbers)
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    withdrawn
        .into_iter()
        .filter(|row| row.withdrawn_at.is_some())
        .map(|row| stored("case number", CaseNumber::parse(&row.number)))
        .collect()
}

/// Notes for good that the case was withdrawn.
///
/// # Errors
/// When the database fails.
pub async fn note_withdrawal(
    connection: &mut PgConnection,
    number: &CaseNumber,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "with forgotten as (delete from approval.early_material where number = $1)
         update approval.arrival set withdrawn_at = $2 where number = $1 and withdrawn_at is null",
        number.as_str(),
        at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps materials that are told of before the acceptance.
///
/// # Errors
/// When the database fails.
pub async fn keep_early(
    connection: &mut PgConnection,
    number: &CaseNumber,
    revision: u32,
    codes: &[MaterialCode],
) -> Result<()> {
    sqlx::query!(
        "insert into approval.early_material (number, code, revision)
         select distinct $1, code, $2::bigint from unnest($3::text[]) given(code)
         on conflict (number, code) do update set revision = greatest(early_material.revision, excluded.revision)",
        number.as_str(),
        i64::from(revision),
        &texts(codes)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Takes what [`keep_early`] kept.
///
/// # Errors
/// When the database fails.
pub async fn take_early(
    connection: &mut PgConnection,
    numbers: &[CaseNumber],
) -> Result<BTreeMap<CaseNumber, Vec<(u32, MaterialCode)>>> {
    let rows = sqlx::query!(
        "delete from approval.early_material m using unnest($1::text[]) given(number)
         where m.number = given.number returning m.number, m.code, m.revision",
        &texts(numbers)
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut of_case: BTreeMap<CaseNumber, Vec<(u32, MaterialCode)>> = BTreeMap::new();
    for row in rows {
        let number = stored("case number", CaseNumber::parse(&row.number))?;
        let material = stored("material", MaterialCode::parse(&row.code))?;
        of_case.entry(number).or_default().push((count("revision", row.revision)?, material));
    }
    Ok(of_case)
}

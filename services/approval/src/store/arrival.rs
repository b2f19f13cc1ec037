//! What is heard of a case number, in whatever order it comes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::{CaseNumber, MaterialCode, Result};
use yimen_platform::store::db;

use super::{count, stored, texts};

/// Has the handlers of this case's events take turns until their transactions end; says whether
/// its withdrawal was heard of.
///
/// # Errors
/// When the database fails.
pub async fn take_turn(connection: &mut PgConnection, number: &CaseNumber) -> Result<bool> {
    let withdrawn_at = sqlx::query_scalar!(
        "insert into approval.arrival (number) values ($1)
         on conflict (number) do update set number = excluded.number
         returning withdrawn_at",
        number.as_str()
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok(withdrawn_at.is_some())
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
    number: &CaseNumber,
) -> Result<Vec<(u32, MaterialCode)>> {
    let rows = sqlx::query!(
        "delete from approval.early_material where number = $1 returning code, revision",
        number.as_str()
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter()
        .map(|row| {
            Ok((count("revision", row.revision)?, stored("material", MaterialCode::parse(&row.code))?))
        })
        .collect()
}

//! Failed sign-ins, counted per login and per source.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::Result;
use yimen_platform::store::db;

/// Counts an attempt at `now` unless `limit` attempts since `since` are counted already; whether it
/// was counted.
///
/// One statement and one row, so two attempts at once cannot both be the last one allowed.
pub async fn count(
    sql: &mut PgConnection,
    key: &[u8],
    now: DateTime<Utc>,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<bool> {
    let counted = sqlx::query!(
        "insert into identity.attempt as a (key, failed_at, last_at)
         values ($1, array[$2::timestamptz], $2)
         on conflict (key) do update
         set failed_at = array(select at from unnest(a.failed_at) at where at > $3) || $2::timestamptz,
             last_at = $2
         where (select count(*) from unnest(a.failed_at) at where at > $3) < $4",
        key,
        now,
        since,
        limit,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(counted.rows_affected() == 1)
}

/// Takes back one attempt that was counted at `at`, because it did not fail.
pub async fn uncount(sql: &mut PgConnection, key: &[u8], at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update identity.attempt
         set failed_at = failed_at[:array_position(failed_at, $2::timestamptz) - 1]
                      || failed_at[array_position(failed_at, $2::timestamptz) + 1:]
         where key = $1 and $2::timestamptz = any(failed_at)",
        key,
        at,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

/// Forgets some counts that no longer matter, without waiting for anyone.
pub async fn purge(sql: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from identity.attempt where key in
         (select key from identity.attempt where last_at < $1 limit 100 for update skip locked)",
        before,
    )
    .execute(sql)
    .await
    .map_err(db)?;
    Ok(())
}

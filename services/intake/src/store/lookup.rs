//! Wrong lookup codes, counted so that nobody can try them all.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// The digest that a lookup code must have, if there is such an application.
pub async fn digest(connection: &mut PgConnection, number: &str) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!("select lookup_digest from intake.application where number = $1", number)
        .fetch_optional(connection)
        .await
        .map_err(db)
}

/// Failures under each of `keys` since `since`, in their order.
pub async fn failures(
    connection: &mut PgConnection,
    keys: &[String],
    since: DateTime<Utc>,
) -> Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"select coalesce(a.failures, 0) as "failures!"
           from unnest($1::text[]) with ordinality wanted(key, place)
           left join intake.lookup_attempt a on a.key = wanted.key and a.since > $2
           order by wanted.place"#,
        keys,
        since
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Counts one failure under each of `keys`; a count older than `since` starts again.
pub async fn count(
    connection: &mut PgConnection,
    keys: &[String],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into intake.lookup_attempt as a (key, since, failures)
         select key, $3, 1 from (select key from unnest($1::text[]) wanted(key) order by key) ordered
         on conflict (key) do update
         set failures = case when a.since > $2 then a.failures + 1 else 1 end,
             since = case when a.since > $2 then a.since else $3 end",
        keys,
        since,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Forgets some counts that no longer matter, without waiting for anyone.
pub async fn purge(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from intake.lookup_attempt where key in
         (select key from intake.lookup_attempt where since < $1 limit 100 for update skip locked)",
        before
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

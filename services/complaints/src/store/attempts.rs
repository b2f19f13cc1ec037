//! What is counted so that a flood from one place stops there, and lookup codes cannot be tried out.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// The digest that a lookup code must have, if there is such a complaint or question.
pub async fn digest(connection: &mut PgConnection, number: &str) -> Result<Option<Vec<u8>>> {
    let digest = sqlx::query_scalar!(
        "select lookup_digest from complaints.complaint where number = $1
         union all select lookup_digest from complaints.question where number = $1",
        number
    );
    Ok(digest.fetch_optional(connection).await.map_err(db)?.flatten())
}

/// The counts under each of `keys` since `since`, in their order.
pub async fn counts(
    connection: &mut PgConnection,
    keys: &[String],
    since: DateTime<Utc>,
) -> Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"select coalesce(a.count, 0) as "count!"
           from unnest($1::text[]) with ordinality wanted(key, place)
           left join complaints.attempt a on a.key = wanted.key and a.since > $2
           order by wanted.place"#,
        keys,
        since
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Counts one more under each of `keys`; a count older than `since` starts again.
pub async fn count(
    connection: &mut PgConnection,
    keys: &[String],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.attempt as a (key, since, count)
         select key, $3, 1 from (select key from unnest($1::text[]) wanted(key) order by key) ordered
         on conflict (key) do update
         set count = case when a.since > $2 then a.count + 1 else 1 end,
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
        "delete from complaints.attempt where key in
         (select key from complaints.attempt where since < $1 limit 100 for update skip locked)",
        before
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

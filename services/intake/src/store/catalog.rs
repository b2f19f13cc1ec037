//! Item versions.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::page::Page;
use yimen_platform::store::db;

/// A published version.
pub struct Published {
    pub code: String,
    pub version: i32,
    pub effective_from: NaiveDate,
    pub body: Vec<u8>,
}

/// The newest version of each of `codes`, locked against another import.
pub async fn newest(connection: &mut PgConnection, codes: &[String]) -> Result<Vec<Published>> {
    // The lock orders concurrent imports; readers are not held up.
    sqlx::query!("lock table intake.item_version in share row exclusive mode")
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    sqlx::query_as!(
        Published,
        "select distinct on (v.code) v.code, v.version, v.effective_from, v.body
         from intake.item_version v join unnest($1::text[]) wanted(code) on v.code = wanted.code
         order by v.code, v.version desc",
        codes
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Publishes a version.
pub async fn publish(
    connection: &mut PgConnection,
    item: &Published,
    centers: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into intake.item_version (code, version, effective_from, centers, body, imported_at)
         values ($1, $2, $3, $4, $5, $6)",
        item.code,
        item.version,
        item.effective_from,
        centers,
        item.body,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The version of an item that is in force on a day.
pub async fn in_force(connection: &mut PgConnection, code: &str, on: NaiveDate) -> Result<Option<Published>> {
    sqlx::query_as!(
        Published,
        "select code, version, effective_from, body from intake.item_version
         where code = $1 and effective_from <= $2 order by version desc limit 1",
        code,
        on
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// The number of the version of an item that is in force on a day.
pub async fn version_in_force(
    connection: &mut PgConnection,
    code: &str,
    on: NaiveDate,
) -> Result<Option<i32>> {
    sqlx::query_scalar!(
        "select version from intake.item_version
         where code = $1 and effective_from <= $2 order by version desc limit 1",
        code,
        on
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// A certain version of an item.
pub async fn version(connection: &mut PgConnection, code: &str, version: i32) -> Result<Option<Published>> {
    sqlx::query_as!(
        Published,
        "select code, version, effective_from, body from intake.item_version where code = $1 and version = $2",
        code,
        version
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// The items in force on a day, of one center or of all.
pub async fn list(
    connection: &mut PgConnection,
    center: Option<&str>,
    on: NaiveDate,
    page: &Page,
) -> Result<Vec<Published>> {
    sqlx::query_as!(
        Published,
        "select v.code, v.version, v.effective_from, v.body
         from (select distinct on (code) code, version, effective_from, centers, body
               from intake.item_version where effective_from <= $1 order by code, version desc) v
         where ($2::text is null or $2 = any(v.centers)) and ($3::text is null or v.code > $3)
         order by v.code limit $4",
        on,
        center,
        page.after,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

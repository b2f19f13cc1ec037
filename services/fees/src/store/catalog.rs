//! The fee catalog.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::page::Page;
use yimen_platform::store::db;

/// A fee in one version, as published.
#[derive(Clone, Debug)]
pub struct Published {
    pub code: String,
    pub version: i32,
    pub effective_from: NaiveDate,
    pub effective_until: Option<NaiveDate>,
    pub body: Vec<u8>,
}

/// The newest version of each of these fees.
pub async fn newest(connection: &mut PgConnection, codes: &[String]) -> Result<Vec<Published>> {
    sqlx::query_as!(
        Published,
        "select distinct on (code) code, version, effective_from, effective_until, body
         from fees.fee where code = any($1) order by code, version desc",
        codes
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// The version of each of these fees that is the last to begin on or before a day, in force or not any more.
pub async fn on_day(
    connection: &mut PgConnection,
    codes: &[String],
    day: NaiveDate,
) -> Result<Vec<Published>> {
    sqlx::query_as!(
        Published,
        "select distinct on (code) code, version, effective_from, effective_until, body
         from fees.fee where code = any($1) and effective_from <= $2 order by code, version desc",
        codes,
        day
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// The fees in force on a day, by code.
pub async fn in_force(connection: &mut PgConnection, day: NaiveDate, page: &Page) -> Result<Vec<Published>> {
    sqlx::query_as!(
        Published,
        r#"select code as "code!", version as "version!", effective_from as "effective_from!", effective_until,
                  body as "body!"
           from (select distinct on (code) * from fees.fee where effective_from <= $1 order by code, version desc) fee
           where (effective_until is null or effective_until >= $1) and ($2::text is null or code > $2)
           order by code limit $3"#,
        day,
        page.after,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Adds a version.
pub async fn publish(connection: &mut PgConnection, fee: &Published, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into fees.fee (code, version, effective_from, effective_until, body, imported_at)
         values ($1, $2, $3, $4, $5, $6)",
        fee.code,
        fee.version,
        fee.effective_from,
        fee.effective_until,
        fee.body,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

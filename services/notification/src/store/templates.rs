//! Templates and signatures that a center published.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// A template in one version.
#[derive(Clone, Debug)]
pub struct Published {
    pub code: String,
    pub version: i32,
    pub body: Vec<u8>,
}

/// The newest version of each template.
pub async fn newest(connection: &mut PgConnection) -> Result<Vec<Published>> {
    sqlx::query_as!(
        Published,
        "select distinct on (code) code, version, body from notification.template order by code, version desc"
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Adds a version.
pub async fn publish(connection: &mut PgConnection, template: &Published, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into notification.template (code, version, body, imported_at) values ($1, $2, $3, $4)",
        template.code,
        template.version,
        template.body,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// A center's signature.
pub async fn signature(connection: &mut PgConnection, center: &str) -> Result<Option<String>> {
    sqlx::query_scalar!("select text from notification.signature where center = $1", center)
        .fetch_optional(connection)
        .await
        .map_err(db)
}

/// Sets a center's signature. False when it was that already.
pub async fn sign(connection: &mut PgConnection, center: &str, text: &str) -> Result<bool> {
    let done = sqlx::query!(
        "insert into notification.signature (center, text) values ($1, $2)
         on conflict (center) do update set text = excluded.text where signature.text <> excluded.text",
        center,
        text
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

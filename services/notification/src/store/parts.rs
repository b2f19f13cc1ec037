//! Parts of messages that a carrier took in parts.

use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// Notes what a carrier calls the parts of a message.
pub async fn add(connection: &mut PgConnection, message: Uuid, carrier: &str, ids: &[String]) -> Result<()> {
    sqlx::query!(
        "insert into notification.part (carrier, carrier_id, message)
         select $1, id, $2 from unnest($3::text[]) as id on conflict do nothing",
        carrier,
        message,
        ids
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Notes what became of a part, the first time, and gives its message; none if there is no such part.
pub async fn report(
    connection: &mut PgConnection,
    carrier: &str,
    carrier_id: &str,
    delivered: bool,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "update notification.part set delivered = coalesce(delivered, $3)
         where carrier = $1 and carrier_id = $2 returning message",
        carrier,
        carrier_id,
        delivered
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// How many parts of a message have not arrived; 0 for one that was not divided.
pub async fn outstanding(connection: &mut PgConnection, message: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from notification.part where message = $1 and delivered is not true"#,
        message
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

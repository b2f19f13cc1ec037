//! What the clocks of an application have in common.

use chrono::NaiveDate;
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::int;

/// A case, as whoever changes its clocks needs it.
pub struct Row {
    pub ended_on: Option<NaiveDate>,
    pub fee_settled_on: Option<NaiveDate>,
}

/// Makes a case known.
pub async fn insert(connection: &mut PgConnection, number: &str, center: &str, item: &str) -> Result<()> {
    sqlx::query!(
        "insert into supervision.application (number, center, item) values ($1, $2, $3) on conflict do nothing",
        number,
        center,
        item
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Takes its row.
pub async fn lock(connection: &mut PgConnection, number: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select ended_on, fee_settled_on from supervision.application where number = $1 for update",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Notes that nothing runs any more.
pub async fn end(connection: &mut PgConnection, number: &str, day: NaiveDate) -> Result<()> {
    sqlx::query!("update supervision.application set ended_on = $2 where number = $1", number, day)
        .execute(connection)
        .await
        .map_err(db)?;
    Ok(())
}

/// Notes that nothing more is to be paid.
pub async fn settle_fee(connection: &mut PgConnection, number: &str, day: NaiveDate) -> Result<()> {
    sqlx::query!("update supervision.application set fee_settled_on = $2 where number = $1", number, day)
        .execute(connection)
        .await
        .map_err(db)?;
    Ok(())
}

/// Notes the extension.
pub async fn extend(connection: &mut PgConnection, number: &str, days: u32, authority: &str) -> Result<()> {
    sqlx::query!(
        "update supervision.application set extension_days = $2, extension_authority = $3 where number = $1",
        number,
        int(days)?,
        authority
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

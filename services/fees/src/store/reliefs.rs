//! What relieved notices.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use crate::domain::notice::Notice;

/// Relief as it was granted.
#[derive(Clone, Debug)]
pub struct Row {
    pub kind: String,
    pub ground: String,
    pub document: String,
    pub approver: String,
    pub from_fen: i64,
    pub to_fen: i64,
    pub from_limit_on: NaiveDate,
    pub to_limit_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// Notes relief that was granted; `by` is the finance officer who entered it.
pub async fn insert(connection: &mut PgConnection, notice: &Notice, relief: &Row, by: &str) -> Result<()> {
    sqlx::query!(
        "insert into fees.relief (notice, sequence, kind, ground, document, approver, from_fen, to_fen,
             from_limit_on, to_limit_on, by, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        notice.notice.as_str(),
        notice.version,
        relief.kind,
        relief.ground,
        relief.document,
        relief.approver,
        relief.from_fen,
        relief.to_fen,
        relief.from_limit_on,
        relief.to_limit_on,
        by,
        relief.at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// What relieved a notice, in order.
pub async fn of_notice(connection: &mut PgConnection, notice: &str) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        "select kind, ground, document, approver, from_fen, to_fen, from_limit_on, to_limit_on, at
         from fees.relief where notice = $1 order by sequence",
        notice
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

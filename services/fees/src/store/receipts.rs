//! Receipts and their series.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::DivisionCode;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::db;

/// A receipt as it stands in the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub receipt: String,
    pub center: String,
    pub notice: String,
    pub amount_fen: i64,
    pub state: String,
    pub issued_at: DateTime<Utc>,
    pub replaced_by: Option<String>,
}

/// A receipt whose number was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub row: Row,
    pub year: i32,
    pub serial: u32,
}

/// The next serial of a center's year. The series is locked until the transaction ends, so a number is
/// either given with it or given to the next.
pub async fn next_serial(connection: &mut PgConnection, center: &DivisionCode, year: i32) -> Result<u32> {
    let serial = sqlx::query_scalar!(
        "insert into fees.receipt_series (center, year, last) values ($1, $2, 1)
         on conflict (center, year) do update set last = receipt_series.last + 1 returning last",
        center.as_str(),
        year
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Issues a receipt.
pub async fn insert(connection: &mut PgConnection, drawn: &Drawn) -> Result<()> {
    let Drawn { row, year, serial } = drawn;
    sqlx::query!(
        "insert into fees.receipt (receipt, center, year, serial, notice, amount_fen, state, issued_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        row.receipt,
        row.center,
        year,
        i32::try_from(*serial).map_err(Error::internal)?,
        row.notice,
        row.amount_fen,
        row.state,
        row.issued_at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Reads a receipt.
pub async fn find(connection: &mut PgConnection, receipt: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select receipt, center, notice, amount_fen, state, issued_at, replaced_by from fees.receipt where receipt = $1",
        receipt
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Marks a valid receipt as spoiled, with the number that takes its place. False when it is not valid any more.
pub async fn spoil(
    connection: &mut PgConnection,
    receipt: &str,
    replaced_by: &str,
    reason: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "update fees.receipt set state = 'SPOILED', replaced_by = $2, reason = $3
         where receipt = $1 and state = 'VALID'",
        receipt,
        replaced_by,
        reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// 红冲: marks the receipt of a notice whose money went back.
pub async fn stamp_red(connection: &mut PgConnection, notice: &str, reason: &str) -> Result<()> {
    sqlx::query!(
        "update fees.receipt set state = 'RED_STAMPED', reason = $2 where notice = $1 and state = 'VALID'",
        notice,
        reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

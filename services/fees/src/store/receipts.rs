//! Receipts and their series.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::{column, db};

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

/// Draws so many serials of each center's year, and gives the last of them. The series are locked until the
/// transaction ends, so a number is either given with it or given to the next.
pub async fn draw(
    connection: &mut PgConnection,
    year: i32,
    wanted: &BTreeMap<String, u32>,
) -> Result<BTreeMap<String, u32>> {
    let counts = wanted.values().map(|count| i32::try_from(*count).map_err(Error::internal));
    let rows = sqlx::query!(
        "insert into fees.receipt_series (center, year, last)
         select center, $2, count from unnest($1::text[], $3::integer[]) given(center, count) order by center
         on conflict (center, year) do update set last = receipt_series.last + excluded.last
         returning center, last",
        &wanted.keys().cloned().collect::<Vec<_>>(),
        year,
        &counts.collect::<Result<Vec<_>>>()?
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter().map(|row| Ok((row.center, u32::try_from(row.last).map_err(Error::internal)?))).collect()
}

/// Issues receipts.
pub async fn insert(connection: &mut PgConnection, drawn: &[Drawn]) -> Result<()> {
    let serials = drawn.iter().map(|drawn| i32::try_from(drawn.serial).map_err(Error::internal));
    sqlx::query!(
        "insert into fees.receipt (receipt, center, year, serial, notice, amount_fen, state, issued_at)
         select * from unnest($1::text[], $2::text[], $3::integer[], $4::integer[], $5::text[], $6::bigint[], $7::text[],
                              $8::timestamptz[])",
        &column(drawn, |drawn| drawn.row.receipt.as_str()) as &[&str],
        &column(drawn, |drawn| drawn.row.center.as_str()) as &[&str],
        &column(drawn, |drawn| drawn.year),
        &serials.collect::<Result<Vec<_>>>()?,
        &column(drawn, |drawn| drawn.row.notice.as_str()) as &[&str],
        &column(drawn, |drawn| drawn.row.amount_fen),
        &column(drawn, |drawn| drawn.row.state.as_str()) as &[&str],
        &column(drawn, |drawn| drawn.row.issued_at)
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

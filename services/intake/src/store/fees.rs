//! What fees tells of an application.

use chrono::NaiveDate;
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::db;

use crate::domain::application::Fee;

/// What is known of a fee notice.
#[derive(Clone, Debug)]
pub struct Row {
    pub notice: Option<String>,
    pub payment_code: Option<String>,
    pub amount_fen: Option<i64>,
    pub limit_on: Option<NaiveDate>,
    pub receipt: Option<String>,
    pub how: Option<String>,
}

/// How far the fee of an application is.
pub async fn state(connection: &mut PgConnection, number: &str) -> Result<Fee> {
    let state = sqlx::query_scalar!("select state from intake.fee where number = $1", number)
        .fetch_optional(connection)
        .await
        .map_err(db)?;
    match state.as_deref() {
        None => Ok(Fee::Free),
        Some("LATER") => Ok(Fee::Later),
        Some("DUE") => Ok(Fee::Due),
        Some("SETTLED") => Ok(Fee::Settled),
        Some(other) => Err(Error::internal(format!("unknown fee state {other}"))),
    }
}

/// Keeps how far the fee is; nothing for an application without one.
pub async fn set_state(connection: &mut PgConnection, number: &str, fee: Fee) -> Result<()> {
    let Some(state) = fee.as_str() else { return Ok(()) };
    sqlx::query!(
        "insert into intake.fee (number, state) values ($1, $2)
         on conflict (number) do update set state = excluded.state where fee.state <> excluded.state",
        number,
        state
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps what a version of the notice says: the newest that says something counts, and an older one that
/// arrives later fills what is not known yet.
pub async fn note(connection: &mut PgConnection, number: &str, version: i64, said: &Row) -> Result<()> {
    sqlx::query!(
        "update intake.fee
         set version = greatest(version, $2),
             notice = case when version < $2 then coalesce($3, notice) else coalesce(notice, $3) end,
             payment_code = case when version < $2 then coalesce($4, payment_code) else coalesce(payment_code, $4) end,
             amount_fen = case when version < $2 then coalesce($5, amount_fen) else coalesce(amount_fen, $5) end,
             limit_on = case when version < $2 then coalesce($6, limit_on) else coalesce(limit_on, $6) end,
             receipt = case when version < $2 then coalesce($7, receipt) else coalesce(receipt, $7) end,
             how = case when version < $2 then coalesce($8, how) else coalesce(how, $8) end
         where number = $1",
        number,
        version,
        said.notice,
        said.payment_code,
        said.amount_fen,
        said.limit_on,
        said.receipt,
        said.how
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// What is known of the notice; none before it was raised.
pub async fn find(connection: &mut PgConnection, number: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select notice, payment_code, amount_fen, limit_on, receipt, how
         from intake.fee where number = $1 and notice is not null",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

//! What fees tells of an application.

use chrono::NaiveDate;
use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::{column, db};

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

/// What a version of an application's notice says.
pub struct Said<'s> {
    pub number: &'s str,
    pub version: i64,
    pub what: &'s Row,
}

/// Keeps what versions of notices say: the newest that says something counts, and an older one that arrives
/// later fills what is not known yet.
pub async fn note(connection: &mut PgConnection, said: &[Said<'_>]) -> Result<()> {
    let numbers: Vec<&str> = said.iter().map(|said| said.number).collect();
    let versions: Vec<i64> = said.iter().map(|said| said.version).collect();
    sqlx::query!(
        "update intake.fee f
         set version = greatest(f.version, s.version),
             notice = case when f.version < s.version then coalesce(s.notice, f.notice) else coalesce(f.notice, s.notice) end,
             payment_code = case when f.version < s.version then coalesce(s.payment_code, f.payment_code)
                                 else coalesce(f.payment_code, s.payment_code) end,
             amount_fen = case when f.version < s.version then coalesce(s.amount_fen, f.amount_fen)
                               else coalesce(f.amount_fen, s.amount_fen) end,
             limit_on = case when f.version < s.version then coalesce(s.limit_on, f.limit_on)
                             else coalesce(f.limit_on, s.limit_on) end,
             receipt = case when f.version < s.version then coalesce(s.receipt, f.receipt)
                            else coalesce(f.receipt, s.receipt) end,
             how = case when f.version < s.version then coalesce(s.how, f.how) else coalesce(f.how, s.how) end
         from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::text[], $8::text[])
              s(number, version, notice, payment_code, amount_fen, limit_on, receipt, how)
         where f.number = s.number",
        &numbers as &[&str],
        &versions,
        &column(said, |said| said.what.notice.as_deref()) as &[Option<&str>],
        &column(said, |said| said.what.payment_code.as_deref()) as &[Option<&str>],
        &column(said, |said| said.what.amount_fen) as &[Option<i64>],
        &column(said, |said| said.what.limit_on) as &[Option<NaiveDate>],
        &column(said, |said| said.what.receipt.as_deref()) as &[Option<&str>],
        &column(said, |said| said.what.how.as_deref()) as &[Option<&str>]
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

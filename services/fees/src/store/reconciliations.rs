//! Reconciliations as they were done.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use crate::domain::reconcile::Line;

/// A reconciliation's heading.
#[derive(Clone, Debug)]
pub struct Row {
    pub reconciliation: Uuid,
    pub center: String,
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
}

/// A line of one.
#[derive(Clone, Debug)]
pub struct LineRow {
    pub payment_code: String,
    pub class: String,
    pub ours_fen: i64,
    pub bank_fen: i64,
    pub treasury_fen: i64,
    pub ours_on: Option<NaiveDate>,
    pub bank_on: Option<NaiveDate>,
    pub treasury_on: Option<NaiveDate>,
}

impl From<&Line> for LineRow {
    fn from(line: &Line) -> Self {
        let fen = |said: Option<crate::domain::reconcile::Said>| said.map_or(0, |said| said.amount.fen());
        Self {
            payment_code: line.payment_code.clone(),
            class: line.class.as_str().to_owned(),
            ours_fen: fen(line.ours),
            bank_fen: fen(line.bank),
            treasury_fen: fen(line.treasury),
            ours_on: line.ours.map(|said| said.on),
            bank_on: line.bank.map(|said| said.on),
            treasury_on: line.treasury.map(|said| said.on),
        }
    }
}

/// Keeps one; the digests say which files it was done with, `by` who did it.
pub async fn insert(
    connection: &mut PgConnection,
    row: &Row,
    lines: &[LineRow],
    digests: [&[u8]; 2],
    by: &str,
) -> Result<()> {
    let [bank, treasury] = digests;
    sqlx::query!(
        "insert into fees.reconciliation (reconciliation, center, day, by, at, bank_digest, treasury_digest)
         values ($1, $2, $3, $4, $5, $6, $7)",
        row.reconciliation,
        row.center,
        row.day,
        by,
        row.at,
        bank,
        treasury
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    let column = |get: fn(&LineRow) -> i64| lines.iter().map(get).collect::<Vec<i64>>();
    let dates = |get: fn(&LineRow) -> Option<NaiveDate>| lines.iter().map(get).collect::<Vec<_>>();
    let codes: Vec<String> = lines.iter().map(|line| line.payment_code.clone()).collect();
    let classes: Vec<String> = lines.iter().map(|line| line.class.clone()).collect();
    sqlx::query!(
        "insert into fees.reconciliation_line (reconciliation, payment_code, class, ours_fen, bank_fen, treasury_fen,
             ours_on, bank_on, treasury_on)
         select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                                  $7::date[], $8::date[], $9::date[])",
        row.reconciliation,
        &codes,
        &classes,
        &column(|line| line.ours_fen),
        &column(|line| line.bank_fen),
        &column(|line| line.treasury_fen),
        &dates(|line| line.ours_on) as &[Option<NaiveDate>],
        &dates(|line| line.bank_on) as &[Option<NaiveDate>],
        &dates(|line| line.treasury_on) as &[Option<NaiveDate>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Reads one.
pub async fn find(
    connection: &mut PgConnection,
    reconciliation: Uuid,
) -> Result<Option<(Row, Vec<LineRow>)>> {
    let row = sqlx::query_as!(
        Row,
        "select reconciliation, center, day, at from fees.reconciliation where reconciliation = $1",
        reconciliation
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let lines = sqlx::query_as!(
        LineRow,
        "select payment_code, class, ours_fen, bank_fen, treasury_fen, ours_on, bank_on, treasury_on
         from fees.reconciliation_line where reconciliation = $1 order by payment_code",
        reconciliation
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(Some((row, lines)))
}

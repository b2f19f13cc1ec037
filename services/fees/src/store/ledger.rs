//! The ledger.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::DivisionCode;
use yimen_kernel::error::{Error, Result};
use yimen_platform::store::{column, db};

use crate::domain::ledger::{Kind, Move, Sub};

/// What an entry is about.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// What caused it: a notice with its version, a payment, a refund. The same cause is booked once.
    pub source: String,
    /// The center whose money it is.
    pub center: &'a str,
    /// The application, where there is one.
    pub number: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Books an entry; false when it was booked before.
pub async fn book(
    connection: &mut PgConnection,
    kind: Kind,
    about: &About<'_>,
    moves: &[Move],
) -> Result<bool> {
    book_all(connection, kind, &[(about, moves)]).await
}

/// Books entries of one kind; false when all were booked before.
pub async fn book_all(
    connection: &mut PgConnection,
    kind: Kind,
    entries: &[(&About<'_>, &[Move])],
) -> Result<bool> {
    let mut rows: Vec<(&About<'_>, i32, &Move)> = Vec::new();
    for (about, moves) in entries {
        rows.extend((1..).zip(*moves).map(|(position, step)| (*about, position, step)));
    }
    let department = |sub: &Sub| sub.department.as_ref().map(ToString::to_string).unwrap_or_default();
    let done = sqlx::query!(
        "insert into fees.entry (source, kind, position, center, number, debit, debit_department, credit,
             credit_department, amount_fen, at)
         select source, $1, position, center, number, debit, debit_department, credit, credit_department, amount_fen, at
         from unnest($2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::bigint[], $11::timestamptz[])
              given(source, position, center, number, debit, debit_department, credit, credit_department, amount_fen, at)
         on conflict (source, kind, position) do nothing",
        kind.as_str(),
        &column(&rows, |(about, ..)| about.source.as_str()) as &[&str],
        &column(&rows, |(_, position, _)| *position),
        &column(&rows, |(about, ..)| about.center) as &[&str],
        &column(&rows, |(about, ..)| about.number) as &[Option<&str>],
        &column(&rows, |(_, _, step)| step.debit.account.as_str()) as &[&str],
        &column(&rows, |(_, _, step)| department(&step.debit)),
        &column(&rows, |(_, _, step)| step.credit.account.as_str()) as &[&str],
        &column(&rows, |(_, _, step)| department(&step.credit)),
        &column(&rows, |(_, _, step)| step.amount.fen()),
        &column(&rows, |(about, ..)| about.at)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() > 0)
}

/// Whether the treasury confirmed a payment.
pub async fn is_remitted(connection: &mut PgConnection, source: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from fees.entry where source = $1 and kind = 'REMITTED') as "there!""#,
        source
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

/// Whether cash was deposited.
pub async fn is_deposited(connection: &mut PgConnection, source: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from fees.entry where source = $1 and kind = 'DEPOSITED') as "there!""#,
        source
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

/// One account's sums.
#[derive(Clone, Debug)]
pub struct Balance {
    pub account: String,
    pub department: String,
    pub debit_fen: i64,
    pub credit_fen: i64,
}

/// The sums of a center's accounts, or of one application's.
pub async fn balances(
    connection: &mut PgConnection,
    center: &DivisionCode,
    number: Option<&str>,
) -> Result<Vec<Balance>> {
    let rows = sqlx::query!(
        r#"select account as "account!", department as "department!", sum(debit)::text as "debit!",
                  sum(credit)::text as "credit!"
           from (select debit as account, debit_department as department, amount_fen as debit, 0::bigint as credit
                 from fees.entry where center = $1 and ($2::text is null or number = $2)
                 union all
                 select credit, credit_department, 0, amount_fen
                 from fees.entry where center = $1 and ($2::text is null or number = $2)) side
           group by account, department order by account, department"#,
        center.as_str(),
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    // A sum of bigint is numeric in PostgreSQL; ours stay far below 64 bits.
    let fen = |text: &str| text.parse::<i64>().map_err(Error::internal);
    rows.into_iter()
        .map(|row| {
            Ok(Balance {
                account: row.account,
                department: row.department,
                debit_fen: fen(&row.debit)?,
                credit_fen: fen(&row.credit)?,
            })
        })
        .collect()
}

//! Payments, as they were reported and what became of them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::DivisionCode;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
use yimen_platform::store::{column, db};

use crate::domain::payment::Anomaly;

/// A payment as it stands in the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub payment: Uuid,
    pub channel: String,
    pub source: String,
    pub reference: String,
    pub digest: Vec<u8>,
    pub center: Option<String>,
    pub payment_code: String,
    pub notice: Option<String>,
    pub amount_fen: i64,
    pub state: String,
    pub anomaly: Option<String>,
    pub receipt: Option<String>,
    pub paid_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub resolution: String,
}

impl Row {
    /// Held for this anomaly, or applied without one.
    pub fn set(&mut self, anomaly: Option<Anomaly>) {
        self.state = if anomaly.is_some() { "HELD" } else { "APPLIED" }.to_owned();
        self.anomaly = anomaly.map(|anomaly| anomaly.as_str().to_owned());
    }
}

/// Adds payments. False when one's source reported its reference before; that report is then committed.
pub async fn insert(connection: &mut PgConnection, rows: &[Row]) -> Result<bool> {
    let done = sqlx::query!(
        "insert into fees.payment (payment, channel, source, reference, digest, center, payment_code, notice,
             amount_fen, state, anomaly, receipt, paid_at, received_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[],
             $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[])
         on conflict (source, reference) do nothing",
        &column(rows, |row| row.payment),
        &column(rows, |row| row.channel.as_str()) as &[&str],
        &column(rows, |row| row.source.as_str()) as &[&str],
        &column(rows, |row| row.reference.as_str()) as &[&str],
        &column(rows, |row| row.digest.as_slice()) as &[&[u8]],
        &column(rows, |row| row.center.as_deref()) as &[Option<&str>],
        &column(rows, |row| row.payment_code.as_str()) as &[&str],
        &column(rows, |row| row.notice.as_deref()) as &[Option<&str>],
        &column(rows, |row| row.amount_fen),
        &column(rows, |row| row.state.as_str()) as &[&str],
        &column(rows, |row| row.anomaly.as_deref()) as &[Option<&str>],
        &column(rows, |row| row.receipt.as_deref()) as &[Option<&str>],
        &column(rows, |row| row.paid_at),
        &column(rows, |row| row.received_at)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|added| added == rows.len()))
}

/// The payment that its source reported under this reference.
pub async fn reported(connection: &mut PgConnection, source: &str, reference: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select payment, channel, source, reference, digest, center, payment_code, notice, amount_fen, state, anomaly,
             receipt, paid_at, received_at, resolution
         from fees.payment where source = $1 and reference = $2",
        source,
        reference
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// The notice that a payment names; none if there is no such payment.
pub async fn notice_of(connection: &mut PgConnection, payment: Uuid) -> Result<Option<Option<String>>> {
    sqlx::query_scalar!("select notice from fees.payment where payment = $1", payment)
        .fetch_optional(connection)
        .await
        .map_err(db)
}

/// Reads a payment and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, payment: Uuid) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select payment, channel, source, reference, digest, center, payment_code, notice, amount_fen, state, anomaly,
             receipt, paid_at, received_at, resolution
         from fees.payment where payment = $1 for update",
        payment
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// The partial payments of a notice that still wait, held until the transaction ends.
pub async fn partial(connection: &mut PgConnection, notice: &str) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        "select payment, channel, source, reference, digest, center, payment_code, notice, amount_fen, state, anomaly,
             receipt, paid_at, received_at, resolution
         from fees.payment where notice = $1 and state = 'HELD' and anomaly = 'PARTIAL' order by payment for update",
        notice
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// What a person decided about a held payment.
#[derive(Clone, Debug)]
pub struct Resolution<'r> {
    pub payment: Uuid,
    pub state: &'static str,
    pub notice: Option<&'r str>,
    pub center: &'r str,
    pub receipt: Option<&'r str>,
    pub returned_fen: i64,
    pub reason: &'r str,
    pub by: &'r str,
    pub at: DateTime<Utc>,
}

/// Notes it, if the payment still waits.
///
/// # Errors
/// `STALE_VERSION` when it does not.
pub async fn resolve(connection: &mut PgConnection, resolution: &Resolution<'_>) -> Result<()> {
    let done = sqlx::query!(
        "update fees.payment
         set state = $2, notice = $3, center = $4, receipt = $5, returned_fen = $6, resolution = $7, resolved_by = $8,
             resolved_at = $9
         where payment = $1 and state = 'HELD'",
        resolution.payment,
        resolution.state,
        resolution.notice,
        resolution.center,
        resolution.receipt,
        resolution.returned_fen,
        resolution.reason,
        resolution.by,
        resolution.at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// A center's payments and those of no center, newest first.
pub async fn list(
    connection: &mut PgConnection,
    center: &DivisionCode,
    held: bool,
    page: &Page,
) -> Result<Vec<Row>> {
    let before = match &page.after {
        Some(token) => {
            Some(Uuid::parse_str(token).map_err(|_| Error::field("page_token", Reason::UnknownPageToken))?)
        }
        None => None,
    };
    sqlx::query_as!(
        Row,
        "select payment, channel, source, reference, digest, center, payment_code, notice, amount_fen, state, anomaly,
             receipt, paid_at, received_at, resolution
         from fees.payment
         where (center = $1 or center is null) and ($2 = false or state = 'HELD') and ($3::uuid is null or payment < $3)
         order by payment desc limit $4",
        center.as_str(),
        held,
        before,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// A payment of one day, for the reconciliation.
#[derive(Clone, Debug)]
pub struct OfDay {
    pub payment: Uuid,
    pub channel: String,
    pub payment_code: String,
    pub amount_fen: i64,
    /// What of it went back to the payer.
    pub returned_fen: i64,
    /// The application whose notice it settled and still settles.
    pub number: Option<String>,
}

/// A center's payments from one moment to another.
pub async fn between(
    connection: &mut PgConnection,
    center: &DivisionCode,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<OfDay>> {
    sqlx::query_as!(
        OfDay,
        r#"select p.payment, p.channel, p.payment_code, p.amount_fen, p.returned_fen, n.number as "number?"
           from fees.payment p
           left join fees.notice n on n.notice = p.notice and n.state = 'PAID' and p.state = 'APPLIED'
           where p.center = $1 and p.paid_at >= $2 and p.paid_at < $3
           order by p.payment"#,
        center.as_str(),
        from,
        to
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// How the money of a notice came: the channel of each payment that was applied to it, and how much of it.
pub async fn applied(connection: &mut PgConnection, notice: &str) -> Result<Vec<(Uuid, String, i64)>> {
    let rows = sqlx::query!(
        r#"select payment, channel, amount_fen - returned_fen as "kept!" from fees.payment
           where notice = $1 and state = 'APPLIED' order by payment"#,
        notice
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.payment, row.channel, row.kept)).collect())
}

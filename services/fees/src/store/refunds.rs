//! Refunds and who verified them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{DepartmentId, DivisionCode};
use yimen_platform::page::Page;
use yimen_platform::store::{db, violates};

use super::{odd, stored};
use crate::domain::refund::{Refund, State};

/// A refund as it stands in the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub refund: String,
    pub notice: String,
    pub number: String,
    pub center: String,
    pub state: String,
    pub version: i64,
    pub ground: String,
    pub reason: String,
    pub amount_fen: i64,
    pub created_at: DateTime<Utc>,
    pub reject_reason: String,
    pub reference: String,
    pub paid_at: Option<DateTime<Utc>>,
}

/// The serial of a refund.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('fees.refund_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Adds a refund, applied for by `by`.
///
/// # Errors
/// `REFUND_OPEN` when the notice has one that was not rejected.
pub async fn insert(connection: &mut PgConnection, row: &Row, by: &str) -> Result<()> {
    let done = sqlx::query!(
        "insert into fees.refund (refund, notice, number, center, state, version, ground, reason, amount_fen,
             applied_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        row.refund,
        row.notice,
        row.number,
        row.center,
        row.state,
        row.version,
        row.ground,
        row.reason,
        row.amount_fen,
        by,
        row.created_at
    )
    .execute(connection)
    .await;
    match done {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "refund_one_open") => Err(Error::precondition(Reason::RefundOpen)),
        Err(error) => Err(db(error)),
    }
}

/// Reads a refund and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, refund: &str) -> Result<Option<(Row, Refund)>> {
    let row = sqlx::query_as!(
        Row,
        "select refund, notice, number, center, state, version, ground, reason, amount_fen, created_at, reject_reason,
             reference, paid_at
         from fees.refund where refund = $1 for update",
        refund
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let parties = sqlx::query!(
        r#"select distinct l.department, v.department is not null as "verified!"
           from fees.line l left join fees.refund_verification v on v.refund = $1 and v.department = l.department
           where l.notice = $2"#,
        row.refund,
        row.notice
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut domain =
        Refund { state: state(&row.state)?, version: row.version, departments: vec![], verified: vec![] };
    for party in parties {
        let department = stored("department", DepartmentId::parse(&party.department))?;
        if party.verified {
            domain.verified.push(department.clone());
        }
        domain.departments.push(department);
    }
    Ok(Some((row, domain)))
}

/// Notes that a department verified.
pub async fn verified(
    connection: &mut PgConnection,
    refund: &str,
    department: &DepartmentId,
    by: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into fees.refund_verification (refund, department, by, at) values ($1, $2, $3, $4)",
        refund,
        department.as_str(),
        by,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Saves a changed refund, if nobody else was faster. `decided_by` is the finance officer of this step, if
/// it is finance's.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(
    connection: &mut PgConnection,
    before: i64,
    row: &Row,
    decided_by: Option<&str>,
) -> Result<()> {
    let done = sqlx::query!(
        "update fees.refund
         set state = $3, version = $4, reject_reason = $5, reference = $6, paid_at = $7,
             decided_by = coalesce($8, decided_by)
         where refund = $1 and version = $2",
        row.refund,
        before,
        row.state,
        row.version,
        row.reject_reason,
        row.reference,
        row.paid_at,
        decided_by
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// A center's refunds, newest first.
pub async fn list(connection: &mut PgConnection, center: &DivisionCode, page: &Page) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        "select refund, notice, number, center, state, version, ground, reason, amount_fen, created_at, reject_reason,
             reference, paid_at
         from fees.refund where center = $1 and ($2::text is null or refund < $2) order by refund desc limit $3",
        center.as_str(),
        page.after,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

fn state(code: &str) -> Result<State> {
    Ok(match code {
        "APPLIED" => State::Applied,
        "VERIFIED" => State::Verified,
        "APPROVED" => State::Approved,
        "PAID_BACK" => State::PaidBack,
        "REJECTED" => State::Rejected,
        _ => return Err(odd("refund state")),
    })
}

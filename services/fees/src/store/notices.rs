//! Notices with their lines, what relieved them, and what was refused.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use prost::Message as _;
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, DepartmentId, DocumentNumber, PaymentCode, Quantity};
use yimen_platform::page::Page;
use yimen_platform::store::{column, db};
use yimen_proto::fees::v1 as pb;

use super::{money, odd, stored};
use crate::domain::notice::{Charge, Line, Notice, State};
use crate::grpc::fee as published;

/// A notice with what people want to know of it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub notice: Notice,
    pub about: About,
    /// What the fees of its lines were published as.
    pub fees: Vec<pb::Fee>,
}

/// What is known of a notice and decides nothing.
#[derive(Clone, Debug)]
pub struct About {
    pub item_name_zh: String,
    pub item_name_en: String,
    pub payer: String,
    pub payer_is_person: bool,
    pub created_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
    pub receipt: Option<String>,
}

/// Relief as it was granted.
#[derive(Clone, Debug)]
pub struct ReliefRow {
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

struct Row {
    notice: String,
    number: String,
    item_name_zh: String,
    item_name_en: String,
    payer: String,
    payer_is_person: bool,
    state: String,
    version: i64,
    limit_on: Option<NaiveDate>,
    payment_code: String,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    cancel_reason: String,
    receipt: Option<String>,
}

struct LineRow {
    notice: String,
    department: String,
    quantity: Option<i64>,
    original_fen: Option<i64>,
    amount_fen: Option<i64>,
    body: Vec<u8>,
}

/// The serials of a new notice: its own and its payment code's.
pub async fn next_serials(connection: &mut PgConnection) -> Result<(u32, u64)> {
    let row = sqlx::query!(
        r#"select nextval('fees.notice_serial') as "notice!", nextval('fees.payment_code_serial') as "code!""#
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    let notice = u32::try_from(row.notice).map_err(Error::internal)?;
    Ok((notice, u64::try_from(row.code).map_err(Error::internal)?))
}

/// Has the handlers of this application's events take turns until their transactions end; says whether its
/// fees lapsed.
pub async fn take_turn(connection: &mut PgConnection, number: &CaseNumber) -> Result<bool> {
    let lapsed_at = sqlx::query_scalar!(
        "insert into fees.arrival (number) values ($1)
         on conflict (number) do update set number = excluded.number returning lapsed_at",
        number.as_str()
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok(lapsed_at.is_some())
}

/// Notes that nothing is to be charged for the application any more.
pub async fn lapse(connection: &mut PgConnection, number: &CaseNumber, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update fees.arrival set lapsed_at = $2 where number = $1 and lapsed_at is null",
        number.as_str(),
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Notes an attempt to charge without a lawful basis.
pub async fn refuse_charge(
    connection: &mut PgConnection,
    number: &str,
    fee: &str,
    department: &str,
    reason: Reason,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into fees.refused_charge (number, fee, department, reason, at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        number,
        fee,
        department,
        reason.as_str(),
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Adds a notice with its lines, of which it has some. False when the application has one.
pub async fn insert(connection: &mut PgConnection, kept: &Kept) -> Result<bool> {
    let Kept { notice, about, .. } = kept;
    let center = notice.center();
    let versions = notice.lines.iter().map(|line| i32::try_from(line.fee_version).map_err(Error::internal));
    let charge = |part: fn(Charge) -> i64| column(&notice.lines, |line| line.charge.map(part));
    let done = sqlx::query!(
        "with added as (
           insert into fees.notice (notice, number, center, item_name_zh, item_name_en, payer, state, version,
               limit_on, payment_code, created_at, settled_at, payer_is_person)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           on conflict (number) do nothing returning notice)
         insert into fees.line (notice, position, fee, fee_version, department, quantity, original_fen, amount_fen)
         select added.notice, given.position, given.fee, given.fee_version, given.department, given.quantity,
                given.original_fen, given.amount_fen
         from added,
              unnest($14::text[], $15::integer[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[])
                with ordinality given(fee, fee_version, department, quantity, original_fen, amount_fen, position)",
        notice.notice.as_str(),
        notice.number.as_str(),
        center.as_str(),
        about.item_name_zh,
        about.item_name_en,
        about.payer,
        notice.state.as_str(),
        notice.version,
        notice.state.limit_on(),
        notice.payment_code.as_str(),
        about.created_at,
        notice.state.is_closed().then_some(about.created_at),
        about.payer_is_person,
        &column(&notice.lines, |line| line.fee.as_str()) as &[&str],
        &versions.collect::<Result<Vec<i32>>>()?,
        &column(&notice.lines, |line| line.department.as_str()) as &[&str],
        &charge(|charge| charge.quantity.thousandths()) as &[Option<i64>],
        &charge(|charge| charge.original.fen()) as &[Option<i64>],
        &charge(|charge| charge.amount.fen()) as &[Option<i64>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() > 0)
}

/// Saves a changed notice, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(
    connection: &mut PgConnection,
    before: &Notice,
    after: &Notice,
    now: DateTime<Utc>,
) -> Result<()> {
    let cancel_reason = match &after.state {
        State::Cancelled { reason, .. } => reason.as_str(),
        _ => "",
    };
    let done = sqlx::query!(
        "update fees.notice
         set state = $3, version = $4, limit_on = $5, cancel_reason = $6,
             settled_at = case when $7 then coalesce(settled_at, $8) end
         where notice = $1 and version = $2",
        after.notice.as_str(),
        before.version,
        after.state.as_str(),
        after.version,
        after.state.limit_on(),
        cancel_reason,
        after.state.is_closed(),
        now
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    if done.rows_affected() != 1 {
        return Err(Error::aborted(Reason::StaleVersion));
    }
    for (position, (_, line)) in
        (1..).zip(before.lines.iter().zip(&after.lines)).filter(|(_, (before, after))| before != after)
    {
        sqlx::query!(
            "update fees.line set quantity = $3, original_fen = $4, amount_fen = $5
             where notice = $1 and position = $2",
            after.notice.as_str(),
            position,
            line.charge.map(|charge| charge.quantity.thousandths()),
            line.charge.map(|charge| charge.original.fen()),
            line.charge.map(|charge| charge.amount.fen())
        )
        .execute(&mut *connection)
        .await
        .map_err(db)?;
    }
    Ok(())
}

/// Which notice.
#[derive(Clone, Copy, Debug)]
pub enum Key<'k> {
    /// By its number.
    Notice(&'k DocumentNumber),
    /// By the application's.
    Number(&'k CaseNumber),
    /// By what the payer gave.
    PaymentCode(&'k PaymentCode),
}

/// Reads a notice and holds it until the transaction ends, so that two who settle it follow each other.
pub async fn lock(connection: &mut PgConnection, key: Key<'_>) -> Result<Option<Kept>> {
    let found = match key {
        Key::Notice(notice) => {
            sqlx::query_scalar!(
                "select notice from fees.notice where notice = $1 for update",
                notice.as_str()
            )
            .fetch_optional(&mut *connection)
            .await
        }
        Key::Number(number) => {
            sqlx::query_scalar!(
                "select notice from fees.notice where number = $1 for update",
                number.as_str()
            )
            .fetch_optional(&mut *connection)
            .await
        }
        Key::PaymentCode(code) => {
            sqlx::query_scalar!(
                "select notice from fees.notice where payment_code = $1 for update",
                code.as_str()
            )
            .fetch_optional(&mut *connection)
            .await
        }
    };
    match found.map_err(db)? {
        Some(notice) => read(connection, &notice).await,
        None => Ok(None),
    }
}

/// Reads a notice.
pub async fn read(connection: &mut PgConnection, notice: &str) -> Result<Option<Kept>> {
    Ok(whole(connection, &[notice.to_owned()]).await?.pop())
}

/// What a list of notices asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub center: String,
    pub state: Option<String>,
    pub number: Option<String>,
    pub payment_code: Option<String>,
}

/// A center's notices, newest first.
pub async fn list(connection: &mut PgConnection, filter: &Filter, page: &Page) -> Result<Vec<Kept>> {
    let notices = sqlx::query_scalar!(
        "select notice from fees.notice
         where center = $1 and ($2::text is null or state = $2) and ($3::text is null or number = $3)
           and ($4::text is null or payment_code = $4) and ($5::text is null or notice < $5)
         order by notice desc limit $6",
        filter.center,
        filter.state,
        filter.number,
        filter.payment_code,
        page.after,
        page.limit()
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    whole(connection, &notices).await
}

/// Notices whose last day has passed, held for marking; those that somebody else holds are left to that one.
pub async fn past_limit(connection: &mut PgConnection, today: NaiveDate, limit: i64) -> Result<Vec<Kept>> {
    let notices = sqlx::query_scalar!(
        "select notice from fees.notice where state = 'ISSUED' and limit_on < $1
         order by limit_on limit $2 for update skip locked",
        today,
        limit
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    whole(connection, &notices).await
}

/// Notices by number, newest first.
async fn whole(connection: &mut PgConnection, notices: &[String]) -> Result<Vec<Kept>> {
    if notices.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Row,
        r#"select n.notice, n.number, n.item_name_zh, n.item_name_en, n.payer, n.payer_is_person, n.state, n.version, n.limit_on,
               n.payment_code, n.created_at, n.settled_at, n.cancel_reason, r.receipt as "receipt?"
           from unnest($1::text[]) wanted(notice)
           join fees.notice n on n.notice = wanted.notice
           left join fees.receipt r on r.notice = n.notice and r.state <> 'SPOILED'
           order by n.notice desc"#,
        notices
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    let lines = sqlx::query_as!(
        LineRow,
        r#"select l.notice, l.department, l.quantity, l.original_fen, l.amount_fen, f.body
           from unnest($1::text[]) wanted(notice)
           join fees.line l on l.notice = wanted.notice
           join fees.fee f on f.code = l.fee and f.version = l.fee_version
           order by l.notice, l.position"#,
        notices
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(db)?;
    let mut of_notice: BTreeMap<String, (Vec<Line>, Vec<pb::Fee>)> = BTreeMap::new();
    for row in lines {
        let entry = of_notice.entry(row.notice.clone()).or_default();
        let (line, fee) = line(&row)?;
        entry.0.push(line);
        entry.1.push(fee);
    }
    rows.into_iter()
        .map(|row| {
            let (lines, fees) = of_notice.remove(&row.notice).unwrap_or_default();
            kept(row, lines, fees)
        })
        .collect()
}

fn line(row: &LineRow) -> Result<(Line, pb::Fee)> {
    let fee = pb::Fee::decode(row.body.as_slice()).map_err(Error::internal)?;
    let rule = published::read(&fee)?;
    let charge = match (row.quantity, row.original_fen, row.amount_fen) {
        (Some(quantity), Some(original), Some(amount)) => Some(Charge {
            quantity: stored("quantity", Quantity::from_thousandths(quantity))?,
            original: money(original)?,
            amount: money(amount)?,
        }),
        _ => None,
    };
    let line = Line {
        fee: rule.code,
        fee_version: rule.version,
        standard: rule.standard,
        pay_within_days: rule.pay_within_days,
        department: stored("department", DepartmentId::parse(&row.department))?,
        charge,
    };
    Ok((line, fee))
}

fn kept(row: Row, lines: Vec<Line>, fees: Vec<pb::Fee>) -> Result<Kept> {
    let limit = || row.limit_on.ok_or_else(|| odd("last day"));
    let state = match row.state.as_str() {
        "MEASURING" => State::Measuring,
        "ISSUED" => State::Issued { limit_on: limit()? },
        "OVERDUE" => State::Overdue { limit_on: limit()? },
        "PAID" => State::Paid { limit_on: limit()? },
        "WAIVED" => State::Waived { limit_on: limit()? },
        "CANCELLED" => State::Cancelled { limit_on: row.limit_on, reason: row.cancel_reason },
        "REFUNDED" => State::Refunded { limit_on: limit()? },
        _ => return Err(odd("notice state")),
    };
    Ok(Kept {
        notice: Notice {
            notice: stored("notice", DocumentNumber::parse(&row.notice))?,
            number: stored("case number", CaseNumber::parse(&row.number))?,
            state,
            version: row.version,
            lines,
            payment_code: stored("payment code", PaymentCode::parse(&row.payment_code))?,
        },
        about: About {
            item_name_zh: row.item_name_zh,
            item_name_en: row.item_name_en,
            payer: row.payer,
            payer_is_person: row.payer_is_person,
            created_at: row.created_at,
            settled_at: row.settled_at,
            receipt: row.receipt,
        },
        fees,
    })
}

/// Notes relief that was granted; `by` is the finance officer who entered it.
pub async fn add_relief(
    connection: &mut PgConnection,
    notice: &Notice,
    relief: &ReliefRow,
    by: &str,
) -> Result<()> {
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
pub async fn reliefs(connection: &mut PgConnection, notice: &str) -> Result<Vec<ReliefRow>> {
    sqlx::query_as!(
        ReliefRow,
        "select kind, ground, document, approver, from_fen, to_fen, from_limit_on, to_limit_on, at
         from fees.relief where notice = $1 order by sequence",
        notice
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

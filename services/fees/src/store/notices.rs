//! Notices with their lines, and what was refused.

use std::collections::{BTreeMap, BTreeSet};
use std::num::TryFromIntError;

use chrono::{DateTime, NaiveDate, Utc};
use prost::Message as _;
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{CaseNumber, DepartmentId, DocumentNumber, PaymentCode, Quantity};
use yimen_platform::page::Page;
use yimen_platform::store::{Serials, Tx, column, db};
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
}

struct LineRow {
    notice: String,
    department: String,
    quantity: Option<i64>,
    original_fen: Option<i64>,
    amount_fen: Option<i64>,
    body: Vec<u8>,
    /// The notice's receipt that counts.
    receipt: Option<String>,
}

#[derive(Default)]
struct NoticeSerials(Serials<(u32, u64)>);

/// The serials of so many new notices: each one's own and its payment code's.
pub async fn next_serials(tx: &mut Tx, count: usize) -> Result<Vec<(u32, u64)>> {
    let serials = tx.memory().of::<NoticeSerials>();
    let draw = async |wanted: i32| {
        let drawn = sqlx::query!(
            r#"select nextval('fees.notice_serial') as "notice!", nextval('fees.payment_code_serial') as "code!"
               from generate_series(1, $1::integer)"#,
            wanted
        );
        let drawn = drawn.fetch_all(tx.sql()).await.map_err(db)?.into_iter();
        let both = drawn.map(|row| Ok((u32::try_from(row.notice)?, u64::try_from(row.code)?)));
        both.collect::<Result<Vec<_>, TryFromIntError>>().map_err(Error::internal)
    };
    serials.0.take(count, draw).await
}

/// Has the handlers of these applications' events take turns until their transactions end; gives those whose
/// fees lapsed.
pub async fn take_turns(connection: &mut PgConnection, numbers: &[&str]) -> Result<BTreeSet<String>> {
    let lapsed = sqlx::query_scalar!(
        r#"with turn as (
             insert into fees.arrival (number)
             select distinct number from unnest($1::text[]) given(number) order by number
             on conflict (number) do update set number = excluded.number returning number, lapsed_at)
           select number from turn where lapsed_at is not null"#,
        numbers as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(lapsed.into_iter().collect())
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

/// Adds notices with their lines, of which each has some. Gives the numbers of those that were added: an
/// application has one.
pub async fn insert(connection: &mut PgConnection, all: &[Kept]) -> Result<BTreeSet<String>> {
    let lines: Vec<(&Kept, i32, &Line)> = all.iter().flat_map(placed_lines).collect();
    let versions = lines.iter().map(|(_, _, line)| i32::try_from(line.fee_version).map_err(Error::internal));
    let charges = Charges::of(lines.iter().map(|(_, _, line)| line.charge));
    let settled_at = |kept: &Kept| kept.notice.state.is_closed().then_some(kept.about.created_at);
    let added = sqlx::query_scalar!(
        "with added as (
           insert into fees.notice (notice, number, center, item_name_zh, item_name_en, payer, state, version,
               limit_on, payment_code, created_at, settled_at, payer_is_person)
           select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
               $8::bigint[], $9::date[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::boolean[])
           on conflict (number) do nothing returning notice),
         lines as (
           insert into fees.line (notice, position, fee, fee_version, department, quantity, original_fen, amount_fen)
           select given.* from added
           join unnest($14::text[], $15::integer[], $16::text[], $17::integer[], $18::text[], $19::bigint[],
                       $20::bigint[], $21::bigint[])
                given(notice, position, fee, fee_version, department, quantity, original_fen, amount_fen)
             using (notice))
         select notice from added",
        &column(all, |kept| kept.notice.notice.as_str()) as &[&str],
        &column(all, |kept| kept.notice.number.as_str()) as &[&str],
        &column(all, |kept| kept.notice.center().to_string()),
        &column(all, |kept| kept.about.item_name_zh.as_str()) as &[&str],
        &column(all, |kept| kept.about.item_name_en.as_str()) as &[&str],
        &column(all, |kept| kept.about.payer.as_str()) as &[&str],
        &column(all, |kept| kept.notice.state.as_str()) as &[&str],
        &column(all, |kept| kept.notice.version),
        &column(all, |kept| kept.notice.state.limit_on()) as &[Option<NaiveDate>],
        &column(all, |kept| kept.notice.payment_code.as_str()) as &[&str],
        &column(all, |kept| kept.about.created_at),
        &column(all, settled_at) as &[Option<DateTime<Utc>>],
        &column(all, |kept| kept.about.payer_is_person),
        &column(&lines, |(kept, ..)| kept.notice.notice.as_str()) as &[&str],
        &column(&lines, |(_, position, _)| *position),
        &column(&lines, |(_, _, line)| line.fee.as_str()) as &[&str],
        &versions.collect::<Result<Vec<i32>>>()?,
        &column(&lines, |(_, _, line)| line.department.as_str()) as &[&str],
        &charges.quantity as &[Option<i64>],
        &charges.original_fen as &[Option<i64>],
        &charges.amount_fen as &[Option<i64>]
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(added.into_iter().collect())
}

/// What lines charge, as columns; nothing where a line is yet to be measured.
struct Charges {
    quantity: Vec<Option<i64>>,
    original_fen: Vec<Option<i64>>,
    amount_fen: Vec<Option<i64>>,
}

impl Charges {
    fn of(charges: impl Iterator<Item = Option<Charge>>) -> Self {
        let charges: Vec<Option<Charge>> = charges.collect();
        Self {
            quantity: column(&charges, |charge| charge.map(|charge| charge.quantity.thousandths())),
            original_fen: column(&charges, |charge| charge.map(|charge| charge.original.fen())),
            amount_fen: column(&charges, |charge| charge.map(|charge| charge.amount.fen())),
        }
    }
}

/// The lines of a notice at their positions.
fn placed_lines(kept: &Kept) -> impl Iterator<Item = (&Kept, i32, &Line)> {
    (1..).zip(&kept.notice.lines).map(move |(position, line)| (kept, position, line))
}

/// Saves changed notices, before and after, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was, for all.
pub async fn save(
    connection: &mut PgConnection,
    changes: &[(&Notice, &Notice)],
    now: DateTime<Utc>,
) -> Result<()> {
    let cancel_reason = |after: &Notice| match &after.state {
        State::Cancelled { reason, .. } => reason.clone(),
        _ => String::new(),
    };
    let done = sqlx::query!(
        "update fees.notice n
         set state = given.state, version = given.version, limit_on = given.limit_on,
             cancel_reason = given.cancel_reason,
             settled_at = case when given.is_closed then coalesce(n.settled_at, $8) end
         from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::date[], $6::text[], $7::boolean[])
              given(notice, read_version, state, version, limit_on, cancel_reason, is_closed)
         where n.notice = given.notice and n.version = given.read_version",
        &column(changes, |(_, after)| after.notice.as_str()) as &[&str],
        &column(changes, |(before, _)| before.version),
        &column(changes, |(_, after)| after.state.as_str()) as &[&str],
        &column(changes, |(_, after)| after.version),
        &column(changes, |(_, after)| after.state.limit_on()) as &[Option<NaiveDate>],
        &column(changes, |(_, after)| cancel_reason(after)),
        &column(changes, |(_, after)| after.state.is_closed()),
        now
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    if usize::try_from(done.rows_affected()).map_err(Error::internal)? != changes.len() {
        return Err(Error::aborted(Reason::StaleVersion));
    }
    save_lines(connection, changes).await
}

async fn save_lines(connection: &mut PgConnection, changes: &[(&Notice, &Notice)]) -> Result<()> {
    let mut changed: Vec<(&Notice, i32, &Line)> = Vec::new();
    for (before, after) in changes {
        let both = (1..).zip(before.lines.iter().zip(&after.lines));
        let differ = both.filter(|(_, (before, after))| before != after);
        changed.extend(differ.map(|(position, (_, line))| (*after, position, line)));
    }
    if changed.is_empty() {
        return Ok(());
    }
    let charges = Charges::of(changed.iter().map(|(_, _, line)| line.charge));
    sqlx::query!(
        "update fees.line l
         set quantity = given.quantity, original_fen = given.original_fen, amount_fen = given.amount_fen
         from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[])
              given(notice, position, quantity, original_fen, amount_fen)
         where l.notice = given.notice and l.position = given.position",
        &column(&changed, |(notice, ..)| notice.notice.as_str()) as &[&str],
        &column(&changed, |(_, position, _)| *position),
        &charges.quantity as &[Option<i64>],
        &charges.original_fen as &[Option<i64>],
        &charges.amount_fen as &[Option<i64>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
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

/// The rows of notices, as the rest of the statement finds them.
macro_rules! rows {
    ($rest:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            Row,
            "select n.notice, n.number, n.item_name_zh, n.item_name_en, n.payer, n.payer_is_person, n.state, n.version,
                 n.limit_on, n.payment_code, n.created_at, n.settled_at, n.cancel_reason " + $rest,
            $($argument),+
        )
    };
}

/// Reads a notice and holds it until the transaction ends, so that two who settle it follow each other.
pub async fn lock(connection: &mut PgConnection, key: Key<'_>) -> Result<Option<Kept>> {
    let notice = match key {
        Key::Notice(notice) => Some(notice.to_string()),
        Key::Number(number) => {
            sqlx::query_scalar!("select notice from fees.notice where number = $1", number.as_str())
                .fetch_optional(&mut *connection)
                .await
                .map_err(db)?
        }
        Key::PaymentCode(code) => {
            sqlx::query_scalar!("select notice from fees.notice where payment_code = $1", code.as_str())
                .fetch_optional(&mut *connection)
                .await
                .map_err(db)?
        }
    };
    match notice {
        Some(notice) => Ok(lock_all(connection, &[notice]).await?.pop()),
        None => Ok(None),
    }
}

/// Reads notices and holds them until the transaction ends; those that there are.
pub async fn lock_all(connection: &mut PgConnection, notices: &[String]) -> Result<Vec<Kept>> {
    let rows = rows!(
        "from unnest($1::text[]) wanted(notice) join fees.notice n on n.notice = wanted.notice
         order by n.notice for update of n",
        notices
    );
    let rows = rows.fetch_all(&mut *connection).await.map_err(db)?;
    with_lines(connection, rows).await
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
    let rows = rows!(
        "from unnest($1::text[]) wanted(notice) join fees.notice n on n.notice = wanted.notice
         order by n.notice desc",
        notices
    );
    let rows = rows.fetch_all(&mut *connection).await.map_err(db)?;
    with_lines(connection, rows).await
}

/// Adds the lines and the receipts, which are read after the rows are held.
async fn with_lines(connection: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<Kept>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = sqlx::query_as!(
        LineRow,
        "select l.notice, l.department, l.quantity, l.original_fen, l.amount_fen, f.body,
             (select r.receipt from fees.receipt r where r.notice = l.notice and r.state <> 'SPOILED') as receipt
         from unnest($1::text[]) wanted(notice)
         join fees.line l on l.notice = wanted.notice
         join fees.fee f on f.code = l.fee and f.version = l.fee_version
         order by l.notice, l.position",
        &column(&rows, |row| row.notice.as_str()) as &[&str]
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    let mut by_notice: BTreeMap<String, Vec<LineRow>> = BTreeMap::new();
    for line in lines {
        by_notice.entry(line.notice.clone()).or_default().push(line);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_notice.remove(&row.notice).unwrap_or_default();
            kept(row, &lines)
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

fn kept(row: Row, lines: &[LineRow]) -> Result<Kept> {
    let receipt = lines.first().and_then(|line| line.receipt.clone());
    let both = lines.iter().map(line).collect::<Result<Vec<_>>>()?;
    let (lines, fees) = both.into_iter().unzip();
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
            receipt,
        },
        fees,
    })
}

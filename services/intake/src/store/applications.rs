//! Applications, their history, their documents.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::BTreeMap;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
use yimen_platform::store::{column, db};

use crate::domain::application::{Fee, Outcome, State};
use crate::domain::documents::Kind;

/// An application as it stands in the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: String,
    pub center: String,
    pub item: String,
    pub item_version: i32,
    pub item_name_zh: String,
    pub item_name_en: String,
    pub state: String,
    pub version: i64,
    pub outcome: Option<String>,
    /// How far its fee is; none if it charges none.
    pub fee: Option<String>,
    /// Whether something is owed.
    pub owes: bool,
    /// Codes of the materials that were handed in or promised.
    pub materials: Vec<String>,
    /// Codes of those that were promised and have not come.
    pub promised: Vec<String>,
    /// The number of the document by which it was decided.
    pub decision: Option<String>,
    pub applicant_kind: String,
    pub applicant_name: String,
    pub id_number: String,
    pub contact_name: String,
    pub mobile: String,
    pub address: String,
    pub subject: String,
    pub form: Json<BTreeMap<String, String>>,
    pub lookup_digest: Vec<u8>,
    pub online: bool,
    pub materials_revision: i32,
    pub notices: i32,
    pub submitted_at: DateTime<Utc>,
    /// When the window's turn last began: with the application, or with its whole supplement.
    pub received_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// What a list shows of an application.
#[derive(Clone, Debug)]
pub struct Summary {
    pub number: String,
    pub center: String,
    pub item: String,
    pub item_name_zh: String,
    pub item_name_en: String,
    pub subject: String,
    pub applicant_kind: String,
    pub applicant_name: String,
    pub state: String,
    pub outcome: Option<String>,
    pub notices: i32,
    pub submitted_at: DateTime<Utc>,
}

/// An entry of the history.
#[derive(Clone, Debug)]
pub struct Entry {
    pub happened: String,
    pub state: String,
    pub at: DateTime<Utc>,
}

/// A document as issued.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    pub document: String,
    pub kind: String,
    pub issued_at: DateTime<Utc>,
    pub text_zh: String,
    pub text_en: String,
}

/// Reads applications; those that there are.
pub async fn find(connection: &mut PgConnection, numbers: &[String]) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select a.number, a.center, a.item, a.item_version, a.item_name_zh, a.item_name_en, a.state, a.version,
               a.outcome, (select f.state from intake.fee f where f.number = a.number) as fee,
               exists (select from intake.owed o where o.number = a.number and o.settled_at is null) as "owes!",
               array(select distinct m.code from intake.material m where m.number = a.number) as "materials!",
               array(select m.code from intake.material m where m.number = a.number
                     group by m.code having max(m.revision) = 0) as "promised!",
               (select d.document from intake.document d where d.number = a.number and d.kind = $2
                order by d.issued_at, d.document limit 1) as decision,
               a.applicant_kind, a.applicant_name, a.id_number, a.contact_name, a.mobile, a.address, a.subject,
               a.form as "form: Json<BTreeMap<String, String>>", a.lookup_digest, a.online, a.materials_revision,
               a.notices, a.submitted_at, a.received_at, a.accepted_at, a.completed_at, a.delivered_at
           from unnest($1::text[]) given(number) join intake.application a using (number)"#,
        numbers,
        Kind::Decision.as_str()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// What changes in an application's row.
pub struct Change<'c> {
    pub number: &'c str,
    /// The version that was read.
    pub from: i64,
    pub version: i64,
    pub state: State,
    /// Where it changed.
    pub fee: Option<Fee>,
    pub materials_revision: u32,
    pub notices: u32,
    pub happened: &'static str,
    pub document: Option<&'c DocumentRow>,
}

/// Saves steps, their entries in the histories and their documents, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was, for all.
pub async fn save(connection: &mut PgConnection, changes: &[Change<'_>], now: DateTime<Utc>) -> Result<()> {
    let outcome = |change: &Change<'_>| change.state.outcome().map(outcome_text);
    let number = |number: u32| i32::try_from(number).map_err(Error::internal);
    let revisions = changes.iter().map(|change| number(change.materials_revision));
    let notices = changes.iter().map(|change| number(change.notices));
    let document = |part: fn(&DocumentRow) -> &str| column(changes, |change| change.document.map(part));
    let done = sqlx::query!(
        "with given as (
             select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::integer[],
                                  $7::integer[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
                                  $14::text[])
               given(number, read_version, state, version, outcome, materials_revision, notices, happened, fee,
                     document, kind, text_zh, text_en)),
           changed as (
             update intake.application a
             set state = g.state, version = g.version, outcome = g.outcome,
                 materials_revision = g.materials_revision, notices = g.notices,
                 received_at = case when g.state = 'SUPPLEMENTED' and a.state <> g.state then $8 else a.received_at end,
                 accepted_at = case when g.state = 'ACCEPTED' then coalesce(a.accepted_at, $8) else a.accepted_at end,
                 completed_at = case when g.state = 'COMPLETED' then coalesce(a.completed_at, $8) else a.completed_at end,
                 delivered_at = case when g.state = 'DELIVERED' then coalesce(a.delivered_at, $8) else a.delivered_at end
             from given g where a.number = g.number and a.version = g.read_version
             returning g.number, g.version, g.happened, g.state, g.document),
           charged as (
             insert into intake.fee (number, state) select number, fee from given where fee is not null
             on conflict (number) do update set state = excluded.state),
           issued as (
             insert into intake.document (document, number, kind, issued_at, text_zh, text_en)
             select document, number, kind, $8, text_zh, text_en from given where document is not null)
         insert into intake.history (number, sequence, happened, state, document, at)
         select number, version, happened, state, document, $8 from changed",
        &column(changes, |change| change.number) as &[&str],
        &column(changes, |change| change.from),
        &column(changes, |change| change.state.as_str()) as &[&str],
        &column(changes, |change| change.version),
        &column(changes, outcome) as &[Option<&str>],
        &revisions.collect::<Result<Vec<i32>>>()?,
        &notices.collect::<Result<Vec<i32>>>()?,
        now,
        &column(changes, |change| change.happened) as &[&str],
        &column(changes, |change| change.fee.and_then(Fee::as_str)) as &[Option<&str>],
        &document(|document| &document.document) as &[Option<&str>],
        &document(|document| &document.kind) as &[Option<&str>],
        &document(|document| &document.text_zh) as &[Option<&str>],
        &document(|document| &document.text_en) as &[Option<&str>]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    let all = u64::try_from(changes.len()).map_err(Error::internal)?;
    if done.rows_affected() == all { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// The history in order.
pub async fn history(connection: &mut PgConnection, number: &str) -> Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        "select happened, state, at from intake.history where number = $1 order by sequence",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// A center's applications, newest first.
pub async fn list(
    connection: &mut PgConnection,
    center: &str,
    state: Option<&str>,
    page: &Page,
) -> Result<Vec<Summary>> {
    sqlx::query_as!(
        Summary,
        "select number, center, item, item_name_zh, item_name_en, subject, applicant_kind, applicant_name, state,
             outcome, notices, submitted_at
         from intake.application
         where center = $1 and ($2::text is null or state = $2) and ($3::text is null or number < $3)
         order by number desc limit $4",
        center,
        state,
        page.after,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// The documents of an application in the order of issue.
pub async fn documents(connection: &mut PgConnection, number: &str) -> Result<Vec<DocumentRow>> {
    sqlx::query_as!(
        DocumentRow,
        "select document, kind, issued_at, text_zh, text_en from intake.document
         where number = $1 order by issued_at, document",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Notes departments that take part, each with the application's number.
pub async fn add_participants(connection: &mut PgConnection, joined: &[(&str, String)]) -> Result<()> {
    let (numbers, departments): (Vec<&str>, Vec<&str>) =
        joined.iter().map(|(number, department)| (*number, department.as_str())).unzip();
    sqlx::query!(
        "insert into intake.participant (number, department)
         select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        &numbers as &[&str],
        &departments as &[&str]
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Whether a department takes part.
pub async fn takes_part(connection: &mut PgConnection, number: &str, department: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from intake.participant where number = $1 and department = $2) as "there!""#,
        number,
        department
    )
    .fetch_one(connection)
    .await
    .map_err(db)
}

/// The state in a row.
pub fn state(row: &Row) -> Result<State> {
    let outcome = || {
        row.outcome
            .as_deref()
            .and_then(parse_outcome)
            .ok_or_else(|| Error::internal(format!("application in state {} without outcome", row.state)))
    };
    Ok(match row.state.as_str() {
        "SUBMITTED" => State::Submitted,
        "SUPPLEMENT_REQUESTED" => State::SupplementRequested,
        "SUPPLEMENTED" => State::Supplemented,
        "ACCEPTED" => State::Accepted,
        "REFUSED" => State::Refused,
        "WITHDRAWN" => State::Withdrawn,
        "DECIDED" => State::Decided(outcome()?),
        "COMPLETED" => State::Completed(outcome()?),
        "DELIVERED" => State::Delivered(outcome()?),
        other => return Err(Error::internal(format!("unknown application state {other}"))),
    })
}

/// The fee's state in a row.
pub fn fee(row: &Row) -> Result<Fee> {
    match row.fee.as_deref() {
        None => Ok(Fee::Free),
        Some("LATER") => Ok(Fee::Later),
        Some("DUE") => Ok(Fee::Due),
        Some("SETTLED") => Ok(Fee::Settled),
        Some(other) => Err(Error::internal(format!("unknown fee state {other}"))),
    }
}

fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Granted => "GRANTED",
        Outcome::GrantedWithConditions => "GRANTED_WITH_CONDITIONS",
        Outcome::Refused => "REFUSED",
    }
}

fn parse_outcome(text: &str) -> Option<Outcome> {
    match text {
        "GRANTED" => Some(Outcome::Granted),
        "GRANTED_WITH_CONDITIONS" => Some(Outcome::GrantedWithConditions),
        "REFUSED" => Some(Outcome::Refused),
        _ => None,
    }
}

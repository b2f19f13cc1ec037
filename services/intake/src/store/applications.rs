//! Applications, their history, their documents.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::BTreeMap;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
use yimen_platform::store::db;

use crate::domain::application::{Outcome, State};

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

/// The two serials that a new application needs: its own and its receipt's.
pub async fn next_serials(connection: &mut PgConnection) -> Result<(u32, u32)> {
    let row = sqlx::query!(
        r#"select nextval('intake.case_serial') as "case!", nextval('intake.document_serial') as "document!""#
    )
    .fetch_one(connection)
    .await
    .map_err(db)?;
    Ok((serial(row.case)?, serial(row.document)?))
}

/// The serial of a document.
pub async fn next_document_serial(connection: &mut PgConnection) -> Result<u32> {
    let value = sqlx::query_scalar!(r#"select nextval('intake.document_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    serial(value)
}

fn serial(value: i64) -> Result<u32> {
    u32::try_from(value).map_err(Error::internal)
}

/// Adds an application. False when its number was given before, which leaves the transaction usable.
pub async fn insert(connection: &mut PgConnection, row: &Row) -> Result<bool> {
    let done = sqlx::query!(
        "insert into intake.application (number, center, item, item_version, item_name_zh, item_name_en, state, version,
             applicant_kind, applicant_name, id_number, contact_name, mobile, address, subject, form, lookup_digest,
             online, materials_revision, notices, submitted_at, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
         on conflict (number) do nothing",
        row.number,
        row.center,
        row.item,
        row.item_version,
        row.item_name_zh,
        row.item_name_en,
        row.state,
        row.version,
        row.applicant_kind,
        row.applicant_name,
        row.id_number,
        row.contact_name,
        row.mobile,
        row.address,
        row.subject,
        Json(&row.form.0) as _,
        row.lookup_digest,
        row.online,
        row.materials_revision,
        row.notices,
        row.submitted_at,
        row.received_at
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// Reads an application.
pub async fn find(connection: &mut PgConnection, number: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        r#"select number, center, item, item_version, item_name_zh, item_name_en, state, version, outcome,
               applicant_kind, applicant_name, id_number, contact_name, mobile, address, subject,
               form as "form: Json<BTreeMap<String, String>>", lookup_digest, online, materials_revision, notices,
               submitted_at, received_at, accepted_at, completed_at, delivered_at
           from intake.application where number = $1"#,
        number
    )
    .fetch_optional(connection)
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
    pub materials_revision: u32,
    pub notices: u32,
    pub now: DateTime<Utc>,
    pub happened: &'static str,
    pub document: Option<&'c str>,
}

/// Saves a step and its entry in the history, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(connection: &mut PgConnection, change: &Change<'_>) -> Result<()> {
    let done = sqlx::query!(
        "with changed as (
             update intake.application
             set state = $3, version = $4, outcome = $5, materials_revision = $6, notices = $7,
                 received_at = case when $3 = 'SUPPLEMENTED' and state <> $3 then $8 else received_at end,
                 accepted_at = case when $3 = 'ACCEPTED' then coalesce(accepted_at, $8) else accepted_at end,
                 completed_at = case when $3 = 'COMPLETED' then coalesce(completed_at, $8) else completed_at end,
                 delivered_at = case when $3 = 'DELIVERED' then coalesce(delivered_at, $8) else delivered_at end
             where number = $1 and version = $2 returning number)
         insert into intake.history (number, sequence, happened, state, document, at)
         select number, $4, $9, $3, $10, $8 from changed",
        change.number,
        change.from,
        change.state.as_str(),
        change.version,
        change.state.outcome().map(outcome_text),
        i32::try_from(change.materials_revision).map_err(Error::internal)?,
        i32::try_from(change.notices).map_err(Error::internal)?,
        change.now,
        change.happened,
        change.document
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// The first entry of an application's history.
pub async fn begin_history(
    connection: &mut PgConnection,
    number: &str,
    receipt: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into intake.history (number, sequence, happened, state, document, at)
         values ($1, 1, 'SUBMITTED', 'SUBMITTED', $2, $3)",
        number,
        receipt,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
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

/// Keeps a document as issued.
pub async fn add_document(connection: &mut PgConnection, number: &str, document: &DocumentRow) -> Result<()> {
    sqlx::query!(
        "insert into intake.document (document, number, kind, issued_at, text_zh, text_en) values ($1, $2, $3, $4, $5, $6)",
        document.document,
        number,
        document.kind,
        document.issued_at,
        document.text_zh,
        document.text_en
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
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

/// Notes the departments that take part.
pub async fn add_participants(
    connection: &mut PgConnection,
    number: &str,
    departments: &[String],
) -> Result<()> {
    sqlx::query!(
        "insert into intake.participant (number, department)
         select $1, department from unnest($2::text[]) d(department) on conflict do nothing",
        number,
        departments
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

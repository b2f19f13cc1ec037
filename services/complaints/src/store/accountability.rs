//! Cases of accountability.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DocumentNumber, Reason};
use yimen_platform::store::db;

use super::{odd, stored};
use crate::domain::Accused;
use crate::domain::accountability::{Case, State};
use crate::domain::codes::Measure;

/// What led to a case, by its number.
pub enum Origin {
    Complaint(String),
    /// A round of democratic review.
    Round(String),
}

/// A case with what led to it.
pub struct Kept {
    pub case: Case,
    pub origin: Origin,
    pub center: String,
}

/// A case as it is shown.
pub struct Shown {
    pub accountability_case: String,
    /// Empty where a round led to it.
    pub complaint: String,
    /// Empty where a complaint led to it.
    pub round: String,
    pub center: String,
    pub held_kind: String,
    pub held_id: String,
    pub grounds: Vec<String>,
    pub opened_on: NaiveDate,
    pub state: String,
    pub finding: String,
    pub measure: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub evidence: String,
    pub carried_out_on: Option<NaiveDate>,
    pub public_text: String,
    pub published_at: Option<DateTime<Utc>>,
    pub drop_reason: String,
}

/// What a step writes beside the state.
#[derive(Default)]
pub struct Said<'s> {
    pub finding: Option<&'s str>,
    pub decided: Option<(&'s str, DateTime<Utc>)>,
    pub evidence: Option<&'s str>,
    pub carried_out_on: Option<NaiveDate>,
    pub published: Option<(&'s str, DateTime<Utc>)>,
    pub drop_reason: Option<&'s str>,
}

/// The serial of a case.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.accountability_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Opens a case, unless what led to it has one against the same unit or person already.
pub async fn open(
    connection: &mut PgConnection,
    number: &DocumentNumber,
    origin: &Origin,
    held: &Accused,
    today: NaiveDate,
) -> Result<()> {
    let center = number.center();
    let (complaint, round) = match origin {
        Origin::Complaint(number) => (Some(number.as_str()), None),
        Origin::Round(number) => (None, Some(number.as_str())),
    };
    sqlx::query!(
        "insert into complaints.accountability
             (accountability_case, complaint, appraisal_round, center, version, held_kind, held_id, opened_on, state)
         values ($1, $2, $3, $4, 1, $5, $6, $7, 'OPEN')
         on conflict do nothing",
        number.as_str(),
        complaint,
        round,
        center.as_str(),
        held.kind(),
        held.id(),
        today
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The cases that a complaint led to.
pub async fn of_complaint(connection: &mut PgConnection, complaint: &str) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select accountability_case from complaints.accountability where complaint = $1 order by 1",
        complaint
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Reads a case for a change, and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, number: &str) -> Result<Option<Kept>> {
    let row = sqlx::query!(
        "select accountability_case, complaint, appraisal_round, center, version, held_kind, held_id, opened_on, state, measure
         from complaints.accountability where accountability_case = $1 for update",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let measure = row.measure.as_deref().and_then(Measure::parse).ok_or_else(|| odd("measure"));
    let state = match row.state.as_str() {
        "OPEN" => State::Open,
        "DROPPED" => State::Dropped,
        "DECIDED" => State::Decided(measure?),
        "CARRIED_OUT" => State::CarriedOut(measure?),
        "PUBLISHED" => State::Published(measure?),
        _ => return Err(odd("state")),
    };
    let case = Case {
        number: stored("number", DocumentNumber::parse(&row.accountability_case))?,
        version: row.version,
        held: stored("accused", Accused::parse(&row.held_kind, &row.held_id))?,
        opened_on: row.opened_on,
        state,
    };
    let complaint = row.complaint.map(Origin::Complaint);
    let origin = complaint.or_else(|| row.appraisal_round.map(Origin::Round)).ok_or_else(|| odd("origin"))?;
    Ok(Some(Kept { case, origin, center: row.center }))
}

/// Saves a changed case, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(connection: &mut PgConnection, before: i64, after: &Case, said: &Said<'_>) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.accountability
         set version = $3, state = $4, measure = $5, finding = coalesce($6, finding),
             decided_by = coalesce($7, decided_by), decided_at = coalesce($8, decided_at),
             evidence = coalesce($9, evidence), carried_out_on = coalesce($10, carried_out_on),
             public_text = coalesce($11, public_text), published_at = coalesce($12, published_at),
             drop_reason = coalesce($13, drop_reason)
         where accountability_case = $1 and version = $2",
        after.number.as_str(),
        before,
        after.version,
        after.state.as_str(),
        after.state.measure().map(Measure::as_str),
        said.finding,
        said.decided.map(|(by, _)| by),
        said.decided.map(|(_, at)| at),
        said.evidence,
        said.carried_out_on,
        said.published.map(|(text, _)| text),
        said.published.map(|(_, at)| at),
        said.drop_reason
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// The cases of a center that the caller may see, newest first, or one of them: none that is about the caller,
/// nor whose complaint is.
pub async fn list(
    connection: &mut PgConnection,
    actor: &Actor,
    center: &str,
    (complaint, one): (Option<&str>, Option<&str>),
    (after, limit): (Option<&str>, i64),
) -> Result<Vec<Shown>> {
    sqlx::query_as!(
        Shown,
        r#"select h.accountability_case, coalesce(h.complaint, '') as "complaint!",
                coalesce(h.appraisal_round, '') as "round!", h.center, h.held_kind, h.held_id,
                coalesce(c.grounds, '{}') as "grounds!", h.opened_on, h.state,
                h.finding, h.measure, h.decided_at, h.evidence, h.carried_out_on, h.public_text, h.published_at,
                h.drop_reason
         from complaints.accountability h left join complaints.complaint c on c.number = h.complaint
         where h.center = $1
           and ($2::text is null or h.complaint = $2)
           and ($3::text is null or h.accountability_case = $3)
           and ($4::text is null or h.accountability_case < $4)
           and (h.held_kind, h.held_id) not in (('DEPARTMENT', $5), ('WINDOW', $6), ('PERSON', $7))
           and not exists (
             select from complaints.accused a where a.number = c.number
               and (a.kind, a.id) in (('DEPARTMENT', $5), ('WINDOW', $6), ('PERSON', $7)))
           and not exists (
             select from complaints.party p where p.number = c.about_number and p.department = $5)
           and not exists (
             select from complaints.appraisal_round r join complaints.appraisal_unit u using (round)
             where r.number = h.appraisal_round and u.department = $5)
         order by h.accountability_case desc limit $8"#,
        center,
        complaint,
        one,
        after,
        actor.department.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        actor.window.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        actor.subject,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// What was published, newest first, after a moment and a number.
pub async fn published(
    connection: &mut PgConnection,
    center: Option<&str>,
    after: Option<(DateTime<Utc>, &str)>,
    limit: i64,
) -> Result<Vec<Shown>> {
    let (at, number) = after.unzip();
    sqlx::query_as!(
        Shown,
        r#"select h.accountability_case, coalesce(h.complaint, '') as "complaint!",
                coalesce(h.appraisal_round, '') as "round!", h.center, h.held_kind, h.held_id,
                coalesce(c.grounds, '{}') as "grounds!", h.opened_on, h.state,
                h.finding, h.measure, h.decided_at, h.evidence, h.carried_out_on, h.public_text, h.published_at,
                h.drop_reason
         from complaints.accountability h left join complaints.complaint c on c.number = h.complaint
         where h.state = 'PUBLISHED' and ($1::text is null or h.center = $1)
           and ($2::timestamptz is null or (h.published_at, h.accountability_case) < ($2, $3))
         order by h.published_at desc, h.accountability_case desc limit $4"#,
        center,
        at,
        number,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

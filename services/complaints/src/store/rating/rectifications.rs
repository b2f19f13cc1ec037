//! Cases of rectification, row ⇄ domain.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{Actor, DepartmentId, DocumentNumber, Reason};
use yimen_platform::store::db;

use crate::domain::rating::rectification::{Outcome, Rectification, State, Visit};
use crate::domain::rating::{self};
use crate::domain::{Handler, Identity};
use crate::store::steps::Step;
use crate::store::{count, int, odd, stored};

/// The serial of a case.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.rectification_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Keeps a new case.
pub async fn insert(connection: &mut PgConnection, of: Uuid, new: &Rectification) -> Result<()> {
    let center = new.number.center();
    sqlx::query!(
        "insert into complaints.rectification (rectification, rating, center, version, opened_on, state, from_on)
         values ($1, $2, $3, $4, $5, $6, $5)",
        new.number.as_str(),
        of,
        center.as_str(),
        new.version,
        new.opened_on,
        new.state.as_str()
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// A case with what its rules do not need.
#[derive(Clone, Debug)]
pub struct Row {
    pub rectification: String,
    pub rating: Uuid,
    pub center: String,
    pub version: i64,
    pub opened_on: NaiveDate,
    pub department: String,
    pub run: i32,
    pub state: String,
    pub from_on: NaiveDate,
    pub run_extension: i32,
    pub sent_back: bool,
    pub visit: Option<String>,
    pub extension_days: Option<i32>,
    pub extension_approver: String,
    pub extension_reason: String,
    pub measures: String,
    pub outcome: Option<String>,
    pub conclusion: String,
    // Of the rating.
    pub number: String,
    pub event: String,
    pub window_id: String,
    pub clerk: String,
    pub rated_department: String,
    pub item: String,
    pub level: i32,
    pub aspects: Vec<String>,
    pub text: String,
    pub identity: String,
}

impl Row {
    /// The case as its rules have it.
    ///
    /// # Errors
    /// `INTERNAL` for what the program cannot have written.
    pub fn domain(&self) -> Result<Rectification> {
        let handler = match self.department.as_str() {
            "" => Handler::Office,
            id => Handler::Department(stored("department", DepartmentId::parse(id))?),
        };
        Ok(Rectification {
            number: stored("number", DocumentNumber::parse(&self.rectification))?,
            version: self.version,
            identity: Identity::parse(&self.identity).ok_or_else(|| odd("identity"))?,
            rated: rating::rated(&self.window_id, &self.clerk),
            opened_on: self.opened_on,
            handler,
            run: count("run", self.run)?,
            extended: self.extension_days.is_some(),
            sent_back: self.sent_back,
            state: self.state()?,
        })
    }

    fn state(&self) -> Result<State> {
        let open = |contacted| {
            let extension = count("extension", self.run_extension)?;
            Ok(State::Open { contacted, from: self.from_on, extension })
        };
        match self.state.as_str() {
            "OPEN" => open(false),
            "CONTACTED" => open(true),
            "RECTIFIED" => Ok(State::Rectified { on: self.from_on }),
            "VISITED" => {
                let visit = self.visit.as_deref().and_then(Visit::parse);
                visit.map(|visit| State::Visited { visit }).ok_or_else(|| odd("visit"))
            }
            "CLOSED" => {
                let outcome = self.outcome.as_deref().and_then(Outcome::parse);
                outcome.map(State::Closed).ok_or_else(|| odd("outcome"))
            }
            _ => Err(odd("state")),
        }
    }
}

/// Reads a case for a change, and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, number: &str) -> Result<Option<Row>> {
    let found = sqlx::query_scalar!(
        "select rectification from complaints.rectification where rectification = $1 for update",
        number
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    match found {
        Some(number) => one(connection, &number).await,
        None => Ok(None),
    }
}

/// Reads a case.
pub async fn one(connection: &mut PgConnection, number: &str) -> Result<Option<Row>> {
    sqlx::query_as!(
        Row,
        "select c.rectification, c.rating, c.center, c.version, c.opened_on, c.department, c.run, c.state, c.from_on,
                c.run_extension, c.sent_back, c.visit, c.extension_days, c.extension_approver, c.extension_reason,
                c.measures, c.outcome, c.conclusion, r.number, r.event, r.window_id, r.clerk,
                r.department as rated_department, r.item, r.level, r.aspects, r.text, r.identity
         from complaints.rectification c join complaints.rating r using (rating) where c.rectification = $1",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Which cases.
pub struct Filter<'f> {
    pub center: &'f str,
    /// Only those that a department has in hand.
    pub department: Option<&'f str>,
    pub state: Option<&'f str>,
    pub after: Option<&'f str>,
    pub limit: i64,
}

/// The cases that the caller may see, newest first: none that is about the caller.
pub async fn page(connection: &mut PgConnection, actor: &Actor, filter: &Filter<'_>) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        "select c.rectification, c.rating, c.center, c.version, c.opened_on, c.department, c.run, c.state, c.from_on,
                c.run_extension, c.sent_back, c.visit, c.extension_days, c.extension_approver, c.extension_reason,
                c.measures, c.outcome, c.conclusion, r.number, r.event, r.window_id, r.clerk,
                r.department as rated_department, r.item, r.level, r.aspects, r.text, r.identity
         from complaints.rectification c join complaints.rating r using (rating)
         where c.center = $1
           and ($2::text is null or (c.department = $2 and c.state in ('OPEN', 'CONTACTED')))
           and ($3::text is null or c.state = $3)
           and ($4::text is null or c.rectification < $4)
           and (r.window_id = '' or r.window_id <> $5) and (r.clerk = '' or r.clerk <> $6)
         order by c.rectification desc limit $7",
        filter.center,
        filter.department,
        filter.state,
        filter.after,
        actor.window.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        actor.subject,
        filter.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Saves a changed case, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(connection: &mut PgConnection, before: i64, after: &Rectification) -> Result<()> {
    let (from, extension, visit, outcome) = match after.state {
        State::Open { from, extension, .. } => (Some(from), Some(int(extension)?), None, None),
        State::Rectified { on } => (Some(on), None, None, None),
        State::Visited { visit } => (None, None, Some(visit.as_str()), None),
        State::Closed(outcome) => (None, None, None, Some(outcome.as_str())),
    };
    let done = sqlx::query!(
        "update complaints.rectification
         set version = $3, state = $4, department = $5, run = $6, sent_back = $7, from_on = coalesce($8, from_on),
             run_extension = coalesce($9, run_extension), visit = coalesce($10, visit), outcome = $11
         where rectification = $1 and version = $2",
        after.number.as_str(),
        before,
        after.version,
        after.state.as_str(),
        after.handler.department(),
        int(after.run)?,
        after.sent_back,
        from,
        extension,
        visit,
        outcome
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// What was said with a step, where it is shown by itself.
#[derive(Default)]
pub struct Said<'s> {
    pub measures: Option<&'s str>,
    pub conclusion: Option<&'s str>,
    /// Days, approver, reason.
    pub extension: Option<(u32, &'s str, &'s str)>,
}

/// Notes what was said.
pub async fn note(connection: &mut PgConnection, number: &str, said: &Said<'_>) -> Result<()> {
    sqlx::query!(
        "update complaints.rectification
         set measures = coalesce($2, measures), conclusion = coalesce($3, conclusion),
             extension_days = coalesce($4, extension_days), extension_approver = coalesce($5, extension_approver),
             extension_reason = coalesce($6, extension_reason)
         where rectification = $1",
        number,
        said.measures,
        said.conclusion,
        said.extension.map(|(days, ..)| int(days)).transpose()?,
        said.extension.map(|(_, approver, _)| approver),
        said.extension.map(|(.., reason)| reason)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Adds a step.
pub async fn step(
    connection: &mut PgConnection,
    number: &str,
    what: &str,
    (by, note): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.rectification_step (step, rectification, what, at, by, note)
         values ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        number,
        what,
        now,
        by,
        note
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The steps of a case, in order.
pub async fn steps(connection: &mut PgConnection, number: &str) -> Result<Vec<Step>> {
    sqlx::query_as!(
        Step,
        "select what, at, by, note from complaints.rectification_step where rectification = $1 order by at, step",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

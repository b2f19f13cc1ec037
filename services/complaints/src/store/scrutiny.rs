//! Sessions and tours, their questions, and what units have to do.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DocumentNumber, Reason};
use yimen_platform::store::db;

use super::{count, int, odd, stored};
use crate::domain::scrutiny::{Kind, Scrutiny, State, Undertaking};

/// A session or a tour as it is shown.
pub struct Shown {
    pub number: String,
    pub kind: String,
    pub center: String,
    pub title: String,
    pub held_on: NaiveDate,
    pub seats: i32,
    pub round: String,
    pub departments: Vec<String>,
}

/// A question as it is shown.
pub struct Question {
    pub position: i32,
    pub department: String,
    pub seat: i32,
    pub text: String,
    pub asked_at: DateTime<Utc>,
    pub answer: String,
    pub answered_at: Option<DateTime<Utc>>,
}

/// What a unit has to do, as it is shown.
pub struct Listed {
    pub position: i32,
    pub department: String,
    pub finding: String,
    pub text: String,
    pub given_on: NaiveDate,
    pub due_on: NaiveDate,
    pub state: String,
    pub report: String,
    pub reported_at: Option<DateTime<Utc>>,
    pub passed_at: Option<DateTime<Utc>>,
    pub evidence: String,
    pub settled_on: Option<NaiveDate>,
    pub followed_by: Option<i32>,
}

/// The serial of a session or a tour.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.scrutiny_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Keeps a new one.
pub async fn insert(
    connection: &mut PgConnection,
    scrutiny: &Scrutiny,
    title: &str,
    round: Option<&str>,
) -> Result<()> {
    let center = scrutiny.center();
    sqlx::query!(
        "insert into complaints.scrutiny (number, kind, center, title, held_on, seats, round)
         values ($1, $2, $3, $4, $5, $6, $7)",
        scrutiny.number.as_str(),
        scrutiny.kind.as_str(),
        center.as_str(),
        title,
        scrutiny.held_on,
        int(scrutiny.seats)?,
        round
    )
    .execute(&mut *connection)
    .await
    .map_err(db)?;
    let units: Vec<String> = scrutiny.units.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "insert into complaints.scrutiny_unit (number, department) select $1, * from unnest($2::text[])",
        scrutiny.number.as_str(),
        &units
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Reads one for a change, and holds it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, number: &str) -> Result<Option<Scrutiny>> {
    let row = sqlx::query!(
        "select number, kind, held_on, seats from complaints.scrutiny where number = $1 for update",
        number
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let units = sqlx::query_scalar!(
        "select department from complaints.scrutiny_unit where number = $1 order by department",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(Some(Scrutiny {
        number: stored("number", DocumentNumber::parse(&row.number))?,
        kind: Kind::parse(&row.kind).ok_or_else(|| odd("kind"))?,
        held_on: row.held_on,
        seats: count("seats", row.seats)?,
        units: units
            .iter()
            .map(|unit| stored("department", DepartmentId::parse(unit)))
            .collect::<Result<_>>()?,
    }))
}

/// Those of a center, or of all, newest first; or one of them.
pub async fn list(
    connection: &mut PgConnection,
    center: Option<&str>,
    one: Option<&str>,
    (after, limit): (Option<&str>, i64),
) -> Result<Vec<Shown>> {
    sqlx::query_as!(
        Shown,
        r#"select s.number, s.kind, s.center, s.title, s.held_on, s.seats, coalesce(s.round, '') as "round!",
                  array(select department from complaints.scrutiny_unit u where u.number = s.number
                        order by department) as "departments!"
           from complaints.scrutiny s
           where ($1::text is null or s.center = $1) and ($2::text is null or s.number = $2)
             and ($3::text is null or s.number < $3)
           order by s.number desc limit $4"#,
        center,
        one,
        after,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// The questions of a session, in order.
pub async fn questions(connection: &mut PgConnection, number: &str) -> Result<Vec<Question>> {
    sqlx::query_as!(
        Question,
        "select position, department, seat, text, asked_at, answer, answered_at
         from complaints.scrutiny_question where number = $1 order by position",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Adds a question; whoever adds holds the session.
pub async fn ask(
    connection: &mut PgConnection,
    number: &str,
    department: &DepartmentId,
    (seat, text): (u32, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.scrutiny_question (number, position, department, seat, text, asked_at)
         select $1, coalesce(max(position), 0) + 1, $2, $3, $4, $5
         from complaints.scrutiny_question where number = $1",
        number,
        department.as_str(),
        int(seat)?,
        text,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The unit that a question is put to, and whether it is answered.
pub async fn asked(
    connection: &mut PgConnection,
    number: &str,
    position: i32,
) -> Result<Option<(DepartmentId, bool)>> {
    let row = sqlx::query!(
        r#"select department, answer <> '' as "answered!" from complaints.scrutiny_question
           where number = $1 and position = $2"#,
        number,
        position
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    row.map(|row| Ok((stored("department", DepartmentId::parse(&row.department))?, row.answered))).transpose()
}

/// Keeps an answer.
pub async fn answer(
    connection: &mut PgConnection,
    number: &str,
    position: i32,
    answer: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update complaints.scrutiny_question set answer = $3, answered_at = $4
         where number = $1 and position = $2 and answer = ''",
        number,
        position,
        answer,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// What the units have to do, in order.
pub async fn undertakings(connection: &mut PgConnection, number: &str) -> Result<Vec<Listed>> {
    sqlx::query_as!(
        Listed,
        "select u.position, u.department, u.finding, u.text, u.given_on, u.due_on, u.state, u.report, u.reported_at,
                u.passed_at, u.evidence, u.settled_on,
                (select f.position from complaints.undertaking f
                 where f.number = u.number and f.follows = u.position order by f.position limit 1) as followed_by
         from complaints.undertaking u where u.number = $1 order by u.position",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// What is new of an undertaking.
pub struct New<'n> {
    pub finding: &'n str,
    pub text: &'n str,
    /// The one whose place it takes.
    pub follows: Option<i32>,
}

/// Adds an undertaking; whoever adds holds the session or tour.
pub async fn add(
    connection: &mut PgConnection,
    number: &str,
    department: &DepartmentId,
    new: &New<'_>,
    (given_on, due_on): (NaiveDate, NaiveDate),
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.undertaking
           (number, position, version, department, finding, text, given_on, due_on, state, follows)
         select $1, coalesce(max(position), 0) + 1, 1, $2, $3, $4, $5, $6, 'OPEN', $7
         from complaints.undertaking where number = $1",
        number,
        department.as_str(),
        new.finding,
        new.text,
        given_on,
        due_on,
        new.follows
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// An undertaking with what was said of it.
pub struct Kept {
    pub undertaking: Undertaking,
    pub finding: String,
    pub text: String,
}

/// Reads an undertaking for a change, and holds it until the transaction ends.
pub async fn lock_undertaking(
    connection: &mut PgConnection,
    number: &str,
    position: i32,
) -> Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"select version, department, finding, text, given_on, due_on, state, passed_at is not null as "passed!"
           from complaints.undertaking where number = $1 and position = $2 for update"#,
        number,
        position
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let undertaking = Undertaking {
        version: row.version,
        department: stored("department", DepartmentId::parse(&row.department))?,
        given_on: row.given_on,
        due_on: row.due_on,
        state: State::parse(&row.state).ok_or_else(|| odd("state"))?,
        passed: row.passed,
    };
    Ok(Some(Kept { undertaking, finding: row.finding, text: row.text }))
}

/// What a step writes beside the state.
#[derive(Default)]
pub struct Said<'s> {
    pub report: Option<(&'s str, DateTime<Utc>)>,
    pub passed_at: Option<DateTime<Utc>>,
    pub settled: Option<(&'s str, NaiveDate)>,
}

/// Saves a changed undertaking, if nobody else was faster.
///
/// # Errors
/// `STALE_VERSION` when somebody was.
pub async fn save(
    connection: &mut PgConnection,
    (number, position): (&str, i32),
    before: i64,
    after: &Undertaking,
    said: &Said<'_>,
) -> Result<()> {
    let done = sqlx::query!(
        "update complaints.undertaking
         set version = $4, state = $5, report = coalesce($6, report), reported_at = coalesce($7, reported_at),
             passed_at = coalesce($8, passed_at), evidence = coalesce($9, evidence),
             settled_on = coalesce($10, settled_on)
         where number = $1 and position = $2 and version = $3",
        number,
        position,
        before,
        after.version,
        after.state.as_str(),
        said.report.map(|(text, _)| text),
        said.report.map(|(_, at)| at),
        said.passed_at,
        said.settled.map(|(evidence, _)| evidence),
        said.settled.map(|(_, on)| on)
    )
    .execute(connection)
    .await
    .map_err(db)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::aborted(Reason::StaleVersion)) }
}

/// Undertakings whose day has passed, of which that is not noted.
pub async fn passed(
    connection: &mut PgConnection,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<(String, i32)>> {
    let rows = sqlx::query!(
        "select number, position from complaints.undertaking
         where state in ('OPEN', 'REPORTED') and passed_at is null and due_on < $1
         order by due_on, number, position limit $2",
        today,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    Ok(rows.into_iter().map(|row| (row.number, row.position)).collect())
}

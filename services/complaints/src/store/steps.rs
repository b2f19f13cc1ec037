//! What happened to a complaint, and its answers.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::int;
use crate::domain::Finding;

/// A step.
pub struct Step {
    pub what: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub note: String,
}

/// Adds a step.
pub async fn add(
    connection: &mut PgConnection,
    number: &str,
    what: &str,
    (by, note): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.step (step, number, what, at, by, note) values ($1, $2, $3, $4, $5, $6)",
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

/// The steps of a complaint, in order.
pub async fn of(connection: &mut PgConnection, number: &str) -> Result<Vec<Step>> {
    sqlx::query_as!(
        Step,
        "select what, at, by, note from complaints.step where number = $1 order by at, step",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// An answer.
pub struct Answer {
    pub level: i32,
    pub text: String,
    pub finding: String,
    pub department: String,
    pub at: DateTime<Utc>,
}

/// Keeps an answer by its author, of a department or of the supervisor's office.
pub async fn add_answer(
    connection: &mut PgConnection,
    number: &str,
    (run, level): (u32, u32),
    (text, finding): (&str, Finding),
    (author, department): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into complaints.answer (number, run, level, text, finding, author, department, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        number,
        int(run)?,
        int(level)?,
        text,
        finding.as_str(),
        author,
        department,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The answers to a complaint, in order.
pub async fn answers(connection: &mut PgConnection, number: &str) -> Result<Vec<Answer>> {
    sqlx::query_as!(
        Answer,
        "select level, text, finding, department, at from complaints.answer where number = $1 order by at, level",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

//! What happened to a complaint, its answers and its files.

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

/// A file, as it came.
#[derive(Clone)]
pub struct File {
    pub file_name: String,
    pub media_type: String,
    pub content: Vec<u8>,
}

/// A file without its content.
pub struct Attached {
    pub position: i32,
    pub file_name: String,
    pub media_type: String,
    pub size: i64,
}

/// Keeps the files of a complaint.
pub async fn attach(connection: &mut PgConnection, number: &str, files: &[File]) -> Result<()> {
    let names: Vec<String> = files.iter().map(|file| file.file_name.clone()).collect();
    let types: Vec<String> = files.iter().map(|file| file.media_type.clone()).collect();
    let contents: Vec<Vec<u8>> = files.iter().map(|file| file.content.clone()).collect();
    sqlx::query!(
        "insert into complaints.attachment (number, position, file_name, media_type, size, content)
         select $1, f.place::integer, f.file_name, f.media_type, octet_length(f.content), f.content
         from unnest($2::text[], $3::text[], $4::bytea[]) with ordinality f(file_name, media_type, content, place)",
        number,
        &names,
        &types,
        &contents
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// The files of a complaint.
pub async fn attached(connection: &mut PgConnection, number: &str) -> Result<Vec<Attached>> {
    sqlx::query_as!(
        Attached,
        "select position, file_name, media_type, size from complaints.attachment where number = $1 order by position",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// One file of a complaint.
pub async fn file(connection: &mut PgConnection, number: &str, position: i32) -> Result<Option<File>> {
    sqlx::query_as!(
        File,
        "select file_name, media_type, content from complaints.attachment where number = $1 and position = $2",
        number,
        position
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

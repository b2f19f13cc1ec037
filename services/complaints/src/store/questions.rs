//! Questions, their answers, and what of them is published.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::{DepartmentId, DivisionCode, DocumentNumber};
use yimen_platform::store::db;

use super::{count, int, odd, stored};
use crate::domain::question::{Question, State};

/// A question with its texts.
pub struct Kept {
    pub question: Question,
    pub item: String,
    pub title: String,
    pub body: String,
    pub asked_at: DateTime<Utc>,
    pub answer: Option<String>,
    pub answered_at: Option<DateTime<Utc>>,
    pub withheld_reason: String,
}

struct Row {
    number: String,
    center: String,
    version: i64,
    department: String,
    run: i32,
    item: String,
    title: String,
    body: String,
    may_publish: bool,
    asked_at: DateTime<Utc>,
    asked_on: NaiveDate,
    state: String,
    answer: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    withheld_reason: String,
}

impl Row {
    fn kept(self) -> Result<Kept> {
        let department = (!self.department.is_empty())
            .then(|| stored("department", DepartmentId::parse(&self.department)))
            .transpose()?;
        let question = Question {
            number: stored("number", DocumentNumber::parse(&self.number))?,
            center: stored("center", DivisionCode::parse(&self.center))?,
            version: self.version,
            department,
            run: count("run", self.run)?,
            asked_on: self.asked_on,
            may_publish: self.may_publish,
            state: State::parse(&self.state).ok_or_else(|| odd("state"))?,
        };
        Ok(Kept {
            question,
            item: self.item,
            title: self.title,
            body: self.body,
            asked_at: self.asked_at,
            answer: self.answer,
            answered_at: self.answered_at,
            withheld_reason: self.withheld_reason,
        })
    }
}

/// The serial of a question.
pub async fn next_serial(connection: &mut PgConnection) -> Result<u32> {
    let serial = sqlx::query_scalar!(r#"select nextval('complaints.question_serial') as "serial!""#)
        .fetch_one(connection)
        .await
        .map_err(db)?;
    u32::try_from(serial).map_err(Error::internal)
}

/// Keeps a question.
pub async fn insert(connection: &mut PgConnection, kept: &Kept, lookup_digest: &[u8]) -> Result<()> {
    let question = &kept.question;
    sqlx::query!(
        "insert into complaints.question
           (number, center, version, department, run, item, title, body, may_publish, lookup_digest,
            asked_at, asked_on, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        question.number.as_str(),
        question.center.as_str(),
        question.version,
        question.department(),
        int(question.run)?,
        kept.item,
        kept.title,
        kept.body,
        question.may_publish,
        lookup_digest,
        kept.asked_at,
        question.asked_on,
        question.state.as_str()
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// A question, locked for a change.
pub async fn lock(connection: &mut PgConnection, number: &str) -> Result<Option<Kept>> {
    let row = sqlx::query_as!(
        Row,
        "select number, center, version, department, run, item, title, body, may_publish, asked_at, asked_on,
                state, answer, answered_at, withheld_reason
         from complaints.question where number = $1 for update",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    row.map(Row::kept).transpose()
}

/// A question.
pub async fn read(connection: &mut PgConnection, number: &str) -> Result<Option<Kept>> {
    let row = sqlx::query_as!(
        Row,
        "select number, center, version, department, run, item, title, body, may_publish, asked_at, asked_on,
                state, answer, answered_at, withheld_reason
         from complaints.question where number = $1",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)?;
    row.map(Row::kept).transpose()
}

/// What a step says beside the state.
#[derive(Default)]
pub struct Said<'s> {
    /// The answer and the login of its author.
    pub answered: Option<(&'s str, &'s str, DateTime<Utc>)>,
    /// Why it is withheld.
    pub withheld: &'s str,
}

/// Saves what a step made of a locked question.
pub async fn save(connection: &mut PgConnection, after: &Question, said: &Said<'_>) -> Result<()> {
    sqlx::query!(
        "update complaints.question
         set version = $2, department = $3, run = $4, state = $5, answer = coalesce($6, answer),
             answered_by = coalesce($7, answered_by), answered_at = coalesce($8, answered_at), withheld_reason = $9
         where number = $1",
        after.number.as_str(),
        after.version,
        after.department(),
        int(after.run)?,
        after.state.as_str(),
        said.answered.map(|(answer, _, _)| answer),
        said.answered.map(|(_, author, _)| author),
        said.answered.map(|(_, _, at)| at),
        said.withheld
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Which questions.
pub struct Filter<'f> {
    pub center: &'f str,
    /// Whose: empty for the window's, none for all.
    pub department: Option<&'f str>,
    pub state: Option<&'f str>,
    pub after: Option<&'f str>,
    pub limit: i64,
}

/// The questions of a center, oldest first.
pub async fn page(connection: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Kept>> {
    let rows = sqlx::query_as!(
        Row,
        "select number, center, version, department, run, item, title, body, may_publish, asked_at, asked_on,
                state, answer, answered_at, withheld_reason
         from complaints.question
         where center = $1 and ($2::text is null or department = $2) and ($3::text is null or state = $3)
           and ($4::text is null or number > $4)
         order by number limit $5",
        filter.center,
        filter.department,
        filter.state,
        filter.after,
        filter.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)?;
    rows.into_iter().map(Row::kept).collect()
}

/// What everyone reads.
pub struct Published {
    pub number: String,
    pub center: String,
    pub department: String,
    pub item: String,
    pub title: String,
    pub question: String,
    pub answer: String,
    pub published_on: NaiveDate,
}

/// Publishes, or puts what is published anew in its place.
pub async fn publish(connection: &mut PgConnection, published: &Published, by: &str) -> Result<()> {
    sqlx::query!(
        "insert into complaints.published_answer
           (number, center, department, item, title, question, answer, published_on, published_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (number) do update
         set title = excluded.title, question = excluded.question, answer = excluded.answer,
             published_on = excluded.published_on, published_by = excluded.published_by",
        published.number,
        published.center,
        published.department,
        published.item,
        published.title,
        published.question,
        published.answer,
        published.published_on,
        by
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Takes it off.
pub async fn withhold(connection: &mut PgConnection, number: &str) -> Result<()> {
    sqlx::query!("delete from complaints.published_answer where number = $1", number)
        .execute(connection)
        .await
        .map_err(db)?;
    Ok(())
}

/// What of a question is published.
pub async fn published(connection: &mut PgConnection, number: &str) -> Result<Option<Published>> {
    sqlx::query_as!(
        Published,
        "select number, center, department, item, title, question, answer, published_on
         from complaints.published_answer where number = $1",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// What is searched for.
pub struct Search<'f> {
    pub center: Option<&'f str>,
    pub department: Option<&'f str>,
    pub item: Option<&'f str>,
    /// Words in lower case, all of which it has.
    pub words: &'f [String],
    pub after: Option<&'f str>,
    pub limit: i64,
}

/// What was published, newest first.
pub async fn search(connection: &mut PgConnection, search: &Search<'_>) -> Result<Vec<Published>> {
    sqlx::query_as!(
        Published,
        "select number, center, department, item, title, question, answer, published_on
         from complaints.published_answer
         where ($1::text is null or center = $1) and ($2::text is null or department = $2)
           and ($3::text is null or item = $3) and ($5::text is null or number < $5)
           and not exists (select from unnest($4::text[]) wanted(word) where strpos(searched, word) = 0)
         order by number desc limit $6",
        search.center,
        search.department,
        search.item,
        search.words,
        search.after,
        search.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

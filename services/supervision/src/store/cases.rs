//! Supervision cases (督办).

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use super::int;

/// A supervision case with what its application and its clocks say.
pub struct Row {
    pub supervision_case: Uuid,
    pub number: String,
    pub department: String,
    pub center: String,
    pub kind: String,
    pub due_on: NaiveDate,
    pub opened_on: NaiveDate,
    pub reply_due_on: NaiveDate,
    pub reply: String,
    pub replied_at: Option<DateTime<Utc>>,
    pub conclusion: String,
    pub closed_at: Option<DateTime<Utc>>,
    pub done: bool,
}

/// One that is opened.
pub struct Opened<'o> {
    /// What is not done.
    pub clock: Uuid,
    /// The clock of the reply.
    pub run: u32,
    pub center: &'o str,
    pub department: &'o str,
    pub due_on: NaiveDate,
    pub opened_on: NaiveDate,
}

/// Opens one, once for each clock.
pub async fn open(connection: &mut PgConnection, opened: &Opened<'_>) -> Result<()> {
    sqlx::query!(
        "insert into supervision.supervision_case
           (supervision_case, clock, run, center, department, due_on, opened_on)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (clock) do nothing",
        Uuid::now_v7(),
        opened.clock,
        int(opened.run)?,
        opened.center,
        opened.department,
        opened.due_on,
        opened.opened_on
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Which cases are wanted.
#[derive(Default)]
pub struct Filter {
    pub one: Option<Uuid>,
    pub center: Option<String>,
    pub department: Option<String>,
    /// Only those that are not closed.
    pub open: bool,
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// Cases, newest first.
pub async fn list(connection: &mut PgConnection, filter: &Filter) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select s.supervision_case, c.number, s.department, s.center, c.kind, s.due_on, s.opened_on,
                  r.due_on as reply_due_on, s.reply, s.replied_at, s.conclusion, s.closed_at,
                  c.ended_on is not null as "done!"
           from supervision.supervision_case s
           join supervision.clock c using (clock)
           join supervision.clock r on r.number = c.number and r.kind = 'SUPERVISION_CASE'
             and r.department = s.department and r.run = s.run
           where ($1::uuid is null or s.supervision_case = $1)
             and ($2::text is null or s.center = $2)
             and ($3::text is null or s.department = $3)
             and (not $4 or s.closed_at is null)
             and ($5::uuid is null or s.supervision_case < $5)
           order by s.supervision_case desc limit $6"#,
        filter.one,
        filter.center,
        filter.department,
        filter.open,
        filter.after,
        filter.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// A case, as whoever replies or closes needs it.
pub struct Held {
    pub number: String,
    pub center: String,
    pub department: String,
    pub run: i32,
    pub replied_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

/// Takes a case.
pub async fn lock(connection: &mut PgConnection, supervision_case: Uuid) -> Result<Option<Held>> {
    sqlx::query_as!(
        Held,
        "select c.number, s.center, s.department, s.run, s.replied_at, s.closed_at
         from supervision.supervision_case s join supervision.clock c using (clock)
         where s.supervision_case = $1
         for update of s",
        supervision_case
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// Keeps the reply.
pub async fn reply(
    connection: &mut PgConnection,
    supervision_case: Uuid,
    (replier, reply): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update supervision.supervision_case set reply = $2, replier = $3, replied_at = $4
         where supervision_case = $1",
        supervision_case,
        reply,
        replier,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Keeps the conclusion.
pub async fn close(
    connection: &mut PgConnection,
    supervision_case: Uuid,
    (closer, conclusion): (&str, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update supervision.supervision_case set conclusion = $2, closer = $3, closed_at = $4
         where supervision_case = $1",
        supervision_case,
        conclusion,
        closer,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Closes the case about a clock, if there is one that is not closed. Gives the run of its reply's clock.
pub async fn void(
    connection: &mut PgConnection,
    clock: Uuid,
    conclusion: &str,
    now: DateTime<Utc>,
) -> Result<Option<i32>> {
    sqlx::query_scalar!(
        "update supervision.supervision_case
         set replied_at = coalesce(replied_at, $3), conclusion = $2, closed_at = $3
         where clock = $1 and closed_at is null
         returning run",
        clock,
        conclusion,
        now
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

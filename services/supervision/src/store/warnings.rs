//! Warnings: written once, never changed.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

use crate::domain::Reached;

/// A warning with what its case and its clock say.
pub struct Row {
    pub warning: Uuid,
    pub number: String,
    pub center: String,
    pub item: String,
    pub department: String,
    pub kind: String,
    pub rung: String,
    pub due_on: NaiveDate,
    pub reached_on: NaiveDate,
    pub at: DateTime<Utc>,
    pub ended_on: Option<NaiveDate>,
    /// Of its appeal; none without one.
    pub state: Option<String>,
    pub reason: Option<String>,
    pub evidence: Option<String>,
    pub appealed_at: Option<DateTime<Utc>>,
    pub decision: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
}

/// Which warnings are wanted.
#[derive(Default)]
pub struct Filter {
    pub center: Option<String>,
    pub department: Option<String>,
    /// Only of clocks that still run.
    pub running: bool,
    /// Only what everyone may see.
    pub public: bool,
    /// None of complaints.
    pub hides_complaints: bool,
    /// Only these.
    pub some: Option<Vec<Uuid>>,
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// Writes a warning. None when its clock had reached the rung before.
pub async fn insert(
    connection: &mut PgConnection,
    clock: Uuid,
    center: &str,
    reached: Reached,
    public: bool,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let warning = Uuid::now_v7();
    let done = sqlx::query!(
        "insert into supervision.warning (warning, clock, rung, center, due_on, reached_on, public, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict on constraint warning_once do nothing",
        warning,
        clock,
        reached.rung.as_str(),
        center,
        reached.due_on,
        reached.on,
        public,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok((done.rows_affected() == 1).then_some(warning))
}

/// Warnings, newest first.
pub async fn list(connection: &mut PgConnection, filter: &Filter) -> Result<Vec<Row>> {
    sqlx::query_as!(
        Row,
        r#"select w.warning, c.number, w.center, a.item, c.department, c.kind, w.rung, w.due_on, w.reached_on,
                  w.at, c.ended_on, p.state as "state?", p.reason as "reason?", p.evidence as "evidence?",
                  p.at as "appealed_at?", p.decision as "decision?", p.decided_at
           from supervision.warning w
           join supervision.clock c using (clock)
           join supervision.application a using (number)
           left join supervision.appeal p using (warning)
           where ($1::text is null or w.center = $1)
             and ($2::text is null or c.department = $2)
             and (not $3 or c.ended_on is null)
             and (not $4 or w.public)
             and ($5::uuid[] is null or w.warning = any($5))
             and ($6::uuid is null or w.warning < $6)
             and not ($8 and c.kind in ('COMPLAINT_ACCEPTANCE', 'COMPLAINT_ANSWER', 'COMPLAINT_REVIEW',
                 'RATING_CONTACT', 'RATING_RECTIFICATION', 'RATING_RETURN_VISIT'))
           order by w.warning desc limit $7"#,
        filter.center,
        filter.department,
        filter.running,
        filter.public,
        filter.some.as_deref(),
        filter.after,
        filter.limit,
        filter.hides_complaints
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

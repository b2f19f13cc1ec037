//! Warnings: written once, never changed.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::page::Page;
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
}

/// Which warnings are wanted.
#[derive(Default)]
pub struct Filter {
    pub center: Option<String>,
    pub department: Option<String>,
    /// Only of clocks that still run.
    pub running: bool,
    /// Only what everyone may see: red, of what the public waits for.
    pub public: bool,
}

/// Writes a warning. False when its clock had reached the rung before.
pub async fn insert(
    connection: &mut PgConnection,
    warning: Uuid,
    clock: Uuid,
    center: &str,
    reached: Reached,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into supervision.warning (warning, clock, rung, center, due_on, reached_on, at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint warning_once do nothing",
        warning,
        clock,
        reached.rung.as_str(),
        center,
        reached.due_on,
        reached.on,
        now
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(done.rows_affected() == 1)
}

/// Warnings, newest first.
pub async fn list(connection: &mut PgConnection, filter: &Filter, page: &Page) -> Result<Vec<Row>> {
    let unknown = || Error::field("page_token", Reason::UnknownPageToken);
    let after = page.after.as_deref().map(|id| Uuid::parse_str(id).map_err(|_| unknown())).transpose()?;
    sqlx::query_as!(
        Row,
        "select w.warning, c.number, w.center, a.item, c.department, c.kind, w.rung, w.due_on, w.reached_on,
                w.at, c.ended_on
         from supervision.warning w
         join supervision.clock c using (clock)
         join supervision.application a using (number)
         where ($1::text is null or w.center = $1)
           and ($2::text is null or c.department = $2)
           and (not $3 or c.ended_on is null)
           and (not $4 or (w.rung <> 'YELLOW' and c.kind in ('ACCEPTANCE', 'DECISION', 'TASK', 'DELIVERY')))
           and ($5::uuid is null or w.warning < $5)
         order by w.warning desc limit $6",
        filter.center,
        filter.department,
        filter.running,
        filter.public,
        after,
        page.limit()
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

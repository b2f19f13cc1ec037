//! Complaints as they are shown. Lists leave out whatever is about the caller.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use yimen_kernel::Actor;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// A complaint, without who complains.
pub struct Shown {
    pub number: String,
    pub center: String,
    pub kind: String,
    pub channel: String,
    pub identity: String,
    pub grounds: Vec<String>,
    pub about: String,
    pub about_number: String,
    pub about_department: String,
    pub about_window: String,
    pub about_login: String,
    pub about_description: String,
    pub body: String,
    pub group_size: i32,
    pub filed_at: DateTime<Utc>,
    pub state: String,
    pub way: Option<String>,
    pub department: String,
    pub accepted_on: Option<NaiveDate>,
    pub received_on: Option<NaiveDate>,
    pub objection: Option<String>,
    pub extension_days: Option<i32>,
    pub extension_approver: String,
    pub extension_reason: String,
    pub closing: Option<String>,
    pub procedure: Option<String>,
    pub closing_reason: String,
    pub merged_into: Option<String>,
}

/// Which complaints.
pub struct Filter<'f> {
    pub center: &'f str,
    /// Only those that a department handles.
    pub department: Option<&'f str>,
    pub state: Option<&'f str>,
    pub after: Option<&'f str>,
    pub limit: i64,
}

/// The complaints that the caller may see, newest first: none that is about the caller.
pub async fn page(connection: &mut PgConnection, actor: &Actor, filter: &Filter<'_>) -> Result<Vec<Shown>> {
    sqlx::query_as!(
        Shown,
        "select number, center, kind, channel, identity, grounds, about, about_number, about_department,
                about_window, about_login, about_description, body, group_size, filed_at, state, way, department,
                accepted_on, received_on, objection, extension_days, extension_approver, extension_reason,
                closing, procedure, closing_reason, merged_into
         from complaints.complaint c
         where center = $1
           and ($2::text is null or (department = $2 and state not in ('REGISTERED', 'CLOSED')))
           and ($3::text is null or state = $3)
           and ($4::text is null or number < $4)
           and not exists (
             select from complaints.accused a where a.number = c.number
               and (a.kind, a.id) in (('DEPARTMENT', $5), ('WINDOW', $6), ('PERSON', $7)))
           and not exists (
             select from complaints.party p where p.number = c.about_number and p.department = $5)
         order by number desc limit $8",
        filter.center,
        filter.department,
        filter.state,
        filter.after,
        actor.department.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        actor.window.as_ref().map(|id| id.as_str()).unwrap_or_default(),
        actor.subject,
        filter.limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// One complaint; who may see it is the caller's to know.
pub async fn one(connection: &mut PgConnection, number: &str) -> Result<Option<Shown>> {
    sqlx::query_as!(
        Shown,
        "select number, center, kind, channel, identity, grounds, about, about_number, about_department,
                about_window, about_login, about_description, body, group_size, filed_at, state, way, department,
                accepted_on, received_on, objection, extension_days, extension_approver, extension_reason,
                closing, procedure, closing_reason, merged_into
         from complaints.complaint where number = $1",
        number
    )
    .fetch_optional(connection)
    .await
    .map_err(db)
}

/// The complaints that were joined to one.
pub async fn joined(connection: &mut PgConnection, number: &str) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select number from complaints.complaint where merged_into = $1 order by number",
        number
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

/// Those whose time for a review may have passed: told before a day.
pub async fn told_before(connection: &mut PgConnection, day: NaiveDate, limit: i64) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select number from complaints.complaint where state = 'TOLD' and stage_on < $1
         order by stage_on, number limit $2",
        day,
        limit
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}

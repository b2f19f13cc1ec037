//! The departments of applications, and the complaints about those.

use sqlx::PgConnection;
use yimen_kernel::error::Result;
use yimen_platform::store::db;

/// A department that takes part in an application.
pub struct Party {
    pub number: String,
    pub department: String,
}

/// Notes departments that take part in applications.
pub async fn add(connection: &mut PgConnection, parties: &[Party]) -> Result<()> {
    let numbers: Vec<String> = parties.iter().map(|party| party.number.clone()).collect();
    let departments: Vec<String> = parties.iter().map(|party| party.department.clone()).collect();
    sqlx::query!(
        "insert into complaints.party (number, department)
         select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        &numbers,
        &departments
    )
    .execute(connection)
    .await
    .map_err(db)?;
    Ok(())
}

/// Open complaints about applications, in the order in which they are held.
pub async fn open_about(connection: &mut PgConnection, numbers: &[String]) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select number from complaints.complaint
         where about_number = any($1) and about_number <> '' and state <> 'CLOSED' order by number",
        numbers
    )
    .fetch_all(connection)
    .await
    .map_err(db)
}
